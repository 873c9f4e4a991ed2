"""What the README shows as a whole file is a whole learner."""

import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from advisor import inert, modalities
from advisor.contracts import Setting
from advisor.records import Profile

FILES = [
    code
    for code in re.findall(r"```python\n(.*?)```", Path(__file__).parents[1].joinpath("README.md").read_text(), re.S)
    if "LEARNER" in code
]


@pytest.mark.parametrize("code", FILES, ids=lambda code: code.split('"')[3])
def test_an_example_is_a_learner_of_less_than_60_lines(code):
    assert code.count("\n") < 60
    names = {"__name__": "example"}
    exec(compile(code, "README.md", "exec"), names)
    learner, rng = names["LEARNER"], np.random.default_rng(0)
    inputs = pd.DataFrame({"a": rng.normal(size=200), "b": pd.Categorical(rng.choice(list("xyz"), 200))})
    for task in learner.tasks:
        profile = Profile("made", "tabular", 200, task, (), {}, 4, {}, (), "")
        metric = "rmse" if task == "regression" else "log_loss"
        setting = Setting(profile, modalities.find("tabular"), metric, 200)
        target = inputs["a"].to_numpy() if task == "regression" else (inputs["a"] > 0).to_numpy().astype(int)
        pipeline = learner.build(setting, {}).fit(inputs, target)
        assert np.corrcoef(pipeline.predict(inputs), target)[0, 1] > 0.7
        assert set(learner.space(setting)) <= set(pipeline[-1].get_params())
        # Its types are on no list of ours, and it says so.
        with pytest.raises(inert.NotInert):
            inert.write(pipeline, io.BytesIO())
        assert learner.executes


def test_both_kinds_are_shown():
    assert len(FILES) == 2
