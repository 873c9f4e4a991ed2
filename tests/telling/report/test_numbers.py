"""Rounding as tables: never more digits than the uncertainty allows, a unit always, nothing invented."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.telling.report import numbers

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("value", "uncertainty", "text"),
    [
        (0.93124, 0.0041, "0.931 ± 0.004"),
        (0.93124, 0.0014, "0.9312 ± 0.0014"),
        (0.93124, 0.00096, "0.9312 ± 0.0010"),
        (0.93124, 0.0196, "0.931 ± 0.020"),
        (532.14, 12.3, "532 ± 12"),
        (532.14, 37.0, "530 ± 40"),
        (5321.4, 371, "5,300 ± 400"),
        (5321.4, 123, "5,320 ± 120"),
        (1234567.0, 4100.0, "1,235,000 ± 4,000"),
        (0.0012, 0.2, "0.0012 ± 0.2"),
        (22.12, 467.3, "22 ± 500"),
        (-0.00004, 0.004, f"{MINUS}0.000040 ± 0.004"),
        (-0.034, 0.01, f"{MINUS}0.034 ± 0.010"),
        (1.2e12, 4e9, "(1.200 ± 0.004)e12"),
        (3.2e-7, 4e-9, f"(3.20 ± 0.04)e{MINUS}7"),
        (0.93124, None, "0.931"),
        (0.93124, 0.0, "0.931"),
        (None, 0.1, "not measured"),
        (None, None, "not measured"),
    ],
)
def test_a_value_has_no_more_digits_than_its_uncertainty(value, uncertainty, text):
    assert numbers.with_uncertainty(value, uncertainty) == text


def shown(text: str) -> float:
    """Read a value as a person reads it who does not look behind the sign for "more or less"."""
    body, _, power = text.lstrip("(").partition(" ±")
    exponent = power.partition(")e")[2]
    return float(body.replace(MINUS, "-").replace(",", "")) * 10.0 ** float(exponent.replace(MINUS, "-") or 0)


@given(st.floats(1e-12, 1e12), st.floats(1e-12, 1e12), st.sampled_from([1, -1]))
def test_no_value_reads_as_nothing_or_as_another(size, uncertainty, sign):
    read = shown(numbers.with_uncertainty(sign * size, uncertainty))
    assert read != 0 and np.sign(read) == sign
    assert abs(read - sign * size) <= max(0.06 * size, 0.0) or abs(read - sign * size) <= 0.51 * uncertainty


@given(st.floats(1e-3, 1e4), st.floats(1.01, 100.0), st.floats(1.01, 100.0))
def test_no_end_of_an_interval_above_zero_reads_as_nothing(low, one, two):
    estimate, high = low * one, low * one * two
    text = numbers.interval(estimate, low, high).replace(" to ", " ")
    read = [float(part.strip("()").replace(",", "")) for part in text.split()]
    for said, meant in zip(read, (estimate, low, high), strict=True):
        assert said > 0
        assert abs(said - meant) <= max(0.06 * meant, 0.051 * (high - low) / 2) + 1e-9


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0.9994, "more than 99 %"),
        (1.0, "more than 99 %"),
        (0.99, "99 %"),
        (0.874, "87 %"),
        (0.01, "1 %"),
        (0.0031, "less than 1 %"),
        (0.0, "less than 1 %"),
        (None, "not measured"),
    ],
)
def test_a_chance_is_never_certain(probability, text):
    assert numbers.chance(probability) == text


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (1.0, "virtually certain"),
        (0.95, "very likely"),
        (0.5, "about as likely as not"),
        (0.0, "exceptionally unlikely"),
    ],
)
def test_likelihood_is_named(probability, words):
    assert numbers.likelihood(probability) == words


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "not measured"),
        (0.0, "0 s"),
        (0.0351, "35 ms"),
        (4.21, "4.2 s"),
        (9.96, "10 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (3599.7, "1 h"),
        (7500, "2 h 05 min"),
    ],
)
def test_durations_use_the_largest_fitting_unit(seconds, text):
    assert numbers.duration(seconds) == text


@pytest.mark.parametrize(
    ("megabytes", "text"),
    [(None, "not measured"), (0.035, "35 kB"), (0.55, "0.55 MB"), (212.4, "210 MB"), (1234.0, "1.2 GB"), (0.0, "0 MB")],
)
def test_sizes(megabytes, text):
    assert numbers.megabytes(megabytes) == text


@pytest.mark.parametrize(
    ("estimate", "low", "high", "text"),
    [
        (0.031, -0.004, 0.062, f"3.1 % ({MINUS}0.4 % to 6.2 %)"),
        (0.081, 0.042, 0.118, "8.1 % (4.2 % to 11.8 %)"),
        (0.2, -0.3, 0.5, f"20 % ({MINUS}30 % to 50 %)"),
        (0.01, 0.01, 0.01, "1.0 % (1.0 % to 1.0 %)"),
        (None, None, None, "not measured"),
    ],
)
def test_an_interval_keeps_the_sign_of_its_ends(estimate, low, high, text):
    assert numbers.percent_interval(estimate, low, high) == text


@pytest.mark.parametrize(("share", "text"), [(0.02, "2 %"), (0.025, "2.5 %"), (0.0, "0 %"), (None, "not measured")])
def test_a_chosen_share_is_as_typed(share, text):
    assert numbers.chosen_percent(share) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12345.678, "12,300"),
        (0.0, "0"),
        (0.00123, "0.00123"),
        (1.5e-6, f"1.50e{MINUS}6"),
        (2.5e10, "2.50e10"),
        (None, "not measured"),
    ],
)
def test_numbers_without_uncertainty_get_three_digits(value, text):
    assert numbers.significant(value) == text


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), "0.3x", True, [1]])
def test_what_is_no_finite_number_is_not_known(value):
    assert numbers.known(value) is None
