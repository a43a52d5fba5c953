"""Graded exercises of chapter 13, Choosing a start."""

import math

import numpy as np

from initbook.exercises.exercise import Array, Case, Exercise, Value


def gradient_profile(q_0: float, added: Array) -> Value:
    """q_N / q_l at each place l of a normalized stream: the gradient is the signal's inverse."""
    q = q_0 + np.cumsum(np.concatenate([[0.0], added]))
    return q[-1] / q


def draw_stream(rng: np.random.Generator) -> Case:
    return {
        "q_0": float(rng.uniform(0.05, 2)),
        "added": rng.uniform(0.1, 1.5, size=int(rng.integers(3, 30))),
    }


def without_normalization(q_0: float, added: Array) -> Value:
    factors = np.concatenate([1 + added, [1.0]])
    return np.cumprod(factors[::-1])[::-1]


def find_the_fault(weights: Array, x: Array) -> Value:
    """The layer that changes the second moment most, counted from 1, and the root of its factor."""
    factors = factors_of(weights, x)
    worst = np.argmax(abs(np.log(factors)))
    return np.array([worst + 1, np.sqrt(factors[worst])])


def factors_of(weights: Array, x: Array, bend: bool = True) -> Array:
    """By what each layer multiplies the signal's second moment."""
    h, moments = x, [np.mean(x**2)]
    for W in weights:
        h = np.maximum(h @ W, 0) if bend else h @ W
        moments.append(np.mean(h**2))
    factors: Array = np.array(moments[1:]) / np.array(moments[:-1])
    return factors


def stack(rng: np.random.Generator, layers: int, n: int, fault: int, factor: float) -> Case:
    weights = np.sqrt(2 / n) * rng.standard_normal((layers, n, n))
    weights[fault] *= factor
    return {"weights": weights, "x": rng.standard_normal((20, n))}


def draw_stack(rng: np.random.Generator) -> Case:
    layers = int(rng.integers(5, 10))
    factor = float(rng.uniform(3, 5) ** rng.choice([-1, 1]))
    return stack(rng, layers, 60, int(rng.integers(1, layers - 1)), factor)


def counted_from_zero(weights: Array, x: Array) -> Value:
    return find_the_fault(weights, x) - np.array([1, 0])


def not_the_root(weights: Array, x: Array) -> Value:
    return find_the_fault(weights, x) ** np.array([1, 2])


def linear_layers(weights: Array, x: Array) -> Value:
    factors = factors_of(weights, x, bend=False)
    worst = np.argmax(abs(np.log(factors)))
    return np.array([worst + 1, np.sqrt(factors[worst])])


def beside_the_input(weights: Array, x: Array) -> Value:
    sizes = np.cumprod(factors_of(weights, x))
    worst = np.argmax(abs(np.log(sizes)))
    return np.array([worst + 1, np.sqrt(sizes[worst])])


def find_and_mend(weights: list[Array], rectified: Array) -> Value:
    """The layer whose n · mean(W²) is furthest from what it should be, and what mends it."""
    return worst(weights, np.where(rectified, 2.0, 1.0))


def worst(weights: list[Array], targets: Array, axis: int = 0) -> Value:
    """Targets for n · mean(W²); `axis` says which side of a weight n is."""
    kept = np.array([W.shape[axis] * np.mean(W**2) for W in weights])
    place = np.argmax(np.abs(np.log(kept / targets)))
    return np.array([place + 1, np.sqrt(targets[place] / kept[place])])


