"""Graded exercises of chapter 12, Other starts."""

import numpy as np

from initbook.exercises.exercise import Array, Case, Exercise, Value


def sparse_std(connections: int, direction: str, fan_in: int, fan_out: int, gain: float) -> Value:
    """g / √k, with k the connections that a unit receives on average."""
    received = connections if direction == "incoming" else connections * fan_in / fan_out
    return gain / np.sqrt(received)


def draw_sparse(rng: np.random.Generator) -> Case:
    return {
        "connections": int(rng.integers(5, 30)),
        "direction": str(rng.choice(["incoming", "outgoing"])),
        "fan_in": int(rng.integers(100, 1000)),
        "fan_out": int(rng.integers(30, 90)),
        "gain": float(rng.uniform(1.1, 2)),
    }


def lsuv_factors(X: Array, weights: Array) -> Value:
    """By what LSUV multiplies each matrix of a ReLU network, from the first layer up."""
    return factors_by(X, weights, np.var)


def factors_by(X: Array, weights: Array, size: Value, bend: bool = True) -> Value:
    """1 / √size(z) in each layer, with the batch sent on through the rescaled layer."""
    h: Array = X
    factors: list[float] = []
    for W in weights:
        found = size(h @ W)
        factors.append(1 / np.sqrt(found) if found > 0 else 1.0)
        z = h @ (factors[-1] * W)
        h = np.maximum(z, 0) if bend else z
    return np.array(factors)


def through_the_old_layers(X: Array, weights: Array) -> Value:
    h: Array = X
    factors: list[float] = []
    for W in weights:
        factors.append(1 / np.sqrt(np.var(h @ W)) if np.var(h @ W) > 0 else 1.0)
        h = np.maximum(h @ W, 0)
    return np.array(factors)


def draw_layers(rng: np.random.Generator) -> Case:
    layers, n = int(rng.integers(2, 6)), int(rng.integers(8, 20))
    scales = rng.uniform(0.2, 2, size=(layers, 1, 1))
    return {
        "X": rng.standard_normal((30, n)) + 0.5,
        "weights": scales * rng.standard_normal((layers, n, n)) / np.sqrt(n) + 0.05,
    }


EXERCISES = (
    Exercise(
        number="12.1",
        reference=sparse_std,
        public_cases=(
            {
                "connections": 15,
                "direction": "incoming",
                "fan_in": 500,
                "fan_out": 500,
                "gain": 1.0,
            },
            {"connections": 10, "direction": "outgoing", "fan_in": 784, "fan_out": 64, "gain": 1.5},
        ),
        draw_case=draw_sparse,
        rtol=1e-9,  # a quotient and one square root: rounding alone may differ
        wrong_answers={
            "This is the variance; its root is wanted.": lambda **case: sparse_std(**case) ** 2,
            "This divides by the width; only the connections add up.": lambda fan_in, gain, **_: (
                gain / np.sqrt(fan_in)
            ),
            "Outgoing connections are counted below: on average others come in.": (
                lambda connections, gain, **_: gain / np.sqrt(connections)
            ),
            "The two fans are swapped.": lambda fan_in, fan_out, **rest: sparse_std(
                fan_in=fan_out, fan_out=fan_in, **rest
            ),
            "The gain is missing.": lambda **case: sparse_std(**case | {"gain": 1.0}),
        },
    ),
    Exercise(
        number="12.2",
        reference=lsuv_factors,
        public_cases=(
            {
                "X": np.array([[1.0, -1.0], [2.0, 0.5]]),
                "weights": np.array([[[1.0, 2.0], [0.5, -1.0]]]),
            },
            {
                "X": np.array([[1.0, -1.0], [2.0, 0.5], [0.0, 3.0]]),
                "weights": np.array([[[3.0, -1.0], [1.0, 2.0]], [[-1.0, 0.3], [2.0, 1.0]]]),
            },
            {"X": np.ones((2, 2)), "weights": np.array([[[-1.0, -1.0], [-1.0, -1.0]]])},
        ),
        draw_case=draw_layers,
        rtol=1e-8,  # a few small products, in any order
        wrong_answers={
            "This divides by the variance; its root is wanted.": lambda X, weights: (
                lsuv_factors(X, weights) ** 2
            ),
            "This takes no mean off: a variance is wanted.": lambda X, weights: factors_by(
                X, weights, lambda z: np.mean(z**2)
            ),
            "A layer must hear what the rescaled layers below it say.": through_the_old_layers,
            "The ReLU between the layers is missing.": lambda X, weights: factors_by(
                X, weights, np.var, bend=False
            ),
            "The variance is over digits and units together.": lambda X, weights: factors_by(
                X, weights, lambda z: np.mean(np.var(z, axis=0))
            ),
        },
    ),
)
