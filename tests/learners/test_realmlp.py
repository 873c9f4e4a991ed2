"""RealMLP waits for as long as its learning rate gives reason to."""

import pytest

from advisor.learners.realmlp import RealMLPClassifier
from advisor.nets.loop import learning_rate_factor


@pytest.mark.parametrize("epochs", [64, 256])
def test_patience_lasts_until_the_learning_rate_has_come_down_once_more(epochs):
    recipe = RealMLPClassifier()._recipe(400, epochs)
    lows = [round(epochs * share / 15) for share in (1, 3, 7, 15)]
    assert all(learning_rate_factor(low / epochs, recipe.schedule) < 0.03 for low in lows)
    for best in range(1, epochs):
        last = best + recipe.patience + recipe.more_patience * best
        low = next(low for low in lows if low > best)
        assert low <= last
