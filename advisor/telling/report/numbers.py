"""Numbers as people read them: no digit that the uncertainty does not allow, a unit always, None in words."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from math import floor, isfinite, log10
from typing import Any

from advisor import wording

NOT_MEASURED = "not measured"
MINUS = "\N{MINUS SIGN}"
_PLAIN_FROM, _PLAIN_TO = 1e-4, 1e9

# Words for a probability, after the calibrated language of the IPCC (Mastrandrea et al. 2010).
_LIKELIHOODS = (
    (0.99, "virtually certain"),
    (0.90, "very likely"),
    (0.66, "likely"),
    (0.33, "about as likely as not"),
    (0.10, "unlikely"),
    (0.01, "very unlikely"),
    (-1.0, "exceptionally unlikely"),
)


def known(value: Any) -> float | None:
    """Return `value` as a finite float, or None for whatever is no number (None, NaN, infinity, text, True)."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if isfinite(number) else None


def _decimals(size: float, digits: int) -> int:
    """Tell how many decimals show `digits` significant digits of `size` > 0; negative means tens, hundreds, ..."""
    return digits - 1 - floor(log10(size))


def uncertainty_decimals(uncertainty: float) -> int:
    """Tell how many decimals an uncertainty deserves: one digit, two where the first is a 1.

    Rounding 0.0014 to 0.001 would misstate it by 40 %, rounding 0.0041 to 0.004 by 2 %; that is the reason for the rule
    (the Particle Data Group and the GUM, JCGM 100:2008, 7.2.6, round alike).
    """
    one_digit = _decimals(uncertainty, 1)
    return one_digit + (int(uncertainty * 10.0**one_digit) == 1)


def fixed(value: float, decimals: int) -> str:
    """Write `value` with so many decimals (negative: rounded to tens, hundreds, ...) and thousands separators."""
    exact = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_EVEN)
    text = f"{abs(exact):,.{max(decimals, 0)}f}"
    is_zero = not any(digit in "123456789" for digit in text)
    return text if exact >= 0 or is_zero else MINUS + text


def significant(value: float | None, digits: int = 3) -> str:
    """Write `value` with so many significant digits: a number whose uncertainty is not known."""
    if value is None:
        return NOT_MEASURED
    if value == 0:
        return "0"
    if not _PLAIN_FROM <= abs(value) < _PLAIN_TO:
        mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
        return f"{mantissa}e{int(power)}".replace("-", MINUS)
    return fixed(value, _decimals(abs(value), digits))


def with_uncertainty(value: float | None, uncertainty: float | None) -> str:
    """Write a value and its uncertainty to the same place: 0.93124 and 0.0041 give "0.931 ± 0.004".

    A value that is smaller than its uncertainty keeps two digits of its own, lest it read as nothing: 22.12 and 467.3
    give "22 ± 500".
    """
    if value is None:
        return NOT_MEASURED
    if uncertainty is None or uncertainty <= 0:
        return significant(value)
    size = max(abs(value), uncertainty)
    if not _PLAIN_FROM <= size < _PLAIN_TO:
        power = floor(log10(size))
        inner = with_uncertainty(value / 10.0**power, uncertainty / 10.0**power)
        return f"({inner})e{power}".replace("-", MINUS)
    decimals = uncertainty_decimals(uncertainty)
    own = max(decimals, _decimals(abs(value), 2)) if 0 < abs(value) < uncertainty else decimals
    return f"{fixed(value, own)} ± {fixed(uncertainty, decimals)}"


def percent(share: float | None, decimals: int | None = None) -> str:
    """Write a share as per cent; without `decimals`, with two significant digits."""
    if share is None:
        return NOT_MEASURED
    points = 100 * share
    if decimals is None:
        decimals = min(max(_decimals(abs(points), 2), 0), 4) if points else 0
    return f"{fixed(points, decimals)} %"


def chosen_percent(share: float | None) -> str:
    """Write a share that somebody chose, such as a margin, as they would type it: 0.02 is "2 %"."""
    return NOT_MEASURED if share is None else f"{100 * share:.3g} %"


def percent_interval(estimate: float | None, low: float | None, high: float | None) -> str:
    """Write an estimate with its interval in per cent, to two digits of half the interval's width."""
    if estimate is None or low is None or high is None:
        return NOT_MEASURED
    half = 50 * (high - low)
    decimals = min(max(_decimals(half, 2), 0), 3) if half > 0 else 1
    return f"{percent(estimate, decimals)} ({percent(low, decimals)} to {percent(high, decimals)})"


def interval(estimate: float | None, low: float | None, high: float | None) -> str:
    """Write an estimate with its interval to two digits of half the interval's width.

    What is above zero and spans a power of ten has two digits for each end of its own: "22 (0.50 to 940)".
    """
    if estimate is None or low is None or high is None:
        return significant(estimate, 2)
    if 0 < low < high / 10:
        return f"{significant(estimate, 2)} ({significant(low, 2)} to {significant(high, 2)})"
    half = (high - low) / 2
    if half <= 0:
        return significant(estimate, 2)
    decimals = _decimals(half, 2)
    return f"{fixed(estimate, decimals)} ({fixed(low, decimals)} to {fixed(high, decimals)})"


def chance(probability: float | None) -> str:
    """Write a probability as in sentences, or that it is not known."""
    return NOT_MEASURED if probability is None else wording.chance(probability)


def likelihood(probability: float) -> str:
    """Name a probability in the words of Mastrandrea et al. (2010)."""
    return next(words for least, words in _LIKELIHOODS if probability > least)


def count(value: float | None) -> str:
    """Write a whole number with thousands separators."""
    return NOT_MEASURED if value is None else fixed(value, 0)


def duration(seconds: float | None) -> str:
    """Write a time span in the largest fitting units: 35 ms, 4.2 s, 3 min 20 s, 2 h 05 min."""
    if seconds is None:
        return NOT_MEASURED
    if seconds == 0:
        return "0 s"
    if seconds < 0.1:
        return f"{significant(1000 * seconds, 2)} ms"
    if seconds < 59.5:
        return f"{fixed(seconds, 1 if seconds < 9.95 else 0)} s"
    if seconds < 3599.5:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min {rest:02d} s" if rest else f"{minutes} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours:,} h {minutes:02d} min" if minutes else f"{hours:,} h"


def milliseconds(value: float | None) -> str:
    """Write milliseconds with two significant digits, always in ms so that a column can be compared."""
    return NOT_MEASURED if value is None else f"{significant(value, 2)} ms"


def megabytes(value: float | None) -> str:
    """Write a size in kB, MB or GB with two significant digits (1 MB is a million bytes)."""
    if value is None:
        return NOT_MEASURED
    if 0 < value < 0.0995:
        return f"{significant(1000 * value, 2)} kB"
    return f"{significant(value, 2)} MB" if value < 995 else f"{significant(value / 1000, 2)} GB"


def watt_hours(value: float | None) -> str:
    """Write an energy in mWh, Wh or kWh with one digit: it is an estimate, good to an order of magnitude."""
    if value is None:
        return NOT_MEASURED
    if 0 < value < 0.95:
        return f"{significant(1000 * value, 1)} mWh"
    return f"{significant(value, 1)} Wh" if value < 950 else f"{significant(value / 1000, 1)} kWh"
