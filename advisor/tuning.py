"""Optuna behind one function: search a space with a clock in hand. Knows no learner and no data."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from advisor.contracts import Choice, Float, Range, Space
from advisor.records import Trial

# What a trial did is told by its record; a line on stderr for each would drown the rest.
optuna.logging.set_verbosity(optuna.logging.WARNING)

# A study that has failed so often in a row has a fault that more trials will not mend.
MOST_FAILURES_IN_A_ROW = 5
# A study is done when so many trials in a row lowered the least error by less than this share of it, which is a tenth
# of the smallest gain that anybody is asked about by default. A fixed patience is the "naive convergence test" of
# Makarova et al. (2022); this one was chosen by replaying recorded studies (benchmarks/stopping.py), of which 25 would
# have cost one in fifteen more than 2 % of its error.
PATIENCE = 40
SAME_ERROR = 0.001
# Before so many complete trials nobody can say what a study may still reach. (In the same replay one study in ten that
# would have just won was given up with 8 of them, one in twenty or fewer with 15.)
FEWEST_TO_FORESEE = 15

Ended = Literal["trials", "seconds", "stagnation", "futility", "failures"]

Report = Callable[[int, float], None]
"""Called with (inner fold, its error) after each fold; raises where the trial should be given up: let that pass."""


@dataclass(frozen=True)
class Study:
    """Every trial of a study, the default being number 0, and why there was no further one."""

    trials: tuple[Trial, ...]
    ended: Ended


def tune(
    space: Space,
    evaluate: Callable[[Mapping[str, Any], Report], float],
    *,
    default_params: Mapping[str, Any],
    default_errors: tuple[float, ...],
    default: Trial,
    seconds_left: Callable[[], float],
    most_trials: int,
    seed: int,
    rival_error: float | None = None,
    margin: float = 0.0,
    patience: int = PATIENCE,
) -> Study:
    """Search `space` for a lower inner error and return every trial, the default configuration being number 0.

    `evaluate(params, report)` returns the mean inner error over the inner folds. `default_errors` are the default's
    errors by inner fold, `default` its record; `default_params` its values in terms of the space, where
    they are known. The search is a tree-structured Parzen estimator (Bergstra et al. 2011). It ends after
    `most_trials`, when the next trial is not expected to fit into `seconds_left()`, when it has `stagnated` for
    `patience` trials, or, where
    the other family's least inner error on the same inner cuts is given as `rival_error`, when it is `futile`: when it
    is not expected to come within `margin` (a relative error reduction) of it. Give a `rival_error` to studies of nets
    alone: a classical study that ends early would make the net look better.
    """
    distributions = {name: _distribution(range_) for name, range_ in space.items()}
    study = optuna.create_study(
        direction="minimize", sampler=optuna.samplers.TPESampler(seed=seed), pruner=ForgivingPruner()
    )
    if set(default_params) == set(space) and all(_contains(space[k], v) for k, v in default_params.items()):
        study.add_trial(
            optuna.trial.create_trial(
                params=dict(default_params),
                distributions=distributions,
                value=sum(default_errors) / len(default_errors),
                intermediate_values=dict(enumerate(default_errors)),
            )
        )
    trials = [default]
    while (ended := _end(trials, most_trials, seconds_left(), rival_error, margin, patience)) is None:
        asked = study.ask(distributions)
        started_at = time.time()
        state, error = _try(study, asked, evaluate)
        seconds = time.time() - started_at
        trials.append(Trial(len(trials), dict(asked.params), error, seconds, state, started_at))
    return Study(tuple(trials), ended)


def _end(
    trials: Sequence[Trial],
    most_trials: int,
    seconds_left: float,
    rival_error: float | None,
    margin: float,
    patience: int,
) -> Ended | None:
    """Say why there should be no further trial; None where there should be one."""
    expected_seconds = _expected_seconds(trials)
    if len(trials) >= most_trials:
        return "trials"
    if seconds_left < expected_seconds:
        return "seconds"
    if len(trials) > MOST_FAILURES_IN_A_ROW and all(t.state == "failed" for t in trials[-MOST_FAILURES_IN_A_ROW:]):
        return "failures"
    errors = [
        math.inf if trial.inner_error is None else trial.inner_error for trial in trials if trial.state != "failed"
    ]
    if stagnated(errors, patience):
        return "stagnation"
    more = min(most_trials - len(trials), int(seconds_left / max(expected_seconds, 1e-9)))
    if rival_error is not None and futile(errors, more, rival_error, margin):
        return "futility"
    return None


def stagnated(errors: Sequence[float], patience: int = PATIENCE) -> bool:
    """Tell whether the last `patience` trials brought nothing.

    `errors` are the inner errors by trial, in order, at least one; infinite for a trial that was given up.
    """
    earlier = errors[:-patience]
    return bool(earlier) and min(errors[-patience:]) > min(earlier) * (1 - SAME_ERROR)


def reachable_error(errors: Sequence[float], more: int) -> float:
    """Return an error that a study with `more` trials to come is unlikely to fall below.

    The least error so far, or, where that is lower, the expected least error of `more` draws from what was seen (Dodge
    et al. 2019) times exp(-1.645 s): s is the standard deviation of the logarithms of the better three quarters of the
    errors (the others may have diverged), and pays for what a guided search finds that was not seen yet. Infinite
    errors are left out. Returns 0 (anything may be reached) where fewer than `FEWEST_TO_FORESEE` are left, or where one
    is 0.
    """
    seen = np.sort([error for error in errors if math.isfinite(error)])
    if len(seen) < FEWEST_TO_FORESEE or seen[0] <= 0:
        return 0.0
    logs = np.log(seen)
    # The chance that all of the draws are the i-th least error or worse, for i = 0, 1, ... n.
    none_better = (1 - np.arange(len(logs) + 1) / len(logs)) ** max(more, 1)
    expected = float(logs @ -np.diff(none_better))
    spread = float(np.std(logs[: math.ceil(0.75 * len(logs))], ddof=1))
    return float(np.exp(min(logs[0], expected - 1.645 * spread)))


def futile(errors: Sequence[float], more: int, rival_error: float, margin: float) -> bool:
    """Tell whether a study will hardly come within `margin` of the other family's inner error.

    It misses it "by the margin" on the wrong side: what it can reach, a lucky end included, is still worse than the
    rival by more than the gain that was asked for. `margin` is that gain, a relative error reduction below 1.
    """
    return reachable_error(errors, more) * (1 - margin) > rival_error


def _try(study: optuna.Study, asked: optuna.Trial, evaluate: Callable[..., float]) -> tuple[Any, float | None]:
    def report(fold: int, error: float) -> None:
        asked.report(error, fold)
        if asked.should_prune():
            raise optuna.TrialPruned

    try:
        error = evaluate(asked.params, report)
        if error != error:
            raise FloatingPointError("the inner error is not a number")
    except optuna.TrialPruned:
        study.tell(asked, state=TrialState.PRUNED)
        return "pruned", None
    except Exception:
        # A configuration that cannot be fitted is a bad configuration, not a reason to lose the study.
        study.tell(asked, state=TrialState.FAIL)
        return "failed", None
    study.tell(asked, error)
    return "complete", error


def _expected_seconds(trials: Sequence[Trial]) -> float:
    """Expect the next trial to take what the longer ones of the last took; the default counts for one."""
    recent = sorted(trial.seconds for trial in trials[-8:])
    return recent[int(0.75 * (len(recent) - 1) + 0.5)]


class ForgivingPruner(optuna.pruners.BasePruner):
    """Gives a trial up only when it is clearly worse than the best one so far.

    After at least two inner folds its mean must exceed the best trial's mean by more than one standard error over the
    folds, and the best trial's worst fold as well: a single bad fold proves nothing.
    """

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        """Tell whether `trial`, with the folds it has reported, should be given up."""
        done = [t for t in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)) if t.intermediate_values]
        if len(trial.intermediate_values) < 2 or not done:
            return False
        best = list(min(done, key=lambda t: t.value or 0.0).intermediate_values.values())
        mean = sum(best) / len(best)
        spread = sum((value - mean) ** 2 for value in best) / max(len(best) - 1, 1)
        own = sum(trial.intermediate_values.values()) / len(trial.intermediate_values)
        return own > mean + (spread / len(best)) ** 0.5 and own > max(best)


def _distribution(range_: Range) -> BaseDistribution:
    if isinstance(range_, Choice):
        return CategoricalDistribution(range_.options)
    if isinstance(range_, Float):
        return FloatDistribution(range_.low, range_.high, log=range_.log)
    return IntDistribution(range_.low, range_.high, log=range_.log)


def _contains(range_: Range, value: Any) -> bool:
    if isinstance(range_, Choice):
        return value in range_.options
    return isinstance(value, (int, float)) and range_.low <= value <= range_.high
