"""The folk rules about nets and tables, as statements that are checked: does the rule apply here, and did it hold?

A rule applies by what was measured of the data or asked of the model; it held where the comparison's interval says so.
One data set proves no rule: it shows what would have come of following it here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from advisor import evidence, learners
from advisor.metrics import METRICS
from advisor.profiling.association import rank_auc
from advisor.profiling.order import DRIFT_AUC
from advisor.profiling.target import HEAVY_TAIL_SHARE, variance_share_of_top_percent
from advisor.records import Answer, Comparison, Constraints, Dataset, Outcome, Plan, Profile
from advisor.standings import Standings, best_by_inner_error, common_cuts, leading, row_losses

# Up to this many rows tables have been called small or medium-sized (Grinsztajn, Oyallon and Varoquaux 2022).
SMALL_ROWS = 10_000
# Up to this many rows a pre-trained net was first shown to beat tuned trees (Hollmann et al. 2023, 2025: 1,000, then
# 10,000); below about 3,000 rows no honest method decides nine comparisons out of ten.
FEW_ROWS = 3_000
# A number column with fewer values is a code or a count of few, whose tails mean nothing.
LEVELS_OF_A_QUANTITY = 10

Held = tuple[bool | None, str]


@dataclass(frozen=True)
class Seen:
    """What the rules may look at; `margin` is the relative error reduction asked for, before any price."""

    dataset: Dataset
    profile: Profile
    plan: Plan
    standing: Standings
    outcomes: Sequence[Outcome]
    comparison: Comparison | None
    answer: Answer
    constraints: Constraints
    margin: float


@dataclass(frozen=True)
class Rule:
    """A folk rule: its words, whether it speaks of this case, and whether it held, each with the measured reason."""

    words: str
    source: str
    applies: Callable[[Seen], tuple[bool, str]]
    agrees: Callable[[Seen], Held]


def check(seen: Seen) -> tuple[dict[str, Any], ...]:
    """Return {rule, source, applies, agrees, evidence} for every rule; `agrees` is None where this run cannot tell."""
    return tuple(_checked(rule, seen) for rule in RULES)


def _checked(rule: Rule, seen: Seen) -> dict[str, Any]:
    applies, why = rule.applies(seen)
    agrees, what = rule.agrees(seen) if applies else (None, "")
    evidence_told = f"{why} {what}".strip()
    return {
        "rule": rule.words, "source": rule.source, "applies": applies, "agrees": agrees, "evidence": evidence_told,
    }  # fmt: skip


def small_table(seen: Seen) -> tuple[bool, str]:
    """Fewer rows than SMALL_ROWS."""
    return seen.profile.rows < SMALL_ROWS, f"The table has {seen.profile.rows:,} rows."


def few_rows(seen: Seen) -> tuple[bool, str]:
    """Fewer rows than FEW_ROWS."""
    return seen.profile.rows < FEW_ROWS, f"The table has {seen.profile.rows:,} rows; few means below {FEW_ROWS:,}."


def interpretable(seen: Seen) -> tuple[bool, str]:
    """--interpretable was asked for."""
    asked = seen.constraints.interpretable
    return asked, "--interpretable was asked for." if asked else "It was not asked for (--interpretable)."


def no_gpu(seen: Seen) -> tuple[bool, str]:
    """Nets were trained on the processor."""
    return seen.plan.device == "cpu", (
        "Nets were trained on the processor." if seen.plan.device == "cpu" else "Nets were trained on a GPU."
    )


def heavy_tails(seen: Seen) -> tuple[bool, str]:
    """A heavy-tailed numeric target, or at least half of the number columns: see HEAVY_TAIL_SHARE."""
    inputs = seen.dataset.inputs
    numbers = [inputs[name].dropna().to_numpy() for name in inputs if pd.api.types.is_float_dtype(inputs[name].dtype)]
    quantities = [values for values in numbers if len(np.unique(values[:10_000])) > LEVELS_OF_A_QUANTITY]
    heavy = sum(variance_share_of_top_percent(values) >= HEAVY_TAIL_SHARE for values in quantities)
    columns = f"{heavy} of {len(quantities)} number columns have heavy tails (the farthest 1 % of the rows hold " + (
        f"{HEAVY_TAIL_SHARE:.0%} or more of the variance).".replace("%", " %")
    )
    if seen.dataset.classes:
        return bool(heavy) and 2 * heavy >= len(quantities), columns
    share = variance_share_of_top_percent(seen.dataset.target)
    applies = share >= HEAVY_TAIL_SHARE or (bool(heavy) and 2 * heavy >= len(quantities))
    return applies, f"The farthest 1 % of the rows hold {100 * share:.0f} % of the target's variance; {columns}"


def drift(seen: Seen) -> tuple[bool, str]:
    """A column, or the target, tells the first fifth of the rows from the last with an AUC above DRIFT_AUC, in the
    order of --time; without it the findings S01 (in the order of a column) and S04 (of the rows) are asked."""
    if seen.dataset.times is None:
        key = {"S01": "drift_auc", "S04": "auc"}
        told = [f for f in seen.profile.findings if f.code in key]
        largest = max((_largest(finding.evidence.get(key[finding.code])) for finding in told), default=0.5)
        return largest > DRIFT_AUC, (
            f"The first fifth of the rows is told from the last with an AUC of {largest:.2f}."
            if largest > DRIFT_AUC
            else "Neither a time (--time) nor the order of the rows shows a drift."
        )
    ordered = np.argsort(seen.dataset.times, kind="stable")
    fifth = len(ordered) // 5
    ends = np.concatenate([ordered[:fifth], ordered[len(ordered) - fifth :]])
    early = np.arange(2 * fifth) < fifth
    tables = seen.dataset.inputs.iloc[ends]
    # Whatever orders the rows tells the first from the last by itself: it is no drift.
    values = {
        name: tables[name].to_numpy()
        for name in tables
        if pd.api.types.is_float_dtype(tables[name].dtype) and name != seen.dataset.time_name
    }
    values[f"the target {seen.dataset.target_name}"] = seen.dataset.target[ends].astype(float)
    aucs = {name: rank_auc(column, early) for name, column in values.items() if fifth >= 20}
    aucs = {name: max(auc, 1 - auc) for name, auc in aucs.items()}
    most = max(aucs, key=lambda name: aucs[name], default=None)
    if most is None:
        return False, "There are too few rows to see a drift."
    return aucs[most] > DRIFT_AUC, (
        f"{most} tells the first fifth of the rows from the last with an AUC of {aucs[most]:.2f}, more than any other."
    )


def grouped(seen: Seen) -> tuple[bool, str]:
    """Rows belong to groups: named with --group."""
    groups = seen.dataset.groups
    if groups is None:
        return False, "No column of groups was named (--group)."
    return True, f"{seen.dataset.group_name or 'The group'} has {len(np.unique(groups)):,} values."


def classical_side_wins(seen: Seen) -> Held:
    """The net's gain lies below nothing (held), above the margin (did not hold), or neither (cannot tell)."""
    if (silence := _silence(seen)) is not None:
        return None, silence
    assert seen.comparison is not None
    names = [leading(seen.standing.champions[family]) for family in ("neural", "classical")]
    return _by_interval(seen.comparison, names[0], names[1], seen.margin)


