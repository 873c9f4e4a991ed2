"""Who takes part on which folds, who is left out and why, and what every fit is expected to take on this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from importlib.util import find_spec

import numpy as np
import pandas as pd

from advisor import modalities
from advisor.contracts import Learner
from advisor.errors import UserError, did_you_mean
from advisor.planning import rows as rows_
from advisor.records import Budget, Dataset, Entrant, Folds, Plan, Profile

# Rows of equal inputs are no copies where their targets differ at least so many times as often as those of two rows
# drawn at random; and where so few inputs are different, nothing is left to hold apart.
BY_NATURE, FEWEST_DIFFERENT = 0.5, 30
# A learner that would take more of all workers' seconds than this for its folds is not begun.
LARGEST_SHARE = 0.35
# Who makes an answer possible on tables: a linear yardstick, a boosted tree, and the first of these nets that takes
# part. On other data those do who say so (Learner.essential).
YARDSTICKS = ("dummy", "linear")
BOOSTED = ("lightgbm", "xgboost", "catboost")
STRONG = ("realmlp", "tabm", "modern_nca", "prior_fitted")


def make_plan(
    dataset: Dataset,
    profile: Profile,
    learners: Sequence[Learner],
    budget: Budget,
    *,
    metric: str,
    seconds: float,
    speed: float = 1.0,
    workers: int = 1,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    also: Sequence[str] = (),
    interpretable: bool = False,
    averaged: bool = True,
    device: str = "cpu",
    serve_on: str = "auto",
    foundation: str | None = None,
    sizes: tuple[int, int, int] | None = None,
) -> Plan:
    """Choose learners, rows and folds, and say why other learners were left out.

    `seconds` of wall time are there for fits on `workers`, `speed` is how slow this machine is (measuring.machine).
    `only`, `skip` and `also` name learners, the last those that take part on request only; whom these have to beat
    comes with them. `averaged` allows fits that are the mean of several trainings. `sizes` are those of an earlier plan
    (see Plan) that this one goes on with, whatever the machine is worth now. The dummy always takes part, since "no
    signal" is measured against it. Raises UserError for an unknown name, where no learner is left, or where a side has
    nobody who may lead it.
    """
    for name in (*only, *skip, *also):
        if name not in {learner.name for learner in learners}:
            raise UserError(f"No learner is called {name!r}. {did_you_mean(name, [lr.name for lr in learners])}")
    asked = _with_yardsticks((*only, *also), learners)
    wanted = {learner.name for learner in learners if not only or learner.name in asked}
    skipped = {
        learner.name: reason
        for learner in learners
        if learner.family != "dummy"
        and (reason := _why_not(learner, profile, wanted, asked, skip, interpretable, foundation))
    }
    for learner in learners:
        if learner.name not in skipped and (absent := [name for name in learner.must_beat if name in skipped]):
            skipped[learner.name] = f"has to beat {absent[0]}, which does not take part"
    able = [learner for learner in learners if learner.name not in skipped]
    essential = _essential(able, len(dataset.target), profile)
    counted = [learner for learner in able if learner.name in essential]
    averages = [learner for learner in able if learner.averaged] if averaged else []
    sizes = sizes or _sizes(len(dataset.target), counted, averages, profile, workers * seconds, speed, device)
    most, folds, trainings = sizes
    drawn = rows_.draw(dataset, most, folds, budget.seed, copies(dataset))
    train = int(np.mean([len(part.train) for part in drawn.parts]))
    expected = {
        learner.name: (trainings if learner.averaged else 1)
        * rows_.seconds_of(learner, train, profile, speed=speed, device=device)
        for learner in able
    }
    first = sum(part.repeat == 0 for part in drawn.parts)
    unaffordable = {
        name: too_dear(first, first * expected[name], workers * seconds)
        for name in expected
        if not only and name not in asked and name not in essential
        and first * expected[name] > LARGEST_SHARE * workers * seconds
    }  # fmt: skip
    skipped |= unaffordable
    entrants = tuple(
        Entrant(
            learner.name, learner.family, expected[learner.name], learner.name in essential, learner.strong,
            learner.must_beat, learner.name in asked,
        )
        for learner in able
        if learner.name not in unaffordable
    )  # fmt: skip
    if not any(entrant.family != "dummy" for entrant in entrants):
        raise UserError(f"No learner is left to compare: {'; '.join(f'{k}: {v}' for k, v in skipped.items())}.")
    missed = {name: skipped[name] for name in (*only, *also) if name in skipped}
    _sides_can_be_led(entrants, missed, both=bool(only or skip))
    decisive = {
        "target": dataset.target_name, "task": dataset.task, "metric": metric, "seed": str(budget.seed),
        "device": device, "foundation": str(foundation), "trainings": str(trainings),
        "data": profile.fingerprint, "folds": _folds_fingerprint(drawn),
    }  # fmt: skip
    return Plan(
        dataset.task, metric, drawn, entrants, skipped, budget.seed, device, serve_on,
        hashlib.sha256(repr(sorted(decisive.items())).encode()).hexdigest()[:16], foundation,
        tuple(unaffordable), speed, sizes, decisive | dict(versions(able)), budget.counted,
    )  # fmt: skip


def _sizes(
    rows: int,
    essential: Sequence[Learner],
    averaged: Sequence[Learner],
    profile: Profile,
    worker_seconds: float,
    speed: float,
    device: str,
) -> tuple[int, int, int]:
    """Return the rows, the folds and the trainings of a fit that the seconds are expected to pay for."""
    most, folds = rows_.affordable(rows, essential, profile, worker_seconds, speed=speed, device=device)
    return most, folds, rows_.trainings(most, folds, averaged, profile, worker_seconds, speed=speed, device=device)


def too_dear(folds: int, seconds: float, of: float) -> str:
    """Say why a learner is left out whose folds would take so many `seconds` of a worker, `of` all workers' seconds.

    >>> too_dear(5, 250.0, 200.0), too_dear(3, 4.0, 200.0)
    ('the budget does not pay for it: 5 folds of it would take about 250 s', 'the time was up before its turn came')
    """
    if seconds < LARGEST_SHARE * of:
        return "the time was up before its turn came"
    return f"the budget does not pay for it: {folds} folds of it would take about {seconds:,.0f} s"


def copies(dataset: Dataset) -> np.ndarray | None:
    """Return codes (n,) that are equal for rows which are to stay on one side of every fold: copies of one another.

    Rows are copies where their inputs are equal, whatever their targets: were copies with another target left on the
    other side, what is trained would know of a test row's inputs just the wrong answer. None where no inputs repeat;
    where there are fewer than 30 different ones; and where they repeat by nature, as they do in tables of few values
    and will in rows to come. Copies repeat their target too, so that is told by targets: rows of equal inputs then
    disagree at least half as often as two rows drawn at random.
    """
    codes = modalities.find(dataset.modality).codes(dataset)
    different = int(codes.max()) + 1
    if different == len(codes) or different < FEWEST_DIFFERENT:
        return None
    agreeing = _pairs(codes, dataset.target) / _pairs(codes)
    at_random = _pairs(dataset.target) / _pairs(np.zeros(len(codes)))
    return codes if 1 - agreeing < BY_NATURE * (1 - at_random) else None


def _pairs(*codes: np.ndarray) -> float:
    """Count the pairs of rows that are equal in all of these."""
    counts = pd.DataFrame(dict(enumerate(codes))).value_counts().to_numpy(dtype=float)
    return float(counts @ (counts - 1) / 2)


def _essential(able: Sequence[Learner], rows: int, profile: Profile) -> set[str]:
    """Name those without whom there is no answer; where none of the usual takes part, the quickest of its family."""
    names = {learner.name for learner in able}
    declared = {learner.name for learner in able if learner.essential(profile)}
    found = {name for name in YARDSTICKS if name in names} | declared
    for family, usual in (("classical", BOOSTED), ("neural", STRONG)):
        own = [learner for learner in able if learner.family == family]
        if profile.modality != "tabular" and declared & {learner.name for learner in own}:
            continue
        known = [name for name in usual if name in names and profile.modality == "tabular"]
        quickest = sorted(
            own,
            key=lambda one: (bool(one.must_beat), family == "neural" and not one.strong, one.seconds(rows, profile)),
        )
        found |= {*known[:1]} if known else {learner.name for learner in quickest[:1]}
    return found


def _why_not(
    learner: Learner,
    profile: Profile,
    wanted: Container[str],
    asked: Container[str],
    skip: Container[str],
    interpretable: bool,
    foundation: str | None,
) -> str | None:
    """Say why a learner takes no part, whatever the budget, or None where it may."""
    if learner.name not in wanted:
        return "not among --learners"
    if learner.on_request and learner.name not in asked:
        terms = f" (its weights: {learner.weights})" if learner.weights else ""
        return f"takes part on request only: --also {learner.name}{terms}"
    if learner.name in skip:
        return "named in --skip"
    if interpretable and not (learner.interpretable or learner.family == "neural"):
        return "not interpretable, as --interpretable asks"
    if reason := learner.suits(profile):
        return reason
    if learner.weights and foundation is None and not (learner.packaged and find_spec(learner.packaged)):
        where = f", or the package {learner.packaged} has them" if learner.packaged else ""
        return f"needs pre-trained weights ({learner.weights}); --foundation says where they are{where}"
    if foundation is not None and (reason := learner.absent(foundation, profile.task)):
        return f"needs pre-trained weights ({learner.weights}); {reason}"
    return None


def _with_yardsticks(names: Iterable[str], learners: Sequence[Learner]) -> frozenset[str]:
    """Return the names, and those of all whom one of them has to beat."""
    members = {learner.name: learner for learner in learners}
    wanted = set(names)
    return frozenset(wanted.union(*(members[name].must_beat for name in wanted)))


def _sides_can_be_led(entrants: Sequence[Entrant], missed: Mapping[str, str], *, both: bool) -> None:
    """Raise UserError where a side has nobody who may lead it; `both` says that wishes could have left one out.

    `missed` says of learners that were named why they take no part.
    """
    for entrant in entrants:
        if not any(other.family == entrant.family and not other.must_beat for other in entrants):
            raise UserError(
                f"{entrant.learner} leads the {entrant.family} side only where it beats "
                f"{' and '.join(entrant.must_beat)}; name a learner of that side as well, such as mlp."
            )
    for family, example in (("classical", "lightgbm"), ("neural", "mlp")):
        if both and not any(entrant.family == family for entrant in entrants):
            why = "".join(f"; {name}: {reason}" for name, reason in missed.items())
            raise UserError(
                f"No {family} learner takes part, and a comparison needs both sides; add one, such as {example}{why}."
            )


def _folds_fingerprint(folds: Folds) -> str:
    text = hashlib.sha256(folds.kind.encode())
    for part in folds.parts:
        text.update(part.train.tobytes())
        text.update(part.test.tobytes())
    return text.hexdigest()[:16]


def versions(able: Sequence[Learner]) -> tuple[tuple[str, str], ...]:
    """Return the versions of the packages that these learners are made of, by package."""
    needed = {"neural-net-advisor", "numpy", "pandas", "scikit-learn"}
    needed |= {module.partition(".")[0] for learner in able for module in learner.requires}
    return tuple(sorted((name, _version(name)) for name in needed))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        found = packages_distributions().get(package, ())
        return version(found[0]) if found else ""
