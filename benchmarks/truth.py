"""What the models of a run are worth on rows that nobody saw: fitted again on all rows, and as the folds left them.

The members of a run's options are fitted again on all rows, by the product's own means and for as long as they like;
their models of the folds are read from the run's folder. An option is the weighted mean of its members either way.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from advisor import modalities, model_files, profiling
from advisor.contest.kept import OPTIONS
from advisor.engines.local import LocalEngine
from advisor.fitting import handing
from advisor.fitting.fold import RefitTask, Refitted, Shared, carry_out, predict
from advisor.judging import verdict
from advisor.learners import catalogue
from advisor.measuring.metrics import METRICS, Metric
from advisor.modalities.tabular.words import words
from advisor.planning import plan as planning
from advisor.planning.plan import copies
from advisor.records import Budget, Candidate, Dataset, Mixture, Verdict
from advisor.telling.folders import remembered

# No refit may take longer than this, in seconds.
PATIENCE = 900.0
# Errors below this share of a constant's count as this much: their ratio would be noise.
SMALLEST = 1e-4
# How an option's members are made: all fitted again, all of the folds, nets alone of the folds, or as they are handed
# over where nothing forbids it, with nets as the mean of both and all others fitted again.
WAYS = ("refits", "folds", "nets_folds", "handed")
OUTCOMES = "outcomes.parquet"
READINGS = ("alone", "in_company")

Pairs = Mapping[str, tuple[Mixture, Mixture]]
"""The two sides of each reading, without nets and with them, as weights by the key of a candidate."""


@contextmanager
def judged() -> Iterator[list[Verdict]]:
    """Keep the verdicts that are judged inside the block.

    A reading is that of the moment when its answer was known, options those of the end, and verdict.json names
    learners but not settings; so whoever wants to fit a reading's two sides again has to listen.
    """
    through, seen = verdict.judge, []

    def heard(*given: Any, **options: Any) -> Verdict:
        seen.append(through(*given, **options))
        return seen[-1]

    verdict.judge = heard
    try:
        yield seen
    finally:
        verdict.judge = through


def pairs_of(given: Verdict) -> Pairs:
    """Return the two sides of each reading."""
    return {how: (read.without.members, read.with_nets.members) for how, read in given.readings.items()}


@dataclass(frozen=True, eq=False)
class Unseen:
    """Rows that nobody saw: as the source has them, and their targets as the dataset codes them, shape (n,)."""

    rows: pd.DataFrame
    target: np.ndarray


def unseen(dataset: Dataset, rest: pd.DataFrame) -> Unseen:
    """Return the rest without its target; rows of a class that was not drawn are left out, since nobody could know."""
    target, kept = coded(dataset, rest[dataset.target_name])
    return Unseen(rest.drop(columns=dataset.target_name).take(kept), target)


def new_rows(dataset: Dataset, seen: pd.DataFrame, rest: pd.DataFrame) -> pd.DataFrame:
    """Return the rest without copies of rows that were seen, where a comparison of these keeps copies together.

    Such a table has its cases twice by mistake: whoever remembers them looks good on the rest, and on no new case.
    """
    if copies(dataset) is None:
        return rest
    inputs = [name for name in rest if name != dataset.target_name]
    told, known = (pd.util.hash_pandas_object(rows[inputs].astype(str), index=False) for rows in (rest, seen))
    return rest[~told.isin(set(known))].reset_index(drop=True)


def coded(dataset: Dataset, labels: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return targets as the dataset codes them, and the positions of the rows that have one."""
    if not dataset.classes:
        values = labels.to_numpy(float)
        return values, np.arange(len(values))
    spelt = words(labels)
    places = {name: code for code, name in enumerate(dataset.classes)}
    codes = np.array([*(places.get(level, -1) for level in spelt.levels), -1])[spelt.codes]
    kept = np.flatnonzero(codes >= 0)
    return codes[kept].astype(np.int64), kept


def answered(model: Any, rows: pd.DataFrame, dataset: Dataset) -> np.ndarray:
    """Return what a model that was handed over answers to raw rows: (n, K) in the order of the classes, or (n,)."""
    if not dataset.classes:
        return np.asarray(model.predict(rows), dtype=float)
    found = np.zeros((len(rows), len(dataset.classes)))
    places = [dataset.classes.index(str(label)) for label in model.classes_]
    found[:, places] = model.predict_proba(rows)
    return found


