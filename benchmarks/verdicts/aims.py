"""What was to be reached, beside what was measured: a row an aim, from whatever lines there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import choice_simulation
import made
import numpy as np
import pages
import real
import scoring
import truth
from lines import Line
from pages import per_cent

T1 = "OMP_NUM_THREADS=1 python benchmarks/verdicts/real.py"
T3 = choice_simulation.COMMAND
PEERS = "python benchmarks/peers.py --python PYTHON [--seconds 600]"
ALL_TABLES = "OMP_NUM_THREADS=1 python benchmarks/all_tables.py"
NOT_MEASURED = "not measured yet"
# Cells of the simulation with fewer cases than this are no cells.
FEWEST_CASES = 40


@dataclass(frozen=True)
class Found:
    """What was measured, in words, and whether it is what was to be reached; None where that is not known yet."""

    words: str = NOT_MEASURED
    reached: bool | None = None


@dataclass(frozen=True)
class Lines:
    """The lines that there are: of T1 by number of rows (budgets of the record), of T3, of peers, of all tables."""

    real: dict[int, list[Line]] = field(default_factory=dict)
    simulated: Sequence[Line] = ()
    peers: Sequence[Line] = ()
    all_tables: Sequence[Line] = ()

    @property
    def drawn(self) -> list[Line]:
        """Return the lines of T1 of all sizes."""
        return [line for own in self.real.values() for line in own]


@dataclass(frozen=True)
class Aim:
    """An aim: what it is, what the old design had, what is to be reached, how it is found, and by which command."""

    what: str
    before: str
    wanted: str
    found: Callable[[Lines], Found]
    command: str


def by_table(logs: Sequence[float], own: Sequence[Line]) -> list[float]:
    """Return means over the draws of one table: these are one cluster. Figures that are not known are left out."""
    known = [(log, line["dataset"]) for log, line in zip(logs, own, strict=True) if np.isfinite(log)]
    return pages.by_cluster([log for log, _ in known], [table for _, table in known])


def mean_error(logs: Sequence[float], own: Sequence[Line]) -> str:
    """Write the mean of log ratios as a change in per cent, with its standard error over tables."""
    return pages.mean_ratio(by_table(logs, own))


def simulated(path: Path = choice_simulation.OUT / "trained.jsonl") -> list[Line]:
    """Return the simulated cases with real trainings, none where they were not run."""
    return [line for case in choice_simulation.known(path).values() for line in case["readings"]]


def _sizes(found: Lines, told: Callable[[list[Line]], str]) -> str:
    return "; ".join(f"{rows:,} rows: {told(own)}" for rows, own in sorted(found.real.items()))


def _all_sizes(found: Lines) -> bool:
    return set(found.real) == set(real.SECONDS)


def decided(found: Lines) -> Found:
    """How many answers are decided at each size, and how many of all decided are wrong."""
    if not found.real:
        return Found()
    wanted = {500: 0.35, 2_000: 0.50, 10_000: 0.75}
    share = {rows: float(np.mean([line["answer"] in scoring.DECIDED for line in own]))
             for rows, own in found.real.items()}  # fmt: skip
    known = [line for line in found.drawn if scoring.answer_is_wrong(line) is not None]
    wrong, clear = (sum(bool(scoring.answer_is_wrong(line, noise)) for line in known) for noise in (0, scoring.NOISE))
    words = _sizes(found, lambda own: f"{per_cent(share[own[0]['rows']], 0)} of {len(own)}")
    words += f"; wrong {pages.counted(wrong, len(known))}, beyond the truth's noise {clear}"
    enough = all(share[rows] >= least for rows, least in wanted.items() if rows in share)
    right = bool(known) and wrong / len(known) <= 0.03
    return Found(words, enough and right if _all_sizes(found) else None)


def handed_over(found: Lines) -> Found:
    """The error of what is handed over against CatBoost as shipped, at each size."""
    if not found.real:
        return Found()
    means = [np.mean(by_table([scoring.handed(line) for line in own], own)) for own in found.real.values()]
    words = _sizes(found, lambda own: mean_error([scoring.handed(line) for line in own], own))
    return Found(words, bool(max(means) <= np.log(0.93)) if _all_sizes(found) else None)


def regret(found: Lines) -> Found:
    """How much more error what is handed over makes than the best that was measured, and the worst draw."""
    own = found.drawn
    if not own:
        return Found()
    logs = [scoring.regret(line, line["errors"]["handed"]) for line in own]
    worst = int(np.nanargmax(logs))
    at = f"{own[worst]['dataset']}, {own[worst]['rows']:,} rows"
    words = f"{mean_error(logs, own)}; worst {per_cent(float(np.expm1(logs[worst])))} ({at})"
    reached = bool(np.mean(by_table(logs, own)) <= np.log(1.01) and logs[worst] <= np.log(1.10))
    return Found(words, reached if _all_sizes(found) else None)


def recognised(found: Lines) -> Found:
    """Of the draws of 2,000 rows and more where a net truly was worth it, on how many that was the answer."""
    larger = [line for line in found.drawn if line["rows"] >= 2_000]
    worth = [line for line in larger if scoring.is_worth_it(line)]
    if not worth:
        return Found(f"none was, on {len(larger)} draws") if larger else Found()
    hits = sum(line["answer"] == "worth_it" for line in worth)
    return Found(pages.counted(hits, len(worth)), hits > len(worth) / 2 if _all_sizes(found) else None)


def brier(found: Lines) -> Found:
    """The Brier skill of p_worth, both readings, with an interval over tables."""
    told = scoring.chances(found.drawn)
    skill = scoring.brier_skill(told)
    if not np.isfinite(skill):
        return Found()
    low, high = pages.cluster_interval(told, [one.table for one in told], scoring.brier_skill)  # type: ignore[arg-type]
    words = f"{skill:.2f} [{low:.2f} to {high:.2f}], {len(told)} readings"
    return Found(words, skill > 0.25 if _all_sizes(found) else None)


def cost(found: Lines) -> Found:
    """What an answer took at 10,000 rows, of what nested cross-validation of the same candidates takes."""
    own = found.real.get(10_000, [])
    shares = by_table([_cost(line) for line in own], own)
    if not shares:
        return Found()
    mean = float(np.mean(shares))
    return Found(f"{per_cent(mean)} on the mean of {len(own)} draws", mean <= 0.10)


def _cost(line: Line) -> float:
    return line["cost"]["ours"] / line["cost"]["nested"] if line["cost"]["nested"] else float("nan")


def cells(found: Sequence[Line]) -> dict[str, list[Line]]:
    """Return the simulated cases by number of rows and by metric, as far as these are cells."""
    rows = {f"{n:,} rows": [line for line in found if line["rows"] == n] for n in {line["rows"] for line in found}}
    metrics = {name: [line for line in found if line["metric"] == name] for name in {line["metric"] for line in found}}
    return {name: own for name, own in (rows | metrics).items() if len(own) >= FEWEST_CASES}


def false_share(own: Iterable[Line], *, at_margin: bool) -> float:
    """Return how often either reading of a case would say "worth it" were it truly even, or just at the margin."""
    hits = []
    for line in own:
        hows = [how for how in made.HOWS if how in line]
        for training in range(len(line[hows[0]]["truth"])):
            seen = [made.seen_of(line, how, training) for how in hows]
            hits.append(any(
                made.worth_it(one, one.truth, one.truth) if at_margin else made.worth_it(one, 0.0, made.margin(line))
                for one in seen
            ))  # fmt: skip
    return float(np.mean(hits))


def false_worth(found: Lines) -> Found:
    """How often "worth it" is false in the simulation: over all cases, and in the worst cell."""
    if not found.simulated:
        return Found()
    even, margin = (false_share(found.simulated, at_margin=at) for at in (False, True))
    by_cell = {name: false_share(own, at_margin=True) for name, own in cells(found.simulated).items()}
    if not by_cell:
        return Found(f"{per_cent(even)} / {per_cent(margin)}; too few cases for cells")
    worst = max(by_cell, key=lambda name: by_cell[name])
    words = f"{per_cent(even)} / {per_cent(margin)} of {len(found.simulated)} cases; worst {per_cent(by_cell[worst])}"
    return Found(f"{words} ({worst})", by_cell[worst] <= 0.05)


def coverage(found: Lines) -> Found:
    """How often the 90 % interval holds the truth in the simulation: over all, and from cell to cell."""
    shares = {
        f"{made.SPOKEN[how]}, {name}": float(np.mean(held))
        for name, own in cells(found.simulated).items()
        for how in made.HOWS
        if (held := [made.covers(seen) for seen in made.seen_in(own) if seen.how == how])
    }
    if not shares:
        return Found()
    overall = float(np.mean([made.covers(seen) for seen in made.seen_in(found.simulated)]))
    low, high = min(shares, key=lambda name: shares[name]), max(shares, key=lambda name: shares[name])
    words = f"{per_cent(overall)}; from {per_cent(shares[low])} ({low}) to {per_cent(shares[high])} ({high})"
    return Found(words, shares[low] >= 0.85 and shares[high] <= 0.95)


def peer_ratios(found: Iterable[Line], peer: str, seconds: float) -> list[tuple[float, Line]]:
    """Return log ratios of our error to a peer's on the same draw within the same budget, each with our line."""
    own = {line["key"]: line for line in found if line["budget_seconds"] == seconds}
    by_draw: dict[tuple[str, str], Line] = {(line["draw"], line["peer"]): line for line in own.values()}
    return [
        (truth.log_ratio(line["error"], by_draw[draw, peer]["error"], line["dummy"]), line)
        for (draw, name), line in by_draw.items() if name == "advisor" and (draw, peer) in by_draw
    ]  # fmt: skip


