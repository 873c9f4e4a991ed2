"""Series from the command line to predictions: a table of steps goes in, an answer and a model come out."""

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

import advisor
from advisor import walk
from advisor.fitting import handing
from advisor.learners import find
from advisor.telling import report
from advisor.telling.tracking.model import _save
from advisor.testing import made_setting
from tests.test_commands import SCHEMA


def steps(patients=60):
    """A row a day of each patient; the wards' patients have another rhythm, and some days no pulse."""
    draw = np.random.default_rng(0)
    rows = []
    for patient in range(patients):
        time = np.arange(20 + patient % 7)
        pulse = 60 + 8 * np.sin(time * (0.5 + 0.9 * (patient % 2)) + draw.uniform(0, 6)) + draw.normal(size=len(time))
        pulse[draw.integers(0, len(time))] = np.nan
        rows += [{"patient": f"p{patient:02d}", "day": day, "pulse <b>": value, "state": "<i>ab"[: 4 + patient % 2]}
                 for day, value in zip(time, pulse, strict=True)]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    cwd = tmp_path_factory.mktemp("series")
    steps().to_csv(cwd / "ward.csv", index=False)
    ran = subprocess.run(
        [sys.executable, "-m", "advisor", "compare", "ward.csv", "--series", "patient,day", "--target", "state",
         "--learners", "linear,minirocket,lstm", "--budget", "60s", "--trials", "1", "--workers", "1",
         "--no-tracking", "--out", "run"],
        cwd=cwd, capture_output=True, text=True, timeout=300, env={**os.environ, "COLUMNS": "100"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return cwd


def test_the_answer_keeps_the_contract_and_the_report_shows_curves(finished):
    verdict = json.loads((finished / "run" / "verdict.json").read_text())
    jsonschema.validate(verdict, SCHEMA)
    assert verdict["profile"]["modality"] == "sequence" and verdict["profile"]["kinds"] == {"series": 1}
    assert {"linear", "minirocket", "lstm"} <= {row["learner"] for row in verdict["leaderboard"]}
    assert len(verdict["samples"]) == 8
    page = (finished / "run" / "report.html").read_text()
    # Each has a gap, where its curve is broken.
    assert page.count("<polyline") > 8 and "<i>a" not in page and "pulse <b>" not in page


def test_new_series_are_predicted_under_their_names_and_what_is_strange_is_told(finished):
    steps(4).drop(columns="state").sample(frac=1, random_state=0).to_csv(finished / "new.csv", index=False)
    ask = [sys.executable, "-m", "advisor", "predict", "run", "new.csv", "-o", "said.csv"]
    ran = subprocess.run(ask, cwd=finished, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0 and ran.stderr == "4 predictions in said.csv\n"
    said = pd.read_csv(finished / "said.csv")
    assert sorted(said["patient"]) == ["p00", "p01", "p02", "p03"] and list(said)[1] == "prediction"
    model = advisor.load(finished / "run").best_model
    long = [np.sin(np.arange(400) * 0.5) * 8 + 60, np.empty(0)]
    with pytest.warns(advisor.NewRowsWarning, match=r"1 of 2 series is longer than the longest of training"):
        assert len(model.predict(long)) == 2


def test_a_model_of_series_is_stored_and_asked_as_mlflow_does(tmp_path):
    import mlflow.pyfunc

    dataset = walk.read(steps(), "state", series=("patient", "day"))
    setting = made_setting("binary", modality="sequence")
    fitted = find("linear").build(setting, {}).fit(dataset.inputs, dataset.target)
    whole, folder = handing.whole(dataset, fitted), tmp_path / "model"
    _save(whole, dataset.example, str(folder), "run", SimpleNamespace(model_id="m", artifact_location=str(tmp_path)))
    loaded = mlflow.pyfunc.load_model(str(folder))
    expected = list(whole.predict(dataset.example))
    assert list(loaded.predict(dataset.example)) == expected
    assert list(loaded.predict(loaded.metadata.load_input_example(str(folder)))) == expected


def test_curves_are_drawn_on_one_scale_broken_by_gaps_and_never_become_markup():
    rows = [
        {"label": "</svg><b>", "steps": 4, "curves": {"a": [0, None, 10, 10]}},
        {"label": "b", "steps": 2, "curves": {"a": [5, "x"]}},
    ]
    first, second = report.samples.curves({"samples": rows})
    assert [line.points for line in first.lines] == ["4.0,56.0 4.0,56.0", "105.3,4.0 156.0,4.0"]
    assert [line.points for line in second.lines] == ["4.0,30.0 4.0,30.0"]
    assert not report.samples.curves({})
