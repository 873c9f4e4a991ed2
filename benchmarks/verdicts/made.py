"""What the simulations of the choice amount to: lines of cases -> tables of bias, coverage, false answers and power."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special, stats

from advisor.judging.readings import PRIORS, SHARES, UNLIKELY
from advisor.measuring import evidence
from advisor.measuring.evidence import StandardError
from advisor.measuring.metrics import METRICS
from advisor.records import Answer, How

Line = Mapping[str, Any]
HOWS: tuple[How, ...] = ("alone", "in_company")
SPOKEN = {"alone": "alone", "in_company": "in company"}
CONFIDENCE = 0.95
NORMAL = float(special.ndtri(0.95))


@dataclass(frozen=True)
class Seen:
    """One reading of one case against one truth: the training that was handed over, of two that were tried."""

    line: Line
    how: How
    figures: Mapping[str, Any]
    truth: float
    noise: float

    @property
    def error(self) -> float:
        """How far the estimate lies above the truth."""
        return float(self.figures["theta"]) - self.truth


Rule = Callable[[Seen], StandardError]


def ours(seen: Seen) -> StandardError:
    """Return the product's standard error."""
    value = evidence.widened(seen.figures["se"], seen.figures["spread"], _of_folds(seen), _training(seen))
    return StandardError(value, None, "")


def _training(seen: Seen) -> float:
    """Return what training adds to the variance of the rows, as the product has it."""
    blended = any("blend" in which for which in seen.figures.get("pair", ()))
    return evidence.TRAINING_OF_BLENDS if blended else evidence.TRAINING


def _of_folds(seen: Seen) -> float:
    """Return what the folds show where they vary by more than their rows explain, else 0, as the product does."""
    figures, folds, repeats = seen.figures, seen.figures["folds"], seen.line.get("repeats", 1)
    a_repeat = folds // repeats
    variance = figures["nb"] ** 2 / (1 / folds + 1 / (a_repeat - 1))
    return figures["nb"] if evidence.beyond_rows(variance, a_repeat * figures["se"] ** 2, folds - repeats) else 0.0


def _of(training: float | None, *, spread: bool = True, folds: bool = False) -> Rule:
    """Return a rule that charges `training` times the variance of the rows (None: as the product does), and looks at
    bootstrap and folds or not."""

    def rule(seen: Seen) -> StandardError:
        se, own = seen.figures["se"], seen.figures["spread"] if spread else 0.0
        charged = _training(seen) if training is None else training
        value = float(np.hypot(np.sqrt(charged) * se, max(se, own)))
        return StandardError(max(value, _of_folds(seen)) if folds else value, None, "")

    return rule


def _folds_always(seen: Seen) -> StandardError:
    return StandardError(max(ours(seen).value, seen.figures["nb"]), None, "")


def _factor(seen: Seen) -> StandardError:
    few = seen.line["rows"] < 1_000 or seen.line["metric"] == "roc_auc"
    return StandardError((1.4 if few else 1.2) * max(seen.figures["se"], seen.figures["spread"]), None, "")


def doubtful(seen: Seen) -> bool:
    """Tell where Nadeau and Bengio's standard error was asked, too: few rows, many columns, repeats that disagree."""
    return bool(
        seen.line["rows"] < 300 or seen.line.get("columns", 0) > seen.line["rows"] / 10 or seen.figures["disagree"]
    )


def _as_before(seen: Seen) -> StandardError:
    first = _factor(seen)
    second = StandardError(float(seen.figures["nb"]), float(seen.figures["folds"] - 1), "")
    return second if doubtful(seen) and second.value > first.value else first


RULES: Mapping[str, Rule] = {
    "the product's": ours,
    "without the folds": _of(None),
    "the folds always": _folds_always,
    "without the bootstrap": _of(None, spread=False, folds=True),
    "without the part for training": _of(0.0, folds=True),
    "rows and bootstrap alone": _of(0.0),
    "training counts in full, without the folds": _of(1.0),
    "training counts in full, with the folds": _of(1.0, folds=True),
    "1.2 or 1.4 times the larger of rows and bootstrap": _factor,
    "the same, and folds with t where doubtful (as before)": _as_before,
}


