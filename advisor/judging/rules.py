"""The folk rules about nets and tables, as statements that are checked: does the rule apply here, and did it hold?

A rule applies by what was measured of the data or asked of the model; it held where the comparison's interval says so.
One data set proves no rule: it shows what would have come of following it here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

import numpy as np

from advisor import learners, modalities
from advisor.judging.board import cut_short
from advisor.judging.case import learner_of
from advisor.judging.readings import alone_among
from advisor.judging.ruling import Ruling
from advisor.measuring import evidence
from advisor.measuring.association import DRIFT_AUC, drift_of_target
from advisor.profiling.target import HEAVY_TAIL_SHARE, variance_share_of_top_percent
from advisor.records import Case, Comparison, Mixture, Outcome, Reading, RuleCheck
from advisor.wording import counted, listed, percent

# Up to this many rows tables have been called small or medium-sized (Grinsztajn, Oyallon and Varoquaux 2022).
SMALL_ROWS = 10_000
# Up to this many rows a pre-trained net was first shown to beat tuned trees (Hollmann et al. 2023, 2025: 1,000, then
# 10,000); below about 3,000 rows no honest method decides nine comparisons out of ten.
FEW_ROWS = 3_000
# A number column with fewer values is a code or a count of few, whose tails mean nothing.
LEVELS_OF_A_QUANTITY = 10

Held = tuple[bool | None, str]


@dataclass(frozen=True)
class Rule:
    """A folk rule: its words, whether it speaks of this case, and whether it held, each with the measured reason.

    One `of_tables` is not told of series and pictures, of which nobody has said it.
    """

    words: str
    source: str
    applies: Callable[[Case], tuple[bool, str]]
    agrees: Callable[[Case, Ruling], Held]
    of_tables: bool = False


def check(case: Case, ruled: Ruling) -> tuple[RuleCheck, ...]:
    """Hold every rule against the case; `agrees` is None where this run cannot tell."""
    table = case.dataset.modality == "tabular"
    return tuple(_checked(rule, case, ruled) for rule in RULES if table or not rule.of_tables)


def _checked(rule: Rule, case: Case, ruled: Ruling) -> RuleCheck:
    applies, why = rule.applies(case)
    agrees, what = rule.agrees(case, ruled) if applies else (None, "")
    return RuleCheck(rule.words, rule.source, applies, agrees, f"{why} {what}".strip())


def small_table(case: Case) -> tuple[bool, str]:
    """Fewer rows took part than SMALL_ROWS."""
    return _rows(case) < SMALL_ROWS, f"{counted(_rows(case), 'row')} took part."


def few_rows(case: Case) -> tuple[bool, str]:
    """Fewer rows took part than FEW_ROWS."""
    return _rows(case) < FEW_ROWS, f"{counted(_rows(case), 'row')} took part; few means below {FEW_ROWS:,}."


def interpretable(case: Case) -> tuple[bool, str]:
    """--interpretable was asked for."""
    asked = case.question.limits.interpretable
    return asked, "--interpretable was asked for." if asked else "It was not asked for (--interpretable)."


def no_gpu(case: Case) -> tuple[bool, str]:
    """Nets were trained on the processor."""
    on_cpu = case.plan.device == "cpu"
    return on_cpu, f"Nets were trained on {'the processor' if on_cpu else 'a GPU'}."


def heavy_tails(case: Case) -> tuple[bool, str]:
    """A heavy-tailed numeric target, or at least half of the number columns: see HEAVY_TAIL_SHARE."""
    modality = modalities.find(case.dataset.modality)
    numbers = [
        modality.values(case.dataset, column.name)
        for column in case.profile.columns
        if column.kind in ("numeric", "integer") and column.distinct > LEVELS_OF_A_QUANTITY
    ]
    shares = [variance_share_of_top_percent(values[np.isfinite(values)]) for values in numbers]
    heavy = sum(share >= HEAVY_TAIL_SHARE for share in shares)
    columns = (
        f"{heavy} of {counted(len(shares), 'number column')} have heavy tails (the farthest 1 % of the rows hold "
        f"{percent(HEAVY_TAIL_SHARE)} or more of the variance)."
    )
    many = bool(heavy) and 2 * heavy >= len(shares)
    if case.dataset.classes:
        return many, columns
    share = variance_share_of_top_percent(case.dataset.target)
    told = f"The farthest 1 % of the rows hold {percent(share)} of the target's variance; {columns}"
    return many or share >= HEAVY_TAIL_SHARE, told


def drift(case: Case) -> tuple[bool, str]:
    """The first fifth of the rows is told from the last with an AUC above DRIFT_AUC: by the target in the order of
    --time, or as the findings S01 (by the target, in the order of a column) and S04 (by the columns) say."""
    dataset, key = case.dataset, {"S01": "drift_auc", "S04": "auc"}
    told = [_largest(f.evidence.get(key[f.code])) for f in case.profile.findings if f.code in key]
    if dataset.times is not None:
        in_order = dataset.target[np.argsort(dataset.times, kind="stable")]
        told.append(drift_of_target(in_order, len(dataset.classes)))
    largest = max(told, default=0.5)
    if largest > DRIFT_AUC:
        return True, f"The first fifth of the rows is told from the last with an AUC of {largest:.2f}."
    return False, "Neither a time (--time) nor the order of the rows shows a drift."


def grouped(case: Case) -> tuple[bool, str]:
    """Rows belong to groups: named with --group."""
    groups = case.dataset.groups
    if groups is None:
        return False, "No column of groups was named (--group)."
    return True, f"{case.dataset.group_name or 'The group'} has {len(np.unique(groups)):,} values."


def classical_side_wins(case: Case, ruled: Ruling) -> Held:
    """The net's gain lies below nothing (held), above the margin (did not hold), or neither (cannot tell)."""
    silence = _silence(ruled)
    return (None, silence) if silence else _by_interval(case, ruled.readings["alone"])


