"""Pictures from the command line to predictions: a folder goes in, an answer and a model come out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import jsonschema
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from advisor import walk
from advisor.errors import UserError
from advisor.fitting import handing
from advisor.learners import find
from advisor.telling import report
from advisor.telling.tracking.model import _save
from advisor.testing import made_setting
from tests.test_commands import SCHEMA


def write(folder, per_class=30):
    """Write pictures that are bright on the left in one class, and on the right in the other."""
    draw = np.random.default_rng(0)
    for label, bright in (("left <b>", slice(0, 8)), ("right", slice(8, 16))):
        (folder / label).mkdir(parents=True)
        for place in range(per_class):
            pixels = draw.integers(0, 120, (16, 16, 3))
            pixels[:, bright] += draw.integers(0, 130)
            Image.fromarray(pixels.astype(np.uint8)).save(folder / label / f"{place}.png")
    return folder


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    cwd = tmp_path_factory.mktemp("pictures")
    write(cwd / "sides")
    ran = subprocess.run(
        [sys.executable, "-m", "advisor", "compare", "sides", "--learners", "linear,cnn", "--budget", "60s",
         "--trials", "1", "--workers", "1", "--no-tracking", "--out", "run"],
        cwd=cwd, capture_output=True, text=True, timeout=300, env={**os.environ, "COLUMNS": "100"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return cwd


def test_the_answer_keeps_the_contract_and_the_report_shows_pictures(finished):
    verdict = json.loads((finished / "run" / "verdict.json").read_text())
    jsonschema.validate(verdict, SCHEMA)
    assert verdict["profile"]["modality"] == "image" and verdict["profile"]["kinds"] == {"image": 1}
    assert {"linear", "cnn"} <= {row["learner"] for row in verdict["leaderboard"]}
    page = (finished / "run" / "report.html").read_text()
    assert page.count('<img src="data:image/png;base64,') == 24 and "left <b>" not in page


def test_new_pictures_are_predicted_under_their_names_and_what_cannot_be_read_is_told(finished):
    new = write(finished / "new", per_class=2)
    (new / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    ask = [sys.executable, "-m", "advisor", "predict", "run", "new", "-o", "said.csv"]
    ran = subprocess.run(ask, cwd=finished, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0
    assert ran.stderr.startswith("1 picture cannot be read and is answered as a white one: 'broken.jpg' (")
    said = pd.read_csv(finished / "said.csv")
    assert said["file"].tolist() == ["broken.jpg", "left <b>/0.png", "left <b>/1.png", "right/0.png", "right/1.png"]
    strict = subprocess.run([*ask, "--strict"], cwd=finished, capture_output=True, text=True, timeout=120)
    assert strict.returncode == 2 and "Mend the rows" in strict.stderr


def test_a_model_of_pictures_is_stored_and_asked_as_mlflow_does(tmp_path):
    import mlflow.pyfunc

    dataset = walk.read(write(tmp_path / "sides", per_class=15))
    fitted = find("linear").build(made_setting("binary", modality="image"), {}).fit(dataset.inputs, dataset.target)
    whole, folder = handing.whole(dataset, fitted), tmp_path / "model"
    _save(whole, dataset.example, str(folder), "run", SimpleNamespace(model_id="m", artifact_location=str(tmp_path)))
    loaded = mlflow.pyfunc.load_model(str(folder))
    expected = list(whole.predict(dataset.example))
    assert list(loaded.predict(dataset.example)) == expected
    assert list(loaded.predict(loaded.metadata.load_input_example(str(folder)))) == expected


def test_what_is_no_picture_is_never_shown_as_one():
    rows = [{"label": "a", "picture": "data:image/png;base64,AAAA"}, {"label": "b", "picture": '"><script>'},
            {"label": "c", "picture": "https://example.org/x.png"}, {"label": "d"}]  # fmt: skip
    assert report.samples.pictures({"samples": rows}) == (("a", "data:image/png;base64,AAAA"),)


def test_steps_and_paths_at_once_are_refused_in_a_sentence(tmp_path):
    pd.DataFrame({"a": [1, 2], "y": [0, 1]}).to_csv(tmp_path / "x.csv", index=False)
    with pytest.raises(UserError, match="say --series or --image, not both"):
        walk.read(tmp_path / "x.csv", "y", series="a", image="a")
