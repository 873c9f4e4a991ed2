"""What a process has made of rows before: not made again where candidates are fitted on the same rows, fold by fold."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence

import numpy as np

from advisor.measuring import costs


class Remembered:
    """Arrays of numbers by key, up to so many numbers in all, the oldest forgotten first; for rows that are fitted on.

    What is predicted should be made anew, so that its seconds are what a user waits. What is remembered counts as if it
    had been made again (costs.spared).
    """

    def __init__(self, most_numbers: int) -> None:
        self._most_numbers = most_numbers
        self._known: OrderedDict[Hashable, tuple[np.ndarray, costs.Seconds]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def rows(
        self, keys: Sequence[Hashable], make: Callable[[list[int]], np.ndarray], sizes: Sequence[float] | np.ndarray
    ) -> np.ndarray:
        """Return what belongs to `keys`, shape (len(keys), q); equal keys stand for equal rows, one at least.

        `make` is given the positions of keys that are not known and returns their numbers (m, q); what a row takes of
        its time is in proportion to `sizes` (len(keys),).
        """
        places = {key: place for place, key in reversed(list(enumerate(keys)))}
        new = [place for key, place in sorted(places.items(), key=lambda one: one[1]) if key not in self._known]
        for key in places:
            if key in self._known:
                costs.spared(self._known[key][1])
        if new:
            made, took = costs.timed(lambda: make(new))
            whole = float(sum(sizes[place] for place in new))
            for place, numbers in zip(new, made, strict=True):
                self._known[keys[place]] = numbers, took.part(float(sizes[place]) / whole)
        found = np.stack([self._known[key][0] for key in keys])
        while len(self._known) * found.shape[1] > self._most_numbers:
            self._known.popitem(last=False)
        return found
