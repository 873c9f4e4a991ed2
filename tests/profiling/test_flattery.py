"""Planted relatives are found out by measuring both ways; where there are none random folds are not blamed."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.pipeline import make_pipeline

from advisor import modalities
from advisor.measuring import metrics, splits
from advisor.profiling import profile
from advisor.profiling.flattery import axes, flattery_findings, flattery_probes
from advisor.records import Dataset, Finding, Plan, Probe, ProbeResult, Profile

World = tuple[Dataset, Profile, Plan]
TABULAR = modalities.find("tabular")


def patients(rows: int = 900, effect: float = 2.0, seed: int = 0) -> pd.DataFrame:
    """Visits of patients who each have traits, which mean nothing, and an offset of the target of their own."""
    rng = np.random.default_rng(seed)
    who = rng.integers(0, rows // 6, rows)
    table = pd.DataFrame(rng.normal(size=(rows // 6, 3))[who], columns=["height", "age", "pulse"])
    table["patient"] = who
    table["dose"] = rng.normal(size=rows)
    table["y"] = effect * rng.normal(size=rows // 6)[who] + table["dose"] + rng.normal(size=rows)
    return table


def walk(rows: int = 900, drift: float = 0.3, seed: int = 0) -> pd.DataFrame:
    """Hours along which the target wanders (or does not, with no drift)."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"when": pd.date_range("2020-01-01", periods=rows, freq="h"), "dose": rng.normal(size=rows)})
    table["y"] = drift * rng.normal(size=rows).cumsum() + table["dose"] + 0.5 * rng.normal(size=rows)
    return table


def world(table: pd.DataFrame, rows: np.ndarray | None = None, **named: str) -> World:
    """The table, its profile and a plan on `rows` (all of them)."""
    dataset = TABULAR.read(table, target="y", **named)
    folds = splits.draw(
        dataset.target, kind="stratified", folds=3, repeats=1, seed=0, rows=rows, twins=TABULAR.codes(dataset)
    )
    plan = Plan(dataset.task, metrics.default_metric(dataset.task), folds, (), {}, 0, "cpu", "auto", "f")
    return dataset, profile(dataset, TABULAR), plan


def measured(table: pd.DataFrame, **named: str) -> tuple[Finding, ...]:
    dataset, seen, plan = world(table, **named)
    results = [quick_result(dataset, probe) for probe in flattery_probes(dataset, seen, plan)]
    return flattery_findings(dataset, seen, plan, results)


def quick_result(dataset: Dataset, probe: Probe) -> ProbeResult:
    """What the probe's learner is, with a tenth of its trees."""
    trees = ExtraTreesClassifier if dataset.classes else ExtraTreesRegressor
    model = make_pipeline(TABULAR.encoder("ordinal"), trees(30, min_samples_leaf=2, random_state=0))
    model.fit(TABULAR.take(dataset.inputs, probe.train), dataset.target[probe.train])
    ask = model.predict_proba if dataset.classes else model.predict
    return ProbeResult(probe, ask(TABULAR.take(dataset.inputs, probe.test)))


def test_both_trainings_are_of_one_size_and_are_tested_on_the_same_rows():
    dataset, seen, plan = world(patients(), group="patient")
    groups = dataset.groups
    probes = flattery_probes(dataset, seen, plan)
    assert len(probes) == 10
    for apart, mixed in zip(probes[::2], probes[1::2], strict=True):
        assert len(apart.train) == len(mixed.train) and (apart.test == mixed.test).all()
        assert not set(groups[apart.train]) & set(groups[apart.test])
        assert not set(mixed.train) & set(mixed.test)
        assert np.isin(groups[mixed.test], groups[mixed.train]).mean() > 0.8


def test_forward_probes_know_the_past_only_and_random_ones_the_neighbours():
    dataset, seen, plan = world(walk(), time="when")
    for probe in flattery_probes(dataset, seen, plan):
        later = (dataset.times[probe.train] > dataset.times[probe.test].min()).any()
        assert later == ("random" in probe.name)
        assert len(probe.train) > 200, "the first steps forward teach too little"


@pytest.mark.parametrize(("table", "named"), [(patients, {"group": "patient"}), (walk, {"time": "when"})])
def test_rows_that_take_no_part_are_not_drawn(table, named):
    taking_part = np.arange(100, 700)
    dataset, seen, plan = world(table(), taking_part, **named)
    probes = flattery_probes(dataset, seen, plan)
    assert probes
    assert set(np.concatenate([rows for probe in probes for rows in (probe.train, probe.test)])) <= set(taking_part)


def test_copies_of_test_rows_flatter_neither():
    table = pd.concat([patients(), patients().iloc[:300]], ignore_index=True)
    dataset, seen, plan = world(table, group="patient")
    twins = plan.folds.twins
    for probe in flattery_probes(dataset, seen, plan):
        assert not set(twins[probe.train]) & set(twins[probe.test])


@pytest.mark.parametrize("kind", ["regression", "binary"])
def test_an_effect_of_the_entity_is_a_severe_finding(kind):
    table = patients(1500, effect=3.0)
    if kind == "binary":
        table["y"] = np.where(table["y"] > 0, "yes", "no")
    (finding,) = measured(table, group="patient")
    assert (finding.code, finding.severity) == ("S05", "severe")
    evidence = finding.evidence
    assert evidence["column"] == "patient" and evidence["named"] and evidence["flattery"] > 0.05
    for figure in (evidence["random"], evidence["apart"]):
        assert figure["low"] < figure["error"] < figure["high"]
    assert evidence["random"]["error"] < evidence["apart"]["error"]
    assert "Random folds flatter" in finding.message


def test_what_was_only_detected_is_measured_and_the_option_named():
    (finding,) = measured(patients(1500))
    assert finding.severity == "severe" and not finding.evidence["named"]
    assert "--group patient" in finding.advice
    (finding,) = measured(walk())
    assert finding.severity == "severe" and "--time when" in finding.advice


def test_times_that_were_named_are_measured():
    (finding,) = measured(walk(), time="when")
    assert finding.severity == "severe" and finding.evidence["by"] == "time"


@pytest.mark.parametrize("seed", range(4))
def test_groups_and_times_that_mean_nothing_are_no_reproach(seed):
    (finding,) = measured(patients(600, effect=0.0, seed=seed), group="patient")
    assert finding.severity == "info" and "not seen to flatter" in finding.message
    (finding,) = measured(walk(600, drift=0.0, seed=seed), time="when")
    assert finding.severity == "info"


def test_a_plain_table_has_nothing_to_measure():
    dataset, seen, plan = world(patients(effect=0.0).drop(columns="patient"))
    assert axes(dataset, seen) == ()
    assert flattery_probes(dataset, seen, plan) == ()
    assert flattery_findings(dataset, seen, plan, []) == ()


def test_results_that_failed_or_have_no_loss_leave_silence():
    dataset, seen, plan = world(patients(), group="patient")
    probes = flattery_probes(dataset, seen, plan)
    failed = [ProbeResult(probe, None, message="no") for probe in probes]
    assert flattery_findings(dataset, seen, plan, failed) == ()
    one_way = [ProbeResult(probe, dataset.target[probe.test]) for probe in probes if "apart" in probe.name]
    assert flattery_findings(dataset, seen, plan, one_way) == ()
    nobody = np.zeros(len(dataset.target), dtype=np.int64)
    one_class = replace(dataset, task="binary", target=nobody, classes=("a", "b"))
    certain = [ProbeResult(probe, np.full((len(probe.test), 2), 0.5)) for probe in probes]
    assert flattery_findings(one_class, seen, replace(plan, metric="roc_auc"), certain) == ()
