"""What T1 and T2 amount to: lines of real comparisons -> tables of wrong verdicts, regrets and chances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from cases import DRAWN_ROWS, MOST_T2_ROWS, PUBLISHED, is_scored
from scoring import DECIDED, brier_skill, cluster_interval, is_wrong, published_regret, regret, share_interval

from advisor.learners import catalogue
from advisor.metrics import METRICS
from advisor.plan import tier

Line = Mapping[str, Any]
MANY_ROWS = 10_000
AGREES = {"worth_it": ("nn",), "not_worth_it": ("tree", "tie")}


def per_cent(value: float, digits: int = 1) -> str:
    """Write a share in per cent, "-" where there is none."""
    return f"{100 * value:.{digits}f} %" if np.isfinite(value) else "-"


def who_took_part(lines: Sequence[Line]) -> str:
    """Count the comparisons that each net took part in: a short budget does not pay for all of them."""
    nets = {learner.name for learner in catalogue() if learner.family == "neural"}
    counts = Counter(name for line in lines for name in line["learners"] if name in nets)
    return ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "none"


def between(bounds: tuple[float, float], digits: int = 1) -> str:
    """Write an interval of shares in per cent."""
    if not np.isfinite(bounds).all():
        return ""
    return f" [{100 * bounds[0]:.{digits}f}, {100 * bounds[1]:.{digits}f}]"


def counted(hits: int, count: int) -> str:
    """Write "hits of count" with its share and exact 95 % interval."""
    if not count:
        return "0 of 0"
    return f"{hits} of {count}: {per_cent(hits / count)}{between(share_interval(hits, count))}"


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Return the lines of a Markdown table."""
    return [
        f"| {' | '.join(heads)} |",
        "|---" * len(heads) + "|",
        *(f"| {' | '.join(map(str, r))} |" for r in rows),
        "",
    ]


def scored(lines: Sequence[Line]) -> list[Line]:
    """Leave out the third that thresholds may be chosen on."""
    return [line for line in lines if is_scored(line["dataset"])]


def both(lines: Sequence[Line]) -> list[Line]:
    """Keep the cases whose truth has both families."""
    return [line for line in lines if "theta" in line.get("truth", {})]


def strategies(line: Line, ablation: Line | None) -> dict[str, float]:
    """Return the regret of our recommendation and of each plain rule on a case of T1, against the best that was
    measured: both champions and CatBoost's defaults."""
    errors = line["truth"]["errors"]
    best = min(errors["classical"], errors["neural"], errors["catboost"])
    family = line["recommended"]["family"]
    net_by_rule = line["rows"] >= MANY_ROWS
    chosen = {
        "advisor": errors.get(family, errors.get("recommended")),
        "always boosted trees (CatBoost, defaults)": errors["catboost"],
        "always the classical champion": errors["classical"],
        "always the net": errors["neural"],
        "net from 10,000 rows on, else CatBoost": errors["neural" if net_by_rule else "catboost"],
    }
    found = {name: regret(error, best) for name, error in chosen.items()}
    if ablation and ablation.get("first_split"):
        found["one 80/20 split"] = regret(errors[ablation["first_split"]], best)
    found["a coin"] = (regret(errors["classical"], best) + regret(errors["neural"], best)) / 2
    for name, answer in (ablation or {}).get("answers", {}).items():
        found[f"rule: {name}"] = regret(errors["neural" if answer == "worth_it" else "classical"], best)
    return found


def mean_interval(values: Sequence[float], clusters: Sequence[str]) -> tuple[float, float]:
    """Return the 95 % interval of a mean, drawing whole clusters."""
    return cluster_interval(values, clusters, _mean)


def mean_with_interval(values: Sequence[float], clusters: Sequence[str]) -> str:
    """Write a mean share with an interval over clusters."""
    if not values:
        return "-"
    return per_cent(float(np.mean(values)), 2) + between(mean_interval(values, clusters), 2)


