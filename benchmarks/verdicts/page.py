"""The record as a page: reports/verdicts.md, every figure computed from lines; nothing is run here.

    python benchmarks/verdicts/page.py            reports/verdicts.md
    python benchmarks/verdicts/page.py --quick    of what --quick left in advisor-runs

Lines are those of real.py, published.py and choice_simulation.py, of all_tables.py and of peers.py, as far as they are.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))  # what benchmarks share lies a folder up

import aims
import all_tables
import draws
import lines
import numpy as np
import pages
import published
import real
import scoring
import truth
from aims import mean_error
from lines import Line
from pages import counted, per_cent
from sklearn.metrics import roc_auc_score
from tables import PUBLISHED, is_scored

NAMES = {"classical": "classical champion", "neural": "neural champion", "classical_blend": "blend of the classical",
         "blend": "blend of all"}  # fmt: skip
COMMANDS = (
    "OMP_NUM_THREADS=1 python benchmarks/verdicts/real.py", "OMP_NUM_THREADS=1 python benchmarks/verdicts/published.py",
    "python benchmarks/verdicts/page.py",
)  # fmt: skip
READ = """\
T1 draws rows of real tables and holds what is answered and handed over against rows that nobody saw; T2 holds answers
against what others published of the same tables; T3 is simulated ([choice_simulation.md](choice_simulation.md)). Which
tables and which draws was written down before any of it was run; two draws of one table are one cluster, so that every
standard error, in brackets, is over tables. An error is 1 - AUC, log loss or RMSE; a ratio is that of two errors, its
mean that of logs.

The truth of a reading is the log ratio of the errors of its two sides, as they were when the answer was known, fitted
again on all rows, on up to 20,000 other rows: one training, with luck of its own, so that somewhat less than 90 % of
the intervals hold it. An answer is wrong where the truth lies on the other side of the margin: "worth it" by the
reading that carries it, "not worth it" by either; in brackets, where it lies there beyond the one-sided 95 % of the
rows that it was measured on. A net was worth it where either reading's truth lies that far above its margin. Decided
are "worth it" and "not worth it"; "no signal" is not counted. A reading by itself decides "worth it" from 99 % on
alone and from 96 % on in company (from 95 % on where it is the only one) and "not worth it" below 5 %; the answer asks
for the latter in company, and alone for no more than 20 %. The best measured is the least error of champions and
blends, fitted again on all rows or made of their models of the folds, tuned after the answer was known too, and of
CatBoost as shipped; chosen by the rows that it is measured on, it is flattered by them.

