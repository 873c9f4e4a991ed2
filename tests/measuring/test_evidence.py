"""The statistics against hand computation, against other people's formulas, and against data whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from sklearn.metrics import roc_auc_score

from advisor.measuring import evidence
from advisor.measuring.evidence import StandardError
from advisor.measuring.judged import Judged, RowLosses, judged_on, losses_of
from advisor.measuring.metrics import METRICS, Metric
from advisor.records import Comparison, Fold, Prior
from tests.measuring.made_folds import Folds, hold_out, k_fold

# Training is charged half as much variance as the rows have.
WIDER = np.sqrt(2.0)
ACCURACY, RMSE, MAE, AUC = (METRICS[name] for name in ("accuracy", "rmse", "mae", "roc_auc"))


def spread_out(row_losses: np.ndarray, folds: Folds) -> dict[int, np.ndarray]:
    """Hand each fold the losses of its test rows, as if no loss depended on the training rows."""
    return {fold.number: row_losses[fold.test] for fold in folds}


def compare(
    incumbent: np.ndarray,
    challenger: np.ndarray,
    metric: Metric = MAE,
    folds: Folds | None = None,
    groups: np.ndarray | None = None,
    forward: bool = False,
    **options: float,
) -> Comparison:
    """Compare two candidates by losses of rows that are the same in every repeat."""
    folds = folds or k_fold(len(incumbent))
    judged = judged_on(folds, clusters=groups, forward=forward)
    left, right = (
        losses_of(spread_out(np.asarray(own, dtype=float), folds), judged) for own in (incumbent, challenger)
    )
    comparison = evidence.compare_pairs(left, right, judged, metric, **options)
    assert comparison is not None
    return comparison


def two_sides(n: int, seed: int, gain: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Draw absolute errors of two candidates that find the same rows hard; the second has a `gain` on average."""
    rng = np.random.default_rng(seed)
    hard = rng.exponential(size=n)
    left, right = 1 + 0.35 * rng.standard_normal((2, n)).clip(-2.5, 2.5)
    return hard * left, (1 - gain) * hard * right


# Formulas


def test_effect_and_row_wise_error_by_hand() -> None:
    incumbent, challenger = two_sides(1200, 0, gain=0.1)
    found = compare(incumbent, challenger, folds=hold_out(1500, 1200))
    psi = incumbent / incumbent.mean() - challenger / challenger.mean()
    assert found.theta == pytest.approx(np.log(incumbent.mean() / challenger.mean()))
    assert found.se == pytest.approx(WIDER * psi.std(ddof=1) / np.sqrt(1200))
    assert (found.df, found.rows, found.method) == (None, 1200, "row by row")
    assert found.high - found.theta == pytest.approx(1.6449 * found.se, rel=1e-4)
    assert found.theta - found.low == pytest.approx(1.6449 * found.se, rel=1e-4)
    assert found.detectable_theta == pytest.approx(2.485 * found.se, rel=1e-3)
    assert (found.incumbent_error, found.challenger_error) == (incumbent.mean(), challenger.mean())
    assert found.gain == pytest.approx(1 - challenger.mean() / incumbent.mean())


def test_a_root_halves_effect_and_error() -> None:
    incumbent, challenger = two_sides(1200, 1, gain=0.1)
    squares, roots = compare(incumbent, challenger, MAE), compare(incumbent, challenger, RMSE)
    assert (roots.theta, roots.se) == pytest.approx((squares.theta / 2, squares.se / 2))
    assert roots.incumbent_error == pytest.approx(np.sqrt(incumbent.mean()))


@pytest.mark.parametrize(("spread", "counts"), [(0.01, False), (0.2, True)])
def test_what_the_bootstrap_saw_is_the_least_that_the_error_may_be(spread: float, counts: bool) -> None:
    folds = hold_out(1500, 1200)
    plain = compare(*two_sides(1200, 2), folds=folds)
    found = compare(*two_sides(1200, 2), folds=folds, theta=0.5, spread=spread)
    assert found.theta == 0.5
    assert found.se == pytest.approx(np.hypot(plain.se / WIDER, spread) if counts else plain.se)
    blend = compare(*two_sides(1200, 2), folds=folds, training=evidence.TRAINING_OF_BLENDS)
    assert blend.se == pytest.approx(plain.se / WIDER * np.sqrt(1.5)), "a blend averages over its members' luck"
    assert (0.5 - found.low, found.high - 0.5) == pytest.approx((1.6449 * found.se,) * 2, rel=1e-4)
    same = np.arange(500.0)
    assert compare(same, same, spread=spread).se == pytest.approx(spread), "on the next rows they may differ"


