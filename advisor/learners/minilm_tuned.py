"""all-MiniLM-L6-v2, fine-tuned: its last layers are trained on, from where the frozen net stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from advisor.contracts import Choice, Float, Learner, Setting, Space
from advisor.estimators.early_stopping import EarlyStoppingClassifier, EarlyStoppingRegressor
from advisor.estimators.net import ArrayNetEstimator, training, whether_to_hold_out
from advisor.estimators.sentences import WEIGHTS, StatesEncoder
from advisor.learners._texts import no_texts
from advisor.records import Profile

# So many pieces of words are read, about forty words; an epoch over 1,000 of such texts takes a quarter of a minute.
LENGTH = 48
MOST_ROWS = 3_000


class _Tuned(ArrayNetEstimator):
    """The last `layers` of the net in `folder`, and a head that begins as the linear model on the frozen net.

    Kumar et al. (2022): from a head that knows nothing the first steps would spoil what the layers know.
    """

    def __init__(self, *, folder: str | None = None, layers: int = 2, **training: Any) -> None:
        super().__init__(**training)
        self.folder = folder
        self.layers = layers

    def _net(self, rows: Any, levels: Sequence[int], bias: Sequence[float], seconds: float | None) -> Any:
        from sklearn.linear_model import LogisticRegression, Ridge

        from advisor.nets import minilm

        net, _ = minilm.load(WEIGHTS.folder(self.folder))
        linear = Ridge(alpha=0.3) if self._loss != "log_loss" else LogisticRegression(C=10.0, tol=1e-3, max_iter=300)
        return minilm.top_of(net, self.layers, linear, rows.inputs[0], rows.target, len(bias))


class _TunedClassifier(EarlyStoppingClassifier, _Tuned):
    """The net for classes; see EarlyStopping for what it does with rows and labels."""


class _TunedRegressor(EarlyStoppingRegressor, _Tuned):
    """The net for values; see EarlyStopping for what it does with rows and targets."""


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.pipeline import Pipeline

    named = WEIGHTS.named(setting.foundation)
    WEIGHTS.folder(named)  # so that it is said before any fit that they are nowhere
    chosen = {"layers": 2, "learning_rate": 2e-4, "batch_size": 16, "epochs": 12, "patience": 3, **params}
    kind = _TunedRegressor if setting.task == "regression" else _TunedClassifier
    encoder = StatesEncoder(named, LENGTH, chosen["layers"])
    return Pipeline([("encode", encoder), ("model", kind(**{"folder": named, **training(setting), **chosen}))])


def _space(setting: Setting) -> Space:
    """How many layers are trained on, and how fast."""
    return {
        "layers": Choice((1, 2, 3)),
        "learning_rate": Float(2e-5, 1e-3, log=True),
        "weight_decay": Float(1e-4, 1e-1, log=True),
        "batch_size": Choice((8, 16, 32)),
        **whether_to_hold_out(setting),
    }


def _objection(profile: Profile) -> str | None:
    return no_texts(profile) or (f"made for up to {MOST_ROWS:,} rows" if profile.rows > MOST_ROWS else None)


def _absent(foundation: str, task: str) -> str | None:
    return WEIGHTS.absent(foundation)


def _seconds(rows: int, profile: Profile) -> float:
    """Measured on one core with texts of a dozen words; long ones take up to four times as long."""
    return 3.0 + 0.12 * rows


LEARNER = Learner(
    name="minilm_tuned",
    family="neural",
    summary="A net trained beforehand (all-MiniLM-L6-v2) whose last layers are trained on; the texts alone.",
    build=_build,
    space=_space,
    objection=_objection,
    requires=("torch", "tokenizers", "safetensors"),
    weights="all-MiniLM-L6-v2, Apache-2.0",
    packaged=WEIGHTS.module,
    start="tuned",
    absent=_absent,
    seconds=_seconds,
    on_request=True,
    must_beat=("minilm",),
)