def classical_side_wins_later(seen: Seen) -> Held:
    """As `classical_side_wins`, where the test rows are later than the training rows; other cuts hide a drift."""
    if seen.plan.splits.kind != "forward":
        return None, "Test rows were drawn from among the training rows, which hides a drift; --time would show it."
    return classical_side_wins(seen)


def trained_from_scratch_loses(seen: Seen) -> Held:
    """As `classical_side_wins`, for the nets that saw no other data before; the pre-trained ones are told beside."""
    if (silence := _silence(seen)) is not None:
        return None, silence
    nets = [name for name, cuts in seen.standing.finals.items() if _family(cuts) == "neural"]
    scratch = [name for name in nets if not learners.find(name).pretrained]
    compared = _against_classical(seen, scratch)
    if compared is None:
        return None, "No net that was trained from scratch finished on enough cuts."
    held, told = _by_interval(compared[0], compared[1], leading(seen.standing.champions["classical"]), seen.margin)
    before = _against_classical(seen, [name for name in nets if name not in scratch])
    if before is not None:
        told += f" For the pre-trained {before[1]} it is {_interval(before[0])}."
    return held, told


def readable_is_enough(seen: Seen) -> Held:
    """The best net, though nobody may use it, gains less than the margin over the readable champion."""
    nets = [name for name, cuts in seen.standing.finals.items() if _family(cuts) == "neural"]
    compared = _against_classical(seen, nets)
    if compared is None:
        return None, "No net finished beside the readable models, so what that costs is not known."
    comparison, net = compared
    readable = leading(seen.standing.champions["classical"])
    low, high = evidence.gain_of(comparison.low), evidence.gain_of(comparison.high)
    held = True if high < seen.margin else False if low > seen.margin else None
    ends = {True: "less than the margin.", False: "more than the margin.", None: "so this run cannot tell."}
    return held, f"{net}, which nobody can read, gains {_interval(comparison)} over {readable}: {ends[held]}"


