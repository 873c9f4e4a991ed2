"""Benchmarks are folders of scripts, so their modules are found by path."""

import sys
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path += [str(BENCHMARKS), str(BENCHMARKS / "verdicts"), str(Path(__file__).parent)]
