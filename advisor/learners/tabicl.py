"""TabICL (Qu et al. 2025): a net trained beforehand on made-up tables, which reads the training rows and answers.

Nothing is trained here and nothing tuned. The weights are not part of any package: --foundation says where they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from advisor.contracts import DOWNLOAD, Learner, Setting
from advisor.errors import UserError

# What the authors tried it on; beyond, memory and seconds grow faster than what is known about its worth.
MOST_ROWS, MOST_COLUMNS = 100_000, 500


def weights_file(foundation: str, task: str) -> Path:
    """Return the checkpoint for the task: the file named, or a folder's last "...regressor..." or "...classifier...".

    Raises UserError where there is none.
    """
    place = Path(foundation)
    if place.is_file():
        return place
    kind = "regressor" if task == "regression" else "classifier"
    found = sorted(place.glob(f"*{kind}*.ckpt")) if place.is_dir() else []
    if not found:
        raise UserError(
            f"--foundation {foundation!r} has no weights of TabICL for this task; name a .ckpt file, a folder that "
            f"holds one with {kind!r} in its name, or {DOWNLOAD!r}."
        )
    return found[-1]


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.pipeline import Pipeline
    from tabicl import TabICLClassifier, TabICLRegressor

    if setting.foundation is None:
        raise UserError("TabICL needs pre-trained weights; say with --foundation where they are.")
    download = setting.foundation == DOWNLOAD
    model = (TabICLRegressor if setting.task == "regression" else TabICLClassifier)(
        model_path=None if download else weights_file(setting.foundation, setting.task),
        allow_auto_download=download,
        device=None if setting.device == "auto" else setting.device,
        random_state=setting.seed,
        n_jobs=setting.threads,
    )
    return Pipeline([("encode", setting.modality.encoder("frame")), ("model", model.set_params(**params))])


def _objection(profile: Any) -> str | None:
    if profile.rows > MOST_ROWS or len(profile.columns) > MOST_COLUMNS:
        return f"made for up to {MOST_ROWS:,} rows and {MOST_COLUMNS} columns"
    return None


LEARNER = Learner(
    name="tabicl",
    family="neural",
    summary="TabICL: a pre-trained net that reads the training rows; needs weights (--foundation).",
    build=_build,
    objection=_objection,
    requires=("tabicl",),
    weights="TabICL, BSD-3-Clause",
    pretrained=True,
    effort=9,
    # Measured with the full net on one core: 27 s for 1,200 rows of 10 columns, 62 s for 40 columns.
    seconds=lambda rows, columns: rows * (0.012 + 0.001 * columns),
    precedence=0,
)
