"""What a learner promises, as checks for people who write one; pytest may run them, and nothing here needs it.

    import pytest
    from advisor.testing import checks
    from my_package.ours import LEARNER

    @pytest.mark.parametrize("check", [pytest.param(check, id=name) for name, check in checks(LEARNER)])
    def test_it_keeps_its_promises(check):
        check()

A check that fails raises AssertionError and says which promise was broken. The rows are made: each modality has a file
`made.py` for them, small and with whatever is strange among its kind of data. A learner is held to every promise on the
first modality that it names, and on the others to those of READING.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib import import_module
from typing import Any

import joblib
import numpy as np
import pandas as pd
from sklearn.base import clone

from advisor import inert, modalities
from advisor.contracts import TASKS, Choice, FitReport, Learner, Range, Setting, fit_report
from advisor.measuring.metrics import METRICS, default_metric
from advisor.records import Dataset, Profile, Task

ROWS = 240
# Enough where nothing has to be learnt.
FEW_ROWS = 80
# Who has learnt the made tables at all has this much less error than who never looked at their inputs.
SKILL = 0.9


def made_rows(
    modality: str, task: Task, rows: int = ROWS, seed: int = 0, *, texts: bool = False
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return inputs (rows, p) of a modality, as its Datasets have them, and a target (rows,): codes, or large values.

    Tables have free texts with `texts`, some of whose words tell the target.
    """
    kind = _rows_of(modality)
    found: tuple[pd.DataFrame, np.ndarray]
    found = kind.made(task, rows, seed, texts=True) if texts else kind.made(task, rows, seed)
    return found


def _rows_of(modality: str) -> Any:
    """Return the module of a modality that makes its rows: `made(task, rows, seed)` and `strange(inputs)`."""
    return import_module(f"{modalities.__name__}.{modality}.made")


def made_setting(
    task: Task, rows: int = ROWS, *, modality: str = "tabular", texts: bool = False, **changes: Any
) -> Setting:
    """Return what a learner is told of made rows before it builds an estimator; `changes` are fields of Setting."""
    kind = modalities.find(modality)
    inputs, target = made_rows(modality, task, rows, texts=texts)
    classes = () if task == "regression" else tuple(str(code) for code in np.unique(target))
    dataset = Dataset("made", modality, task, inputs, target, "y", classes)
    columns = kind.facts(dataset)
    facts = {"classes": [{"name": name} for name in classes]} if classes else {}
    profile = Profile("made", modality, rows, task, columns, {}, kind.width(dataset, columns), facts, (), "")
    given = {"profile": profile, "modality": kind, "metric": default_metric(task), "rows": rows}
    return Setting(**{**given, **changes})


def answers(estimator: Any, inputs: pd.DataFrame) -> np.ndarray:
    """Return probabilities (n, K) where there are classes, values (n,) elsewhere."""
    return np.asarray((getattr(estimator, "predict_proba", None) or estimator.predict)(inputs))


def _as_it_is(estimator: Any) -> Any:
    return estimator


@dataclass(frozen=True)
class Subject:
    """A learner that is checked on rows of a modality. `quick` may make an unfitted estimator cheaper: it is fitted
    many times.

    `foundation` is that of Setting, for nets with weights from elsewhere.
    """

    learner: Learner
    quick: Callable[[Any], Any] = _as_it_is
    foundation: str | None = None
    modality: str = ""

    @property
    def kind(self) -> str:
        """The modality of the rows, the learner's first where none was said."""
        return self.modality or self.learner.modalities[0]

    @property
    def texts(self) -> bool:
        """Whether it has nothing to learn from without a column of free texts."""
        return self.kind == "tabular" and self.learner.objection(made_setting("binary").profile) is not None

    def table(self, task: Task, rows: int = ROWS, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
        """Return made rows that this learner can learn from."""
        return made_rows(self.kind, task, rows, seed, texts=self.texts)

    def setting(self, task: Task, rows: int = ROWS, **changes: Any) -> Setting:
        """Return the setting of made rows for this learner."""
        given = {"foundation": self.foundation, **changes}
        return made_setting(task, rows, modality=self.kind, texts=self.texts, **given)

    def build(self, task: Task, rows: int = ROWS, params: Mapping[str, Any] | None = None, **changes: Any) -> Any:
        """Return an unfitted estimator, with parameters of the learner's space and changes to the setting."""
        return self.quick(self.learner.build(self.setting(task, rows, **changes), params or {}))

    def learnt(self, task: Task) -> Learnt:
        """Return the default as it was fitted on made rows and asked about them: done once for all checks in a row."""
        return _learnt(self, task)


@dataclass(frozen=True, eq=False)
class Learnt:
    """A fitted estimator, the rows that it was shown, what it answers about them, and what else came of both.

    `heard` is what was printed and warned of meanwhile, `left` the files that were there afterwards.
    """

    estimator: Any
    inputs: pd.DataFrame
    target: np.ndarray
    answers: np.ndarray
    heard: tuple[str, ...]
    left: tuple[str, ...]


# Most checks are about one fit, and a fit is what takes long.
@lru_cache(maxsize=1)
def _learnt(subject: Subject, task: Task) -> Learnt:
    inputs, target = subject.table(task)
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder),
        warnings.catch_warnings(record=True) as warned,
    ):
        warnings.simplefilter("always")
        with _heard() as printed:
            estimator = subject.build(task).fit(inputs, target)
            given = answers(estimator, inputs)
        left = tuple(os.listdir(folder))
    return Learnt(estimator, inputs, target, given, (*printed, *(str(each.message) for each in warned)), left)


