"""What an installation of ours brings along: every package, its version and its licence, as the packages say it.

    python benchmarks/dependencies.py      writes reports/dependencies.md

Known weaknesses stand in databases on the network: `pip-audit -r constraints.txt --no-deps` asks one.
"""

from __future__ import annotations

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "reports" / "dependencies.md"
# What a program under Apache-2.0 cannot simply bring along, or what somebody should read first.
COPYLEFT = re.compile(r"\bA?GPL|\bLGPL|\bMPL|\bEPL|\bSSPL|GNU ", re.IGNORECASE)


def brought_along(name: str, extras: tuple[str, ...]) -> dict[str, Distribution]:
    """Return what installing `name` with these extras brings along, by name, as far as it is installed here."""
    found: dict[str, Distribution] = {}
    waiting = [(name, extras)]
    while waiting:
        wanted, asked = waiting.pop()
        try:
            package = distribution(wanted)
        except PackageNotFoundError:
            continue
        for text in package.requires or ():
            need = Requirement(text)
            marks = [need.marker is None or need.marker.evaluate({"extra": extra}) for extra in (*asked, "")]
            if any(marks) and need.name.lower() not in found:
                waiting.append((need.name, tuple(need.extras)))
        found[wanted.lower()] = package
    del found[name.lower()]
    return found


def licence(package: Distribution) -> str:
    """Return what a package says of its licence: its expression, its classifiers, or the first line of its text."""
    facts = package.metadata
    if expression := facts.get("License-Expression"):
        return str(expression)
    classes = [
        line.rpartition(" :: ")[2] for line in facts.get_all("Classifier") or () if line.startswith("License ::")
    ]
    told = (facts.get("License") or "").strip().splitlines()
    return ", ".join(each for each in classes if each != "OSI Approved") or (told[0][:80] if told else "not said")


def page(found: dict[str, Distribution]) -> str:
    """Put the report together."""
    told = {name: licence(package) for name, package in sorted(found.items())}
    odd = {name: said for name, said in told.items() if said == "not said" or COPYLEFT.search(said)}
    lines = [
        "# What is brought along", "", "    python benchmarks/dependencies.py", "",
        f"{len(found)} packages with the extras foundation and text, as installed when this was written; licences as "
        "the packages state them.", "",
        "To be read before passing them on: " + ("; ".join(f"{name} ({said})" for name, said in odd.items()) or "none")
        + ".", "",
        "Known weaknesses were not looked up: the databases that `pip-audit -r constraints.txt --no-deps` asks could "
        "not be reached from where this was written. Run it where they can.", "",
        "| package | version | licence |", "|---|---|---|",
    ]  # fmt: skip
    return "\n".join([*lines, *(f"| {name} | {found[name].version} | {said} |" for name, said in told.items())]) + "\n"


if __name__ == "__main__":
    REPORT.write_text(page(brought_along("neural-net-advisor", ("foundation", "text"))), encoding="utf-8")