def classical_side_wins_later(case: Case, ruled: Ruling) -> Held:
    """As `classical_side_wins`, where the test rows are later than the training rows; other folds hide a drift."""
    if case.plan.folds.kind != "forward":
        return None, "Test rows were drawn from among the training rows, which hides a drift; --time would show it."
    return classical_side_wins(case, ruled)


def trained_from_scratch_loses(case: Case, ruled: Ruling) -> Held:
    """As `classical_side_wins`, for the nets that saw no other data before; the pre-trained ones are told beside."""
    silence = _silence(ruled)
    if silence:
        return None, silence
    scratch, before = (_of_nets(case, pretrained=beforehand) for beforehand in (False, True))
    if scratch is None:
        return None, "No net that was trained from scratch finished."
    held, told = _by_interval(case, scratch)
    if before is not None:
        told += f" For the pre-trained {_name(case, before.with_nets.members)} it is {_interval(before.comparison)}."
    return held, told


def readable_is_enough(case: Case, ruled: Ruling) -> Held:
    """The best net, though nobody may use it, gains less than the margin over the readable champion."""
    held_back = {name: why for name, why in case.barred.items() if learners.find(name).family != "neural"}
    found = _of_nets(replace(case, barred=held_back))
    if found is None:
        return None, "No net that meets the other limits finished beside the readable models."
    compared = found.comparison
    low, high = evidence.gain_of(compared.low), evidence.gain_of(compared.high)
    held = True if high < found.min_gain else False if low > found.min_gain else None
    end = {True: "less than the margin.", False: "more than the margin.", None: "so this run cannot tell."}[held]
    net, readable = _name(case, found.with_nets.members), _name(case, found.without.members)
    return held, f"{net}, which nobody can read, gains {_interval(compared)} over {readable}: {end}"


def nets_are_too_slow(case: Case, ruled: Ruling) -> Held:
    """No net finished in the time, or the best of them was cut short on most folds; a crash is no proof."""
    families = {learner.name: learner.family for learner in learners.catalogue()}
    left_out = [name for name in case.plan.unaffordable if families.get(name) == "neural"]
    others = f" The budget did not pay for {listed(left_out)}." if left_out else ""
    best = _best_net(case, ruled)
    if best is None or case.matrix is None:
        nets = [outcome for outcome in case.outcomes.values() if outcome.candidate.family == "neural"]
        crashed = [outcome for outcome in nets if outcome.ending == "failed"]
        late = any(outcome.ending in ("timeout", "partial") for outcome in nets)
        if crashed and not left_out and not late:
            return None, f"The nets failed for another reason: {crashed[0].message}"
        asked = bool(left_out) or any(entrant.family == "neural" for entrant in case.plan.entrants)
        return (True, f"No net finished within the budget.{others}") if asked else (None, "No net took part.")
    seconds = _fit_seconds(case.outcomes[best])
    told = f"One fit of {learner_of(case, best)} took {_seconds(seconds)}{_times(case, ruled, seconds)}."
    if cut_short(case.outcomes[best], [fold.number for fold in case.matrix.folds]):
        return True, f"{told} Its time was up before it had learnt its fill on most folds.{others}"
    return False, f"{told} It ended by itself, within the budget.{others}"


