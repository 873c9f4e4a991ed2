"""The answer and the leaderboard in words: pure functions of verdict.json; whatever is not known is said to be so."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from advisor.telling import cut_short
from advisor.telling.report import numbers
from advisor.telling.report.numbers import known
from advisor.telling.report.wording import metric_words
from advisor.wording import listed

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
    "not_worth_it": "For what would be used, a gain as large as the margin can be ruled out, with the confidence that "
    "was asked for.",
    "too_close_to_call": "Whether a net gains more than the margin is not certain enough, neither way. What is best to "
    "use is known all the same; see below.",
    "no_signal": "Nothing predicted better than the same answer for every row; a clearly lower error is ruled out.",
    "not_enough_evidence": "Too little to go by. A larger budget, fewer learners or more rows would help; see below.",
}
# A net that no constraint lets through is not worth it either, but then no gain was measured and none ruled out.
_BARRED = "No neural net can be used here, whatever it gains; the reasons are below."
FAMILIES = {"classical": "classical", "neural": "neural net", "blend": "blend", "dummy": "dummy"}
READINGS = {"alone": "Nets alone", "in_company": "Nets in company"}
_ASKED = {
    "alone": "the best net against the best classical model",
    "in_company": "the best that can be built with nets against the best without, blends included",
}
CHAMPIONS = {
    "classical": "Classical champion",
    "neural": "Neural net champion",
    "classical_blend": "Blend of the classical models",
    "blend": "Blend of all",
}
# Members of a blend with less than this share are counted and not named.
LEAST_SHARE = 0.05
_STATUSES = {"ok": "finished", "partly": "finished in part", "failed": "failed", "given_up": "given up"}
_FITTED = {
    "all rows": "fitted on {rows} rows",
    "folds": "each member {one}",
    "mixed": "some members fitted on {rows} rows, the others {many}",
    "nothing": "no model could be made",
}
# What nets are that were fitted on all rows as well, by whether there are other members.
_NETS_BOTH_WAYS = {
    False: "as the mean of its models of the folds, and half of it a fit on {rows} rows, which erred less on average "
    "than either alone where both were tried",
    True: "each net as the mean of its models of the folds and, where the time paid for it, half of it a fit on {rows} "
    "rows, which erred less on average than either alone where both were tried; all others fitted on these",
}
# What a member is that was not fitted on all rows, one of them and several, by whether each is one model.
_OF_FOLDS = {
    True: ("a model of one fold", "models of one fold each"),
    False: ("the mean of its models of the folds", "means of their models of the folds"),
}
_FOLDS_BECAUSE = {
    "nets_bagged": ", which of a net erred less on average than one fit where both were tried",
    "no_time": ", since the time did not pay for a fit on all rows",
    "failed": ", since a fit on all rows failed",
}


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
    recommended: str
    recommended_reason: str
    handed: tuple[tuple[str, str], ...]
    champions: tuple[tuple[str, str], ...]
    families: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ReadingFacts:
    """One way of asking in words; `carries` tells that the answer rests on it."""

    title: str
    asked: str
    carries: bool
    gain: str
    interval: str
    chance: str
    margin: str
    detectable: str
    without: str
    with_nets: str


@dataclass(frozen=True)
class BoardRow:
    """One learner's line: its name, its family, what distinguishes it, and a cell for every column after those.

    `late` says that its time was up on most folds while it was still learning; empty where it was not.
    """

    learner: str
    family: str
    family_words: str
    marks: tuple[str, ...]
    late: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Board:
    """The leaderboard: (heading, explanation) of every column after the first two, and the rows, best first.

    `remarks` says what went wrong with learners that reached something all the same, `footnote` what the mark beside
    some learners in the figures means.
    """

    columns: tuple[tuple[str, str], ...]
    rows: tuple[BoardRow, ...]
    note: str
    footnote: str
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
        recommended=recommendation(document),
        recommended_reason=recommended.get("reason") or "",
        handed=tuple(handed(document)),
        champions=tuple(champions(document)),
        families=tuple((family, words) for family, words in FAMILIES.items() if family in present),
    )


def recommendation(document: Document) -> str:
    """Name what to use, with its family and score, or say that there is nothing to use."""
    given = document["recommended"]
    if not given.get("learner"):
        return "nothing yet"
    score = numbers.with_uncertainty(known(given.get("score")), half_width(document, given))
    blended = len(given.get("members") or ()) > 1
    late = given.get("cut_short") or ()
    learner = cut_short.worded(given["learner"], late)
    name = f"blend of {shares(given['members'], late)};" if blended else f"{learner} ({_family(given)}),"
    return f"{name} {metric_words(document['metric'])[0]} {score}"


def handed(document: Document) -> Iterator[tuple[str, str]]:
    """Say what the model that was handed over is, as (name, value) pairs: how it was fitted, and what it takes."""
    given = document["recommended"]
    if given.get("fitted_on"):
        yield "Made", _fitted(given)
    if given.get("cut_short"):
        yield "Still learning when its time was up", listed(given["cut_short"])
    p50, p99, size = (known(given.get(name)) for name in ("latency_p50_ms", "latency_p99_ms", "model_mb"))
    if p50 is not None or p99 is not None:
        ends = f"{numbers.milliseconds(p50).removesuffix(' ms')} / {numbers.milliseconds(p99)}"
        yield "Latency of the whole, p50 / p99", ends
    if size is not None:
        yield "Size of the whole", numbers.megabytes(size)
    if (memory := known(given.get("peak_memory_mb"))) is not None:
        yield "Memory of the whole, at least", numbers.megabytes(memory)
    regret = known(given.get("regret"))
    if regret:
        yield "Error given away to the best", numbers.percent(regret)


def _fitted(given: Mapping[str, Any]) -> str:
    """Say on which rows the members were fitted, and why where they are models of the folds."""
    fitted_on, one = given["fitted_on"], bool(given.get("one"))
    each, many = _OF_FOLDS[one]
    words = _FITTED[fitted_on].format(rows=numbers.count(known(given.get("rows"))), one=each, many=many)
    if len(given["members"]) < 2:
        # One model alone has no members to speak of.
        words = words.replace("each member", "as")
    if (fitted_on, given.get("folds_because")) == ("mixed", "nets_bagged"):
        return _NETS_BOTH_WAYS[len(given["members"]) > 1].format(rows=numbers.count(known(given.get("rows"))))
    of_folds = fitted_on in ("folds", "mixed")
    return words + (_FOLDS_BECAUSE.get(str(given.get("folds_because")), "") if of_folds and not one else "")


def shares(members: Mapping[str, float], late: Collection[str] = ()) -> str:
    """List the members of a blend with their weights, the heaviest first, and say which were cut short."""
    told = {name: share for name, share in sorted(members.items(), key=lambda item: -item[1]) if share >= LEAST_SHARE}
    rest = len(members) - len(told)
    parts = ", ".join(f"{cut_short.worded(name, late)} {numbers.percent(share, 0)}" for name, share in told.items())
    return f"{parts}{f' and {rest} more' if rest else ''}"


def readings(document: Document) -> tuple[ReadingFacts, ...]:
    """Lay out both ways of asking, side by side; those that there are."""
    return tuple(
        ReadingFacts(
            title=READINGS[how],
            asked=_ASKED[how],
            carries=how == document["how"],
            gain=_gain_words(given["gain"]),
            interval=_interval_words(given["gain"]),
            chance=numbers.chance(known(given["p_worth"])),
            margin=numbers.chosen_percent(margin(document, how)),
            detectable=numbers.percent(known(given["detectable_gain"])),
            without=_side(given["without"], document),
            with_nets=_side(given["with"], document),
        )
        for how, given in document["readings"].items()
        if given
    )


def _side(given: Mapping[str, Any], document: Document) -> str:
    late = given.get("cut_short") or ()
    who = cut_short.worded(given["learner"], late) if len(given["members"]) == 1 else (
        f"blend: {shares(given['members'], late)}"
    )  # fmt: skip
    score = numbers.with_uncertainty(known(given.get("score")), half_width(document, given))
    return f"{who}; {metric_words(document['metric'])[0]} {score}"


def _family(given: Mapping[str, Any]) -> str:
    return FAMILIES.get(str(given.get("family")), str(given.get("family")))


def _gain_words(given: Mapping[str, Any]) -> str:
    """Write a gain; a net with more than twice the error is said to have so many times the error."""
    estimate = known(given.get("estimate"))
    if estimate is not None and estimate < -1:
        return f"none, {numbers.significant(1 - estimate, 2)} times the error"
    return numbers.percent(estimate)


def _interval_words(given: Mapping[str, Any]) -> str:
    estimate, low, high = (known(given.get(name)) for name in ("estimate", "low", "high"))
    if estimate is None or low is None or high is None:
        return numbers.NOT_MEASURED
    if estimate < -1:
        return f"{numbers.significant(1 - high, 2)} to {numbers.significant(1 - low, 2)} times the error"
    return numbers.percent_interval(estimate, low, high).partition("(")[2].removesuffix(")")


def data_name(document: Document) -> str:
    """Name the data, or say "this data" where they came without a name."""
    return str(document["profile"].get("name") or "this data")


def margin(document: Document, how: str) -> float | None:
    """Return the margin of a reading, which with prices is its own, or of the answer where there is no reading."""
    reading = document["readings"][how]
    return known(document["min_gain"] if reading is None else reading["min_gain"])


def chance(document: Document) -> str | None:
    """Say how probable it is that the gain exceeds the margin, in words and as a figure."""
    probability = known(document["p_worth"])
    if probability is None:
        return None
    figure, how = numbers.chance(probability), document["how"] or "alone"
    least = numbers.chosen_percent(margin(document, how))
    subject = "a net alone" if how == "alone" else "building with nets"
    return f"It is {numbers.likelihood(probability)} ({figure}) that {subject} cuts the error by more than {least}."


def answered(document: Document) -> str | None:
    """Say when the answer was known, and what became of the time after that; None where it stayed open to the end."""
    given = document["budget"]
    seconds = known(given.get("answered_seconds"))
    if seconds is None:
        return None
    if any(look["stage"] == "final" and known(look["seconds"]) == seconds for look in document["looks"]):
        return f"{numbers.duration(seconds)} after the start, by all that was measured"
    rest = "; no further candidate was tried"
    if given.get("until") == "budget":
        worked = "the model that is handed over was worked on"
        rest = f"; after that {worked if given['model_worked_on'] else 'nothing more was begun for the model to use'}"
    return f"{numbers.duration(seconds)} after the start{rest}"


def rows_used(document: Document) -> str | None:
    """Say how many rows the answer is for, where they are fewer than all."""
    used, rows = known(document["rows_used"]), known(document["profile"].get("rows"))
    if used is None or rows is None or used >= rows:
        return None
    return f"{numbers.count(used)} of {numbers.count(rows)}, drawn so that the budget could pay for them"


def champions(document: Document) -> Iterator[tuple[str, str]]:
    """Name each champion and blend, as (title, who it is with the interval of its score) pairs."""
    metric = metric_words(document["metric"])[0]
    for which, title in CHAMPIONS.items():
        champion = document["champions"].get(which)
        if champion:
            score = numbers.with_uncertainty(known(champion.get("score")), half_width(document, champion))
            members = champion.get("members") or {}
            late = champion.get("cut_short") or ()
            who = shares(members, late) if len(members) > 1 else cut_short.worded(champion["learner"], late)
            yield title, f"{who}; {metric} {score}"


def champion_names(document: Document) -> Mapping[str, str]:
    """Map the learner of each family's champion to its family."""
    found = {family: document["champions"].get(family) for family in ("classical", "neural")}
    return {champion["learner"]: family for family, champion in found.items() if champion}


