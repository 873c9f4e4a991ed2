import numpy as np
import pages
import pytest


def test_no_error_in_29_cases_is_what_90_per_cent_agreement_takes():
    low, high = pages.share_interval(29, 29, level=0.90)
    assert 0.90 <= low < 0.91 and high == 1
    assert pages.share_interval(0, 0) == (0.0, 1.0)


def test_a_mean_of_ratios_is_that_of_their_logs():
    assert pages.mean_ratio([np.log(0.5), np.log(2)]) == "+0.0 % (69.3)"
    assert pages.mean_ratio([float("nan")]) == "-"


def test_draws_of_one_source_count_as_one():
    rng = np.random.default_rng(0)
    sources = rng.normal(size=12)
    values = [float(value) for value in np.repeat(sources, 20)]

    def interval(values, clusters):
        return pages.cluster_interval(values, [str(i) for i in clusters], lambda drawn: float(np.mean(drawn)))

    alone, repeated = (
        interval([float(value) for value in sources], range(12)),
        interval(values, np.repeat(range(12), 20)),
    )
    independent = interval(values, range(240))
    assert repeated == pytest.approx(alone)
    assert repeated[1] - repeated[0] > 3 * (independent[1] - independent[0])
    assert np.isnan(interval([1.0, 2.0], [0, 0])).all()


def test_two_draws_of_a_table_are_one_figure():
    assert pages.by_cluster([0.1, 0.3, -1.0], ["b", "b", "a"]) == pytest.approx([-1.0, 0.2])
    assert pages.by_cluster([], []) == []
