"""Cases with real but cheap trainings on made tables, whose truth is measured on what would be handed over.

A classical family (lines, trees, bagged trees, neighbours) against a stand-in for nets (random features, small
multi-layer perceptrons, trees with random splits), some of whom end elsewhere with every seed, and are the mean of
three trainings as the product's are. Every configuration is fitted on the folds as the product fits it, the choice is
bootstrapped by the product, and what all rows choose is fitted once more on all rows and judged on 20,000 fresh ones.
There the chance of either class, or the mean of the target, is known, and its luck is averaged away. In a fifth of the
cases both families have the same learners.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils._testing import ignore_warnings

from advisor.judging import choice, readings
from advisor.judging.case import case_of, judged_of, losses_of
from advisor.measuring import evidence, splits
from advisor.measuring.judged import RowLosses
from advisor.measuring.metrics import METRICS, SMALLEST_PROBABILITY, Metric
from advisor.planning.rows import MOST_TRAININGS
from advisor.records import (
    Candidate,
    Case,
    Dataset,
    Entrant,
    Family,
    FoldResult,
    Folds,
    How,
    Mixture,
    Outcome,
    Plan,
    Profile,
    Question,
    Which,
)

TEST_ROWS, COLUMNS = 20_000, 6
DRAWS, BLEND_DRAWS = 500, 80
CLASS_METRICS, VALUE_METRICS = ("log_loss", "roc_auc", "accuracy"), ("rmse",)
# Cases by rows for the full run: what about 40 minutes of one core pay for.
CASES: Mapping[int, int] = {150: 24, 300: 54, 500: 54, 1_000: 42, 2_000: 36, 5_000: 32, 10_000: 8}
BLENDS: tuple[Which, ...] = ("classical_blend", "blend")
Maker = Callable[[bool, int], Any]


@dataclass(frozen=True)
class World:
    """How a table is made: straight lines where `bend` is 0, steps where it is 1; `idle` columns tell nothing.

    Classes: `flipped` of the labels are wrong, `shift` makes one class rarer. Values: noise has Student's t with 3
    degrees of freedom where `heavy`.
    """

    bend: float
    idle: int
    noise: float
    shift: float
    flipped: float
    heavy: bool

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> World:
        """Draw a world."""
        return cls(
            float(rng.uniform()), int(rng.choice([0, 4, 14])), float(rng.choice([0.2, 0.5, 1.0])),
            float(rng.choice([0.0, 1.0])), float(rng.choice([0.0, 0.04])), bool(rng.random() < 0.4),
        )  # fmt: skip

    def table(self, rng: np.random.Generator, rows: int, classes: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return inputs (rows, p), target (rows,), and the chance of class 1 or the mean of the target (rows,)."""
        inputs = rng.standard_normal((rows, COLUMNS + self.idle))
        line = inputs[:, 0] + 0.6 * inputs[:, 1] - 0.4 * inputs[:, 2]
        steps = 1.5 * np.sign(inputs[:, 0]) * (inputs[:, 3] > 0) + np.sign(inputs[:, 4]) * (inputs[:, 1] > 0.5)
        signal = (1 - self.bend) * line + self.bend * steps
        if not classes:
            noise = rng.standard_t(3, rows) if self.heavy else rng.standard_normal(rows)
            return inputs, signal + 2 * self.noise * noise, signal
        chance = expit((signal - self.shift) / self.noise) * (1 - 2 * self.flipped) + self.flipped
        return inputs, (rng.random(rows) < chance).astype(int), chance

    @property
    def variance(self) -> float:
        """Return the variance of the noise of a numeric target."""
        return (2 * self.noise) ** 2 * (3.0 if self.heavy else 1.0)


