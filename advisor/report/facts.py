"""The answer and the leaderboard in words: pure functions of verdict.json; whatever is not known is said to be so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from advisor.report import numbers
from advisor.report.numbers import known
from advisor.report.wording import metric_words

Document = Mapping[str, Any]

_BADGES = {
    "worth_it": ("Worth it", "\N{CHECK MARK}"),
    "not_worth_it": ("Not worth it", "\N{MULTIPLICATION X}"),
    "too_close_to_call": ("Too close to call", "\N{ALMOST EQUAL TO}"),
    "no_signal": ("No signal", "\N{EMPTY SET}"),
    "not_enough_evidence": ("Not enough evidence", "?"),
}
ANSWERS = {kind: words for kind, (words, _) in _BADGES.items()}
_MEANINGS = {
    "worth_it": "The gain is larger than the margin, with the confidence that was asked for.",
    "not_worth_it": "A gain as large as the margin can be ruled out, with the confidence that was asked for.",
    "too_close_to_call": "Neither side is ahead by what was asked for. Until one is, take the simpler model.",
    "no_signal": "Nothing predicted better than the same answer for every row; a clearly lower error is ruled out.",
    "not_enough_evidence": "Too little to go by. A larger budget, fewer learners or more rows would help; see below.",
}
# A net that no constraint lets through is not worth it either, but then no gain was measured and none ruled out.
_BARRED = "No neural net can be used here, whatever it gains; the reasons are below."
FAMILIES = {"classical": "classical", "neural": "neural net", "blend": "blend", "dummy": "dummy"}
# Members of an ensemble with less than this share are counted and not named.
LEAST_SHARE = 0.05
_STATUSES = {"ok": "finished", "partly": "finished in part", "failed": "failed", "timeout": "out of time"}


@dataclass(frozen=True)
class AnswerFacts:
    """The answer as the top of the page says it; None where there is nothing to say."""

    kind: str
    badge: str
    symbol: str
    question: str
    sentence: str
    meaning: str
    chance: str | None
    gain: str | None
    detectable: str | None
    recommended: str
    recommended_reason: str
    champions: tuple[tuple[str, str], ...]
    families: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class BoardRow:
    """One learner's line: its name, its family, what distinguishes it, and a cell for every column after those."""

    learner: str
    family: str
    family_words: str
    marks: tuple[str, ...]
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Board:
    """The leaderboard: (heading, explanation) of every column after the first two, and the rows, best first.

    `remarks` says what went wrong with learners that reached something all the same.
    """

    columns: tuple[tuple[str, str], ...]
    rows: tuple[BoardRow, ...]
    note: str
    level: str
    remarks: Mapping[str, str]


def greater_is_better(document: Document) -> bool:
    """Tell from the leaderboard whether a larger score is better: there an error is 1 - score, else it is the score."""
    pairs = [(known(row["score"]), known(row["error"])) for row in document["leaderboard"]]
    return any(score is not None and error is not None and score != error for score, error in pairs)


def level(document: Document) -> float:
    """Return the confidence level of the intervals, 0.95 where the document names none."""
    return known(document["gain"].get("level")) or 0.95


def half_width(document: Document, row: Mapping[str, Any]) -> float | None:
    """Return half the width of the interval of a leaderboard row's score.

    The interval is the row's own `low` and `high` where it has them, else a normal quantile times its standard error.
    """
    low, high, se = (known(row.get(name)) for name in ("low", "high", "se"))
    if low is not None and high is not None:
        return (high - low) / 2
    return None if se is None else NormalDist().inv_cdf(0.5 + level(document) / 2) * se


def answer(document: Document) -> AnswerFacts:
    """Say the answer, how sure it is, how large the gain is, and what to use."""
    kind, recommended = document["answer"], document["recommended"]
    badge, symbol = _BADGES[kind]
    present = {row["family"] for row in document["leaderboard"]}
    barred = kind == "not_worth_it" and known(document["p_worth"]) is None
    return AnswerFacts(
        kind=kind,
        badge=badge,
        symbol=symbol,
        question=f"Is a neural network worth it for {data_name(document)}?",
        sentence=document["sentence"],
        meaning=_BARRED if barred else _MEANINGS[kind],
        chance=chance(document),
        gain=gain(document),
        detectable=detectable(document),
        recommended=recommendation(document),
        recommended_reason=recommended.get("reason") or "",
        champions=tuple(champions(document)),
        families=tuple((family, words) for family, words in FAMILIES.items() if family in present),
    )


def recommendation(document: Document) -> str:
    """Name what to use, with its family and score, or say that there is nothing to use."""
    name = document["recommended"].get("learner")
    row = next((row for row in document["leaderboard"] if row["learner"] == name), None)
    if row is None:
        return str(name) if name else "nothing yet"
    score = numbers.with_uncertainty(known(document["recommended"].get("score")), half_width(document, row))
    return f"{name} ({FAMILIES.get(row['family'], row['family'])}), {metric_words(document['metric'])[0]} {score}"


def data_name(document: Document) -> str:
    """Name the data, or say "this data" where they came without a name."""
    return str(document["profile"].get("name") or "this data")


def chance(document: Document) -> str | None:
    """Say how probable it is that the gain exceeds the margin, in words and as a figure."""
    probability = known(document["p_worth"])
    if probability is None:
        return None
    margin = numbers.chosen_percent(known(document["min_gain"]))
    figure = numbers.chance(probability)
    return f"It is {numbers.likelihood(probability)} ({figure}) that the net cuts the error by more than {margin}."


