"""What the lines of first_figures.py amount to: answers held against the truth, and errors against CatBoost as shipped.

Every figure is computed from the lines; nothing is run here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import draws
import lines
import numpy as np
import pages
import truth
from lines import Line
from pages import counted, mean_ratio, per_cent

NAMES = {"classical": "classical champion", "neural": "neural champion", "classical_blend": "blend of the classical",
         "blend": "blend of all"}  # fmt: skip
READINGS = ("alone", "in_company")
CONFIDENCE = 0.95
# To be reached: less error than CatBoost as shipped on the mean draw of 500 rows, and never so much more.
AIM, MOST = -0.06, 0.10


def against_catboost(line: Line, error: float | None) -> float:
    """Return the log ratio of an error to that of CatBoost as shipped; negative is better."""
    found = line["errors"]
    return truth.log_ratio(error, found["catboost"], found["dummy"])


def decided(reading: Line | None) -> str | None:
    """Say what a reading is certain of by itself: "worth_it", "not_worth_it", or None."""
    if reading is None or reading["p_worth"] is None:
        return None
    if reading["p_worth"] >= 1 - (1 - CONFIDENCE) / 2:
        return "worth_it"
    return "not_worth_it" if reading["p_worth"] <= 1 - CONFIDENCE else None


def true_effect(line: Line, how: str) -> tuple[float, float] | None:
    """Return theta of the two options of a reading, refitted on all rows, and its standard error; None if not known."""
    reading = line["readings"].get(how)
    if reading is None:
        return None
    found = line["effects"].get(f"{reading['without']['which']}/{reading['with']['which']}")
    return None if found is None else (found[0], found[1])


def is_wrong(said: str, theta: float, min_gain: float) -> bool:
    """Tell whether a decided answer is on the other side of the margin than the truth."""
    return (said == "worth_it") != (theta > truth.theta_of(min_gain))


def answer_is_wrong(line: Line) -> bool | None:
    """Tell whether a decided answer is wrong: "worth it" by the reading that carries it, "not worth it" by either.

    None where nothing was decided, or where the truth is not known.
    """
    if line["answer"] not in ("worth_it", "not_worth_it"):
        return None
    asked = (line["how"],) if line["answer"] == "worth_it" else READINGS
    found = [effect for how in asked if (effect := true_effect(line, how)) is not None]
    return any(is_wrong(line["answer"], theta, line["min_gain"]) for theta, _ in found) if found else None


def covers(line: Line, how: str) -> bool | None:
    """Tell whether a reading's 90 % interval holds the true gain; None where there is no reading."""
    effect = true_effect(line, how)
    if effect is None:
        return None
    gain, true = line["readings"][how]["gain"], -float(np.expm1(-effect[0]))
    return gain["low"] is not None and gain["low"] <= true <= gain["high"]


def by_reading(own: Sequence[Line], how: str) -> tuple[object, ...]:
    """Return the row of a reading: decided, wrong among them, beyond the truth's own noise, coverage, bias."""
    known = [(line, said, effect) for line in own
             if (said := decided(line["readings"].get(how))) and (effect := true_effect(line, how))]  # fmt: skip
    wrong = [(line, effect) for line, said, effect in known if is_wrong(said, effect[0], line["min_gain"])]
    clear = sum(abs(theta - truth.theta_of(line["min_gain"])) > 1.645 * se for line, (theta, se) in wrong)
    held = [inside for line in own if (inside := covers(line, how)) is not None]
    off = [truth.theta_of(line["readings"][how]["gain"]["estimate"]) - effect[0] for line in own
           if (effect := true_effect(line, how)) and line["readings"][how]["gain"]["estimate"] is not None]  # fmt: skip
    worth = sum(said == "worth_it" for _, said, _ in known)
    return (
        how.replace("_", " "), f"{len(known)} of {len(own)}", worth, len(known) - worth, f"{len(wrong)} ({clear})",
        counted(sum(held), len(held)), f"{np.mean(off):+.3f}" if off else "-",
    )  # fmt: skip


