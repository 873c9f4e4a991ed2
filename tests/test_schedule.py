"""The clock of a comparison, run on a clock made by hand."""

from dataclasses import replace

import numpy as np
import pytest

from advisor import schedule
from advisor.errors import NothingTrained
from advisor.records import Budget, Cost, Outcome, Probe, Reading
from advisor.trial import Shared
from tests.made import DATASET, PROFILE, all_outcomes, plan

BUDGET = Budget(1000, 7)


class Clock:
    """Time that passes only when a default or a study is carried out."""

    def __init__(self, seconds_a_task, cost):
        self.now, self.seconds_a_task, self.tasks, self.stages = 0.0, seconds_a_task, [], []
        self.cost, self.looks = Cost(tune_seconds=cost / 2, fit_seconds=cost / 2), []

    def time(self):
        return self.now

    def carry_out(self, tasks):
        known = {(o.job.learner, o.job.split): o for o in all_outcomes(plan(repeats=3))}
        for task in tasks:
            self.tasks.append(task)
            self.now += self.seconds_a_task
            yield replace(known[task.job.learner, task.job.split], job=task.job, cost=self.cost)

    def stage(self, name, jobs, seconds_left):
        self.stages.append((name, jobs))

    def decided(self, name, outcomes):
        self.looks.append((name, len({o.job.split for o in outcomes})))
        return name == self.known_at


def run(monkeypatch, seconds_a_task, *, cost=1.0, repeats=1, end=1000.0, carry_out=None, known_at=None):
    clock = Clock(seconds_a_task, cost)
    clock.known_at = known_at
    monkeypatch.setattr(schedule, "time", clock)
    shared = Shared(DATASET, PROFILE, plan(repeats), 1)
    outcomes = schedule.carry_through(
        shared, BUDGET, 2, end, carry_out or clock.carry_out, clock.stage, clock.decided, 0.01
    )
    return clock, outcomes


def test_defaults_come_first_and_studies_start_from_them(monkeypatch):
    clock, outcomes = run(monkeypatch, 1.0)
    assert [jobs for _, jobs in clock.stages] == [4, 8, 9] and clock.stages[-1][0] == "tuning"
    assert len(outcomes) == 21
    studies = [task for task in clock.tasks if task.job.stage == "tuned"]
    assert all(task.start.job.learner == task.job.learner and task.start.job.stage == "default" for task in studies)
    assert all(task.most_trials == 7 and task.margin == 0.01 for task in studies)
    rivals = {task.job.learner: task.rival_error for task in studies}
    assert rivals == {"linear": None, "xgboost": None, "mlp": 0.1}, "the least error of the trees; they never give up"
    seconds = {
        family: sum(task.tune_seconds for task in studies if task.job.family == family)
        for family in ("classical", "neural")
    }
    assert seconds["classical"] == pytest.approx(seconds["neural"]) and seconds["neural"] > 0


def test_both_families_may_take_the_same_part_of_the_budget(monkeypatch):
    clock, _ = run(monkeypatch, 1.0)
    limits = {task.job.family: task.fit_seconds for task in clock.tasks}
    assert limits["neural"] == pytest.approx(2 * limits["classical"]), "one net, two classical learners"
    assert 2 * 2 * (limits["neural"] + 2 * limits["classical"]) == pytest.approx(0.6 * 2 * 1000)


@pytest.mark.parametrize(
    ("cost", "cuts"),
    [
        (1.0, 3),  # one repeat; the others wait for the second look
        (96.0, 3),
        (144.0, 2),
        (900.0, 2),  # two at the least
    ],
)
def test_the_first_cut_tells_how_many_the_budget_pays_for(monkeypatch, cost, cuts):
    clock, _ = run(monkeypatch, 1e-6, repeats=3, cost=cost)
    before = clock.tasks[: [task.job.stage for task in clock.tasks].index("tuned")]
    assert sorted({task.job.split for task in before}) == list(range(cuts))
    assert {task.job.learner for task in clock.tasks if task.job.split == 1} == {"dummy", "linear", "xgboost", "mlp"}


