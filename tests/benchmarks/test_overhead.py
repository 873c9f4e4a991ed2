import choice_speed
from overhead import Log

from advisor.fitting.fold import FoldTask, RefitTask, Refitted
from advisor.records import Candidate, Cost, FoldResult


def test_a_fit_that_was_stopped_counts_with_the_time_it_had_and_twice_is_seen():
    log, candidate = Log(), Candidate("linear", "classical")
    done = FoldResult(candidate, 0, "done", cost=Cost(fit_seconds=2.0, predict_seconds=0.5))
    log.note(FoldTask(candidate, 0, 0.0), done, 3.0)
    log.note(FoldTask(candidate, 1, 0.0), TimeoutError(), 4.0)
    log.note(RefitTask(candidate, 0.0, None, "x"), Refitted(candidate, 1.5), 9.0)
    assert log.seconds == {"folds": 6.5, "hand-over": 1.5} and log.twice == []
    assert log.held == 16.0
    log.note(FoldTask(candidate, 1, 0.0), done, 3.0)
    assert log.twice == ["fold linear-default 1"]


def test_the_choice_is_timed_on_a_case_with_everyone_in_it():
    case = choice_speed.made_case(200, 14, "rmse", single=False)
    assert len(case.columns) == 14 and case.matrix is not None and len(case.matrix.rows) == 200
    assert set(choice_speed.measure(200, 14, "log_loss", True)) == {"cpu_seconds", "peak_mb", "added_mb"}
