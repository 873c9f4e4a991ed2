"""The board: a line a learner, whatever came of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from advisor.judging.board import best_of, board_of
from advisor.records import BoardRow, Case, Cost, Ending, Entrant, Limits, Outcome
from tests.made_case import made_case, made_folds, only_on, remade

ROWS = 300
rng = np.random.default_rng(0)
TARGET = rng.standard_normal(ROWS)
TOLD = {
    "dummy": ("dummy", np.zeros(ROWS)),
    "linear": ("classical", TARGET + 0.9 * rng.standard_normal(ROWS)),
    "lightgbm": ("classical", TARGET + 0.8 * rng.standard_normal(ROWS)),
    "lightgbm#2": ("classical", TARGET + 0.5 * rng.standard_normal(ROWS), {"depth": 3}),
    "realmlp": ("neural", TARGET + 0.6 * rng.standard_normal(ROWS)),
}
COST = Cost(fit_seconds=2.0, predict_seconds=0.06, cpu_seconds=3.0, latency_p50_ms=1.0, latency_p99_ms=2.0,
            peak_memory_mb=50.0, model_mb=4.0)  # fmt: skip


def case(**options: object) -> Case:
    return made_case(TARGET, TOLD, costs=dict.fromkeys(TOLD, COST), **options)  # type: ignore[arg-type]


def rows(made: Case) -> dict[str, BoardRow]:
    return {row.learner: row for row in board_of(made)}


def test_the_best_configuration_stands_for_its_learner_and_the_best_learner_in_front() -> None:
    made = case()
    board = board_of(made)
    assert [row.learner for row in board] == ["lightgbm", "realmlp", "linear", "dummy"]
    first = board[0]
    assert first.params == {"depth": 3} and first.trials == 2 and first.folds == 5 and first.status == "ok"
    assert first.error == pytest.approx(np.sqrt(np.mean((TOLD["lightgbm#2"][1] - TARGET) ** 2)))
    assert first.low < first.score < first.high and first.se > 0


def test_what_a_learner_took_is_that_of_all_its_configurations() -> None:
    row = rows(case())["lightgbm"]
    assert row.spent_seconds == pytest.approx(2 * 5 * 2.06) and row.tune_seconds == pytest.approx(5 * 2.06)
    assert row.cpu_seconds == 30.0 and row.fit_seconds == 2.0
    assert row.predict_ms_per_1000_rows == pytest.approx(1000.0), "0.06 s for 60 rows"
    assert row.energy_wh_estimated == pytest.approx(30 * 12 / 3600)
    assert (row.latency_p50_ms, row.latency_p99_ms, row.model_mb, row.peak_memory_mb) == (1.0, 2.0, 4.0, 50.0)


def test_energy_on_a_gpu_counts_its_power_and_is_silent_where_that_is_unknown() -> None:
    told = {}
    for watts in (300.0, None):
        on_gpu = replace(COST, device="cuda", device_name="a GPU", gpu_watts=watts, gpu_memory_mb=100.0)
        found = rows(made_case(TARGET, TOLD, costs={**dict.fromkeys(TOLD, COST), "realmlp": on_gpu}))  # type: ignore[arg-type]
        told[watts] = found["realmlp"].energy_wh_estimated
        assert found["realmlp"].device_name == "a GPU" and found["realmlp"].gpu_memory_mb == 100.0
        assert found["linear"].energy_wh_estimated == pytest.approx(15 * 12 / 3600)
    assert told[300.0] == pytest.approx((15 * 12 + 10 * 300) / 3600) and told[None] is None


def changed(made: Case, learner: str, **how: object) -> Case:
    outcomes = [
        only_on(outcome, **how) if outcome.candidate.learner == learner else outcome  # type: ignore[arg-type]
        for outcome in made.outcomes.values()
    ]
    return remade(made, outcomes)


def test_failures_are_shown_last_with_their_message() -> None:
    made = changed(case(), "linear", folds=(), ending="failed", message="ValueError: no")
    board = board_of(made)
    last = board[-1]
    assert (last.learner, last.status, last.message, last.error) == ("linear", "failed", "ValueError: no", None)
    assert last.folds == 0 and last.spent_seconds == 0


@pytest.mark.parametrize(
    ("ending", "message", "status", "told"),
    [
        ("failed", "ValueError: no", "partly", "1 of its 2 trials did not finish: ValueError: no"),
        ("timeout", "too late", "partly", "1 of its 2 trials did not finish: too late"),
        ("given_up", "given up after 2 of 5 folds, behind the best of it so far", "ok", ""),
        ("partial", "the budget ran out before it was done", "ok", ""),
    ],
)
def test_a_learner_whose_best_finished_is_told_of_by_what_crashed_alone(
    ending: Ending, message: str, status: str, told: str
) -> None:
    made = case()
    outcomes = list(made.outcomes.values())
    default = made.outcomes["lightgbm-default"]
    other = remade(made, [only_on(o, (0, 1), ending, message) if o is default else o for o in outcomes])
    row = rows(other)["lightgbm"]
    assert (row.status, row.message, row.folds) == (status, told, 5)


def test_of_trials_that_did_not_finish_a_crash_is_told() -> None:
    made = made_case(TARGET, {**TOLD, "lightgbm#3": ("classical", TARGET, {"depth": 9})}, "rmse")  # type: ignore[arg-type]
    first, second, best = (key for key in made.outcomes if key.startswith("lightgbm"))
    ends = {first: ("timeout", "too late"), second: ("failed", "ValueError: no")}
    other = [only_on(o, (0,), *ends[key]) if key in ends else o for key, o in made.outcomes.items()]  # type: ignore[arg-type]
    row = rows(remade(made, other))["lightgbm"]
    assert row.params == dict(made.outcomes[best].candidate.params)
    assert row.message == "2 of its 3 trials did not finish: ValueError: no"


@pytest.mark.parametrize(
    ("folds", "ending", "message", "status", "told"),
    [
        ((0, 1), "partial", "", "partly", "finished 2 of 5 folds; the budget ran out"),
        ((0, 1), "timeout", "fold 3: the budget ran out before it was done", "partly",
         "finished 2 of 5 folds; fold 3: the budget ran out before it was done"),
        ((), "timeout", "fold 1: stopped after 9 s", "failed", "fold 1: stopped after 9 s"),
        ((0, 1), "failed", "fold 3: ValueError: no", "failed", "finished 2 of 5 folds; fold 3: ValueError: no"),
    ],
)  # fmt: skip
def test_who_was_left_for_want_of_time_did_not_fail(
    folds: tuple[int, ...], ending: Ending, message: str, status: str, told: str
) -> None:
    row = rows(changed(case(), "lightgbm", folds=folds, ending=ending, message=message))["lightgbm"]
    assert (row.status, row.message, row.error) == (status, told, None)


def test_who_went_on_to_no_further_repeat_has_the_error_of_the_first() -> None:
    twice = case(folds=made_folds(TARGET, repeats=2))
    once = rows(changed(twice, "linear", folds=range(5), ending="complete"))
    row = once["linear"]
    assert (row.status, row.message, row.folds) == ("ok", "", 5) and once["lightgbm"].folds == 10
    assert row.error == pytest.approx(np.sqrt(np.mean((TOLD["linear"][1] - TARGET) ** 2)))
    assert row.low < row.score < row.high and row.se > 0
    few = rows(changed(twice, "linear", folds=range(3)))["linear"]
    assert (few.status, few.message) == ("partly", "finished 3 of 5 folds; the budget ran out")


def test_who_is_judged_on_the_first_folds_alone_is_no_one_who_has_finished() -> None:
    """The net finished two folds, so everyone is judged on two; who finished all of them says so."""
    found = rows(changed(case(), "realmlp", folds=(0, 1), ending="partial"))
    assert (found["realmlp"].status, found["realmlp"].folds) == ("partly", 2) and found["realmlp"].error is not None
    assert found["realmlp"].message == "finished 2 of 5 folds; the budget ran out"
    assert (found["linear"].status, found["linear"].message, found["linear"].folds) == ("ok", "", 2)


def test_who_finished_its_folds_and_has_nobody_to_be_compared_with_did_not_run_out_of_time() -> None:
    made = case()
    for name in ("linear", "lightgbm", "realmlp"):
        made = changed(made, name, folds=(), ending="timeout")
    found = rows(made)["dummy"]
    assert (found.status, found.error) == ("ok", None)
    assert found.message == "finished its 5 folds; nobody can be compared with it on them"


def test_who_was_given_up_on_is_called_so() -> None:
    made = case()
    gone = changed(made, "linear", folds=(0, 1), ending="given_up", message="given up, behind lightgbm")
    row = rows(gone)["linear"]
    assert (row.status, row.message, row.error) == ("given_up", "given up, behind lightgbm", None)
    assert row.spent_seconds == pytest.approx(2 * 2.06)


def test_who_was_never_begun_and_who_misses_a_limit_are_told_so() -> None:
    made = case(limits=Limits(max_model_mb=1.0))
    assert "too large" in rows(made)["realmlp"].message and rows(made)["realmlp"].score is not None
    plan = replace(made.plan, entrants=(*made.plan.entrants, Entrant("knn", "classical", 1.0)))
    row = rows(remade(made, plan=plan))["knn"]
    assert row.trials == 0 and row.status == "failed" and "before it began" in row.message


def test_cut_short_is_who_was_so_on_most_folds() -> None:
    assert rows(case(cut_short=("realmlp",)))["realmlp"].cut_short
    made = case()
    known = made.outcomes["realmlp-default"]
    twice = {n: replace(result, cut_short=n < 2) for n, result in known.results.items()}
    some: list[Outcome] = [replace(o, results=twice) if o is known else o for o in made.outcomes.values()]
    assert not rows(remade(made, some))["realmlp"].cut_short


def test_the_best_of_a_learner() -> None:
    made = case()
    assert best_of(made, "lightgbm") != "lightgbm-default" and best_of(made, "linear") == "linear-default"
    assert best_of(made, "knn") is None and best_of(remade(made, []), "linear") is None
