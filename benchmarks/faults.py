"""What comes of faults, kills, hostile folders and planted secrets: one page of all that was tried.

    OMP_NUM_THREADS=1 python benchmarks/faults.py hostile [--most 300]     an hour; goes on by the same command
    OMP_NUM_THREADS=1 python benchmarks/faults.py secrets                  ten minutes; the same
    python benchmarks/faults.py page                                       the page alone

`hostile` asks every command about spoilt folders of a run, drawn from all there are (see hostile_variants); `secrets`
plants secrets around comparisons and looks for them in all that these leave (see planted_secrets). A line each, in
faults.jsonl beside the page. Kills, injected faults and budgets are tried elsewhere (`make soak`, budgets.py), and
their lines counted here where they are.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import budgets
import hostile
import hostile_variants
import lines
import numpy as np
import pages
import planted_secrets as planted
from lines import Line

NAME = "faults.jsonl"
KILLS, INJECTED = "kills.jsonl", "injected.jsonl"
MOST = 300
BUDGET = "60s"
# What must not come of a hostile folder, and how it is called on the page.
HARM = {
    "code_run": "ran code of the folder",
    "written_outside": "wrote or changed something outside it",
    "called": "called somebody over the network",
    "control": "printed what a terminal obeys",
    "hung": "hung, or took more memory than there was",
    "tracebacks": "ended in something else than a sentence",
    "about_others": "broke a command about another run",
    "left_in_temp": "left a temporary file",
}


def harmed(found: Sequence[Line], harm: str) -> list[Line]:
    """Return the lines of variants that did a harm."""
    return [line for line in found if line[harm]]


def summary(parts: Mapping[str, Sequence[Line]]) -> list[tuple[str, str, str]]:
    """Return the rows of the page's first table: what was tried, how often, and what came of it."""
    rows: list[tuple[str, str, str]] = []
    if found := parts["injected"]:
        survived = sum(bool(line["survived"]) for line in found)
        rows.append(("faults", str(len(found)), f"survived {survived}, lost {len(found) - survived}"))
    if found := parts["kills"]:
        count = sum(len(line["ends"]) for line in found)
        rows.append(("kills", str(count), f"verdicts identical {pages.counted(*_identical(found))}"))
    if found := parts["hostile"]:
        ran = len(harmed(found, "code_run"))
        rows.append(("hostile or damaged folders", str(len(found)), f"code run {ran}"))
    if found := parts["secrets"]:
        count, seen = (sum(len(line[part]) for line in found) for part in ("planted", "found"))
        rows.append(("secrets planted", str(count), f"found {seen}"))
    if found := parts["budgets"]:
        beyond = np.array([budgets.over(line) for line in found])
        rows.append((
            "budgets", str(len(found)),
            f"kept {pages.counted(sum(map(budgets.kept, found)), len(found))}; seconds beyond: median "
            f"{np.median(beyond):.1f}, nine tenths {np.quantile(beyond, 0.9):.1f} or less, at most {beyond.max():.1f}",
        ))  # fmt: skip
    return rows


def _identical(found: Sequence[Line]) -> tuple[int, int]:
    return sum(bool(line["identical"]) for line in found), len(found)


def of_hostile(found: Sequence[Line]) -> list[str]:
    """Return what hostile folders did."""
    asked = sum(line["commands"] for line in found)
    statuses: Counter[str] = Counter()
    for line in found:
        statuses.update(line["statuses"])
    told = [
        "## Hostile and damaged folders of a run", "",
        f"A finished run was spoilt in {len(found)} ways of those that hostile_variants knows: its files cut, emptied, "
        "flipped, replaced by links, pipes, folders and huge files; values of its JSON, its ledger, its tables and its "
        "database replaced by others; what runs code when it is loaded put in the place of every file. "
        f"{asked:,} commands were asked about these folders, and about a sound run beside them: those that read what "
        f"was spoilt. They ended with {', '.join(f'{key}: {count:,}' for key, count in statuses.most_common())}.",
        "", *pages.table(("of the folders, so many", ""), [(name, len(harmed(found, harm)))
                                                          for harm, name in HARM.items()]),
    ]  # fmt: skip
    for harm, name in HARM.items():
        told += [f"- {name}: {line['variant']} ({str(line[harm])[:200]})" for line in harmed(found, harm)]
    kinds = Counter(line["variant"].partition(": ")[0] for line in found)
    told += [
        "",
        "What did harm when it was first tried has been mended and was tried again, so that it counts as it is now.",
    ]
    return [*told, "", f"Spoilt: {', '.join(f'{name} {count}' for name, count in sorted(kinds.items()))}.", ""]


