"""Stored results -> a page of tables and two figures; every number is computed from the lines, none is typed in.

python benchmarks/verdicts/report.py FOLDER      writes FOLDER.md, and the figures into FOLDER; seconds
"""

from __future__ import annotations

import argparse
import platform
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ablate
import lines
import made
import matplotlib.pyplot as plt
import numpy as np
import real
from cases import LARGE, PUBLISHED, is_scored
from scoring import DECIDED, share_interval
from synthetic import ANY_GAIN, FOUND_GAIN, GAINS

from advisor import costs
from advisor.document import installed

Line = Mapping[str, Any]
PACKAGES = (
    "neural-net-advisor",
    "numpy",
    "scipy",
    "scikit-learn",
    "xgboost",
    "lightgbm",
    "catboost",
    "torch",
    "optuna",
)


def machine() -> dict[str, Any]:
    """Describe where and with what results were made; no path and no name of the machine."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": costs.cpu_name(),
        "versions": {name: installed(name) for name in PACKAGES},
    }


def code() -> str:
    """Name the commit that results are made with, with a "+" where the code has been changed since."""

    def git(*asked: str) -> str:
        root = Path(__file__).resolve().parents[2]
        return subprocess.run(["git", *asked], cwd=root, capture_output=True, text=True).stdout.strip()

    changed = git("diff", "--name-only", "HEAD", "--", "advisor", "benchmarks")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + ("+" if changed else "")


def write(folder: Path) -> None:
    """Recompute the ablations and write the page beside the folder of results, the figures into it."""
    ablate.write(folder)
    t1, t2, t3 = (list(lines.read(folder / f"{part}.jsonl").values()) for part in ("t1", "t2", "t3"))
    ablations = lines.read(folder / "ablations.jsonl")
    text = ["# The judge is judged", "", *aims(t1, t3, ablations)]
    text += ["## T1: large tables, few rows drawn, the truth from the rest", "", _T1, ""]
    text += real.t1(t1, ablations) if t1 else ["Not run.", ""]
    if t1 and ablations:
        text += ["Other rules on the same runs, recomputed from what was kept:", "", *real.by_rule(t1, ablations)]
    text += ["## T2: published verdicts", "", _T2, "", *(real.t2(t2) if t2 else ["Not run.", ""])]
    text += ["## T3: made-up cases with a known winner", "", _T3, "", *made.t3(t3)]
    if t3:
        figures(t3, folder)
        text += [f"![Power by rows and gain]({folder.name}/power.svg)", ""]
        text += [f"![Stated chances against what came true]({folder.name}/calibration.svg)", ""]
    text += conditions(folder)
    page = folder.parent / f"{folder.name}.md"
    page.write_text("\n".join(text).rstrip() + "\n", encoding="utf-8")
    print(page)


_T1 = """\
From each table rows are drawn at random and given to `advisor.compare`; its answer is held against up to 20,000 rows
that were not drawn. The truth is measured on both champions, trained again on all drawn rows: it belongs to this draw
and this training, not to the average of the pipelines, and where a pipeline's champion differed from cut to cut it is
that of the most cuts. Its fits may take a third of the budget each, longer than those of the run at 10,000 rows, which
is to the net's advantage. It is "undecidable" where its own one-sided 95 % interval holds the margin. Regret is the
share of the chosen model's error that the best of those measured would have avoided: both champions and CatBoost as
shipped. Intervals draw whole data sets with replacement; those of counts are exact (Clopper and Pearson) and take draws
as independent, which several draws of one table are not.

