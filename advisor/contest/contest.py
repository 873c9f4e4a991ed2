"""The contest: defaults, races, studies, repeats, and looks at the evidence that may end it.

One stream of tasks: whenever a worker is free, the next is chosen by what is known then. Both families get the same
seconds. Once the answer is known the time that is left goes into the learners that the model to use is made of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from advisor import clock
from advisor.contest.books import Books, Hands
from advisor.contest.field import Entry, Field
from advisor.contest.looking import Looking, Seen
from advisor.contest.probing import Probing
from advisor.contest.repeats import Repeats
from advisor.contest.spending import ASKED_LIMIT, LEAST_LIMIT, Spending
from advisor.contest.timing import Timing
from advisor.contest.tuning import TUNED_AT_A_TIME, Tuning
from advisor.errors import NothingTrained
from advisor.fitting.fold import FoldTask, ProbeTask, Shared, Task
from advisor.judging import choice, recommending
from advisor.judging.case import case_of
from advisor.planning.plan import too_dear
from advisor.records import (
    Budget,
    Candidate,
    Case,
    Entrant,
    Family,
    Finding,
    FoldResult,
    Look,
    Plan,
    Probe,
    ProbeResult,
    Profile,
    Question,
)

# The part of the time after the defaults after which the evidence is looked at.
LOOK_AFTER = 0.5
# A fold is begun where so much of what it is expected to take is left; one without which there is no answer, where so
# much is: it is cut short rather than left.
FITS, ESSENTIAL_FITS = 0.9, 0.3

__all__ = ["Contest", "Hands", "Held"]


@dataclass(frozen=True, eq=False)
class Held:
    """What came of a contest: the Case of the moment when the answer was known (None where it was not known before
    the end), the Case of all that was measured, and the looks."""

    decided: Case | None
    final: Case
    looks: tuple[Look, ...]


class Contest:
    """One contest, from the first default to the last fold; `hold` runs it.

    `clock` tells the time, nothing runs after `end`, and `elapsed` tells the seconds since the whole comparison began.
    `probes` are checks of the data that may run for `probe_seconds`, and `checked` says what they found, which the last
    Case knows; `known` are results of an earlier run, by a candidate's key and a fold. `handing` says how long the
    model to use would take to be made.
    """

    def __init__(
        self,
        shared: Shared,
        question: Question,
        budget: Budget,
        hands: Hands,
        *,
        workers: int,
        elapsed: Callable[[], float],
        end: float,
        probes: Sequence[Probe] = (),
        probe_seconds: float = 0.0,
        checked: Callable[[Sequence[ProbeResult]], tuple[Finding, ...]] = lambda seen: (),
        known: Mapping[tuple[str, int], FoldResult] | None = None,
        handing: Callable[[Case], float] = lambda case: 0.0,
        clock: Callable[[], float] = clock.now,
    ) -> None:
        self._shared, self._question, self._budget, self._hands = shared, question, budget, hands
        self._clock = clock
        self._field = Field(shared.dataset, shared.plan, question)
        self._timing = Timing(shared.plan)
        self._spending = Spending(workers=workers, began=clock(), end=end)
        # A few trials that are counted and a large budget: then no clock decides what comes of them.
        all_folds = budget.trials * len(self._field.first) * len(shared.plan.entrants)
        self._share_of_trial = self._spending.capacity / max(1, all_folds)
        self._tuning = Tuning(shared, budget, self._field, self._timing, self._spending)
        self._repeats = Repeats(shared.plan, self._field, self._timing, self._spending)
        self._books = Books(
            hands, self._field, self._timing, self._spending, self._tuning, self._repeats, known=known or {},
            essential=frozenset(entrant.learner for entrant in shared.plan.entrants if entrant.essential),
        )  # fmt: skip
        self._probing = Probing(probes, probe_seconds)
        self._checked = checked
        self._looking = Looking(handing, elapsed, patient=shared.plan.counted)
        self._looks: list[Look] = []
        self._look_at = end
        self._decided: Case | None = None
        self._last: Case | None = None
        self._serving: tuple[str, ...] = ()
        self._stage: Literal["defaults", "tuning", "repeats", "over"] = "defaults"
        self._queue: list[tuple[Entry, int]] = []
        self._others = _in_order(entrant for entrant in shared.plan.entrants if not entrant.essential)
        self._known = frozenset(known or {})
        self._asked = frozenset(entrant.learner for entrant in self._others if entrant.asked)

    def hold(self) -> Held:
        """Run the contest and return what came of it; raises NothingTrained where nobody finished a fold."""
        entrants = self._shared.plan.entrants
        essential = [entrant for entrant in entrants if entrant.essential]
        tasks = len(entrants) * len(self._field.first)
        self._hands.stage("default configurations", tasks, self._spending.end - self._clock())
        entries = [self._books.enter(Candidate(entrant.learner, entrant.family)) for entrant in essential]
        # Fold after fold, so that whatever is done when the time is up compares the same rows.
        self._queue = [(entry, number) for number in self._field.first for entry in entries if number in entry.waiting]
        with self._looking:
            for task, result in self._hands.carry_out(self._tasks()):
                self._take(task, result)
            if (seen := self._looking.taken(wait=True)) is not None:
                self._saw(seen)
        for entry in self._field.entries.values():
            if entry.ending is None and entry.results:
                self._books.close(entry)
        found = self._checked(self._probing.seen)
        final = self._case(replace(self._shared.profile, findings=(*self._shared.profile.findings, *found)))
        if not any(outcome.done for outcome in final.outcomes.values()):
            results = [result for outcome in final.outcomes.values() for result in outcome.results.values()]
            if failed := next((result for result in results if result.state == "failed"), None):
                raise NothingTrained(
                    f"No learner finished: {failed.candidate.learner} failed ({failed.message}), as others may have; "
                    "'advisor profile' shows what the data are like."
                )
            messages = (result.message for result in results if result.message)
            raise NothingTrained(
                f"No learner finished: {next(messages, 'the budget was too short')}. A larger --budget may help."
            )
        return Held(self._decided, final, tuple(self._looks))

    # What comes next.

    def _tasks(self) -> Iterator[Task | None]:
        while True:
            task = self._next()
            if task is None and self._stage == "over":
                return
            yield task

    def _next(self) -> Task | None:
        """Return the task for a worker that is free, or None where nothing is to be done before another result."""
        if self._stage == "defaults":
            if (task := self._default()) is not None:
                return task
            if any(not each.candidate.params for each in self._spending.running.values()):
                return self._probe() or self._trial()
            self._after_defaults()
        if self._stage == "tuning":
            self._look_while_tuning()
            if self._stage == "tuning" and (task := self._probe() or self._trial()) is not None:
                return task
            if self._spending.running:
                return None
            self._after_tuning()
            if self._stage == "tuning":
                return self._next()
        if self._stage == "repeats":
            if (task := self._repeat()) is not None:
                return task
            if not self._spending.running:
                self._stage = "over"
        # An answer that is known early does not say whether the data can be believed.
        return self._probe() if self._stage == "over" else None

    def _default(self) -> Task | None:
        """Return a fold of a default: of those without whom there is no answer, then of those that were asked for by
        name, then of the others; each time of the family that is behind."""
        task: Task | None
        while self._queue:
            entry, number = self._queue.pop(0)
            if entry.ending is None and (task := self._task(entry, number, essential=True)) is not None:
                return task
        for asked in (True, False):
            for family in self._spending.behind():
                if (task := self._default_of(family, asked=asked)) is not None:
                    return task
        return None

    def _default_of(self, family: Family, *, asked: bool) -> Task | None:
        """Return a fold of a family's default that is under way, or of the next one that can be begun."""
        begun = [entry for entry in self._defaults_waiting()
                 if entry.candidate.family == family and (entry.candidate.learner in self._asked) is asked]  # fmt: skip
        for entry in begun:
            if (task := self._task(entry, entry.waiting[0])) is not None:
                return task
        while (entrant := self._affordable(family, asked=asked)) is not None:
            self._others.remove(entrant)
            entry = self._books.enter(Candidate(entrant.learner, family))
            if entry.waiting and (task := self._task(entry, entry.waiting[0])) is not None:
                return task
        return None

    def _defaults_waiting(self) -> list[Entry]:
        return [entry for entry in self._field.entries.values() if entry.waiting and not entry.candidate.params]

    def _affordable(self, family: Family, *, asked: bool) -> Entrant | None:
        """Return the next learner of a family that can be begun, of those that were asked for by name or the others."""
        own = (each for each in self._others if each.family == family and each.asked is asked)
        return next((each for each in own if self._pays_for(each)), None)

    def _pays_for(self, entrant: Entrant) -> bool:
        """Tell whether a default may be begun: where its family's share of the seconds is expected to pay for the folds
        that no earlier run has done.

        One that was asked for by name may take more, as long as it is expected to end in time.
        """
        now, spending = self._clock(), self._spending
        folds = sum((f"{entrant.learner}-default", number) not in self._known for number in self._field.first)
        if not folds:
            return True
        seconds = folds * self._timing.of_default(entrant.learner)
        if entrant.asked:
            waiting = self._defaults_waiting()
            ahead = sum(len(entry.waiting) * self._timing.expected(entry.candidate) for entry in waiting)
            return spending.ends_in_time(seconds, folds, now, ahead=ahead)
        return spending.pays_for_default(entrant.family, seconds, folds, now)

    def _trial(self) -> Task | None:
        """Return the next fold of a trial: of the family that has had fewer seconds, as far as it can use them.

        Once the answer is known only learners of the model to use are tuned, whatever their family.
        """
        families: Sequence[Family | None] = (None,) if self._serving else self._spending.behind()
        for family in families:
            for entry in self._field.trials(family):
                if self._serving and entry.candidate.learner not in self._serving:
                    entry.end("partial", "the answer was known before it was done")
                elif (task := self._task(entry, entry.waiting[0])) is not None:
                    return task
                else:
                    entry.end("partial", "the budget ran out before it was done")
                self._books.close(entry)
            while (candidate := self._tuning.next(self._to_tune(family), self._clock())) is not None:
                entry = self._books.enter(candidate)
                if entry.waiting and (task := self._task(entry, entry.waiting[0])) is not None:
                    return task
        return None

    def _to_tune(self, family: Family | None) -> list[str]:
        """Name the learners whose turn it may be: a family's best, or those of the model to use (None)."""
        if family is not None:
            return self._tuning.tunable(self._field.ranked(family))[:TUNED_AT_A_TIME]
        return [name for name in self._tuning.tunable(self._serving) if self._field.best_of(name) is not None]

    def _repeat(self) -> Task | None:
        """Return the next fold of the repeats that are under way, the next repeat where there is none."""
        while (pair := self._repeats.next(self._clock())) is not None:
            entry, number = pair
            self._books.take_up(entry)
            if number not in entry.waiting:
                continue
            if (task := self._task(entry, number)) is not None:
                return task
            self._repeats.missed(number)
        return None

    def _probe(self) -> Task | None:
        return self._probing.next(self._clock(), self._spending.stop)

    def _task(self, entry: Entry, number: int, *, essential: bool = False) -> FoldTask | None:
        """Hand out a fold that an entry waits for, or None where it is not expected to end in time."""
        candidate, now, spending = entry.candidate, self._clock(), self._spending
        last = spending.stop
        if self._stage == "repeats":
            last = spending.until_repeats
        elif essential:
            last = spending.end
        expected = self._timing.expected(candidate)
        asked = not candidate.params and candidate.learner in self._asked
        if now + (ESSENTIAL_FITS if essential else FITS) * expected > last:
            return None
        entry.waiting.remove(number)
        entry.running.add(number)
        spending.begin(candidate, number, now, expected)
        limit = spending.limit(
            trial_of=self._timing.of_default(candidate.learner) if candidate.params else None,
            essential=essential, folds=len(self._field.first), now=now, last=last,
            least=ASKED_LIMIT * expected if asked else self._share_of_trial if candidate.params else LEAST_LIMIT,
        )  # fmt: skip
        keep = f"folds/{candidate.key}-{number}.npz" if number in self._field.first else None
        # A default tells what its learner takes to be asked; settings of it only where somebody has set a limit.
        timed = number == self._field.first[0] and (
            not candidate.params or self._question.limits.max_latency_ms is not None
        )
        return FoldTask(candidate, number, spending.deadline(limit, now, last), limit, timed, keep)

    # What came.

    def _take(self, task: Any, result: Any) -> None:
        if isinstance(task, ProbeTask):
            self._probing.take(task, result)
        else:
            self._books.take(task, result, self._clock())

    # Looks, and what follows from them.

    def _after_defaults(self) -> None:
        """Look at the defaults and go on to tuning; where no time is left for that the last look says it all."""
        now, stop = self._clock(), self._spending.stop
        if now >= stop:
            self._stage = "over"
            return
        self._stage = "tuning"
        self._look_at = now + LOOK_AFTER * (stop - now)
        self._looking.begin("defaults", self._case())
        self._hands.stage("tuning", 0, stop - now)

    def _look_while_tuning(self) -> None:
        """Take note of a look that has ended, and begin the next where it is time."""
        if (seen := self._looking.taken()) is not None:
            self._saw(seen)
        if self._decided is None and "tuned" not in self._looking.stages and self._clock() >= self._look_at:
            self._begin_look()

    def _begin_look(self) -> None:
        if not self._looking.under_way:
            self._looking.begin("tuned", self._case())

    def _after_tuning(self) -> None:
        """Go on to repeats of the folds where the answer is open; nobody is at work who would wait for a look."""
        if (seen := self._looking.taken(wait=True)) is not None:
            self._saw(seen)
            return
        now, until = self._clock(), self._spending.until_repeats
        if self._stage == "over" or self._decided is not None or not self._repeats.possible or now >= until:
            self._stage = "over"
        elif "tuned" not in self._looking.stages:
            self._begin_look()
        elif self._last is not None and self._repeats.choose(self._last, now):
            self._stage = "repeats"
            self._hands.stage("further repeats of the folds", self._repeats.tasks, until - now)
        else:
            self._stage = "over"

    def _saw(self, seen: Seen) -> None:
        """Learn from a look: whether the answer is known, and how long the model to use will take to be made."""
        self._looks.append(seen.look)
        self._last = seen.case
        if seen.look.decided and self._decided is None:
            self._decided = seen.case
            self._serve(seen)
        now = self._clock()
        repeat = self._repeats.seconds(seen.case) if self._decided is None else 0.0
        self._spending.reserve(seen.handing, now, repeat=repeat)
        if seen.look.stage == "defaults":
            self._look_at = now + LOOK_AFTER * (self._spending.stop - now)

    def _serve(self, seen: Seen) -> None:
        """From now on tune those of whom the model to use is made; or stop, where that was asked for, or it is none."""
        recommended = recommending.recommend(
            seen.case, choice.chosen(seen.case), no_signal=seen.look.answer == "no_signal"
        )
        if self._budget.until == "answer" or recommended.option is None or recommended.which == "dummy":
            self._stage = "over"
            return
        members = (seen.case.outcomes[key].candidate.learner for key in recommended.option.members)
        self._serving = tuple(dict.fromkeys(members))

    def _case(self, profile: Profile | None = None) -> Case:
        shared = self._shared
        return case_of(shared.dataset, profile or shared.profile, self._plan(), self._field.outcomes(), self._question)

    def _plan(self) -> Plan:
        """Return the plan, less those whom the seconds did not pay for."""
        plan, folds = self._shared.plan, len(self._field.first)
        if self._stage == "defaults" or not self._others:
            return plan
        late = {
            each.learner: too_dear(folds, folds * self._timing.of_default(each.learner), self._spending.capacity)
            for each in self._others
        }
        return replace(
            plan,
            entrants=tuple(entrant for entrant in plan.entrants if entrant.learner not in late),
            skipped={**plan.skipped, **late},
            unaffordable=(*plan.unaffordable, *late),
        )


def _in_order(entrants: Iterable[Entrant]) -> list[Entrant]:
    """Return entrants in the order in which their defaults are begun: strong nets first, the quick before the slow."""
    return sorted(entrants, key=lambda entrant: (not entrant.strong, entrant.seconds))
