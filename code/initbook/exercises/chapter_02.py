"""Graded exercises of chapter 2, Ten layers deep."""

from collections.abc import Callable

import numpy as np

from initbook.exercises.exercise import Array, Case, Exercise, Value


def factor_per_layer(std: float, width: int) -> Value:
    """By how much a layer multiplies the rms of a small signal: √n · std."""
    return np.sqrt(width) * std


def draw_layer(rng: np.random.Generator) -> Case:
    return {"std": float(10 ** rng.uniform(-3, 0)), "width": int(rng.integers(16, 4096))}


def share_saturated(h: Array, threshold: float) -> Value:
    """The share of activations whose size is beyond the threshold."""
    return np.mean(np.abs(h) > threshold)


def draw_activations(rng: np.random.Generator) -> Case:
    shape = tuple(int(n) for n in rng.integers(3, 40, size=2))
    h = np.tanh(rng.uniform(0.5, 4) * rng.standard_normal(shape))
    return {"h": h, "threshold": float(rng.uniform(0.3, 0.95))}


def rms_by_layer(X: Array, weights: list[Array]) -> Value:
    """The rms of the activations of every layer of a ReLU stack."""
    return sizes(X, weights)


def sizes(
    X: Array,
    weights: list[Array],
    size: Callable[[Array], Value] = lambda h: np.sqrt(np.mean(h**2)),
    from_input: bool = False,
    one_weight: bool = False,
    bend: Callable[[Array], Array] = lambda z: np.maximum(z, 0),
) -> Value:
    """The same with a fault: each layer reads the input, or has the first weight, …"""
    h, found = X, []
    for W in weights:
        h = bend((X if from_input else h) @ (weights[0] if one_weight else W))
        found.append(size(h))
    return np.array(found)


def draw_relu_stack(rng: np.random.Generator) -> Case:
    batch, n, depth = (int(k) for k in rng.integers(4, 9, size=3))
    scale = np.sqrt(2 / n) * rng.uniform(0.7, 1.4)
    return {
        "X": rng.standard_normal((batch, n)),
        "weights": [scale * np.abs(rng.standard_normal((n, n)) + 0.2) for _ in range(depth)],
    }


def fitted_factor(rms: Array) -> Value:
    """The factor a layer from a line through log rms, and the standard error of the slope."""
    slopes = np.polyfit(np.arange(rms.shape[1]), np.log(rms).T, 1)[0]
    return np.array([np.exp(slopes.mean()), slopes.std(ddof=1) / np.sqrt(len(slopes))])


def draw_runs(rng: np.random.Generator) -> Case:
    seeds, layers = int(rng.integers(4, 9)), int(rng.integers(6, 12))
    steps = np.log(rng.uniform(0.3, 1.8)) + 0.1 * rng.standard_normal((seeds, layers))
    return {"rms": np.exp(np.cumsum(steps, axis=1))}


def from_the_ends(rms: Array) -> Value:
    slopes = np.log(rms[:, -1] / rms[:, 0]) / (rms.shape[1] - 1)
    return np.array([np.exp(slopes.mean()), slopes.std(ddof=1) / np.sqrt(len(slopes))])


def layers_counted_as_runs(rms: Array) -> Value:
    factor, error = fitted_factor(rms)
    return np.array([factor, error * np.sqrt(len(rms) / rms.size)])


def factors_averaged(rms: Array) -> Value:
    factors = np.exp(np.polyfit(np.arange(rms.shape[1]), np.log(rms).T, 1)[0])
    return np.array([factors.mean(), factors.std(ddof=1) / np.sqrt(len(factors))])


def scales_in_turn(X: Array, weights: list[Array]) -> Value:
    """By what each weight is divided, so that X @ W has an rms of 1 at each layer in turn."""
    return in_turn(X, weights)


def in_turn(
    X: Array,
    weights: list[Array],
    size: Callable[[Array], Value] = lambda z: np.sqrt(np.mean(z**2)),
    mend: bool = True,
) -> Value:
    """With another size; without `mend` the signal goes on through the weights as they were."""
    h, scales = X, []
    for W in weights:
        z = h @ W
        scales.append(size(z))
        h = np.tanh(z / scales[-1] if mend else z)
    return np.array(scales)


def draw_tanh_stack(rng: np.random.Generator) -> Case:
    widths = [int(n) for n in rng.integers(4, 9, size=int(rng.integers(4, 8)))]
    X = rng.normal(0.5, 1, (int(rng.integers(5, 12)), widths[0]))
    pairs = zip(widths[:-1], widths[1:], strict=True)
    return {
        "X": X,
        "weights": [rng.uniform(0.2, 2) * rng.standard_normal(pair) for pair in pairs],
    }


def of_the_activation(X: Array, weights: list[Array]) -> Value:
    h, scales = X, []
    for W in weights:
        scales.append(np.sqrt(np.mean(np.tanh(h @ W) ** 2)))
        h = np.tanh(h @ W / scales[-1])
    return np.array(scales)


