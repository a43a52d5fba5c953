import numpy as np
import pytest
from scipy import stats

from initbook.intervals import mean_interval


def test_the_interval_is_students():
    runs = np.random.default_rng(0).normal(3, 2, size=(7, 4))
    mean, half = mean_interval(runs)
    low, high = stats.ttest_1samp(runs, 0).confidence_interval(0.95)
    np.testing.assert_allclose([mean - half, mean + half], [low, high])


@pytest.mark.parametrize(("values", "level"), [([1.0], 0.95), ([1.0, 2.0], 1.5)])
def test_bad_input_gets_one_sentence(values, level):
    with pytest.raises(ValueError, match="there is 1 run|level is 1.5"):
        mean_interval(values, level)
