"""The simulations of the choice: what is planted is there, and what is counted is what happened."""

import json

import made
import numpy as np
import planted
import pytest
import synthetic
import trained
from scipy import stats
from synthetic import BASE_ERROR, log_error, strength_of

from advisor.measuring.metrics import METRICS

WORLDS = [(metric, heavy) for metric in BASE_ERROR for heavy in ((False, True) if metric != "accuracy" else (False,))]


# Drawn predictions


@pytest.mark.parametrize(("metric", "heavy"), [(m, h) for m, h in WORLDS if not (m == "rmse" and h)])
@pytest.mark.parametrize("gain", [0.0, 0.02])
def test_a_planted_error_is_the_error_that_rows_have(metric, heavy, gain):
    heavy = heavy and metric == "log_loss"
    world = synthetic.World(metric, 40_000, (2, 2), gain, heavy)
    data = synthetic.drawn(world, 0)
    losses = data.case.matrix.losses.mean(axis=(0, 1))
    measured = np.log([METRICS[metric].error_of_loss(loss) for loss in losses])
    assert measured == pytest.approx(log_error(metric, data.strengths, heavy), abs=0.04)
    best = [log_error(metric, data.strengths[side], heavy).min() for side in (slice(0, 2), slice(2, 4))]
    assert best[0] - best[1] == pytest.approx(-np.log1p(-gain), abs=1e-3)


@pytest.mark.parametrize(("metric", "heavy"), [*WORLDS, ("log_loss", True)])
def test_strength_and_error_are_inverse(metric, heavy):
    heavy = heavy and metric == "log_loss"
    strengths = np.array([0.5, 0.8, 1.0])
    assert strength_of(metric, log_error(metric, strengths, heavy), heavy) == pytest.approx(strengths, rel=1e-3)


def test_the_auc_of_two_normal_scores_is_known():
    assert np.exp(log_error("roc_auc", np.array(1.0))) == pytest.approx(stats.norm.sf(np.sqrt(2)))


@pytest.mark.parametrize("metric", BASE_ERROR)
def test_the_error_of_a_blend_of_one_is_its_own(metric):
    """What fresh rows tell of a blend agrees with what is known of its members in closed form."""
    data = synthetic.drawn(world := synthetic.World(metric, 500, (2, 2), 0.0, False, blends=True), 1)
    keys = data.case.columns[:2]
    one, both = ({keys[0]: 1.0}, {keys[0]: 0.999999, keys[1]: 0.000001})
    assert synthetic.true_log_error(world, data, both) == pytest.approx(
        synthetic.true_log_error(world, data, one), abs=0.05
    )
    mixed = synthetic.true_log_error(world, data, {keys[0]: 0.5, keys[1]: 0.5})
    assert mixed < max(synthetic.true_log_error(world, data, {key: 1.0}) for key in keys)


def test_a_line_is_the_same_each_time_and_can_be_written():
    world = synthetic.World("log_loss", 300, (3, 3), 0.01, True, blends=True)
    line = synthetic.run(world, 3)
    assert json.dumps(line, default=float) == json.dumps(synthetic.run(world, 3), default=float)
    assert line["alone"] != synthetic.run(world, 4)["alone"]
    assert line["in_company"]["pair"][1] in ("neural", "blend")


# Real trainings


@pytest.mark.parametrize("metric", ["log_loss", "accuracy", "roc_auc"])
def test_the_true_error_is_that_of_labels_without_their_luck(metric):
    rng = np.random.default_rng(0)
    world = trained.World(0.5, 0, 0.5, 1.0, 0.04, False)
    inputs, target, chance = world.table(rng, 200_000, True)
    p = np.round(1 / (1 + np.exp(-inputs[:, 0])), 2)
    prediction = np.column_stack([1 - p, p])
    known = trained.true_error(METRICS[metric], world, chance, prediction)
    assert known == pytest.approx(METRICS[metric].error(target, prediction), rel=0.02)


def test_the_true_error_of_values_counts_the_noise_that_nobody_knows():
    world = trained.World(0.5, 0, 0.5, 0.0, 0.0, False)
    inputs, target, mean = world.table(np.random.default_rng(0), 200_000, False)
    known = trained.true_error(METRICS["rmse"], world, mean, inputs[:, 0])
    assert known == pytest.approx(METRICS["rmse"].error(target, inputs[:, 0]), rel=0.01)


def test_a_case_is_judged_by_every_metric_and_held_against_two_trainings(monkeypatch):
    monkeypatch.setattr(trained, "DRAWS", 50)
    monkeypatch.setattr(trained, "BLEND_DRAWS", 4)
    for classes, metrics in ((False, trained.VALUE_METRICS), (True, trained.CLASS_METRICS)):
        lines = trained.run(300, classes, 2)
        assert tuple(line["metric"] for line in lines) == metrics
        for line in lines:
            assert np.array(line["alone"]["truth"]).shape == (2, 2)
            assert np.isfinite([line["alone"][name] for name in ("theta", "se", "spread", "nb")]).all()
        assert made.figures_by(made.seen_in(lines), "rows", lambda seen: seen.line["rows"])
        assert made.answers_table(lines) and made.options_table(lines) and made.weights_table(lines)


def test_a_quick_run_is_a_small_part_of_the_whole_and_no_case_is_listed_twice():
    quick, whole = trained.planned(True), trained.planned()
    assert set(quick) < set(whole) and len(quick) < len(whole) / 8
    assert len(set(whole)) == len(whole)
    assert {case[0] for case in whole[: 2 * len(trained.CASES)]} == set(trained.CASES), "every size has some early"


# Counts


