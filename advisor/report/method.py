"""How a comparison was done, in plain words with sources: splits, budget, the test, the reading of its terms."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.report import numbers
from advisor.report.facts import Document
from advisor.report.numbers import known
from advisor.report.wording import metric_words

SOURCES = (
    ("Per-row influence of the log error ratio", "Efron (1982), infinitesimal jackknife and delta method"),
    ("Variance of an AUC from placement values", "DeLong, DeLong and Clarke-Pearson (1988)"),
    ("Wider variance where folds share training rows", "Nadeau and Bengio (2003)"),
    ("Words for probabilities", "Mastrandrea et al. (2010), IPCC guidance note"),
    ("Search of configurations", "Bergstra et al. (2011), tree-structured Parzen estimator"),
    ("Default kept unless clearly beaten", "Schneider, Bischl and Feurer (2025)"),
)

GLOSSARY = (
    ("Champion", "The member of a family that did best on inner validation. The outer rows see nothing but champions."),
    ("Gain", "By how much the net lowers the error of the classical champion, as a share of that error."),
    ("Margin", "The smallest gain that would be worth a net. You choose it with --min-gain; prices can raise it."),
    ("Inner and outer rows", "Configurations are chosen on inner rows; every score on this page is from outer rows."),
    ("Interval", "The range of values that the data are compatible with, at the stated level."),
    ("p99 latency", "The time that one prediction in a hundred exceeds, when rows come one at a time."),
    ("Dummy", "Gives the same answer for every row: the least that any model must beat."),
)


def splits(document: Document) -> str:
    """Say how rows were divided into training and test parts."""
    given = document["splits"]
    folds, repeats = numbers.count(known(given.get("folds"))), known(given.get("repeats"))
    again = f", {numbers.count(repeats)} times over" if repeats is not None and repeats > 1 else ""
    group, time = given.get("group"), given.get("time")
    ordered = f" by {time}" if time else ""
    words = {
        "stratified": f"{folds} folds{again}, stratified by the target: no model was tested on rows it had seen.",
        "grouped": f"{folds} folds{again}; rows with the same {group or 'group'} never stand on both sides of a cut.",
        "forward": f"{folds} cuts forward in time{ordered}: trained on the past, tested on the next.",
        "holdout": "One part of the rows was held out, and every learner was tested on it once.",
    }
    return words.get(str(given.get("kind")), f"{given.get('kind')}, {folds} folds{again}.")


def budget(document: Document) -> str:
    """Say what was allowed and what was spent."""
    given = document["budget"]
    allowed, spent = (numbers.duration(known(given.get(name))) for name in ("seconds", "spent_seconds"))
    overrun = known(given.get("overrun_pct"))
    kept = f"overrun by {numbers.percent(overrun / 100)}" if overrun is not None and overrun > 0 else "kept"
    trials = known(given.get("trials"))
    tried = "" if trials is None else f" At most {numbers.count(trials)} trials for one learner on one cut."
    return f"{allowed} allowed, {spent} spent, {kept}.{tried}"


def steps(document: Document) -> tuple[tuple[str, str], ...]:
    """Tell the method as (heading, paragraph) pairs."""
    metric, meaning = metric_words(document["metric"])
    squared = document["metric"] == "rmse"
    ratio = "half of log(MSE classical / MSE net)" if squared else "log(error classical / error net)"
    variance = (
        "For the AUC the share of a row is its placement value (DeLong, DeLong and Clarke-Pearson 1988)."
        if document["metric"] == "roc_auc"
        else "The share of a row is its own loss, as the delta method has it."
    )
    return (
        ("Metric", f"{metric}{f': {meaning}' if meaning else ''}."),
        ("Rows", splits(document)),
        (
            "Fair play",
            "Both families were given the same tuning time, and the default configuration was always the first trial. "
            "Everything that learns, from imputation to early stopping, saw training rows only.",
        ),
        (
            "Test",
            f"The two champions predicted the same outer rows. Their difference is {ratio}, and its uncertainty comes "
            f"from each row's share in it. {variance} Small data and disagreeing repeats widen it as Nadeau and Bengio "
            "(2003) propose.",
        ),
        (
            "Decision",
            "A weak prior that expects no great difference is combined with the measurement; the result is the chance "
            "that the gain exceeds the margin. If the answer hung on the prior, it would be called too close to call.",
        ),
        ("Budget", budget(document)),
    )


def environment(document: Document) -> tuple[tuple[str, str], ...]:
    """Say where it ran, as (name, value) pairs, without versions and command."""
    given = document["environment"]
    named = [(name, given[name]) for name in ("device", "gpu", "cpu", "seed") if given.get(name) is not None]
    return tuple((name.upper() if name in ("gpu", "cpu") else name.capitalize(), str(value)) for name, value in named)


def versions(document: Document) -> Mapping[str, str]:
    """Return the versions of the packages that took part."""
    given = document["environment"].get("versions") or {}
    return {str(name): str(version) for name, version in given.items() if version}