Not all of it is unseen: the first seven draws of 500 rows, seed 3, had been read once, of earlier code, when the rule
for "not worth it" was changed (its threshold was set by simulation). Seed 4 has not been read by anybody."""
RELIABILITY = """\
Of every reading the chance that it gave (`p_worth`) against what is true. A truth on few rows may lie on the wrong side
of the margin by luck, so that it counts as Phi((theta - margin) / its standard error) and not as 0 or 1, in the Brier
score too."""


def summary(own: Sequence[Line]) -> list[str]:
    """Return what the draws of one size amount to."""
    handed = [scoring.handed(line) for line in own]
    worst = int(np.argmax(handed))
    known = [line for line in own if scoring.answer_is_wrong(line) is not None]
    wrong, clear = (sum(bool(scoring.answer_is_wrong(line, noise)) for line in known) for noise in (0, scoring.NOISE))
    worth = [line for line in own if scoring.is_worth_it(line)]
    ends, firsts = (
        [line[name] for line in own if line[name] is not None] for name in ("answered_seconds", "first_seconds")
    )
    costs = [line["cost"]["ours"] / line["cost"]["nested"] for line in own if line["cost"]["nested"]]
    text = [
        f"- handed over against CatBoost as shipped, error: {mean_error(handed, own)} on {len(own)} draws of "
        f"{len({line['dataset'] for line in own})} tables; better on {sum(log < 0 for log in handed)}; worst "
        f"{100 * np.expm1(handed[worst]):+.1f} % on {own[worst]['dataset']}",
        f"- answers: {_counts(line['answer'] for line in own)}; decided "
        f"{counted(sum(line['answer'] in scoring.DECIDED for line in own), len(own))}, wrong {wrong} ({clear}) of "
        f"{len(known)} whose truth is known",
        f"- nets that were worth it: {len(worth)}, recognised {sum(line['answer'] == 'worth_it' for line in worth)}",
        f"- seconds: {np.mean([line['spent_seconds'] for line in own]):.0f} spent on the mean"
        + (f"; a first complete answer after {np.mean(firsts):.0f}" if firsts else "")
        + f"; the answer was known before the end in {len(ends)} runs"
        + (f", there after {np.mean(ends):.0f}" if ends else ""),
        f"- the folds up to the answer took {per_cent(float(np.mean(costs))) if costs else '-'} of what nested "
        "cross-validation of the same candidates takes (fifteen cuts, five inner folds: benchmarks/verdicts/nested.py)",
        f"- members were fitted on: {_counts(line['recommended']['fitted_on'] for line in own)}; with problems: "
        f"{sum(bool(line['recommended']['problems']) for line in own)}; rows used: all in "
        f"{sum(line['rows_used'] >= 0.99 * line['rows'] for line in own)} of {len(own)} runs", "",
    ]  # fmt: skip
    heads = ("reading", "decided by itself", "worth it", "not worth it", "wrong (beyond the truth's noise)",
             "90 % interval holds the truth", "bias of theta")  # fmt: skip
    text += pages.table(heads, [by_reading(own, how) for how in truth.READINGS])
    rows = [("handed over", *_error_and_regret(own, [line["errors"]["handed"] for line in own]))]
    for which, name in NAMES.items():
        rows.append((name, *_error_and_regret(own, [scoring.option_error(line, which) for line in own])))
    rows.append(("CatBoost as shipped", *_error_and_regret(own, [line["errors"]["catboost"] for line in own])))
    return text + pages.table(
        ("what is used", "error against CatBoost as shipped", "mean regret against the best measured", "largest"), rows
    )


def by_reading(own: Sequence[Line], how: str) -> tuple[object, ...]:
    """Return the row of a reading: decided, wrong among them, beyond the truth's own noise, coverage, bias."""
    known = [(line, said) for line in own
             if (said := scoring.decided(line, how)) and scoring.true_effect(line, how)]  # fmt: skip
    wrong, clear = (
        sum(scoring.is_wrong(said, line, how, noise) for line, said in known) for noise in (0, scoring.NOISE)
    )
    held = [inside for line in own if (inside := scoring.covers(line, how)) is not None]
    told = [(line["readings"][how]["gain"]["estimate"], effect[0]) for line in own
            if (effect := scoring.true_effect(line, how))]  # fmt: skip
    off = [truth.theta_of(gain) - theta for gain, theta in told if gain is not None]
    worth = sum(said == "worth_it" for _, said in known)
    return (
        how.replace("_", " "), f"{len(known)} of {len(own)}", worth, len(known) - worth, f"{wrong} ({clear})",
        counted(sum(held), len(held)), f"{np.mean(off):+.3f}" if off else "-",
    )  # fmt: skip


def _error_and_regret(own: Sequence[Line], errors: Sequence[float | None]) -> tuple[str, str, str]:
    logs, regrets = (
        [scored(line, error) for line, error in zip(own, errors, strict=True)]
        for scored in (scoring.against_catboost, scoring.regret)
    )
    known = [log for log in regrets if np.isfinite(log)]
    return mean_error(logs, own), mean_error(regrets, own), per_cent(float(np.expm1(max(known)))) if known else "-"


def _counts(names: Iterable[Any]) -> str:
    return ", ".join(f"{str(name).replace('_', ' ')} {count}" for name, count in sorted(Counter(names).items()))