RULES = (
    Rule("Below 10,000 rows trees usually win.", "Grinsztajn, Oyallon and Varoquaux (2022)", small_table,
         classical_side_wins, of_tables=True),
    Rule("On few rows a net must have been trained beforehand; trained from scratch it loses.",
         "Hollmann et al. (2023)", few_rows, trained_from_scratch_loses),
    Rule("Where people must be able to read the model, a linear model or a tree is enough.", "Rudin (2019)",
         interpretable, readable_is_enough),
    Rule("Without a GPU nets are too slow.", "common advice", no_gpu, nets_are_too_slow),
    Rule("Heavy tails favour trees.", "McElfresh et al. (2023)", heavy_tails, classical_side_wins, of_tables=True),
    Rule("Drift over time favours trees.", "Rubachev et al. (2024)", drift, classical_side_wins_later, of_tables=True),
    Rule("Rows that belong to groups favour trees.", "common advice", grouped, classical_side_wins, of_tables=True),
)  # fmt: skip


def _rows(case: Case) -> int:
    return len(case.plan.folds.rows)


def _silence(ruled: Ruling) -> str:
    """Say why nothing was measured that a rule could be held against; nothing where something was."""
    if "alone" not in ruled.readings:
        return "No net was compared, so this run cannot tell."
    if ruled.answer == "no_signal":
        return "Nothing predicts better than a constant guess, so nobody wins."
    if ruled.answer == "not_enough_evidence":
        return "There is too little evidence to tell."
    return ""


def _by_interval(case: Case, reading: Reading) -> Held:
    low, high = evidence.gain_of(reading.comparison.low), evidence.gain_of(reading.comparison.high)
    net, opponent = _name(case, reading.with_nets.members), _name(case, reading.without.members)
    told = f"The gain of {net} over {opponent} is {_interval(reading.comparison)}"
    if high < 0:
        return True, f"{told}, below nothing."
    if low > reading.min_gain:
        return False, f"{told}, above the margin."
    return None, f"{told}, so this run cannot tell."


def _of_nets(case: Case, *, pretrained: bool | None = None) -> Reading | None:
    """Read the classical side against all nets, or those only that were, or were not, trained beforehand."""
    keys = []
    for key in case.columns:
        candidate = case.outcomes[key].candidate
        other = candidate.family == "neural" and pretrained not in (None, learners.find(candidate.learner).pretrained)
        if not other:
            keys.append(key)
    return alone_among(case, keys)


def _best_net(case: Case, ruled: Ruling) -> str | None:
    """Return the key of the neural champion, or where none may lead of the net that lost least; None without nets."""
    if ruled.chosen is not None and "neural" in ruled.chosen.members:
        return next(iter(ruled.chosen.members["neural"]))
    if case.matrix is None:
        return None
    lost = dict(zip(case.columns, case.matrix.losses.mean(axis=(0, 1)), strict=True))
    nets = [key for key in case.columns if case.outcomes[key].candidate.family == "neural"]
    return min(nets, key=lambda key: lost[key], default=None)


def _times(case: Case, ruled: Ruling, seconds: float) -> str:
    """Say how many times as long as one of the classical champion a fit of so many seconds is."""
    if ruled.chosen is None or "classical" not in ruled.chosen.members:
        return ""
    key = next(iter(ruled.chosen.members["classical"]))
    theirs = _fit_seconds(case.outcomes[key])
    if theirs <= 0:
        return ""
    ratio = seconds / theirs
    return f", {f'{ratio:.2g}' if ratio < 10 else f'{ratio:,.0f}'} times what {learner_of(case, key)} takes"


def _fit_seconds(outcome: Outcome) -> float:
    return fmean(outcome.results[number].cost.fit_seconds for number in outcome.done)


def _name(case: Case, members: Mixture) -> str:
    return listed([learner_of(case, key) for key in members])


def _largest(value: Any) -> float:
    return max(value.values(), default=0.5) if isinstance(value, Mapping) else float(value or 0.5)


def _interval(comparison: Comparison) -> str:
    low, high = (percent(evidence.gain_of(theta)) for theta in (comparison.low, comparison.high))
    return f"{low} to {high} ({percent(comparison.level)} interval)"


def _seconds(seconds: float) -> str:
    return f"{seconds:.2g} s" if seconds < 100 else f"{seconds:,.0f} s"
