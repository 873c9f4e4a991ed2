"""What can be said of a series in some sixty numbers: levels, shape, changes, rhythm, runs and peaks.

Of the kind that Fulcher and Jones (2017), Christ et al. (2018) and Lubba et al. (2019) have found to tell series apart.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from itertools import pairwise

import numpy as np

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
PARTS = 8
LAGS = (1, 2, 3, 5, 8, 13, 21)
# Shares of a spectrum, by parts of the highest frequency, each an octave.
OCTAVES = (0.0, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
# A series that varies less than this share of its own size is constant.
FLAT = 1e-6


def statistics(values: np.ndarray) -> Mapping[str, np.ndarray]:
    """Return a number a series (n,) under each name, of series (n, steps) of one length without gaps.

    What a series is too short for is NaN. All but the names that say otherwise are in the unit of the values, or have
    none.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # of series too short or too flat for what is asked
        found = {**_levels(values), **_shape(values), **_changes(values), **_rhythm(values), **_runs(values)}
    return {name: np.where(np.isfinite(each), each, np.nan) for name, each in found.items()}


def _standard(values: np.ndarray) -> np.ndarray:
    """Return series with mean 0 and deviation 1; flat ones are NaN."""
    mean, deviation = values.mean(axis=1, keepdims=True), values.std(axis=1, keepdims=True)
    flat = deviation <= FLAT * np.abs(values).max(axis=1, keepdims=True)
    standard: np.ndarray = (values - mean) / np.where(flat, np.nan, deviation)
    return standard


def _levels(values: np.ndarray) -> dict[str, np.ndarray]:
    standard = _standard(values)
    found = {
        "mean": values.mean(axis=1),
        "deviation": values.std(axis=1),
        "skew": (standard**3).mean(axis=1),
        "kurtosis": (standard**4).mean(axis=1),
        "least": values.min(axis=1),
        "most": values.max(axis=1),
        "first": values[:, 0],
        "last": values[:, -1],
        "root mean square": np.sqrt((values**2).mean(axis=1)),
    }
    cuts = np.quantile(values, QUANTILES, axis=1)
    found |= {f"quantile {share:g}": cut for share, cut in zip(QUANTILES, cuts, strict=True)}
    found["beyond 1 deviation"] = _share(np.abs(standard) > 1, standard)
    found["beyond 2 deviations"] = _share(np.abs(standard) > 2, standard)
    return found