The first draw of each table (seed 0) was read more than once while the rules of the answers were still being mended,
and answered again by the mended rules; only the second (seed 1) was answered once, by rules that did not know it: but
for shuttle at 500 rows, which had first been "not worth it" at both seeds, on a log loss of 1e-9 out of fold, and was
answered again once a side that loses next to nothing was charged for it. No draw of the tables that are not scored has
been used."""
_T2 = """\
Published verdicts are about other nets, other splits, often other sizes (here at most 10,000 rows), and TabZilla
chose its champions by test score and has older nets. They compare nets with trees, while our classical side also has a
linear model and neighbours, which lead on some tables. The metric is theirs. Regret is by their figures. A disagreement
is therefore not always our error, nor an agreement our merit. What tuning may add at the look at defaults was learnt
from published results of 38 tables, some of these among them."""
_T3 = """\
Simulated: row losses of two pipelines with planted gain, common hard rows, heavy tails, and training samples that add
0.4 or 1.0 times the variance of the rows; judged by the product's own figures at the looks "defaults", "tuned" (five
folds, or three from 20,000 rows on) and "final" (three repeats up to 20,000 rows). The absolute floor and limits are
not asked. Trained: real fits of cheap pipelines; true effects from symmetry or from 20,000 rows that nobody trained
on."""


def aims(t1: Sequence[Line], t3: Sequence[Line], ablations: Mapping[str, Line]) -> list[str]:
    """Set what was aimed at against what was reached."""
    rows: list[tuple[str, str, str, str]] = []
    own = real.scored(t1)
    if both := real.both(own):
        wrong, known, _ = real.wrong_among_decided(own)
        rows.append(_at_most("T1: wrong among decided at most 3 %", wrong, known, 0.03))
        found = [real.strategies(line, ablations.get(line["key"])) for line in both]
        clusters = [line["dataset"] for line in both]
        ours = [each["advisor"] for each in found]
        others = "; ".join(
            f"{name}: {real.mean_with_interval([each[name] for each in found], clusters)}"
            for name in ("always the classical champion", "always boosted trees (CatBoost, defaults)", "always the net")
        )
        rows.append((
            "T1: mean regret at most 1.5 %, where plain rules pay 5-8 %", real.mean_with_interval(ours, clusters),
            _met(float(np.mean(ours)), real.mean_interval(ours, clusters)[1], 0.015), others,
        ))  # fmt: skip
        answered = [line for line in own if line["answer"] in DECIDED]
        if shares := real.protocol_shares(answered):
            of = [line["dataset"] for line in answered if line["rows"] >= real.MANY_ROWS]
            rows.append((
                "T1: cost of an answer at most 40 % of the full protocol from 10,000 rows on",
                real.mean_with_interval(shares, of),
                _met(float(np.mean(shares)), real.mean_interval(shares, of)[1], 0.4),
                f"{len(shares)} answers; of the budget: {real.mean_with_interval(real.cost_shares(answered), of)}",
            ))  # fmt: skip
        skill, bounds, count = real.brier_of(own)
        rows.append((
            "T1: Brier skill of p_worth above 0.25", f"{skill:.2f} [{bounds[0]:.2f}, {bounds[1]:.2f}]",
            _met(-skill, -bounds[0], -0.25), f"{count} cases",
        ))  # fmt: skip
    for name, (hits, count, beside) in made.headline(t3).items():
        rows.append((*_at_most(f"T3: {name} at most 5 %", hits, count, 0.05)[:3], beside))
    if t3:
        simulated = made.simulated(t3)
        covered, count = made.total(simulated, "covered"), made.cases(simulated)
        low, high = share_interval(covered, count)
        rows.append((
            "T3: coverage of the 90 % interval that the user gets 85-95 %", real.counted(covered, count),
            _met(abs(covered / count - 0.9), max(0.9 - low, high - 0.9), 0.05),
            f"had nobody stopped: {real.counted(made.total(simulated, 'covered by all cuts'), count)}; "
            f"{made.coverage_range(t3)}",
        ))  # fmt: skip
    notes = '"Met" is "yes" where the whole 95 % interval keeps to the aim, "as it looks" where only the estimate does.'
    return [*real.table(("aim", "reached", "met", "beside it"), rows), notes, ""] if rows else []


def _at_most(name: str, hits: int, count: int, aim: float) -> tuple[str, str, str, str]:
    share = hits / count if count else float("nan")
    return name, real.counted(hits, count), _met(share, share_interval(hits, count)[1], aim), ""


def _met(estimate: float, bound: float, aim: float) -> str:
    """Say whether a figure that should be at most `aim` is, given its estimate and its upper bound."""
    if not np.isfinite(estimate):
        return "not measured"
    return "no" if estimate > aim else "yes" if bound <= aim else "as it looks"


def figures(t3: Sequence[Line], folder: Path) -> None:
    """Draw the power curves and the calibration of p_worth as SVG."""
    plt.rcParams.update({"svg.hashsalt": "verdicts", "svg.fonttype": "none", "font.size": 9})
    gains = [gain for gain in GAINS if gain > 0]
    figure, axes = plt.subplots(1, len(gains), figsize=(11, 3), sharey=True, layout="constrained")
    for axis, gain in zip(axes, gains, strict=True):
        for metric, points in made.power(t3, gain).items():
            rows, share, low, high = np.array(points).T
            axis.errorbar(rows, share, yerr=[share - low, high - share], marker="o", markersize=3, label=metric)
        axis.set(xscale="log", xlabel="rows", title=f"planted gain {100 * gain:.0f} %", ylim=(-0.02, 1.02))
        axis.axhline(0.05, color="grey", linewidth=0.5)
    axes[0].set_ylabel('share of "worth it"')
    axes[0].legend(frameon=False)
    _save(figure, folder / "power.svg")
    figure, axis = plt.subplots(figsize=(4, 4), layout="constrained")
    axis.plot([0, 1], [0, 1], color="grey", linewidth=0.5)
    for gain, marker, drawn in ((ANY_GAIN, "o", "as our prior has them"), (FOUND_GAIN, "s", "as published tables do")):
        count, stated, true = made.calibration(t3, gain).T
        present = count > 0
        bounds = np.array(
            [share_interval(round(hits), round(n)) for hits, n in zip(true[present], count[present], strict=True)]
        )
        share = true[present] / count[present]
        axis.errorbar(stated[present] / count[present], share, yerr=np.abs(bounds.T - share), fmt=marker, markersize=3,
                      label=f"{count.sum():,.0f} cases, gains {drawn}")  # fmt: skip
    axis.set(xlabel="p_worth when the case ended, mean of a tenth", ylabel="share truly worth it")
    axis.legend(frameon=False, fontsize=7)
    _save(figure, folder / "calibration.svg")


def _save(figure: Any, path: Path) -> None:
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(figure)


def conditions(folder: Path) -> list[str]:
    """Say with what, from which commands and on which frozen lists the results were made."""
    commands = list(lines.read(folder / "commands.jsonl").values())
    if not commands:
        return []
    last = commands[-1]
    versions = ", ".join(f"{name} {number}" for name, number in last["versions"].items() if number)
    names = [entry.dataset for entry in PUBLISHED]
    made_by = Counter(
        (line["part"].upper(), line["code"])
        for part in ("t1", "t2")
        for line in lines.read(folder / f"{part}.jsonl").values()
    )
    return [
        "## Conditions", "",
        f"{last['cpu']}, {last['system']}, Python {last['python']}; {versions}. Commands:", "",
        *(f"    {command}" for command in (command["key"] for command in commands)), "",
        "Ablations and this page again, without training: `python benchmarks/verdicts/report.py FOLDER`. Cases, seeds "
        "and the split are in `benchmarks/verdicts/cases.py`; a simulated case is seeded by the name of its world and "
        "its number.", "",
        *(f"- {part}: {count} cases with commit {commit}" for (part, commit), count in sorted(made_by.items())),
        f"- T1, scored: {', '.join(name for name in LARGE if is_scored(name))}",
        f"- T1, for choosing thresholds, not scored: {', '.join(name for name in LARGE if not is_scored(name))}",
        f"- T2, scored: {', '.join(name for name in names if is_scored(name))}",
        f"- T2, for choosing thresholds, not scored: {', '.join(name for name in names if not is_scored(name))}",
    ]  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    write(parser.parse_args().folder)