def wrong_among_decided(lines: Sequence[Line]) -> tuple[int, int, int]:
    """Return (wrong, decided with a known truth, decided where the truth is within the noise of the rest)."""
    decided = [line for line in both(lines) if line["answer"] in DECIDED]
    known = [line for line in decided if line["truth"]["class"] in DECIDED]
    return (
        sum(is_wrong(line["answer"], line["truth"]["class"]) for line in known),
        len(known),
        len(decided) - len(known),
    )


def brier_of(lines: Sequence[Line]) -> tuple[float, tuple[float, float], int]:
    """Return the Brier skill of p_worth, its interval over data sets, and the number of cases."""
    pairs = [
        (line["p_worth"], line["truth"]["theta"] > line["truth"]["theta_min"], line["dataset"])
        for line in both(lines)
        if line["p_worth"] is not None
    ]

    def skill(found: Sequence[Any]) -> float:
        return brier_skill([p for p, *_ in found], [came for _, came, *_ in found])

    if not pairs:
        return float("nan"), (float("nan"), float("nan")), 0
    return skill(pairs), cluster_interval(pairs, [name for *_, name in pairs], skill), len(pairs)


def held_by_stage(lines: Sequence[Line]) -> str:
    """Count how often the interval of the gain holds the truth, by the look that ended the run."""
    found: dict[str, list[bool]] = {}
    for line in lines:
        gain, truth = line["gain"], -float(np.expm1(-line["truth"]["theta"]))
        if gain.get("low") is not None:
            found.setdefault(line["looks"][-1]["stage"], []).append(gain["low"] <= truth <= gain["high"])
    everywhere = [held for some in found.values() for held in some]
    parts = [f"{stage} {sum(held)} of {len(held)}" for stage, held in sorted(found.items())]
    return f"{counted(sum(everywhere), len(everywhere))} (by the look that ended the run: {', '.join(parts)})"


def cost_shares(lines: Sequence[Line]) -> list[float]:
    """Return spent over allowed seconds of the cases with at least 10,000 rows."""
    return [line["spent_seconds"] / line["budget_seconds"] for line in lines if line["rows"] >= MANY_ROWS]


def protocol_shares(lines: Sequence[Line]) -> list[float]:
    """Return worker-seconds spent over those that all cuts of the full protocol would take at this effort a cut, of
    the cases with at least 10,000 rows; all that else was done counts as spent."""
    shares = []
    for line in lines:
        if line["rows"] >= MANY_ROWS:
            _, folds, repeats = tier(line["rows_used"])
            a_cut = sum(line["family_seconds"].values()) / max(line["splits"]["judged"], 1)
            shares.append(line["workers"] * line["spent_seconds"] / (folds * repeats * a_cut))
    return shares


def t1(lines: Sequence[Line], ablations: Mapping[str, Line]) -> list[str]:
    """Return the tables of T1."""
    own = scored(lines)
    text = [
        f"{len(lines)} cases were run, of which {len(own)} from {len({line['dataset'] for line in own})} data sets are "
        f"scored; {len(own) - len(both(own))} of these have no net or no classical model to compare.",
        "",
    ]
    rows = []
    for size in (*DRAWN_ROWS, None):
        some = [line for line in own if size in (None, line["rows"])]
        wrong, known, unknown = wrong_among_decided(some)
        answers = Counter(line["answer"] for line in some)
        decided = sum(answers[answer] for answer in DECIDED)
        budgets = ", ".join(f"{seconds:.0f} s" for seconds in sorted({line["budget_seconds"] for line in some}))
        rows.append((size or "all", budgets, len(some), counted(decided, len(some)), counted(wrong, known), unknown,
                     ", ".join(f"{name} {count}" for name, count in sorted(answers.items()))))  # fmt: skip
    for seed in sorted({line["seed"] for line in own}):
        some = [line for line in own if line["seed"] == seed]
        wrong, known, unknown = wrong_among_decided(some)
        decided = sum(line["answer"] in DECIDED for line in some)
        rows.append((f"seed {seed}", "", len(some), counted(decided, len(some)), counted(wrong, known), unknown, ""))
    text += table(
        ("rows drawn", "budget", "cases", "decided", "wrong among decided", "decided, truth in the noise", "answers"),
        rows,
    )
    text += ["Nets that the budget paid for, in so many comparisons:", ""]
    for size in DRAWN_ROWS:
        some = [line for line in own if line["rows"] == size]
        text += [f"- {size:,} rows ({len(some)} comparisons): {who_took_part(some)}"]
    text += [""]
    text += regrets(both(own), lambda line: strategies(line, ablations.get(line["key"])))
    skill, bounds, count = brier_of(own)
    text += [f"Brier skill of `p_worth` over the base rate: {skill:.2f} [{bounds[0]:.2f}, {bounds[1]:.2f}] "
             f"({count} cases; intervals by drawing data sets).", ""]  # fmt: skip
    text += [f"The 90 % interval of the gain holds the truth: {held_by_stage(both(own))}. The truth is that of one "
             "training, with its own noise, so that somewhat less than 90 % is to be expected.", ""]  # fmt: skip
    text += costs(own)
    return [*text, "<details><summary>All cases of T1</summary>", "", *table(
        ("data set", "rows", "seed", "metric", "answer", "p_worth", "gain, true (SE)", "truth", "champions",
         "classical: out of fold, true", "net: out of fold, true", "scored"),
        [_t1_row(line) for line in sorted(lines, key=lambda line: line["key"])],
    ), "</details>", ""]  # fmt: skip


