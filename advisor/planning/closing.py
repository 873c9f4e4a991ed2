"""What the end of a comparison will take on this machine, and is kept for it from the start.

Seconds are wall time. The budget is that of the whole command: the last look at the evidence, the model that is put
together, the report and the files come out of it.
"""

from __future__ import annotations

# What the slow checks of a large table take on a quiet machine, in seconds, and the part of what is left that they may.
CHECKS_SECONDS, CHECKS_SHARE = 1.2, 0.1
# What putting the model together, drawing and writing take at the end on a quiet machine, in seconds: so much, and a
# part of the budget, which pays for more rows and members; what files and processes are waited for, however busy the
# machine; and what the last look takes before all of that.
LEAST_CLOSING, CLOSING_SHARE, MOST_CLOSING, WAITING_SECONDS = 0.8, 0.005, 3.3, 0.7
JUDGING_SECONDS = 0.4
# The part of the budget that is kept for questions to the data (a learning curve), put while that look is taken.
QUESTIONS_SHARE = 0.05
# MLflow is told on a thread of this process, which takes that part of its core besides.
TRACKED_PACE = 1.5
# A budget may be overrun by so many seconds, or by so much of it where that is more: what nobody could expect.
LATE_SECONDS, LATE_SHARE = 5.0, 0.05
# Seconds that a tracker gets to take in the answer, the files and the model: so many beyond a budget that is over, and
# so many of what is left.
LEAST_PATIENCE, MOST_PATIENCE = 2.0, 60.0


def pays_for_slow_checks(left_seconds: float, pace: float) -> bool:
    """Tell whether the slow checks of a large table take a small enough part of what is left of a budget."""
    return CHECKS_SECONDS * pace <= CHECKS_SHARE * left_seconds


def kept(budget_seconds: float, left_seconds: float, pace: float, *, tracking: bool = False) -> tuple[float, float]:
    """Return the seconds of wall time that are kept for the last look, and for the model, the report and the files.

    They are what is expected on a machine as slow as this one now (`pace`, see measuring.machine). Where that would be
    more than half of what is left when learners can begin they get half, and end later, as long as that is half of
    what a budget may be overrun by: an answer that is a little late is worth more than none. With `tracking` MLflow is
    told meanwhile.

    >>> kept(20, 17, 1.0), kept(20, 14, 2), kept(600, 590, 2)
    ((1.0, 1.6), (1.0, 2.5), (30.0, 7.3))
    >>> [round(seconds, 1) for left in (8, 3) for seconds in kept(20, left, 4)]
    [1.1, 2.9, 0.9, 2.5]
    """
    pace *= TRACKED_PACE if tracking else 1.0
    judging = max(QUESTIONS_SHARE * budget_seconds, JUDGING_SECONDS * pace)
    writing = WAITING_SECONDS + max(pace, 1.0) * min(LEAST_CLOSING + CLOSING_SHARE * budget_seconds, MOST_CLOSING)
    expected = judging + writing
    share = min(1.0, max(expected - _late_seconds(budget_seconds), 0.5 * left_seconds) / expected)
    return share * judging, share * writing


def patience(budget_seconds: float, left_seconds: float) -> float:
    """Return for how many seconds a tracker is waited for: what is left, or a little, as far as that is not too late.

    >>> [patience(60, left) for left in (30, 1, -1, -2.25, -9)]
    [30, 2.0, 1.5, 0.25, 0.0]
    """
    least = min(LEAST_PATIENCE, left_seconds + _late_seconds(budget_seconds))
    return min(max(left_seconds, least, 0.0), MOST_PATIENCE)


def _late_seconds(budget_seconds: float) -> float:
    """Return by how much an end may be expected to be late: half of the most, the rest is for what nobody expects."""
    return 0.5 * max(LATE_SECONDS, LATE_SHARE * budget_seconds)