def draw_network(rng: np.random.Generator) -> Case:
    """Ten layers of other widths, normal or uniform; one has another fan, law or gain."""
    n = [int(k) for k in rng.choice([60, 80, 100, 120, 140], size=11)]
    fault, kind = int(rng.integers(1, 9)), int(rng.integers(3))
    n[fault + 1] = int(n[fault] * rng.choice([0.3, 0.4, 0.5, 2, 2.5, 3]))
    rectified = rng.integers(0, 2, size=10).astype(bool)
    rectified[0] = False  # nothing stands in front of the first layer
    weights = []
    for layer in range(10):
        scale = 2.0 if rectified[layer] else 1.0
        fan, uniform = n[layer], bool(rng.integers(2))
        if layer == fault:
            fan = n[layer + 1] if kind == 0 else fan
            scale = 3 - scale if kind == 1 else scale
            uniform |= kind == 2
        shape = (n[layer], n[layer + 1])
        draw = rng.uniform(-1, 1, shape) if uniform else rng.standard_normal(shape)
        root_3 = math.sqrt(3) if uniform and not (layer == fault and kind == 2) else 1
        weights.append(root_3 * math.sqrt(scale / fan) * draw)
    return {"weights": weights, "rectified": rectified.astype(int)}


EXERCISES = (
    Exercise(
        number="13.1",
        reference=gradient_profile,
        public_cases=(
            {"q_0": 1.0, "added": np.full(4, 0.5)},
            {"q_0": 0.1, "added": np.array([0.2, 0.9, 0.2, 0.9])},
        ),
        draw_case=draw_stream,
        rtol=1e-9,  # sums and one quotient: rounding alone may differ
        wrong_answers={
            "This is the stream; the gradient is its inverse.": lambda q_0, added: (
                1 / gradient_profile(q_0, added)
            ),
            "This is the root; the squared gradient is wanted.": lambda q_0, added: np.sqrt(
                gradient_profile(q_0, added)
            ),
            "This begins at the top.": lambda q_0, added: gradient_profile(q_0, added)[::-1],
            "This leaves the normalization out.": without_normalization,
            "The input's second moment q_0 is missing.": lambda q_0, added: gradient_profile(
                added[0], added
            ),
        },
    ),
    Exercise(
        number="13.2",
        reference=find_the_fault,
        public_cases=(
            stack(np.random.default_rng(1), 6, 60, 2, 4.0),
            stack(np.random.default_rng(2), 8, 60, 5, 0.25),
        ),
        draw_case=draw_stack,
        rtol=1e-6,  # means over a thousand numbers, in any order
        wrong_answers={
            "This counts the layers from 0.": counted_from_zero,
            "This is the factor of the second moment: a root is missing.": not_the_root,
            "The ReLU is missing.": linear_layers,
            "This compares with the input; compare with the layer before.": beside_the_input,
        },
    ),
    Exercise(
        number="D13.3",
        reference=find_and_mend,
        public_cases=(
            draw_network(np.random.default_rng(0)),
            draw_network(np.random.default_rng(1)),
            draw_network(np.random.default_rng(2)),
        ),
        draw_case=draw_network,
        rtol=0.05,  # the factor may be the exact one, √3 say: one draw shows it to a few percent
        own_file=True,
        wrong_answers={
            "This counts the layers from 0.": lambda weights, rectified: (
                find_and_mend(weights, rectified) - np.array([1, 0])
            ),
            "The layer is right; this is the factor that it has, not what mends it.": (
                lambda weights, rectified: find_and_mend(weights, rectified) ** np.array([1, -1])
            ),
            "The layer is right; this is the variance's factor: a root is missing.": (
                lambda weights, rectified: find_and_mend(weights, rectified) ** np.array([1, 2])
            ),
            "Every layer is held against 2/n; without a ReLU below it is 1/n.": (
                lambda weights, rectified: worst(weights, np.full(len(weights), 2.0))
            ),
            "Every layer is held against 1/n; behind a ReLU it is 2/n.": (
                lambda weights, rectified: worst(weights, np.ones(len(weights)))
            ),
            "The fan_out stands for the fan_in in every layer.": (
                lambda weights, rectified: worst(weights, np.where(rectified, 2.0, 1.0), axis=1)
            ),
        },
    ),
)
