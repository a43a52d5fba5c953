"""Graded exercises of chapter 8, Vanishing and exploding gradients."""

from collections.abc import Callable, Sequence

import numpy as np

from initbook.exercises.exercise import Array, Case, Exercise, Value


def sizes_from_behind(X: Array, weights: Sequence[Array], top: Array) -> Value:
    """The rms of δ_l = ∂loss/∂z_l of a tanh stack, for l = 1 … L."""
    return _sizes(X, weights, top)


def _sizes(
    X: Array,
    weights: Sequence[Array],
    top: Array,
    slope: Callable[[Array], Array] = lambda h: 1 - h**2,
    size: Callable[[Array], Value] = lambda delta: np.sqrt(np.mean(delta**2)),
    before: bool = False,
) -> Value:
    """With another slope of h or another size; `before` takes it before the slope."""
    hs = [X]
    for W in weights:
        hs.append(np.tanh(hs[-1] @ W))
    g, sizes = top, []
    for W, h in zip(weights[::-1], hs[:0:-1], strict=True):
        delta = g * slope(h)
        sizes.append(size(g if before else delta))
        g = delta @ W.T
    return np.array(sizes[::-1])


def slopes_of_the_layer_below(X: Array, weights: Sequence[Array], top: Array) -> Value:
    hs = [X]
    for W in weights:
        hs.append(np.tanh(hs[-1] @ W))
    delta = top * (1 - hs[-1] ** 2)
    sizes = [np.sqrt(np.mean(delta**2))]
    for W, h in zip(weights[:0:-1], hs[-3::-1], strict=True):
        delta = (delta @ W.T) * (1 - np.tanh(h) ** 2)
        sizes.append(np.sqrt(np.mean(delta**2)))
    return np.array(sizes[::-1])


def not_transposed(X: Array, weights: Sequence[Array], top: Array) -> Value:
    hs = [X]
    for W in weights:
        hs.append(np.tanh(hs[-1] @ W))
    g, sizes = top, []
    for W, h in zip(weights[::-1], hs[:0:-1], strict=True):
        delta = g * (1 - h**2)
        sizes.append(np.sqrt(np.mean(delta**2)))
        g = delta @ W
    return np.array(sizes[::-1])


def draw_stack(rng: np.random.Generator) -> Case:
    depth, width, batch = int(rng.integers(3, 11)), int(rng.integers(3, 8)), int(rng.integers(2, 6))
    return {
        "X": rng.standard_normal((batch, width)),
        "weights": [
            rng.uniform(0.8, 1.6) * rng.standard_normal((width, width)) / np.sqrt(width)
            for layer in range(depth)
        ],
        "top": rng.standard_normal((batch, width)),
    }


def dead_units(X: Array, weights: Sequence[Array], biases: Sequence[Array]) -> Value:
    """For each ReLU layer: how many units are off for every row of X."""
    return np.array([np.sum(np.all(h == 0, axis=0)) for h in _layers(X, weights, biases)])


def _layers(X: Array, weights: Sequence[Array], biases: Sequence[Array]) -> list[Array]:
    h, layers = X, []
    for W, b in zip(weights, biases, strict=True):
        h = np.maximum(h @ W + b, 0)
        layers.append(h)
    return layers


def without_the_bends(X: Array, weights: Sequence[Array], biases: Sequence[Array]) -> Value:
    z, dead = X, []
    for W, b in zip(weights, biases, strict=True):
        z = z @ W + b
        dead.append(np.sum(np.all(z <= 0, axis=0)))
    return np.array(dead)


def draw_relu_stack(rng: np.random.Generator) -> Case:
    widths = [int(rng.integers(4, 7)), *(int(n) for n in rng.integers(9, 16, 3))]
    batch = int(rng.integers(3, 6))
    return {
        "X": rng.standard_normal((batch, widths[0])),
        "weights": [
            np.sqrt(2 / a) * rng.standard_normal((a, b))
            for a, b in zip(widths[:-1], widths[1:], strict=True)
        ],
        "biases": [rng.uniform(-1, 0.5, n) for n in widths[1:]],
    }


