"""Graded exercises of chapter 5, He."""

import numpy as np

from initbook.exercises.exercise import Array, Case, Exercise, Value


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


def drift_and_width(squares: Array) -> Value:
    """The mean step of ln s a layer, and the width n = 5 / Var(ln F) that the steps betray."""
    steps = np.diff(np.log(squares), axis=1)
    return np.array([steps.mean(), 5 / steps.var(ddof=1)])


def draw_walks(rng: np.random.Generator) -> Case:
    runs, layers, width = int(rng.integers(4, 9)), int(rng.integers(5, 15)), rng.uniform(20, 400)
    steps = -5 / (2 * width) + np.sqrt(5 / width) * rng.standard_normal((runs, layers))
    start = rng.uniform(0.5, 2, (runs, 1))
    return {"squares": start * np.exp(np.cumsum(np.hstack([np.zeros((runs, 1)), steps]), axis=1))}


def of_the_factors(squares: Array) -> Value:
    factors = squares[:, 1:] / squares[:, :-1]
    return np.array([factors.mean() - 1, 5 / factors.var(ddof=1)])


def of_the_walk(squares: Array) -> Value:
    walk = np.log(squares / squares[:, :1])[:, 1:]
    return np.array([walk.mean(), 5 / walk.var(ddof=1)])


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
    Exercise(
        number="D5.4",
        reference=drift_and_width,
        public_cases=(
            {"squares": np.array([[1.0, 1.2, 0.9, 1.0], [2.0, 1.5, 1.6, 1.1]])},
            {"squares": np.array([[1.0, 0.95, 1.05], [1.0, 1.02, 0.97], [0.5, 0.51, 0.45]])},
        ),
        draw_case=draw_walks,
        rtol=1e-8,  # logarithms and their differences
        wrong_answers={
            "These are factors; the walk is that of their logarithms.": of_the_factors,
            "This looks at the whole walk; its steps are wanted.": of_the_walk,
            "This takes the rms; the walk of s has twice the steps.": lambda squares: (
                drift_and_width(np.sqrt(squares))
            ),
            "This divides 5 by a std; divide by the variance.": lambda squares: np.array(
                [drift_and_width(squares)[0], np.sqrt(5 * drift_and_width(squares)[1])]
            ),
            "The variance of the steps takes n − 1.": lambda squares: (
                drift_and_width(squares) * np.array([1, 1 + 1 / (squares[:, 1:].size - 1)])
            ),
            "The width comes from the drift here; the steps' variance says more.": (
                lambda squares: (
                    drift_and_width(squares)[0] ** np.array([1, -1]) * np.array([1, -2.5])
                )
            ),
        },
    ),
)
