"""A small forest that asks what all columns together know; it is judged on rows that it did not see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from advisor.measuring.association import CLASSES_JUDGED, rank_auc, ranks

TREES, FEWEST_ROWS_A_LEAF = 50, 5
# A cut is drawn in half of the columns, but in no more than this many, so that wide tables stay a matter of seconds.
MOST_COLUMNS_A_CUT = 50


def forest_skill(columns: Sequence[np.ndarray], target: np.ndarray, classes: int, fold: np.ndarray) -> float:
    """Return how well `columns` (p arrays of shape (n,), NaN missing) predict the target on rows of other folds.

    With `classes` > 0 the target holds class codes and the skill is the one-against-rest AUC averaged over classes by
    their share (the 20 largest); with 0 it is R2. `fold` (n,) has the codes of the folds; the skill is their mean.
    Extremely randomised trees (Geurts, Ernst and Wehenkel 2006) on ranks, which no unit and no outlier can bend.
    """
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    table = np.column_stack([_ranked(column) for column in columns])
    width = min((table.shape[1] + 1) // 2, MOST_COLUMNS_A_CUT)
    skills = []
    for held in np.unique(fold):
        train, test = fold != held, fold == held
        kind = ExtraTreesClassifier if classes else ExtraTreesRegressor
        model = kind(TREES, min_samples_leaf=FEWEST_ROWS_A_LEAF, max_features=width, random_state=0, n_jobs=1)
        model.fit(table[train], target[train])
        if classes:
            shares = np.zeros((int(test.sum()), classes))
            shares[:, model.classes_] = model.predict_proba(table[test])
            skills.append(_class_auc(shares, target[test]))
        else:
            around = target[test] - target[test].mean()
            left = target[test] - model.predict(table[test])
            skills.append(1.0 - float((left @ left) / (around @ around)) if np.any(around) else 0.0)
    return float(np.mean(skills))


def _ranked(column: np.ndarray) -> np.ndarray:
    known = ~np.isnan(column)
    out = np.zeros(len(column), dtype=np.float32)
    out[known] = ranks(column[known])
    return out


def _class_auc(shares: np.ndarray, target: np.ndarray) -> float:
    counts = np.bincount(target, minlength=shares.shape[1])
    judged: Iterable[int] = np.argsort(-counts)[:CLASSES_JUDGED] if len(counts) > 2 else (1,)
    judged = [code for code in judged if counts[code] >= 3 and len(target) - counts[code] >= 3]
    if not judged:
        return 0.5
    areas = [rank_auc(shares[:, code], target == code) for code in judged]
    return float(np.average(areas, weights=counts[judged]))