def summary(own: Sequence[Line]) -> list[str]:
    """Return what the draws of one size amount to."""
    handed = [against_catboost(line, line["errors"]["handed"]) for line in own]
    worst = max(zip(handed, (line["dataset"] for line in own), strict=True))
    answers = [line for line in own if (wrong := answer_is_wrong(line)) is not None]
    wrong = sum(bool(answer_is_wrong(line)) for line in answers)
    ends = [line["answered_seconds"] for line in own if line["answered_seconds"] is not None]
    met = "reached" if np.mean(handed) <= np.log1p(AIM) else "not reached"
    size, spent = own[0]["rows"], np.mean([line["spent_seconds"] for line in own])
    text = [
        f"- handed over against CatBoost as shipped, error: {mean_ratio(handed)} on the mean of {len(own)} draws, in "
        f"brackets its standard error{f' (aim at most {per_cent(AIM, 0)}: {met})' if size == 500 else ''}; better on "
        f"{sum(log < 0 for log in handed)}; worst {100 * np.expm1(worst[0]):+.1f} % on {worst[1]} (never more than "
        f"{per_cent(MOST, 0)}: {'kept' if worst[0] <= np.log1p(MOST) else 'not kept'})",
        f"- answers: {_counts(line['answer'] for line in own)}; decided {len(answers)} of {len(own)}, wrong {wrong}",
        f"- seconds spent: {spent:.0f} on the mean; the answer was known before the end in {len(ends)} runs"
        + (f", there after {np.mean(ends):.0f} s on the mean" if ends else ""),
        f"- members were fitted on: {_counts(line['recommended']['fitted_on'] for line in own)}; with problems: "
        f"{sum(bool(line['recommended']['problems']) for line in own)}", "",
    ]  # fmt: skip
    heads = ("reading", "decided", "worth it", "not worth it", "wrong (beyond the truth's noise)",
             "90 % interval holds the truth", "bias of theta")  # fmt: skip
    text += pages.table(heads, [by_reading(own, how) for how in READINGS])
    best = [
        min(option["refits"]["error"] for option in line["options"].values() if option["refits"]) for line in own
    ]  # fmt: skip
    rows: list[tuple[object, ...]] = [("handed over", mean_ratio(handed), *_regret(own, "handed", best))]
    for which, name in NAMES.items():
        logs = [against_catboost(line, _error(line, which)) for line in own]
        rows.append((name, mean_ratio(logs), *_regret(own, which, best)))
    return text + pages.table(
        ("what is used", "error against CatBoost as shipped", "mean regret against the best option", "largest"), rows
    )


def _regret(own: Sequence[Line], which: str, best: Sequence[float]) -> tuple[str, str]:
    logs = [
        truth.log_ratio(line["errors"]["handed"] if which == "handed" else _error(line, which), least,
                        line["errors"]["dummy"])
        for line, least in zip(own, best, strict=True)
    ]  # fmt: skip
    known = [log for log in logs if np.isfinite(log)]
    return (mean_ratio(known), per_cent(float(np.expm1(max(known))))) if known else ("-", "-")


def _error(line: Line, which: str) -> float | None:
    option = line["options"].get(which)
    return option["refits"]["error"] if option and option["refits"] else None


def _budgets(own: Sequence[Line]) -> str:
    return " and ".join(f"{each:.0f}" for each in sorted({line["budget_seconds"] for line in own}))


def _counts(names: Iterable[Any]) -> str:
    values = [str(name).replace("_", " ") for name in names]
    return ", ".join(f"{name} {values.count(name)}" for name in sorted(set(values)))


def draw_row(line: Line) -> tuple[object, ...]:
    """Return the row of a draw."""
    found, true = line["errors"], [true_effect(line, how) for how in READINGS]
    readings = []
    for how, effect in zip(READINGS, true, strict=True):
        reading = line["readings"].get(how)
        said = "-" if reading is None else f"{per_cent(reading['gain']['estimate'])}, p {reading['p_worth']:.2f}"
        readings.append(said + ("" if effect is None else f"; true {per_cent(-float(np.expm1(-effect[0])))}"))
    wrong = answer_is_wrong(line)
    answer = line["answer"].replace("_", " ") + (f" ({line['how'].replace('_', ' ')})" if line["how"] else "")
    known = line["answered_seconds"]
    return (
        line["dataset"], line["metric"], answer + (", wrong" if wrong else ""), *readings,
        f"{line['recommended']['which'].replace('_', ' ')} ({line['recommended']['fitted_on']})",
        f"{found['handed']:.4g}", f"{found['catboost']:.4g}", _change(line),
        f"{line['spent_seconds']:.0f}" + ("" if known is None else f" ({known:.0f})"),
    )  # fmt: skip


def _change(line: Line) -> str:
    return f"{100 * np.expm1(against_catboost(line, line['errors']['handed'])):+.1f} %"