def checks(
    learner: Learner,
    tasks: Sequence[Task] | None = None,
    *,
    quick: Callable[[Any], Any] | None = None,
    foundation: str | None = None,
) -> list[tuple[str, Callable[[], None]]]:
    """Return (name, check) for every promise on each of the `tasks` (all that the learner does where None)."""
    chosen = learner.tasks if tasks is None else tasks
    found: list[tuple[str, Callable[[], None]]] = []
    there = {modality.name for modality in modalities.catalogue()}
    for place, modality in enumerate(each for each in learner.modalities if each in there):
        subject = Subject(learner, quick or _as_it_is, foundation, modality)
        found += [
            (f"{promise.__name__}-{task}" + (f"-{modality}" if place else ""), partial(promise, subject, task))
            for task in chosen
            for promise, applies_to in PROMISES.items()
            if task in applies_to
            and (not place or promise in READING)
            and (modality == "tabular" or promise not in OF_TABLES)
        ]
    return found


def check_learner(
    learner: Learner,
    tasks: Sequence[Task] | None = None,
    *,
    quick: Callable[[Any], Any] | None = None,
    foundation: str | None = None,
) -> None:
    """Run every check; the first that fails raises AssertionError with the promise that was broken."""
    for name, check in checks(learner, tasks, quick=quick, foundation=foundation):
        try:
            check()
        except AssertionError as broken:
            raise AssertionError(f"{learner.name} does not keep a promise, {name}: {broken}") from broken


def learns_and_keeps_its_shapes(subject: Subject, task: Task) -> None:
    """Answers have the contract's shapes, the inputs are left alone, something was learnt, and a file can keep it."""
    learnt = subject.learnt(task)
    estimator, target = learnt.estimator, learnt.target
    fresh, truth = subject.table(task, seed=1)
    given = answers(estimator, fresh)
    for shown, made in zip((learnt.inputs, fresh), (subject.table(task), subject.table(task, seed=1)), strict=True):
        pd.testing.assert_frame_equal(shown, made[0])
    _finite(given)
    _comes_out_of_its_file(subject, estimator, fresh)
    metric = METRICS[default_metric(task)]
    if task == "regression":
        assert given.shape == (len(fresh),), f"predict returned the shape {given.shape}, not ({len(fresh)},)"
        blind = np.full(len(fresh), target.mean())
    else:
        classes = np.unique(target)
        assert list(estimator.classes_) == list(classes), f"classes_ is {list(estimator.classes_)}, not {list(classes)}"
        assert given.shape == (len(fresh), len(classes)), f"predict_proba returned the shape {given.shape}"
        assert (given >= 0).all(), "a probability is negative"
        np.testing.assert_allclose(given.sum(axis=1), 1, atol=1e-6, err_msg="probabilities of a row do not sum to 1")
        blind = np.tile(np.bincount(target) / len(target), (len(fresh), 1))
    if subject.learner.family != "dummy":
        error, without = metric.error(truth, given), metric.error(truth, blind)
        assert error < SKILL * without, f"an error of {error:.3g}, where {without:.3g} is had without the inputs"


def takes_what_it_has_never_seen(subject: Subject, task: Task) -> None:
    """Rows unlike any of training, and a single row, are answered like any other."""
    learnt = subject.learnt(task)
    strange = _rows_of(subject.kind).strange(subject.table(task)[0])
    _finite(answers(learnt.estimator, strange))
    alone = answers(learnt.estimator, strange.head(1))
    assert len(alone) == 1, f"one row was asked about, and {len(alone)} were answered"


