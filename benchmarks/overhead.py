"""What a comparison takes beside fitting, whether anything is fitted twice, and how soon a command is up.

    OMP_NUM_THREADS=1 python benchmarks/overhead.py [--tables abalone,credit_data,hpc_data] [--seconds 60] [--write]

Every task that a worker gets, and what it says of its own seconds (fits and predictions of folds, checks of the data,
refits of what is handed over), is written down as it passes the engine; of a fit that was stopped or failed, how long
the worker had it. The rest of the workers' seconds is what the product takes for itself: reading, profiling, starting
processes, choosing what comes next, timing single predictions, keeping models, judging, writing the report. To keep:
under 5 % of the budget; the same candidate on the same fold once.
`advisor --help` is timed against a bare interpreter, in turns: under 12 starts of it.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import draws
import pages
import pandas as pd

import advisor
from advisor.engines.local import LocalEngine
from advisor.fitting.fold import FoldTask, ProbeTask, RefitTask
from advisor.records import FoldResult

TABLES = ("abalone", "credit_data", "hpc_data")
SHARE, STARTS, ROUNDS = 0.05, 12.0, 9


@dataclass
class Log:
    """What passed the engine: tasks by what they were, their own seconds by kind, the first's begin and the last's end.

    `held` are the seconds that workers had a task, all that is not its fit included.
    """

    tasks: Counter[tuple[str, ...]] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)
    held: float = 0.0
    first: float = float("inf")
    last: float = 0.0

    def note(self, task: Any, result: Any, had: float) -> None:
        """Write down a task and what came of it; a worker `had` it for so many seconds."""
        self.last = time.time()
        self.held += had
        own = result.cost.seconds if isinstance(result, FoldResult) else getattr(result, "seconds", 0.0)
        if isinstance(task, FoldTask):
            self.tasks["fold", task.candidate.key, str(task.fold)] += 1
            self.seconds["folds"] += own or had
        elif isinstance(task, RefitTask):
            self.tasks["refit", task.candidate.key] += 1
            self.seconds["hand-over"] += own or had
        elif isinstance(task, ProbeTask):
            self.tasks["probe", task.probe.kind, task.probe.name, task.probe.learner] += 1
            self.seconds["checks"] += own or had

    @property
    def twice(self) -> list[str]:
        """Name the tasks that were done more than once."""
        return [" ".join(task) for task, count in self.tasks.items() if count > 1]


@contextmanager
def listening(log: Log) -> Iterator[None]:
    """Write down what passes the engine inside the block."""
    through = LocalEngine.map

    def heard(self: LocalEngine, work: Callable[[Any, Any], Any], items: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        begun: dict[int, float] = {}

        def handed_out() -> Iterator[Any]:
            for task in items:
                begun[id(task)] = time.time()
                yield task

        log.first = min(log.first, time.time())
        for task, result in through(self, work, handed_out()):
            log.note(task, result, time.time() - begun.get(id(task), time.time()))
            yield task, result

    LocalEngine.map = heard  # type: ignore[method-assign]
    try:
        yield
    finally:
        LocalEngine.map = through  # type: ignore[method-assign]


def overhead(name: str, seconds: float, workers: int) -> tuple[tuple[object, ...], list[str]]:
    """Compare on a table; return its row, and what was done twice."""
    frame, target, task = draws.table(name)
    log = Log()
    with tempfile.TemporaryDirectory(prefix="overhead-") as scratch, listening(log):
        folder = Path(scratch) / "run"
        began = time.time()
        advisor.compare(frame, target, task=task, budget=seconds, workers=workers, tracking=False, out=folder)
        ended = time.time()
        outcomes = pd.read_parquet(folder / "outcomes.parquet")
    folds = outcomes[outcomes["kind"] == "fold"]
    spent, busy = ended - began, sum(log.seconds.values())
    share = (workers * spent - busy) / (workers * seconds)
    beside, idle = log.held - busy, workers * (log.last - log.first) - log.held
    twice = log.twice + list(folds[folds.duplicated(["candidate", "number"])]["candidate"])
    return (
        name, f"{len(frame):,}", f"{spent:.1f}", f"{log.seconds['folds']:.1f}", f"{log.seconds['checks']:.1f}",
        f"{log.seconds['hand-over']:.1f}", f"{log.first - began:.1f}", f"{beside:.1f}", f"{idle:.1f}",
        f"{ended - log.last:.1f}",
        f"{100 * share:.1f} %", len(folds), len(twice),
    ), twice  # fmt: skip


def starts(rounds: int) -> dict[str, tuple[float, float]]:
    """Return median (wall, CPU) seconds of a bare interpreter and of `advisor --help`, run in turns."""
    command = Path(sys.executable).with_name("advisor")
    asked = {"python": [sys.executable, "-c", "pass"], "advisor --help": [str(command), "--help"]}
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in asked}
    for _ in range(rounds):
        for name, words in asked.items():
            before, began = _cpu_of_children(), time.perf_counter()
            subprocess.run(words, stdout=subprocess.DEVNULL, check=True)
            taken[name].append((time.perf_counter() - began, _cpu_of_children() - before))
    return {
        name: (statistics.median(wall for wall, _ in found), statistics.median(cpu for _, cpu in found))
        for name, found in taken.items()
    }


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", default=",".join(TABLES), help="none for the start alone")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--write", action="store_true", help="write reports/overhead.md")
    options = parser.parse_args()
    found = [overhead(name, options.seconds, options.workers) for name in options.tables.split(",") if name]
    twice = [task for _, tasks in found for task in tasks]
    times = starts(options.rounds)
    wall, cpu = (times["advisor --help"][place] / times["python"][place] for place in (0, 1))
    text = [
        f"Budgets of {options.seconds:.0f} s, {options.workers} workers. Seconds of folds, checks and hand-over are "
        "those that the fits and predictions took by their own clock; beside a fit is what workers had a task for "
        "beyond that (loading libraries, timing single predictions, keeping models, being heard), without a task what "
        "was left of their seconds between the first and the last. The share is all workers' seconds less these fits "
        f"and predictions, of all workers' seconds in the budget: to keep under {100 * SHARE:.0f} %.", "",
        *pages.table(("table", "rows", "spent, s", "folds", "checks", "hand-over", "before the first task, s",
                      "beside a fit", "without a task", "after the last, s", "share", "fits of folds", "done twice"),
                     [row for row, _ in found]),
        f"Done twice: {', '.join(twice) or 'nothing'}.", "",
        f"`advisor --help` takes {wall:.1f} starts of a bare interpreter on the wall ({cpu:.1f} in CPU seconds): "
        f"{times['advisor --help'][0]:.2f} s against {times['python'][0]:.3f} s, medians of {options.rounds} in turns; "
        f"to keep at most {STARTS:.0f}.", "",
    ]  # fmt: skip
    command = "OMP_NUM_THREADS=1 python benchmarks/overhead.py --write"
    made = pages.page("What a comparison takes beside fitting", [command], text, [pages.code()])
    print(made) if not options.write else pages.write(pages.REPORTS / "overhead.md", made)


if __name__ == "__main__":
    main()
