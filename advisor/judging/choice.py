"""The choice of a champion, and of a blend's weights, bootstrapped: whoever is chosen is judged on rows left out.

Every configuration was judged on the same rows, so that the best of many looks better than it is. BBC-CV
(Tsamardinos, Greasidou and Borboudakis 2018) draws rows with replacement, chooses on those drawn and judges on the
others; averaged over draws that has no winner's curse, and costs no fit. Drawn are whole clusters: groups, copies,
blocks of time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from advisor.judging import blends
from advisor.judging.case import contenders, learner_of, mixture_losses, room, serving
from advisor.measuring.metrics import METRICS
from advisor.records import Case, Matrix, Mixture, Which

# Draws by which champions are chosen, and blends, which cost a hundred times as much; of the latter fewer where each
# takes long. That the mean of 100 draws is not that of infinitely many adds 2 to 3 % to the variance.
DRAWS, BLEND_DRAWS, BLEND_DRAWS_OF_MANY, MANY_ROWS = 1_000, 200, 100, 5_000
# Weights are chosen on so many drawn rows at most: more do not move a share by a twenty-fifth.
MOST_ROWS_TO_WEIGH = 4_000
# Members that a blend is chosen from at most, each the best configuration of its learner.
MOST_MEMBERS = 14
# A member of the blend that the draws agree on has this share at least; less moves nothing and costs a model.
LEAST_SHARE = 0.04
ROWS_AT_A_TIME = 5_000_000
# A bootstrap leaves out (1 - 1/n)^n of the rows, about exp(-1): a mean over them varies more than one over all.
LEFT_OUT = float(np.exp(-1.0))


@dataclass(frozen=True)
class Chosen:
    """What the bootstrap says of the options that there are.

    `members` are those that all rows choose, a blend's with the weights that its draws agree on; `losses` (B,) of each
    option are on the rows left out, draw by draw (the first draws have blends, the others NaN for them); `drawn` (B,)
    on the rows drawn.
    """

    members: Mapping[Which, Mixture]
    losses: Mapping[Which, np.ndarray]
    drawn: Mapping[Which, np.ndarray]

    def theta(self, incumbents: Sequence[Which], challengers: Sequence[Which], power: float) -> np.ndarray:
        """Return log error ratios (B',): of two options, or on each side of the one that has lost less on drawn rows.

        Draws in which an option is not known are left out; so are those where a side lost nothing.
        """
        left, right = (self._best(side) for side in (incumbents, challengers))
        known = np.isfinite(left) & np.isfinite(right) & (left > 0) & (right > 0)
        return np.asarray(power * np.log(left[known] / right[known]))

    def _best(self, options: Sequence[Which]) -> np.ndarray:
        drawn = np.array([self.drawn[which] for which in options])
        losses = np.array([self.losses[which] for which in options])
        unknown = np.isnan(drawn).any(axis=0)
        place = np.argmin(np.where(np.isnan(drawn), np.inf, drawn), axis=0)
        return np.where(unknown, np.nan, losses[place, np.arange(losses.shape[1])])


@lru_cache(maxsize=4)
def chosen(case: Case, *, draws: int = DRAWS, blend_draws: int | None = None, seed: int = 0) -> Chosen | None:
    """Bootstrap the choice; None where no family has a candidate that may lead it.

    Options are the champions of both families (and the dummy), and unless one model was asked for a blend of the
    classical learners and one of all. A family's champion is who lost least on the drawn rows; a blend's members are
    the best configuration of each learner there.
    """
    matrix = case.matrix
    if matrix is None:
        return None
    sides = {family: contenders(case, family) for family in ("classical", "neural")}
    dummies = [place for place, key in enumerate(case.columns) if case.outcomes[key].candidate.family == "dummy"]
    led: dict[Which, list[int]] = {"classical": sides["classical"], "neural": sides["neural"], "dummy": dummies}
    groups = {which: places for which, places in led.items() if places}
    if not sides["classical"] and not sides["neural"]:
        return None
    mean = matrix.losses.mean(axis=0)
    whole = mean.mean(axis=0)
    champions = {which: places[int(np.argmin(whole[places]))] for which, places in groups.items()}
    members: dict[Which, Mixture] = {which: {case.columns[place]: 1.0} for which, place in champions.items()}
    losses: dict[Which, np.ndarray] = {which: np.full(draws, np.nan) for which in groups}
    drawn: dict[Which, np.ndarray] = {which: np.full(draws, np.nan) for which in groups}
    blended = _blended(case, sides)
    votes: dict[Which, dict[str, float]] = {which: defaultdict(float) for which in blended}
    for which in blended:
        losses[which], drawn[which] = np.full(draws, np.nan), np.full(draws, np.nan)
    few = blend_draws or (BLEND_DRAWS if len(matrix.rows) <= MANY_ROWS else BLEND_DRAWS_OF_MANY)
    begun = 0
    for counts in _bootstraps(matrix, draws, seed):
        left_out = (counts == 0).astype(np.float32)
        inside = (counts @ mean.astype(np.float32)) / counts.sum(axis=1, keepdims=True)
        outside = (left_out @ mean.astype(np.float32)) / np.maximum(left_out.sum(axis=1, keepdims=True), 1)
        here = np.arange(len(counts))
        for which, places in groups.items():
            best = np.asarray(places)[np.argmin(inside[:, places], axis=1)]
            drawn[which][begun + here], losses[which][begun + here] = inside[here, best], outside[here, best]
        for which, families in blended.items():
            for place in range(max(0, min(len(counts), few - begun))):
                mixture = _weights(case, matrix, families, counts[place], inside[place])
                for key, share in mixture.items():
                    votes[which][key] += share
                by_row = mixture_losses(case, mixture, METRICS[case.plan.metric]).mean(axis=0)
                drawn[which][begun + place] = by_row @ counts[place] / counts[place].sum()
                losses[which][begun + place] = by_row[counts[place] == 0].mean()
        begun += len(counts)
    for which, places in blended.items():
        members[which] = (
            _weights(case, matrix, places, np.ones(len(matrix.rows)), whole)
            if case.question.limits.serving
            else _agreed(case, votes[which], places, whole)
        )
    return Chosen(members, losses, drawn)


def _bootstraps(matrix: Matrix, draws: int, seed: int) -> Iterator[np.ndarray]:
    """Yield how often each row was drawn, (b, n) float32 in pieces of B in all; rows of a cluster come together."""
    rng = np.random.default_rng(seed)
    rows = len(matrix.rows)
    # Where all rows are one piece of evidence nothing can be said of an effect, but somebody has to be chosen.
    clusters = None if matrix.clusters is None or not matrix.clusters.any() else matrix.clusters
    units = rows if clusters is None else int(clusters.max()) + 1
    piece = max(1, min(draws, ROWS_AT_A_TIME // rows))
    for begun in range(0, draws, piece):
        size = min(piece, draws - begun)
        counts = np.empty((size, rows), dtype=np.float32)
        for place in range(size):
            while True:
                drawn = np.bincount(rng.integers(units, size=units), minlength=units)
                if (drawn == 0).any():
                    break
            counts[place] = drawn if clusters is None else drawn[clusters]
        yield counts


def _blended(case: Case, sides: Mapping[str, list[int]]) -> dict[Which, list[int]]:
    """Return the columns that each blend may draw on; none where one model was asked for, or has to be read."""
    if not case.question.limits.blended:
        return {}
    everyone: dict[Which, list[int]] = {
        "classical_blend": sides["classical"],
        "blend": sides["classical"] + sides["neural"],
    }
    return {
        which: columns
        for which, columns in everyone.items()
        if len({learner_of(case, case.columns[column]) for column in columns}) > 1
        and (which != "blend" or (sides["neural"] and sides["classical"]))
    }


def _weights(
    case: Case, matrix: Matrix, columns: Sequence[int], counts: np.ndarray, loss: np.ndarray
) -> dict[str, float]:
    """Choose a blend's members and weights on the rows that were drawn (`counts` (n,)); `loss` (C,) is on those."""
    by_learner: dict[str, list[int]] = defaultdict(list)
    for column in columns:
        by_learner[learner_of(case, case.columns[column])].append(column)
    best = sorted((min(own, key=lambda column: loss[column]) for own in by_learner.values()), key=lambda c: loss[c])
    best = best[:MOST_MEMBERS]
    places = _rows_to_weigh(counts)
    sizes, most = room(case.question.limits, (serving(case, case.columns[column]) for column in best))
    predictions = [matrix.predictions[column][:, places] for column in best]
    metric = METRICS[case.plan.metric]
    shares = blends.shares(metric, matrix.target[places], predictions, counts[places], sizes, most)
    return {case.columns[column]: float(share) for column, share in zip(best, shares, strict=True) if share > 0}


def _agreed(case: Case, votes: Mapping[str, float], columns: Sequence[int], loss: np.ndarray) -> dict[str, float]:
    """Return the mean of the weights that the draws chose, each learner with its best configuration on all rows.

    Weights chosen once on few rows follow their accidents; bagged they hardly do (Caruana, Munson and Niculescu-Mizil
    2006). Shares below LEAST_SHARE are left out. `loss` (C,) is on all rows.
    """
    best: dict[str, int] = {}
    for column in sorted(columns, key=lambda column: loss[column]):
        best.setdefault(learner_of(case, case.columns[column]), column)
    shares: dict[str, float] = defaultdict(float)
    for key, share in votes.items():
        shares[case.columns[best[learner_of(case, key)]]] += share
    total = sum(shares.values())
    kept = {key: share for key, share in shares.items() if share >= LEAST_SHARE * total}
    return {key: share / sum(kept.values()) for key, share in sorted(kept.items(), key=lambda item: -item[1])}


def _rows_to_weigh(counts: np.ndarray) -> np.ndarray:
    """Return the places of the drawn rows, every so many of them where they are many."""
    places = np.flatnonzero(counts)
    if len(places) > MOST_ROWS_TO_WEIGH:
        places = places[np.linspace(0, len(places) - 1, MOST_ROWS_TO_WEIGH).astype(int)]
    return places