def plain_catboost(dataset: Dataset, rows: pd.DataFrame, new: pd.DataFrame) -> np.ndarray:
    """Return what CatBoost as shipped, with its native categories, learns of raw rows and answers to new ones."""
    from catboost import CatBoostClassifier, CatBoostRegressor

    words_in = [name for name in rows.columns if not pd.api.types.is_any_real_numeric_dtype(rows[name])]

    def told(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(**{name: frame[name].astype(str).fillna("nan") for name in words_in})

    kind = CatBoostClassifier if dataset.classes else CatBoostRegressor
    model = kind(cat_features=words_in, random_seed=0, thread_count=1, verbose=False, allow_writing_files=False)
    return predict(model.fit(told(rows), dataset.target), told(new), dataset)


def constant(dataset: Dataset, rows: int) -> np.ndarray:
    """Return what who has looked at nothing but the target answers: shares of the classes, or the mean."""
    if not dataset.classes:
        return np.full(rows, float(dataset.target.mean()))
    return np.tile(np.bincount(dataset.target, minlength=len(dataset.classes)) / len(dataset.target), (rows, 1))


def log_ratio(error: float | None, other: float | None, dummy: float) -> float:
    """Return log(error / other), negative where `error` is the smaller; NaN where one is not known.

    Both are at least a small part of the error that a constant makes.
    """
    if error is None or other is None:
        return float("nan")
    least = SMALLEST * dummy
    return float(np.log(max(error, least) / max(other, least)))


def theta_of(gain: float) -> float:
    """Return a relative error reduction as theta, -log(1 - gain)."""
    return -float(np.log1p(-gain))


def effect(incumbent: np.ndarray, challenger: np.ndarray, metric: Metric) -> tuple[float, float]:
    """Return theta of two models on the same rows (n,) and its standard error from the rows alone (delta method)."""
    means = [max(float(losses.mean()), 1e-12) for losses in (incumbent, challenger)]
    psi = incumbent / means[0] - challenger / means[1]
    theta = metric.power * float(np.log(means[0] / means[1]))
    return theta, metric.power * float(psi.std(ddof=1) / np.sqrt(len(psi)))


def options(folder: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the options of a run: {which: {candidate key: {"weight": ..., "files": [...]}}}."""
    content: dict[str, Any] = json.loads((folder / OPTIONS).read_text(encoding="utf-8"))
    found: dict[str, dict[str, dict[str, Any]]] = content["options"]
    return found


def candidates(folder: Path, keys: Sequence[str]) -> dict[str, Candidate]:
    """Read the candidates of these keys off the run's table of outcomes."""
    table = pd.read_parquet(folder / OUTCOMES, columns=["candidate", "learner", "family", "params"])
    rows = table.drop_duplicates("candidate").set_index("candidate").loc[list(keys)]
    return {key: Candidate(row.learner, row.family, json.loads(row.params)) for key, row in rows.iterrows()}


def cut_short(folder: Path) -> set[str]:
    """Return the keys of the candidates that the clock stopped, still learning, on most of their folds."""
    table = pd.read_parquet(folder / OUTCOMES, columns=["kind", "candidate", "cut_short"])
    folds = table[table["kind"] == "fold"]
    share = folds["cut_short"].astype(float).groupby(folds["candidate"]).mean()
    return set(share[share > 0.5].index)


def measured(
    folder: Path,
    dataset: Dataset,
    metric: Metric,
    others: Unseen,
    *,
    seed: int,
    workers: int,
    pairs: Pairs | None = None,
) -> dict[str, Any]:
    """Return error, size and latency of every option, both ways, and what nets truly gain.

    {"options": {which: {"members": {learner: weight}, "cut_short": [learner], way: {...}}},
    "effects": {"classical/neural": [theta, se]}, "true": {"alone": [theta, se]}} for the WAYS, None where a member has
    no model of a fold that has learnt every class. Effects are those of all four pairs of options, `true` those of the
    `pairs` that the readings compared, None where one could not be fitted again; both as models are handed over (of
    members of a pair whose models of the folds are gone, as one refit).
    """
    pairs = pairs or {}
    chosen = {which: members for which, members in options(folder).items() if which != "dummy"}
    keys = {key: member["files"] for members in chosen.values() for key, member in members.items()}
    sides = {key for pair in pairs.values() for members in pair for key in members}
    known = candidates(folder, sorted({*keys, *sides}))
    shared = _shared(folder, dataset, metric, seed, workers)
    refits = _refitted(shared, known, workers)
    count = len(dataset.classes)

    def refit(key: str) -> Any:
        return handing.load_member(folder / refits[key], "auto")

    def bagged(key: str) -> Any:
        return handing.bag([handing.load_member(folder / file, "auto") for file in keys[key]], count)

    def made_of(way: str, key: str) -> tuple[str, ...]:
        """Return which of the two a member is made of."""
        if way in ("refits", "folds") or known[key].family != "neural" or not keys.get(key):
            return ("folds",) if way == "folds" else ("refits",)
        return ("folds",) if way == "nets_folds" else ("folds", "refits")

    inputs = modalities.find(dataset.modality).typed(dataset).transform(others.rows)
    asked = {way: _predictions(model_of, known, inputs, dataset) for way, model_of in
             (("refits", refit), ("folds", bagged))}  # fmt: skip
    stopped = cut_short(folder)
    found: dict[str, Any] = {
        which: {
            "members": {known[key].learner: member["weight"] for key, member in members.items()},
            "cut_short": sorted(known[key].learner for key in members if key in stopped),
        }
        for which, members in chosen.items()
    }
    losses: dict[str, np.ndarray] = {}
    true: dict[str, tuple[float, float] | None] = {}
    for way in WAYS:
        made = {key: made_of(way, key) for key in known}
        parts = {key: own for key, own in made.items() if all(key in asked[each][0] for each in own)}
        said = {key: np.mean([asked[each][0][key] for each in own], axis=0) for key, own in parts.items()}
        loaded = {
            key: handing.mixed({each: (1.0, asked[each][1][key]) for each in own}, count) for key, own in parts.items()
        }
        for which, members in chosen.items():
            if not set(members) <= set(said):
                found[which][way] = None
                continue
            lost = _lost({key: member["weight"] for key, member in members.items()}, said, others, metric)
            if way == "handed":
                losses[which] = lost
            whole = handing.mixed({key: (member["weight"], loaded[key]) for key, member in members.items()}, count)
            found[which][way] = {"error": metric.error_of_loss(float(lost.mean())), **_serving(folder, dataset, whole)}
        if way == "handed":
            true = {how: _true(pair, said, others, metric) for how, pair in pairs.items()}
    effects = {
        f"{left}/{right}": effect(losses[left], losses[right], metric)
        for left in ("classical", "classical_blend") for right in ("neural", "blend")
        if left in losses and right in losses
    }  # fmt: skip
    return {"options": found, "effects": effects, "true": true}


def _lost(members: Mixture, said: Mapping[str, np.ndarray], others: Unseen, metric: Metric) -> np.ndarray:
    """Return the row losses (n,) of a weighted mean of predictions."""
    total = sum(members.values())
    mixed = np.asarray(sum(weight / total * said[key] for key, weight in members.items()))
    return metric.row_losses(others.target, mixed)


def _true(
    pair: tuple[Mixture, Mixture], said: Mapping[str, np.ndarray], others: Unseen, metric: Metric
) -> tuple[float, float] | None:
    """Return theta of a pair and its standard error; None where a member has no predictions."""
    if not all(set(members) <= set(said) for members in pair):
        return None
    left, right = (_lost(members, said, others, metric) for members in pair)
    return effect(left, right, metric)


def _predictions(
    model_of: Callable[[str], Any], known: Mapping[str, Candidate], inputs: Any, dataset: Dataset
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Ask every member that there is; left out are those whose models of the folds all lack a class, or are gone."""
    said, loaded = {}, {}
    for key in known:
        try:
            loaded[key] = model_of(key)
        except (ValueError, KeyError):
            continue
        said[key] = predict(loaded[key], inputs, dataset)
    return said, loaded


def _serving(folder: Path, dataset: Dataset, model: Any) -> dict[str, float | None]:
    whole = handing.whole(dataset, model)
    path = model_files.write(whole, folder / "measured.npz")
    found = handing.measured(whole, dataset.example, path)
    path.unlink()
    return found


def _shared(folder: Path, dataset: Dataset, metric: Metric, seed: int, workers: int) -> Shared:
    """Return what a refit must know; who takes part and which rows do is no part of that."""
    profile = profiling.profile(dataset, modalities.find(dataset.modality))
    budget = Budget(PATIENCE, 1, seed)
    # Fits are means of as many trainings as they were in the run.
    sizes = remembered(folder)
    plan = planning.make_plan(
        dataset, profile, catalogue(), budget, metric=metric.name, seconds=PATIENCE, workers=workers, sizes=sizes
    )
    return Shared(dataset, profile, plan, folder.resolve())


def _refitted(shared: Shared, known: Mapping[str, Candidate], workers: int) -> dict[str, str]:
    """Fit the candidates on all rows; {key: file below the folder} of those that could be."""
    # Each has its own time from when it is handed out: together they may take much longer.
    tasks = (
        RefitTask(candidate, time.time() + PATIENCE, None, f"refits/{key}.npz") for key, candidate in known.items()
    )
    with LocalEngine(shared, workers, 1) as pool:
        made = list(pool.map(carry_out, tasks))
    return {
        task.candidate.key: model_files.found(shared.folder / task.keep).relative_to(shared.folder).as_posix()
        for task, result in made
        if isinstance(result, Refitted) and not result.problem
    }  # fmt: skip


def metric_of(document: Mapping[str, Any]) -> Metric:
    """Return the metric that a run was judged by."""
    return METRICS[document["metric"]]


def first_answer(document: Mapping[str, Any]) -> float | None:
    """Return the seconds to a first complete answer, the first look that had both readings; None where none had."""
    return next((look["seconds"] for look in document["looks"] if set(READINGS) <= set(look["readings"])), None)