class RandomFeatures:
    """A net whose hidden layer stays as it was drawn: a linear model of `count` random tanh features."""

    def __init__(self, classes: bool, seed: int, count: int, strength: float) -> None:
        self.classes, self.seed, self.count = classes, seed, count
        self.model: Any = LogisticRegression(C=strength, max_iter=60) if classes else Ridge(1 / strength)

    def fit(self, inputs: np.ndarray, target: np.ndarray) -> RandomFeatures:
        """Draw the features and fit the output."""
        rng = np.random.default_rng(self.seed)
        self.weights = rng.standard_normal((inputs.shape[1], self.count)) / np.sqrt(inputs.shape[1])
        self.bias = rng.standard_normal(self.count)
        self.model.fit(self._features(inputs), target)
        return self

    def _features(self, inputs: np.ndarray) -> np.ndarray:
        return np.asarray(np.tanh(2 * inputs @ self.weights + self.bias))

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Predict values."""
        return np.asarray(self.model.predict(self._features(inputs)))

    def predict_proba(self, inputs: np.ndarray) -> np.ndarray:
        """Predict probabilities."""
        return np.asarray(self.model.predict_proba(self._features(inputs)))


class ScaledNet:
    """A small perceptron that is stopped after few epochs; numeric targets are scaled for it."""

    def __init__(self, classes: bool, seed: int, width: int, epochs: int, rate: float) -> None:
        options: dict[str, Any] = {
            "hidden_layer_sizes": (width,), "max_iter": epochs, "learning_rate_init": rate, "batch_size": 64,
            "random_state": seed,
        }  # fmt: skip
        self.classes = classes
        self.model: Any = MLPClassifier(**options) if classes else MLPRegressor(**options)

    @ignore_warnings(category=(ConvergenceWarning, UserWarning))  # type: ignore[untyped-decorator]
    def fit(self, inputs: np.ndarray, target: np.ndarray) -> ScaledNet:
        """Train."""
        self.centre, self.scale = (0.0, 1.0) if self.classes else (float(target.mean()), float(target.std()) or 1.0)
        self.model.fit(inputs, target if self.classes else (target - self.centre) / self.scale)
        return self

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Predict values."""
        return np.asarray(self.model.predict(inputs) * self.scale + self.centre)

    def predict_proba(self, inputs: np.ndarray) -> np.ndarray:
        """Predict probabilities."""
        return np.asarray(self.model.predict_proba(inputs))


