"""Whatever a learner does, the others' results are whole, the answer says who is missing and why, and nothing is left.

The short form tries a choice of faults, several in one comparison; ADVISOR_LONG=1 tries every kind as a classical
learner and as a net, and writes what came of it to reports/injected.jsonl, a line each. Comparisons are commands,
workers are processes, and what kills them does.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import pytest

from tests.faults import kinds
from tests.faults.broken import Fault, write

ROOT = Path(__file__).resolve().parents[2]
LONG = pytest.mark.skipif(not os.environ.get("ADVISOR_LONG"), reason="takes half an hour; ADVISOR_LONG=1 runs it")
LINES = ROOT / "reports" / "injected.jsonl"
OTHERS = ("linear", "tree", "prior_fitted")
# Some of each kind, cheap ones, and what they are beside: for every change.
CHOSEN = (
    "raises_late", "raises_odd", "exits", "ends_itself", "segfault", "oom", "hangs_in_c", "nan_some_rows", "not_to_one",
    "import_raises", "noisy", "changes_inputs", "strict", "moves", "tramples", "leaves_children", "leaves_orphans",
)  # fmt: skip
EVERY = {name: fault for group in kinds.GROUPS.values() for name, fault in group.items()}


@dataclass(frozen=True)
class Ran:
    """A comparison that is over: what it returned, said and left."""

    status: int
    verdict: Mapping[str, Any]
    stdout: str
    stderr: str
    seconds: float
    left: tuple[str, ...]

    def rows(self) -> dict[str, Any]:
        return {row["learner"]: row for row in self.verdict["leaderboard"]}


def compare(
    folder: Path, faults: Mapping[str, Fault], family: Any, others: tuple[str, ...] = OTHERS, budget: str = "240s",
    package: Path = ROOT, strong: bool = False,
) -> Ran:  # fmt: skip
    """Hold a comparison of these faults of a family beside others, in a folder of its own."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(300, 4)), columns=list("abcd"))
    frame["y"] = np.where(frame["a"] + frame["b"] * frame["c"] + 0.3 * rng.normal(size=300) > 0, "yes", "no")
    frame.to_csv(folder / "table.csv", index=False)
    write(folder / "site", faults, family, strong=strong)
    scratch = Path(tempfile.mkdtemp(prefix="faults-"))  # pytest's own names are too long for the address of a socket
    began = time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-m", "advisor", "compare", "table.csv", "--target", "y", "--budget", budget, "--trials", "1",
         "--learners", ",".join((*faults, *others)), "--workers", "1", "--no-tracking", "--json", "--out", "run"],
        cwd=folder, capture_output=True, text=True, timeout=1_000,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(folder / "site"), str(package)]), "TMPDIR": str(scratch)},
    )  # fmt: skip
    seconds = time.monotonic() - began
    file = folder / "run" / "verdict.json"
    verdict = json.loads(file.read_text()) if file.exists() else {}
    left = (*still_there(folder), *files(scratch))
    shutil.rmtree(scratch)
    return Ran(ran.returncode, verdict, ran.stdout, ran.stderr, seconds, left)


def still_there(folder: Path) -> list[str]:
    """Name the processes that a comparison has left; those that are about to end have a while for it."""
    deadline = time.monotonic() + 60
    while found := [name for process in psutil.process_iter() if (name := started_in(process, folder))]:
        if time.monotonic() > deadline:
            break
        time.sleep(0.2)
    return found


def started_in(process: psutil.Process, folder: Path) -> str | None:
    try:
        inside = str(folder / "site") in process.environ().get("PYTHONPATH", "")
        return " ".join(process.cmdline()) if inside else None
    except psutil.Error:
        return None


def files(scratch: Path) -> list[str]:
    return [str(path) for path in scratch.rglob("*") if path.is_file()]


def wrong(ran: Ran, faults: Mapping[str, Fault], alone: Ran) -> dict[str, str]:
    """Say by fault what is not as it should be; `alone` is the comparison of the others by themselves."""
    found: dict[str, str] = {}
    told, board = json.loads(ran.stdout), ran.rows()
    if ran.status != 0 or told != ran.verdict or ran.left or "Traceback" in ran.stderr or len(ran.stderr) > 4_000:
        found["all"] = f"status {ran.status}, left {ran.left}, said {ran.stderr[-500:]}"
    for name, row in alone.rows().items():
        if (board[name]["status"], board[name]["error"]) != ("ok", row["error"]):
            found[name] = f"{board[name]['status']}, error {board[name]['error']} rather than {row['error']}"
    for name, fault in faults.items():
        row = board.get(name, {"status": "skipped", "message": ran.verdict["skipped"].get(name, "")})
        message = row["message"]
        if fault.says is None and row["status"] != "ok":
            found[name] = f"{row['status']}: {message}"
        if fault.says is not None and (row["status"] not in ("failed", "skipped") or not one_sentence(message, fault)):
            found[name] = f"{row['status']}: {message}"
        if row["status"] == "failed" and ran.verdict["failed"].get(name) != message:
            found[name] = f"not told as failed: {message}"
    return found


def one_sentence(message: str, fault: Fault) -> bool:
    return bool(re.search(str(fault.says), message)) and "\n" not in message and len(message) < 400


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    ran = compare(tmp_path_factory.mktemp("alone"), {}, "classical")
    assert ran.status == 0 and not ran.left, ran
    return ran


@pytest.mark.timeout(1_000)
def test_many_faults_in_one_comparison_change_nothing_for_the_others(tmp_path, alone):
    faults = {name: EVERY[name] for name in CHOSEN}
    ran = compare(tmp_path, faults, "classical")
    assert not wrong(ran, faults, alone)
    assert ran.verdict["answer"] == alone.verdict["answer"]


