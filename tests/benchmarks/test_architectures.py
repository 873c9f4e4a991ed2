"""The page of architectures: a net is worth it where all of its interval is, and only then."""

import architectures
import pytest


def line(**nets):
    rows = [
        {"learner": name, "start": "scratch", "error": 0.2, "gain": gain, "cpu_seconds": 30.0, "status": "ok",
         "message": "the budget ran out" if gain is None else ""} | ({"status": "partly"} if gain is None else {})
        for name, gain in nets.items()
    ]  # fmt: skip
    return {
        "set": "digits", "modality": "image", "rows": 1797, "metric": "accuracy", "answer": "worth_it",
        "min_gain": 0.05, "recommended": "cnn", "score": 0.99, "spent_seconds": 280.0,
        "classical": {"learner": "svm", "error": 0.3, "cpu_seconds": 10.0}, "nets": rows,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("gain", "said"),
    [
        ({"estimate": 0.3, "low": 0.06, "high": 0.5}, "**worth it**"),
        ({"estimate": 0.3, "low": 0.04, "high": 0.5}, "too close to call"),
        ({"estimate": -0.3, "low": -0.5, "high": 0.04}, "not worth it"),
        (None, "the budget ran out"),
    ],
)
def test_the_whole_interval_has_to_say_so(gain, said):
    told = architectures.text([line(cnn=gain)], ["emoji"])
    (row,) = [text for text in told if text.startswith("| CNN |")]
    assert f"| {said} | 30 (3.0) |" in row
    assert "Not there when this was made: emoji." in told


def test_a_net_that_finished_after_the_answer_is_told_by_its_error():
    late = line(cnn=None)
    late["nets"][0] |= {"status": "ok", "message": ""}
    assert any("| an error of 0.2, where the best classical model has 0.3 |" in text for text in
               architectures.text([late], []))  # fmt: skip


def test_every_learner_named_is_in_the_catalogue():
    from advisor.learners import find

    for names in architectures.ARCHITECTURES.values():
        assert all(find(name).family == "neural" for name in names)
    for chosen in architectures.SETS.values():
        assert {find(name).family for name in chosen.learners or ("mlp", "linear")} == {"neural", "classical"}