def delong_covariance(target: np.ndarray, scores: list[np.ndarray]) -> np.ndarray:
    """Compute the covariance of AUCs from all pairs of rows, as the paper of DeLong et al. (1988) defines it."""
    placements: list[list[np.ndarray]] = [[], []]
    for score in scores:
        pairs = score[target == 1][:, None] - score[target == 0][None, :]
        wins = (pairs > 0) + 0.5 * (pairs == 0)
        placements[0].append(wins.mean(axis=1))
        placements[1].append(wins.mean(axis=0))
    return sum(np.cov(np.array(side)) / len(side[0]) for side in placements)


def test_the_area_under_the_curve_gets_the_variance_of_delong() -> None:
    rng = np.random.default_rng(3)
    n = 1500
    target = (rng.random(n) < 0.3).astype(int)
    scores = [np.round(target + rng.normal(0, 1.5, n), 1) + rng.normal(0, 0.4, n) for _ in range(2)]
    losses = [AUC.row_losses(target, np.column_stack([-score, score])) for score in scores]
    errors = np.array([1 - roc_auc_score(target, score) for score in scores])
    found = compare(*losses, AUC, hold_out(n + 5, n))
    gradient = np.array([1, -1]) / errors
    direct = np.sqrt(gradient @ delong_covariance(target, scores) @ gradient)
    assert found.theta == pytest.approx(np.log(errors[0] / errors[1]))
    assert found.se == pytest.approx(WIDER * direct, rel=2e-3)  # n - 1 there is per class


def test_folds_that_differ_by_more_than_their_rows_widen_the_error() -> None:
    """What another training would do shows from fold to fold, by the formula of Nadeau and Bengio (2003)."""
    hard = np.random.default_rng(5).exponential(size=2000) + 0.5
    for shifts, seen in (([0.0] * 5, False), ([0.3, -0.3, 0.2, -0.2, 0.0], True)):
        folds = k_fold(2000, seed=1)
        challenger = hard * np.random.default_rng(6).normal(1, 0.2, 2000)
        for fold, shift in zip(folds, shifts, strict=True):
            challenger[fold.test] *= np.exp(shift)
        found = compare(hard, challenger, folds=folds)
        effects = [hard[f.test].mean() / hard.mean() - challenger[f.test].mean() / challenger.mean() for f in folds]
        by_folds = np.sqrt(np.var(effects, ddof=1) * (1 / 5 + 400 / 1600))
        assert (found.method == "over 5 folds") is seen
        assert np.isclose(found.se, by_folds) == seen
        assert found.df is None


@pytest.mark.parametrize(("swing", "told"), [(0.0, False), (0.038, False), (0.039, True), (0.2, True)])
def test_folds_are_listened_to_from_where_their_rows_do_not_explain_them(swing: float, told: bool) -> None:
    """Rows that vary by 0.5 let means of 400 vary by 0.025, and in five of twenty cases by 1.54 times that: 0.0386."""
    folds = k_fold(2000)
    challenger = np.zeros(2000)
    for fold, shift in zip(folds, (1, -1, 1, -1, 0), strict=True):
        challenger[fold.test] = 1 + swing * shift + 0.5 * (-1.0) ** np.arange(400)
    found = compare(np.ones(2000), challenger, folds=folds)
    by_rows = WIDER * np.sqrt((0.5**2 + 0.8 * swing**2) / 1999)
    assert found.se == pytest.approx(swing * np.sqrt(1 / 5 + 1 / 4) if told else by_rows)
    assert found.method == ("over 5 folds" if told else "row by row")


