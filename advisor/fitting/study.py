"""Optuna behind one class: a learner's study, asked for settings and told what they reached, fold after fold.

Knows no learner and no data.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from advisor.contracts import Choice, Float, Range, Space

# What a trial did is told by its results; a line on stderr for each would drown the rest.
optuna.logging.set_verbosity(optuna.logging.WARNING)

# A study that has failed so often in a row has a fault that more trials will not mend.
MOST_FAILURES_IN_A_ROW = 5
# A study that proposes only what was tried, so often in a row, has seen all there is.
MOST_REPEATS_IN_A_ROW = 20
# A study is done when so many trials in a row lowered the least error by less than this share of it, a tenth of the
# smallest gain that anybody is asked about by default. A fixed patience is the "naive convergence test" of Makarova et
# al. (2022).
PATIENCE = 40
SAME_ERROR = 0.001

Ended = Literal["trials", "stagnation", "failures", "exhausted"]
State = Literal["complete", "given_up", "failed"]


class Study:
    """The search of one learner's settings: `ask` for the next, `tell` what they reached.

    The search is a tree-structured Parzen estimator (Bergstra et al. 2011), which counts those that are still being
    tried for bad ones, so that several may be under way. What is asked for next follows from the seed, what was
    told so far, in its order, and what is under way. The default is its first trial, with `default_params` as far
    as they lie in the space. No settings are asked for twice, those of the default or of an earlier run included.
    """

    def __init__(
        self, space: Space, *, default_params: Mapping[str, Any], default_errors: Sequence[float], seed: int, most: int
    ) -> None:
        self._distributions = {name: _distribution(range_) for name, range_ in space.items()}
        self._study = optuna.create_study(direction="minimize")
        self._seed, self._most = seed, most
        self._asked: dict[str, optuna.Trial] = {}
        self._seen: set[str] = set()
        self._errors: list[float] = []
        self._failures = 0
        self._exhausted = False
        if set(default_params) == set(space) and all(_contains(space[k], v) for k, v in default_params.items()):
            self.tell(default_params, default_errors, "complete")
        else:
            self._errors.append(_mean(default_errors))

    @property
    def ended(self) -> Ended | None:
        """Say why there should be no further trial; None where there should be one."""
        if len(self._errors) + len(self._asked) >= self._most:
            return "trials"
        if self._failures >= MOST_FAILURES_IN_A_ROW:
            return "failures"
        if self._exhausted:
            return "exhausted"
        return "stagnation" if stagnated(self._errors) else None

    def ask(self) -> dict[str, Any] | None:
        """Return settings to try, of which `tell` wants to hear; None where the study has ended."""
        if self.ended is not None:
            return None
        tried = len(self._errors) + len(self._asked)
        for repeat in range(MOST_REPEATS_IN_A_ROW):
            # Chance of its own for each trial: a study that goes on with what another has tried asks as that would.
            seed = random.Random(f"{self._seed} {tried} {repeat}").getrandbits(32)
            self._study.sampler = optuna.samplers.TPESampler(seed=seed)
            trial = self._study.ask(self._distributions)
            name = _name(trial.params)
            if name not in self._seen:
                self._seen.add(name)
                self._asked[name] = trial
                return dict(trial.params)
            self._study.tell(trial, state=TrialState.FAIL)
        self._exhausted = True
        return None

    def tell(self, params: Mapping[str, Any], errors: Sequence[float], state: State) -> None:
        """Say how settings did, by fold as far as they came; those not asked for here are from elsewhere.

        An error that is not finite says nothing: a fold on which the metric is not defined.
        """
        finite = [error for error in errors if math.isfinite(error)]
        name = _name(params)
        self._seen.add(name)
        # The mean so far, so that trials that were given up can be told from each other whatever their last fold was.
        steps = {place: _mean(finite[: place + 1]) for place in range(len(finite))}
        complete = state == "complete" and bool(finite)
        asked = self._asked.pop(name, None)
        told = TrialState.PRUNED if steps and state != "failed" else TrialState.FAIL
        ending = TrialState.COMPLETE if complete else told
        if asked is not None:
            for place, value in steps.items():
                asked.report(value, place)
            self._study.tell(asked, _mean(finite) if complete else None, state=ending)
        elif ending is not TrialState.FAIL:
            self._study.add_trial(
                optuna.trial.create_trial(
                    state=ending, params=dict(params), distributions=self._distributions,
                    value=_mean(finite) if complete else None, intermediate_values=steps,
                )
            )  # fmt: skip
        self._errors.append(_mean(finite) if complete else float("inf"))
        self._failures = self._failures + 1 if state == "failed" else 0


def stagnated(errors: Sequence[float], patience: int = PATIENCE) -> bool:
    """Tell whether the last `patience` trials brought nothing.

    `errors` are those of the trials in order, at least one; infinite for one that was given up.
    """
    earlier = errors[:-patience]
    return bool(earlier) and min(errors[-patience:]) > min(earlier) * (1 - SAME_ERROR)


def _name(params: Mapping[str, Any]) -> str:
    """Return the same text for the same settings: a whole number for a real one is no other."""
    numbers = (int, float)
    plain = {k: float(v) if isinstance(v, numbers) and not isinstance(v, bool) else v for k, v in params.items()}
    return repr(sorted(plain.items(), key=lambda item: item[0]))


def _mean(errors: Sequence[float]) -> float:
    return sum(errors) / len(errors) if errors else float("inf")


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