def against_peer(peer: str, wanted: dict[float, float]) -> Callable[[Lines], Found]:
    """Return what finds our error against a peer's: `wanted` is {seconds: largest change, as a share}."""

    def found(given: Lines) -> Found:
        words, reached, seen = [], [], []
        for seconds, most in wanted.items():
            pairs = peer_ratios(given.peers, peer, seconds)
            if not pairs:
                words.append(f"{seconds:.0f} s: {NOT_MEASURED}")
                continue
            logs, own = [log for log, _ in pairs], [line for _, line in pairs]
            words.append(f"{seconds:.0f} s: {mean_error(logs, own)} on {len(own)} draws and tables")
            reached.append(bool(np.mean(by_table(logs, own)) <= np.log1p(most)))
            seen += own
        if not seen:
            return Found()
        over = max(line["overrun_seconds"] / line["budget_seconds"] for line in seen)
        within = bool(over <= 0.05)
        return Found(f"{'; '.join(words)}; largest overrun of ours {per_cent(over)}",
                     all(reached) and within if len(reached) == len(wanted) else None)  # fmt: skip

    return found


def in_a_minute(found: Lines) -> Found:
    """On how many tables a minute gives an answer, and on how many it ends without enough evidence."""
    own = found.all_tables
    if not own:
        return Found()
    lacking = [line["dataset"] for line in own if line["answer"] == "not_enough_evidence"]
    named = f": {', '.join(lacking)}" if lacking else ""
    return Found(f"{len(own)} tables; not enough evidence on {len(lacking)}{named}")


