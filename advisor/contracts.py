"""The sockets: what can be plugged into the house, and the shape a plug must have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np
import pandas as pd

from advisor.records import Column, Dataset, Family, Profile, Task

# What `foundation` says where weights may be fetched from their publisher.
DOWNLOAD = "download"
TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")


@dataclass(frozen=True)
class Float:
    """A real hyper-parameter between `low` and `high`, both included; `log` searches its logarithm."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class Integer:
    """A whole hyper-parameter between `low` and `high`, both included; `log` searches its logarithm."""

    low: int
    high: int
    log: bool = False


@dataclass(frozen=True)
class Choice:
    """A hyper-parameter with a few named values (str, float, int, bool or None)."""

    options: tuple[Any, ...]


Range = Float | Integer | Choice
Space = Mapping[str, Range]


class Estimator(Protocol):
    """A scikit-learn estimator: `fit` returns itself; classifiers also have `predict_proba` and `classes_`."""

    def fit(self, X: Any, y: Any) -> Any: ...
    def predict(self, X: Any) -> np.ndarray: ...


class Modality(Protocol):
    """A kind of data: who claims a source, reads it, describes its columns and encodes its inputs for learners."""

    name: str

    def claims(self, source: Any) -> bool:
        """Tell whether this modality can read `source` (a path, a name, a frame)."""
        ...

    def read(self, source: Any, **options: Any) -> Dataset:
        """Read `source` into a Dataset, or raise UserError with a sentence that says what would be right."""
        ...

    def rows(self, source: Any) -> pd.DataFrame:
        """Read new rows as they are, without a target, for a trained model to predict."""
        ...

    def facts(self, dataset: Dataset) -> tuple[Column, ...]:
        """Describe every input column."""
        ...

    def typed(self, dataset: Dataset) -> Any:
        """Return a transformer that types raw new rows exactly as `dataset` was typed when it was read."""
        ...

    def encoder(self, style: str) -> Any:
        """Return an unfitted scikit-learn transformer from raw inputs to what a learner of that style eats."""
        ...


@dataclass(frozen=True)
class Setting:
    """What a learner may know when it builds an estimator: never a row with a target.

    `rows` is the number of training rows to come; `seconds` a soft limit for one fit, which iterative learners keep by
    stopping early with what they have (None: no limit). `foundation` says where pre-trained weights are: a file, a
    folder, or DOWNLOAD. `unlabelled` is that of the Dataset, for learners that train on rows without a target first:
    inputs alone, that nobody is judged by. An estimator must not need them to predict, nor carry them when pickled.
    """

    profile: Profile
    modality: Modality
    metric: str
    rows: int
    seed: int = 0
    threads: int = 1
    device: str = "cpu"
    seconds: float | None = None
    foundation: str | None = None
    unlabelled: pd.DataFrame | None = field(default=None, repr=False, compare=False)

    @property
    def task(self) -> Task:
        """The task, as the profile has it."""
        return self.profile.task


# A GPU against one core where nobody has measured. Learners that name a speed of their own have half of what an H200
# showed at 10,000 rows (reports/nets_on_gpu.md), since most people's is smaller.
GPU_SPEED = 4.0


def _no_space(setting: Setting) -> Space:
    return {}


def _quick(rows: int, columns: int) -> float:
    return 0.0


def _no_objection(profile: Profile) -> str | None:
    return None


def _nothing_absent(foundation: str, task: Task) -> str | None:
    return None


@dataclass(frozen=True)
class Learner:
    """One member of a family: how to build it, what to tune, and where it cannot go.

    `build(setting, params)` returns an unfitted estimator that takes `Dataset.inputs`; with empty `params` it is the
    default configuration. `space(setting)` names what tuning may change. `objection(profile)` returns a reason to stay
    away, or None. `effort` orders learners from cheap (1) to expensive (9), so that a short budget starts with those
    that make an answer possible. `requires` lists modules beyond the core that must be importable.

    `weights` names the pre-trained weights that it cannot do without, and their licence; `pretrained` tells that a net
    has seen other tables before this one, whether its weights come from elsewhere or with this package.
    `absent(foundation, task)` says why there are no weights where `foundation` points, or None where there are.

    `seconds(rows, columns)` is roughly what one fit of the default takes on one core; learners that tell it take part
    in the order of their `precedence` (lowest first) as far as the budget pays for them, the others always. A GPU takes
    it `gpu_speed` times as fast.

    Who is there `on_request` takes part only when asked for by name. `must_beat` names learners that take part with it:
    only on cuts where it clearly beats all of them on the inner rows may it lead its family.
    """

    name: str
    family: Family
    summary: str
    build: Callable[[Setting, Mapping[str, Any]], Any]
    space: Callable[[Setting], Space] = _no_space
    objection: Callable[[Profile], str | None] = _no_objection
    tasks: tuple[Task, ...] = TASKS
    modalities: tuple[str, ...] = ("tabular",)
    requires: tuple[str, ...] = ()
    weights: str = ""
    pretrained: bool = False
    absent: Callable[[str, Task], str | None] = _nothing_absent
    interpretable: bool = False
    effort: int = 5
    seconds: Callable[[int, int], float] = _quick
    precedence: int = 1
    gpu_speed: float = GPU_SPEED
    on_request: bool = False
    must_beat: tuple[str, ...] = ()

    @property
    def tunable(self) -> bool:
        """Tell whether there is anything to tune."""
        return self.space is not _no_space

    def missing(self) -> str | None:
        """Say which required module is not installed, or None."""
        absent = [module for module in self.requires if find_spec(module) is None]
        return f"needs the package {', '.join(absent)}, which is not installed" if absent else None

    def suits(self, profile: Profile) -> str | None:
        """Return the reason why this learner cannot take part in a comparison on such data, or None if it can."""
        if profile.modality not in self.modalities:
            return f"does not read {profile.modality} data"
        if profile.task not in self.tasks:
            return f"does not do {profile.task}"
        return self.missing() or self.objection(profile)


@dataclass(frozen=True)
class Variant:
    """A learner that is another one, the learner `of`, with something done to its rows: on request, and not without it.

    `wrap(setting, pipeline)` turns the other's unfitted pipeline into its own, which keeps the step "model", so that
    what can be tuned stays the same. It leads its family only where it beats the other and those in `must_beat`.
    `extra_seconds(rows, columns)` is roughly what it takes longer.
    """

    name: str
    of: str
    family: Family
    summary: str
    wrap: Callable[[Setting, Any], Any]
    must_beat: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    extra_seconds: Callable[[int, int], float] = _quick

    def learner(self, base: Learner) -> Learner:
        """Return this variant of `base` as a learner."""
        return replace(
            base,
            name=self.name,
            family=self.family,
            summary=self.summary,
            build=lambda setting, params: self.wrap(setting, base.build(setting, params)),
            requires=tuple(dict.fromkeys((*base.requires, *self.requires))),
            interpretable=False,
            effort=min(9, base.effort + 3),
            seconds=lambda rows, columns: base.seconds(rows, columns) + self.extra_seconds(rows, columns),
            on_request=True,
            must_beat=(base.name, *self.must_beat),
        )


class Engine(Protocol):
    """Runs work on items, elsewhere or here, and hands back each result as it finishes."""

    def map(self, work: Callable[[Any, Any], Any], items: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield (item, result) pairs as they complete; the result of a crash or missed deadline is an exception."""
        ...


class Encoder(Protocol):
    """A scikit-learn transformer over frames."""

    def fit(self, X: pd.DataFrame, y: Any = None) -> Any: ...
    def transform(self, X: pd.DataFrame) -> Any: ...