def seen_of(line: Line, how: How, training: int) -> Seen:
    """Return one reading of a case, held against one of the trainings that were tried."""
    halves = line[how]["truth"][training]
    return Seen(line, how, line[how], float(np.mean(halves)), (halves[0] - halves[-1]) / 2)


def seen_in(lines: Iterable[Line]) -> list[Seen]:
    """List what was seen: for each reading of each case, one entry for each of the trainings that were tried."""
    return [
        seen_of(line, how, training)
        for line in lines
        for how in HOWS
        if how in line
        for training in range(len(line[how]["truth"]))
    ]


def covers(seen: Seen, rule: Rule = ours) -> bool:
    """Tell whether the 90 % interval holds the truth."""
    error = rule(seen)
    return bool(abs(seen.error) <= error.quantile(0.95) * error.value)


def worth_it(seen: Seen, theta: float, theta_min: float, rule: Rule = ours) -> bool:
    """Tell whether one reading would say so where the truth were `theta`, with the error that was made here."""
    low, _ = chances(seen.how, theta + seen.error, rule(seen), theta_min)
    return low >= asked(seen.how, [how for how in HOWS if how in seen.line])


def asked(how: str, known: Collection[How]) -> float:
    """Return the chance from which the product says "worth it" by a reading: those `known` share the error."""
    return 1 - SHARES[how] / sum(SHARES[other] for other in known) * (1 - CONFIDENCE)


def most_left(how: str, known: Collection[How]) -> float:
    """Return the chance of a gain that "not worth it" may leave by a reading, where these are `known`."""
    return UNLIKELY if how == "alone" and len(known) > 1 else 1 - CONFIDENCE


def chances(how: How, theta: float, error: StandardError, theta_min: float) -> tuple[float, float]:
    """Return the smaller and the larger of the chances with and without the prior."""
    both = evidence.posterior(theta, error, theta_min, PRIORS[how]), error.chance(theta - theta_min, error.value)
    return min(both), max(both)


def answer(readings: Sequence[Seen], rule: Rule = ours) -> tuple[Answer, Seen | None]:
    """Return what both readings of a case answer together, and the one that carries it."""
    theta_min = margin(readings[0].line)
    found = [(seen, chances(seen.how, float(seen.figures["theta"]), rule(seen), theta_min)) for seen in readings]
    for seen, (low, _) in found:
        if low >= asked(seen.how, [other.how for other in readings]):
            return "worth_it", seen
    if all(high <= most_left(seen.how, [other.how for other in readings]) for seen, (_, high) in found):
        return "not_worth_it", None
    return "too_close_to_call", None


def margin(line: Line) -> float:
    """Return the metric's own margin on the scale of theta."""
    return -float(np.log1p(-METRICS[line["metric"]].min_gain))


# Tables


def table(heads: Sequence[object], rows: Iterable[Sequence[object]]) -> list[str]:
    """Write a table."""
    return ["| " + " | ".join(map(str, row)) + " |" for row in (heads, ["---"] * len(heads), *rows)] + [""]


def per_cent(hits: Sequence[bool] | np.ndarray) -> str:
    """Write how often something was so, in per cent."""
    return f"{100 * float(np.mean(hits)):.1f}" if len(hits) else "-"


def counted(hits: int, count: int) -> str:
    """Write a count with the interval of Clopper and Pearson (1934)."""
    if not count:
        return "-"
    low, high = stats.binomtest(hits, count).proportion_ci(method="exact")
    return f"{hits} of {count} ({100 * hits / count:.1f} % [{100 * low:.1f}, {100 * high:.1f}])"


def by(found: Sequence[Seen], key: Callable[[Seen], Any]) -> dict[Any, list[Seen]]:
    """Sort what was seen into cells."""
    cells: dict[Any, list[Seen]] = {}
    for seen in found:
        cells.setdefault(key(seen), []).append(seen)
    return dict(sorted(cells.items(), key=lambda cell: str(cell[0]).zfill(9)))


HEADS = ("cases", "bias", "sd of the error", "SE of the rows", "of the bootstrap", "root mean square of error / SE",
         "covers (90 %)", '"worth it" at the margin', "at equality", "a gain of 5 % seen", "of 10 %")  # fmt: skip