EXERCISES = (
    Exercise(
        number="2.1",
        reference=factor_per_layer,
        public_cases=({"std": 0.01, "width": 500}, {"std": 0.02, "width": 100}),
        draw_case=draw_layer,
        rtol=1e-9,  # one square root and one product: rounding alone may differ
        wrong_answers={
            "This is the factor of the second moment: its root is missing.": lambda std, width: (
                width * std**2
            ),
            "This takes std for a variance.": lambda std, width: np.sqrt(width * std),
            "This multiplies by n; sizes grow with √n.": lambda std, width: width * std,
            "The width is missing: the signal grows with √n too.": lambda std, width: std,
            "This is right at a width of 500 only.": lambda std, width: np.sqrt(500) * std,
        },
    ),
    Exercise(
        number="2.2",
        reference=share_saturated,
        public_cases=(
            {"h": np.array([[-0.99, 0.2], [0.98, 0.5]]), "threshold": 0.97},
            {"h": np.array([[-0.99, -0.2, 0.1], [0.4, 0.05, 0.3]]), "threshold": 0.15},
        ),
        draw_case=draw_activations,
        rtol=1e-12,  # a count divided by a count
        wrong_answers={
            "This counts one tail only: −1 is saturated too.": lambda h, threshold: np.mean(
                h > threshold
            ),
            "This is the share that is not beyond the threshold.": lambda h, threshold: np.mean(
                abs(h) <= threshold
            ),
            "This is a count; a share is wanted.": lambda h, threshold: np.sum(abs(h) > threshold),
            "The threshold is fixed at 0.97 here.": lambda h, threshold: np.mean(abs(h) > 0.97),
            "This counts units that are ever beyond; each activation counts by itself.": (
                lambda h, threshold: np.mean((abs(h) > threshold).any(axis=0))
            ),
        },
    ),
    Exercise(
        number="D2.2",
        reference=rms_by_layer,
        public_cases=(
            {
                "X": np.array([[1.0, -2.0], [0.5, 1.0]]),
                "weights": [
                    np.array([[1.0, 0.5], [-0.5, 1.0]]),
                    np.array([[0.5, -1.0], [1.0, 2.0]]),
                    np.array([[1.0, 1.0], [-0.5, 0.25]]),
                ],
            },
            draw_relu_stack(np.random.default_rng(0)),
        ),
        draw_case=draw_relu_stack,
        rtol=1e-8,  # a few products in a row
        wrong_answers={
            "Each layer reads the input X here, not the layer before.": lambda X, weights: sizes(
                X, weights, from_input=True
            ),
            "Every layer has the first weight.": lambda X, weights: sizes(
                X, weights, one_weight=True
            ),
            "This is the std: a ReLU's numbers have a mean.": lambda X, weights: sizes(
                X, weights, size=np.std
            ),
            "Two faults are left: each layer reads X, and this is the std.": (
                lambda X, weights: sizes(X, weights, size=np.std, from_input=True)
            ),
            "Nothing is mended yet: three faults are left.": lambda X, weights: sizes(
                X, weights, size=np.std, from_input=True, one_weight=True
            ),
            "This is the second moment: a root is missing.": lambda X, weights: (
                sizes(X, weights) ** 2
            ),
            "The ReLU is missing.": lambda X, weights: sizes(X, weights, bend=lambda z: z),
        },
    ),
    Exercise(
        number="D2.3",
        reference=fitted_factor,
        public_cases=(
            {"rms": np.array([[1.0, 0.5, 0.2, 0.1], [0.9, 0.6, 0.2, 0.15]])},
            {"rms": np.array([[1.0, 1.2, 2.0], [1.1, 1.2, 1.5], [0.8, 1.3, 1.6]])},
        ),
        draw_case=draw_runs,
        rtol=1e-6,  # least squares, solved in one way or another
        wrong_answers={
            "This uses the first and the last layer alone; fit all of them.": from_the_ends,
            "This is the slope of the logarithm; a factor is its exponential.": lambda rms: (
                np.array([np.log(fitted_factor(rms)[0]), fitted_factor(rms)[1]])
            ),
            "This is the std of one run's slope: divide by the root of the runs.": lambda rms: (
                fitted_factor(rms) * np.array([1, np.sqrt(len(rms))])
            ),
            "The layers of a run are no independent runs.": layers_counted_as_runs,
            "This averages factors; average the slopes.": factors_averaged,
            "The std over the runs takes n − 1.": lambda rms: (
                fitted_factor(rms) * np.array([1, np.sqrt(1 - 1 / len(rms))])
            ),
        },
    ),
    Exercise(
        number="D2.4",
        reference=scales_in_turn,
        public_cases=(
            {
                "X": np.array([[1.0, 2.0], [-1.0, 3.0]]),
                "weights": [np.array([[2.0, 1.0], [0.0, 3.0]]), np.array([[0.1], [0.3]])],
            },
            draw_tanh_stack(np.random.default_rng(0)),
        ),
        draw_case=draw_tanh_stack,
        rtol=1e-7,  # a few products in a row, each divided by a mean
        wrong_answers={
            "A layer must hear what the mended layers below it say.": lambda X, weights: in_turn(
                X, weights, mend=False
            ),
            "This divides by the second moment: a root is missing.": lambda X, weights: in_turn(
                X, weights, size=lambda z: np.mean(z**2)
            ),
            "This is the std; the rms takes no mean off.": lambda X, weights: in_turn(
                X, weights, size=np.std
            ),
            "This measures behind the tanh; measure what goes into it.": of_the_activation,
            "This is the factor to multiply with; its inverse is wanted.": lambda X, weights: (
                1 / scales_in_turn(X, weights)
            ),
            "This looks at the largest number; the rms is wanted.": lambda X, weights: in_turn(
                X, weights, size=lambda z: np.abs(z).max()
            ),
        },
    ),
)