def gain(document: Document) -> str | None:
    """Say the relative error reduction with its interval, its level and the margin.

    A net with more than twice the error is said to have so many times the error: a reduction by -4,454 % tells nobody
    anything.
    """
    given = document["gain"]
    estimate, low, high = (known(given.get(name)) for name in ("estimate", "low", "high"))
    if estimate is None or low is None or high is None:
        return None
    if estimate < -1:
        most, times, least = (numbers.significant(1 - share, 2) for share in (low, estimate, high))
        interval = f"none, the net has {times} times the error ({least} to {most} times)"
    else:
        interval = numbers.percent_interval(estimate, low, high)
    margin = numbers.chosen_percent(known(document["min_gain"]))
    return f"{interval}; {numbers.chosen_percent(level(document))} interval; the margin is {margin}"


def detectable(document: Document) -> str | None:
    """Say the smallest gain that this data could have shown with a power of 80 %."""
    smallest = known(document["detectable_gain"])
    if smallest is None:
        return None
    return f"The smallest gain that this data would have shown four times out of five: {numbers.percent(smallest)}."


def champions(document: Document) -> Iterator[tuple[str, str]]:
    """Name each family's champion, as (title, learner with the interval of its score) pairs."""
    metric = metric_words(document["metric"])[0]
    for family, champion in document["champions"].items():
        if champion and champion.get("weights"):
            score = numbers.with_uncertainty(known(champion.get("score")), half_width(document, champion))
            told = {name: share for name, share in champion["weights"].items() if share >= LEAST_SHARE}
            rest = len(champion["weights"]) - len(told)
            parts = ", ".join(f"{name} {numbers.percent(share, 0)}" for name, share in told.items())
            yield "Ensemble of both", f"{metric} {score}; {parts}{f' and {rest} more' if rest else ''}"
        elif champion:
            name, cuts = champion["learner"], champion.get("by_split") or {}
            score = numbers.with_uncertainty(known(champion.get("score")), half_width(document, champion))
            times = sum(chosen == name for chosen in cuts.values())
            shared = f"; {name} was it on {times} of {len(cuts)} cuts" if times < len(cuts) else ""
            yield f"{FAMILIES.get(family, family)} champion".capitalize(), f"{name}, {metric} {score}{shared}"


def champion_names(document: Document) -> Mapping[str, str]:
    """Map the learner of each champion to its family."""
    return {champion["learner"]: family for family, champion in document["champions"].items() if champion}


def board(document: Document, spent: Mapping[str, float]) -> Board:
    """Lay out the leaderboard; `spent` is seconds by learner, all cuts and trials together."""
    metric, meaning = metric_words(document["metric"])
    share = numbers.chosen_percent(level(document))
    titles = champion_names(document)
    rows = []
    for row in document["leaderboard"]:
        name, family = row["learner"], row["family"]
        marks = [f"{FAMILIES.get(titles[name], titles[name])} champion"] if name in titles else []
        if name == document["recommended"].get("learner"):
            marks.append("recommended")
        cells = _cells(row, half_width(document, row), spent.get(name))
        rows.append(BoardRow(name, family, FAMILIES.get(family, family), tuple(marks), cells))
    columns = (
        (f"{metric} ± {share} interval", meaning),
        ("Error", "lower is better; what the comparison is about"),
        ("Trials", "configurations tried, all cuts together"),
        ("Tuning", "all cuts together"),
        ("Fit", "one final fit"),
        ("All told", "tuning, fitting and predicting on all cuts together"),
        ("Energy", "estimated from processor time, all cuts together"),
        ("Predict 1,000 rows", "in one call"),
        ("Latency p50 / p99", "one row at a time: the median, and what one call in a hundred exceeds"),
        (
            "Memory",
            "growth of the process at its peak, a lower bound: a later job in the same process grows less",
        ),
        ("Size", "the fitted model when stored"),
        ("Status", ""),
    )
    direction = "Higher is better" if greater_is_better(document) else "Lower is better"
    note = f"Scores are from rows that tuning never saw. {direction}; ± is half of the {share} interval."
    remarks = {row["learner"]: row["message"] for row in document["leaderboard"] if row.get("message")}
    told = {name: remark for name, remark in remarks.items() if name not in document["failed"]}
    return Board(columns, tuple(rows), note, share, told)


def _cells(row: Mapping[str, Any], half: float | None, spent: float | None) -> tuple[str, ...]:
    p50, p99 = (known(row.get(name)) for name in ("latency_p50_ms", "latency_p99_ms"))
    unmeasured = p50 is None and p99 is None
    ends = f"{numbers.milliseconds(p50).removesuffix(' ms')} / {numbers.milliseconds(p99)}"
    latency = numbers.NOT_MEASURED if unmeasured else ends
    return (
        numbers.with_uncertainty(known(row["score"]), half),
        numbers.with_uncertainty(known(row["error"]), half).partition(" ±")[0].lstrip("("),
        numbers.count(known(row.get("trials"))),
        numbers.duration(known(row.get("tune_seconds"))),
        numbers.duration(known(row.get("fit_seconds"))),
        numbers.duration(spent),
        numbers.watt_hours(known(row.get("energy_wh_estimated"))),
        numbers.milliseconds(known(row.get("predict_ms_per_1000_rows"))),
        latency,
        numbers.megabytes(known(row.get("peak_memory_mb"))),
        numbers.megabytes(known(row.get("model_mb"))),
        _STATUSES.get(row["status"], str(row["status"])),
    )
