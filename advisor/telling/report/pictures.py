"""Which figures a report has and what they say: facts in, figures out; a figure that would be empty is None."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from advisor.telling import cut_short
from advisor.telling.report import facts, figures, history, numbers, outlook
from advisor.telling.report.facts import Document
from advisor.telling.report.figures import Band, Dot, Line, Point, Scale
from advisor.telling.report.numbers import known
from advisor.telling.report.svg import Caption, printable
from advisor.telling.report.wording import metric_words

_TIMES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 180.0, 600.0, 1800.0, 3600.0, 10800.0, 36000.0, 108000.0)
TIME_TICKS = {seconds: numbers.duration(seconds).replace(".0 s", " s") for seconds in _TIMES}

MONEY_TICKS = {
    amount: numbers.significant(amount, 1) for power in range(-6, 13) for amount in (10.0**power, 3 * 10.0**power)
}


def gain(document: Document) -> str | None:
    """Draw the intervals of both readings' gains on one small scale with their margins.

    None where no gain was measured, and where a net has more than twice the error: nothing else could be seen.
    """
    scales = []
    for how, given in document["readings"].items():
        estimate, low, high = (known(given["gain"].get(name)) for name in ("estimate", "low", "high")) if given else (
            None, None, None,
        )  # fmt: skip
        if estimate is not None and low is not None and high is not None and estimate >= -1:
            marked = document["how"] in (how, None)
            margin = facts.margin(document, how) or 0.0
            scales.append(Scale(facts.READINGS[how].lower(), estimate, low, high, margin, marked))
    if not scales:
        return None
    spoken = "; ".join(
        f"{scale.label}: {numbers.percent_interval(scale.estimate, scale.low, scale.high)}, the margin is "
        f"{numbers.chosen_percent(scale.margin)}"
        for scale in scales
    )
    caption = Caption("Gain of nets against the margin", f"{spoken}.", "share of the error that is saved")
    words = ("not worth it", "worth it \N{RIGHTWARDS ARROW}")
    return figures.gain_scale(scales, words, caption)


def leaderboard(document: Document) -> str | None:
    """Draw every learner's score with its interval."""
    champions = facts.champion_names(document)
    rows = []
    for row in document["leaderboard"]:
        score = known(row["score"])
        if score is not None:
            name, half = printable(cut_short.marked(row)), facts.half_width(document, row) or 0.0
            low, high = (known(row.get(end)) for end in ("low", "high"))
            ends = (score - half, score + half) if low is None or high is None else (low, high)
            note = f"{numbers.significant(score)}, off the axis"
            rows.append(Dot(name, score, *ends, row["family"], note, row["learner"] in champions))
    if not rows:
        return None
    metric = printable(metric_words(document["metric"])[0])
    greater = facts.greater_is_better(document)
    rows.sort(key=lambda dot: -dot.value if greater else dot.value)
    spoken = "; ".join(f"{dot.label} {numbers.with_uncertainty(dot.value, (dot.high - dot.low) / 2)}" for dot in rows)
    caption = Caption(f"{metric} of every learner", spoken, f"{metric} ({_direction(greater)})")
    return figures.dots(rows, greater, caption)


def pareto(document: Document) -> str | None:
    """Draw every learner's score against what it costs, and the front of those whom nobody beats in both.

    The cost is money over the horizon where the hour has a price, else the processor time of the run.
    """
    given = document["cost"].get("pareto") or {}
    in_money = given.get("cost") == "money"
    champions = facts.champion_names(document)
    rows = {row["learner"]: row for row in document["leaderboard"]}
    points = []
    for point in given.get("points") or ():
        name, cost = point["learner"], known(point["cost"])
        score = known(rows[name]["score"]) if name in rows else None
        if score is not None and cost is not None and cost > 0:
            label, family = printable(cut_short.marked(rows[name])), rows[name]["family"]
            points.append(Point(label, cost, score, family, name in champions, bool(point["on_front"])))
    if not points:
        return None
    metric = printable(metric_words(document["metric"])[0])
    greater = facts.greater_is_better(document)
    spoken = "; ".join(
        f"{point.label} {numbers.significant(point.value)} for "
        f"{numbers.significant(point.cost, 2) if in_money else numbers.duration(point.cost)}"
        f"{', on the front' if point.on_front else ''}"
        for point in points
    )
    months = known((document["cost"].get("prices") or {}).get("months"))
    axis = f"cost over {months:g} months" if in_money and months else "processor time of this run"
    caption = Caption(f"{metric} against cost", spoken, axis, f"{metric}, {_direction(greater)}")
    return figures.score_against_cost(points, MONEY_TICKS if in_money else TIME_TICKS, greater, caption)


