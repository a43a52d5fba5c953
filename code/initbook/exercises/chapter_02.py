"""Graded exercises of chapter 2, Ten layers deep."""

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
)