def test_where_rows_are_few_all_repeats_come_before_tuning(monkeypatch):
    monkeypatch.setattr(schedule.plan, "FEW_ROWS", 601)
    for cost, cuts in ((24.0, 9), (44.0, 6)):  # seven cuts could be paid for, of which six are whole repeats
        clock, _ = run(monkeypatch, 1e-6, repeats=3, cost=cost)
        before = clock.tasks[: [task.job.stage for task in clock.tasks].index("tuned")]
        assert sorted({task.job.split for task in before}) == list(range(cuts))


def test_repeats_follow_where_the_answer_is_open(monkeypatch):
    clock, outcomes = run(monkeypatch, 1e-6, repeats=3, cost=44.0)
    assert clock.looks == [("landmarks", 1), ("defaults", 3), ("tuned", 3), ("final", 9)]
    assert {o.job.split for o in outcomes if o.job.stage == "tuned"} == set(range(9)), "and they are tuned, too"
    stages = [name for name, _ in clock.stages]
    assert stages[2:5] == ["tuning", "default configurations, cut 4 and on", "tuning"]


@pytest.mark.parametrize(("known_at", "cuts", "studies"), [("defaults", 3, 0), ("tuned", 3, 9), ("landmarks", 9, 27)])
def test_nothing_more_is_spent_once_the_answer_is_known(monkeypatch, known_at, cuts, studies):
    clock, outcomes = run(monkeypatch, 1e-6, repeats=3, cost=44.0, known_at=known_at)
    assert {o.job.split for o in outcomes} == set(range(cuts)), "the landmarks alone end nothing"
    assert sum(o.job.stage == "tuned" for o in outcomes) == studies
    assert clock.looks[-1][0] == ("final" if known_at == "landmarks" else known_at)


def test_one_two_sided_look_where_no_cut_is_left(monkeypatch):
    clock, _ = run(monkeypatch, 1.0)
    assert [name for name, _ in clock.looks] == ["landmarks", "defaults", "final"]


def test_a_repeat_that_the_time_ended_does_not_count(monkeypatch):
    clock = Clock(1e-6, 44.0)

    def late(tasks):
        for outcome in clock.carry_out(tasks):
            yield replace(outcome, status="timeout") if outcome.job.split == 7 else outcome

    _, outcomes = run(monkeypatch, 1e-6, repeats=3, carry_out=late)
    assert {o.job.split for o in outcomes} == set(range(6))


def test_a_study_that_could_try_nothing_leaves_its_part_to_a_better_one(monkeypatch):
    clock, _ = run(monkeypatch, 1e-6, cost=60.0, repeats=1)
    studies = [task for task in clock.tasks if task.job.stage == "tuned" and task.job.split < 2]
    assert {task.job.learner for task in studies} == {"linear", "xgboost", "mlp"}
    clock, _ = run(monkeypatch, 1e-6, cost=240.0, repeats=1)
    studies = [task for task in clock.tasks if task.job.stage == "tuned" and task.job.split < 2]
    assert {task.job.learner for task in studies} == {"xgboost", "mlp"}, "xgboost has the lower inner error"
    assert all(task.tune_seconds > 240.0 for task in studies)


def test_nothing_trained_is_said_with_the_first_reason(monkeypatch):
    def broken(tasks):
        yield from (Outcome(task.job, "failed", "ValueError: no") for task in tasks)

    with pytest.raises(NothingTrained, match=r"No learner finished: ValueError: no\. A larger --budget may help"):
        run(monkeypatch, 1.0, carry_out=broken)


def test_what_a_probe_could_not_read_is_a_message():
    probes = [Probe("share", name, "linear", np.arange(3), np.arange(3)) for name in "ab"]
    seen = []

    def read(soundings):
        seen.extend(soundings)
        yield soundings[0], Reading(probes[0], np.zeros(3))
        yield soundings[1], TimeoutError("the budget ran out before it began")

    readings = schedule.sound_out(probes, 2.0, 50.0, read, lambda *stage: None)
    assert [(s.probe.name, s.deadline, s.fit_seconds) for s in seen] == [("a", 50.0, 2.0), ("b", 50.0, 2.0)]
    assert readings[0].predictions is not None
    assert readings[1].predictions is None and "budget ran out" in readings[1].message
