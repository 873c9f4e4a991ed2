"""Benchmarks are folders of scripts, so their modules are found by path."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks" / "pretraining"))
