"""What the lines of real.py amount to, draw by draw: answers held against the truth, models against each other.

Effects are theta, log ratios of errors, positive where nets are better; other log ratios are negative where the first
is better. A truth has a standard error from the rows that it was measured on; its training has a luck of its own, which
nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import made
import numpy as np
import truth
from lines import Line
from scipy import special

# One-sided 95 % of a truth's own noise, in standard errors.
NOISE = float(special.ndtri(0.95))
DECIDED = ("worth_it", "not_worth_it")
BINS = (0.0, 0.05, 0.2, 0.5, 0.8, 0.95, 1.0)


def against_catboost(line: Line, error: float | None) -> float:
    """Return the log ratio of an error to that of CatBoost as shipped; negative is better."""
    return truth.log_ratio(error, line["errors"]["catboost"], line["errors"]["dummy"])


def handed(line: Line) -> float:
    """Return the log ratio of the error of what is handed over to that of CatBoost as shipped."""
    return against_catboost(line, line["errors"]["handed"])


def option_error(line: Line, which: str) -> float | None:
    """Return the error of an option made as it would be handed over, None where there is none."""
    option = line["options"].get(which)
    return option["handed"]["error"] if option and option["handed"] else None


def best(line: Line) -> float:
    """Return the least error that was measured: champions and blends made in any way, and CatBoost as shipped."""
    made = [option[way] for option in line["options"].values() for way in truth.WAYS if option.get(way)]
    return float(min([line["errors"]["catboost"], *(one["error"] for one in made)]))


def regret(line: Line, error: float | None) -> float:
    """Return the log ratio of an error to the best one measured, chosen with hindsight; NaN where it is not known."""
    return truth.log_ratio(error, best(line), line["errors"]["dummy"])


def true_effect(line: Line, how: str) -> tuple[float, float] | None:
    """Return theta of the two sides of a reading and its standard error; None if it is not known."""
    found = line["true"].get(how)
    return None if line["readings"].get(how) is None or found is None else (found[0], found[1])


def margin(line: Line, how: str) -> float:
    """Return the margin of a reading as theta."""
    return truth.theta_of(line["readings"][how]["min_gain"])


def decided(line: Line, how: str) -> str | None:
    """Say what a reading is certain of by itself: "worth_it", "not_worth_it", or None."""
    known = [other for other in made.HOWS if line["readings"].get(other)]
    chance = line["readings"][how]["p_worth"] if how in known else None
    if chance is None:
        return None
    if chance >= made.asked(how, known):
        return "worth_it"
    return "not_worth_it" if chance <= 1 - made.CONFIDENCE else None


def is_wrong(said: str, line: Line, how: str, noise: float = 0.0) -> bool:
    """Tell whether a decided answer lies on the other side of a reading's margin than the truth.

    With `noise` it has to lie there by so many of the truth's standard errors. False where the truth is not known.
    """
    effect = true_effect(line, how)
    if effect is None:
        return False
    beyond = effect[0] - margin(line, how)
    return beyond <= 0 and -beyond >= noise * effect[1] if said == "worth_it" else beyond > noise * effect[1]


def answer_is_wrong(line: Line, noise: float = 0.0) -> bool | None:
    """Tell whether a decided answer is wrong: "worth it" by the reading that carries it, "not worth it" by either.

    None where nothing was decided, or where the truth is not known; `noise` as in is_wrong.
    """
    if line["answer"] not in DECIDED:
        return None
    asked = (line["how"],) if line["answer"] == "worth_it" else truth.READINGS
    known = [how for how in asked if true_effect(line, how) is not None]
    return any(is_wrong(line["answer"], line, how, noise) for how in known) if known else None


def is_worth_it(line: Line) -> bool:
    """Tell whether a net truly was worth it: by either reading, beyond the truth's one-sided 95 % noise."""
    effects = {how: effect for how in truth.READINGS if (effect := true_effect(line, how)) is not None}
    return any(theta - NOISE * se > margin(line, how) for how, (theta, se) in effects.items())


def covers(line: Line, how: str) -> bool | None:
    """Tell whether a reading's 90 % interval holds the true gain; None where there is no reading or no truth."""
    effect = true_effect(line, how)
    if effect is None:
        return None
    gain, true = line["readings"][how]["gain"], -float(np.expm1(-effect[0]))
    return gain["low"] is not None and bool(gain["low"] <= true <= gain["high"])


@dataclass(frozen=True)
class Chance:
    """A reading's p_worth beside the chance that its margin is truly exceeded, by the truth's own noise."""

    said: float
    true: float
    table: str


def chances(found: Iterable[Line], hows: Sequence[str] = truth.READINGS) -> list[Chance]:
    """Return what was said and what is true of every reading whose truth is known.

    The truth is Phi((theta - margin) / se), since a theta on few rows may lie on the wrong side by luck; without
    noise it is 0 or 1.
    """
    told = []
    for line in found:
        for how in hows:
            effect, reading = true_effect(line, how), line["readings"].get(how)
            if effect is None or reading["p_worth"] is None:
                continue
            beyond = effect[0] - margin(line, how)
            true = float(special.ndtr(beyond / effect[1])) if effect[1] > 0 else float(beyond > 0)
            told.append(Chance(reading["p_worth"], true, line["dataset"]))
    return told


def brier_skill(told: Sequence[Chance]) -> float:
    """Return 1 - Brier(p_worth) / Brier(the share that is true), as expected over the truth's noise.

    With p said and q true the Brier score is the mean of q (1 - p)^2 + (1 - q) p^2. NaN where all truths are alike.
    """
    said, true = (np.array([getattr(one, name) for one in told]) for name in ("said", "true"))
    if not len(told):
        return float("nan")

    def brier(p: np.ndarray | float) -> float:
        return float(np.mean(true * (1 - p) ** 2 + (1 - true) * p**2))

    base = brier(float(true.mean()))
    return 1 - brier(said) / base if base > 0 else float("nan")


def reliability(told: Sequence[Chance]) -> list[tuple[str, int, float, float]]:
    """Return for each bin of p_worth (its name, how many, their mean p_worth, the share that is true); none empty."""
    rows = []
    for low, high in pairwise(BINS):
        last = high == BINS[-1]
        own = [one for one in told if low <= one.said < high or (last and one.said == high)]
        if own:
            said, true = (float(np.mean([getattr(one, name) for one in own])) for name in ("said", "true"))
            rows.append((f"{100 * low:.0f} to {100 * high:.0f} %", len(own), said, true))
    return rows
