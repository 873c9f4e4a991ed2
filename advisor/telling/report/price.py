"""What both sides cost, in words and rounded: the measured costs, the account in money, and where the net would pay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from advisor.measuring import costs
from advisor.telling.report import numbers
from advisor.telling.report.facts import ANSWERS, Document
from advisor.telling.report.numbers import known
from advisor.telling.report.wording import label, value_text
from advisor.wording import listed

_CHANGES = {
    "nothing": "As given",
    "gain": "Gain",
    "value_per_error": "Value of an error",
    "predictions_per_day": "Predictions a day",
    "cost_per_hour": "Price of an hour",
}
NOTES = (
    "Candidates, times of the search, processor time and energy are those of the whole family, all else is its "
    "champion's.",
    "Memory is a lower bound: it is the growth of a worker over the start of a fit, seen twenty times a second, and a "
    "later fit in the same worker grows less. So no ratio is taken of it.",
    f"Energy is estimated, not measured: processor time at {costs.CPU_WATTS_PER_CORE:g} W a core (the default of "
    "Lannelongue, Grealey and Inouye 2021), and a GPU's time at its power limit. It tells orders of magnitude.",
)


@dataclass(frozen=True)
class AccountFacts:
    """The account in money: what was given, what the net costs beyond the classical side, and what is left over."""

    given: str
    items: tuple[tuple[str, str], ...]
    outcome: str


@dataclass(frozen=True)
class ScenarioFacts:
    """One line of the sensitivity table: what was changed, then a cell for every column, and whether it flips."""

    change: str
    cells: tuple[str, ...]
    flips: bool


def measured(document: Document) -> tuple[tuple[str, ...], ...]:
    """Lay out the cost of both families as rows of (what, neural, classical, ratio); empty where nothing was measured.

    What neither side has (memory of a GPU where there is none) has no row.
    """
    cost = document["cost"]
    sides = [cost.get(name) or {} for name in ("neural", "classical", "ratio")]
    values = {name: (sides[0].get(name), sides[1].get(name)) for name in {**sides[0], **sides[1]}}
    names = [
        name for name, (ours, _) in values.items() if values[name] != (None, None) and not isinstance(ours, Mapping)
    ]
    return tuple(
        (
            label(name),
            value_text(name, sides[0].get(name)),
            value_text(name, sides[1].get(name)),
            f"{numbers.significant(ratio, 2)} \N{MULTIPLICATION SIGN}" if (ratio := known(sides[2].get(name))) else "",
        )
        for name in names
    )


def account(document: Document) -> AccountFacts | None:
    """Say what the net costs and brings in money; None where the machine has no price."""
    cost = document["cost"]
    extra, prices = cost.get("extra"), cost.get("prices") or {}
    if not extra:
        return None
    refits = f"Refits ({_typed(prices.get('retrain_per_year'))} a year)"
    names = {"tuning": "Search", "retraining": refits, "serving": "Serving, one row at a time",
             "engineering": "Engineering", "total": "Together"}  # fmt: skip
    items = tuple((words, _money(extra.get(name))) for name, words in names.items() if known(extra.get(name)))
    return AccountFacts(_given(prices), items, _outcome(cost))


def _given(prices: Mapping[str, Any]) -> str:
    parts = [f"{_typed(prices.get('cost_per_hour'))} for an hour of the machine"]
    if known(prices.get("predictions_per_day")) is not None:
        parts.append(f"{_typed(prices['predictions_per_day'])} predictions a day")
    if known(prices.get("value_per_error")) is not None:
        parts.append(f"{_typed(prices['value_per_error'])} for {prices.get('unit_of_error') or 'a unit of error'}")
    return (
        f"Over {_typed(prices.get('months'))} months, at {listed(parts)}, a model with nets costs beyond one without:"
    )


def _outcome(cost: Mapping[str, Any]) -> str:
    worth, left = cost.get("benefit"), cost.get("net")
    if not worth or not left:
        return ""
    avoided = "the errors that it avoids are" if (known(worth["estimate"]) or 0) > 0 else "its gain, a loss, is"
    ends = [tuple(known(part.get(name)) for name in ("estimate", "low", "high")) for part in (worth, left)]
    return (
        f"Over the same time {avoided} worth {numbers.interval(*ends[0])}, "
        f"which leaves {numbers.interval(*ends[1])}. The brackets span the interval of the gain."
    )


def break_even(document: Document) -> tuple[str, ...]:
    """Say in sentences from which gain, volume and value on the net pays, or why that was not worked out."""
    given = document["cost"].get("break_even") or {}
    return tuple(_break_even(given, document["cost"].get("prices") or {}))


def _break_even(given: Mapping[str, Any], prices: Mapping[str, Any]) -> Iterator[str]:
    gain, volume, value = (known(given.get(name)) for name in ("gain", "predictions_per_day", "value_per_error"))
    if gain is not None and gain >= 1:
        yield "Not even a net without error would earn back what it costs."
    elif gain == 0:
        yield "The net costs no more than the classical side, so any gain pays."
    elif gain is not None:
        yield f"The net pays from a gain of {numbers.percent(gain)} on."
    if volume is not None:
        yield f"With the gain that was measured it pays from {numbers.significant(volume, 2)} predictions a day on."
    if value is not None:
        unit = prices.get("unit_of_error") or "a unit of error"
        yield f"With the gain that was measured it pays where {unit} avoided is worth {_money(value)} or more."
    if given.get("reason"):
        reason = str(given["reason"])
        yield f"{reason[:1].upper()}{reason[1:]}{'' if reason[-1:] in '.!?' else '.'}"


def sensitivity(document: Document) -> tuple[ScenarioFacts, ...]:
    """Lay out the account with one figure at a time changed: benefit, extra cost, left over, margin, chance, answer."""
    return tuple(
        ScenarioFacts(
            _CHANGES.get(row["change"], label(row["change"]))
            + (
                ""
                if row["change"] == "nothing"
                else f" \N{MULTIPLICATION SIGN}\N{NO-BREAK SPACE}{_typed(row['factor'])}"
            ),
            (
                *(_money(row[name]) for name in ("benefit", "extra", "net")),
                numbers.percent(known(row["min_gain"])),
                numbers.chance(known(row["p_worth"])),
                ANSWERS.get(row["answer"], str(row["answer"])).lower(),
            ),
            bool(row["flips"]),
        )
        for row in document["cost"].get("sensitivity") or ()
    )


def flips(document: Document) -> str:
    """Say whether any change turns the answer, and at which multiple of each figure benefit and extra cost are even."""
    rows = document["cost"].get("sensitivity") or ()
    turned = "" if any(row["flips"] for row in rows) or not rows else "None of these changes turns the answer. "
    given = document["cost"].get("flips") or {}
    known_factors = {name: known(factor) for name, factor in given.items()}
    parts = [
        f"{numbers.significant(factor, 2)} times the {_CHANGES.get(name, name).lower()}"
        for name, factor in known_factors.items()
        if factor is not None
    ]
    return turned + (f"All else equal, the account is even at {', '.join(parts)}." if parts else "")


def _money(value: Any) -> str:
    """Write an amount of money with the two digits that measured times allow."""
    return numbers.significant(known(value), 2)


def _typed(value: Any) -> str:
    """Write a number that somebody chose as they would type it, with thousands separators."""
    number = known(value)
    return numbers.NOT_MEASURED if number is None else f"{number:,.10g}"
