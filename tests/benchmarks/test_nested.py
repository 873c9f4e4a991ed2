import nested
import pandas as pd
import pytest


def fits(*rows):
    return pd.DataFrame(rows, columns=["candidate", "state", "seconds", "started_at"])


FIVE = [("net", "done", 10.0, 10.0 * fold) for fold in range(5)]


def test_five_folds_of_one_candidate_are_a_twelfth_of_its_fifteen_cuts_and_less_with_its_last_fits():
    """An inner fit learns from 16/25 of the rows, a fold of ours from 4/5: 8 s of 10; the chosen from 4/5: 10 s."""
    found = nested.cost(fits(*FIVE), until=100.0, share=0.8, chosen=())
    assert found == pytest.approx({"ours": 50.0, "nested": 15 * 5 * 8.0})
    assert found["ours"] / found["nested"] == pytest.approx(1 / 12)
    chosen = nested.cost(fits(*FIVE), until=100.0, share=0.8, chosen=["net", "unheard of"])
    assert chosen["nested"] == pytest.approx(15 * (5 * 8.0 + 10.0))


def test_who_was_given_up_is_charged_all_cuts_at_its_mean_seconds():
    slow = ("slow", "done", 40.0, 0.0)
    found = nested.cost(fits(*FIVE, slow), until=100.0, share=0.8, chosen=())
    assert found == pytest.approx({"ours": 90.0, "nested": 15 * 5 * 0.8 * (10.0 + 40.0)})


def test_what_came_after_the_answer_is_in_neither():
    late = ("late", "done", 100.0, 46.0)
    found = nested.cost(fits(*FIVE, late), until=45.0, share=0.8, chosen=())
    assert found["ours"] == pytest.approx(45.0), "the fit under way counts up to the answer"
    assert found["nested"] == pytest.approx(15 * 5 * 8.0), "at its whole seconds"


def test_a_stopped_fit_costs_its_time_and_does_not_tell_how_long_a_whole_one_takes():
    found = nested.cost(fits(*FIVE, ("net", "timeout", 90.0, 0.0)), until=200.0, share=0.8, chosen=())
    assert found == pytest.approx({"ours": 140.0, "nested": 15 * 5 * 8.0})
    alone = nested.cost(fits(("net", "failed", 3.0, 0.0)), until=200.0, share=0.8, chosen=())
    assert alone == pytest.approx({"ours": 3.0, "nested": 15 * 5 * 2.4})


def test_folds_that_learn_from_more_rows_take_longer_than_an_inner_fit():
    assert nested.train_share("stratified", 10) == 0.9 and nested.train_share("holdout", 1) == 0.8
    few, many = (nested.cost(fits(*FIVE), 100.0, share, ())["nested"] for share in (0.8, 0.9))
    assert many == pytest.approx(few * 8 / 9)


def test_no_fit_before_the_answer_costs_nothing():
    assert nested.cost(fits(*FIVE), until=0.0, share=0.8, chosen=["net"]) == {"ours": 0.0, "nested": 0.0}
