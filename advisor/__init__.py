"""Is a neural network worth it for this data? One call measures it.

    import advisor
    advice = advisor.compare("churn.csv", target="churned", budget="10m")

Importing the package loads nothing heavy; each name is fetched when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = [
    "Advice", "Limits", "NewRowsWarning", "Prices", "UserError", "Verdict", "compare", "load", "load_model", "profile",
]  # fmt: skip

_ROOMS = {
    "Advice": "advice",
    "Limits": "records",
    "NewRowsWarning": "errors",
    "Prices": "records",
    "UserError": "errors",
    "Verdict": "advice",
    "compare": "walk",
    "load": "advice",
    "load_model": "model_files",
    "profile": "walk",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'advisor' has no attribute {name!r}")
    return getattr(import_module(f"advisor.{_ROOMS[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
