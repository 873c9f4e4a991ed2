"""Amounts as people write them."""

import pytest

from advisor import quantities
from advisor.errors import UserError


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (quantities.seconds, "10m", 600),
        (quantities.seconds, " 1.5 H ", 5400),
        (quantities.seconds, "90", 90),
        (quantities.seconds, 90, 90),
        (quantities.milliseconds, "0.2s", 200),
        (quantities.megabytes, "1GB", 1000),
        (lambda text: quantities.share(text, "--min-gain"), "2%", 0.02),
        (lambda text: quantities.share(text, "--min-gain"), 0.02, 0.02),
        (lambda text: quantities.share(text, "--min-gain", zero=True), "0", 0),
        (lambda text: quantities.number(text, "--months"), "1e6", 1_000_000),
        (lambda text: quantities.number(text, "--months"), 1e20, 1e20),
        (lambda text: quantities.number(text, "--retrain-per-year", zero=True), 0, 0),
    ],
)
def test_amounts(read, text, value):
    assert read(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["0", "-1m", "ten minutes", "10 parsecs", "", "nan", "1m30s"])
def test_what_is_no_budget_is_said_with_an_example(text):
    with pytest.raises(UserError, match="--budget must be a time such as 90s, 10m or 1h, above zero"):
        quantities.seconds(text)


def test_a_share_stays_below_one():
    with pytest.raises(UserError, match="below 100%"):
        quantities.share("150%", "--min-gain")


@pytest.mark.parametrize("text", ["0", "-1", "5 EUR", "$5", "1,000", "", "nan", "inf"])
def test_what_is_no_price_is_said_with_an_example(text):
    with pytest.raises(UserError, match=r"--cost-per-hour must be a plain number such as 0\.5"):
        quantities.number(text, "--cost-per-hour")
