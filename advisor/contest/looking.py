"""Looks at the evidence, taken on a thread of their own, so that no worker waits for them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from advisor.judging import looks
from advisor.records import Case, Look


@dataclass(frozen=True, eq=False)
class Seen:
    """A look, the Case that was looked at, and the seconds that the model to use would take to be made."""

    look: Look
    case: Case
    handing: float


class Looking:
    """One look at a time, as a context manager; `handing` says how long the model to use would take to be made.

    `elapsed` tells the seconds since the comparison began. With `patient` a look is always waited for, so that what is
    done by then does not depend on how long it takes.
    """

    def __init__(
        self, handing: Callable[[Case], float], elapsed: Callable[[], float], *, patient: bool = False
    ) -> None:
        self._handing, self._elapsed, self._patient = handing, elapsed, patient
        self._thread = ThreadPoolExecutor(1, "advisor-looks")
        self._under_way: Future[Seen] | None = None
        self.stages: set[looks.Stage] = set()

    def __enter__(self) -> Looking:
        return self

    def __exit__(self, *exception: object) -> None:
        self._thread.shutdown()

    @property
    def under_way(self) -> bool:
        """Tell whether there is a look that nobody has taken note of yet."""
        return self._under_way is not None

    def begin(self, stage: looks.Stage, case: Case) -> None:
        """Begin a look, unless one is under way."""
        if self._under_way is None:
            self.stages.add(stage)
            self._under_way = self._thread.submit(self.look, stage, case)

    def taken(self, *, wait: bool = False) -> Seen | None:
        """Return the look that was begun, once; None where there is none, or it is not over and nobody would wait."""
        if self._under_way is None or not (wait or self._patient or self._under_way.done()):
            return None
        seen, self._under_way = self._under_way.result(), None
        return seen

    def look(self, stage: looks.Stage, case: Case) -> Seen:
        """Look, here and now; what it finds is known when it has ended, and not when it was begun."""
        handing = self._handing(case)
        seen, _ = looks.look(stage, case, self._elapsed)
        return Seen(seen, case, handing)