def costs(own: Sequence[Line]) -> list[str]:
    """Return what answers cost on large tables, against the budget and against all cuts of the full protocol."""
    large = [line for line in own if line["rows"] >= MANY_ROWS]
    if not large:
        return []
    decided = [line for line in large if line["answer"] in DECIDED]
    rows = [
        (name, len(some), *(mean_with_interval(shares(some), [line["dataset"] for line in some])
                            for shares in (cost_shares, protocol_shares)))
        for name, some in (("all", large), ("decided", decided))
    ]  # fmt: skip
    return [
        f"What an answer costs from {MANY_ROWS:,} rows on. A budget is a ceiling, and where the answer stays open all "
        "of it is spent; the full protocol is every cut that is planned, three repeats of five folds up to 20,000 "
        "rows, at the effort that a cut got here. Where the budget ran out before an answer that share says only how "
        "few cuts it paid for:", "",
        *table(("cases", "count", "of the budget", "of the full protocol"), rows),
    ]  # fmt: skip


def _t1_row(line: Line) -> tuple[object, ...]:
    truth, champions = line.get("truth", {}), line["champions"]
    gain = f"{per_cent(-np.expm1(-truth['theta']))} ({per_cent(truth['se'])})" if "theta" in truth else "-"
    return (
        line["dataset"], line["rows"], line["seed"], line["metric"], line["answer"],
        "-" if line["p_worth"] is None else f"{line['p_worth']:.3f}", gain, truth.get("class", "-"),
        " / ".join(who["learner"] if who else "-" for who in champions.values()),
        *(_seen_and_true(line, family) for family in ("classical", "neural")),
        "yes" if is_scored(line["dataset"]) else "no",
    )  # fmt: skip


def _seen_and_true(line: Line, family: str) -> str:
    """Write a champion's score out of fold beside that on the rest: far apart, the cuts are no picture of new rows."""
    who, error = line["champions"].get(family), line.get("truth", {}).get("errors", {}).get(family)
    if who is None or who["score"] is None or error is None:
        return "-"
    return f"{who['score']:.4g}, {METRICS[line['metric']].score(error):.4g}"


def regrets(lines: Sequence[Line], of: Callable[[Line], Mapping[str, float]]) -> list[str]:
    """Return a table of mean regrets, each over the cases that have it, with intervals over data sets."""
    found = [(of(line), line["dataset"]) for line in lines]
    names = list(dict.fromkeys(name for regrets_, _ in found for name in regrets_))
    rows = []
    for name in names:
        values = [(regrets_[name], cluster) for regrets_, cluster in found if name in regrets_]
        numbers = [value for value, _ in values]
        rows.append((name, len(values), mean_with_interval(numbers, [cluster for _, cluster in values]),
                     per_cent(max(numbers)), sum(value > 0.01 for value in numbers)))  # fmt: skip
    return table(("choice", "cases", "mean regret", "largest", "above 1 %"), rows) if rows else []