def with_luck(n: int, folds: Folds, luck: float, draws: int = 400) -> list[bool]:
    """Tell of each draw of two equal sides whether its folds counted; `luck` is how much a training's is worth.

    What did not count is by hand what the rows show, widened, and what did what the folds show.
    """
    rng, judged = np.random.default_rng(n + len(folds)), judged_on(folds)
    told = []
    for _ in range(draws):
        sides = [
            losses_of({fold.number: own[fold.test] * np.exp(rng.normal(0, luck)) for fold in folds}, judged)
            for own in two_sides(n, int(rng.integers(1 << 31)))
        ]
        found = evidence.compare_pairs(*sides, judged, MAE)
        assert found is not None
        of_rows, of_folds = (
            sides[0].by_row / sides[0].by_row.mean() - sides[1].by_row / sides[1].by_row.mean(),
            sides[0].by_fold / sides[0].by_row.mean() - sides[1].by_fold / sides[1].by_row.mean(),
        )
        told.append(found.method == f"over {len(folds)} folds")
        by_folds = of_folds.std(ddof=1) * np.sqrt(1 / len(folds) + judged.share)
        assert found.se == pytest.approx(by_folds if told[-1] else WIDER * of_rows.std(ddof=1) / np.sqrt(n))
    return told


@pytest.mark.parametrize("n", [200, 1000])
def test_without_luck_of_training_the_rows_suffice_in_nineteen_of_twenty_cases(n: int) -> None:
    listened = np.mean(with_luck(n, k_fold(n), 0.0))
    assert at_most(0.05, 400) >= listened > 0.02
    assert np.mean(with_luck(n, k_fold(n, 10, repeats=3), 0.0)) <= at_most(0.05, 400), "repeats are no more folds"


def test_a_strong_luck_of_training_is_what_the_folds_show() -> None:
    shares = [np.mean(with_luck(1000, k_fold(1000), luck)) for luck in (0.01, 0.05, 0.2)]
    assert shares[0] < 0.2 < shares[1] < 0.8 and shares[2] > 0.95


def test_folds_that_vary_as_their_groups_do_are_explained_by_them() -> None:
    """Of 25 groups that err alike each fold has five whole ones; row by row that looks like a luck of training."""
    folds = k_fold(2000)
    groups = np.zeros(2000, dtype=int)
    for number, fold in enumerate(folds):
        groups[fold.test] = 5 * number + np.arange(400) % 5
    own = np.random.default_rng(4).normal(0, 0.3, 25)[groups]
    incumbent, challenger = two_sides(2000, 4)
    by_row, by_group = (compare(incumbent, challenger * np.exp(own), folds=folds, groups=g) for g in (None, groups))
    assert (by_row.method, by_group.method) == ("over 5 folds", "over 25 groups")


def test_groups_are_summed_before_they_are_squared() -> None:
    rng = np.random.default_rng(7)
    groups = rng.integers(0, 40, 2000)
    incumbent, challenger = two_sides(2000, 8)
    found = compare(incumbent, challenger, folds=hold_out(2500, 2000), groups=np.append(groups, np.zeros(500, int)))
    psi = incumbent / incumbent.mean() - challenger / challenger.mean()
    sums = np.array([psi[groups == g].sum() for g in range(40)])
    assert found.se == pytest.approx(WIDER * np.sqrt(40 / 39 * (sums**2).sum()) / 2000)
    assert (found.df, found.method) == (39, "over 40 groups")


def test_a_group_of_one_row_each_changes_nothing_but_the_reference() -> None:
    incumbent, challenger = two_sides(2000, 9)
    alone, grouped = compare(incumbent, challenger), compare(incumbent, challenger, groups=np.arange(2000))
    assert grouped.se == pytest.approx(alone.se)
    assert grouped.df == 1999


def test_time_is_judged_block_by_block() -> None:
    incumbent, challenger = two_sides(3000, 10)
    folds = tuple(Fold(b, 0, b, np.arange(500 * (b + 1)), np.arange(500 * (b + 1), 500 * (b + 2))) for b in range(5))
    found = compare(incumbent, challenger, folds=folds, groups=np.zeros(3000, dtype=int), forward=True)
    blocks = [(incumbent[fold.test], challenger[fold.test]) for fold in folds]
    assert found.rows == 2500
    assert found.by_fold == pytest.approx([np.log(left.mean() / right.mean()) for left, right in blocks])
    means = incumbent[500:].mean(), challenger[500:].mean()
    effects = [left.mean() / means[0] - right.mean() / means[1] for left, right in blocks]
    # The blocks are both what is counted and the folds, which cannot vary by more than themselves, and always count.
    ratio = np.mean([1 / (b + 1) for b in range(5)])
    assert found.se == pytest.approx(np.sqrt(np.var(effects, ddof=1) * (1 / 5 + ratio)))
    assert found.method == "over 5 folds"
    assert found.df == 4
    assert found.high == pytest.approx(found.theta + stats.t.ppf(0.95, 4) * found.se)
    assert found.p_worth_flat == pytest.approx(stats.t.cdf((found.theta - found.theta_min) / found.se, 4))