def learns_from_columns_that_say_nothing(subject: Subject, task: Task) -> None:
    """A constant number, a category of one level, and columns without any value are harmless."""
    inputs, target = subject.table(task, rows=FEW_ROWS)
    inputs["constant"] = 7.0
    inputs["one level"] = pd.Categorical(["only"] * len(inputs))
    inputs["empty"] = np.nan
    inputs["no level"] = pd.Categorical([None] * len(inputs), categories=[])
    estimator = subject.build(task, rows=FEW_ROWS).fit(inputs, target)
    _finite(answers(estimator, inputs))
    _finite(answers(estimator, inputs.assign(constant=8.0, empty=1.0)))


def answers_a_row_alone_as_in_company(subject: Subject, task: Task) -> None:
    """What a row is told does not depend on which other rows are asked about."""
    learnt = subject.learnt(task)
    for row in (0, 5, 200):
        alone = answers(learnt.estimator, learnt.inputs.iloc[[row]])[0]
        np.testing.assert_allclose(alone, learnt.answers[row], atol=1e-5)


def survives_pickling(subject: Subject, task: Task) -> None:
    """A model that was saved, by pickle or joblib, answers as before and has the same report."""
    learnt = subject.learnt(task)
    estimator, inputs, expected = learnt.estimator, learnt.inputs, learnt.answers
    again = pickle.loads(pickle.dumps(estimator))
    np.testing.assert_array_equal(answers(again, inputs), expected)
    assert fit_report(again) == fit_report(estimator), "the report of the fit was lost in a pickle"
    file = io.BytesIO()
    joblib.dump(estimator, file)
    np.testing.assert_array_equal(answers(joblib.load(file), inputs), expected)


def gives_the_same_answer_for_the_same_seed(subject: Subject, task: Task) -> None:
    """A clone that is fitted again on the same rows answers the same."""
    learnt = subject.learnt(task)
    again = clone(learnt.estimator).fit(learnt.inputs, learnt.target)
    np.testing.assert_array_equal(answers(again, learnt.inputs), learnt.answers)


def works_at_every_end_of_its_space(subject: Subject, task: Task) -> None:
    """All parameters at their lowest and all at their highest are configurations that can be fitted and kept."""
    inputs, target = subject.table(task, rows=60)
    space = subject.learner.space(subject.setting(task, 60))
    for last in (False, True) if space else ():
        params = {name: _end(choice, last) for name, choice in space.items()}
        estimator = subject.build(task, rows=60, params=params).fit(inputs, target)
        _finite(answers(estimator, inputs))
        _comes_out_of_its_file(subject, estimator, inputs)


def works_on_thirty_rows(subject: Subject, task: Task) -> None:
    """Few rows are no reason to fail."""
    inputs, target = subject.table(task, rows=30)
    _finite(answers(subject.build(task, rows=30).fit(inputs, target), inputs))


def learns_a_class_of_one_row(subject: Subject, task: Task) -> None:
    """A class too rare to be held out is among the answers."""
    inputs, target = subject.table("binary", rows=FEW_ROWS)
    target[5] = 2
    estimator = subject.build(task, rows=FEW_ROWS).fit(inputs, target)
    assert list(estimator.classes_) == [0, 1, 2], f"classes_ is {list(estimator.classes_)}, not [0, 1, 2]"
    assert answers(estimator, inputs).shape == (len(inputs), 3), "a class has no column of probabilities"


def takes_codes_with_a_gap(subject: Subject, task: Task) -> None:
    """A class that the rows of a fold lack leaves a gap in the codes."""
    inputs, target = subject.table("binary", rows=FEW_ROWS)
    estimator = subject.build(task, rows=FEW_ROWS).fit(inputs, target * 2)
    assert list(estimator.classes_) == [0, 2], f"classes_ is {list(estimator.classes_)}, not [0, 2]"
    assert set(estimator.predict(inputs)) <= {0, 2}, "predict returns a code that it was never shown"
    assert answers(estimator, inputs).shape == (len(inputs), 2), "a class that is absent has a column"


def serves_every_metric(subject: Subject, task: Task) -> None:
    """Whatever metric decides, there is an answer that it can judge, and a file can keep the model."""
    inputs, target = subject.table(task, rows=FEW_ROWS)
    known: dict[str, np.ndarray] = {}  # who is built alike for two metrics answers alike
    for metric in METRICS.values():
        if task in metric.tasks:
            estimator = subject.build(task, rows=FEW_ROWS, metric=metric.name)
            kind = joblib.hash(estimator)
            if kind not in known:
                known[kind] = answers(estimator.fit(inputs, target), inputs)
                _comes_out_of_its_file(subject, estimator, inputs)
            assert np.isfinite(metric.error(target, known[kind])), f"no error by {metric.name}"


def is_silent_and_leaves_no_files(subject: Subject, task: Task) -> None:
    """Nothing is printed, warned of or written: a comparison has hundreds of fits."""
    learnt = subject.learnt(task)
    assert not learnt.heard, f"it said {learnt.heard[0][:200]!r}"
    assert not learnt.left, f"it left the files {learnt.left}"


