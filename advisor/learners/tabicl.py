"""TabICL (Qu et al. 2025): a net trained beforehand on made-up tables, which reads the training rows and answers.

Nothing is trained here and nothing tuned. The weights are not part of any package: --foundation says where they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.contracts import DOWNLOAD, Learner, Setting
from advisor.learners._weights import foundation_of, too_large, weights_file

# What the authors tried it on; beyond, memory and seconds grow faster than what is known about its worth.
MOST_ROWS, MOST_COLUMNS = 100_000, 500


def weights_name(task: str) -> str:
    """Return what its checkpoint for the task is called."""
    return "tabicl-regressor*.ckpt" if task == "regression" else "tabicl-classifier*.ckpt"


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.pipeline import Pipeline
    from tabicl import TabICLClassifier, TabICLRegressor

    foundation = foundation_of(setting, _absent)
    download = foundation == DOWNLOAD
    model = (TabICLRegressor if setting.task == "regression" else TabICLClassifier)(
        model_path=weights_file(foundation, weights_name(setting.task)),
        allow_auto_download=download,
        device=None if setting.device == "auto" else setting.device,
        random_state=setting.seed,
        n_jobs=setting.threads,
    )
    return Pipeline([("encode", setting.modality.encoder("frame")), ("model", model.set_params(**params))])


def _objection(profile: Any) -> str | None:
    return too_large(profile, rows=MOST_ROWS, columns=MOST_COLUMNS)


def _absent(foundation: str, task: str) -> str | None:
    if foundation == DOWNLOAD or weights_file(foundation, weights_name(task)):
        return None
    return f"--foundation {foundation!r} is or holds no file {weights_name(task)!r}"


LEARNER = Learner(
    name="tabicl",
    family="neural",
    summary="TabICL: a pre-trained net that reads the training rows; needs weights (--foundation).",
    build=_build,
    objection=_objection,
    requires=("tabicl",),
    weights="TabICL, BSD-3-Clause",
    start="frozen",
    absent=_absent,
    # Measured with the full net on one core: 27 s for 1,200 rows of 10 columns, 62 s for 40 columns.
    seconds=lambda rows, profile: rows * (0.012 + 0.001 * len(profile.columns)),
    strong=True,
    executes=True,
)
