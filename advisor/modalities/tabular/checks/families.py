"""Which texts are nearly the same, of many: by hashes of the words that follow one another (Broder 1997)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from advisor.estimators.words import TOKEN

# So many words that follow one another are compared as one; texts with this share of all of theirs in common are nearly
# the same, as two of thirty words are that differ in one. Those of which one is much longer are not.
TOGETHER, ALIKE, AS_LONG = 3, 0.7, 0.8
# Of texts that are alike one of BANDS groups of IN_BAND hashes is the same nearly always, and of others seldom.
BANDS, IN_BAND = 10, 3
# So many words are looked at in all, and so many of each text at least.
MOST_WORDS, FEWEST_WORDS = 8_000_000, 60


def families(texts: Sequence[str]) -> np.ndarray:
    """Return numbers (n,) that texts share which are nearly the same, in about linear time.

    >>> families(["a b c d e f g h"] * 2 + ["i j k l m"]).tolist()
    [0, 0, 1]
    """
    sizes, parts = _parts(texts)
    starts, has = np.concatenate([[0], np.cumsum(sizes)]), np.flatnonzero(sizes)
    factors = np.random.default_rng(0).integers(0, 2**63, BANDS * IN_BAND, dtype=np.uint64) | np.uint64(1)
    least = np.empty((len(factors), len(has)), dtype=np.uint64)
    if len(has):
        for row, factor in zip(least, factors, strict=True):
            np.minimum.reduceat(parts * factor, starts[:-1][has], out=row)
    pairs = set()
    for band in range(0, len(factors), IN_BAND):
        key = factors[:IN_BAND] @ least[band : band + IN_BAND]
        order = np.argsort(key, kind="stable")
        same = np.flatnonzero(key[order[1:]] == key[order[:-1]])
        pairs |= set(zip(has[order[same]].tolist(), has[order[same + 1]].tolist(), strict=True))
    own = {place: set(parts[starts[place] : starts[place + 1]].tolist()) for pair in pairs for place in pair}
    alike = [(one, two) for one, two in pairs if _alike(own[one], own[two])
             and min(len(texts[one]), len(texts[two])) >= AS_LONG * max(len(texts[one]), len(texts[two]))]  # fmt: skip
    ones, twos = np.array(alike, dtype=np.int64).reshape(-1, 2).T
    graph = coo_matrix((np.ones(len(ones)), (ones, twos)), shape=(len(texts), len(texts)))
    return np.asarray(connected_components(graph, directed=False)[1])


def _alike(one: set[int], two: set[int]) -> bool:
    common = len(one & two)
    return common >= ALIKE * (len(one) + len(two) - common)


def _parts(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return how many runs of TOGETHER words each text has (n,), and hashes of all of them, one text after another."""
    most = max(FEWEST_WORDS, MOST_WORDS // max(len(texts), 1))
    known: dict[str, int] = {}
    counts: list[int] = []
    codes: list[int] = []
    for text in texts:
        before = len(codes)
        codes += [known.setdefault(found[0], len(known)) for found in islice(TOKEN.finditer(text), most)]
        counts.append(len(codes) - before)
    words = np.array(codes, dtype=np.uint64)
    mixed = np.random.default_rng(1).integers(0, 2**63, max(len(known), 1), dtype=np.uint64)[words.astype(np.int64)]
    runs = sum(
        (mixed[place : len(mixed) - TOGETHER + 1 + place] * np.uint64(2 * place + 3) for place in range(TOGETHER)),
        start=np.zeros(max(len(mixed) - TOGETHER + 1, 0), dtype=np.uint64),
    )
    of_text = np.repeat(np.arange(len(texts)), counts)
    within = of_text[: len(runs)] == of_text[TOGETHER - 1 :]
    return np.bincount(of_text[: len(runs)][within], minlength=len(texts)), runs[within]