def draw_row(line: Line) -> tuple[object, ...]:
    """Return the row of a draw."""
    readings = []
    for how in truth.READINGS:
        reading, effect = line["readings"].get(how), scoring.true_effect(line, how)
        said = "-" if reading is None else f"{per_cent(reading['gain']['estimate'])}, p {reading['p_worth']:.2f}"
        readings.append(said + ("" if effect is None else f"; true {per_cent(-float(np.expm1(-effect[0])))}"))
    wrong, known = scoring.answer_is_wrong(line), line["answered_seconds"]
    return (
        line["dataset"], line["seed"], line["metric"], _answer(line) + (", wrong" if wrong else ""), *readings,
        f"{line['recommended']['which'].replace('_', ' ')} ({line['recommended']['fitted_on']})",
        f"{line['errors']['handed']:.4g}", f"{line['errors']['catboost']:.4g}",
        f"{100 * np.expm1(scoring.handed(line)):+.1f} %",
        per_cent(float(np.expm1(scoring.regret(line, line["errors"]["handed"])))),
        f"{line['spent_seconds']:.0f}" + ("" if known is None else f" ({known:.0f})"),
    )  # fmt: skip


def _answer(line: Line) -> str:
    return str(line["answer"]).replace("_", " ") + (f" ({line['how'].replace('_', ' ')})" if line["how"] else "")


def real_text(found: Sequence[Line]) -> list[str]:
    """Return what the draws amount to, size by size, with a row for each."""
    text: list[str] = []
    for rows, seconds in sorted({(line["rows"], line["budget_seconds"]) for line in found}):
        own = [line for line in found if (line["rows"], line["budget_seconds"]) == (rows, seconds)]
        text += [f"## T1: {len(own)} draws of {rows:,} rows, {seconds:.0f} s each", "", *summary(own)]
        text += ["<details><summary>Every draw</summary>", "", *pages.table(
            ("table", "seed", "metric", "answer", "alone: gain", "in company: gain", "handed over (fitted on)",
             "its error", "CatBoost's", "change", "regret", "seconds (answer known)"),
            [draw_row(line) for line in own],
        ), "</details>", ""]  # fmt: skip
    return text


def reliability_text(found: Sequence[Line]) -> list[str]:
    """Return whether `p_worth` means what it says: over all draws, and reading by reading."""
    cells: list[tuple[object, ...]] = []
    for name, hows in (("both", truth.READINGS), *((how.replace("_", " "), (how,)) for how in truth.READINGS)):
        told = scoring.chances(found, hows)
        for bin_, count, said, true in scoring.reliability(told):
            cells.append((name, bin_, count, per_cent(said, 0), per_cent(true, 0)))
        if told:
            cells.append((name, "all", len(told), *(
                per_cent(float(np.mean([getattr(one, what) for one in told])), 0) for what in ("said", "true")
            )))  # fmt: skip
    if not cells:
        return []
    skills = ", ".join(
        f"{name} {scoring.brier_skill(scoring.chances(found, hows)):.2f}"
        for name, hows in (("both readings", truth.READINGS), ("alone", ("alone",)), ("in company", ("in_company",)))
    )
    return [
        "## Does `p_worth` mean what it says?", "", *RELIABILITY.splitlines(), "",
        *pages.table(("reading", "p_worth", "readings", "their mean", "share that is true"), cells),
        f"Brier skill, 1 - Brier(p_worth) / Brier(the share that is true): {skills}.", "",
    ]  # fmt: skip


def agrees(line: Line) -> bool | None:
    """Tell whether an answer agrees with what was published: "nn" is worth it, "tree" and "tie" are not; None: open."""
    if line["answer"] not in scoring.DECIDED:
        return None
    return bool((line["answer"] == "worth_it") == (line["published"] == "nn"))


def ranks(found: Sequence[Line]) -> float | None:
    """Return how well p_worth of nets alone ranks tables where nets were published to win above the others, as an AUC.

    None where there is only one kind of them.
    """
    told = [(line["published"] == "nn", line["readings"]["alone"]["p_worth"]) for line in found
            if line["readings"].get("alone") and line["readings"]["alone"]["p_worth"] is not None]  # fmt: skip
    if len({won for won, _ in told}) < 2:
        return None
    return float(roc_auc_score(*zip(*told, strict=True)))