def _shape(values: np.ndarray) -> dict[str, np.ndarray]:
    """Where it is high and low, and how much of it is a straight line; places are shares of the length."""
    rows, steps = values.shape
    time = np.linspace(-1.0, 1.0, steps) if steps > 1 else np.zeros(1)
    centred = values - values.mean(axis=1, keepdims=True)
    slope = centred @ time / max(float(time @ time), 1e-12)
    left = centred - slope[:, None] * time
    found = {
        "slope": slope,
        "off the line": left.std(axis=1),
        "place of the most": values.argmax(axis=1) / steps,
        "place of the least": values.argmin(axis=1) / steps,
    }
    edges = np.linspace(0, steps, PARTS + 1).round().astype(int)
    for part, (start, end) in enumerate(pairwise(edges)):
        piece = values[:, start:end]
        found[f"mean of part {part + 1}"] = piece.mean(axis=1) if end > start else np.full(rows, np.nan)
    halves = (values[:, : steps // 2], values[:, steps // 2 :])
    found["deviation of the first half"], found["deviation of the second half"] = (
        half.std(axis=1) if half.shape[1] else np.full(rows, np.nan) for half in halves
    )
    return found


def _changes(values: np.ndarray) -> dict[str, np.ndarray]:
    names = ("mean change", "deviation of changes", "largest rise", "largest fall", "skew of changes", "rises", "stays",
             "roughness", "bend", "steepness")  # fmt: skip
    if values.shape[1] < 2:
        return dict.fromkeys(names, np.full(len(values), np.nan))
    changes = np.diff(values, axis=1)
    size = np.abs(changes).mean(axis=1)
    second = np.diff(changes, axis=1)
    return dict(zip(names, (
        size, changes.std(axis=1), changes.max(axis=1), changes.min(axis=1), (_standard(changes) ** 3).mean(axis=1),
        (changes > 0).mean(axis=1), (changes == 0).mean(axis=1), size / np.ptp(values, axis=1),
        np.abs(second).mean(axis=1) if second.shape[1] else np.full(len(values), np.nan),
        size / values.std(axis=1),
    ), strict=True))  # fmt: skip


def _rhythm(values: np.ndarray) -> dict[str, np.ndarray]:
    """How alike a series is to itself some steps on, and which frequencies it has."""
    rows, steps = values.shape
    standard = _standard(values)
    found = {}
    for lag in LAGS:
        # A flat series is neither alike nor unlike itself.
        alike = (standard[:, lag:] * standard[:, :-lag]).mean(axis=1) if steps > lag + 1 else np.full(rows, np.nan)
        found[f"likeness at lag {lag}"] = alike
    power = np.abs(np.fft.rfft(np.nan_to_num(standard), axis=1)[:, 1:]) ** 2
    shares = power / power.sum(axis=1, keepdims=True)
    frequency = np.linspace(0, 1, power.shape[1] + 1)[1:]
    for low, high in pairwise(OCTAVES):
        found[f"power {low:.3g} to {high:.3g}"] = shares[:, (frequency > low) & (frequency <= high)].sum(axis=1)
    none = np.full(rows, np.nan)
    found["mean frequency"] = shares @ frequency if len(frequency) else none
    found["main frequency"] = frequency[np.nan_to_num(shares).argmax(axis=1)] if len(frequency) else none
    found["share of the main frequency"] = shares.max(axis=1) if len(frequency) else none
    found["spread of frequencies"] = -(shares * np.log(shares + 1e-12)).sum(axis=1) / np.log(max(len(frequency), 2))
    crossing = np.diff(np.sign(standard), axis=1) != 0
    found["crossings of the mean"] = _share(crossing, standard[:, 1:]) if steps > 1 else none
    return found


def _runs(values: np.ndarray) -> dict[str, np.ndarray]:
    """Longest stretches and peaks, as shares of the length."""
    rows, steps = values.shape
    mean = values.mean(axis=1, keepdims=True)
    found = {
        "longest above the mean": _longest(values > mean) / steps,
        "longest below the mean": _longest(values < mean) / steps,
    }
    changes = np.diff(values, axis=1)
    found["longest rise"] = _longest(changes > 0) / steps if steps > 1 else np.full(rows, np.nan)
    found["longest fall"] = _longest(changes < 0) / steps if steps > 1 else np.full(rows, np.nan)
    for name, reach in (("peaks", 1), ("broad peaks", 3)):
        found[name] = _peaks(values, reach) / steps if steps > 2 * reach else np.full(rows, np.nan)
    return found


def _share(true: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Return the share of the steps that are true, NaN for series that are NaN."""
    return np.where(np.isnan(where[:, 0]), np.nan, true.mean(axis=1))


def _longest(true: np.ndarray) -> np.ndarray:
    """Return the length of the longest stretch of steps (n, steps) that are true, shape (n,)."""
    places = np.arange(1, true.shape[1] + 1)
    last_false = np.maximum.accumulate(np.where(true, 0, places), axis=1)
    longest: np.ndarray = (places - last_false).max(axis=1, initial=0)
    return longest


def _peaks(values: np.ndarray, reach: int) -> np.ndarray:
    """Count the steps that are above all of their neighbours up to so many steps away, shape (n,)."""
    middle = values[:, reach:-reach]
    end = values.shape[1] - reach
    above = np.ones(middle.shape, dtype=bool)
    for shift in range(1, reach + 1):
        above &= (middle > values[:, reach - shift : end - shift]) & (middle > values[:, reach + shift : end + shift])
    count: np.ndarray = above.sum(axis=1)
    return count
