"""Graded exercises of chapter 5, He."""

import numpy as np

from initbook.exercises.exercise import Case, Exercise, Value


def leaky_std(negative_slope: float, fan_in: float) -> Value:
    """The std of a weight in front of a leaky ReLU: √(2 / ((1 + a²) n))."""
    return np.sqrt(2 / ((1 + negative_slope**2) * fan_in))


def draw_leaky_layer(rng: np.random.Generator) -> Case:
    return {
        "negative_slope": float(rng.uniform(0.1, 0.9)),
        "fan_in": int(rng.integers(16, 4096)),
    }


def repairs_the_variance(negative_slope: float, fan_in: float) -> Value:
    mean_squared = (1 - negative_slope) ** 2 / (2 * np.pi)
    return np.sqrt(1 / (((1 + negative_slope**2) / 2 - mean_squared) * fan_in))


def width_needed(depth: float, spread: float) -> Value:
    """The width at which (1 + 5/n)^depth − 1 = spread²."""
    return 5 / np.expm1(np.log1p(spread**2) / depth)


def draw_spread(rng: np.random.Generator) -> Case:
    return {"depth": int(rng.integers(2, 200)), "spread": float(rng.uniform(0.1, 1.5))}


EXERCISES = (
    Exercise(
        number="5.1",
        reference=leaky_std,
        public_cases=(
            {"negative_slope": 0.0, "fan_in": 500},
            {"negative_slope": 0.25, "fan_in": 500},
        ),
        draw_case=draw_leaky_layer,
        rtol=1e-9,  # a few products and one square root: rounding alone may differ
        wrong_answers={
            "This is the variance: its root is missing.": lambda negative_slope, fan_in: (
                leaky_std(negative_slope, fan_in) ** 2
            ),
            "The leak is missing: this is He's std for a plain ReLU.": (
                lambda negative_slope, fan_in: leaky_std(0, fan_in)
            ),
            "This has the leak a where a² belongs.": lambda negative_slope, fan_in: leaky_std(
                np.sqrt(negative_slope), fan_in
            ),
            "This keeps the variance of the output; its second moment is what counts.": (
                repairs_the_variance
            ),
            "The half is missing: one side of the input passes whole.": (
                lambda negative_slope, fan_in: leaky_std(negative_slope, 2 * fan_in)
            ),
        },
    ),
    Exercise(
        number="5.2",
        reference=width_needed,
        public_cases=({"depth": 10, "spread": 0.3}, {"depth": 50, "spread": 1.0}),
        draw_case=draw_spread,
        rtol=1e-6,  # a root of 1 + spread² minus 1 loses some digits when it is written plainly
        wrong_answers={
            "This takes the spread for a variance: square it.": lambda depth, spread: width_needed(
                depth, np.sqrt(spread)
            ),
            "The layers multiply, and do not just add up.": lambda depth, spread: (
                5 * depth / spread**2
            ),
            "This is the width for one layer, whatever the depth.": lambda depth, spread: (
                width_needed(1, spread)
            ),
            "This is the spread of the rms; that of its square is wanted.": lambda depth, spread: (
                width_needed(depth, 2 * spread)
            ),
            "This has the second moment 6 of a term where its variance 5 belongs.": (
                lambda depth, spread: 6 / 5 * width_needed(depth, spread)
            ),
        },
    ),
)
