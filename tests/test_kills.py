"""A comparison that is ended at any moment, and taken up again, comes to the verdict of one that nobody disturbed.

So does one whose workers are killed. The short form ends two; ADVISOR_KILLS=25 ends as many, `make soak` 200, and then
each run that was disturbed is a line of reports/kills.jsonl.
"""

import itertools
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest

ROOT = Path(__file__).resolve().parents[1]
KILLS = int(os.environ.get("ADVISOR_KILLS", "2"))
SEED = os.environ.get("ADVISOR_KILLS_SEED", "0")
LEARNERS = "linear,tree,mlp,tabm" if "ADVISOR_KILLS" in os.environ else "linear,tree,mlp"
COMMAND = [
    "compare", "open.csv", "--target", "y", "--time", "day", "--budget", "1h", "--trials", "2", "--learners", LEARNERS,
    "--workers", "2", "--single", "--no-tracking",
]  # fmt: skip
WORKER = "SIGKILL of a worker"
WAYS = [signal.SIGKILL, WORKER, signal.SIGTERM, signal.SIGKILL, WORKER, signal.SIGINT, signal.SIGKILL]
# Times, energy (which is reckoned from them), what the system gave a process of memory, sizes of models (whose report
# tells of seconds), who is cheaper than whom (by seconds), and the command, which says --resume.
MEASURED = re.compile("seconds|_ms|per_second|energy|peak_memory|model_mb|pareto|command|^started_at$|^ended_at$")
# What a sentence says of times.
TIMES = re.compile(r"[\d.,]+ (ms|s|min|h|times what)\b")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Rows in time of which nobody can say whether a net is worth it, however long he looks."""
    folder = tmp_path_factory.mktemp("kills")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(160, 3)), columns=list("abc"))
    frame["y"] = np.where(frame["a"] + rng.normal(size=160) > 0, "yes", "no")
    frame.assign(day=np.arange(160)).to_csv(folder / "open.csv", index=False)
    return folder


def begin(cwd, out, *more):
    return subprocess.Popen(
        [sys.executable, "-m", "advisor", *COMMAND, "--out", out, *more],
        cwd=cwd,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # A shell makes what it starts in the background ignore Ctrl-C, and whoever that starts inherits it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def finished(process):
    _, said = process.communicate(timeout=1800)
    assert process.returncode == 0, said


def lines(ledger):
    return ledger.read_bytes().count(b"\n") if ledger.exists() else 0


def told(run):
    """Return what a run says, less what no two runs have in common."""

    def without(value):
        if isinstance(value, dict):
            return {key: without(each) for key, each in value.items() if not MEASURED.search(key)}
        if isinstance(value, str):
            return TIMES.sub(r"# \1", value)
        return [without(each) for each in value] if isinstance(value, list) else value

    outcomes, predictions = (
        json.loads(pd.read_parquet(run / f"{name}.parquet").to_json(orient="records", double_precision=15))
        for name in ("outcomes", "oof")
    )
    for row in outcomes:
        row["curve"] = json.loads(row["curve"] or "null")
    verdict = json.loads((run / "verdict.json").read_text())
    return without({"verdict": verdict, "outcomes": outcomes, "predictions": predictions})


def different(one, other, where=""):
    """Return where two values differ, and what stands there."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = {*one, *other}
        return [each for key in sorted(keys) for each in different(one.get(key), other.get(key), f"{where}.{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [each for place, pair in pairs for each in different(*pair, f"{where}[{place}]")]
    return [] if one == other else [f"{where}: {one!r:.200} and not {other!r:.200}"]


def end(process, how):
    """End a run, or a worker of it, and see that it said what it had to; return whether there was anything to end."""
    if how == WORKER:
        try:
            found = [
                each for each in psutil.Process(process.pid).children(recursive=True) if each.ppid() != process.pid
            ]
            found[-1].kill()
        except (psutil.NoSuchProcess, IndexError):
            return False
        return True
    process.send_signal(how)
    _, said = process.communicate(timeout=120)
    assert "Traceback" not in said
    if how is signal.SIGTERM and process.returncode:
        assert process.returncode == 143 and ("--resume" in said or "advisor: interrupted" in said)
    if how is signal.SIGINT and process.returncode:
        # Python dies of the signal itself where an extension module had met it; a shell sees 130 for both.
        assert process.returncode in (130, -signal.SIGINT) and ("--resume" in said or "advisor: interrupted" in said)
    return process.returncode != 0


def disturbed(folder, run, fits, ways, rng):
    """Run a comparison that is ended a few times and taken up again; return how, and after how many of the fits."""
    ledger, ends = folder / run / "ledger.jsonl", []
    process = begin(folder, run)
    for _ in range(min(KILLS, rng.randint(2, 4))):
        how = next(ways)
        # After so many results and a while: between them, in the midst of a line, or when all is written.
        until, wait = rng.randint(lines(ledger), fits), rng.uniform(0, 1.5)
        while process.poll() is None and lines(ledger) < until:
            time.sleep(0.01)
        time.sleep(wait)
        after = lines(ledger)
        if end(process, how):
            ends.append(f"{how if how == WORKER else how.name} after {after} of {fits} fits")
        if process.poll() is not None:
            process = begin(folder, run, *(["--resume"] if ledger.exists() else []))
    finished(process)
    return ends


def write_down(run, ends, identical):
    sys.path.append(str(ROOT / "benchmarks"))
    import lines as report
    import pages

    about = {"code": pages.code(), "date": date.today().isoformat(), "learners": LEARNERS}
    told_of = {"key": f"{SEED}-{run}", **about, "ends": ends, "identical": identical}
    report.append(ROOT / "reports" / "kills.jsonl", told_of)


@pytest.mark.timeout(400 * KILLS + 1200)
def test_whatever_the_moment_of_its_end_the_verdict_of_a_run_that_goes_on_is_the_same(table):
    finished(begin(table, "whole"))
    whole, fits = told(table / "whole"), lines(table / "whole" / "ledger.jsonl")
    rng, ways, ended = random.Random(SEED), itertools.cycle(WAYS), 0
    for run in itertools.count(1):
        ends = disturbed(table, f"run{run}", fits, ways, rng)
        ended += len(ends)
        again = told(table / f"run{run}")
        found = different(again, whole)
        if "ADVISOR_KILLS" in os.environ:
            write_down(run, ends, not found)
        assert not found, "\n".join([f"run {run}: {ends}", *found])
        assert not list((table / f"run{run}").rglob("*.part"))
        if ended >= KILLS:
            break
    print(f"{ended} ends in {run} runs, {run} verdicts identical")
