"""The folder is the catalogue."""

import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from advisor import learners
from advisor.errors import UserError
from advisor.records import Profile


def test_every_file_is_a_member():
    names = {learner.name for learner in learners.catalogue()}
    for path in Path(learners.__file__).parent.glob("[!_]*.py"):
        module = import_module(f"advisor.learners.{path.stem}")
        variants = {variant.name for variant in getattr(module, "VARIANTS", ())}
        assert variants or module.LEARNER.name == path.stem
        assert variants | ({path.stem} if hasattr(module, "LEARNER") else set()) <= names


def test_the_dummy_comes_first_then_the_classical_ones_then_the_nets():
    members = learners.catalogue()
    assert members[0].name == "dummy"
    families = [learner.family for learner in members]
    assert families == sorted(families, key=["dummy", "classical", "neural"].index)
    names = [learner.name for learner in members if learner.family == "neural"]
    assert names == sorted(names)


def test_listing_loads_no_library_that_trains():
    heavy = "{'xgboost', 'lightgbm', 'catboost', 'torch', 'optuna', 'mlflow'}"
    code = f"import sys; from advisor.learners import catalogue; catalogue(); print({heavy} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"


def test_an_unknown_name_is_answered_with_the_near_ones():
    assert learners.find("forest").name == "forest"
    with pytest.raises(UserError, match=r"No learner is called 'forrest'. Did you mean 'forest'"):
        learners.find("forrest")


PROFILE = Profile("table", "tabular", 1000, "binary", (), {}, 20, {}, (), "")


@pytest.mark.parametrize(
    ("profile", "name", "reason"),
    [
        (PROFILE, "knn", None),
        (replace(PROFILE, rows=100_001), "knn", "100,001 rows"),
        (replace(PROFILE, encoded_columns=201), "knn", "201 encoded columns"),
        (replace(PROFILE, rows=100_001), "xgboost", None),
        (replace(PROFILE, modality="image"), "forest", "does not read image data"),
        (replace(PROFILE, task="regression", target={"sd": 3e-9}), "forest", "differ by about 3e-09"),
        (replace(PROFILE, task="regression", target={"sd": 3e-9}), "linear", None),
        (replace(PROFILE, task="regression", target={"sd": 3e-6}), "forest", None),
    ],
)
def test_who_stays_away_says_why(profile, name, reason):
    objection = learners.find(name).suits(profile)
    assert objection is None if reason is None else reason in objection


def test_a_variant_is_another_learner_with_something_done_to_it():
    base, variant = learners.find("lightgbm"), learners.find("gan_lightgbm")
    assert variant.on_request
    assert not base.on_request
    assert variant.must_beat == ("lightgbm", "smote_lightgbm")
    assert variant.family == "neural"
    assert (variant.space, variant.tasks, variant.objection) == (base.space, base.tasks, base.objection)
    assert set(variant.requires) == {*base.requires, "torch"}
    assert variant.seconds(1000, PROFILE) > base.seconds(1000, PROFILE)
    assert not variant.strong
    assert learners.find("smote_lightgbm").family == "classical"


def test_who_needs_weights_or_brings_them_was_trained_beforehand():
    trained = {learner.name for learner in learners.catalogue() if learner.pretrained}
    assert {learner.name for learner in learners.catalogue() if learner.weights} < trained
    assert "prior_fitted" in trained and "mlp" not in trained
