"""All wording of the report: pure functions from verdict.json to sentences and cells; whatever is not known is said so."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from advisor.report import numbers
from advisor.report.numbers import known

Document = Mapping[str, Any]

_BADGES = {
    "worth_it": ("Worth it", "\N{CHECK MARK}"),
    "not_worth_it": ("Not worth it", "\N{MULTIPLICATION X}"),
    "too_close_to_call": ("Too close to call", "\N{ALMOST EQUAL TO}"),
    "no_signal": ("No signal", "\N{EMPTY SET}"),
    "not_enough_evidence": ("Not enough evidence", "?"),
}
_MEANINGS = {
    "worth_it": "The gain is larger than the margin, with the confidence that was asked for.",
    "not_worth_it": "A gain as large as the margin can be ruled out, with the confidence that was asked for.",
    "too_close_to_call": "This data cannot tell the two apart by the margin. Until it can, take the simpler model.",
    "no_signal": "Nothing predicted better than the same answer for every row, so no kind of model can help with these columns.",
    "not_enough_evidence": "Too little finished for a comparison. A larger budget or fewer learners would help.",
}
_METRICS = {
    "roc_auc": ("ROC AUC", "the chance that a row of the positive class is ranked above one of the other class"),
    "log_loss": ("log loss", "how surprised the predicted probabilities are by what happened; 0 is perfect"),
    "accuracy": ("accuracy", "the share of rows whose class is predicted right"),
    "balanced_accuracy": ("balanced accuracy", "the accuracy within each class, averaged over the classes"),
    "rmse": ("RMSE", "the root of the mean squared error, in the target's own units"),
    "mae": ("MAE", "the mean absolute error, in the target's own units"),
}
FAMILIES = {"classical": "classical", "neural": "neural net", "blend": "blend", "dummy": "dummy"}
_STATUSES = {"ok": "finished", "failed": "failed", "timeout": "out of time"}
_SEVERITIES = ("severe", "warning", "info")
_CHANGES = {
    "more_rows": "More rows",
    "gpu": "A GPU",
    "larger_budget": "A larger budget",
    "smaller_margin": "A smaller margin",
}
_SAYINGS = ("sentence", "reason", "message")


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
    message: str


@dataclass(frozen=True)
class Board:
    """The leaderboard: (heading, explanation) of every column after the first two, and the rows, best first."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[BoardRow, ...]
    note: str


@dataclass(frozen=True)
class FindingFacts:
    """One numbered finding with its evidence as (name, value) pairs."""

    code: str
    severity: str
    message: str
    advice: str
    evidence: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ChangeFacts:
    """One thing that might change the answer: a heading, a sentence, and figures as (name, value) pairs."""

    heading: str
    sentence: str
    figures: tuple[tuple[str, str], ...]


def metric_words(name: str) -> tuple[str, str]:
    """Return a metric's name as people write it, and what it is; an unknown one keeps its name."""
    return _METRICS.get(name, (name.replace("_", " "), ""))


def greater_is_better(document: Document) -> bool:
    """Tell from the leaderboard whether a larger score is better: there an error is 1 - score, else it is the score."""
    pairs = [(known(row["score"]), known(row["error"])) for row in document["leaderboard"]]
    return any(score is not None and error is not None and score != error for score, error in pairs)


def level(document: Document) -> float:
    """Return the confidence level of the intervals, 0.95 where the document names none."""
    return known(document["gain"].get("level")) or 0.95


def half_width(document: Document, row: Mapping[str, Any]) -> float | None:
    """Return half the width of the interval of a leaderboard row's score: a normal quantile times its standard error."""
    se = known(row.get("se"))
    return None if se is None else NormalDist().inv_cdf(0.5 + level(document) / 2) * se


def answer(document: Document) -> AnswerFacts:
    """Say the answer, how sure it is, how large the gain is, and what to use."""
    badge, symbol = _BADGES[document["answer"]]
    recommended = document["recommended"]
    halves = {row["learner"]: half_width(document, row) for row in document["leaderboard"]}
    score = numbers.with_uncertainty(known(recommended.get("score")), halves.get(recommended["learner"]))
    return AnswerFacts(
        kind=document["answer"],
        badge=badge,
        symbol=symbol,
        question=f"Is a neural network worth it for {data_name(document)}?",
        sentence=document["sentence"],
        meaning=_MEANINGS[document["answer"]],
        chance=chance(document),
        gain=gain(document),
        detectable=detectable(document),
        recommended=f"{recommended['learner']} ({FAMILIES.get(recommended['family'], recommended['family'])}), "
        f"{metric_words(document['metric'])[0]} {score}",
        recommended_reason=recommended.get("reason") or "",
        champions=tuple(champions(document)),
        families=tuple(item for item in FAMILIES.items() if item[0] in {row["family"] for row in document["leaderboard"]}),
    )


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
    """Say the relative error reduction with its interval, its level and the margin."""
    given = document["gain"]
    estimate, low, high = (known(given.get(name)) for name in ("estimate", "low", "high"))
    if estimate is None or low is None or high is None:
        return None
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
    for family, champion in document["champions"].items():
        if champion:
            low, high = known(champion.get("low")), known(champion.get("high"))
            half = None if low is None or high is None else (high - low) / 2
            score = numbers.with_uncertainty(known(champion.get("score")), half)
            title = f"{FAMILIES.get(family, family)} champion".capitalize()
            yield title, f"{champion['learner']}, {metric_words(document['metric'])[0]} {score}"


