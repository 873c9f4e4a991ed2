"""What a person sees on stderr while a comparison runs: the stage, the time and the best so far; nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from advisor.records import Family, Outcome

if TYPE_CHECKING:  # rich costs a tenth of a second, which only a terminal should pay
    from rich.console import Console, Group

REFRESHES_PER_SECOND = 2
BAR_WIDTH = 24


class Progress(Protocol):
    """What the comparison calls as it goes along; every method returns at once."""

    def stage(self, name: str, jobs: int, seconds_left: float) -> None:
        """Tell that `jobs` jobs of one kind begin, and how long they may take together."""
        ...

    def outcome(self, outcome: Outcome) -> None:
        """Tell that one job is done, well or not."""
        ...

    def note(self, text: str) -> None:
        """Tell something that the person should know although nothing stops."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was; may be called again."""
        ...


class Silence:
    """Shows nothing at all."""

    def stage(self, name: str, jobs: int, seconds_left: float) -> None:
        """Say nothing."""

    def outcome(self, outcome: Outcome) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""

    def close(self) -> None:
        """Do nothing."""


class Notes(Silence):
    """Writes notes, a line each, to stderr and nothing else: for logs and pipes."""

    def note(self, text: str) -> None:
        """Write `text` as a line of its own."""
        print(text, file=sys.stderr, flush=True)


class Display:
    """A few lines that stay in place on a terminal and are gone when it is closed; notes remain above them.

    `score_of` turns an inner error into the units of the metric. The best of a family is the learner with the lowest
    inner error, averaged over the splits that it has finished, its tuned outcome taking the place of its default.
    """

    def __init__(
        self, budget_seconds: float, score_of: Callable[[float], float] | None = None, console: Console | None = None
    ) -> None:
        from rich.console import Console
        from rich.live import Live

        self._budget_seconds, self._score_of = budget_seconds, score_of
        self._began = self._stage_began = monotonic()
        self._stage, self._jobs, self._done, self._seconds_left = "starting", 0, 0, budget_seconds
        self._failed, self._last = 0, ""
        self._errors: dict[tuple[Family, str], dict[int, float]] = {}
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

    def stage(self, name: str, jobs: int, seconds_left: float) -> None:
        """Begin a stage: its name, its jobs and its clock replace those of the last."""
        self._stage, self._jobs, self._done = name, jobs, 0
        self._stage_began, self._seconds_left = monotonic(), seconds_left
        self._live.refresh()

    def outcome(self, outcome: Outcome) -> None:
        """Count a finished job and keep the inner error of a good one."""
        job = outcome.job
        self._done += 1
        self._failed += outcome.status != "ok"
        ending = "" if outcome.status == "ok" else f" ({outcome.status})"
        self._last = f"{job.learner} on split {job.split + 1}{ending}"
        if outcome.status == "ok" and outcome.inner_error is not None:
            self._errors.setdefault((job.family, job.learner), {})[job.split] = outcome.inner_error

    def note(self, text: str) -> None:
        """Print `text` above the display, where it stays."""
        self._console.print(text, markup=False, highlight=False)

    def close(self) -> None:
        """Wipe the display and give the cursor back."""
        self._live.stop()

    def best(self) -> dict[Family, tuple[str, float]]:
        """Return each family's best learner so far and its mean inner error over the splits that it has finished."""
        best: dict[Family, tuple[str, float]] = {}
        for (family, learner), errors in self._errors.items():
            error = sum(errors.values()) / len(errors)
            if family not in best or error < best[family][1]:
                best[family] = (learner, error)
        return best

    def _lines(self) -> Group:
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
            ProgressBar(total=max(self._jobs, 1), completed=self._done, width=BAR_WIDTH),
            Text(f"{self._done} of {self._jobs} jobs{failed}"),
            Text(f"{clock(now - self._began)} of {clock(self._budget_seconds)}, at most {clock(left)} left here"),
        )
        lines: list[Table | Text] = [head]
        for family, (learner, error) in sorted(self.best().items()):
            measure = f"score {self._score_of(error):.4g}" if self._score_of else f"error {error:.4g}"
            lines.append(Text(f"  {family:<10} best so far: {learner}, inner {measure}"))
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