AIMS = (
    Aim("T1 decided, 500 / 2,000 / 10,000 rows", "6 / 22 / 56 %", "at least 35 / 50 / 75 %, wrong among decided at "
        "most 3 %", decided, T1),
    Aim("what is handed over against CatBoost as shipped, mean error, T1", "+1.6 %", "at least 7 % less at each size",
        handed_over, T1),
    Aim("its regret against the best measured, with hindsight", "5.3 %; 67 % on a table outside",
        "at most 1 %; no draw above 10 %", regret, T1),
    Aim("of the nets that were worth it, recognised", "0 of 6", "more than half from 2,000 rows on", recognised, T1),
    Aim('T3 false "worth it", equal / at the margin; worst cell', "1.2 / 3.6 %; worst 11.7 %",
        "at most 5 % in every cell", false_worth, T3),
    Aim("T3 coverage of the interval that the user gets", "87.9 %; 21 % where defaults ended it",
        "85 to 95 % wherever it is shown", coverage, T3),
    Aim("Brier skill of p_worth, T1", "0.01", "above 0.25", brier, T1),
    Aim("cost of an answer, 10,000 rows, against nested cross-validation of the same candidates",
        "24 % of fifteen cuts", "at most 10 %", cost, f"{T1} --rows 10000"),
    Aim("mean error against AutoGluon's best preset, equal wall time and cores", "6 % more on 14 tables at 120 s",
        "at least 3 % less at 120 s, not more at 600 s; overrun of ours at most 5 %",
        against_peer("autogluon_best", {120.0: -0.03, 600.0: 0.0}), PEERS),
    Aim("mean error against MLJAR Compete, equal time", "unknown", "at least 3 % less",
        against_peer("mljar_compete", {120.0: -0.03}), PEERS),
    Aim("a budget of 60 s gives an answer on every table", "unknown",
        'on all 125, and "not enough evidence" only where the rows do not allow more', in_a_minute, ALL_TABLES),
)  # fmt: skip


def rows(found: Lines) -> list[tuple[Any, ...]]:
    """Return a row an aim."""
    told = [(aim, aim.found(found)) for aim in AIMS]
    spoken = {True: "yes", False: "no", None: "-"}
    return [
        (aim.what, aim.before, aim.wanted, got.words, spoken[got.reached], f"`{aim.command}`") for aim, got in told
    ]  # fmt: skip
