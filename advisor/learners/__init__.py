"""The folder is the catalogue: every file here that does not start with an underscore ends with its LEARNER, its
VARIANTS of other learners, or both."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from advisor.contracts import Learner, Variant
from advisor.errors import UserError, did_you_mean
from advisor.records import Family

FAMILIES: tuple[Family, ...] = ("dummy", "classical", "neural", "blend")


def catalogue() -> tuple[Learner, ...]:
    """Return every learner: dummy, classical ones, nets, within these by name; loads no library that trains them."""
    names = [module.name for module in iter_modules(__path__) if not module.name.startswith("_")]
    modules = [import_module(f"{__name__}.{name}") for name in names]
    members: dict[str, Learner] = {m.LEARNER.name: m.LEARNER for m in modules if hasattr(m, "LEARNER")}
    variants: list[Variant] = [variant for m in modules for variant in getattr(m, "VARIANTS", ())]
    members |= {variant.name: variant.learner(members[variant.of]) for variant in variants}
    return tuple(sorted(members.values(), key=lambda learner: (FAMILIES.index(learner.family), learner.name)))


def find(name: str) -> Learner:
    """Return the learner called `name`; raises UserError with the nearest names where there is none."""
    members = {learner.name: learner for learner in catalogue()}
    if name not in members:
        raise UserError(f"No learner is called {name!r}. {did_you_mean(name, members)}")
    return members[name]
