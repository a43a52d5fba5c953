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


def clipped(std: float, cut: float) -> Value:
    """The std of std · clip(g, ±cut), and the share of it that lies on the two bounds."""
    beyond = 2 * norm.sf(cut)
    inside = 1 - beyond - 2 * cut * norm.pdf(cut)
    return np.array([std * np.sqrt(inside + cut**2 * beyond), beyond])


def one_bound(std: float, cut: float) -> Value:
    inside = 1 - 2 * norm.sf(cut) - 2 * cut * norm.pdf(cut)
    return np.array([std * np.sqrt(inside + cut**2 * norm.sf(cut)), norm.sf(cut)])


def left_at_zero(std: float, cut: float) -> Value:
    beyond = 2 * norm.sf(cut)
    return np.array([std * np.sqrt(1 - beyond - 2 * cut * norm.pdf(cut)), beyond])


EXERCISES = (
    Exercise(
        number="4.1",
        reference=xavier_bound,
        public_cases=({"fan_in": 800, "fan_out": 50}, {"fan_in": 500, "fan_out": 500}),
        draw_case=draw_fans,
        rtol=1e-9,  # one sum, one quotient and one square root: rounding alone may differ
        wrong_answers={
            "This is the std, not the bound: √3 is missing.": lambda fan_in, fan_out: np.sqrt(
                2 / (fan_in + fan_out)
            ),
            "This divides by the sum of the fans; Xavier's variance has their mean.": (
                lambda fan_in, fan_out: np.sqrt(3 / (fan_in + fan_out))
            ),
            "This uses fan_in alone, as Caffe does.": lambda fan_in, fan_out: np.sqrt(3 / fan_in),
            "This uses fan_out alone.": lambda fan_in, fan_out: np.sqrt(3 / fan_out),
            "This is He's bound.": lambda fan_in, fan_out: np.sqrt(6 / fan_in),
            "This is the bound's square: a root is missing.": lambda fan_in, fan_out: (
                6 / (fan_in + fan_out)
            ),
            "This has the geometric mean of the fans; Xavier's is the plain one.": (
                lambda fan_in, fan_out: np.sqrt(3 / np.sqrt(fan_in * fan_out))
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
            "This is the std that you want after the cut: the correction is missing.": (
                lambda std, cut: std
            ),
            "The correction is the wrong way round: a cut makes the std smaller.": (
                lambda std, cut: std * np.sqrt(variance_after_cut(cut))
            ),
            "This divides by the variance that is left: its root is missing.": lambda std, cut: (
                std / variance_after_cut(cut)
            ),
            "This is the correction for a cut of 2, whatever the cut.": lambda std, cut: (
                std / 0.87962566103423978
            ),
            "This cuts one of the two tails.": lambda std, cut: (
                std / np.sqrt(1 - cut * norm.pdf(cut) / norm.cdf(cut))
            ),
            "The boundary term has two ends; this has one of them.": lambda std, cut: (
                std / np.sqrt(1 - cut * norm.pdf(cut) / (2 * norm.cdf(cut) - 1))
            ),
            "The integral is not divided by the probability that is left.": lambda std, cut: (
                std / np.sqrt(2 * norm.cdf(cut) - 1 - 2 * cut * norm.pdf(cut))
            ),
            "This has the probability that is left where the variance belongs.": lambda std, cut: (
                std / np.sqrt(2 * norm.cdf(cut) - 1)
            ),
        },
    ),
    Exercise(
        number="D4.4",
        reference=clipped,
        public_cases=({"std": 1.0, "cut": 2.0}, {"std": 0.05, "cut": 1.0}),
        draw_case=draw_cut,
        rtol=1e-6,  # a quadrature in place of the closed form is as good an answer
        wrong_answers={
            "These weights are cut and drawn again; the colleague's are clipped.": (
                lambda std, cut: np.array([std * np.sqrt(variance_after_cut(cut)), 0.0])
            ),
            "The first number is the std after a cut; clipping leaves more.": (
                lambda std, cut: np.array(
                    [std * np.sqrt(variance_after_cut(cut)), 2 * norm.sf(cut)]
                )
            ),
            "This counts one of the two bounds.": one_bound,
            "What lies beyond the cut counts as 0 here; it lies on the bound.": left_at_zero,
            "The first number is the variance: a root is missing.": lambda std, cut: (
                clipped(std, cut) ** np.array([2, 1])
            ),
            "The first number is the std before the clipping.": lambda std, cut: np.array(
                [std, 2 * norm.sf(cut)]
            ),
            "The share is that of the weights inside.": lambda std, cut: np.array(
                [clipped(std, cut)[0], 1 - 2 * norm.sf(cut)]
            ),
        },
    ),
)
