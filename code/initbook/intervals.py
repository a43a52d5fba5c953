"""Intervals over seeds: what a mean over a few runs can say."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from initbook.arguments import check_number


def mean_interval(
    values: ArrayLike, level: float = 0.95, axis: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and half-width of its Student interval, over one axis of independent runs.

    m ± t_{(1+level)/2, k−1} · s / √k for k runs of sample std s. In the units of the values.

    Raises ValueError for fewer than two runs, or a level outside (0, 1). Chapter 0.

    >>> mean, half = mean_interval([1.0, 2.0, 3.0])
    >>> print(f"{mean:.2f} ± {half:.2f}")
    2.00 ± 2.48
    """
    check_number("level", level, least=0, most=1, open=True)
    values = np.asarray(values, dtype=np.float64)
    k = values.shape[axis] if values.ndim else 1
    if k < 2:
        raise ValueError(f"there is {k} run; an interval takes at least 2.")
    quantile = stdtrit(k - 1, (1 + level) / 2)
    half = quantile * values.std(axis=axis, ddof=1) / np.sqrt(k)
    return values.mean(axis=axis), half