def row(own: Sequence[Seen], rule: Rule = ours) -> tuple[object, ...]:
    """Return the figures of one cell, under HEADS."""
    errors = np.array([seen.error for seen in own])
    known = [rule(seen).value for seen in own]
    ratio = [error / value for error, value in zip(errors, known, strict=True) if value > 0]
    trainings = len(own[0].figures["truth"])
    return (
        f"{len(own) // trainings:,}", f"{errors.mean():+.4f}", f"{errors.std():.4f}",
        f"{_typical(own, 'se'):.4f}", f"{_typical(own, 'spread'):.4f}", f"{_root_mean_square(ratio):.2f}",
        per_cent([covers(seen, rule) for seen in own]),
        per_cent([worth_it(seen, seen.truth, seen.truth, rule) for seen in own]),
        *(per_cent([worth_it(seen, -float(np.log1p(-gain)), margin(seen.line), rule) for seen in own])
          for gain in (0.0, 0.05, 0.10)),
    )  # fmt: skip


def _typical(own: Sequence[Seen], name: str) -> float:
    return _root_mean_square([seen.figures[name] for seen in own])


def _root_mean_square(values: Sequence[float] | np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values)))) if len(values) else float("nan")


def figures_by(found: Sequence[Seen], what: str, key: Callable[[Seen], Any]) -> list[str]:
    """Return a table of HEADS for either reading and each value of `key`."""
    return table(
        ("reading", what, *HEADS),
        [
            (SPOKEN[how], f"{value:,}" if isinstance(value, int) else value, *row(own))
            for how in HOWS
            for value, own in by([seen for seen in found if seen.how == how], key).items()
        ],
    )


def rules_table(found: Sequence[Seen]) -> list[str]:
    """Compare ways to widen: coverage and power of either reading, and the worst cell of a number of rows."""
    rows = []
    for how in HOWS:
        own = [seen for seen in found if seen.how == how]
        for name, rule in RULES.items():
            cells = {n: np.mean([covers(seen, rule) for seen in cell]) for n, cell in
                     by(own, lambda seen: seen.line["rows"]).items()}  # fmt: skip
            spread = ", ".join(f"{100 * share:.0f}" for share in cells.values())
            reach = np.median([(error := rule(seen)).quantile(0.95) * error.value for seen in own])
            rows.append((SPOKEN[how], name, per_cent([covers(seen, rule) for seen in own]), spread, f"{reach:.4f}",
                         *row(own, rule)[-4:]))  # fmt: skip
    sizes = ", ".join(f"{n:,}" for n in by(found, lambda seen: seen.line["rows"]))
    return table(("reading", "standard error", "covers", f"by rows ({sizes})", "median half width", *HEADS[-4:]), rows)


def doubtful_table(found: Sequence[Seen]) -> list[str]:
    """Say what rules do where few rows, many columns or repeats that disagree were treated apart before."""
    conditions: Mapping[str, Callable[[Seen], bool]] = {
        "fewer than 300 rows": lambda seen: seen.line["rows"] < 300,
        "columns more than a tenth of the rows": lambda seen: seen.line["columns"] > seen.line["rows"] / 10,
        "repeats disagree": lambda seen: bool(seen.figures["disagree"]),
    }
    rules = [RULES[name] for name in ("without the folds", "the product's")] + [_as_before]
    rows = []
    for how in HOWS:
        for name, condition in conditions.items():
            own = [seen for seen in found if seen.how == how and condition(seen)]
            if own:
                rows.append((SPOKEN[how], name, len(own) // 2,
                             *(" / ".join(per_cent([test(seen, rule) for seen in own]) for rule in rules)
                               for test in (covers, _at_margin, _ten_per_cent))))  # fmt: skip
    heads = ("reading", "where", "cases", "covers: without folds / the product's / as before",
             '"worth it" at the margin', "a gain of 10 % seen")  # fmt: skip
    return table(heads, rows)


def _at_margin(seen: Seen, rule: Rule) -> bool:
    return worth_it(seen, seen.truth, seen.truth, rule)


def _ten_per_cent(seen: Seen, rule: Rule) -> bool:
    return worth_it(seen, -float(np.log(0.9)), margin(seen.line), rule)


