"""Numbers and lists read alike everywhere, and the examples in the docstrings are true."""

import doctest

import pytest

from advisor import wording


def test_the_examples_are_true():
    done = doctest.testmod(wording)
    assert done.attempted >= 8 and not done.failed


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0.00 %"), (-1e-9, "0.00 %"), (0.00123, "0.12 %"), (0.0312, "3.1 %"), (0.44, "44 %"), (1, "100 %")],
)
def test_shares_have_no_digit_that_means_nothing(share, text):
    assert wording.percent(share) == text


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_nothing_is_certain(probability):
    assert "than" in wording.chance(probability)


def test_names_are_quoted_for_a_shell():
    assert wording.drop(["a", "b"]) == "--drop a,b"
    assert wording.drop(["it's", "b c"]) == "--drop 'it'\"'\"'s,b c'"


@pytest.mark.parametrize(
    ("names", "text"),
    [(["a"], "'a'"), (["a", "b"], "'a' and 'b'"), (list("abcdef"), "'a', 'b', 'c', 'd' and 2 more")],
)
def test_long_lists_of_names_are_cut(names, text):
    assert wording.some(names) == text
