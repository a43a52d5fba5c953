"""Graded exercises of chapter 4, Xavier."""

import numpy as np
from scipy.stats import norm

from initbook.exercises.exercise import Case, Exercise, Value


def xavier_bound(fan_in: int, fan_out: int) -> Value:
    """The bound of Xavier's uniform law: √3 · √(2 / (fan_in + fan_out))."""
    return np.sqrt(6 / (fan_in + fan_out))


def draw_fans(rng: np.random.Generator) -> Case:
    fan_in, fan_out = (int(n) for n in rng.choice(np.arange(2, 5000), size=2, replace=False))
    return {"fan_in": fan_in, "fan_out": fan_out}


def std_before_cut(std: float, cut: float) -> Value:
    """The normal's std, so that it has `std` once it is cut at ±cut of its own stds."""
    return std / np.sqrt(variance_after_cut(cut))


def variance_after_cut(cut: float) -> Value:
    return 1 - 2 * cut * norm.pdf(cut) / (norm.cdf(cut) - norm.cdf(-cut))


def draw_cut(rng: np.random.Generator) -> Case:
    return {"std": float(10 ** rng.uniform(-3, 0)), "cut": float(rng.uniform(0.8, 3.5))}


EXERCISES = (
    Exercise(
        number="4.1",
        reference=xavier_bound,
        public_cases=({"fan_in": 800, "fan_out": 50}, {"fan_in": 500, "fan_out": 500}),
        draw_case=draw_fans,
        rtol=1e-9,  # one sum, one quotient and one square root: rounding alone may differ
        wrong_answers={
            "std for bound: √3 forgotten": lambda fan_in, fan_out: np.sqrt(2 / (fan_in + fan_out)),
            "the sum for the mean of the fans": lambda fan_in, fan_out: np.sqrt(
                3 / (fan_in + fan_out)
            ),
            "fan_in alone, as Caffe does": lambda fan_in, fan_out: np.sqrt(3 / fan_in),
            "fan_out alone": lambda fan_in, fan_out: np.sqrt(3 / fan_out),
            "He's bound": lambda fan_in, fan_out: np.sqrt(6 / fan_in),
            "root forgotten": lambda fan_in, fan_out: 6 / (fan_in + fan_out),
            "geometric mean of the fans": lambda fan_in, fan_out: np.sqrt(
                3 / np.sqrt(fan_in * fan_out)
            ),
        },
    ),
    Exercise(
        number="D4.1",
        reference=std_before_cut,
        public_cases=({"std": 1.0, "cut": 2.0}, {"std": 0.05, "cut": 1.0}),
        draw_case=draw_cut,
        rtol=1e-6,  # a quadrature in place of the closed form is as good an answer
        wrong_answers={
            "no correction": lambda std, cut: std,
            "correction the wrong way round": lambda std, cut: (
                std * np.sqrt(variance_after_cut(cut))
            ),
            "variance for std": lambda std, cut: std / variance_after_cut(cut),
            "right at a cut of 2 only": lambda std, cut: std / 0.87962566103423978,
            "one of the two tails": lambda std, cut: (
                std / np.sqrt(1 - cut * norm.pdf(cut) / norm.cdf(cut))
            ),
            "the boundary term at one end only": lambda std, cut: (
                std / np.sqrt(1 - cut * norm.pdf(cut) / (2 * norm.cdf(cut) - 1))
            ),
            "not divided by the mass that is left": lambda std, cut: (
                std / np.sqrt(2 * norm.cdf(cut) - 1 - 2 * cut * norm.pdf(cut))
            ),
            "the mass for the variance": lambda std, cut: std / np.sqrt(2 * norm.cdf(cut) - 1),
        },
    ),
)