def line_of(theta, truth, se=0.01, spread=0.0, nb=0.0, how="alone", **about):
    figures = {"theta": theta, "se": se, "spread": spread, "truth": [[truth, truth]], "nb": nb, "folds": 5,
               "disagree": False}  # fmt: skip
    return {"metric": "rmse", "rows": 1_000, "columns": 5, "repeats": 1, how: figures, **about}


@pytest.mark.parametrize(
    ("theta", "truth", "covered"), [(0.0, 0.0, True), (0.02, 0.0, True), (0.03, 0.0, False), (-0.03, 0.0, False)]
)
def test_an_interval_covers_what_lies_within_it(theta, truth, covered):
    (seen,) = made.seen_in([line_of(theta, truth)])
    assert made.ours(seen).value == pytest.approx(0.01 * np.sqrt(2.0))
    assert made.covers(seen) is covered


@pytest.mark.parametrize(
    ("theta", "spread", "said"),
    [(0.10, 0.0, "worth_it"), (0.10, 0.06, "too_close_to_call"), (0.0, 0.0, "too_close_to_call"),
     (-0.10, 0.0, "not_worth_it")],
)  # fmt: skip
def test_an_answer_needs_certainty(theta, spread, said):
    (seen,) = made.seen_in([line_of(theta, 0.0, spread=spread)])
    assert made.answer([seen])[0] == said


def test_one_reading_is_enough_for_yes_and_both_are_needed_for_no():
    (yes,) = made.seen_in([line_of(0.1, 0.1, how="in_company")])
    (no,) = made.seen_in([line_of(-0.1, -0.1)])
    (open_,) = made.seen_in([line_of(0.0, 0.0, how="in_company")])
    assert made.answer([no, yes]) == ("worth_it", yes)
    assert made.answer([no, open_])[0] == "too_close_to_call"


@pytest.mark.parametrize(
    ("theta", "alone", "in_company", "single"),
    [
        (0.0434, True, True, True),
        (0.0426, False, True, True),
        (0.0344, False, False, True),
        (0.0330, False, False, False),
    ],
)
def test_a_reading_asks_for_its_share_of_the_error(theta, alone, in_company, single):
    """With an error of 0.0141, with and without the priors, 0.0430 is 99 % certain to be above the margin of 0.0101
    alone, 0.0348 is 96 % in company, and 0.0333 is 95 % alone."""
    figures = line_of(0.0, 0.0)["alone"]
    shared = made.seen_in([line_of(0.0, 0.0, in_company=figures)])
    (one,) = made.seen_in([line_of(0.0, 0.0)])
    margin = made.margin(one.line)
    assert [made.worth_it(seen, theta, margin) for seen in (*shared, one)] == [alone, in_company, single]
    (first, second), (other,) = (
        made.seen_in([line_of(theta, 0.0, **more)]) for more in ({"in_company": figures | {"theta": theta}}, {})
    )
    carried = "alone" if alone else "in_company" if in_company else None
    assert getattr(made.answer([first, second])[1], "how", None) == carried
    assert (made.answer([other])[0] == "worth_it") is single


@pytest.mark.parametrize(
    ("nb", "rows", "told"),
    [(0.0230, {}, False), (0.0232, {}, True), (0.0146, {"repeats": 3}, False), (0.0147, {"repeats": 3}, True)],
)
def test_the_folds_count_for_us_where_they_vary_by_more_than_their_rows_explain(nb, rows, told):
    """Five folds of rows with an error of 0.01 vary by 0.0224, and at 5 % by 1.54 times that, of which 0.67 counts.

    Thirty in three repeats vary by 0.0316, and at 5 % by 1.22 times that, of which 0.38 counts.
    """
    line = line_of(0.0, 0.0, nb=nb, **rows)
    line["alone"]["folds"] = 30 if rows else 5
    (seen,) = made.seen_in([line])
    assert made.ours(seen).value == (nb if told else pytest.approx(0.01 * np.sqrt(2.0)))
    assert made.RULES["the folds always"](seen).value == nb
    assert made.RULES["without the folds"](seen).value == pytest.approx(0.01 * np.sqrt(2.0))


def test_simulated_lines_of_drawn_predictions_have_one_repeat():
    line = line_of(0.0, 0.0, nb=0.5)
    del line["repeats"]
    (seen,) = made.seen_in([line])
    assert made.ours(seen).value == 0.5


def test_the_folds_counted_before_where_it_was_doubtful():
    before = made.RULES["the same, and folds with t where doubtful (as before)"]
    many, few = (made.seen_in([line_of(0.0, 0.0, nb=0.5, rows=rows)])[0] for rows in (1_000, 150))
    assert before(many).df is None and before(few).df == 4


# What is planted


def test_nobody_is_said_to_have_skill_in_noise():
    found = planted.tally("noise", "rmse", 300, 2)
    assert found["cases"] == 2 and found["counts"] == {"no_signal": 2, "worth_it": 0}
    assert "no signal: 2 of 2" in "".join(made.planted_table([found]))


@pytest.mark.parametrize(("name", "found"), [("leak", 1), ("copy", 1), ("drift", 1), ("groups", 1), ("nothing", 0)])
def test_what_is_planted_is_warned_of_and_nothing_else(name, found):
    assert planted.tally("findings", name, 500, 1)["counts"]["found"] == found


def test_random_folds_flatter_who_knows_the_entities_and_grouped_ones_do_not():
    assert planted.tally("entities", "random", 1_600, 1)["counts"]["flattered"] == 1
    assert planted.tally("entities", "grouped", 1_600, 1)["counts"]["flattered"] == 0


@pytest.mark.parametrize("unequal", [False, True])
def test_few_clusters_are_covered_as_well(unequal):
    assert synthetic.clustered(8, unequal, 200) > 0.85