def search(outcomes: pd.DataFrame) -> str | None:
    """Draw how each family's least error out of fold fell with time, or None where it did not."""
    found = history.best_so_far(outcomes)
    lines = [Line(facts.FAMILIES.get(family, family), *series, family) for family, series in found.items()]
    if not any(line.y[-1] < line.y[0] for line in lines):
        return None
    spoken = "; ".join(
        f"{line.label}: from {numbers.significant(line.y[0])} to {numbers.significant(line.y[-1])} "
        f"in {numbers.duration(line.x[-1])}"
        for line in lines
    )
    caption = Caption("Least error so far", spoken, "time since the start", "least error, lower is better")
    return figures.curves("search", lines, caption, TIME_TICKS)


def learning(document: Document, outcomes: pd.DataFrame) -> str | None:
    """Draw the neural champion's losses over epochs, a line a fold, or None where no curve was kept."""
    champion = document["champions"].get("neural")
    if not champion:
        return None
    curves = history.learning_curves(outcomes, champion["learner"], champion["params"])
    lines = [
        Line(name, *series, "dummy", "dots") if name.startswith("train") else Line(name, *series, "neural", "thin")
        for curve in curves
        for name, series in curve.items()
    ]
    if not lines:
        return None
    last = max(line.x[-1] for line in lines)
    spoken = f"{len(curves)} fits of {champion['learner']}, up to {numbers.count(last)} epochs."
    return figures.curves("learning", lines, Caption("Loss over epochs", spoken, "epoch", "loss"))


def growth(document: Document) -> str | None:
    """Draw the gain of the defaults over the rows they learnt from, and what the champions' is expected to become.

    None where no fits on fewer rows were made.
    """
    given = document["would_change"]
    change = given.get("more_rows") if isinstance(given, Mapping) else None
    points = (change or {}).get("curve") or []
    if not change or len(points) < 2:
        return None
    rows = tuple(float(point["train_rows"]) for point in points)
    drawn = [_band(rows, points, "gain", "dummy")]
    ticks = {x: numbers.count(x) for x in rows}
    spoken = [f"{numbers.percent(gain)} from {numbers.count(x)} rows" for x, gain in zip(rows, drawn[0].y, strict=True)]
    now = (document["readings"].get("alone") or {}).get("gain")
    ahead = [(1, now), *((times, change.get(f"gain_{times}n")) for times in (2, 4))]
    if all(gain for _, gain in ahead):
        x = tuple(times * rows[-1] for times, _ in ahead)
        drawn.append(_band(x, [gain for _, gain in ahead], "estimate", "neural"))
        ticks |= {place: numbers.count(place) for place in x}
        spoken.append(
            f"expected of the champions, nets alone, with four times the rows: {outlook.interval(ahead[-1][1])}"
        )
    caption = Caption("Gain of the net over rows", "; ".join(spoken), "training rows", "gain")
    return figures.bands("growth", drawn, ticks, facts.margin(document, "alone") or 0.0, caption)


# A side of the curves of nets trained beforehand: the family whose colour and dashes it has.
_LOOKS = {"classical": "classical", "scratch": "neural", "frozen": "blend", "tuned": "dummy"}


def transfer(document: Document) -> str | None:
    """Draw how errors fall with the rows for each start of training, beside the classical side's; None without one."""
    given = document["would_change"]
    curves = (given.get("pretrained") or {}).get("curves") or [] if isinstance(given, Mapping) else []
    drawn = []
    for curve in curves:
        rows = tuple(float(point["train_rows"]) for point in curve["points"])
        label = f"{curve['learner']} ({outlook.STARTS[curve['start']]})"
        drawn.append(replace(_band(rows, curve["points"], "error", _LOOKS[curve["start"]]), label=printable(label)))
    if not drawn:
        return None
    ticks = {x: numbers.count(x) for x in drawn[0].x}
    spoken = "; ".join(
        f"{band.label}: {numbers.significant(band.y[0], 3)} from {numbers.count(band.x[0])} rows, "
        f"{numbers.significant(band.y[-1], 3)} from {numbers.count(band.x[-1])}"
        for band in drawn
    )
    caption = Caption("Errors over rows, by where training began", f"{spoken}.", "training rows", "error")
    return figures.bands("transfer", drawn, ticks, None, caption)


def _band(x: tuple[float, ...], given: Sequence[Mapping[str, float]], middle: str, family: str) -> Band:
    y, low, high = (tuple(float(each[key]) for each in given) for key in (middle, "low", "high"))
    return Band(x, y, low, high, family)


def _direction(greater: bool) -> str:
    return "higher is better" if greater else "lower is better"
