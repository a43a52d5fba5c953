"""A signal on its way through a deep stack, and a gradient on its way back.

Every layer computes h_l = f(z_l) with z_l = h_{l−1} W_l + b_l, or norm(h_{l−1} W_l) + b_l under
batch normalization. Chapter 2 writes this loop out; `simulation` runs it over many seeds.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from initbook.activations import Activation, AnyActivation, Array, get_activation
from initbook.arguments import check_batch, check_flag, check_number, check_rng, check_widths
from initbook.fans import Fans
from initbook.initializers import AnyInitializer, as_initializer

__all__ = [
    "batch_normalize", "batch_normalize_backward", "pre_activation", "layers_of", "forward",
    "backward", "draw_weights",
]  # fmt: skip

BATCH_NORM_EPSILON = 1e-5


def batch_normalize(z: Array, epsilon: float = BATCH_NORM_EPSILON) -> Array:
    """Each unit's pre-activations over the batch, shifted to mean 0 and scaled to variance 1.

    ẑ = (z − mean(z)) / √(var(z) + ε), over axis 0.

    Raises ValueError for a batch of one, which is its own mean, and a negative ε. Source: Ioffe &
    Szegedy 2015. Chapter 10.

    >>> batch_normalize(np.array([[1.0], [3.0]])).round(3)
    array([[-1.],
           [ 1.]])
    """
    _check_more_than_one(z, epsilon)
    normalized: Array = (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + epsilon)
    return normalized


def batch_normalize_backward(z: Array, delta: Array, epsilon: float = BATCH_NORM_EPSILON) -> Array:
    """∂loss/∂z from δ = ∂loss/∂ẑ: what batch normalization sends back.

    (δ − mean(δ) − ẑ · mean(δ ẑ)) / √(var(z) + ε), over axis 0: a gradient loses its mean and its
    part along ẑ, since ẑ answers neither to a shift nor to a scale.

    Raises ValueError for a batch of one, and a negative ε. Source: Ioffe & Szegedy 2015.
    Chapter 10.

    >>> z = np.array([[1.0], [3.0], [7.0]])
    >>> batch_normalize_backward(z, delta=np.array([[2.0], [2.0], [2.0]]))
    array([[0.],
           [0.],
           [0.]])
    """
    normalized = batch_normalize(z, epsilon)
    along = normalized * (delta * normalized).mean(axis=0)
    below: Array = (delta - delta.mean(axis=0) - along) / np.sqrt(z.var(axis=0) + epsilon)
    return below


def pre_activation(
    h: Array, W: Array, b: Array | None = None, *, batch_norm: bool = False
) -> Array:
    """z = h W + b of one layer, or norm(h W) + b, where the bias stays useful.

    Shapes: h (batch, fan_in), W (fan_in, fan_out), b (fan_out,). Raises ValueError for others, and
    for a batch of one that is to be normalized. Chapter 2.

    >>> pre_activation(np.ones((1, 2)), np.eye(2), b=np.array([0.0, 1.0]))
    array([[1., 2.]])
    """
    if np.ndim(W) != 2 or np.shape(h)[-1:] != np.shape(W)[:1]:
        raise ValueError(
            f"a weight of shape {np.shape(W)} met a signal of shape {np.shape(h)}; "
            "fan_in must equal the signal's last dimension."
        )
    z: Array = h @ W
    if check_flag("batch_norm", batch_norm):
        z = batch_normalize(z)
    if b is None:
        return z
    if np.shape(b) != np.shape(W)[1:]:
        raise ValueError(
            f"a bias of shape {np.shape(b)} met a weight of shape {np.shape(W)}; allowed is "
            f"{np.shape(W)[1:]}."
        )
    return z + b


def layers_of(
    X: ArrayLike,
    weights: Iterable[Array],
    activation: AnyActivation,
    *,
    biases: Iterable[Array] | None = None,
    batch_norm: bool = False,
) -> Iterator[tuple[Array, Array]]:
    """Each layer's (z_l, h_l), one layer at a time, for a batch X of shape (batch, fan_in).

    z_l = h_{l−1} W_l + b_l, or norm(h_{l−1} W_l) + b_l with `batch_norm`, and h_l = f(z_l).

    Raises ValueError for an X that is no batch of finite numbers, biases that are not one for each
    weight, and a shape that does not fit. Chapter 2.

    >>> X = np.ones((1, 2))
    >>> [(z.tolist(), h.tolist()) for z, h in layers_of(X, [-np.eye(2)], "relu")]
    [([[-1.0, -1.0]], [[0.0, 0.0]])]
    """
    return _layers_of(
        check_batch(X), *_pairs(weights, biases), get_activation(activation), batch_norm
    )


def _layers_of(
    X: Array,
    weights: Sequence[Array],
    biases: Sequence[Array | None],
    f: Activation,
    batch_norm: bool,
) -> Iterator[tuple[Array, Array]]:
    h = X
    for W, b in zip(weights, biases, strict=True):
        z = pre_activation(h, W, b, batch_norm=batch_norm)
        h = f(z)
        yield z, h


def forward(
    X: ArrayLike,
    weights: Iterable[Array],
    activation: AnyActivation,
    *,
    biases: Iterable[Array] | None = None,
    batch_norm: bool = False,
) -> list[Array]:
    """The activations h_1 … h_L of every layer, for a batch X of shape (batch, fan_in).

    h_l = f(h_{l−1} W_l + b_l), or f(norm(h_{l−1} W_l) + b_l) with `batch_norm`.

    Raises ValueError as `layers_of` does. Chapter 2.

    >>> X = np.ones((1, 2))
    >>> forward(X, [np.eye(2), -np.eye(2)], "relu")[-1]
    array([[0., 0.]])
    """
    stack = layers_of(X, weights, activation, biases=biases, batch_norm=batch_norm)
    return [h for _, h in stack]


def backward(
    X: ArrayLike,
    weights: Iterable[Array],
    activation: AnyActivation,
    top: ArrayLike,
    *,
    biases: Iterable[Array] | None = None,
    batch_norm: bool = False,
) -> tuple[list[Array], list[Array]]:
    """Gradients of a stack: (δ_1 … δ_L), with respect to z, and (∂W_1 … ∂W_L).

    `top` is ∂loss/∂h_L. δ_L = top ⊙ f′(z_L);  δ_l = (δ_{l+1} W_{l+1}ᵀ) ⊙ f′(z_l);
    ∂W_l = h_{l−1}ᵀ δ_l, and a bias gets δ_l summed over the batch. With `batch_norm` δ goes through
    `batch_normalize_backward` before it meets a weight. The layers and their slopes are computed on
    the way.

    Raises ValueError as `layers_of` does, and for a top that has not the last layer's shape.
    Chapters 2 and 8.

    >>> deltas, gradients = backward(np.ones((1, 1)), [np.full((1, 1), 2.0)], "identity", [[3.0]])
    >>> gradients
    [array([[3.]])]
    """
    batch, (stack, shifts) = check_batch(X), _pairs(weights, biases)
    f, from_above = get_activation(activation), np.asarray(top)
    layers = list(_layers_of(batch, stack, shifts, f, batch_norm))
    last = layers[-1][1] if layers else batch
    if from_above.shape != last.shape:
        raise ValueError(
            f"top has shape {from_above.shape}; allowed is the last layer's, {last.shape}."
        )
    slopes = [f.slope(z) for z, _ in layers]
    return send_back([batch, *(h for _, h in layers)], stack, slopes, from_above, batch_norm)


def send_back(
    signals: Sequence[Array],
    weights: Sequence[Array],
    slopes: Sequence[Array],
    top: Array,
    batch_norm: bool,
) -> tuple[list[Array], list[Array]]:
    """What `backward` returns, from the signals h_0 … h_L and the slopes f′(z_l) that are known.

    >>> one = np.ones((1, 1))
    >>> send_back([one, 2 * one], [2 * one], [one], top=3 * one, batch_norm=False)
    ([array([[3.]])], [array([[3.]])])
    """
    deltas: list[Array] = []
    gradients: list[Array] = []
    from_above = top
    for below, W, slope in list(zip(signals[:-1], weights, slopes, strict=True))[::-1]:
        delta: Array = from_above * slope
        deltas.append(delta)
        if batch_norm:
            delta = batch_normalize_backward(below @ W, delta)
        gradients.append(below.T @ delta)
        from_above = delta @ W.T
    return deltas[::-1], gradients[::-1]


def draw_weights(
    init: AnyInitializer, widths: Sequence[int], rng: np.random.Generator
) -> Iterator[Array]:
    """One weight a layer for the widths n_0, n_1, …, n_L, drawn when it is asked for.

    Every layer has a stream of its own, a child of `rng`, so that two initializers that are given
    equal generators meet the same random numbers in every layer: what differs between the stacks
    is the initializer.

    Raises ValueError for what is no initializer, fewer than two widths, and an rng that is no
    generator. Chapters 2 to 5.

    >>> from initbook.initializers import he_normal, lecun_normal
    >>> *_, he = draw_weights(he_normal(), [4, 3, 2], np.random.default_rng(0))
    >>> *_, lecun = draw_weights(lecun_normal(), [4, 3, 2], np.random.default_rng(0))
    >>> bool(np.allclose(he, np.sqrt(2) * lecun))
    True
    """
    draw, sizes = as_initializer(init), check_widths(widths)
    streams = check_rng(rng).spawn(len(sizes) - 1)
    layers = zip(streams, sizes[:-1], sizes[1:], strict=True)
    return (draw(stream, (n_in, n_out), Fans(n_in, n_out)) for stream, n_in, n_out in layers)


def _pairs(
    weights: Iterable[Array], biases: Iterable[Array] | None
) -> tuple[list[Array], list[Array] | list[None]]:
    """The weights, and one bias or None for each; both are read once, so a generator will do."""
    stack = list(weights)
    shifts = [None] * len(stack) if biases is None else list(biases)
    if len(shifts) != len(stack):
        raise ValueError(
            f"{len(shifts)} biases met {len(stack)} weights; allowed is one for each, or None."
        )
    return stack, shifts


def _check_more_than_one(z: Array, epsilon: float) -> None:
    check_number("epsilon", epsilon, least=0)
    if np.ndim(z) < 1 or len(z) < 2:
        raise ValueError(
            f"a batch of shape {np.shape(z)} can't be normalized; allowed are at least two inputs."
        )