def published_text(found: Sequence[Line]) -> list[str]:
    """Return how answers compare with published results."""
    if not found:
        return []
    said = [agrees(line) for line in found]
    company = sum(
        agrees(line) is False and line["answer"] == "worth_it" and line["how"] == "in_company" for line in found
    )
    auc = ranks(found)
    rows = []
    for line in sorted(found, key=lambda line: line["dataset"].lower()):
        gains = [
            "-" if (reading := line["readings"].get(how)) is None
            else f"{per_cent(reading['gain']['estimate'])}, p {reading['p_worth']:.2f}" for how in truth.READINGS
        ]  # fmt: skip
        rows.append((
            line["dataset"], f"{line['rows']:,}", f"{line['rows_used']:,}", line["metric"], line["source"],
            f"{line['published']} ({per_cent(line['published_gain'])})", _answer(line),
            {True: "agrees", False: "disagrees", None: "open"}[agrees(line)], *gains, f"{line['spent_seconds']:.0f}",
        ))  # fmt: skip
    heads = ("table", "rows", "rows used", "metric", "published by", "published", "answer", "", "alone: gain",
             "in company: gain", "seconds")  # fmt: skip
    return [
        f"## T2: {len(found)} published results, {found[0]['budget_seconds']:.0f} s each", "",
        "Published: whether the best tuned net (nn) or the best tuned tree beat the other, by their relative error "
        'reduction; with "nn" agrees "worth it", with "tree" and "tie" agrees "not worth it". What others used of '
        "rows, splits and learners is not what is used here, so that agreement is no truth.", "",
        f"- agrees {said.count(True)}, disagrees {said.count(False)}, open {said.count(None)}; of those that disagree "
        f'{company} are "worth it" in company, of which results of single models do not speak',
        f"- p_worth of nets alone ranks the tables where nets won above the others with an AUC of "
        f"{'-' if auc is None else f'{auc:.2f}'}", "",
        "<details><summary>Every table</summary>", "", *pages.table(heads, rows), "</details>", "",
    ]  # fmt: skip


def left_out() -> list[str]:
    """Say which tables are not used, and why."""
    drawn = "; ".join(f"{name} ({why})" for name, why in draws.LEFT_OUT.items())
    unscored = ", ".join(entry.dataset for entry in PUBLISHED if not is_scored(entry.dataset))
    return [
        "## What was left out", "", f"No draws from: {drawn}.", "",
        f"Published results that are not scored, since thresholds may have been chosen on them: {unscored}.", "",
    ]  # fmt: skip


def page(folder: Path, simulated: Sequence[Line] = ()) -> None:
    """Write verdicts.md into the folder that has the lines."""
    paths = {name: folder / name for name in (real.NAME, published.NAME, all_tables.NAME, "peers.jsonl")}
    found = {name: list(lines.read(path).values()) for name, path in paths.items()}
    drawn, told = found[real.NAME], found[published.NAME]
    told = [line for line in told if line["budget_seconds"] == published.SECONDS] or told
    record: dict[int, list[Line]] = {}
    for line in drawn:
        if real.is_record(line):
            record.setdefault(line["rows"], []).append(line)
    known = aims.Lines(record, simulated, found["peers.jsonl"], found[all_tables.NAME])
    heads = ("aim", "the old design", "to reach", "measured", "reached", "command")
    planned = len(real.planned(draws.read_index())) if (draws.DATA / "index.csv").is_file() else None
    text = [
        *READ.splitlines(), "",
        "## Aims", "", *pages.table(heads, aims.rows(known)),
        f"T1 so far: {len(known.drawn)} of {planned or 'all'} draws. In brackets behind a mean: its standard error; in "
        "square brackets: a 95 % interval.", "",
        *reliability_text(known.drawn or drawn), *real_text(drawn), *published_text(told), *left_out(),
    ]  # fmt: skip
    failed = {**lines.failed(paths[real.NAME]), **lines.failed(paths[published.NAME])}
    if failed:
        text += [f"Failed: {'; '.join(f'{key} ({message})' for key, message in failed.items())}.", ""]
    made = [*drawn, *told]
    if made:
        text += [f"Two workers on two cores, a load of {np.mean([line['load'] for line in made]):.1f} on the mean.", ""]
    pages.write(folder / "verdicts.md", pages.page("The record", COMMANDS, text, {line["code"] for line in made}))


def main() -> None:
    """Write the pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder of the lines and pages (default: reports)")
    parser.add_argument("--quick", action="store_true", help="of what --quick left in advisor-runs")
    options = parser.parse_args()
    page(pages.folder(options.out, options.quick, "verdicts"), [] if options.quick else aims.simulated())


if __name__ == "__main__":
    main()