class Averaged:
    """The mean of as many trainings as the product takes for few rows, each from a seed of its own."""

    def __init__(self, makers: Sequence[Any], classes: bool) -> None:
        self.models, self.classes = list(makers), classes

    def fit(self, inputs: np.ndarray, target: np.ndarray) -> Averaged:
        """Fit them all."""
        for model in self.models:
            model.fit(inputs, target)
        return self

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Predict values."""
        return np.asarray(np.mean([model.predict(inputs) for model in self.models], axis=0))

    def predict_proba(self, inputs: np.ndarray) -> np.ndarray:
        """Predict probabilities."""
        return np.asarray(np.mean([model.predict_proba(inputs) for model in self.models], axis=0))


def _averaged(maker: Maker) -> Maker:
    seeds = [100_000_007 * place for place in range(MOST_TRAININGS)]
    return lambda classes, seed: Averaged([maker(classes, (seed + more) % 2**31) for more in seeds], classes)


def _line(strength: float) -> Maker:
    return lambda classes, seed: LogisticRegression(C=strength) if classes else Ridge(1 / strength)


def _pair(for_classes: Callable[..., Any], for_values: Callable[..., Any], **options: Any) -> Maker:
    return lambda classes, seed: (for_classes if classes else for_values)(random_state=seed, **options)


def _neighbours(count: int) -> Maker:
    return lambda classes, seed: (KNeighborsClassifier if classes else KNeighborsRegressor)(count)


def _features(count: int, strength: float) -> Maker:
    return _averaged(lambda classes, seed: RandomFeatures(classes, seed, count, strength))


def _net(width: int, epochs: int, rate: float) -> Maker:
    return _averaged(lambda classes, seed: ScaledNet(classes, seed, width, epochs, rate))


FOREST, EXTRA = (RandomForestClassifier, RandomForestRegressor), (ExtraTreesClassifier, ExtraTreesRegressor)
TREE = (DecisionTreeClassifier, DecisionTreeRegressor)
FAMILIES: Mapping[Family, Mapping[str, Maker]] = {
    "classical": {
        "line": _line(1.0),
        "line#2": _line(0.03),
        "tree": _pair(*TREE, max_depth=3),
        "tree#2": _pair(*TREE, max_depth=6, min_samples_leaf=5),
        "forest": _pair(*FOREST, n_estimators=12, min_samples_leaf=3),
        "forest#2": _pair(*FOREST, n_estimators=12, min_samples_leaf=15),
        "neighbours": _neighbours(8),
        "neighbours#2": _neighbours(30),
    },
    "neural": {
        "features": _features(40, 0.3),
        "features#2": _features(200, 0.03),
        "net": _net(16, 12, 0.01),
        "net#2": _net(24, 30, 0.01),
        "hasty": _net(6, 8, 0.03),
        "hasty#2": _net(6, 16, 0.03),
        "random": _pair(*EXTRA, n_estimators=12, min_samples_leaf=3),
        "random#2": _pair(*EXTRA, n_estimators=5, min_samples_leaf=5, max_features=1),
    },
}


def predicted(model: Any, inputs: np.ndarray, classes: bool) -> np.ndarray:
    """Return probabilities (n, 2) or values (n,)."""
    return np.asarray(model.predict_proba(inputs) if classes else model.predict(inputs))


def gathered(
    target: np.ndarray,
    folds: Folds,
    predictions: Mapping[tuple[Family, str], Mapping[int, np.ndarray]],
    metric: Metric,
    columns: int = COLUMNS,
    groups: np.ndarray | None = None,
) -> Case:
    """Make a Case of predictions by fold, in the order of the mapping; names with a `#` are further settings."""
    task = metric.tasks[0]
    classes = () if task == "regression" else ("no", "yes")
    dataset = Dataset("made", "tabular", task, pd.DataFrame(index=range(len(target))), target, "y", classes, groups)
    profile = Profile("made", "tabular", len(target), task, (), {}, columns, {}, (), "")
    outcomes = []
    for (family, name), by_fold in predictions.items():
        candidate = Candidate(f"{family}-{name.partition('#')[0]}", family, {"setting": name} if "#" in name else {})
        results = {}
        for part in folds.parts:
            losses = metric.row_losses(target[part.test], by_fold[part.number])
            results[part.number] = FoldResult(
                candidate, part.number, "done", predictions=by_fold[part.number], losses=losses
            )
        outcomes.append(Outcome(candidate, results, "complete"))
    entrants = {
        own.learner: Entrant(own.learner, own.family, 1.0, essential=True, strong=own.family == "neural")
        for own in (outcome.candidate for outcome in outcomes)
    }
    plan = Plan(task, metric.name, folds, tuple(entrants.values()), {}, 0, "cpu", "cpu", "")
    return case_of(dataset, profile, plan, outcomes, Question(metric.min_gain))


def true_error(metric: Metric, world: World, known: np.ndarray, prediction: np.ndarray) -> float:
    """Return the error of predictions for rows of which the chance of class 1, or the mean, is `known` (m,)."""
    if metric.name == "rmse":
        return float(np.sqrt(np.mean((prediction - known) ** 2) + world.variance))
    one = prediction[:, 1]
    if metric.name == "log_loss":
        one = np.clip(one, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
        return float(-np.mean(known * np.log(one) + (1 - known) * np.log(1 - one)))
    if metric.name == "accuracy":
        return float(np.mean(np.where(one > 0.5, 1 - known, known)))
    place = np.unique(one, return_inverse=True)[1]
    positive, negative = np.bincount(place, known), np.bincount(place, 1 - known)
    above = negative.sum() - np.cumsum(negative) + negative / 2
    return float(positive @ above / (positive.sum() * negative.sum()))


def run(rows: int, classes: bool, number: int) -> list[dict[str, Any]]:
    """Train one case and return a line for every metric: what either reading says, and what was true."""
    rng = np.random.default_rng([zlib.crc32(b"trained"), rows, classes, number])
    world = World.drawn(rng)
    inputs, target, _ = world.table(rng, rows, classes)
    test_inputs, _, known = world.table(rng, TEST_ROWS, classes)
    if classes and min(np.bincount(target, minlength=2)) < 15:
        return []
    seed = int(rng.integers(1 << 30))
    count, repeats = (10, 3) if rows < 300 else (5, 1)
    folds = splits.draw(target, kind="stratified", folds=count, repeats=repeats, seed=seed)
    twins = bool(rng.random() < 0.2)
    makers = _entering(rng, twins)
    predictions = {
        key: {
            part.number: predicted(
                maker(classes, seed % 2**20 + 1000 * place + part.number).fit(inputs[part.train], target[part.train]),
                inputs[part.test], classes,
            )
            for part in folds.parts
        }
        for place, (key, maker) in enumerate(makers.items())
    }  # fmt: skip
    refitted: dict[tuple[Family, str], list[np.ndarray]] = {}

    def own_seed(key: tuple[Family, str]) -> int:
        return zlib.crc32(str(key).encode()) % 1000

    def of(key: tuple[Family, str]) -> list[np.ndarray]:
        """Fit a candidate on all rows, with two seeds, and predict the test rows."""
        if key not in refitted:
            refitted[key] = [
                predicted(makers[key](classes, seed % 2**20 + other).fit(inputs, target), test_inputs, classes)
                for other in (
                    77_000 + zlib.crc32(str(key).encode()) % 1000,
                    78_000 + zlib.crc32(str(key).encode()) % 1000,
                )
            ]
        return refitted[key]

    about = {
        "rows": rows, "number": number, "twins": twins, "bend": world.bend, "columns": inputs.shape[1],
        "noise": world.noise, "flipped": world.flipped, "heavy": world.heavy, "repeats": repeats,
        "sides": [sum(family == side for family, _ in makers) for side in FAMILIES],
    }  # fmt: skip
    found = []
    for name in CLASS_METRICS if classes else VALUE_METRICS:
        metric = METRICS[name]
        case = gathered(target, folds, predictions, metric, inputs.shape[1])
        labels = dict(zip(case.columns, predictions, strict=True))
        drawn = choice.chosen(case, draws=DRAWS, blend_draws=BLEND_DRAWS, seed=number)
        assert drawn is not None

        def worth(mixture: Mixture, seeds: Sequence[int] = (0, 1), metric: Metric = metric, labels: Any = labels
                  ) -> list[tuple[float, float]]:  # fmt: skip
            """Return the true error of a mixture on all test rows, by seed and by half of them."""
            both = []
            for side in seeds:
                mixed = sum(weight * of(labels[key])[side] for key, weight in mixture.items())
                halves = [true_error(metric, world, known[half::2], np.asarray(mixed)[half::2]) for half in (0, 1)]
                both.append((halves[0], halves[1]))
            return both

        line: dict[str, Any] = {"metric": name, **about}
        for how in readings.SIDES:
            if (pair := pair_of(case, drawn, how)) is not None:
                worths = [worth(drawn.members[which]) for which in pair]
                line[how] = figures(case, drawn, how, pair) | {"truth": _log_ratio(*worths)}
        line["options"] = {which: option_figures(case, drawn, which) | {"truth": np.log(worth(members)).tolist()}
                           for which, members in drawn.members.items()}  # fmt: skip
        if name in ("roc_auc", "accuracy"):
            line["by_metric"] = {
                which: [worth(drawn.members[which], (0,)), *(worth(greedy(case, which, judge), (0,)) for judge in (
                    metric.error, _squared))]
                for which in BLENDS if which in drawn.members
            }  # fmt: skip
        found.append(line)
    return found


def pair_of(case: Case, drawn: choice.Chosen, how: How) -> tuple[Which, Which] | None:
    """Return what all rows choose on either side of a reading; None where nothing is blended."""
    if how == "in_company" and "blend" not in drawn.members:
        return None
    lost = {which: losses_of(case, members).by_row.mean() for which, members in drawn.members.items()}
    left, right = (min((w for w in side if w in lost), key=lambda w: lost[w]) for side in readings.SIDES[how])
    return left, right


def figures(case: Case, drawn: choice.Chosen, how: How, pair: tuple[Which, Which]) -> dict[str, Any]:
    """Return what any rule for the standard error could be made of: of the rows, of the bootstrap, of the folds.

    `se` is that of the rows of the pair, not widened; `nb` is the one of Nadeau and Bengio (2003) over `folds` folds;
    `disagree` tells that one repeat favours one side and another repeat the other.
    """
    metric, judged = METRICS[case.plan.metric], judged_of(case)
    left, right = (losses_of(case, drawn.members[which]) for which in pair)
    plain = evidence.compare_pairs(left, right, judged, metric)
    assert plain is not None and case.matrix is not None
    sides = [[which for which in side if which in drawn.members] for side in readings.SIDES[how]]
    thetas = drawn.theta(sides[0], sides[1], metric.power)
    by_fold = metric.power * (left.by_fold / left.by_row.mean() - right.by_fold / right.by_row.mean())
    folds = case.matrix.folds
    share = float(np.mean([len(fold.test) / len(fold.train) for fold in folds]))
    by_repeat = np.bincount([fold.repeat for fold in folds], by_fold)
    return {
        "pair": pair, "theta": float(thetas.mean()), "seen": plain.theta, "se": rows_error(left, right, metric),
        "spread": float(np.std(thetas, ddof=1)) * choice.LEFT_OUT**0.5,
        "nb": float(np.sqrt(np.var(by_fold, ddof=1) * (1 / len(folds) + share))), "folds": len(folds),
        "disagree": bool(by_repeat.min() < 0 < by_repeat.max()),
    }  # fmt: skip


def rows_error(left: RowLosses, right: RowLosses, metric: Metric) -> float:
    """Return the standard error that the rows show by themselves."""
    psi = metric.power * (left.by_row / left.by_row.mean() - right.by_row / right.by_row.mean())
    return float(np.std(psi, ddof=1) / np.sqrt(len(psi)))


def option_figures(case: Case, drawn: choice.Chosen, which: Which) -> dict[str, float]:
    """Return the log of the error that is expected of an option, and the standard error by rows, not widened."""
    metric, lost = METRICS[case.plan.metric], losses_of(case, drawn.members[which])
    relative = metric.power * lost.by_row / lost.by_row.mean()
    expected = readings.option(case, drawn, which).error
    return {"log_error": float(np.log(expected)), "se": float(np.std(relative, ddof=1) / np.sqrt(len(relative)))}


def _squared(target: np.ndarray, prediction: np.ndarray) -> float:
    """Return the Brier score of two classes."""
    return float(np.mean((prediction[:, 1] - target) ** 2))


def greedy(case: Case, which: Which, judge: Callable[[np.ndarray, np.ndarray], float]) -> Mixture:
    """Choose a blend's weights by `judge`, on all rows, otherwise as the product does."""
    matrix = case.matrix
    assert matrix is not None
    mean = matrix.losses.mean(axis=(0, 1))
    best: dict[str, int] = {}
    for place, key in enumerate(case.columns):
        candidate = case.outcomes[key].candidate
        allowed = candidate.family == "classical" or which == "blend"
        if allowed and (candidate.learner not in best or mean[place] < mean[best[candidate.learner]]):
            best[candidate.learner] = place
    places = sorted(best.values(), key=lambda place: mean[place])
    total, counts = 0.0, np.zeros(len(places))
    winner, lowest, since = counts, np.inf, 0
    for count in range(1, 26):
        errors = []
        for place in places:
            mixed = (total + matrix.predictions[place].reshape(-1, 2)) / count
            errors.append(judge(np.tile(matrix.target, matrix.losses.shape[0]), mixed))
        chosen = int(np.argmin(errors))
        total = total + matrix.predictions[places[chosen]].reshape(-1, 2)
        counts = counts.copy()
        counts[chosen] += 1
        if errors[chosen] < lowest:
            winner, lowest, since = counts, errors[chosen], 0
        else:
            since += 1
            if since >= 6:
                break
    shares = winner / winner.sum()
    return {case.columns[place]: float(share) for place, share in zip(places, shares, strict=True) if share > 0}


