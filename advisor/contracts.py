"""The sockets: what can be plugged into the house, and the shape a plug must have."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd

from advisor.records import Column, Dataset, Family, Finding, Profile, Task

# What `foundation` says where weights may be fetched from their publisher.
DOWNLOAD = "download"
# Where the training of a net begins: from nothing, from weights trained beforehand that stay as they are (a head is
# trained on what they make of the inputs, or the rows are but their context), or from such weights, trained on.
Start = Literal["scratch", "frozen", "tuned"]
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


@dataclass(frozen=True)
class FitReport:
    """What a fitted estimator tells of its training, as `fit_report_`; those without one trained on the CPU to the end.

    `device` is where it was trained ("cpu", "cuda", "mps"), `device_name` what the maker calls a GPU, `gpu_memory_mb`
    the most that training held there at once, in MB (10^6 bytes); both None where there was none or nobody can tell.
    `cut_short` tells that the clock ended training before it had learnt its fill. `curve` has a name for each series
    and its value after each iteration; the loss on held-out rows is "valid_loss" for nets, else "held_" and its name.
    """

    device: str = "cpu"
    device_name: str | None = None
    gpu_memory_mb: float | None = None
    cut_short: bool = False
    curve: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


def fit_report(estimator: Any) -> FitReport:
    """Return what a fitted estimator, or the last step of a fitted pipeline, tells of its training."""
    model = estimator[-1] if hasattr(estimator, "steps") else estimator
    return getattr(model, "fit_report_", FitReport())


class Modality(Protocol):
    """A kind of data: all that knows what a row of the inputs is; nobody else looks into them.

    `reads` says in words what it can be given, for whoever gave something else: "a .csv file or a DataFrame".
    """

    @property
    def name(self) -> str: ...

    @property
    def reads(self) -> str: ...

    def claims(self, source: Any) -> bool:
        """Tell whether this modality can read `source` (a path, a name, a frame)."""
        ...

    def read(self, source: Any, **options: Any) -> Dataset:
        """Read `source` into a Dataset, or raise UserError with a sentence that says what would be right."""
        ...

    def rows(self, source: Any, names: Collection[str] = ()) -> Any:
        """Read new rows as they are, all of them and without a target, for a trained model to predict.

        `names` are those of the inputs that it was trained on.
        """
        ...

    def typed(self, dataset: Dataset) -> Any:
        """Return a transformer that types raw new rows exactly as `dataset` was typed when it was read.

        Columns that are absent stay so; what is strange about the others is told in a NewRowsWarning. Its
        `rows(source)` reads new rows as they are, from a file of the kind that the model has learnt from.
        """
        ...

    def take(self, inputs: Any, index: np.ndarray) -> Any:
        """Return the rows of `inputs` at the positions `index`, in that order, as inputs of the same kind."""
        ...

    def one_row(self, inputs: Any, position: int) -> Any:
        """Return the row at `position` as inputs of one row, as cheaply as a server would come by it."""
        ...

    def codes(self, dataset: Dataset) -> np.ndarray:
        """Return int64 codes (n,), 0 to the number of different inputs less one, equal for rows of equal inputs."""
        ...

    def fingerprint(self, dataset: Dataset) -> str:
        """Return a text that changes with the inputs (those of rows without a target too) and with nothing else."""
        ...

    def facts(self, dataset: Dataset) -> tuple[Column, ...]:
        """Describe every input column."""
        ...

    def values(self, dataset: Dataset, name: str) -> np.ndarray:
        """Return the input column `name`, one of those that `facts` describes, as numbers (n,); NaN is missing."""
        ...

    def width(self, dataset: Dataset, columns: tuple[Column, ...]) -> int:
        """Return how many numbers a plain encoding makes of one row; `columns` are what `facts` returned."""
        ...

    def checks(self, dataset: Dataset, columns: tuple[Column, ...], thorough: bool = True) -> tuple[Finding, ...]:
        """Say what should worry us before any training that only who knows the inputs can see; see `width`.

        Where it is not to be `thorough` checks that take seconds are left out, which is a finding (R07).
        """
        ...

    def samples(self, dataset: Dataset) -> Sequence[Mapping[str, Any]]:
        """Return a few rows for people to see, as values that JSON knows; none where a table of facts says enough.

        Each has a "label", what is to be predicted of it, and what telling/report/samples.py can draw.
        """
        ...

    def encoder(self, style: str, **options: Any) -> Any:
        """Return an unfitted scikit-learn transformer from raw inputs to what a learner of that style eats."""
        ...


@dataclass(frozen=True)
class Setting:
    """What a learner may know when it builds an estimator: never a row with a target.

    `rows` is the number of training rows to come; `trainings` is how many, from other seeds, a learner that is
    `averaged` is the mean of; `seconds` a soft limit for one fit, which iterative learners keep by
    stopping early with what they have (None: no limit). `foundation` says where pre-trained weights are: a file, a
    folder, or DOWNLOAD. `unlabelled` is that of the Dataset, for learners that train on rows without a target first:
    inputs alone, that nobody is judged by. An estimator must not need them to predict, nor carry them when pickled.
    """

    profile: Profile
    modality: Modality
    metric: str
    rows: int
    seed: int = 0
    trainings: int = 1
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


def _nothing(rows: int, profile: Profile) -> float:
    return 0.0


def _unmeasured(rows: int, profile: Profile) -> float:
    """As long as boosted trees or more: who takes less does well to say so."""
    return 1.0 + 0.002 * rows


def _no_objection(profile: Profile) -> str | None:
    return None


def _nowhere(profile: Profile) -> bool:
    return False


def _nothing_absent(foundation: str, task: Task) -> str | None:
    return None


@dataclass(frozen=True)
class Learner:
    """One member of a family: how to build it, what to tune, and where it cannot go.

    `build(setting, params)` returns an unfitted estimator that takes `Dataset.inputs`; with empty `params` it is the
    default configuration. `space(setting)` names what tuning may change. `objection(profile)` returns a reason to stay
    away, or None. `requires` lists modules beyond the core that must be importable.

    `weights` names the pre-trained weights that it cannot do without, and their licence; `start` tells whether a net
    has seen other data before these, whether its weights come from elsewhere or with this package, and whether these
    are trained on; `packaged` is the module of another package that carries the weights, where nobody says where they
    are.
    `absent(foundation, task)` says why there are no weights where `foundation` points, or None where there are.

    `seconds(rows, profile)` is roughly the CPU seconds that one fit of the default on so many rows takes on one core
    of the machine of reports/seconds.md, a refit and the predictions of a quarter as many rows included; `profile` has
    the columns, the task and the classes. A GPU takes it `gpu_speed` times as fast. `strong` are the nets that a "not
    worth it" may rest on: where one of them has had its chance, nobody can say that a proper net was not tried.

    `essential(profile)` tells for which data there is no answer without it, whoever else takes part.

    What is `averaged` is the mean of `Setting.trainings` trainings, and takes as many times its `seconds`.

    Who is there `on_request` takes part only when asked for by name. `must_beat` names learners that take part with it:
    only where it clearly beats all of them, by their losses out of fold on the same folds, may it lead its family.

    Loading the file of a model runs no code out of it (see advisor.inert) but where the learner `executes`: its model
    is a pickle, since it holds objects that an inert file cannot tell of.
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
    start: Start = "scratch"
    packaged: str = ""
    absent: Callable[[str, Task], str | None] = _nothing_absent
    interpretable: bool = False
    seconds: Callable[[int, Profile], float] = _unmeasured
    strong: bool = False
    essential: Callable[[Profile], bool] = _nowhere
    gpu_speed: float = GPU_SPEED
    averaged: bool = False
    on_request: bool = False
    must_beat: tuple[str, ...] = ()
    executes: bool = False

    @property
    def pretrained(self) -> bool:
        """Tell whether it is a net that has seen other data before these."""
        return self.start != "scratch"

    @property
    def tunable(self) -> bool:
        """Tell whether there is anything to tune."""
        return self.space is not _no_space

    def missing(self) -> str | None:
        """Say which required module is not installed, or None."""
        absent = [module for module in self.requires if find_spec(module) is None]
        return f"needs the package {', '.join(absent)}, which is not installed" if absent else None

    def broken(self) -> str | None:
        """Say which required module is installed and cannot be imported, or None; finding out imports them all."""
        for module in self.requires:
            try:
                import_module(module)
            except KeyboardInterrupt:
                raise
            except BaseException as problem:  # a package may raise what it likes, and end the process
                told = " ".join(f"{type(problem).__name__}: {problem}".split())
                return f"needs the package {module}, which cannot be imported ({told[:200]})"
        return None

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
    what can be tuned stays the same. It may lead its family only where it clearly beats the other and those in
    `must_beat`, as `Learner` has it. `extra_seconds(rows, profile)` is roughly what it takes longer, in CPU seconds as
    `Learner.seconds`.
    """

    name: str
    of: str
    family: Family
    summary: str
    wrap: Callable[[Setting, Any], Any]
    must_beat: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    extra_seconds: Callable[[int, Profile], float] = _nothing

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
            seconds=lambda rows, profile: base.seconds(rows, profile) + self.extra_seconds(rows, profile),
            strong=False,
            on_request=True,
            must_beat=(base.name, *self.must_beat),
        )


class Engine(Protocol):
    """Runs work on items, elsewhere or here, and hands back each result as it finishes."""

    def map(self, work: Callable[[Any, Any], Any], items: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield (item, result) pairs as they complete; the result of a crash or missed deadline is an exception."""
        ...