def _family_words(row: Mapping[str, Any]) -> str:
    """Name a learner's family, and for a net that was trained beforehand what became of its weights."""
    words = str(FAMILIES.get(row["family"], row["family"]))
    return f"{words} (pre-trained, {row['start']})" if row.get("start") in ("frozen", "tuned") else words


def board(document: Document) -> Board:
    """Lay out the leaderboard."""
    metric, meaning = metric_words(document["metric"])
    share = numbers.chosen_percent(level(document))
    titles, rows = champion_names(document), []
    used = document["recommended"].get("members") or {}
    for row in document["leaderboard"]:
        name, family = row["learner"], row["family"]
        marks = [f"{FAMILIES.get(titles[name], titles[name])} champion"] if name in titles else []
        if name in used:
            marks.append("recommended" if len(used) == 1 else "in the blend handed over")
        cells = _cells(row, half_width(document, row))
        late = cut_short.ON_MOST if row.get("cut_short") else ""
        rows.append(BoardRow(name, family, _family_words(row), tuple(marks), late, cells))
    columns = (
        (f"{metric} ± {share} interval", meaning),
        ("Error", "lower is better; what the comparison is about"),
        ("Gain as the only net", "error saved against the classical champion, free of having been chosen"),
        ("Candidates", "configurations tried, the default among them"),
        ("Tuning", "all fits beyond those of the default"),
        ("Fit", "one fit on one fold, on average"),
        ("All told", "all fits and predictions of all its candidates"),
        ("Energy", "estimated from processor time, all candidates together"),
        ("Predict 1,000 rows", "in one call"),
        ("Latency p50 / p99", "one row at a time: the median, and what one call in a hundred exceeds"),
        (
            "Memory",
            "growth of the process at its peak, a lower bound: a later fit in the same process grows less",
        ),
        ("Size", "the fitted model when stored"),
        ("Status", ""),
    )
    direction = "Higher is better" if greater_is_better(document) else "Lower is better"
    note = (
        "Each learner by its best candidate on rows out of fold. These rows chose it, so it looks a little better than "
        f"it is; champions and blends above are free of that. {direction}; ± is half of the {share} interval."
    )
    remarks = {row["learner"]: row["message"] for row in document["leaderboard"] if row.get("message")}
    told = {name: remark for name, remark in remarks.items() if name not in document["failed"]}
    return Board(columns, tuple(rows), note, cut_short.footnote(document["leaderboard"]), share, told)


