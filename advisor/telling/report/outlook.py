"""What would change the answer, and what it rests on, in words: rows, trials, a GPU, weights; equal effort."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from advisor.telling.report import numbers
from advisor.telling.report.facts import Document
from advisor.telling.report.numbers import known
from advisor.wording import listed

Change = Mapping[str, Any]
STARTS = {
    "classical": "classical", "scratch": "from scratch", "frozen": "pre-trained, frozen", "tuned": "pre-trained, tuned",
}  # fmt: skip
_SIDES = {"neural": "the net", "classical": "the classical side"}


_ROWS = {"all": "with all {rows_all} rows", "2n": "with twice the rows", "4n": "with four times the rows"}


def more_rows(change: Change) -> str:
    """Say what more rows would bring to nets alone, or which side they favour, or why neither can be said."""
    rows = {end: words.format(rows_all=numbers.count(known(change.get("rows_all")))) for end, words in _ROWS.items()}
    told = [
        f"{words} the gain would be {interval(change[f'gain_{end}'])}, and the chance that it exceeds the margin "
        f"{numbers.chance(known(change.get(f'p_worth_{end}')))}"
        for end, words in rows.items()
        if change.get(f"gain_{end}")
    ]
    sentences = [f"nets alone: {'; '.join(told)}"] if told else []
    side, reason = _SIDES.get(str(change.get("direction"))), change.get("reason") or ""
    if not told:
        sentences.append(f"more rows favour {side}, but no figure can be given: {reason}" if side else reason)
    elif reason:
        sentences.append(reason)
    needed = change.get("rows_needed")
    if needed:
        at, low, high = (
            "more than four times as many" if count is None else numbers.significant(count, 2)
            for count in (known(needed.get(end)) for end in ("estimate", "low", "high"))
        )
        sentences.append(f"the margin would be passed at about {at} rows ({low} to {high})")
    shown = {end: known(change.get(f"detectable_{end}")) for end in rows}
    parts = [f"{numbers.percent(gain)} {rows[end]}" for end, gain in shown.items() if gain is not None]
    if parts:
        sentences.append(f"the gain that would show four times out of five, if nothing else changed: {listed(parts)}")
    return paragraph(sentences)


def larger_budget(change: Change) -> str:
    """Say what twice the candidates would bring to both champions, and what the budget left undone."""
    sentences = []
    gains = {family: given for family, given in (change.get("gain") or {}).items() if given}
    if gains:
        parts = [f"{_SIDES[family]} {interval(given)}" for family, given in gains.items() if family in _SIDES]
        sentences.append(
            f"with twice the candidates the searches would be expected to end at less error: {', '.join(parts)}"
        )
    chance = known(change.get("p_worth"))
    if chance is not None:
        sentences.append(f"the chance that the gain exceeds the margin would then be {numbers.chance(chance)}")
    if change.get("reason"):
        sentences.append(str(change["reason"]))
    detectable = known(change.get("detectable_gain"))
    if detectable is not None:
        sentences.append(f"all rows judged, a gain of {numbers.percent(detectable)} would show four times out of five")
    rows = {name: known((change.get("rows") or {}).get(name)) for name in ("used", "all")}
    if rows["used"] is not None and rows["all"] is not None and rows["used"] < rows["all"]:
        sentences.append(f"the contest was held on {numbers.count(rows['used'])} of {numbers.count(rows['all'])} rows")
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
        leads = "it is" if given.get("champion") else "it is not"
        sentences.append(f"{name} took part{gain}; {leads} the nets' champion")
    sentences += _curves(change.get("curves") or ())
    return paragraph([*sentences, str(change.get("silence") or ""), str(change.get("reason") or "")])


def _curves(curves: Sequence[Change]) -> Iterator[str]:
    """Say of each net that began from weights trained beforehand whether that saves data, and time."""
    scratch = next((curve for curve in curves if curve["start"] == "scratch"), None)
    for curve in curves:
        if (
            scratch is None
            or curve["start"] not in ("frozen", "tuned")
            or not curve.get("gain")
            or not curve.get("gain_fewest")
        ):
            continue
        few, many, whole = curve["points"][0], curve["points"][-1], scratch["points"][-1]
        yield (
            f"{curve['learner']} ({STARTS[curve['start']]}) saves {interval(curve['gain_fewest'])} of the error of "
            f"{scratch['learner']} (from scratch) where both learn from {numbers.count(few['train_rows'])} rows, and "
            f"{interval(curve['gain'])} with all {numbers.count(many['train_rows'])}"
        )
        matched = known(curve.get("matches_with"))
        enough = (
            "it does not reach what the net from scratch does with all" if matched is None
            else f"{numbers.count(matched)} rows take it as far as all take the net from scratch"
        )  # fmt: skip
        yield (
            f"{enough}; a fit on all takes {numbers.duration(many['seconds'])}, where it takes "
            f"{numbers.duration(whole['seconds'])} from scratch"
        )
        saved = [_certain(curve[name]) for name in ("gain_fewest", "gain")]
        data = True if True in saved and False not in saved else False if set(saved) == {False} else None
        claim = {True: "holds here", False: "does not hold here", None: "can neither be shown nor refuted here"}[data]
        quicker = "and it took less time" if many["seconds"] < whole["seconds"] else "and it took no less time"
        yield f"that weights trained beforehand save data {claim}, {quicker}"


def _certain(given: Change) -> bool | None:
    """Tell whether a gain is certain to be one (True), certain to be none (False), or neither."""
    low, high = known(given.get("low")), known(given.get("high"))
    return None if low is None or high is None or low <= 0 <= high else low > 0


def smaller_margin(change: Change) -> str:
    """Say below which margin the net would be worth it."""
    margin = known(change.get("min_gain"))
    if margin is not None:
        return paragraph([f"with a margin below {numbers.percent(margin)} the net would be worth it"])
    return paragraph([str(change.get("reason") or ""), *map(str, change.get("because") or ())])


WORDS: Mapping[str, Callable[[Change], str]] = {
    "more_rows": more_rows,
    "larger_budget": larger_budget,
    "gpu": gpu,
    "pretrained": pretrained,
    "smaller_margin": smaller_margin,
}


def rests_on(document: Document) -> Iterator[tuple[str, str]]:
    """Say, as (heading, paragraph) pairs, what equal numbers of candidates tell beside equal time."""
    if document.get("effort"):
        yield "Equal effort", effort(document["effort"])


def effort(given: Change) -> str:
    """Give both readings of equal effort, nets alone, and say where they differ."""
    trials, readings = given.get("trials") or {}, [given.get(name) or {} for name in ("equal_time", "equal_trials")]
    gains = [reading.get("gain") or {} for reading in readings]
    if None in [known(gain.get("estimate")) for gain in gains]:
        return paragraph([str(given.get("reason") or "the families cannot be compared by equal effort")])
    counts = " against ".join(f"{numbers.count(known(trials.get(f)))} of {_SIDES[f]}" for f in ("neural", "classical"))
    sentences = [
        f"by equal time, {counts} in candidates, the gain of nets alone is {interval(gains[0])}; by equal numbers, the "
        f"first {numbers.count(known(given.get('equal_trials_used')))} of either side, it is {interval(gains[1])}"
    ]
    if given.get("sign_differs"):
        sentences.append("the two readings name different sides")
    elif given.get("side_of_margin_differs"):
        sentences.append("only one of the two readings passes the margin")
    else:
        sentences.append("both readings say the same")
    return paragraph(sentences)


def interval(given: Change) -> str:
    """Write a gain with its interval."""
    return numbers.percent_interval(*(known(given.get(name)) for name in ("estimate", "low", "high")))


def paragraph(sentences: list[str]) -> str:
    """Join sentences, each with a capital and a stop; empty ones are left out."""
    return " ".join(
        text if text[-1] in ".!?" else f"{text}." for text in (s[:1].upper() + s[1:] for s in sentences if s)
    )
