"""A start that depends on the data: layer-sequential unit variance."""

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from initbook.activations import AnyActivation, Array, get_activation
from initbook.arguments import check_batch, check_count, check_number
from initbook.initializers import AnyInitializer, orthogonal
from initbook.propagation import draw_weights, pre_activation


def lsuv(
    X: ArrayLike,
    widths: Sequence[int],
    activation: AnyActivation,
    rng: np.random.Generator,
    *,
    tolerance: float = 0.1,
    max_iterations: int = 10,
    init: AnyInitializer | None = None,
) -> list[Array]:
    """Layer-sequential unit variance: weights whose pre-activations have variance 1 on this batch.

    Every weight starts orthonormal (or from `init`). Then, from the first layer to the last,
    W ← W / √Var(h W) until |Var(h W) − 1| < tolerance, at most `max_iterations` times, with the
    variance over all numbers of the layer. Without biases one division does it, up to rounding. A
    layer whose variance is 0, as behind dead units, keeps its weights, and a UserWarning names it.

    X has shape (batch, n_0) with n_0 = widths[0]; the result has one weight of shape
    (n_{l−1}, n_l) a layer. Raises ValueError for an X that does not fit, a tolerance that is not
    positive, or fewer than 1 iteration. Source: Mishkin & Matas 2015, algorithm 1. Chapter 12.

    >>> X = np.random.default_rng(0).standard_normal((100, 20))
    >>> W, *_ = lsuv(X, [20, 30, 10], "tanh", np.random.default_rng(1))
    >>> round(float(np.var(X @ W)), 9)
    1.0
    """
    f, h = get_activation(activation), check_batch(X)
    check_count("max_iterations", max_iterations)
    check_number("tolerance", tolerance, least=0, open=True)
    weights: list[Array] = []
    drawn = draw_weights(orthogonal() if init is None else init, widths, rng)
    for number, W in enumerate(drawn, start=1):
        W, z = _of_unit_variance(h, W, tolerance, max_iterations)
        if np.var(z) == 0:
            warnings.warn(_no_variance(number), stacklevel=2)
        h = f(z)
        weights.append(W)
    return weights


def _of_unit_variance(h: Array, W: Array, tolerance: float, iterations: int) -> tuple[Array, Array]:
    """The weight, divided until its pre-activations have variance 1, and these."""
    z = pre_activation(h, W)
    for _ in range(iterations):
        variance = float(np.var(z))
        if variance == 0 or abs(variance - 1) < tolerance:
            break
        W = W / np.sqrt(variance)
        z = pre_activation(h, W)
    return W, z


def _no_variance(number: int) -> str:
    return (
        f"layer {number} answers every input of this batch with the same number, so its variance "
        "is 0 and no factor makes it 1; its weights stay as they were drawn."
    )
