import known_answers
import numpy as np
import pytest


@pytest.mark.parametrize(
    ("law", "answer", "right"),
    [("linear", "not_worth_it", True), ("smooth", "not_worth_it", False), ("smooth", "worth_it", True),
     ("linear", "too_close_to_call", None), ("smooth", "not_enough_evidence", None)],
)  # fmt: skip
def test_known_answers_are_right_wrong_or_open(law, answer, right):
    assert known_answers.is_right({"law": law, "answer": answer}) is right


def test_a_made_table_is_the_same_each_time_and_follows_its_law():
    frame = known_answers.made("linear", 2_000, 0)
    assert frame.equals(known_answers.made("linear", 2_000, 0))
    inputs = np.column_stack([frame.drop(columns="target"), np.ones(len(frame))])
    left = np.linalg.lstsq(inputs, frame["target"], rcond=None)[1]
    assert float(left[0]) / len(frame) == pytest.approx(0.04, rel=0.1)
    assert set(known_answers.made("smooth", 4_000, 1)["target"]) == {"yes", "no"}
    assert len({table.key for table in known_answers.planned()}) == 24
