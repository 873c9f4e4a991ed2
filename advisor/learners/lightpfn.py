"""LightPFN (Ottoboni 2026): 4.6 million weights trained beforehand on made-up tables, which read the training rows.

Nothing is trained here and nothing tuned. The weights are not part of any package: --foundation says where they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.contracts import DOWNLOAD, Learner, Setting
from advisor.learners._weights import foundation_of, too_large, weights_file

# The author's own limits: trained on up to 100 columns and 10 classes, tried on up to 100,000 rows (of more than 20,000
# each of its four readings sees a sample). Within them one reading's cells, 256 bytes each, stay below 0.6 GB.
MOST_ROWS, MOST_COLUMNS, MOST_CLASSES = 100_000, 100, 10
# As published; the architecture stands beside it in config.json.
WEIGHTS, ARCHITECTURE = "model.safetensors", "config.json"


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from lightpfn import LightPFNClassifier
    from sklearn.pipeline import Pipeline

    foundation = foundation_of(setting, _absent)
    model = LightPFNClassifier(
        checkpoint=weights_file(foundation, WEIGHTS),
        local_files_only=foundation != DOWNLOAD,
        device=setting.device,
        random_state=setting.seed,
        n_threads=setting.threads,
    )
    return Pipeline([("encode", setting.modality.encoder("frame")), ("model", model.set_params(**params))])


def _objection(profile: Any) -> str | None:
    return too_large(profile, rows=MOST_ROWS, columns=MOST_COLUMNS, classes=MOST_CLASSES)


def _absent(foundation: str, task: str) -> str | None:
    found = weights_file(foundation, WEIGHTS)
    if found and found.with_name("tokenizer.json").is_file():
        found = None  # a net of texts has files of these names, too
    if foundation == DOWNLOAD or (found and found.with_name(ARCHITECTURE).is_file()):
        return None
    return f"--foundation {foundation!r} is or holds no file {WEIGHTS!r} with {ARCHITECTURE!r} beside it"


LEARNER = Learner(
    name="lightpfn",
    family="neural",
    summary="LightPFN: a small pre-trained net that reads the training rows; needs weights (--foundation).",
    build=_build,
    objection=_objection,
    tasks=("binary", "multiclass"),
    requires=("lightpfn",),
    weights="LightPFN, Apache-2.0",
    start="frozen",
    absent=_absent,
    # Measured on one core with as many random weights, a quarter as many rows to answer included: 1.0 s for 400 rows of
    # 10 columns, 2.6 s for 1,000 rows, 5.6 s for 1,000 rows of 40 columns.
    seconds=lambda rows, profile: min(rows, 20_000) * (0.0016 + 0.0001 * len(profile.columns)),
    strong=True,
    executes=True,
)
