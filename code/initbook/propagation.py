"""A signal on its way through a deep stack, and a gradient on its way back.

Every layer computes h_l = f(h_{l−1} W_l), without biases. Chapter 2 writes this loop out; here it
runs over many seeds and keeps what the figures need.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from initbook.activations import Activation, get_activation
from initbook.initializers import Initializer

Array = NDArray[np.floating]
SATURATED = 0.97  # a tanh unit beyond this stands where its slope is below 6 %
BATCH_NORM_EPSILON = 1e-5


def batch_normalize(z: Array, epsilon: float = BATCH_NORM_EPSILON) -> Array:
    """Each unit's pre-activations over the batch, shifted to mean 0 and scaled to variance 1.

    ẑ = (z − mean(z)) / √(var(z) + ε), over axis 0. Ioffe & Szegedy 2015; chapter 10.

    >>> batch_normalize(np.array([[1.0], [3.0]])).round(3)
    array([[-1.],
           [ 1.]])
    """
    return (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + epsilon)


def forward(
    X: Array, weights: Sequence[Array], activation: str | Activation, batch_norm: bool = False
) -> list[Array]:
    """The activations h_1 … h_L of every layer, for a batch X of shape (batch, fan_in).

    h_l = f(h_{l−1} W_l), or f(norm(h_{l−1} W_l)) with `batch_norm`. Chapter 2.

    >>> X = np.ones((1, 2))
    >>> forward(X, [np.eye(2), -np.eye(2)], "relu")[-1]
    array([[0., 0.]])
    """
    f = get_activation(activation)
    layers, h = [], X
    for W in weights:
        if h.shape[-1] != W.shape[0]:
            raise ValueError(
                f"a weight of shape {W.shape} met a signal of shape {h.shape}; "
                "fan_in must equal the signal's last dimension."
            )
        z = h @ W
        h = f(batch_normalize(z) if batch_norm else z)
        layers.append(h)
    return layers


def draw_weights(
    init: Initializer, widths: Sequence[int], rng: np.random.Generator
) -> Iterator[Array]:
    """One weight a layer for the widths n_0, n_1, …, n_L, drawn when it is asked for."""
    for fan_in, fan_out in zip(widths[:-1], widths[1:], strict=True):
        yield init(rng, (fan_in, fan_out))


@dataclass(frozen=True)
class LayerStatistics:
    """What was measured, a row for each seed, a column for each layer; `histogram` adds the bins.

    `mean` and `std` are over all numbers of a layer, `second_moment` is E[h²] and so mean² + std²,
    `saturated` the share with |h| > 0.97, `silent` the share of exact zeros.
    """

    mean: Array
    std: Array
    second_moment: Array
    saturated: Array
    silent: Array
    histogram: NDArray[np.int64]
    edges: Array

    @property
    def rms(self) -> Array:
        """√E[h²], in the units of h."""
        return np.sqrt(self.second_moment)


def simulate(
    init: Initializer,
    activation: str | Activation,
    *,
    seeds: Sequence[int],
    width: int = 500,
    depth: int = 10,
    batch: int = 1000,
    batch_norm: bool = False,
    edges: Array | None = None,
) -> LayerStatistics:
    """Statistics of each layer of a random stack on standard normal inputs, over several seeds.

    A seed fixes the input and the weights, so two starts with the same seed see the same input.
    `edges` are the histogram's; what lies outside falls into the first or the last bin, so that
    nothing is lost. float32, like most training. Chapter 2.

    >>> from initbook.initializers import he_normal
    >>> s = simulate(he_normal(), "relu", seeds=range(4), width=64, depth=3, batch=100)
    >>> s.second_moment.shape
    (4, 3)
    """
    edges = np.linspace(-1, 1, 31) if edges is None else np.asarray(edges)
    measured = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        h = rng.standard_normal((batch, width), dtype=np.float32)
        for W in draw_weights(init, [width] * (depth + 1), rng):
            (h,) = forward(h, [W.astype(np.float32)], activation, batch_norm)
            measured.append(statistics_of(h, edges))
    columns = [np.array(column) for column in zip(*measured, strict=True)]
    shaped = [c.reshape(len(seeds), depth, *c.shape[1:]) for c in columns]
    return LayerStatistics(*shaped, edges=edges)


def statistics_of(h: Array, edges: Array) -> tuple[float, float, float, float, float, NDArray]:
    """Mean, std, second moment, saturated share, silent share and histogram of one layer."""
    mean, std = float(h.mean(dtype=np.float64)), float(h.std(dtype=np.float64))
    saturated = float(np.mean(np.abs(h) > SATURATED))
    silent = float(np.mean(h == 0))
    inside = np.clip(h, edges[0], edges[-1])
    return mean, std, mean**2 + std**2, saturated, silent, np.histogram(inside, edges)[0]


def backward(
    layers: Sequence[Array],
    X: Array,
    weights: Sequence[Array],
    slopes: Sequence[Array],
    top: Array,
) -> tuple[list[Array], list[Array]]:
    """Gradients of a stack: (d_1 … d_L), with respect to z, and (∂W_1 … ∂W_L).

    `top` is ∂loss/∂h_L; d_L = top ⊙ f′(z_L);  d_l = (d_{l+1} W_{l+1}ᵀ) ⊙ f′(z_l);
    ∂W_l = h_{l−1}ᵀ d_l. `slopes` are the f′(z_l). Chapter 3.

    >>> X, W = np.ones((1, 1)), [np.full((1, 1), 2.0)]
    >>> h = forward(X, W, "identity")
    >>> backward(h, X, W, [np.ones((1, 1))], top=np.ones((1, 1)))[1]
    [array([[1.]])]
    """
    depth = len(weights)
    delta = top * slopes[-1]
    deltas, gradients = [], []
    for l in range(depth - 1, -1, -1):  # noqa: E741 (the layer's index, as in the chapters)
        below = layers[l - 1] if l else X
        deltas.append(delta)
        gradients.append(below.T @ delta)
        if l:
            delta = (delta @ weights[l].T) * slopes[l - 1]
    return deltas[::-1], gradients[::-1]
