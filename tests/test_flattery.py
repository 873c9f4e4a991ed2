"""Planted relatives are found out by measuring both cuts; where there are none a random split is not blamed."""

import time

import numpy as np
import pandas as pd
import pytest

from advisor import learners, metrics, modalities
from advisor.contracts import Setting
from advisor.flattery import axes, flattery_findings, flattery_probes
from advisor.plan import make_plan
from advisor.profiling import profile
from advisor.records import Budget, Finding, Probe, Reading
from advisor.trial import Shared, Sounding, predict, read_probe

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


def world(table: pd.DataFrame, **named: str) -> Shared:
    dataset = TABULAR.read(table, target="y", **named)
    seen = profile(dataset, TABULAR)
    judged_by = metrics.default_metric(dataset.task)
    plan = make_plan(dataset, seen, learners.catalogue(), Budget(60, 1), metric=judged_by, only=["linear"])
    return Shared(dataset, seen, plan, 1)


def measured(table: pd.DataFrame, **named: str) -> tuple[Finding, ...]:
    shared = world(table, **named)
    probes = flattery_probes(shared.dataset, shared.profile, shared.plan)
    readings = [quick_reading(shared, probe) for probe in probes]
    return flattery_findings(shared.dataset, shared.profile, shared.plan, readings)


def quick_reading(shared: Shared, probe: Probe) -> Reading:
    """The probe's default with a tenth of its trees."""
    setting = Setting(shared.profile, TABULAR, shared.plan.metric, len(probe.train))
    model = learners.find(probe.learner).build(setting, {"n_estimators": 30})
    inputs, target = shared.dataset.rows(probe.train)
    return Reading(probe, predict(model.fit(inputs, target), shared.dataset.inputs.take(probe.test), shared.dataset))


def test_both_trainings_are_of_one_size_and_are_tested_on_the_same_rows():
    shared = world(patients(), group="patient")
    groups = shared.dataset.groups
    probes = flattery_probes(shared.dataset, shared.profile, shared.plan)
    assert len(probes) == 10
    for apart, mixed in zip(probes[::2], probes[1::2], strict=True):
        assert len(apart.train) == len(mixed.train) and (apart.test == mixed.test).all()
        assert not set(groups[apart.train]) & set(groups[apart.test])
        assert not set(mixed.train) & set(mixed.test)
        assert np.isin(groups[mixed.test], groups[mixed.train]).mean() > 0.8


def test_forward_probes_know_the_past_only_and_random_ones_the_neighbours():
    shared = world(walk(), time="when")
    times = shared.dataset.times
    for probe in flattery_probes(shared.dataset, shared.profile, shared.plan):
        later = (times[probe.train] > times[probe.test].min()).any()
        assert later == ("random" in probe.name)


def test_copies_of_test_rows_flatter_neither():
    table = pd.concat([patients(), patients().iloc[:300]], ignore_index=True)
    shared = world(table, group="patient")
    twins = shared.plan.splits.twins
    for probe in flattery_probes(shared.dataset, shared.profile, shared.plan):
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
    for figure in (evidence["random_split"], evidence["apart"]):
        assert figure["low"] < figure["error"] < figure["high"]
    assert evidence["random_split"]["error"] < evidence["apart"]["error"]
    assert "A random split flatters" in finding.message


def test_what_was_only_detected_is_measured_and_the_option_named():
    (finding,) = measured(patients(1500))
    assert finding.severity == "severe" and not finding.evidence["named"]
    assert "--group patient" in finding.advice
    (finding,) = measured(walk())
    assert finding.severity == "severe" and "--time when" in finding.advice


def test_times_that_were_named_are_measured():
    (finding,) = measured(walk(), time="when")
    assert finding.severity == "severe" and finding.evidence["by"] == "time"


def test_the_engine_reads_such_probes():
    shared = world(patients(300), group="patient")
    probe = flattery_probes(shared.dataset, shared.profile, shared.plan)[0]
    assert len(read_probe(shared, Sounding(probe, time.time() + 300)).predictions) == len(probe.test)


@pytest.mark.parametrize("seed", range(4))
def test_groups_and_times_that_mean_nothing_are_no_reproach(seed):
    (finding,) = measured(patients(600, effect=0.0, seed=seed), group="patient")
    assert finding.severity == "info" and "not seen to flatter" in finding.message
    (finding,) = measured(walk(600, drift=0.0, seed=seed), time="when")
    assert finding.severity == "info"


def test_a_plain_table_has_nothing_to_measure():
    shared = world(patients(effect=0.0).drop(columns="patient"))
    assert axes(shared.dataset, shared.profile) == ()
    assert flattery_probes(shared.dataset, shared.profile, shared.plan) == ()
    assert flattery_findings(shared.dataset, shared.profile, shared.plan, []) == ()


def test_readings_that_failed_leave_silence():
    shared = world(patients(), group="patient")
    readings = [Reading(p, None, message="no") for p in flattery_probes(shared.dataset, shared.profile, shared.plan)]
    assert flattery_findings(shared.dataset, shared.profile, shared.plan, readings) == ()