@pytest.mark.timeout(1_000)
@pytest.mark.parametrize(("family", "side"), [("classical", "classical model"), ("neural", "neural net")])
def test_where_a_whole_side_fails_the_answer_says_of_what_and_asks_for_no_larger_budget(tmp_path, family, side):
    faults = {"segfault": EVERY["segfault"], "nan": EVERY["nan"]} | (kinds.NETS if family == "neural" else {})
    others = ("linear", "tree") if family == "neural" else ("prior_fitted",)
    ran = compare(tmp_path, faults, family, others, strong=True)
    assert ran.status == 0 and not ran.left and ran.verdict["answer"] == "not_enough_evidence"
    said = json.dumps([ran.verdict["sentence"], ran.verdict["reasons"], ran.verdict["would_change"]["larger_budget"]])
    assert f"no {side} finished the folds: all that were tried failed (" in said
    assert any(re.search(f"failed \\({name}: fold 1: .*?{fault.says}", said) for name, fault in faults.items())
    assert "larger budget" not in said.lower() and "more time would not mend" in said
    board = ran.rows()
    assert all(board[name]["status"] == "failed" and one_sentence(board[name]["message"], fault)
               for name, fault in faults.items())  # fmt: skip
    assert all(board[name]["status"] == "ok" and board[name]["error"] < 0.5 for name in others)
    assert set(ran.verdict["failed"]) == set(faults)


@LONG
@pytest.mark.timeout(1_000)
def test_where_a_whole_side_hangs_the_answer_says_so(tmp_path):
    faults = {"hangs_in_c": kinds.WAITS["hangs_in_c"]}
    ran = compare(tmp_path, faults, "neural", ("linear", "tree"), budget="120s")
    assert ran.status == 0 and not ran.left and "Traceback" not in ran.stderr
    assert ran.verdict["sentence"].startswith(
        "Not enough evidence: no neural net finished the folds in time (hangs_in_c: fold 1: stopped after "
    )


@pytest.mark.timeout(1_000)
def test_weights_that_are_cut_off_are_told_of_in_a_sentence(tmp_path, alone):
    """The package of somebody whose installation was interrupted."""
    shutil.copytree(ROOT / "advisor", tmp_path / "package" / "advisor", ignore=shutil.ignore_patterns("__pycache__"))
    weights = tmp_path / "package" / "advisor" / "nets" / "prior_fitted.pt"
    weights.write_bytes(weights.read_bytes()[:100_000])
    ran = compare(tmp_path, {}, "neural", package=tmp_path / "package")
    assert ran.status == 0 and not ran.left and "Traceback" not in ran.stderr
    assert ran.verdict["answer"] == "not_enough_evidence" and "prior_fitted.pt are damaged" in ran.verdict["sentence"]
    assert "larger budget" not in ran.verdict["sentence"]
    board = ran.rows()
    assert board["prior_fitted"]["status"] == "failed"
    assert all(board[name]["error"] == alone.rows()[name]["error"] for name in ("linear", "tree"))


@dataclass(frozen=True)
class Form:
    """Faults that are tried in one comparison, as learners of a family, and the budget of it."""

    group: str
    family: str
    budget: str


# After the first half every fault was tried once.
FORMS = [
    Form(group, ("classical", "neural")[(turn + place) % 2], "120s" if group in ("hangs", "waits") else "400s")
    for turn in (0, 1)
    for place, group in enumerate(kinds.GROUPS)
] + [Form("nets", "neural", "240s")]


@LONG
@pytest.mark.timeout(2_000)
@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.group}-{form.family}")
def test_every_fault_is_an_outcome(tmp_path, alone, form):
    faults = {**kinds.GROUPS, "nets": kinds.NETS}[form.group]
    ran = compare(tmp_path, faults, form.family, budget=form.budget)
    found = wrong(ran, faults, alone)
    note([line(form, name, fault, ran, found) for name, fault in faults.items()])
    late = {name for name in faults if not tried(name, ran)}
    assert not {name: why for name, why in found.items() if name not in late}
    assert ran.verdict["budget"]["spent_seconds"] <= ran.verdict["budget"]["seconds"] + 5


def tried(name: str, ran: Ran) -> bool:
    """Tell whether a fault's turn came before the time was up."""
    return name in ran.rows() or ran.verdict["skipped"][name].startswith("needs")


def line(form: Form, name: str, fault: Fault, ran: Ran, found: Mapping[str, str]) -> dict[str, Any]:
    """Say what was tried, how, what was expected, and what came of it."""
    own = {what: code for what in ("build", "fit", "predict") if (code := getattr(fault, what)) != "pass"}
    row = ran.rows().get(name)
    return {
        "key": f"{name}, {form.family}",
        "how": own
        or dict(fault.files)
        or (f"requires {fault.requires[0]}" if fault.requires else "a loss that is NaN"),
        "expected": "told as failed" if fault.says else "done all the same",
        "said": row["message"] if row else ran.verdict["skipped"][name],
        "survived": not {name, "all", *OTHERS} & set(found) if tried(name, ran) else None,
        "wrong": (found.get(name) or found.get("all", "")) if tried(name, ran) else "",
        "budget_seconds": ran.verdict["budget"]["seconds"],
        "spent_seconds": round(ran.verdict["budget"]["spent_seconds"], 1),
    }


def note(lines: list[dict[str, Any]]) -> None:
    """Put lines in the place of those that an earlier run wrote of the same faults, if their turn came."""
    new = {each["key"]: each for each in lines if each["survived"] is not None}
    old = [json.loads(text) for text in LINES.read_text().splitlines()] if LINES.exists() else []
    known = {each["key"]: each for each in old} | new
    LINES.write_text("".join(json.dumps(known[key]) + "\n" for key in sorted(known)))
