"""The display on a terminal shows stage, time and best so far, leaves it clean, and is quiet everywhere else."""

import io
import re
import subprocess
import sys

import pytest
from rich.console import Console

from advisor.records import Candidate, FoldResult
from advisor.telling.progress import Display, Notes, Silence, clock, show

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def result(learner="forest", family="classical", fold=0, error=0.2, state="done", params=None):
    return FoldResult(Candidate(learner, family, params or {}), fold, state, error=error if state == "done" else None)


@pytest.fixture
def screen():
    return Console(file=io.StringIO(), force_terminal=True, width=120)


def written(screen):
    return screen.file.getvalue()


def shown(screen):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written(screen))


def test_stage_tasks_and_the_best_of_each_family_are_shown(screen):
    display = Display(600, score_of=lambda error: 1 - error, console=screen)
    display.stage("default configurations", 4, 300)
    display.result(result("forest", error=0.2))
    display.result(result("linear", error=0.3))
    display.result(result("mlp", family="neural", error=0.25))
    display.stage("handing over", 9, 200)
    display.close()
    text = shown(screen)
    assert "default configurations" in text and "0 of 4 fits" in text
    assert "handing over" in text and "0 of 9 fits" in text
    assert "forest, score 0.8 over 1 fold" in text and "mlp, score 0.75 over 1 fold" in text
    assert "linear, score" not in text
    assert "of 10:00" in text and "at most 3:20 left here" in text


def test_a_stage_may_not_know_how_much_there_is_to_do(screen):
    display = Display(60, console=screen)
    display.stage("tuning", 0, 30)
    display.result(result())
    display.close()
    assert "0 fits" in shown(screen) and "of 0 fits" not in shown(screen)


def test_the_best_is_by_the_mean_over_folds_of_candidates_with_the_most(screen):
    display = Display(60, console=screen)
    for told in (
        result("forest", fold=0, error=0.1),
        result("forest", fold=1, error=0.5),
        result("linear", fold=0, error=0.25),
        result("linear", fold=1, error=0.27),
    ):
        display.result(told)
    assert display.best() == {"classical": ("linear", pytest.approx(0.26), 2)}
    display.result(result("forest", fold=0, error=0.01, params={"depth": 3}))
    assert display.best()["classical"][0] == "linear", "one easy fold is not compared with two"
    display.result(result("forest", fold=1, error=0.2, params={"depth": 3}))
    assert display.best() == {"classical": ("forest", pytest.approx(0.105), 2)}
    display.close()


def test_failures_are_counted_and_never_the_best(screen):
    display = Display(60, console=screen)
    display.result(result("knn", state="failed"))
    display.result(result("mlp", family="neural", state="timeout"))
    display.stage("tuning", 2, 10)
    display.close()
    assert display.best() == {}
    assert "2 failed" in shown(screen) and "mlp on fold 1 (timeout)" in shown(screen)


def test_notes_stay_and_their_text_is_taken_literally(screen):
    display = Display(60, console=screen)
    display.note("column '[red]<b>[/red]' is odd")
    display.close()
    assert "column '[red]<b>[/red]' is odd" in shown(screen)


@pytest.mark.parametrize("problem", [None, KeyboardInterrupt, ValueError])
def test_the_terminal_is_left_as_it_was(screen, problem):
    display = Display(60, console=screen)
    try:
        display.stage("tuning", 1, 10)
        if problem:
            raise problem
    except (KeyboardInterrupt, ValueError):
        pass
    finally:
        display.close()
        display.close()
    assert written(screen).rindex(SHOW_CURSOR) > written(screen).rindex(HIDE_CURSOR)
    # Each line that was drawn last is wiped again.
    assert written(screen).endswith("\x1b[2K")


def test_stdout_stays_free_of_the_display(screen, capsys):
    display = Display(60, console=screen)
    print("the answer")
    display.close()
    assert capsys.readouterr().out == "the answer\n"
    assert "the answer" not in shown(screen)


def test_the_display_fits_where_it_is_shown(monkeypatch, capsys):
    assert isinstance(show(60), Notes)
    assert type(show(60, quiet=True)) is Silence
    monkeypatch.setattr(sys, "stderr", Terminal())
    live = show(60)
    live.close()
    assert isinstance(live, Display)
    assert type(show(60, quiet=True)) is Silence


@pytest.mark.parametrize(("display", "expected"), [(Notes(), "mind the gap\n"), (Silence(), "")])
def test_without_a_terminal_only_notes_are_written(capsys, display, expected):
    display.stage("tuning", 3, 10)
    display.result(result())
    display.note("mind the gap")
    display.close()
    written = capsys.readouterr()
    assert (written.out, written.err) == ("", expected)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (-3, "0:00"), (59.6, "1:00"), (600, "10:00"), (3600, "1:00:00")]
)
def test_clock(seconds, text):
    assert clock(seconds) == text


def test_rich_is_loaded_for_a_terminal_only():
    code = "import sys, advisor.telling.progress as p; p.show(1).note('x'); assert 'rich' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, stderr=subprocess.PIPE)