def takes_seed_and_threads_from_the_setting(subject: Subject, task: Task) -> None:
    """What is called n_jobs or random_state anywhere in the estimator has the value of the setting."""
    for name, value in subject.build(task, threads=2, seed=17).get_params().items():
        if value is not None and name.endswith(("__n_jobs", "__random_state")):
            wanted = 2 if name.endswith("n_jobs") else 17
            assert value == wanted, f"{name} is {value!r}, the setting has {wanted}"


def reports_its_fit(subject: Subject, task: Task) -> None:
    """A `fit_report_`, where there is one, is a FitReport; without a limit of time nothing was cut short."""
    report = fit_report(subject.learnt(task).estimator)
    assert isinstance(report, FitReport), f"fit_report_ is a {type(report).__name__}, not a FitReport"
    assert not report.cut_short, "it had all the time in the world, and says that it was cut short"
    lengths = {name: len(values) for name, values in report.curve.items()}
    assert len(set(lengths.values())) <= 1, f"the series of its curve are of several lengths: {lengths}"
    for name, values in report.curve.items():
        assert np.isfinite(values).all(), f"its curve has no number somewhere in {name!r}"


def ends_when_the_time_is_up(subject: Subject, task: Task) -> None:
    """With no time at all, training that has iterations ends after the first or second, says so, and can answer."""
    inputs, target = subject.table(task)
    estimator = subject.build(task, seconds=1e-9).fit(inputs, target)
    report = fit_report(estimator)
    for name, values in report.curve.items():
        assert len(values) <= 2, f"its time was up, and {name!r} has {len(values)} iterations"
        assert report.cut_short, "its time was up, and it does not say that it was cut short"
    _finite(answers(estimator, inputs))


# What is tried on every modality after a learner's first; and what means something for tables alone.
READING = (learns_and_keeps_its_shapes, takes_what_it_has_never_seen)
OF_TABLES = (learns_from_columns_that_say_nothing,)
CLASSES: tuple[Task, ...] = ("multiclass",)
# Every promise, and the tasks on which it means something.
PROMISES: Mapping[Callable[[Subject, Task], None], tuple[Task, ...]] = {
    learns_and_keeps_its_shapes: TASKS,
    takes_what_it_has_never_seen: TASKS,
    learns_from_columns_that_say_nothing: TASKS,
    answers_a_row_alone_as_in_company: CLASSES,
    survives_pickling: TASKS,
    gives_the_same_answer_for_the_same_seed: TASKS,
    works_at_every_end_of_its_space: TASKS,
    works_on_thirty_rows: TASKS,
    learns_a_class_of_one_row: CLASSES,
    takes_codes_with_a_gap: CLASSES,
    serves_every_metric: TASKS,
    is_silent_and_leaves_no_files: TASKS,
    takes_seed_and_threads_from_the_setting: TASKS,
    reports_its_fit: TASKS,
    ends_when_the_time_is_up: TASKS,
}


def _comes_out_of_its_file(subject: Subject, estimator: Any, inputs: pd.DataFrame) -> None:
    """See that a fitted model can be kept in a file that runs no code, and answers the same when it comes out of it."""
    file = io.BytesIO()
    try:
        inert.write(estimator, file)
    except inert.NotInert as problem:
        assert subject.learner.executes, f"its model cannot be kept so that loading it runs no code: {problem}"
        return
    assert not subject.learner.executes, "it says that its model is a pickle, and it need not be one"
    again = inert.read(file.getvalue())
    np.testing.assert_array_equal(answers(again, inputs), answers(estimator, inputs))
    assert fit_report(again) == fit_report(estimator), "the report of the fit was lost in its file"


def _finite(given: np.ndarray) -> None:
    assert np.isfinite(given).all(), "an answer is NaN or infinite"


def _end(choice: Range, last: bool) -> Any:
    if isinstance(choice, Choice):
        return choice.options[-1 if last else 0]
    return choice.high if last else choice.low


@contextlib.contextmanager
def _heard() -> Iterator[list[str]]:
    """Collect what the process prints inside the block, by whatever language; the list has it after the block."""
    heard: list[str] = []
    with tempfile.TemporaryFile() as file:
        kept = {number: os.dup(number) for number in (1, 2)}
        try:
            for number in kept:
                os.dup2(file.fileno(), number)
            with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
                yield heard
        finally:
            for number, own in kept.items():
                os.dup2(own, number)
                os.close(own)
        file.seek(0)
        printed = out.getvalue() + err.getvalue() + file.read().decode(errors="replace")
    if printed:
        heard.append(printed)
