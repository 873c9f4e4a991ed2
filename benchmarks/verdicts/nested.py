"""What an answer took, against what nested cross-validation of the same candidates would have taken.

Nested as the method once asked for it: five outer folds, three times, which are fifteen cuts; within each every
candidate is judged by five inner folds, and who is chosen is fitted once more on the whole outer training part.
"""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

CUTS, INNER = 15, 5
# The part of all rows that an outer training part has, and of that part an inner one.
PART = 0.8


def train_share(kind: str, folds: int) -> float:
    """Return the part of the rows that a fold of the comparison learns from."""
    return PART if kind == "holdout" else 1 - 1 / folds


def cost(fits: pd.DataFrame, until: float, share: float, chosen: Collection[str]) -> dict[str, float]:
    """Return the seconds that workers spent on folds: {"ours": up to the answer, "nested": for the same candidates}.

    `fits` has a row a candidate and fold that was tried: candidate, state, seconds (fit and predictions), started_at
    (seconds since the begin). `until` is when the answer was known, on the same clock; `share` the part of the rows
    that a fold learnt from; `chosen` the keys of those that a cut would have chosen, one a family.

        ours   = sum of min(seconds, until - started_at) over the fits that had begun by then
        nested = 15 * (sum over candidates of 5 s * 0.8 * 0.8 / share + sum over the chosen of s * 0.8 / share)

    with s the mean seconds of a candidate's folds that were finished (of all, where none was): seconds are taken to
    grow with the rows learnt from. Who was given up after a fold is charged all cuts, since nested cross-validation
    learns of no fold but at the end of a cut. Checks of the data and what is handed over are in neither.
    """
    begun = fits[fits["started_at"] < until]
    ours = (until - begun["started_at"]).clip(upper=begun["seconds"]).sum()
    done = begun[begun["state"] == "done"].groupby("candidate")["seconds"].mean()
    mean = done.combine_first(begun.groupby("candidate")["seconds"].mean())
    judged = INNER * PART * PART / share * mean.sum()
    fitted = PART / share * mean.reindex(list(chosen)).fillna(0.0).sum()
    return {"ours": float(ours), "nested": float(CUTS * (judged + fitted))}