# The posterior and the answer


@pytest.mark.parametrize("theta", [-0.2, -0.01, 0.0, 0.05, 0.25])
@pytest.mark.parametrize("se", [0.005, 0.05, 0.4])
def test_the_posterior_agrees_with_numerical_integration(theta: float, se: float) -> None:
    theta_min = 0.0202

    def density(true: float) -> float:
        return stats.norm.pdf(theta, true, se) * stats.norm.pdf(true, -0.01, 0.12)

    points = [theta, -0.01]
    whole = integrate.quad(density, -3, 3, points=points, limit=500)[0]
    above = integrate.quad(density, theta_min, 3, points=[max(theta, 0.03)], limit=500)[0]
    told = evidence.posterior(theta, StandardError(se, None, ""), theta_min, Prior(-0.01, 0.12))
    assert told == pytest.approx(above / whole, abs=1e-6)


def test_the_prior_gives_way_to_a_surprise() -> None:
    error = StandardError(0.1, None, "")
    edge = -0.01 + 2.5 * np.sqrt(0.1**2 + 0.12**2)
    flat = [error.chance(theta - 0.02, 0.1) for theta in (edge - 1e-6, edge + 1e-6)]
    below, above = (evidence.posterior(theta, error, 0.02) for theta in (edge - 1e-6, edge + 1e-6))
    assert below < flat[0] - 1e-3
    assert above == pytest.approx(flat[1])


@pytest.mark.parametrize(
    ("chances", "confidence", "answer"),
    [
        ((0.96, 0.97), 0.95, "worth_it"),
        ((0.96, 0.97), 0.975, "too_close_to_call"),
        ((0.94, 0.97), 0.95, "too_close_to_call"),
        ((0.97, 0.94), 0.95, "too_close_to_call"),
        ((0.50, 0.50), 0.95, "too_close_to_call"),
        ((0.04, 0.06), 0.95, "too_close_to_call"),
        ((0.03, 0.04), 0.95, "not_worth_it"),
        ((0.03, 0.04), 0.975, "too_close_to_call"),
        ((0.00, 0.99), 0.95, "too_close_to_call"),
    ],
)
def test_prior_and_no_prior_must_agree(chances: tuple[float, float], confidence: float, answer: str) -> None:
    comparison = compare(*two_sides(400, 12))
    comparison = replace(comparison, p_worth=chances[0], p_worth_flat=chances[1])
    assert evidence.answer_of(comparison, confidence) == answer


def test_the_margin_is_the_metrics_own_unless_given() -> None:
    losses = two_sides(2000, 13, gain=0.05)
    assert compare(*losses).theta_min == pytest.approx(-np.log(0.99))
    strict = compare(*losses, min_gain=0.5)
    assert strict.theta_min == pytest.approx(np.log(2))
    assert evidence.answer_of(strict) == "not_worth_it"
    assert evidence.answer_of(compare(*losses, min_gain=0.0)) == "worth_it"


# Where formulas run out


@pytest.mark.parametrize("metric", [MAE, RMSE, ACCURACY, AUC])
@pytest.mark.parametrize("losses", [np.zeros(500), np.ones(500), np.arange(500.0)])
def test_identical_losses_are_never_worth_it(metric: Metric, losses: np.ndarray) -> None:
    found = compare(losses, losses, metric)
    assert (found.theta, found.se, found.p_worth, found.p_worth_flat) == (0, 0, 0, 0)
    assert found.by_fold == (0,) * 5
    assert evidence.answer_of(found) == "not_worth_it"
    assert evidence.answer_of(compare(losses, losses, metric, min_gain=0.0)) != "worth_it"


