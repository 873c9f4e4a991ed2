"""Looks at the evidence while a comparison runs: once the answer is known, nothing more is spent on it.

There are three, each after whole folds that both families have finished, since looking after every fold would double
the errors. "defaults" may end a hopeless case. "tuned" may answer either way, at half of the error that the last look,
"final", is allowed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from advisor.judging.ruling import Ruling, ruling
from advisor.measuring.evidence import StandardError, posterior
from advisor.records import WEAK_PRIOR, Case, Comparison, Look, Prior

Stage = Literal["defaults", "tuned", "final"]

# Answers that end a comparison; the others would like to see more.
CONCLUSIVE = ("worth_it", "not_worth_it", "no_signal")
# How much more the net gains from tuning than the trees, on the scale of theta: TabArena-Lite (Erickson et al. 2025),
# 38 tables, default against tuned, each side's champion chosen by validation rows: mean 0.018 and sd 0.061 after
# winsorising a tenth at either end. Plain 0.032 and 0.122: with one fold a table much of that is noise of small test
# parts. The 20 tables of 5,000 rows and more, winsorised: 0.024 and 0.040.
GAIN_MEAN, GAIN_SD = 0.02, 0.06


def look(stage: Stage, case: Case, elapsed: Callable[[], float]) -> tuple[Look, Ruling]:
    """Judge what has finished as this stage judges, and tell whether that is the answer.

    `elapsed` tells the seconds since the run began; they are asked for once the answer is found. Before the last look
    the question's confidence c is raised to 1 - (1 - c) / 2. Defaults decide only that nets do not pay, and only where
    all that tuning may add leaves no reading a larger chance than it may (Reading.most_left); where no net meets the
    limits, only if they ask for a model that can be read: tuning may find a smaller net, or a quicker one.
    """
    asked = case.question.confidence if stage == "final" else 1 - (1 - case.question.confidence) / 2
    ruled = ruling(case, confidence=asked)
    decided, hope = stage == "final", None
    if stage == "defaults" and ruled.answer == "not_worth_it":
        hopes = {how: _hope(reading.comparison) for how, reading in ruled.readings.items()}
        hope = max(hopes.values(), default=None)
        left_open = any(hopes[how] > reading.most_left(asked) for how, reading in ruled.readings.items())
        decided = case.question.limits.interpretable if hope is None else not left_open
    elif stage == "tuned":
        decided = ruled.answer in CONCLUSIVE
    seen = Look(
        stage=stage,
        seconds=elapsed(),
        p_worth={how: reading.comparison.p_worth for how, reading in ruled.readings.items()},
        decided=decided,
        confidence=asked,
        folds=0 if case.matrix is None else len(case.matrix.folds),
        answer=ruled.answer,
        hope=hope,
    )
    return seen, ruled


def _hope(read: Comparison) -> float:
    return chance_after_tuning(read.theta, StandardError(read.se, read.df, read.method), read.theta_min, read.prior)


def chance_after_tuning(theta: float, error: StandardError, theta_min: float, prior: Prior = WEAK_PRIOR) -> float:
    """Return the chance that the net, tuned, gains more than `theta_min`, given `theta` between untuned champions.

    For "not worth it" at the look at defaults, and for nothing else: P(theta + G > theta_min) with G ~ N(GAIN_MEAN,
    GAIN_SD^2). It is the larger of the chances under the prior and under none, as `evidence.answer_of` asks for.
    """
    tuned = StandardError(float(np.hypot(error.value, GAIN_SD)), error.df, error.method)
    flat = tuned.chance(theta + GAIN_MEAN - theta_min, tuned.value)
    return max(flat, posterior(theta + GAIN_MEAN, tuned, theta_min, prior))
