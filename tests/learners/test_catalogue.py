"""The folder is the catalogue."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from advisor import learners
from advisor.errors import UserError
from advisor.records import Profile


def test_every_file_is_a_member():
    files = {path.stem for path in Path(learners.__file__).parent.glob("*.py") if not path.stem.startswith("_")}
    assert {learner.name for learner in learners.catalogue()} == files


def test_the_cheap_ones_come_first():
    names = [learner.name for learner in learners.catalogue()]
    assert names[:3] == ["dummy", "linear", "tree"]
    assert names.index("lightgbm") < names.index("catboost")
    assert names.index("xgboost") < names.index("forest") < names.index("catboost")


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
        (replace(PROFILE, modality="image"), "linear", "does not read image data"),
    ],
)
def test_who_stays_away_says_why(profile, name, reason):
    objection = learners.find(name).suits(profile)
    assert objection is None if reason is None else reason in objection
