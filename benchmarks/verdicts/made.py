"""What T3 amounts to: counts of made-up cases -> tables of false answers, power and coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from real import counted, table
from scoring import share_interval
from synthetic import ANY_GAIN, CHANCE_BINS, FOUND_GAIN, GAINS
from trained import KINDS

from advisor.metrics import METRICS

Line = Mapping[str, Any]
METHODS = ("no looks", "no prior", "naive t", "Nadeau-Bengio")


def total(lines: Sequence[Line], name: str) -> int:
    """Sum one count over lines."""
    return round(sum(line["counts"].get(name, 0) for line in lines))


def cases(lines: Sequence[Line]) -> int:
    """Return the number of cases behind lines."""
    return sum(line["cases"] for line in lines)


def simulated(lines: Sequence[Line]) -> list[Line]:
    """Keep the cells whose losses were drawn from a world."""
    return [line for line in lines if "swing" in line]


def rate(lines: Sequence[Line], name: str) -> str:
    """Write how often something was counted."""
    return counted(total(lines, name), cases(lines))


def at_margin(line: Line) -> bool:
    """Tell whether the planted gain is exactly the smallest that is worth having."""
    return line["gain"] == METRICS[line["metric"]].min_gain


def headline(lines: Sequence[Line]) -> dict[str, tuple[int, int, str]]:
    """Return (hits, cases, the worst metric and number of rows) of what T3 promises."""
    own = simulated(lines)
    null, margin = [line for line in own if line["gain"] == 0.0], [line for line in own if at_margin(line)]
    twins, noise = (_kind(lines, kind) for kind in ("twins", "noise"))
    return {
        "false worth it, equal pipelines (simulated)": _with_worst(null, "answer worth_it", "metric"),
        "false worth it, gain at the margin (simulated)": _with_worst(margin, "answer worth_it", "metric"),
        "false worth it, the same pipeline twice (trained)": _with_worst(twins, "answer worth_it", "name"),
        "signal seen in noise (trained)": _with_worst(noise, "signal seen", "name"),
    }


def _with_worst(lines: Sequence[Line], name: str, by: str) -> tuple[int, int, str]:
    cells: dict[tuple[str, int], list[Line]] = {}
    for line in lines:
        cells.setdefault((line[by], line["rows"]), []).append(line)
    if not cells:
        return 0, 0, ""
    (what, rows), worst = max(cells.items(), key=lambda cell: total(cell[1], name) / cases(cell[1]))
    shown = f"worst of {len(cells)} cells: {what}, {rows:,} rows, {counted(total(worst, name), cases(worst))}"
    return total(lines, name), cases(lines), shown if total(lines, name) else ""


def coverage_range(lines: Sequence[Line]) -> str:
    """Say how far coverage differs between metrics and numbers of rows."""
    cells: dict[tuple[str, int], list[Line]] = {}
    for line in simulated(lines):
        cells.setdefault((line["metric"], line["rows"]), []).append(line)
    shares = {cell: total(own, "covered") / cases(own) for cell, own in cells.items()}
    (low, high) = (pick(shares, key=lambda cell: shares[cell]) for pick in (min, max))
    return ", ".join(f"{100 * shares[cell]:.1f} % ({cell[0]}, {cell[1]:,} rows)" for cell in (low, high))


def t3(lines: Sequence[Line]) -> list[str]:
    """Return the tables of T3."""
    own = simulated(lines)
    if not own:
        return ["Not run.", ""]
    sizes = sorted({line["rows"] for line in own})
    text = [f"{cases(own):,} simulated and {cases(lines) - cases(own):,} trained cases.", ""]
    text += table(("promise: at most 5 %", "measured, with exact 95 % interval"),
                  [(name, counted(*found[:2])) for name, found in headline(lines).items()])  # fmt: skip
    text += ['**False "worth it" by metric and rows** (per cent; equal pipelines / gain at the margin):', ""]
    text += table(("metric", *(f"{size:,}" for size in sizes)), [
        (metric, *(
            f"{_share(own, 'answer worth_it', metric=metric, rows=size, gain=0.0)} / "
            f"{_share(own, 'answer worth_it', metric=metric, rows=size, gain=METRICS[metric].min_gain)}"
            for size in sizes))
        for metric in _metrics(own)
    ])  # fmt: skip
    text += [
        '**Power: "worth it" by planted gain and rows** (per cent; gains at or below the margin are in brackets):',
        "",
    ]
    text += table(("metric", "gain", *(f"{size:,}" for size in sizes)), [
        (metric, f"{100 * gain:.0f} %", *(_bracketed(own, metric, size, gain) for size in sizes))
        for metric in _metrics(own) for gain in GAINS
    ])  # fmt: skip
    text += [
        "**Coverage of the 90 % interval** (per cent; of the interval that the user gets, from the look that ended the "
        "case / five folds once / all cuts, had nobody stopped):", "",
    ]  # fmt: skip
    text += table(("metric", *(f"{size:,}" for size in sizes), "all"), [
        (metric, *(_coverages(own, metric=metric, rows=size) for size in sizes), _coverages(own, metric=metric))
        for metric in _metrics(own)
    ])  # fmt: skip
    ended = "; ".join(
        f"{stage} {counted(total(own, f'covered at {stage}'), total(own, f'ended at {stage}'))}"
        for stage in ("defaults", "tuned", "final")
    )
    text += [
        f"By the look that ended the case: {ended}. What ends early was seen far from the margin, and what ends after "
        "the defaults shows the effect of defaults, while the truth here is that of tuned pipelines.", "",
    ]  # fmt: skip
    text += [f"By what training samples add to the variance of the rows: {_by_swing(own)}.", ""]
    heads = ("rows", "cases", "decided", "wrong among decided", "decided at defaults / tuned / final", "Brier skill")
    for gain, drawn in (
        (ANY_GAIN, "with the mean and spread of our own weak prior, which flatters it; fat tails"),
        (FOUND_GAIN, "with the mean and spread of 93 published tables with strong nets; fat tails"),
    ):
        text += [f"**Any gain**, drawn {drawn}: wrong among decided, and what p_worth is worth.", ""]
        anything = [line for line in own if line["gain"] == gain]
        text += table(heads, [
            _any_row(size, [line for line in anything if size in ("all", line["rows"])]) for size in (*sizes, "all")
        ])  # fmt: skip
    text += ["**Other rules on the same simulated cases** (five folds once; with looks up to three repeats):", ""]
    text += table(
        (
            "rule",
            "false worth it, equal",
            "false worth it, at the margin",
            "5 % seen, 10,000 rows",
            "wrong among decided, any gain (our prior)",
            "coverage",
        ),
        [_method_row(method, own) for method in ("ours with looks", *METHODS)],
    )
    return text + _trained(lines)


def _trained(lines: Sequence[Line]) -> list[str]:
    rows = []
    for kind in ("twins", "winners", "groups"):
        for name in KINDS[kind][1]:
            some = [line for line in _kind(lines, kind) if line["name"] == name]
            if some:
                decided = total(some, "answer worth_it") + total(some, "answer not_worth_it")
                rows.append((kind, name, cases(some), counted(decided, cases(some)),
                             counted(total(some, "wrong"), decided), rate(some, "covered")))  # fmt: skip
    text = ["**Really trained, cheap pipelines**:", ""]
    text += table(("kind", "pipelines", "cases", "decided", "wrong among decided", "90 % interval covers"), rows)
    for kind, count, heading in (
        ("noise", "signal seen", "signal seen in pure noise"),
        ("noise", "answer no_signal", "called no_signal, as it is"),
        ("findings", "found", "warned of"),
    ):
        own = _kind(lines, kind)
        sizes = sorted({line["rows"] for line in own})
        text += table((kind, *(f"{heading}, {size:,} rows" for size in sizes)), [
            (name, *(rate([line for line in own if (line["name"], line["rows"]) == (name, size)], count)
                     for size in sizes))
            for name in KINDS[kind][1]
        ])  # fmt: skip
    return text


def _any_row(size: object, lines: Sequence[Line]) -> tuple[object, ...]:
    stages = [total(lines, f"decided at {stage}") for stage in ("defaults", "tuned", "final")]
    base = total(lines, "truly worth it") / max(cases(lines), 1)
    brier = sum(line["counts"]["brier"] for line in lines) / max(cases(lines), 1)
    skill = f"{1 - brier / (base * (1 - base)):.2f}" if 0 < base < 1 else "-"
    shown = " / ".join(map(str, stages))
    return (
        size,
        cases(lines),
        counted(sum(stages), cases(lines)),
        counted(total(lines, "wrong"), sum(stages)),
        shown,
        skill,
    )


def _method_row(method: str, own: Sequence[Line]) -> tuple[object, ...]:
    ours = method == "ours with looks"
    worth = "answer worth_it" if ours else f"{method} worth it"
    null, margin = [line for line in own if line["gain"] == 0.0], [line for line in own if at_margin(line)]
    seen = [line for line in own if line["gain"] == 0.05 and line["rows"] == 10_000]
    anything = [line for line in own if line["gain"] == ANY_GAIN]
    decided = (
        sum(total(anything, f"decided at {stage}") for stage in ("defaults", "tuned", "final"))
        if ours
        else total(anything, f"{method} decided")
    )
    wrong = total(anything, "wrong" if ours else f"{method} wrong")
    return (method, rate(null, worth), rate(margin, worth), rate(seen, worth), counted(wrong, decided),
            rate(own, "covered" if ours else f"{method} covers"))  # fmt: skip


def _by_swing(own: Sequence[Line]) -> str:
    found = []
    for swing in sorted({line["swing"] for line in own}):
        some = [line for line in own if line["swing"] == swing]
        null, margin = [line for line in some if line["gain"] == 0.0], [line for line in some if at_margin(line)]
        found.append(
            f"x{swing}: coverage {rate(some, 'covered')}, false worth it {rate(null, 'answer worth_it')} between "
            f"equals and {rate(margin, 'answer worth_it')} at the margin"
        )
    return "; ".join(found)


def _coverages(own: Sequence[Line], **where: object) -> str:
    return " / ".join(_share(own, name, **where) for name in ("covered", "covered once", "covered by all cuts"))


def _bracketed(own: Sequence[Line], metric: str, rows: int, gain: float) -> str:
    text = _share(own, "answer worth_it", metric=metric, rows=rows, gain=gain)
    return f"({text})" if gain <= METRICS[metric].min_gain else text


def _share(own: Sequence[Line], name: str, **where: object) -> str:
    some = [line for line in own if all(line[key] == value for key, value in where.items())]
    return f"{100 * total(some, name) / cases(some):.1f}" if some else "-"


def _metrics(own: Sequence[Line]) -> list[str]:
    return sorted({line["metric"] for line in own})


def _kind(lines: Sequence[Line], kind: str) -> list[Line]:
    return [line for line in lines if line.get("kind") == kind]


def power(lines: Sequence[Line], gain: float) -> dict[str, list[tuple[int, float, float, float]]]:
    """Return, by metric, (rows, share of "worth it", low, high) for a planted gain."""
    found: dict[str, list[tuple[int, float, float, float]]] = {}
    own = [line for line in simulated(lines) if line["gain"] == gain]
    for metric in _metrics(own):
        for size in sorted({line["rows"] for line in own}):
            some = [line for line in own if (line["metric"], line["rows"]) == (metric, size)]
            if count := cases(some):
                hits = total(some, "answer worth_it")
                found.setdefault(metric, []).append((size, hits / count, *share_interval(hits, count)))
    return found


def calibration(lines: Sequence[Line], gain: str) -> np.ndarray:
    """Return (bins, 3): cases, sum of stated chances, and how many came true, over the cases with gains so drawn."""
    bins = [line["bins"] for line in simulated(lines) if line["gain"] == gain]
    return np.sum(bins, axis=0) if bins else np.zeros((CHANCE_BINS, 3))
