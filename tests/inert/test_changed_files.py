"""Files that were changed at random are refused, raise or answer; none of them runs code."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "hostile_models.py"


def test_no_changed_file_runs_code_or_ends_the_process():
    ran = subprocess.run(
        [sys.executable, SCRIPT, "--files", "60", "--learners", "tree,linear,knn", "--json"],
        cwd=SCRIPT.parents[1], capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    for learner, found in json.loads(ran.stdout).items():
        assert sum(found.values()) == 60, (learner, found)
        assert not {"ran code", "ended the process"} & found.keys(), (learner, found)
        assert found["refused"] > 10 and found["answered"] > 3, "changes are of both kinds"