def errors_at(n: int, count: int) -> np.ndarray:
    return (np.arange(n) < count).astype(float)


def test_a_side_without_errors_gets_the_variance_of_a_table_with_half_added() -> None:
    found = compare(errors_at(2000, 12), errors_at(2000, 0), ACCURACY, hold_out(2500, 2000))
    assert found.theta == pytest.approx(np.log(12.5 / 0.5))
    assert found.se == pytest.approx(WIDER * np.sqrt(1 / 12.5 + 1 / 0.5), rel=0.01)
    assert np.isfinite(found.by_fold).all()


@pytest.mark.parametrize(("errors", "answer"), [(1, "too_close_to_call"), (3, "too_close_to_call"), (400, "worth_it")])
def test_three_errors_against_none_are_no_proof_but_many_are(errors: int, answer: str) -> None:
    # Each fold has its share of the errors, as in a stratified draw.
    rows = np.random.default_rng(0).permutation(errors_at(2000, errors))
    assert evidence.answer_of(compare(rows, np.zeros(2000), ACCURACY)) == answer


def test_errors_against_none_count_the_other_way_round_too() -> None:
    some, none = errors_at(900, 9), np.zeros(900)
    there, back = compare(some, none, ACCURACY), compare(none, some, ACCURACY)
    assert (there.theta, there.se) == pytest.approx((-back.theta, back.se))


@pytest.mark.parametrize("rest", [1e-3, 1e-9, 0.0])
def test_next_to_no_loss_is_no_more_certain_than_none(rest: float) -> None:
    """A net that has lost a millionth on 500 rows has not been seen on the row that it is sure of and wrong."""
    few, none = np.where(np.arange(500) < 5, 4.0, 0.01), np.full(500, rest / 500)
    found, without = compare(none, few, METRICS["log_loss"]), compare(np.zeros(500), few, METRICS["log_loss"])
    assert found.theta == pytest.approx(without.theta, rel=0.01) and found.se == pytest.approx(without.se, rel=0.01)
    assert found.theta > -3 and found.se > 1


def test_a_perfect_ranking_against_one_misplaced_row_is_no_proof() -> None:
    target = np.arange(400) % 2
    perfect = target.astype(float)
    misplaced = perfect.copy()
    misplaced[1] = -1
    losses = [AUC.row_losses(target, np.column_stack([-score, score])) for score in (misplaced, perfect)]
    found = compare(*losses, AUC)
    assert np.isfinite([found.theta, found.se, found.p_worth]).all()
    assert evidence.answer_of(found) == "too_close_to_call"


def test_losses_in_one_proportion_on_every_row_do_not_make_certainty_of_few_rows() -> None:
    found = compare(np.full(20, 1.0), np.full(20, 0.98))
    assert found.se > 0.05
    assert evidence.answer_of(found) == "too_close_to_call"
    assert evidence.answer_of(compare(np.full(2000, 1.0), np.full(2000, 0.5))) == "worth_it"


def test_a_single_fold_rests_on_its_rows() -> None:
    found = compare(*two_sides(300, 14), folds=hold_out(300, 100))
    assert found.method == "row by row"
    assert (found.rows, len(found.by_fold)) == (100, 1)


@pytest.mark.parametrize(
    ("rows", "groups", "folds"),
    [(19, None, k_fold(19)), (0, None, ()), (100, np.zeros(100, dtype=int), k_fold(100))],
    ids=["too few rows", "no fold", "one group"],
)
def test_too_little_is_said_to_be_too_little(rows: int, groups: np.ndarray | None, folds: Folds) -> None:
    judged = judged_on(folds, clusters=groups)
    left = right = RowLosses(np.array([]), np.array([]))
    if folds:
        left, right = (losses_of(spread_out(own, folds), judged) for own in two_sides(rows, 15))
    assert evidence.compare_pairs(left, right, judged, MAE) is None
    assert evidence.score_interval(left, judged, MAE) is None
    assert evidence.standard_error(left, judged, MAE) is None


# Promises that hold for any losses

losses = st.lists(st.floats(0, 100).map(lambda x: round(x, 3)), min_size=40, max_size=40).map(np.array)


