"""Seconds of the workers: who has had how many, until when anything may be begun, and what one fold may take.

Seconds are those of a worker unless they are called wall time; moments are seconds since the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from advisor.records import Candidate, Family

# The part of all workers' seconds that defaults may take, and that the nets' among them may: what is left of a family's
# half pays for its studies.
DEFAULTS_SHARE, NETS_SHARE = 0.75, 0.5
# The part of all workers' seconds that the folds of an essential default may take before they are cut short, and those
# of another. Rows are drawn so that all essential ones together are expected to take 0.4 (planning.rows): a machine
# that turns out to be busier leaves less time for settings, rather than a strong net that did not learn its fill and an
# answer that rests on nothing.
ESSENTIAL_LIMIT, LIMIT = 0.75, 0.25
# A fold of a trial may take so many times what its learner's default took.
TRIAL_LIMIT = 4.0
# A fold of a default that was asked for by name may take so many times what is expected of it.
ASKED_LIMIT = 1.5
# No fit is cut short before it had so many seconds; one that does not heed that it should end is stopped after so many
# times its limit and a while for loading libraries on a busy machine.
LEAST_LIMIT, STOPPED_AFTER, LOADING_SECONDS = 0.5, 3.0, 10.0
# The part of what is left before the end that a fit may take: predictions come after it.
FIT_SHARE = 0.95
# Where trials are counted, a fit that is expected to take less than this part of the most that one may take is told of
# no limit, since it would plan by its pace. A larger one is cut short rather than stopped without a result.
UNHURRIED = 0.1
# The part of the time that making the model to use may take; before a look tells how much, so much is kept for it.
LARGEST_HANDING, USUAL_HANDING = 0.3, 0.1
# The part of what is left that repeats of the folds may take.
REPEATS_SHARE = 0.4
FAMILIES: tuple[Family, ...] = ("classical", "neural")


@dataclass(frozen=True)
class UnderWay:
    """A fold that is being fitted: by whom, since when, and for how long it is expected to be."""

    candidate: Candidate
    since: float
    expected: float


class Spending:
    """What was spent and what may be.

    At `stop` nothing more is begun but by those without whom there is no answer; `until_repeats` is when repeats of the
    folds have to be over, `end` when everything has.
    """

    def __init__(self, *, workers: int, began: float, end: float) -> None:
        self.workers, self.began, self.end = workers, began, end
        self.stop = self.until_repeats = end - USUAL_HANDING * (end - began)
        self.running: dict[tuple[str, int], UnderWay] = {}
        self._spent: dict[Family, float] = dict.fromkeys(("dummy", *FAMILIES), 0.0)
        self._earlier: dict[Family, float] = dict.fromkeys(self._spent, 0.0)

    @property
    def capacity(self) -> float:
        """All workers' seconds from the begin of the contest to the stop."""
        return self.workers * (self.stop - self.began)

    def begin(self, candidate: Candidate, fold: int, now: float, expected: float) -> None:
        """Take note of a fold that is handed out."""
        self.running[candidate.key, fold] = UnderWay(candidate, now, expected)

    def finish(self, candidate: Candidate, fold: int) -> UnderWay | None:
        """Forget a fold that came back; None where it was not handed out here."""
        return self.running.pop((candidate.key, fold), None)

    def take(self, family: Family, seconds: float, *, earlier: bool = False) -> None:
        """Put seconds down to a family; those that an `earlier` run spent leave the seconds of this one alone."""
        self._spent[family] += seconds
        self._earlier[family] += seconds if earlier else 0.0

    def behind(self) -> list[Family]:
        """Return both families, the one first that has had fewer seconds, what is under way counted."""
        return sorted(FAMILIES, key=self.of)

    def of(self, family: Family) -> float:
        """Return what a family has had, what is under way counted."""
        return self._spent[family] + sum(
            each.expected for each in self.running.values() if each.candidate.family == family
        )

    def pays_for_default(self, family: Family, seconds: float, folds: int, now: float) -> bool:
        """Tell whether one more default of so many seconds in all leaves studies their part, and ends in time."""
        here = {each: self.of(each) - self._earlier[each] for each in self._spent}
        return (
            sum(here.values()) + seconds <= DEFAULTS_SHARE * self.capacity
            and (family != "neural" or here["neural"] + seconds <= NETS_SHARE * self.capacity)
            and now + seconds / min(folds, self.workers) < self.stop
        )

    def ends_in_time(self, seconds: float, folds: int, now: float, *, ahead: float) -> bool:
        """Tell whether a default of so many seconds in all is expected to end before the stop.

        Before it come folds that are under way, and those of `ahead` seconds that other defaults wait for.
        """
        running = sum(max(0.0, each.since + each.expected - now) for each in self.running.values())
        alone = seconds / folds * ceil(folds / self.workers)
        return now + max(alone, (running + ahead + seconds) / self.workers) < self.stop

    def limit(
        self,
        *,
        trial_of: float | None,
        essential: bool,
        folds: int,
        now: float,
        last: float,
        least: float = LEAST_LIMIT,
    ) -> float:
        """Return the soft limit of one fit: `trial_of` is what a fold of its default takes, None for a default.

        `last` is when it has to have ended; until then it has `least` seconds, whatever its share.
        """
        if trial_of is not None:
            usual = TRIAL_LIMIT * max(trial_of, LEAST_LIMIT)
        else:
            usual = (ESSENTIAL_LIMIT if essential else LIMIT) * self.capacity / folds
        return min(max(usual, least, LEAST_LIMIT), max(FIT_SHARE * (last - now), 0.1))

    def deadline(self, limit: float, now: float, last: float) -> float:
        """Return when a fit that does not keep its limit is stopped: half a second late at the most."""
        return min(last + 0.5, now + STOPPED_AFTER * limit + LOADING_SECONDS)

    def reserve(self, handing: float, now: float, *, repeat: float) -> None:
        """Keep the wall time that the model to use is expected to take, and as many repeats as their part pays for.

        `repeat` is the wall time of one, 0 where none is wanted.
        """
        self.until_repeats = self.end - min(handing, LARGEST_HANDING * (self.end - self.began))
        left = max(0.0, self.until_repeats - now)
        self.stop = self.until_repeats - (REPEATS_SHARE * left // repeat * repeat if repeat else 0.0)