def draws_text(found: Sequence[Line]) -> list[str]:
    """Return what all draws amount to, with a row for each."""
    text: list[str] = []
    if len({line["rows"] for line in found}) > 1:
        logs = [against_catboost(line, line["errors"]["handed"]) for line in found]
        tables = [line["dataset"] for line in found]
        low, high = pages.cluster_interval(logs, tables, lambda drawn: float(np.mean(drawn)))  # type: ignore[arg-type]
        text += [
            f"All {len(found)} draws from {len(set(tables))} tables: what is handed over errs {mean_ratio(logs)} "
            f"against CatBoost as shipped, 95 % interval by drawing whole tables {per_cent(float(np.expm1(low)))} to "
            f"{per_cent(float(np.expm1(high)))}.", "",
        ]  # fmt: skip
    for rows in sorted({line["rows"] for line in found}):
        own = [line for line in found if line["rows"] == rows]
        text += [f"## {len(own)} draws of {rows:,} rows, {_budgets(own)} s each", "", *summary(own), ""]
        text += ["<details><summary>Every draw</summary>", "", *pages.table(
            ("table", "metric", "answer", "alone: gain", "in company: gain", "handed over (fitted on)", "its error",
             "CatBoost's", "change", "seconds (answer known)"), [draw_row(line) for line in own],
        ), "</details>", ""]  # fmt: skip
    return text


# What was seen at first, with copies among the rows judged on, which CatBoost remembers.
COPIES = (
    "on all 254 of its other rows, 193 of them copies of seen ones, what was handed over erred 76 % more than "
    "CatBoost, and 61 new rows cannot tell much."
)


def tables_text(found: Sequence[Line]) -> list[str]:
    """Return what whole tables amount to: those where CatBoost takes part, and beside them the others."""
    own = [line for line in found if "catboost" in line["learners"]]
    absent = [line for line in found if line not in own]
    if not own:
        return []
    logs = [against_catboost(line, line["errors"]["handed"]) for line in own]
    more = [line["dataset"] for line in found if against_catboost(line, line["errors"]["handed"]) > np.log1p(MOST)]
    without = [
        "", "CatBoost did not take part on these, since the budget did not pay for it; they are not in the mean.", "",
        *_tables(absent),
    ] if absent else []  # fmt: skip
    return [
        f"## {len(own)} whole tables with CatBoost, {_budgets(own)} s each", "",
        "Three quarters of the rows as a file, judged on the others, but not on copies of rows that were seen where a "
        "table has its cases twice by mistake (the folds keep those together, too). This was decided after "
        f"maternal_health_risk had been judged: {COPIES} Error against CatBoost as shipped: {mean_ratio(logs)}; of all "
        f"{len(found)} tables it is more than {per_cent(MOST, 0)} more on {len(more)}"
        f"{': ' if more else ''}{', '.join(more)}.", "",
        *_tables(own), *without,
    ]  # fmt: skip


def _tables(found: Sequence[Line]) -> list[str]:
    head = ("table", "rows used", "rows judged on", "metric", "answer", "handed over (fitted on)", "its error",
            "CatBoost's", "change", "seconds")  # fmt: skip
    return pages.table(head, [
        (line["dataset"], f"{line['rows_used']:,}", f"{line['rows_judged']:,}", line["metric"],
         line["answer"].replace("_", " "),
         f"{line['recommended']['which'].replace('_', ' ')} ({line['recommended']['fitted_on']})",
         f"{line['errors']['handed']:.4g}", f"{line['errors']['catboost']:.4g}", _change(line),
         f"{line['spent_seconds']:.0f}")
        for line in found
    ])  # fmt: skip


_READ = """\
A reading is wrong where the truth lies on the other side of the margin; in brackets, where it lies there beyond the
one-sided 95 % of the rows that it was measured on. The truth of a reading is the log ratio of the errors of its two
options, refitted on all rows, on the other rows: one training, with luck of its own, so that somewhat less than 90 % of
the intervals hold it. A reading by itself decides "worth it" from 97.5 % on and "not worth it" below 5 %; the answer
asks more of both (METHOD 1). Options include what was tuned after the answer was known. Errors are 1 - AUC, log loss
and RMSE; a ratio is that of two errors, its mean that of logs."""


def page(path: Path, into: Path) -> None:
    """Write the page of what the lines say."""
    found = list(lines.read(path).values())
    own, whole = ([line for line in found if (line["rows"] is None) == given] for given in (False, True))
    if not found:
        return
    failed = [f"{key} ({message})" for key, message in lines.failed(path).items()]
    loads = [line["load"] for line in found]
    left_out = "; ".join(f"{name} ({why})" for name, why in draws.LEFT_OUT.items())
    text = [*_READ.splitlines(), "", *draws_text(own), *tables_text(whole)]
    if failed:
        text += [f"Failed: {'; '.join(failed)}.", ""]
    text += [f"Tables that are not used: {left_out}.", "",
             f"Two workers on two cores that others used too: load {np.mean(loads):.1f} on the mean.", ""]  # fmt: skip
    commands = ["OMP_NUM_THREADS=1 python benchmarks/first_figures.py"]
    pages.write(into, pages.page("First figures", commands, text, {line["code"] for line in found}))
