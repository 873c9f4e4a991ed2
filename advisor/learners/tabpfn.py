"""TabPFN (Hollmann et al. 2025): pre-trained nets that read the training rows; on request, for their weights' licence.

Nothing is trained here, nothing tuned and nothing fetched. Neither the package (`pip install tabpfn`) nor the weights
come with ours: those of version 2.5 and later are for non-commercial use only, and who uses them has to agree to that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.contracts import DOWNLOAD, Learner, Setting
from advisor.learners._weights import foundation_of, too_large, weights_file

# The package's own limits for version 2, whose weights alone may be used commercially; later ones go further.
MOST_ROWS, MOST_COLUMNS, MOST_CLASSES = 10_000, 500, 10


def _weights_name(task: str) -> str:
    return "tabpfn*regressor*.ckpt" if task == "regression" else "tabpfn*classifier*.ckpt"


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.pipeline import Pipeline
    from tabpfn import TabPFNClassifier, TabPFNRegressor

    foundation = foundation_of(setting, _absent)
    model = (TabPFNRegressor if setting.task == "regression" else TabPFNClassifier)(
        model_path=weights_file(foundation, _weights_name(setting.task)),
        device=setting.device,
        random_state=setting.seed,
        n_preprocessing_jobs=setting.threads,
    )
    return Pipeline([("encode", setting.modality.encoder("frame")), ("model", model.set_params(**params))])


def _objection(profile: Any) -> str | None:
    return too_large(profile, rows=MOST_ROWS, columns=MOST_COLUMNS, classes=MOST_CLASSES)


def _absent(foundation: str, task: str) -> str | None:
    if foundation == DOWNLOAD:
        return "they are given to those who accept their licence, and not fetched here; name the file with --foundation"
    if weights_file(foundation, _weights_name(task)):
        return None
    return f"--foundation {foundation!r} is or holds no file {_weights_name(task)!r}"


LEARNER = Learner(
    name="tabpfn",
    family="neural",
    summary="TabPFN: pre-trained nets that read the training rows; weights mostly for non-commercial use only.",
    build=_build,
    objection=_objection,
    requires=("tabpfn",),
    weights="TabPFN, non-commercial from version 2.5 on, Prior Labs License for version 2",
    start="frozen",
    absent=_absent,
    # Not measured here: as TabICL, a net of the same kind.
    seconds=lambda rows, profile: rows * (0.012 + 0.001 * len(profile.columns)),
    strong=True,
    on_request=True,
    executes=True,
)