def _cells(row: Mapping[str, Any], half: float | None) -> tuple[str, ...]:
    p50, p99 = (known(row.get(name)) for name in ("latency_p50_ms", "latency_p99_ms"))
    unmeasured = p50 is None and p99 is None
    ends = f"{numbers.milliseconds(p50).removesuffix(' ms')} / {numbers.milliseconds(p99)}"
    latency = numbers.NOT_MEASURED if unmeasured else ends
    return (
        numbers.with_uncertainty(known(row["score"]), half),
        numbers.with_uncertainty(known(row["error"]), half).partition(" ±")[0].lstrip("("),
        numbers.percent_interval(*(known(row["gain"][end]) for end in ("estimate", "low", "high")))
        if row.get("gain")
        else "\N{EN DASH}",
        numbers.count(known(row.get("trials"))),
        numbers.duration(known(row.get("tune_seconds"))),
        numbers.duration(known(row.get("fit_seconds"))),
        numbers.duration(known(row.get("spent_seconds"))),
        numbers.watt_hours(known(row.get("energy_wh_estimated"))),
        numbers.milliseconds(known(row.get("predict_ms_per_1000_rows"))),
        latency,
        numbers.megabytes(known(row.get("peak_memory_mb"))),
        numbers.megabytes(known(row.get("model_mb"))),
        "did not learn" if row.get("did_not_learn") else _STATUSES.get(row["status"], str(row["status"])),
    )