EXERCISES = (
    Exercise(
        number="8.2",
        reference=sizes_from_behind,
        public_cases=(
            {
                "X": np.array([[1.0, -0.5]]),
                "weights": [
                    np.array([[0.5, 1.0], [-1.0, 0.5]]),
                    np.array([[1.0, 2.0], [0.0, 1.0]]),
                ],
                "top": np.array([[1.0, 0.5]]),
            },
            {
                "X": np.array([[0.3, 0.2], [1.0, -2.0]]),
                "weights": [(-1) ** k * np.array([[0.9, 0.2 * k], [-0.5, 1.1]]) for k in range(10)],
                "top": np.array([[1.0, -1.0], [0.5, 2.0]]),
            },
        ),
        draw_case=draw_stack,
        rtol=1e-7,  # ten products in a row, whose sums may be taken in another order
        wrong_answers={
            "The slopes are missing.": lambda X, weights, top: _sizes(
                X, weights, top, slope=np.ones_like
            ),
            "The slope is taken at h; it belongs at z, where it is 1 − h².": (
                lambda X, weights, top: _sizes(X, weights, top, slope=lambda h: 1 - np.tanh(h) ** 2)
            ),
            "This is the gradient at h; that at z has the slope too.": lambda X, weights, top: (
                _sizes(X, weights, top, before=True)
            ),
            "The top layer comes first here; begin with layer 1.": lambda X, weights, top: _sizes(
                X, weights, top
            )[::-1],
            "This is the mean square: a root is missing.": lambda X, weights, top: (
                _sizes(X, weights, top) ** 2
            ),
            "This is the std; the rms takes no mean off.": lambda X, weights, top: _sizes(
                X, weights, top, size=np.std
            ),
            "Each layer has the slopes of the layer below it here.": slopes_of_the_layer_below,
            "The weights are not transposed on the way back.": not_transposed,
        },
    ),
    Exercise(
        number="8.3",
        reference=dead_units,
        public_cases=(
            {
                "X": np.array([[1.0, 2.0], [-1.0, 1.0]]),
                "weights": [np.array([[1.0, -1.0, 0.5], [1.0, -1.0, -0.5]]), np.full((3, 2), -1.0)],
                "biases": [np.array([0.0, 0.0, 0.25]), np.array([4.0, 0.5])],
            },
            {
                "X": np.array([[1.0], [-1.0]]),
                "weights": [np.array([[1.0, -1.0, 1.0]])],
                "biases": [np.array([0.0, 0.0, -2.0])],
            },
            {
                "X": np.array([[1.0], [-1.0]]),
                "weights": [
                    np.array([[2.0, -1.0]]),
                    np.array([[-1.0, 1.0, 1.0], [-1.0, 1.0, -3.0]]),
                ],
                "biases": [np.array([0.0, 0.0]), np.array([0.5, 0.0, 0.0])],
            },
        ),
        draw_case=draw_relu_stack,
        rtol=1e-9,  # whole numbers
        wrong_answers={
            "This counts units that are off for some input; dead is off for all.": (
                lambda X, weights, biases: np.array(
                    [np.sum(np.any(h == 0, axis=0)) for h in _layers(X, weights, biases)]
                )
            ),
            "This is the share; a count is wanted.": lambda X, weights, biases: np.array(
                [np.mean(np.all(h == 0, axis=0)) for h in _layers(X, weights, biases)]
            ),
            "This counts inputs; units are the columns.": lambda X, weights, biases: np.array(
                [np.sum(np.all(h == 0, axis=1)) for h in _layers(X, weights, biases)]
            ),
            "The biases are missing.": lambda X, weights, biases: dead_units(
                X, weights, [0 * b for b in biases]
            ),
            "This counts units whose mean is below 0; one input may still switch them on.": (
                lambda X, weights, biases: np.array(
                    [
                        np.sum((below @ W + b).mean(axis=0) <= 0)
                        for below, W, b in zip(
                            [X, *_layers(X, weights, biases)[:-1]], weights, biases, strict=True
                        )
                    ]
                )
            ),
            "The ReLUs between the layers are missing.": without_the_bends,
            "These are the living units.": lambda X, weights, biases: np.array(
                [np.sum(np.any(h > 0, axis=0)) for h in _layers(X, weights, biases)]
            ),
        },
    ),
)
