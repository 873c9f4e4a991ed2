"""Trees of scikit-learn split nothing whose values differ by too little, whatever the unit; they say so."""

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from advisor.learners._units import LEAST_DEVIATION


@pytest.mark.parametrize(("deviation", "told_apart"), [(LEAST_DEVIATION, 0.9), (LEAST_DEVIATION / 1000, 0.0)])
def test_a_tree_tells_values_apart_down_to_the_deviation_that_it_asks_for(deviation, told_apart):
    values = np.random.default_rng(0).standard_normal(200)
    tree = DecisionTreeRegressor(min_samples_leaf=2, random_state=0).fit(values[:, None], deviation * values)
    assert np.std(tree.predict(values[:, None])) / deviation >= told_apart
    assert told_apart or np.ptp(tree.predict(values[:, None])) == 0