def _log_ratio(left: list[tuple[float, float]], right: list[tuple[float, float]]) -> list[list[float]]:
    """Return true log error ratios by seed and by half of the test rows."""
    return [[float(np.log(a / b)) for a, b in zip(one, two, strict=True)] for one, two in zip(left, right, strict=True)]


def _entering(rng: np.random.Generator, twins: bool) -> dict[tuple[Family, str], Maker]:
    """Draw who takes part: three to eight configurations a side."""
    found: dict[tuple[Family, str], Maker] = {}
    for family, all_makers in FAMILIES.items():
        source = FAMILIES["neural"] if twins else all_makers
        names = list(source)
        chosen = sorted(rng.choice(len(names), rng.integers(3, len(names) + 1), replace=False))
        found |= {(family, names[place]): source[names[place]] for place in chosen}
    return found


def planned(quick: bool = False) -> list[tuple[int, bool, int]]:
    """List (rows, classes, number) of all cases, so that every size has some early; with `quick` a twelfth of them."""
    found = [
        (number / most, rows, classes, number)
        for rows, most in CASES.items()
        for number in range(most)
        for classes in (True, False)
        if not quick or (number % 12 == 0 and rows < 5_000)
    ]
    return [(rows, classes, number) for _, rows, classes, number in sorted(found)]