def champion_names(document: Document) -> Mapping[str, str]:
    """Map the learner of each champion to its family."""
    return {champion["learner"]: family for family, champion in document["champions"].items() if champion}


def board(document: Document, spent: Mapping[str, float]) -> Board:
    """Lay out the leaderboard; `spent` is seconds by learner, all cuts and trials together."""
    metric, meaning = metric_words(document["metric"])
    share = numbers.chosen_percent(level(document))
    best = known(document["recommended"].get("score"))
    titles = champion_names(document)
    rows = []
    for row in document["leaderboard"]:
        name, family = row["learner"], row["family"]
        marks = [f"{FAMILIES[titles[name]]} champion"] if name in titles else []
        if name == document["recommended"]["learner"] and best is not None:
            marks.append("recommended")
        cells = _cells(row, half_width(document, row), spent.get(name))
        rows.append(BoardRow(name, family, FAMILIES.get(family, family), tuple(marks), cells, row.get("message") or ""))
    columns = (
        (f"{metric} ± {share} interval", meaning),
        ("Error", "lower is better; what the comparison is about"),
        ("Trials", "configurations tried, all cuts together"),
        ("Tuning", "seconds of tuning"),
        ("Fit", "seconds of one final fit"),
        ("All told", "tuning, fitting and predicting on all cuts together"),
        ("Predict 1,000 rows", "in one call"),
        ("Latency p50 / p99", "one row at a time: the median, and what one call in a hundred exceeds"),
        ("Memory", "growth of the process at its peak"),
        ("Size", "the fitted model when stored"),
        ("Status", ""),
    )
    direction = "Higher is better" if greater_is_better(document) else "Lower is better"
    note = f"Scores are from rows that tuning never saw. {direction}; ± is half of the {share} interval."
    return Board(columns, tuple(rows), note)


def _cells(row: Mapping[str, Any], half: float | None, spent: float | None) -> tuple[str, ...]:
    p50, p99 = (known(row.get(name)) for name in ("latency_p50_ms", "latency_p99_ms"))
    unmeasured = p50 is None and p99 is None
    latency = numbers.NOT_MEASURED if unmeasured else f"{numbers.milliseconds(p50)} / {numbers.milliseconds(p99)}"
    return (
        numbers.with_uncertainty(known(row["score"]), half),
        numbers.with_uncertainty(known(row["error"]), half).partition(" ±")[0].lstrip("("),
        numbers.count(known(row.get("trials"))),
        numbers.duration(known(row.get("tune_seconds"))),
        numbers.duration(known(row.get("fit_seconds"))),
        numbers.duration(spent),
        numbers.milliseconds(known(row.get("predict_ms_per_1000_rows"))),
        latency,
        numbers.megabytes(known(row.get("peak_memory_mb"))),
        numbers.megabytes(known(row.get("model_mb"))),
        _STATUSES.get(row["status"], str(row["status"])),
    )


def settings(champion: Mapping[str, Any]) -> str:
    """Write a champion's configuration as JSON, ready to be copied."""
    return json.dumps(champion["params"], indent=2, ensure_ascii=False)


def findings(document: Document) -> tuple[FindingFacts, ...]:
    """Return the findings, the severe ones first, otherwise in their order."""
    ordered = sorted(document["findings"], key=lambda finding: _SEVERITIES.index(finding["severity"]))
    return tuple(
        FindingFacts(
            finding["code"], finding["severity"], finding["message"], finding["advice"], pairs(finding["evidence"])
        )
        for finding in ordered
    )


def data(document: Document) -> tuple[tuple[str, str], ...]:
    """Say what the data look like, as (name, value) pairs."""
    profile = dict(document["profile"])
    columns = profile.pop("columns", None)
    if isinstance(columns, Sequence) and not isinstance(columns, str):
        columns = len(columns)
    first = {"rows": profile.pop("rows", None), "columns": columns}
    hidden = {"name", "findings", "fingerprint"}
    return pairs(first | {name: value for name, value in profile.items() if name not in hidden})


