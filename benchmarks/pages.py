"""How a page of results is written: figures with their intervals, tables, and with what they were made."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from scipy import stats

from advisor.measuring import costs
from advisor.telling.document import installed

HERE = Path(__file__).resolve().parents[1]
REPORTS = HERE / "reports"
PACKAGES = ("numpy", "scipy", "scikit-learn", "xgboost", "lightgbm", "catboost", "torch", "optuna")


def share_interval(hits: int, count: int, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of Clopper and Pearson (1934) for a share; (0, 1) where nothing was counted."""
    if not count:
        return 0.0, 1.0
    low, high = stats.binomtest(hits, count).proportion_ci(level, method="exact")
    return float(low), float(high)


def cluster_interval(
    values: Sequence[object],
    clusters: Sequence[str],
    statistic: Callable[[list[object]], float],
    *,
    draws: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float]:
    """Return a percentile interval of `statistic` by drawing whole clusters with replacement (Field and Welsh 2007).

    Several draws of one source are one cluster. Draws on which the statistic does not exist are left out; (NaN, NaN)
    with fewer than two clusters.
    """
    names = sorted(set(clusters))
    if len(names) < 2:
        return float("nan"), float("nan")
    members = {name: [value for value, own in zip(values, clusters, strict=True) if own == name] for name in names}
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        drawn = [value for place in rng.integers(len(names), size=len(names)) for value in members[names[place]]]
        figure = statistic(drawn)
        if np.isfinite(figure):
            found.append(figure)
    if not found:
        return float("nan"), float("nan")
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def per_cent(value: float | None, digits: int = 1) -> str:
    """Write a share in per cent, "-" where there is none."""
    return "-" if value is None or not np.isfinite(value) else f"{100 * value:.{digits}f} %"


def counted(hits: int, count: int) -> str:
    """Write "hits of count" with its exact 95 % interval."""
    if not count:
        return "0 of 0"
    low, high = share_interval(hits, count)
    return f"{hits} of {count} [{100 * low:.0f} to {100 * high:.0f} %]"


def by_cluster(values: Sequence[float], clusters: Sequence[str]) -> list[float]:
    """Return the mean of each cluster, in the order of their names: several draws of one table are one cluster."""
    names = sorted(set(clusters))
    return [
        float(np.mean([value for value, own in zip(values, clusters, strict=True) if own == name])) for name in names
    ]


def mean_ratio(logs: Sequence[float]) -> str:
    """Write the mean of log ratios as a change in per cent, with its standard error: "-6.2 % (1.1)"."""
    known = [log for log in logs if np.isfinite(log)]
    if not known:
        return "-"
    middle = float(np.exp(np.mean(known)))
    error = "" if len(known) < 2 else f" ({100 * middle * np.std(known, ddof=1) / np.sqrt(len(known)):.1f})"
    return f"{100 * (middle - 1):+.1f} %{error}"


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return the lines of a Markdown table, and an empty one."""
    head = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    return [*head, *(f"| {' | '.join(map(str, row))} |" for row in rows), ""]


def page(title: str, commands: Sequence[str], text: Sequence[str], made_with: Iterable[str] = ()) -> str:
    """Return a whole page: how it is made stands below its title, with what it was made at its end."""
    made = ", ".join(sorted(set(made_with)))
    foot = [f"{machine()}{f'; commit {made}' if made else ''}."]
    return "\n".join([f"# {title}", "", *(f"    {command}" for command in commands), "", *text, *foot]).rstrip() + "\n"


def folder(given: Path | None, quick: bool, name: str) -> Path:
    """Return where lines and pages belong: the folder given, or that of quick tries, or reports."""
    return given or (HERE / "advisor-runs" / f"{name}-quick" if quick else REPORTS)


def write(path: Path, text: str) -> None:
    """Write a page and say where."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(path)


def machine() -> str:
    """Describe where results were made; no path and no name of the machine."""
    versions = ", ".join(f"{name} {number}" for name in PACKAGES if (number := installed(name)))
    return (
        f"{costs.cpu_name()}, {platform.system()} {platform.machine()}, Python {platform.python_version()}; {versions}"
    )


def code() -> str:
    """Name the commit that results are made with, with a "+" where the code has been changed since."""

    def git(*asked: str) -> str:
        return subprocess.run(["git", *asked], cwd=HERE, capture_output=True, text=True).stdout.strip()

    changed = git("diff", "--name-only", "HEAD", "--", "advisor", "benchmarks")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + ("+" if changed else "")