@settings(max_examples=60, deadline=None)
@given(losses, losses, st.sampled_from([MAE, RMSE, AUC]), st.sampled_from([1, 3]))
def test_swapping_sides_flips_the_effect_and_nothing_is_undefined(left, right, metric: Metric, repeats: int) -> None:
    folds = k_fold(40, repeats=repeats)
    there, back = compare(left, right, metric, folds), compare(right, left, metric, folds)
    assert there.theta == pytest.approx(-back.theta, abs=1e-9)
    assert (there.se, there.df, there.method) == (pytest.approx(back.se), back.df, back.method)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low), abs=1e-9)
    assert there.by_fold == pytest.approx([-theta for theta in back.by_fold], abs=1e-9)
    figures = [there.theta, there.se, there.low, there.high, there.p_worth, there.p_worth_flat, there.detectable_theta]
    assert np.isfinite(figures).all()
    assert 0 <= there.p_worth <= 1
    assert 0 <= there.p_worth_flat <= 1
    answers = [evidence.answer_of(comparison) for comparison in (there, back)]
    assert answers != ["worth_it", "worth_it"]


@settings(max_examples=40, deadline=None)
@given(losses, losses, st.sampled_from([0.001, 7.0, 1e6]))
def test_the_unit_of_the_losses_does_not_matter(left, right, unit: float) -> None:
    one, other = compare(left, right), compare(unit * left, unit * right)
    assert other.theta == pytest.approx(one.theta, abs=1e-9)
    assert other.se == pytest.approx(one.se, rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(losses, st.sampled_from([MAE, ACCURACY, AUC]), st.floats(0.5, 0.99))
def test_an_interval_holds_its_score_and_grows_with_its_level(left, metric: Metric, level: float) -> None:
    left = left / 100
    row_losses, judged = alone(left)
    low, high = evidence.score_interval(row_losses, judged, metric, level=level)
    wide = evidence.score_interval(row_losses, judged, metric, level=0.995)
    score = metric.score(metric.error_of_loss(left.mean()))
    assert wide[0] - 1e-9 <= low <= score + 1e-9
    assert score - 1e-9 <= high <= wide[1] + 1e-9
    assert low >= 0


# One candidate by itself


def alone(row_losses: np.ndarray) -> tuple[RowLosses, Judged]:
    folds = k_fold(len(row_losses))
    judged = judged_on(folds)
    return losses_of(spread_out(row_losses, folds), judged), judged


def test_the_interval_of_an_error_by_hand() -> None:
    rows = np.random.default_rng(16).exponential(size=4000)
    judged = judged_on(hold_out(5000, 4000))
    row_losses = losses_of({0: rows}, judged)
    error = WIDER * rows.std(ddof=1) / np.sqrt(4000)
    assert evidence.standard_error(row_losses, judged, MAE) == pytest.approx(error)
    low, high = evidence.score_interval(row_losses, judged, MAE, level=0.9)
    reach = 1.6449 * error / rows.mean()
    assert (low, high) == pytest.approx((rows.mean() * np.exp(-reach), rows.mean() * np.exp(reach)), rel=1e-5)
    assert evidence.standard_error(row_losses, judged, RMSE) == pytest.approx(error / (2 * np.sqrt(rows.mean())))


def test_a_score_that_grows_with_skill_has_its_interval_turned_round() -> None:
    row_losses, judged = alone(np.random.default_rng(17).permutation(errors_at(1000, 100)))
    low, high = evidence.score_interval(row_losses, judged, ACCURACY)
    assert 0.87 < low < 0.90 < high < 0.93


def test_no_error_seen_does_not_mean_none_to_come() -> None:
    row_losses, judged = alone(np.zeros(100))
    low, high = evidence.score_interval(row_losses, judged, ACCURACY, level=0.9)
    assert high == 1
    assert 1 - low == pytest.approx(1 - 0.05 ** (1 / 100))
    assert evidence.score_interval(row_losses, judged, MAE) == (0, 0)
    assert evidence.standard_error(row_losses, judged, ACCURACY) == 0


# Decisions over many data sets with known truth. Training samples make folds swing together, as in the field.


def many_answers(n: int, gain: float, draws: int, seed: int, min_gain: float = 0.01) -> list[Comparison]:
    """Compare a pair on many data sets; the true theta is -log(1 - gain).

    Training adds about what the widening pays for, half as much variance as the rows have: one half of that is
    common to all folds, the other a fold's own.
    """
    folds = k_fold(n)
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        sides = two_sides(n, int(rng.integers(1 << 31)), gain=gain)
        swing = np.sqrt(0.5 * 0.5 / n / 4)
        judged = judged_on(folds)
        left, right = (
            losses_of(
                {
                    fold.number: own[fold.test] * np.exp(common + rng.normal(0, np.sqrt(len(folds)) * swing))
                    for fold in folds
                },
                judged,
            )
            for own, common in zip(sides, rng.normal(0, swing, 2), strict=True)
        )
        comparison = evidence.compare_pairs(left, right, judged, MAE, min_gain=min_gain)
        assert comparison is not None
        found.append(comparison)
    return found


def at_most(nominal: float, draws: int) -> float:
    """Return what a share stays below when its true value is nominal: three binomial standard errors above it."""
    return nominal + 3 * float(np.sqrt(nominal * (1 - nominal) / draws))


def share(comparisons: list[Comparison], answer: str) -> float:
    return float(np.mean([evidence.answer_of(comparison) == answer for comparison in comparisons]))


@pytest.mark.parametrize("n", [200, 600, 1500])
def test_equal_sides_are_rarely_worth_it(n: int) -> None:
    assert share(many_answers(n, 0.0, 300, seed=n), "worth_it") <= 0.05


@pytest.mark.parametrize("n", [600, 1500])
def test_at_the_margin_both_errors_together_stay_near_ten_per_cent(n: int) -> None:
    at_margin = many_answers(n, 0.05, 300, seed=n, min_gain=0.05)
    assert share(at_margin, "worth_it") + share(at_margin, "not_worth_it") <= at_most(0.10, 300)


def test_a_real_gain_is_seen_more_often_with_more_rows() -> None:
    seen = [share(many_answers(n, 0.08, 200, seed=19), "worth_it") for n in (200, 600, 2500)]
    assert seen[0] < seen[1] < seen[2]
    assert seen[2] > 0.8


@pytest.mark.parametrize("n", [200, 600, 1500])
def test_the_interval_covers_the_truth(n: int) -> None:
    truth = -np.log(0.95)
    covered = [found.low <= truth <= found.high for found in many_answers(n, 0.05, 300, seed=20)]
    assert 1 - np.mean(covered) <= at_most(0.10, 300)
    assert np.mean(covered) < 1


def test_pure_noise_seldom_beats_the_dummy() -> None:
    found = many_answers(600, 0.0, 300, seed=21, min_gain=0.0)
    assert np.mean([comparison.p_worth_flat >= 0.975 for comparison in found]) <= at_most(0.025, 300)


def test_rows_that_share_a_group_are_not_counted_as_many() -> None:
    rng = np.random.default_rng(22)
    groups, folds = np.repeat(np.arange(40), 50), k_fold(2000)
    covered: dict[str, list[bool]] = {"rows": [], "groups": []}
    for _ in range(200):
        hard = rng.exponential(size=2000)
        left, right = (hard * np.exp(rng.normal(0, 0.3, 40))[groups] * rng.gamma(8, 1 / 8, 2000) for _ in range(2))
        for name, codes in (("rows", None), ("groups", groups)):
            found = compare(left, right, folds=folds, groups=codes)
            covered[name].append(found.low <= 0 <= found.high)
    assert 1 - np.mean(covered["groups"]) <= at_most(0.10, 200)
    assert 1 - np.mean(covered["rows"]) > 2 * at_most(0.10, 200)


@pytest.mark.parametrize(
    ("default", "tuned", "better"),
    [
        ([1.0, 2.0, 3.0, 4.0], [0.9, 1.9, 2.9, 3.9], True),  # a small gain on every row is no accident
        ([1.0, 2.0, 3.0, 4.0], [0.0, 2.9, 2.1, 4.8], False),  # a gain of one standard error or less is
        ([1.0, 2.0], [1.0, 2.0], False),
    ],
)
def test_the_default_stays_unless_beaten_by_a_standard_error(default, tuned, better):
    assert evidence.clearly_better(np.array(default), np.array(tuned)) is better
