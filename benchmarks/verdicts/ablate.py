"""What other rules would have answered on the same runs: recomputed from what was kept, without any training.

    python benchmarks/verdicts/ablate.py FOLDER      writes FOLDER/ablations.jsonl; minutes

All answers here come from figures alone: the absolute floor, limits and "no signal" are not asked.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import lines
import numpy as np
from evidence_simulation import by_method
from look_rule import first_answer

from advisor import evidence
from advisor.evidence import answer_of
from advisor.metrics import METRICS
from advisor.records import Comparison, Split, Splits
from advisor.standings import FEW_COPIES
from advisor.verdict import FEWEST_CUTS

ANSWERS = {1: "worth_it", -1: "not_worth_it", 0: "too_close_to_call"}


@dataclass(frozen=True)
class Kept:
    """What was kept of one run: facts of its jobs, and their row losses by the key of the job."""

    about: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray]

    def splits(self) -> Splits:
        """Rebuild the outer cuts."""
        rows = np.arange(self.about["rows"])
        parts = []
        for number, repeat in self.arrays["repeats"]:
            test = self.arrays[f"test {number}"]
            parts.append(Split(int(number), int(repeat), int(number), np.setdiff1d(rows, test), test))
        return Splits(self.about["kind"], self.about["folds"], len({part.repeat for part in parts}), tuple(parts), 1)

    def clusters(self) -> np.ndarray | None:
        """Return the codes of exact copies, where there are enough of them to matter, as the product does."""
        twins = self.arrays.get("twins")
        return twins if twins is not None and twins.max() + 1 < FEW_COPIES * len(twins) else None


def load(path: Path) -> Kept:
    """Read what was kept of a run."""
    with np.load(path, allow_pickle=False) as found:
        return Kept(json.loads(str(found["about"])), {name: found[name] for name in found.files if name != "about"})


def champions(kept: Kept, *, tuned: bool, by: str) -> dict[str, dict[int, Mapping[str, Any]]]:
    """Choose each family's champion on every cut by "inner_error" or, as nobody should, by its outer "error"."""
    finals: dict[tuple[str, int], Mapping[str, Any]] = {}
    for job in kept.about["jobs"]:
        if job["stage"] == "default" or tuned:
            place = job["learner"], job["split"]
            if place not in finals or job["stage"] == "tuned":
                finals[place] = job
    chosen: dict[str, dict[int, Mapping[str, Any]]] = {}
    for (_, split), job in finals.items():
        family = chosen.setdefault(job["family"], {})
        if job[by] is not None and (split not in family or job[by] < family[split][by]):
            family[split] = job
    return chosen


def compared(kept: Kept, *, tuned: bool = True, by: str = "inner_error") -> Comparison | None:
    """Compare the two families' champions; None where a family is lacking or too few cuts were finished by both."""
    chosen = champions(kept, tuned=tuned, by=by)
    if not {"classical", "neural"} <= set(chosen):
        return None
    pipelines = [
        {split: kept.arrays[job["key"]].astype(float) for split, job in chosen[family].items()}
        for family in ("classical", "neural")
    ]
    parts = kept.splits()
    cuts = evidence.cuts_of(parts, pipelines, encoded_columns=kept.about["encoded_columns"], groups=kept.clusters())
    if len(cuts.numbers) < min(FEWEST_CUTS, len(parts.parts)):
        return None
    losses = [evidence.losses_of(pipeline, cuts) for pipeline in pipelines]
    metric = METRICS[kept.about["metric"]]
    return evidence.compare_pairs(losses[0], losses[1], cuts, metric, min_gain=kept.about["min_gain"])


def ablated(kept: Kept) -> dict[str, Any]:
    """Return the answer of every rule, the chance it gave, and the part of the seconds after which it came."""
    final, defaults = compared(kept), compared(kept, tuned=False)
    by_outer = compared(kept, by="error")
    answers: dict[str, str] = {}
    if final is not None:
        answers["ours, replayed"], stage = first_answer([("defaults", defaults), ("tuned", final), ("final", final)])
        answers["no looks"] = answer_of(final)
        methods = by_method(final, kept.about["folds"]) if len(final.by_split) > 1 else {}
        if methods:
            methods["no prior"] = replace(methods.pop("ours"), prior=False)
        answers |= {name: ANSWERS[estimate.answer(final.theta_min)] for name, estimate in methods.items()}
    if by_outer is not None:
        answers["champions by outer score"] = answer_of(by_outer)
    seconds = {
        stage_: sum(job["seconds"] for job in kept.about["jobs"] if job["stage"] == stage_)
        for stage_ in ("default", "tuned")
    }
    share = seconds["default"] / max(sum(seconds.values()), 1e-9)
    return {
        "answers": answers,
        "stage": stage if final is not None else None,
        "share_of_seconds": share if final is not None and stage == "defaults" else 1.0,
        "p_worth": {
            "ours, replayed": final and final.p_worth,
            "no prior": final and final.p_worth_flat,
            "champions by outer score": by_outer and by_outer.p_worth,
        },
        "first_split": first_split(kept),
    }


def first_split(kept: Kept) -> str | None:
    """Return the family that is ahead on the first cut alone: what a single hold-out of a fifth would have said."""
    chosen = champions(kept, tuned=True, by="inner_error")
    errors = {family: chosen[family][0]["error"] for family in ("classical", "neural") if 0 in chosen.get(family, {})}
    return min(errors, key=lambda family: errors[family]) if len(errors) == 2 else None


def write(folder: Path) -> None:
    """Recompute the lines of all runs of which something was kept; others stay as they are."""
    path = folder / "ablations.jsonl"
    found = lines.read(path)
    for file in sorted((folder / "kept").glob("*.npz")):
        found[file.stem] = {"key": file.stem, **ablated(load(file))}
    if found:
        lines.write(path, found.values())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    write(parser.parse_args().folder)
