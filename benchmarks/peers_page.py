"""What the lines of peers.py amount to: each peer against CatBoost as shipped and against this product, and its costs.

Every figure is computed from the lines; nothing is run here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import lines
import numpy as np
import pages
import truth
from lines import Line

NAMES = {
    "advisor": "this product", "autogluon_default": "AutoGluon, default preset",
    "autogluon_best": "AutoGluon, best_quality", "autogluon_best_v150": "AutoGluon, best_quality_v150",
    "mljar_compete": "MLJAR, Compete", "catboost": "CatBoost as shipped", "realmlp": "pytabkit RealMLP_TD",
    "tabm": "pytabkit TabM_D",
}  # fmt: skip
BASE, OWN = "catboost", "advisor"
# Whoever takes up to so much more than the budget has kept it.
GRACE = 0.1

_READ = """\
Everyone learns from the same rows, is told the same metric where there is an option for it, has the same cores, and is
asked for the same rows that nobody saw. A ratio is that of two errors (1 - AUC, log loss, RMSE), below nought per cent
where the peer errs less, the mean that of logs, in brackets its standard error over tables. A peer is compared where it
and the other have finished. Seconds are those of fitting, without loading the peer's package and without predicting;
over the budget counts fits that took more than a tenth beyond it: CatBoost, RealMLP and TabM know no budget and take
what they take. Seconds per 1,000 rows are those of a call with 1,000, milliseconds those of a call with one, models in
memory. Size is that of what another process needs to predict; MLJAR keeps all its models together."""

# Versions that say which peer it was.
PACKAGES = ("autogluon.tabular", "mljar-supervised", "pytabkit", "catboost", "lightgbm", "xgboost", "torch",
            "scikit-learn", "pandas")  # fmt: skip


def by_draw(own: Sequence[Line]) -> dict[str, dict[str, Line]]:
    """Return {draw: {peer: line}} in the order of the lines."""
    found: dict[str, dict[str, Line]] = defaultdict(dict)
    for line in own:
        found[line["draw"]][line["peer"]] = line
    return dict(found)


def against(draws: Mapping[str, Mapping[str, Line]], peer: str, other: str) -> dict[str, float]:
    """Return the log ratio of a peer's error to another's for each draw that both finished; negative is better."""
    return {
        draw: truth.log_ratio(found[peer]["error"], found[other]["error"], found[peer]["dummy"])
        for draw, found in draws.items()
        if peer in found and other in found
    }


def compared(draws: Mapping[str, Mapping[str, Line]], peer: str, other: str) -> tuple[str, str, str]:
    """Return mean ratio with its standard error, "better on k of n", and the worst draw with its table."""
    logs = against(draws, peer, other)
    if peer == other or not logs:
        return "-", "-", "-"
    worst = max(logs, key=logs.__getitem__)
    table = draws[worst][peer]["dataset"]
    better = sum(log < 0 for log in logs.values())
    return pages.mean_ratio(list(logs.values())), f"{better} of {len(logs)}", f"{_change(logs[worst])} ({table})"


def peer_row(draws: Mapping[str, Mapping[str, Line]], peer: str) -> tuple[object, ...]:
    """Return the row of a peer."""
    own = [found[peer] for found in draws.values() if peer in found]
    seconds = [line["fit_seconds"] for line in own]
    over = sum(line["fit_seconds"] > (1 + GRACE) * line["budget_seconds"] for line in own)
    return (
        NAMES.get(peer, peer), f"{len(own)} of {len(draws)}", *compared(draws, peer, BASE),
        *compared(draws, peer, OWN)[:2], f"{np.mean(seconds):.0f} ({max(seconds):.0f})", over,
        f"{np.mean([line['fit_cpu_seconds'] for line in own]):.0f}",
        f"{np.median([line['predict_seconds_per_1000'] for line in own]):.3f}",
        f"{1000 * np.median([line['predict_seconds_of_one'] for line in own]):.1f}",
        f"{np.median([line['model_mb'] for line in own]):.1f}",
    )  # fmt: skip


def table_row(found: Mapping[str, Line], peers: Sequence[str]) -> tuple[object, ...]:
    """Return the errors of all peers on a draw, the least in bold."""
    some = next(iter(found.values()))
    least = min(line["error"] for line in found.values())
    cells = []
    for peer in peers:
        if peer not in found:
            cells.append("-")
            continue
        text = f"{found[peer]['error']:.4g}"
        cells.append(f"**{text}**" if found[peer]["error"] == least else text)
    return some["dataset"], f"{some['rows_learnt_from']:,}", some["metric"], *cells


def kind(model: str) -> str:
    """Return what a model of AutoGluon or MLJAR is, without number, fold and level: LightGBM of LightGBMXT_BAG_L1."""
    if model.islower():
        return model
    bare = re.sub(r"^\d+_(Default_)?", "", model).split("_")[0]
    return re.sub(r"(XT|Large|Gini|Entr|MSE)$", "", bare)


def weights(own: Sequence[Line]) -> dict[str, float]:
    """Return what share of the answer each kind of model has, the mean over draws, the largest first."""
    found: dict[str, float] = defaultdict(float)
    for line in own:
        known = [member for member in line["members"] if member.get("weight")]
        total = sum(member["weight"] for member in known)
        for member in known:
            found[kind(member["model"])] += member["weight"] / total / len(own)
    return dict(sorted(found.items(), key=lambda each: -each[1]))


def section(title: str, own: Sequence[Line]) -> list[str]:
    """Return what draws of one kind and budget amount to."""
    draws = by_draw(own)
    peers = [peer for peer in NAMES if any(peer in found for found in draws.values())]
    heads = (
        "peer", "finished", "error against CatBoost as shipped", "better", "worst", "error against this product",
        "better", "seconds, mean (most)", "over the budget", "CPU s", "s per 1,000", "ms of one", "MB",
    )  # fmt: skip
    text = [f"## {title}", "", *pages.table(heads, [peer_row(draws, peer) for peer in peers])]
    made_of = []
    for peer in peers:
        shares = weights([found[peer] for found in draws.values() if peer in found])
        if shares:
            told = ", ".join(f"{name} {pages.per_cent(share, 0)}" for name, share in shares.items() if share >= 0.005)
            made_of.append(f"- {NAMES[peer]}: {told}")
    if made_of:
        text += ["What answers, by weight on the mean draw:", "", *made_of, ""]
    text += ["<details><summary>Errors on every table</summary>", "", *pages.table(
        ("table", "rows", "metric", *(NAMES[peer] for peer in peers)),
        [table_row(found, peers) for found in draws.values()],
    ), "</details>", ""]  # fmt: skip
    return text


def _change(log: float) -> str:
    return f"{100 * np.expm1(log):+.1f} %"


def made_with(found: Sequence[Line]) -> str:
    """Name the versions of the peers, those of the product's own environment apart."""
    told = []
    for name, own in (("the peers", [line for line in found if line["peer"] != OWN]),
                      ("this product", [line for line in found if line["peer"] == OWN])):  # fmt: skip
        known = {(package, line["versions"][package]) for line in own for package in PACKAGES
                 if package in line["versions"]}  # fmt: skip
        if known:
            told.append(f"{name}: {', '.join(f'{package} {number}' for package, number in sorted(known))}")
    return "; ".join(told)


def page(path: Path, into: Path) -> None:
    """Write the page of what the lines say."""
    found = list(lines.read(path).values())
    if not found:
        return
    text = [*_READ.splitlines(), ""]
    for seconds in sorted({line["budget_seconds"] for line in found}):
        for whole in (False, True):
            own = [line for line in found if line["budget_seconds"] == seconds and (line["rows"] is None) == whole]
            if own:
                count = len({line["draw"] for line in own})
                what = f"{count} whole tables" if whole else f"{count} draws of {own[0]['rows']:,} rows"
                text += section(f"{what}, {seconds:g} s", own)
    if failed := lines.failed(path):
        text += [f"Failed: {'; '.join(f'{key} ({message})' for key, message in failed.items())}.", ""]
    loads = [line["load"] for line in found]
    text += [f"{found[0]['cores']} cores, load {np.mean(loads):.1f} on the mean. {made_with(found)}.", ""]
    commands = ["python -m venv FOLDER && FOLDER/bin/pip install -r benchmarks/peers/requirements.txt",
                "python benchmarks/peers.py --python FOLDER/bin/python"]  # fmt: skip
    pages.write(into, pages.page("Peers", commands, text, {line["code"] for line in found}))
