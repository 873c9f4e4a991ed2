"""What would change the answer, and what it rests on, in words: rows, trials, a GPU, weights; effort and spread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from advisor.report import numbers
from advisor.report.facts import Document
from advisor.report.numbers import known

Change = Mapping[str, Any]
_SIDES = {"neural": "the net", "classical": "the classical side"}


def more_rows(change: Change) -> str:
    """Say what twice and four times the rows would bring, or which side they favour, or why neither can be said."""
    told = [
        f"with {words} the rows the gain would be {interval(change[f'gain_{times}n'])}, and the chance that it exceeds "
        f"the margin {numbers.chance(known(change.get(f'p_worth_{times}n')))}"
        for times, words in ((2, "twice"), (4, "four times"))
        if change.get(f"gain_{times}n")
    ]
    sentences = ["; ".join(told)] if told else []
    side, reason = _SIDES.get(str(change.get("direction"))), change.get("reason") or ""
    if not told:
        sentences.append(f"more rows favour {side}, but no figure can be given: {reason}" if side else reason)
    elif reason:
        sentences.append(reason)
    needed = change.get("rows_needed")
    if needed:
        at, low, high = (
            "more than four times as many" if rows is None else numbers.significant(rows, 2)
            for rows in (known(needed.get(end)) for end in ("estimate", "low", "high"))
        )
        sentences.append(f"the margin would be passed at about {at} rows ({low} to {high})")
    detectable = [known(change.get(f"detectable_{times}n")) for times in (2, 4)]
    if None not in detectable:
        twice, four = map(numbers.percent, detectable)
        sentences.append(
            f"twice the rows would show a gain of {twice} four times out of five, four times the rows one of {four}, "
            "if nothing else changed"
        )
    return paragraph(sentences)


def larger_budget(change: Change) -> str:
    """Say what twice the trials would bring to both champions, and what the budget left undone."""
    sentences = []
    gains = {family: given for family, given in (change.get("gain") or {}).items() if given}
    if gains:
        parts = [f"{_SIDES[family]} {interval(given)}" for family, given in gains.items() if family in _SIDES]
        sentences.append(
            "with twice the trials the searches would be expected to end at less inner error, of which outer "
            f"rows see a part: {', '.join(parts)}"
        )
    chance = known(change.get("p_worth"))
    if chance is not None:
        sentences.append(f"the chance that the gain exceeds the margin would then be {numbers.chance(chance)}")
    if change.get("reason"):
        sentences.append(str(change["reason"]))
    detectable = known(change.get("detectable_gain"))
    if detectable is not None:
        sentences.append(f"all rows judged, a gain of {numbers.percent(detectable)} would show four times out of five")
    if change.get("left_out"):
        sentences.append(f"left out for want of time: {', '.join(map(str, change['left_out']))}")
    return paragraph(sentences)


def gpu(change: Change) -> str:
    """Name whom a GPU would bring in or let finish, with the speed that this rests on."""
    lists = {
        name: ", ".join(map(str, change.get(name) or ())) for name in ("brought_in", "still_too_slow", "cut_short")
    }
    speed = numbers.significant(known(change.get("assumed_speed")), 2)
    sentences = []
    if lists["brought_in"]:
        sentences.append(
            f"it would bring in {lists['brought_in']}, if it trains at least {speed} times as fast as one core, half "
            "of what was measured on a large one"
        )
    if lists["still_too_slow"]:
        sentences.append(f"too slow even so: {lists['still_too_slow']}")
    if lists["cut_short"]:
        sentences.append(f"these might finish, whose time was up: {lists['cut_short']}")
    return paragraph([*sentences, str(change.get("reason") or "")])


def pretrained(change: Change) -> str:
    """Say which pre-trained nets are lacking and how those fared that took part."""
    sentences = [f"{name}: {reason}" for name, reason in (change.get("lacking") or {}).items()]
    for name, given in (change.get("took_part") or {}).items():
        gain = f", its gain over the classical champion was {interval(given['gain'])}" if given.get("gain") else ""
        counts = [numbers.count(known(given.get(key))) for key in ("champion_on_cuts", "cuts")]
        sentences.append(f"{name} took part{gain}; it was the nets' champion on {counts[0]} of {counts[1]} cuts")
    return paragraph([*sentences, str(change.get("reason") or "")])


def smaller_margin(change: Change) -> str:
    """Say below which margin the net would be worth it."""
    margin = known(change.get("min_gain"))
    told = None if margin is None else f"with a margin below {numbers.percent(margin)} the net would be worth it"
    return paragraph([told or str(change.get("reason") or "")])


WORDS: Mapping[str, Callable[[Change], str]] = {
    "more_rows": more_rows,
    "larger_budget": larger_budget,
    "gpu": gpu,
    "pretrained": pretrained,
    "smaller_margin": smaller_margin,
}


def rests_on(document: Document) -> Iterator[tuple[str, str]]:
    """Say, as (heading, paragraph) pairs, what equal trials tell beside equal time, and where the spread comes from."""
    if document.get("effort"):
        yield "Equal effort", effort(document["effort"])
    if document.get("variance"):
        yield "Where the spread comes from", variance(document["variance"])


def effort(given: Change) -> str:
    """Give both readings of equal effort and say where they differ."""
    inner, trials = given.get("inner_gain") or {}, given.get("trials") or {}
    time, equal = known(inner.get("equal_time")), known(inner.get("equal_trials"))
    if time is None or equal is None:
        return paragraph([str(given.get("reason") or "this was not measured")])
    counts = " against ".join(f"{numbers.count(known(trials.get(f)))} of {_SIDES[f]}" for f in ("neural", "classical"))
    sentences = [
        f"by equal tuning time, {counts} in trials beyond the defaults, the net's inner error is {_less(time)}; by "
        f"equal trials, the first {numbers.count(known(given.get('equal_trials_used')))} of either side, {_less(equal)}"
    ]
    if given.get("sign_differs"):
        sentences.append("the two readings name different sides")
    elif given.get("side_of_margin_differs"):
        sentences.append("only one of the two readings passes the margin")
    else:
        sentences.append("both readings say the same")
    outer = given.get("outer") or {}
    if known(outer.get("estimate")) is not None:
        sentences.append(f"on the outer rows equal trials give a gain of {interval(outer)}")
    elif outer.get("reason"):
        sentences.append(str(outer["reason"]))
    return paragraph(sentences)


def variance(given: Change) -> str:
    """Say how much of the spread of the gain is split, tuning and seed, and on how much that rests."""
    sentences = []
    parts = [
        f"{words} {numbers.percent_interval(*(known(part.get(key)) for key in ('share', 'share_low', 'share_high')))}"
        f" on {numbers.count(known(part.get('df')))} degrees of freedom"
        for name, words in (("split", "the split"), ("tuning", "tuning"), ("seed", "the seed"))
        if (part := given.get(name)) and known(part.get("share")) is not None
    ]
    if parts:
        sentences.append(f"of the spread of the gain from one figure to the next: {', '.join(parts)}")
    elif given.get("split"):
        spread = numbers.percent(known(given["split"].get("sd")))
        sentences.append(
            f"from one cut to the next the log ratio of the errors moves by {spread}, one standard deviation"
        )
    sentences += [f"{name}: {reason}" for name, reason in (given.get("missing") or {}).items()]
    return paragraph([*sentences, str(given.get("remark") or ""), str(given.get("reason") or "")])


def interval(given: Change) -> str:
    """Write a gain with its interval."""
    return numbers.percent_interval(*(known(given.get(name)) for name in ("estimate", "low", "high")))


def paragraph(sentences: list[str]) -> str:
    """Join sentences, each with a capital and a stop; empty ones are left out."""
    return " ".join(
        text if text[-1] in ".!?" else f"{text}." for text in (s[:1].upper() + s[1:] for s in sentences if s)
    )


def _less(gain: float) -> str:
    return f"{numbers.percent(abs(gain))} {'lower' if gain >= 0 else 'higher'}"
