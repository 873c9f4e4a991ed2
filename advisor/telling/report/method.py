"""How a comparison was done, in plain words with sources: folds, budget, the test, the reading of its terms."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.telling.report import facts, numbers
from advisor.telling.report.facts import Document
from advisor.telling.report.numbers import known
from advisor.telling.report.wording import metric_words

SOURCES = (
    ("The choice of a champion corrected by the bootstrap", "Tsamardinos, Greasidou and Borboudakis (2018), BBC-CV"),
    ("Weights of a blend by greedy selection", "Caruana et al. (2004)"),
    ('"Not worth it" where neither reading leaves the gain its chance', "Berger (1982), intersection-union test"),
    ("Per-row influence of the log error ratio", "Efron (1982), infinitesimal jackknife and delta method"),
    ("Variance of an AUC from placement values", "DeLong, DeLong and Clarke-Pearson (1988)"),
    ("Wider variance where folds share training rows", "Nadeau and Bengio (2003)"),
    ("Words for probabilities", "Mastrandrea et al. (2010), IPCC guidance note"),
    ("Search of configurations", "Bergstra et al. (2011), tree-structured Parzen estimator"),
)

GLOSSARY = (
    ("Candidate", "A learner with its settings. Its default is the first; tuning makes the others."),
    ("Fold", "A part of the rows that is predicted by models which learnt from the other parts."),
    ("Champion", "The candidate of a family with the least error on the rows out of fold."),
    ("Blend", "A weighted mean of several candidates' predictions, used as one model."),
    ("Nets alone", "The best net against the best classical model."),
    (
        "Nets in company",
        "The best that can be built with nets, blends too, against the best that can be built without.",
    ),
    ("Gain", "By how much nets lower the error, as a share of the error without them."),
    (
        "Margin",
        "The smallest gain that would be worth a net. You choose it with --min-gain; prices can raise it, for "
        "each way of asking by what its two sides cost.",
    ),
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
        "grouped": f"{folds} folds{again}; rows with the same {group or 'group'} never stand on both sides of a fold.",
        "forward": f"{folds} folds forward in time{ordered}: trained on the past, tested on the next.",
        "holdout": "One part of the rows was held out, and every learner was tested on it once.",
    }
    told = words.get(str(given.get("kind")), f"{given.get('kind')}, {folds} folds{again}.")
    trainings, fewer = known(given.get("trainings")), facts.rows_used(document)
    if trainings is not None and trainings > 1:
        count = numbers.count(trainings)
        told += f" A fit of a boosted tree or of most nets is the mean of up to {count} trainings, from other seeds."
    return f"{told} Rows used: {fewer}." if fewer else told


def budget(document: Document) -> str:
    """Say what was allowed and what was spent."""
    given = document["budget"]
    allowed, spent = (numbers.duration(known(given.get(name))) for name in ("seconds", "spent_seconds"))
    overrun = known(given.get("overrun_pct"))
    kept = f"overrun by {numbers.percent(overrun / 100)}" if overrun is not None and overrun > 0 else "kept"
    trials = known(given.get("trials"))
    tried = "" if trials is None else f" At most {numbers.count(trials)} candidates of one learner."
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
            "Every candidate was judged on the same folds, and both families were given the same seconds; the default "
            "was always the first candidate. Everything that learns, from imputation to early stopping, saw training "
            "rows only. A candidate that fell clearly behind was given up after a few folds, a default only where no "
            "blend would have used it.",
        ),
        (
            "Choice",
            "The best of many looks better than it is. So rows were drawn with replacement, many times over; each time "
            "the champions, and the weights of the blends, were chosen on the rows drawn and judged on the others.",
        ),
        (
            "Two ways of asking",
            "Alone: the best net against the best classical model. In company: the best that can be built with nets, "
            "a blend too, against the best that can be built without. Nets are worth it where either is certain, alone "
            "at a fifth of the allowed doubt and in company at the rest (at all of it where only one was asked), and a "
            "boosted tree (of series MiniRocket, of pictures a support vector machine), where any takes part, was "
            "measured; they are not worth it where both say so and a strong "
            "net was measured.",
        ),
        (
            "Test",
            f"The two sides predicted the same rows out of fold. Their difference is {ratio}, and its uncertainty "
            f"comes from each row's share in it. {variance} It is widened for what training "
            "once more on all rows adds, and to what the folds differ by (Nadeau and Bengio 2003) where that is more "
            "than their rows explain.",
        ),
        (
            "Decision",
            "What nets gained on other tables, before anything is known of this one, is combined with the measurement "
            "as a prior; the result is the chance that the gain exceeds the margin. If the answer hung on the prior, "
            "it would be called too close to call.",
        ),
        (
            "What is recommended",
            "The simplest model that is not expected to give away more than half a per cent to the best of them all: "
            "champions and blends. Where the contest was held on a part of the rows, rows that nobody had learnt from "
            "have the last word on who is in it, if enough of them can be spared. What was spent on it after the "
            "answer was known moved no answer.",
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