def t2(lines: Sequence[Line]) -> list[str]:
    """Return the tables of T2."""
    published = {entry.dataset: entry for entry in PUBLISHED}
    own = scored(lines)
    decided = [line for line in own if line["answer"] in DECIDED]
    agreed = [line for line in decided if published[line["dataset"]].verdict in AGREES[line["answer"]]]
    strong = [line for line in decided if not published[line["dataset"]].source.startswith("TabZilla")]
    text = [
        f"{len(lines)} data sets were run, {len(own)} of them scored, at most {MOST_T2_ROWS:,} rows of each.",
        "",
        f"- decided: {counted(len(decided), len(own))}",
        f"- agreement among decided (a published tie counts as not worth it): {counted(len(agreed), len(decided))}",
        f"- of these against sources with strong nets: {counted(sum(line in agreed for line in strong), len(strong))}",
        f"- nets that the budget paid for, in so many comparisons: {who_took_part(own)}",
        "",
    ]
    rows = []
    for answer in sorted({line["answer"] for line in own}):
        counts = Counter(published[line["dataset"]].verdict for line in own if line["answer"] == answer)
        rows.append((answer, *(counts[verdict] for verdict in ("nn", "tie", "tree"))))
    text += table(("advisor, down; published, across", "nn", "tie", "tree"), rows)

    def of(line: Line) -> dict[str, float]:
        gain = published[line["dataset"]].gain
        trees, net = published_regret("classical", gain), published_regret("neural", gain)
        return {
            "advisor": net if line["recommended"]["family"] == "neural" else trees,
            "always boosted trees": trees,
            "always the net": net,
            "net from 10,000 rows on": net if line["rows_used"] >= MANY_ROWS else trees,
            "a coin": (trees + net) / 2,
        }

    text += regrets(own, of)
    return [*text, "<details><summary>All cases of T2</summary>", "", *table(
        ("data set", "rows", "metric", "answer", "p_worth", "gain", "champions", "published gain", "published",
         "source", "scored"),
        [
            (line["dataset"], line["rows_used"], line["metric"], line["answer"],
             "-" if line["p_worth"] is None else f"{line['p_worth']:.3f}",
             per_cent(np.nan if line["gain"]["estimate"] is None else line["gain"]["estimate"]),
             " / ".join(who["learner"] if who else "-" for who in line["champions"].values()),
             per_cent(published[line["dataset"]].gain), published[line["dataset"]].verdict,
             published[line["dataset"]].source, "yes" if is_scored(line["dataset"]) else "no")
            for line in lines
        ],
    ), "</details>", ""]  # fmt: skip


def by_rule(lines: Sequence[Line], ablations: Mapping[str, Line]) -> list[str]:
    """Return, rule by rule, how often it decides and errs on the scored cases of T1; nothing is trained for it."""
    own = [line for line in both(scored(lines)) if line["key"] in ablations]
    names = list(dict.fromkeys(name for line in own for name in ablations[line["key"]]["answers"]))
    rows = [_rule_row("as it was run", own, lambda line: line["answer"])]
    for name in names:
        some = [line for line in own if name in ablations[line["key"]]["answers"]]
        rows.append(_rule_row(name, some, lambda line, name=name: ablations[line["key"]]["answers"][name]))
    return table(("rule", "cases", "decided", "wrong among decided", "false worth it"), rows) if own else []


def _rule_row(name: str, lines: Sequence[Line], answer: Callable[[Line], str]) -> tuple[object, ...]:
    decided = [line for line in lines if answer(line) in DECIDED]
    known = [line for line in decided if line["truth"]["class"] in DECIDED]
    wrong = [line for line in known if is_wrong(answer(line), line["truth"]["class"])]
    return (name, len(lines), counted(len(decided), len(lines)), counted(len(wrong), len(known)),
            sum(answer(line) == "worth_it" for line in wrong))  # fmt: skip


def _mean(values: Sequence[Any]) -> float:
    return float(np.mean(values))