def nets_are_too_slow(seen: Seen) -> Held:
    """No net's default ended in the budget, or the net's champion was cut short on most cuts; a crash is no proof."""
    finals, plan = seen.standing.finals, seen.plan
    nets = [name for name, cuts in finals.items() if cuts and _family(cuts) == "neural"]
    left_out = [name for name in plan.unaffordable if learners.find(name).family == "neural"]
    others = f" The budget did not pay for {', '.join(left_out)}." if left_out else ""
    if not nets:
        asked = any(learners.find(name).family == "neural" for name in (*plan.learners, *left_out))
        crashed = [o for o in seen.outcomes if o.job.family == "neural" and o.status == "failed"]
        if (
            crashed
            and not left_out
            and not any(o.status == "timeout" and o.job.family == "neural" for o in seen.outcomes)
        ):
            return None, f"The nets failed for another reason: {crashed[0].message}"
        return (True, f"No net finished within the budget.{others}") if asked else (None, "No net took part.")
    champions = seen.standing.champions.get("neural") or best_by_inner_error({name: finals[name] for name in nets})
    net = leading(champions)
    seconds = float(np.mean([o.cost.fit_seconds for o in finals[net].values()]))
    told = f"One fit of {net} took {_seconds(seconds)}{_times(seen, seconds)}."
    if 2 * sum(outcome.cut_short for outcome in champions.values()) > len(champions):
        return True, f"{told} Its time was up before it had learnt its fill on most cuts.{others}"
    return False, f"{told} It ended by itself, within the budget.{others}"


RULES = (
    Rule("Below 10,000 rows trees usually win.", "Grinsztajn, Oyallon and Varoquaux (2022)", small_table,
         classical_side_wins),
    Rule("On few rows a net must have been trained beforehand; trained from scratch it loses.",
         "Hollmann et al. (2023)", few_rows, trained_from_scratch_loses),
    Rule("Where people must be able to read the model, a linear model or a tree is enough.", "Rudin (2019)",
         interpretable, readable_is_enough),
    Rule("Without a GPU nets are too slow.", "common advice", no_gpu, nets_are_too_slow),
    Rule("Heavy tails favour trees.", "McElfresh et al. (2023)", heavy_tails, classical_side_wins),
    Rule("Drift over time favours trees.", "Rubachev et al. (2024)", drift, classical_side_wins_later),
    Rule("Rows that belong to groups favour trees.", "common advice", grouped, classical_side_wins),
)  # fmt: skip


def _silence(seen: Seen) -> str | None:
    """Say why nothing was measured that a rule could be held against, or None."""
    if seen.comparison is None or "neural" not in seen.standing.champions:
        return "No net was compared, so this run cannot tell."
    if seen.answer == "no_signal":
        return "Nothing predicts better than a constant guess, so nobody wins."
    if seen.answer == "not_enough_evidence":
        return "There is too little evidence to tell."
    return None


def _by_interval(comparison: Comparison, net: str, opponent: str, margin: float) -> Held:
    low, high = evidence.gain_of(comparison.low), evidence.gain_of(comparison.high)
    told = f"The gain of {net} over {opponent} is {_interval(comparison)}"
    if high < 0:
        return True, f"{told}, below nothing."
    if low > margin:
        return False, f"{told}, above the margin."
    return None, f"{told}, so this run cannot tell."


def _against_classical(seen: Seen, names: Sequence[str]) -> tuple[Comparison, str] | None:
    """Compare the best of `names` by inner error with the classical champions, and name it; None where one lacks."""
    challenger = best_by_inner_error({name: seen.standing.finals[name] for name in names})
    incumbent = seen.standing.champions.get("classical")
    if not challenger or not incumbent:
        return None
    sides = [row_losses(seen.dataset, seen.plan, by_cut) for by_cut in (incumbent, challenger)]
    cuts = common_cuts(seen.dataset, seen.profile, seen.plan, sides)
    if not cuts.numbers:
        return None
    losses = [evidence.losses_of(side, cuts) for side in sides]
    comparison = evidence.compare_pairs(losses[0], losses[1], cuts, METRICS[seen.plan.metric], min_gain=seen.margin)
    return None if comparison is None else (comparison, leading(challenger))


def _times(seen: Seen, seconds: float) -> str:
    incumbent = seen.standing.champions.get("classical")
    if not incumbent:
        return ""
    name = leading(incumbent)
    theirs = float(np.mean([o.cost.fit_seconds for o in seen.standing.finals[name].values()]))
    if theirs <= 0:
        return ""
    ratio = seconds / theirs
    return f", {ratio:.2g} times what {name} takes" if ratio < 10 else f", {ratio:,.0f} times what {name} takes"


def _family(by_cut: Mapping[int, Outcome]) -> str:
    return next((outcome.job.family for outcome in by_cut.values()), "")


def _largest(value: Any) -> float:
    return max(value.values(), default=0.5) if isinstance(value, Mapping) else float(value or 0.5)


def _interval(comparison: Comparison) -> str:
    """Write a gain's interval to two digits of half its width, as the report does."""
    low, high = 100 * evidence.gain_of(comparison.low), 100 * evidence.gain_of(comparison.high)
    digits = 0 if high - low >= 20 else 1 if high - low >= 2 else 2
    return f"{low:.{digits}f} % to {high:.{digits}f} % ({comparison.level:.0%} interval)".replace("0%", "0 %")


def _seconds(seconds: float) -> str:
    return f"{seconds:.2g} s" if seconds < 100 else f"{seconds:,.0f} s"
