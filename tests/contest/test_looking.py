"""A look on a thread of its own: begun once, taken once, and known when it has ended."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from advisor.contest import looking
from advisor.contest.looking import Looking
from advisor.records import Case, Look


class World:
    """Judging takes five seconds, and expecting what the model to use takes another two, by a clock made by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.case = 100.0, Case.__new__(Case)
        monkeypatch.setattr(looking.looks, "look", self.judged)

    def judged(self, stage: str, case: Case, elapsed: Callable[[], float]) -> tuple[Look, None]:
        self.now += 5.0
        return Look(stage, elapsed(), {}, True, 0.975, 5), None  # type: ignore[arg-type]

    def handing(self, case: Case) -> float:
        self.now += 2.0
        return 9.0


def test_an_answer_is_known_when_the_look_has_ended(monkeypatch):
    world = World(monkeypatch)
    with Looking(world.handing, lambda: world.now - 60.0) as under_test:
        under_test.begin("tuned", world.case)
        assert under_test.under_way and under_test.stages == {"tuned"}
        seen = under_test.taken(wait=True)
        assert seen is not None and (seen.look.seconds, seen.handing) == (47.0, 9.0)
        assert under_test.taken(wait=True) is None and not under_test.under_way, "it is taken once"
