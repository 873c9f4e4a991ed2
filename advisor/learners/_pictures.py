"""What learners share that see pictures by a net trained beforehand: where its weights are."""

from __future__ import annotations

from advisor.errors import UserError
from advisor.learners._weights import weights_file
from advisor.nets.packaged import EFFICIENTNET, EFFICIENTNET_FILES, packaged_file

WEIGHTS = "EfficientNet-Lite0, Apache-2.0"


def weights_of(foundation: str | None) -> str | None:
    """Return the file of weights that `foundation` has, or None, which stands for the package's own.

    Raises UserError where neither is there.
    """
    file = weights_file(foundation, EFFICIENTNET_FILES) if foundation else None
    if file is None and packaged_file(EFFICIENTNET, EFFICIENTNET_FILES) is None:
        raise UserError(f"This net needs pre-trained weights: install the package {EFFICIENTNET}, or say --foundation.")
    return None if file is None else str(file)


def absent(foundation: str, task: str) -> str | None:
    """Say why there are no weights, or None where there are."""
    if weights_file(foundation, EFFICIENTNET_FILES) or packaged_file(EFFICIENTNET, EFFICIENTNET_FILES):
        return None
    return f"--foundation {foundation!r} holds no {EFFICIENTNET_FILES}, and the package {EFFICIENTNET} is not installed"
