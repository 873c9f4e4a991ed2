"""Does a default that was trained on a shuffled target know anything of rows it has not seen? Then something leaks.

Rows cannot answer that: what a fit on shuffled targets picks up by chance runs along with the truth or against it, on
all rows at once, and with many rows either is far beyond their noise. Independent shuffles can.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from advisor.measuring import splits
from advisor.measuring.metrics import METRICS
from advisor.records import Dataset, Finding, Plan, Probe, ProbeResult
from advisor.wording import percent

KIND = "permuted"
# Forests of full trees learn rows by heart, and their encoder uses the target: whatever leaks shows here first.
LEARNER = "extra_trees"
# With nine shuffles eight have to show skill for a chance of 2 %, so that a single one may miss.
SHUFFLES, FEWEST_SHUFFLES = 9, 6
FOLDS = 3
MOST_ROWS = 1_000
CHANCE = 0.025


def permuted_probes(dataset: Dataset, plan: Plan) -> tuple[Probe, ...]:
    """List nine fits on shuffled targets: three shuffles on each of the plan's first three folds, of 1,000 rows."""
    folds = plan.folds.parts[:FOLDS]
    probes = []
    for shuffle in range(SHUFFLES):
        fold, seed = folds[shuffle % len(folds)], plan.seed + 1 + shuffle
        train, test = (splits.part_of(dataset.target, rows, MOST_ROWS, seed) for rows in (fold.train, fold.test))
        probes.append(Probe(KIND, f"shuffle {shuffle + 1}", LEARNER, train, test, seed, permuted=True))
    return tuple(probes)


def permuted_finding(dataset: Dataset, results: Sequence[ProbeResult]) -> Finding:
    """Judge what was seen on the true targets of the test rows: L04, severe where there is skill, else only told.

    A shuffle shows skill where the mean of its prediction and the constant guess (shares or mean of the training
    targets) has a lower log loss or squared error than that guess. Without a leak the chance is at most one half, since
    shuffles are independent and as likely to run with the truth as against it, while their noise costs something; so
    the number of those that do is held against a fair coin (sign test, Arbuthnot 1710), one-sided at 2.5 %. Fewer than
    six shuffles can tell nothing, and then the finding says that nothing was checked.
    """
    gains = [_gain(dataset, result) for result in results if result.probe.kind == KIND]
    known = [gain for gain in gains if gain is not None]
    if len(known) < FEWEST_SHUFFLES:
        why = next((f" ({result.message})" for result in results if result.probe.kind == KIND and result.message), "")
        return Finding(
            "L04",
            "info",
            f"Whether {LEARNER} learns anything from a shuffled target was not checked: of the {FEWEST_SHUFFLES} fits "
            f"that this takes {len(known)} ended{why}.",
            "Where it is time that was short, a larger --budget pays for the check; no other finding depends on it.",
            {"learner": LEARNER, "shuffles": len(known)},
        )
    better = sum(gain > 0 for gain in known)
    chance = float(stats.binomtest(better, len(known), 0.5, alternative="greater").pvalue)
    evidence = {"learner": LEARNER, "shuffles": len(known), "better_than_constant": better, "chance": chance}
    seen = f"in {better} of {len(known)} shuffles"
    if chance <= CHANCE:
        return Finding(
            "L04",
            "severe",
            f"{LEARNER} predicts rows it has not seen better than a constant guess although it was trained on a "
            f"shuffled target ({seen}; the chance of that without a leak is at most {percent(chance)}).",
            "The answers of test rows reach the training in some way, so no score of this run can be believed; "
            "please report it with the data if you can.",
            evidence,
        )
    return Finding(
        "L04",
        "info",
        f"Trained on a shuffled target, {LEARNER} beats a constant guess {seen}, as chance has it.",
        "Nothing is to be done: the answers of test rows do not reach the training.",
        evidence,
    )


def _gain(dataset: Dataset, result: ProbeResult) -> float | None:
    """Return by how much half of what a shuffled fit believes lowers the loss of the constant guess; None unread."""
    if result.predictions is None:
        return None
    learnt, target = dataset.target[result.probe.train], dataset.target[result.probe.test]
    if dataset.task == "regression":
        guess = np.full(len(target), learnt.mean())
    else:
        guess = np.tile(np.bincount(learnt, minlength=len(dataset.classes)) / len(learnt), (len(target), 1))
    metric = METRICS["rmse" if dataset.task == "regression" else "log_loss"]
    # Half, because the whole of a forest's belief in noise would cost more than a small leak brings.
    losses = (metric.row_losses(target, belief) for belief in (guess, (guess + result.predictions) / 2))
    constant, shuffled = (float(loss.mean()) for loss in losses)
    return constant - shuffled