def answers_table(lines: Sequence[Line]) -> list[str]:
    """Count the answers of both readings together, by rows, at the metrics' own margins."""
    rows = []
    groups: list[tuple[str, list[Line]]] = [
        (f"{n:,}", [line for line in lines if line["rows"] == n]) for n in sorted({line["rows"] for line in lines})
    ]
    groups.append(("the same learners on both sides, all sizes", [line for line in lines if line["twins"]]))
    for name, own in [group for group in groups if group[1]]:
        worth, false_worth, never, false_never, margins, equal, count = 0, 0, 0, 0, 0, 0, 0
        for line in own:
            for training in (0, 1):
                mine = [seen_of(line, how, training) for how in HOWS if how in line]
                said, carrier = answer(mine)
                count += 1
                worth += said == "worth_it"
                false_worth += carrier is not None and carrier.truth <= margin(line)
                never += said == "not_worth_it"
                false_never += said == "not_worth_it" and max(seen.truth for seen in mine) > margin(line)
                margins += any(worth_it(seen, seen.truth, seen.truth) for seen in mine)
                equal += any(worth_it(seen, 0.0, margin(line)) for seen in mine)
        rows.append((name, len(own), f"{100 * (worth + never) / count:.0f} %", *(
            f"{a / 2:g} ({b / 2:g})" for a, b in ((worth, false_worth), (never, false_never))),
            f"{100 * margins / count:.1f} %", f"{100 * equal / count:.1f} %"))  # fmt: skip
    heads = ("rows", "cases", "decided", '"worth it" (falsely)', '"not worth it" (falsely)',
             "either reading falsely at the margin", "either at equality")  # fmt: skip
    return table(heads, rows)


def options_table(lines: Sequence[Line]) -> list[str]:
    """Compare the error that is expected of what could be used with what it truly makes, on the log scale."""
    rows = []
    for which in ("classical", "neural", "classical_blend", "blend"):
        for metric in METRICS:
            own = [line["options"][which] for line in lines
                   if line["metric"] == metric and which in line.get("options", {})]  # fmt: skip
            if not own:
                continue
            errors = np.array([one["log_error"] - np.mean(halves) for one in own for halves in one["truth"]])
            known = np.repeat([one["se"] for one in own], 2)
            rows.append((which.replace("_", " "), metric, len(own), f"{errors.mean():+.4f}", f"{errors.std():.4f}",
                         f"{_root_mean_square(known):.4f}",
                         *(per_cent(np.abs(errors) <= NORMAL * factor * known)
                           for factor in (1.0, 1.2, evidence.widened(1.0)))))  # fmt: skip
    heads = ("option", "metric", "cases", "bias", "sd of the error", "SE of the rows", "covers: rows", "times 1.2",
             "as widened")  # fmt: skip
    return table(heads, rows)


def weights_table(lines: Sequence[Line]) -> list[str]:
    """Compare blends whose weights were chosen by log loss with those chosen otherwise: errors truly made."""
    rows = []
    for metric in ("roc_auc", "accuracy"):
        for size in [*sorted({line["rows"] for line in lines}), "all"]:
            own = [line for line in lines if line["metric"] == metric and size in (line["rows"], "all")]
            tried = [line["by_metric"][which] for line in own for which in line.get("by_metric", {})]
            told: list[str] = []
            for other in (1, 2):
                ratios = np.array([np.log(np.mean(one[0][0])) - np.log(np.mean(one[other][0]))
                                   for one in tried if len(one) > other])  # fmt: skip
                if len(ratios) > 1:
                    noise = 100 * ratios.std(ddof=1) / np.sqrt(len(ratios))
                    told += [str(len(ratios)), f"{100 * ratios.mean():+.2f} ± {noise:.2f} %",
                             f"{100 * np.median(ratios):+.2f} %", f"{100 * np.mean(ratios < 0):.0f} %"]  # fmt: skip
            rows.append((metric, size, *told))
    heads = ("metric", "rows", "blends", "error by log loss against the metric itself", "median", "log loss was better",
             "blends", "error by log loss against Brier score", "median", "log loss was better")  # fmt: skip
    return table(heads, rows)


def planted_table(lines: Sequence[Line]) -> list[str]:
    """Count what was noticed of what was planted."""
    return table(
        ("kind", "what", "rows", "counted"),
        [
            (line["kind"], line["name"], f"{line['rows']:,}",
             "; ".join(f"{name.replace('_', ' ')}: {counted(round(hits), line['cases'])}"
                       for name, hits in line["counts"].items()))
            for line in lines
        ],
    )  # fmt: skip
