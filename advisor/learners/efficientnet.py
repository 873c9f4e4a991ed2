"""EfficientNet-Lite0: what pictures show, by a net trained beforehand and left as it is, with a linear model on top."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.contracts import Choice, Float, Learner, Setting, Space
from advisor.learners._pictures import WEIGHTS, absent, weights_of
from advisor.nets.packaged import EFFICIENTNET
from advisor.records import Profile


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import FeatureUnion, Pipeline
    from sklearn.preprocessing import StandardScaler

    chosen, look = dict(params), setting.modality.encoder
    encoder: Any = look("seen", weights=weights_of(setting.foundation), n_jobs=setting.threads)
    if chosen.pop("beside", True):
        encoder = FeatureUnion([("seen", encoder), ("beside", look("matrix"))])
    # Nearly two thousand columns of like size ask for a stronger penalty than a table's few do.
    model = (
        Ridge(alpha=1000.0) if setting.task == "regression" else LogisticRegression(C=0.005, tol=1e-3, max_iter=300)
    )  # fmt: skip
    return Pipeline([("encode", encoder), ("scale", StandardScaler()), ("model", model.set_params(**chosen))])


def _space(setting: Setting) -> Space:
    """The penalty, and whether edges and colours stand beside what the net sees."""
    penalty = (
        {"alpha": Float(1e1, 1e5, log=True)} if setting.task == "regression" else {"C": Float(3e-5, 0.3, log=True)}
    )
    return {**penalty, "beside": Choice((True, False))}


def _seconds(rows: int, profile: Profile) -> float:
    """Measured on one core: 6 ms to see a picture, a quarter more of them predicted, and the linear model."""
    classes = max(2, len(profile.target.get("classes", ())))
    return 1.0 + 0.0085 * rows + 0.0006 * rows * classes


def _are_pictures(profile: Profile) -> bool:
    return profile.modality == "image"


LEARNER = Learner(
    name="efficientnet",
    family="neural",
    summary="What a net trained beforehand (EfficientNet-Lite0) sees in pictures, with a linear model.",
    build=_build,
    modalities=("image",),
    space=_space,
    requires=("torch",),
    weights=WEIGHTS,
    packaged=EFFICIENTNET,
    start="frozen",
    absent=absent,
    seconds=_seconds,
    strong=True,
    essential=_are_pictures,
    gpu_speed=1.0,
)
