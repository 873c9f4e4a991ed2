"""Rows without a target: seen by pre-training alone, needed by nobody afterwards."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from advisor.learners import catalogue, find
from advisor.learners.autoencoder import AutoencoderClassifier, DenoisingFeatures

WANT_THEM = ("autoencoder", "autoencoder_linear", "autoencoder_lightgbm")


@pytest.fixture
def more(table):
    """Typed rows without a target, with a level that no other row has."""
    frame, _ = table("binary", rows=400, seed=9)
    frame["kind"] = pd.Categorical(np.where(np.arange(400) % 5 == 0, "never", frame["kind"].astype(object)))
    return frame


def holders(pipeline):
    """Names of all parameters that hold a frame."""
    return {name for name, value in pipeline.get_params().items() if isinstance(value, pd.DataFrame)}


def test_only_who_trains_on_rows_without_a_target_is_given_them(setting, more):
    given = {
        learner.name
        for learner in catalogue()
        if "tabular" in learner.modalities
        and not learner.weights
        and holders(learner.build(setting("binary", 240, unlabelled=more), {}))
    }
    assert given == set(WANT_THEM)


@pytest.mark.parametrize("name", WANT_THEM)
@pytest.mark.parametrize("goal", ["multiclass", "regression"])
def test_they_change_what_is_learnt_and_are_not_needed_to_predict(build, table, predicted, more, name, goal):
    inputs, target = table(goal)
    alone = build(find(name), goal).fit(inputs, target)
    pipeline = build(find(name), goal, unlabelled=more)
    fitted = clone(pipeline).fit(inputs, target)
    expected = predicted(fitted, inputs)
    assert not np.array_equal(predicted(alone, inputs), expected)
    kept = pickle.dumps(fitted)
    assert b"never" not in kept, "no row of them is carried along"
    again = pickle.loads(kept)
    assert not holders(again)
    np.testing.assert_array_equal(predicted(again, inputs), expected)
    np.testing.assert_array_equal(predicted(pickle.loads(pickle.dumps(pipeline)).fit(inputs, target), inputs), expected)


def test_encoders_learn_from_the_training_rows_alone(build, table, more):
    inputs, target = table("binary")
    alone, together = (
        build(find("autoencoder"), "binary", unlabelled=rows).fit(inputs, target)[0] for rows in (None, more)
    )
    pd.testing.assert_frame_equal(alone.transform(inputs), together.transform(inputs))


def test_copies_of_rows_are_harmless(build, table, predicted):
    inputs, target = table("binary")
    pipeline = build(find("autoencoder"), "binary", unlabelled=inputs).fit(inputs, target)
    assert np.isfinite(predicted(pipeline, inputs)).all()


@pytest.mark.parametrize("kind", [AutoencoderClassifier, DenoisingFeatures])
def test_pre_training_sees_all_inputs_and_no_target(monkeypatch, kind):
    from advisor.nets import denoising

    rng = np.random.default_rng(0)
    X, more, seen = rng.normal(size=(100, 3)), 100 + rng.normal(size=(50, 3)), []
    original = denoising.pretrained

    def watched(entrance, body, rows, *rest, **named):
        seen.append(rows)
        return original(entrance, body, rows, *rest, **named)

    monkeypatch.setattr(denoising, "pretrained", watched)
    kind(epochs=2).fit(X, np.arange(100) % 2, unlabelled=more)
    kept = 80 if kind is AutoencoderClassifier else 100
    assert len(seen) == 1 and len(seen[0].inputs[0]) == kept + 50
    assert (seen[0].inputs[0] > 50).all(dim=1).sum() == 50
    assert not seen[0].target.any()
