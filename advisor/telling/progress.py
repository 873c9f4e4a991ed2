"""What a person sees on stderr while a comparison runs: the stage, the time and the best so far; nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import monotonic
from typing import Any, Protocol

from advisor.records import Family, FoldResult
from advisor.redacted import redacted
from advisor.wording import counted, one_line

REFRESHES_PER_SECOND = 2
BAR_WIDTH = 24


class Progress(Protocol):
    """What the comparison calls as it goes along; every method returns at once."""

    def stage(self, name: str, tasks: int, seconds_left: float) -> None:
        """Tell that `tasks` pieces of work of one kind begin (0: nobody knows), and how long they may take."""
        ...

    def result(self, result: FoldResult) -> None:
        """Tell that a candidate is done with a fold, well or not."""
        ...

    def note(self, text: str) -> None:
        """Tell something that the person should know although nothing stops."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was; may be called again."""
        ...


class Silence:
    """Shows nothing at all."""

    def stage(self, name: str, tasks: int, seconds_left: float) -> None:
        """Say nothing."""

    def result(self, result: FoldResult) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""

    def close(self) -> None:
        """Do nothing."""


class Notes(Silence):
    """Writes notes, a line each, to stderr and nothing else: for logs and pipes."""

    def note(self, text: str) -> None:
        """Write `text` as a line of its own."""
        print(one_line(redacted(text)), file=sys.stderr, flush=True)


class Display:
    """A few lines that stay in place on a terminal and are gone when it is closed; notes remain above them.

    `score_of` turns an error into the units of the metric. `console` is rich's, by default on stderr; rich costs a
    tenth of a second, which only a terminal should pay, so it is loaded here and named nowhere else.
    """

    def __init__(
        self, budget_seconds: float, score_of: Callable[[float], float] | None = None, console: Any = None
    ) -> None:
        from rich.console import Console
        from rich.live import Live

        self._budget_seconds, self._score_of = budget_seconds, score_of
        self._began = self._stage_began = monotonic()
        self._stage, self._tasks, self._done, self._seconds_left = "starting", 0, 0, budget_seconds
        self._failed, self._last = 0, ""
        self._errors: dict[tuple[Family, str, str], dict[int, float]] = {}
        self._console = console or Console(stderr=True)
        # stdout carries the answer alone, so it is not drawn into the display.
        self._live = Live(
            get_renderable=self._lines,
            console=self._console,
            refresh_per_second=REFRESHES_PER_SECOND,
            transient=True,
            redirect_stdout=False,
        )
        self._live.start()

    def stage(self, name: str, tasks: int, seconds_left: float) -> None:
        """Begin a stage: its name, its tasks and its clock replace those of the last."""
        self._stage, self._tasks, self._done = name, tasks, 0
        self._stage_began, self._seconds_left = monotonic(), seconds_left
        self._live.refresh()

    def result(self, result: FoldResult) -> None:
        """Count a finished fold and keep the error of a good one."""
        candidate = result.candidate
        well = result.state == "done"
        self._done += 1
        self._failed += not well
        self._last = f"{candidate.learner} on fold {result.fold + 1}{'' if well else f' ({result.state})'}"
        if well and result.error is not None:
            key = candidate.family, candidate.learner, candidate.key
            self._errors.setdefault(key, {})[result.fold] = result.error

    def note(self, text: str) -> None:
        """Print `text` above the display, where it stays."""
        self._console.print(one_line(redacted(text)), markup=False, highlight=False)

    def close(self) -> None:
        """Wipe the display and give the cursor back."""
        self._live.stop()

    def best(self) -> dict[Family, tuple[str, float, int]]:
        """Return each family's best candidate so far: its learner, its mean error, and over how many folds that is.

        Only those with as many folds as anyone of their family are compared: one fold is easier than the next.
        """
        best: dict[Family, tuple[str, float, int]] = {}
        for (family, learner, _), errors in self._errors.items():
            folds, error = len(errors), sum(errors.values()) / len(errors)
            known = best.get(family)
            if known is None or (-folds, error) < (-known[2], known[1]):
                best[family] = learner, error, folds
        return best

    def _lines(self) -> Any:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        now = monotonic()
        head = Table.grid(padding=(0, 2))
        left = max(0.0, self._seconds_left - (now - self._stage_began))
        failed = f", {self._failed} failed" if self._failed else ""
        head.add_row(
            Text(self._stage, style="bold"),
            ProgressBar(total=self._tasks or None, completed=self._done, width=BAR_WIDTH),
            Text(f"{f'{self._done} of ' if self._tasks else ''}{counted(self._tasks or self._done, 'fit')}{failed}"),
            Text(f"{clock(now - self._began)} of {clock(self._budget_seconds)}, at most {clock(left)} left here"),
        )
        lines: list[Table | Text] = [head]
        for family, (learner, error, folds) in sorted(self.best().items()):
            measure = f"score {self._score_of(error):.4g}" if self._score_of else f"error {error:.4g}"
            lines.append(Text(f"  {family:<10} best so far: {learner}, {measure} over {counted(folds, 'fold')}"))
        if self._last:
            lines.append(Text(f"  last done: {self._last}", style="dim"))
        return Group(*lines)


def show(budget_seconds: float, quiet: bool = False, score_of: Callable[[float], float] | None = None) -> Progress:
    """Return the display that fits: none where `quiet`, a live one on a terminal, else notes alone.

    The live display starts at once and must be closed, also after an interruption.
    """
    if quiet:
        return Silence()
    return Display(budget_seconds, score_of) if sys.stderr.isatty() else Notes()


def clock(seconds: float) -> str:
    """Write seconds as minutes and seconds, with hours where there are any.

    >>> clock(75), clock(3725)
    ('1:15', '1:02:05')
    """
    minutes, rest = divmod(round(max(seconds, 0.0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
