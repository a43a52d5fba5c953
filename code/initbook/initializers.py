"""Initializers: one law, `variance_scaling`, and one line for each scheme that has a name.

Every scheme returns an initializer, a function `init(rng, shape)` that draws a float64 array from
an explicit `np.random.Generator`. A dense weight has shape (fan_in, fan_out), since the book
computes `X @ W`. Chapter 4 derives Xavier's variance, chapter 5 He's.
"""

import math
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import truncnorm

Initializer = Callable[[np.random.Generator, Sequence[int]], NDArray[np.float64]]
Mode = Literal["fan_in", "fan_out", "fan_avg"]
Distribution = Literal["normal", "truncated_normal", "uniform"]

CUT = 2.0  # a truncated normal is cut at ±2σ of the normal that it comes from
CUT_STD = float(truncnorm(-CUT, CUT).std())  # .8796…: what the cut leaves of σ

# Kumar 2017: Var(w) = 1 / (n g′(0)² (1 + g(0)²)), with g(0) = ½ and g′(0) = ¼ for the sigmoid.
SIGMOID_GAIN_SQUARED = 1 / (0.25**2 * (1 + 0.5**2))  # 12.8


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """Fan-in and fan-out of a dense weight of shape (fan_in, fan_out).

    Raises ValueError unless the shape has two positive dimensions. Chapter 7.

    >>> fans((784, 256))
    (784, 256)
    """
    if len(shape) != 2 or min(shape) < 1:
        raise ValueError(
            f"shape is {tuple(shape)}; a dense weight has two positive dimensions, "
            "(fan_in, fan_out)."
        )
    return int(shape[0]), int(shape[1])


def variance_scaling(scale: float, mode: Mode, distribution: Distribution) -> Initializer:
    r"""Zero-mean weights of variance scale / fan.

    Var(w) = scale / n, with n = fan_in, fan_out, or their average (`mode`). Each distribution has
    exactly this variance: uniform on ±√(3 Var), normal, or normal cut at ±2σ and widened so that
    the cut takes nothing away.

    Raises ValueError for a scale that is negative or not finite, an unknown mode or distribution.
    Source: Glorot & Bengio 2010; He et al. 2015. Chapters 4 and 5.

    >>> init = variance_scaling(2.0, "fan_in", "normal")
    >>> W = init(np.random.default_rng(0), (500, 400))
    >>> W.shape, bool(abs(W.var() * 500 / 2 - 1) < 0.02)
    ((500, 400), True)
    """
    check_choice("mode", mode, ("fan_in", "fan_out", "fan_avg"))
    check_choice("distribution", distribution, tuple(DRAWS))
    check_size("scale", scale)

    def init(rng: np.random.Generator, shape: Sequence[int]) -> NDArray[np.float64]:
        fan_in, fan_out = fans(shape)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
        return DRAWS[distribution](rng, shape, math.sqrt(scale / n))

    return init


def draw_normal(rng, shape, std):
    return std * rng.standard_normal(shape)


def draw_uniform(rng, shape, std):
    bound = math.sqrt(3) * std
    return rng.uniform(-bound, bound, shape)


def draw_truncated_normal(rng, shape, std):
    return std / CUT_STD * truncnorm(-CUT, CUT).rvs(size=shape, random_state=rng)


DRAWS = {
    "normal": draw_normal,
    "truncated_normal": draw_truncated_normal,
    "uniform": draw_uniform,
}


def check_choice(name, value, allowed):
    if value not in allowed:
        listed = ", ".join(map(repr, allowed))
        raise ValueError(f"{name} is {value!r}; allowed are {listed}.")


def check_size(name, value):
    if not (np.isfinite(value) and value >= 0):
        raise ValueError(f"{name} is {value!r}; allowed is a finite number of at least 0.")


def zeros() -> Initializer:
    """Every weight 0: the start that no unit can leave alone. Chapter 2.

    >>> zeros()(np.random.default_rng(0), (2, 2))
    array([[0., 0.],
           [0., 0.]])
    """
    return lambda rng, shape: np.zeros(shape)


def normal(std: float) -> Initializer:
    """Weights from N(0, std²), whatever the fans. `std` is a standard deviation. Chapter 2.

    >>> W = normal(0.01)(np.random.default_rng(0), (500, 500))
    >>> bool(abs(W.std() - 0.01) < 1e-4)
    True
    """
    check_size("std", std)
    return lambda rng, shape: draw_normal(rng, shape, std)


def lecun_normal() -> Initializer:
    """Var(w) = 1 / fan_in, normal: keeps the size of a signal in a linear layer. Chapter 4.

    The seeds, and Caffe, call this one Xavier.
    """
    return variance_scaling(1.0, "fan_in", "normal")


def xavier_normal() -> Initializer:
    """Var(w) = 2 / (fan_in + fan_out), normal. Glorot & Bengio 2010. Chapter 4."""
    return variance_scaling(1.0, "fan_avg", "normal")


def xavier_uniform() -> Initializer:
    """Uniform on ±√(6 / (fan_in + fan_out)). Glorot & Bengio 2010, eq. 16. Chapter 4."""
    return variance_scaling(1.0, "fan_avg", "uniform")


def sigmoid_xavier() -> Initializer:
    """Var(w) = 12.8 / fan_in, normal: Xavier's rule with the sigmoid's own gain. Chapter 4.

    Source: Kumar 2017, with g(0) = ½ and g′(0) = ¼.
    """
    return variance_scaling(SIGMOID_GAIN_SQUARED, "fan_in", "normal")


def he_normal() -> Initializer:
    """Var(w) = 2 / fan_in, normal: ReLU keeps the second moment. He et al. 2015. Chapter 5."""
    return variance_scaling(2.0, "fan_in", "normal")


def he_uniform() -> Initializer:
    """Uniform on ±√(6 / fan_in). He et al. 2015. Chapter 5."""
    return variance_scaling(2.0, "fan_in", "uniform")