def would_change(document: Document) -> tuple[ChangeFacts, ...]:
    """Say what would change the answer; a plain text in the document is the reason for silence."""
    told = document["would_change"]
    if isinstance(told, str):
        return (ChangeFacts("", told, ()),)
    changes = []
    for name, change in told.items():
        heading = _CHANGES.get(name, _label(name))
        if isinstance(change, Mapping):
            sentence = next((str(change[key]) for key in _SAYINGS if change.get(key)), "")
            rest = pairs({key: value for key, value in change.items() if key not in _SAYINGS})
            changes.append(ChangeFacts(heading if name not in _SAYINGS else "", sentence, rest))
        elif change is not None:
            changes.append(ChangeFacts(heading if name not in _SAYINGS else "", str(change), ()))
    return tuple(changes)


def price(document: Document) -> tuple[tuple[str, ...], ...]:
    """Lay out the cost of both families as rows of (what, neural, classical, ratio); empty where nothing was priced."""
    cost = document["cost"]
    sides = [cost.get(name) or {} for name in ("neural", "classical", "ratio")]
    names = [name for name in {**sides[0], **sides[1]} if not isinstance(sides[0].get(name), Mapping)]
    return tuple(
        (
            _label(name),
            value_text(name, sides[0].get(name)),
            value_text(name, sides[1].get(name)),
            f"{numbers.significant(ratio, 2)} \N{MULTIPLICATION SIGN}" if (ratio := known(sides[2].get(name))) else "",
        )
        for name in names
    )


def break_even(document: Document) -> tuple[tuple[str, str], ...]:
    """Say where the net would begin to pay, as (name, value) pairs; empty where that was not worked out."""
    given = document["cost"].get("break_even")
    return pairs(given) if isinstance(given, Mapping) else pairs({"break even": given} if given else {})


def rules(document: Document) -> tuple[tuple[str, str, str], ...]:
    """Lay out the folk rules as (rule, whether it held here, evidence)."""
    agreement = {True: "held here", False: "did not hold here"}
    return tuple(
        (
            str(rule["rule"]),
            agreement.get(rule.get("agrees"), "not tested") if rule.get("applies") else "does not apply",
            value_text("evidence", rule.get("evidence")),
        )
        for rule in document["rules"]
    )


def looks(document: Document) -> tuple[tuple[str, str, str, str], ...]:
    """Lay out the looks at the evidence as (stage, after how long, chance, decided or not)."""
    return tuple(
        (
            str(look["stage"]),
            numbers.duration(known(look.get("seconds"))),
            numbers.chance(known(look.get("p_worth"))),
            "decided" if look.get("decided") else "went on",
        )
        for look in document["looks"]
    )


def pairs(given: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Turn a mapping into (name, value) pairs of words, units guessed from the names."""
    return tuple((_label(name), value_text(str(name), value)) for name, value in given.items())


def value_text(name: str, value: Any) -> str:
    """Write any JSON value for people; the unit follows from the name's ending, as everywhere in this package."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return numbers.NOT_MEASURED
    if isinstance(value, Mapping):
        return "; ".join(f"{_words(key)}: {value_text(str(key), item)}" for key, item in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        shown = ", ".join(value_text(name, item) for item in value[:8])
        return shown + (f" and {len(value) - 8:,} more" if len(value) > 8 else "")
    number = known(value)
    if isinstance(value, str) or number is None:
        return str(value)
    return _with_unit(name, number, isinstance(value, int))


def _with_unit(name: str, number: float, whole: bool) -> str:
    if name.endswith("seconds"):
        return numbers.duration(number)
    if name.endswith("_ms"):
        return numbers.milliseconds(number)
    if name.endswith("_mb"):
        return numbers.megabytes(number)
    if name.endswith("_pct"):
        return numbers.percent(number / 100)
    if name.endswith(("share", "gain", "margin")):
        return numbers.percent(number)
    if name.startswith("p_") or name.endswith("chance"):
        return numbers.chance(number)
    return numbers.count(number) if whole else numbers.significant(number)


def _words(name: Any) -> str:
    return str(name).replace("_", " ")


def _label(name: Any) -> str:
    """Drop the unit from a name whose value is written with it: "fit_seconds" becomes "Fit time"."""
    text = str(name)
    for ending, words in (("_seconds", " time"), ("_ms", ""), ("_mb", ""), ("_pct", "")):
        if text.endswith(ending):
            return _capital(_words(text.removesuffix(ending) + words))
    return _capital(_words(text))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
