"""Without a leak the check stays silent as often as it promises; with one it speaks."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier, ExtraTreeRegressor

from advisor.measuring.splits import draw
from advisor.profiling.permuted import MOST_ROWS, SHUFFLES, permuted_finding, permuted_probes
from advisor.records import Dataset, Plan, Probe, ProbeResult

Fit = Callable[[pd.DataFrame, np.ndarray, pd.DataFrame], np.ndarray]


def table(seed: int, task: str, rows: int = 300) -> Dataset:
    """One column tells nearly all: what chance makes of it then helps or harms on every row at once."""
    rng = np.random.default_rng(seed)
    inputs = pd.DataFrame(rng.normal(size=(rows, 2)), columns=["a", "b"])
    value = inputs["a"].to_numpy() * 3 + rng.normal(size=rows)
    if task == "regression":
        return Dataset("made", "tabular", task, inputs, np.exp(value / 2), "y")
    # A rare class, since shares that are not even make for odd predictions.
    return Dataset("made", "tabular", task, inputs, (value > 3.5).astype(np.int64), "y", ("no", "yes"))


def plan_of(dataset: Dataset, folds: int = 3, rows: np.ndarray | None = None) -> Plan:
    drawn = draw(dataset.target, kind="stratified", folds=folds, repeats=1, seed=0, rows=rows)
    return Plan(dataset.task, "roc_auc", drawn, (), {}, 0, "cpu", "auto", "f")


def line(inputs: pd.DataFrame, target: np.ndarray, asked: pd.DataFrame) -> np.ndarray:
    """Least squares, of values or of class indicators."""
    first, then = (np.column_stack([np.ones(len(x)), x]) for x in (inputs, asked))
    return then @ np.linalg.lstsq(first, target, rcond=None)[0]


def tree(inputs: pd.DataFrame, target: np.ndarray, asked: pd.DataFrame) -> np.ndarray:
    return ExtraTreeRegressor(min_samples_leaf=2, random_state=0).fit(inputs, target).predict(asked)


def read(dataset: Dataset, probe: Probe, fit: Fit = tree, leak: bool = False) -> ProbeResult:
    """Fit on the shuffled target; with a `leak` the test rows and their true answers are among the training rows."""
    inputs = dataset.inputs.take(probe.train)
    target = np.random.default_rng(probe.seed).permutation(dataset.target[probe.train])
    if leak:
        inputs = pd.concat([inputs, dataset.inputs.take(probe.test)])
        target = np.append(target, dataset.target[probe.test])
    asked = dataset.inputs.take(probe.test)
    if dataset.task == "regression":
        return ProbeResult(probe, fit(inputs, target, asked))
    return ProbeResult(probe, np.clip(fit(inputs, np.eye(2)[target], asked), 0, 1))


def test_three_shuffles_on_each_of_three_folds_of_few_rows():
    dataset = table(0, "binary", rows=5000)
    probes = permuted_probes(dataset, plan_of(dataset))
    assert len(probes) == SHUFFLES and all(probe.permuted for probe in probes)
    assert len({probe.seed for probe in probes}) == SHUFFLES
    for probe in probes:
        assert not set(probe.train) & set(probe.test)
        assert len(probe.train) == pytest.approx(MOST_ROWS, abs=5) and len(probe.test) == pytest.approx(
            MOST_ROWS, abs=5
        )
        assert dataset.target[probe.train].mean() == pytest.approx(dataset.target.mean(), abs=0.01)


def test_the_folds_that_are_run_first_are_asked_and_no_row_that_takes_no_part():
    dataset, taking_part = table(0, "binary"), np.arange(0, 300, 2)
    plan = plan_of(dataset, folds=5, rows=taking_part)
    probes = permuted_probes(dataset, plan)
    for place, probe in enumerate(probes):
        assert set(probe.test) == set(plan.folds.parts[place % 3].test)
        assert {*probe.train, *probe.test} <= set(taking_part)


@pytest.mark.parametrize("fit", [line, tree])
@pytest.mark.parametrize("task", ["binary", "regression"])
def test_false_alarms_are_as_rare_as_promised_where_a_test_by_rows_would_cry_wolf(task, fit):
    tables, alarms, by_rows = 100, 0, 0
    for seed in range(tables):
        dataset = table(seed, task)
        results = [read(dataset, probe, fit) for probe in permuted_probes(dataset, plan_of(dataset))]
        alarms += permuted_finding(dataset, results).severity == "severe"
        by_rows += _seems_certain_by_rows(dataset, results[0])
    # At most 2.5 %, which is 2 or 3 of 100; more than 8 would be a chance of 1 in 1,000.
    assert alarms <= 8
    if fit is line:
        assert by_rows > 0.2 * tables


def _seems_certain_by_rows(dataset: Dataset, result: ProbeResult) -> bool:
    target = dataset.target[result.probe.test]
    values = result.predictions if dataset.task == "regression" else result.predictions[:, 1]
    along = (target - target.mean()) * (values - values.mean())
    return bool(along.mean() > 1.96 * along.std() / np.sqrt(len(along)))


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_answers_that_reach_the_training_are_severe(task):
    dataset = table(0, task)
    results = [read(dataset, probe, leak=True) for probe in permuted_probes(dataset, plan_of(dataset))]
    finding = permuted_finding(dataset, results)
    assert (finding.code, finding.severity) == ("L04", "severe")
    assert finding.evidence["better_than_constant"] == SHUFFLES
    assert "shuffled target" in finding.message


def test_an_encoder_that_saw_the_test_rows_is_severe():
    """A name that every row has for itself, encoded by the mean target of all rows, is the answer of the test row."""
    dataset = table(0, "binary")
    results = []
    for probe in permuted_probes(dataset, plan_of(dataset)):
        target = np.random.default_rng(probe.seed).permutation(dataset.target[probe.train])
        model = DecisionTreeClassifier().fit(target[:, None].astype(float), target)
        results.append(ProbeResult(probe, model.predict_proba(dataset.target[probe.test][:, None].astype(float))))
    assert permuted_finding(dataset, results).severity == "severe"


def test_a_class_that_the_training_rows_lack_is_no_news():
    dataset = Dataset(
        "made", "tabular", "multiclass", pd.DataFrame({"a": np.zeros(60)}), np.arange(60) % 3, "y", ("a", "b", "c")
    )
    probes = [Probe("permuted", str(n), "x", np.flatnonzero(dataset.target < 2), np.arange(60), n) for n in range(6)]
    results = [ProbeResult(probe, np.tile([0.5, 0.5, 0.0], (60, 1))) for probe in probes]
    assert permuted_finding(dataset, results).severity == "info"


def test_too_few_shuffles_tell_nothing_and_that_is_said():
    dataset = table(0, "binary")
    results = [read(dataset, probe) for probe in permuted_probes(dataset, plan_of(dataset))[:5]]
    failed = [ProbeResult(probe, None, message="no") for probe in permuted_probes(dataset, plan_of(dataset))[5:]]
    finding = permuted_finding(dataset, [*results, *failed])
    assert (finding.code, finding.severity) == ("L04", "info") and "not checked" in finding.message
    assert finding.evidence == {"learner": "extra_trees", "shuffles": 5}
    assert "5 ended (no)." in finding.message
    assert permuted_finding(dataset, []).evidence["shuffles"] == 0