def of_secrets(found: Sequence[Line]) -> list[str]:
    """Return where secrets were planted, and where they were found."""
    rows = [
        (
            line["key"].removeprefix("secrets "),
            len(line["planted"]),
            len(line["found"]),
            line["texts"],
            ", ".join(map(str, line["statuses"])),
        )
        for line in found
    ]
    told = [f"- {name} in {', '.join(where)}" for line in found for name, where in line["found"].items()]
    forms = sorted({name for line in found for name in line["planted"]})
    return [
        "## Secrets", "",
        f"Of {len(forms)} forms: {', '.join(forms)}. Looked for as they are, as addresses, JSON, HTML and Python write "
        "them, in base64 and hexadecimal, in the run's folder, MLflow's database and artifacts, temporary files, what "
        "was printed, and command lines of processes.", "",
        *pages.table(("comparison", "planted", "found", "files and outputs looked through", "statuses"), rows),
        *told, "",
    ]  # fmt: skip


def of_kills(found: Sequence[Line]) -> list[str]:
    """Return what came of runs that were killed and taken up again."""
    identical, runs = _identical(found)
    return [
        "## Kills", "",
        f"{sum(len(line['ends']) for line in found)} ends at random moments in {runs} runs, each taken up again to its "
        f"end: the verdict of {identical} is that of a run which nobody disturbed.", "",
    ]  # fmt: skip


def of_injected(found: Sequence[Line]) -> list[str]:
    """Return what came of faults that were put into learners, engine and disk."""
    rows = [(line["key"], "survived" if line["survived"] else "lost", line.get("said", "")) for line in found]
    return ["## Faults", "", *pages.table(("fault", "", "said"), rows)]


def of_budgets(found: Sequence[Line]) -> list[str]:
    """Return how far budgets were overrun; budgets.md has each table."""
    rows = []
    for seconds in sorted({line["budget_seconds"] for line in found}):
        own = [line for line in found if line["budget_seconds"] == seconds]
        beyond = np.array([budgets.over(line) for line in own])
        shares = [f"{np.quantile(beyond, share):.1f}" for share in (0.1, 0.5, 0.9, 0.99, 1)]
        rows.append((f"{seconds:.0f} s", pages.counted(sum(map(budgets.kept, own)), len(own)), *shares))
    heads = ("budget", "kept", *(f"{share} beyond, s" for share in ("10 %", "50 %", "90 %", "99 %", "most")))
    return ["## Budgets", "", *pages.table(heads, rows)]


SECTIONS = {
    "injected": of_injected,
    "kills": of_kills,
    "hostile": of_hostile,
    "secrets": of_secrets,
    "budgets": of_budgets,
}


def read(folder: Path) -> dict[str, list[Line]]:
    """Return the lines of all parts that are there; those that are none of theirs are left out."""
    own = lines.read(folder / NAME).values()
    parts: dict[str, list[Line]] = {
        part: [line for line in own if line["key"].startswith(f"{part} ")] for part in ("hostile", "secrets")
    }
    others = {"kills": (KILLS, {"ends", "identical"}), "injected": (INJECTED, {"survived"}),
              "budgets": (budgets.NAME, {"budget_seconds", "command_seconds"})}  # fmt: skip
    for part, (name, needed) in others.items():
        parts[part] = [line for line in lines.read(folder / name).values() if needed <= set(line)]
    return parts


def page(folder: Path) -> None:
    """Write the page of what the lines say."""
    parts = read(folder)
    if not any(parts.values()):
        return
    said = pages.table(("tried", "how many", "what came of it"), summary(parts))
    for part, told in SECTIONS.items():
        said += told(parts[part]) if parts[part] else []
    if failed := lines.failed(folder / NAME):
        said += [f"Could not be tried: {'; '.join(f'{key} ({message})' for key, message in failed.items())}.", ""]
    commands = [f"OMP_NUM_THREADS=1 python benchmarks/faults.py {part}" for part in ("hostile", "secrets")]
    made = {line["code"] for found in parts.values() for line in found if "code" in line}
    pages.write(folder / "faults.md", pages.page("Faults, kills, hostile folders and secrets", commands, said, made))


def main() -> None:
    """Run what is missing of a part and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["hostile", "secrets", "page"])
    parser.add_argument("--most", type=int, default=MOST, help="how many variants of a folder are tried")
    parser.add_argument("--only", default="", help="variants and comparisons whose name has this in it")
    parser.add_argument("--out", type=Path, help="folder of the lines and the page (default: reports)")
    parser.add_argument("--quick", action="store_true", help="a variant of each kind of file, into advisor-runs")
    options = parser.parse_args()
    out = pages.folder(options.out, options.quick, "faults")
    about = {"code": pages.code(), "began": time.strftime("%Y-%m-%d %H:%M")}
    if options.part == "hostile":
        with tempfile.TemporaryDirectory(prefix="faults-") as scratch:
            made = Path(scratch)
            hostile.make_run(made)
            hostile.load_everything(made)
            chosen = [each for each in hostile_variants.variants(made / "advisor-runs" / "sound")
                      if options.only in each.name][: options.most]  # fmt: skip
            if options.quick:
                chosen = list({each.name.partition(": ")[0]: each for each in chosen}.values())
            lines.run_missing(out / NAME, hostile.planned(made, chosen), about)
    if options.part == "secrets":
        work = {name: each for name, each in planted.planned(BUDGET).items() if options.only in name}
        lines.run_missing(out / NAME, work, about)
    page(out)


if __name__ == "__main__":
    main()
