"""Optuna behind one function: search a space with a clock in hand. Knows no learner and no data."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from advisor.contracts import Choice, Float, Range, Space
from advisor.records import Trial

# What a trial did is told by its record; a line on stderr for each would drown the rest.
optuna.logging.set_verbosity(optuna.logging.WARNING)

# A study that has failed so often in a row has a fault that more trials will not mend.
MOST_FAILURES_IN_A_ROW = 5

Report = Callable[[int, float], None]
"""Called with (inner fold, its error) after each fold; raises where the trial should be given up: let that pass."""


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
) -> tuple[Trial, ...]:
    """Search `space` for a lower inner error and return every trial, the default configuration being number 0.

    `evaluate(params, report)` returns the mean inner error over the inner folds. `default_errors` are the default's
    errors by inner fold, `default` its record; `default_params` its values in terms of the space, where
    they are known. The search is a tree-structured Parzen estimator (Bergstra et al. 2011). It ends after
    `most_trials`, or when the next trial is not expected to fit into `seconds_left()`.
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
    failures = 0
    while len(trials) < most_trials and failures < MOST_FAILURES_IN_A_ROW:
        if seconds_left() < _expected_seconds(trials):
            break
        asked = study.ask(distributions)
        started_at = time.time()
        state, error = _try(study, asked, evaluate)
        failures = failures + 1 if state == "failed" else 0
        seconds = time.time() - started_at
        trials.append(Trial(len(trials), dict(asked.params), error, seconds, state, started_at))
    return tuple(trials)


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


def _expected_seconds(trials: list[Trial]) -> float:
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
