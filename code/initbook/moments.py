"""Moments of an activation under a Gaussian, and what they predict for a deep stack.

In a wide layer each pre-activation is close to a Gaussian N(0, q), whatever the weights' own law.
So one number, q, tells the size of a layer, and one integral leads from a layer to the next:

    q_{l+1} = n Var(w) · E[f(√q_l z)²] + Var(b),   z ~ N(0, 1).

Integrals have a closed form where there is a sound one, and quadrature elsewhere. Every
`activation` is a name, an `Activation`, or a function of one's own. Chapter 2 uses this mean-field
map; chapter 6 derives it.
"""

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import erfcx, gammainc

from initbook.activations import (
    SELU_ALPHA,
    SELU_SCALE,
    Activation,
    AnyActivation,
    Elementwise,
    elu,
    gelu,
    get_activation,
    hard_tanh,
    selu,
)
from initbook.arguments import check_choice, check_count, check_number
from initbook.gaussian import Floats, half_squared_difference, integrate
from initbook.gaussian import expectation as expectation

__all__ = [
    "Moments", "closed_form", "correlation_map", "expectation", "fixed_point", "gain",
    "length_map", "mean_field", "mean_output", "second_moment", "second_moment_of_slope",
    "susceptibility", "variance_map", "variance_of_output",
]  # fmt: skip


class Moments(NamedTuple):
    """E[f(√q z)], E[f(√q z)²] and E[f′(√q z)²]. Chapter 6.

    >>> closed_form(get_activation("relu"), 2.0)._asdict().keys()
    dict_keys(['mean', 'second', 'slope_second'])
    """

    mean: float
    second: float
    slope_second: float


def _moments_of_leaky(q: float, a: float) -> Moments:
    """f(z) = z above 0 and a·z below: ReLU with a = 0, the identity with a = 1."""
    return Moments((1 - a) * math.sqrt(q / (2 * math.pi)), (1 + a * a) * q / 2, (1 + a * a) / 2)


def _moments_of_hard_tanh(q: float) -> Moments:
    edge = 1 / math.sqrt(2 * q)
    inner = q * float(gammainc(1.5, edge * edge))  # E[q z²; |√q z| < 1]
    return Moments(0.0, inner + math.erfc(edge), math.erf(edge))


def _moments_of_elu(q: float, alpha: float = 1.0, scale: float = 1.0) -> Moments:
    """E[exp(k √q z); z < 0] = ½ erfcx(k √(q/2)), where k = 1 and 2 are needed."""
    once, twice = (float(erfcx(k * math.sqrt(q / 2))) / 2 for k in (1, 2))
    return Moments(
        scale * (math.sqrt(q / (2 * math.pi)) + alpha * (once - 0.5)),
        scale**2 * (q / 2 + alpha**2 * (twice - 2 * once + 0.5)),
        scale**2 * (0.5 + alpha**2 * twice),
    )


def _moments_of_gelu(q: float) -> Moments:
    """f(z) = z Φ(z), integrated by parts. Tsuchida et al. 2021."""
    r, w = q / (1 + q), math.sqrt(1 + 2 * q)
    both = 0.25 + math.asin(r) / (2 * math.pi)  # E[Φ²]
    return Moments(
        q / math.sqrt(2 * math.pi * (1 + q)),
        q * both + q * r / (math.pi * w),
        both + r / (math.pi * w) + q / (2 * math.pi * w**3),
    )


CLOSED_FORMS: dict[Activation, Callable[[float], Moments]] = {
    hard_tanh: _moments_of_hard_tanh,
    elu: _moments_of_elu,
    selu: lambda q: _moments_of_elu(q, SELU_ALPHA, SELU_SCALE),
    gelu: _moments_of_gelu,
}
ROUNDING = 1e-14  # of a mean: a constant f is off by so much from its own mean
SMALLEST_Q = 1e-5  # below, ELU's closed form is a small difference of large numbers


def closed_form(act: Activation, q: float) -> Moments | None:
    """The moments by formula, or None where there is none that is sound at this q.

    Raises ValueError for a q that is negative or not finite. Chapter 6.

    >>> closed_form(get_activation("relu"), 2.0).second
    1.0
    >>> closed_form(get_activation("tanh"), 2.0) is None
    True
    """
    check_number("q", q, least=0)
    if act.negative_slope is not None:
        return _moments_of_leaky(q, act.negative_slope)
    if act in CLOSED_FORMS and q >= SMALLEST_Q:
        return CLOSED_FORMS[act](q)
    return None


def _of(act: Activation, g: Elementwise, q: float) -> float:
    """E[g(√q z)] of a g that bends where the activation does."""
    return integrate(g, q, act.kinks, all_named=act.known and act.kinks != ())


def mean_output(activation: AnyActivation, q: float) -> float:
    """E[f(√q z)]: the mean of a layer whose pre-activations have variance q.

    ReLU's is √(q / 2π), an odd function's is 0. Raises ValueError for a q that is negative or not
    finite. Chapter 6.

    >>> round(mean_output("relu", 1.0), 6)
    0.398942
    """
    act = get_activation(activation)
    exact = closed_form(act, q)
    return exact.mean if exact else _of(act, act, q)


def second_moment(activation: AnyActivation, q: float) -> float:
    """E[f(√q z)²]: the second moment of a layer whose pre-activations have variance q.

    ReLU's is q / 2. Good to 1e-11 of its value for every named activation. Raises ValueError for a
    q that is negative or not finite. Chapter 6.

    >>> round(second_moment("relu", 2.0), 12)
    1.0
    """
    act = get_activation(activation)
    exact = closed_form(act, q)
    return exact.second if exact else _of(act, lambda z: act(z) ** 2, q)


def variance_of_output(activation: AnyActivation, q: float) -> float:
    """Var[f(√q z)] = E[f²] − E[f]²: the variance of a layer's outputs, over its units.

    ReLU's is q (½ − 1/2π). Raises ValueError for a q that is negative or not finite. Chapter 6.

    >>> round(variance_of_output("relu", 1.0), 4)
    0.3408
    """
    act = get_activation(activation)
    exact, mean = closed_form(act, q), mean_output(act, q)
    if exact:
        return exact.second - mean**2
    variance = _of(act, lambda z: (act(z) - mean) ** 2, q)
    return variance if variance > (ROUNDING * mean) ** 2 else 0.0


def second_moment_of_slope(activation: AnyActivation, q: float) -> float:
    """E[f′(√q z)²]: what one layer leaves of a gradient's second moment.

    ReLU's is ½ at every q. Raises ValueError for a q that is negative or not finite. Chapter 6.

    >>> round(second_moment_of_slope("relu", 2.0), 12)
    0.5
    """
    act = get_activation(activation)
    exact = closed_form(act, q)
    return exact.slope_second if exact else _of(act, lambda z: act.slope(z) ** 2, q)


def gain(
    activation: AnyActivation,
    direction: Literal["forward", "backward"] = "forward",
    by: Literal["second_moment", "variance"] = "second_moment",
    q: float = 1.0,
) -> float:
    """The gain g for which Var(w) = g² / n keeps a size, where pre-activations have variance q.

    It has three meanings, which all agree only where f is a multiple of z:

    - forward by second moment, g² = q / E[f²]: pre-activations keep their variance q;
    - forward by variance, g² = q / Var[f]: they would, if each layer's mean were taken away;
    - backward, g² = 1 / E[f′²]: gradients keep their second moment. It is also their variance,
      since their mean is 0, so `by` makes no difference.

    Raises ValueError for another direction or `by`, a q that is not a number above 0, and where f
    leaves nothing to keep. Source: He et al. 2015, whose √2 is ReLU's first and last. Chapter 6.

    >>> [round(gain("relu", *which), 4) for which in [(), ("forward", "variance"), ("backward",)]]
    [1.4142, 1.7129, 1.4142]
    """
    check_choice("direction", direction, ("forward", "backward"))
    check_choice("by", by, ("second_moment", "variance"))
    check_number("q", q, least=0, open=True)
    if direction == "backward":
        kept = second_moment_of_slope(activation, q)
    else:
        kept = (variance_of_output if by == "variance" else second_moment)(activation, q) / q
    if kept == 0:
        raise ValueError(
            f"at q = {q!r} {get_activation(activation).name} leaves nothing of what a gain would "
            "keep; allowed is an activation that is not constant there."
        )
    return 1 / math.sqrt(kept)


def length_map(
    activation: AnyActivation, q: float, n_var_w: float, bias_variance: float = 0.0
) -> float:
    """The next layer's variance of pre-activations, n Var(w) E[f(√q z)²] + Var(b).

    Raises ValueError for an argument that is negative or not finite. Source: Poole et al. 2016,
    whose σ_w² is n Var(w). Chapter 6.

    >>> length_map("relu", 3.0, n_var_w=2.0, bias_variance=0.5)
    3.5
    """
    check_number("n_var_w", n_var_w, least=0)
    check_number("bias_variance", bias_variance, least=0)
    return n_var_w * second_moment(activation, q) + bias_variance


def variance_map(
    activation: AnyActivation, q: float, n_var_w: float, bias_variance: float = 0.0
) -> float:
    """What the length map would be if each layer's mean were taken away, n Var(w) Var[f] + Var(b).

    It equals the length map for an odd f. For ReLU it does not, and without such centering it is
    wrong: the mean reaches the next layer too, in every unit by its own weights. Raises ValueError
    for an argument that is negative or not finite. Chapter 6.

    >>> round(variance_map("relu", 1.0, n_var_w=2.0), 4)
    0.6817
    """
    check_number("n_var_w", n_var_w, least=0)
    check_number("bias_variance", bias_variance, least=0)
    return n_var_w * variance_of_output(activation, q) + bias_variance


def susceptibility(activation: AnyActivation, q: float, n_var_w: float) -> float:
    """χ = n Var(w) E[f′(√q z)²]: the factor by which a layer multiplies a gradient's second moment.

    At a fixed point q* of the length map it is also the correlation map's slope at 1: two close
    inputs drift together where χ < 1 and apart where χ > 1. Raises ValueError for an argument that
    is negative or not finite. Source: Poole et al. 2016; Schoenholz et al. 2017. Chapter 6.

    >>> susceptibility("relu", 1.0, n_var_w=2.0)
    1.0
    """
    check_number("n_var_w", n_var_w, least=0)
    return n_var_w * second_moment_of_slope(activation, q)


def mean_field(
    activation: AnyActivation,
    n_var_w: float,
    depth: int,
    input_second_moment: float = 1.0,
    bias_variance: float = 0.0,
) -> Floats:
    """Second moment E[h_l²] of layers 1 … depth, as the layers grow wide.

    q_1 = n Var(w) E[x²] + Var(b);  E[h_l²] = E[f(√q_l z)²];  q_{l+1} = n Var(w) E[h_l²] + Var(b).

    Without biases it is exact at any width for the mean over draws under ReLU and its leaky kin;
    a limit otherwise. Returns an array of shape (depth,). Raises ValueError for a negative or
    unbounded size. Source: Poole et al. 2016. Chapters 2 and 6.

    >>> np.sqrt(mean_field("tanh", 1.0, depth=10))[[0, 4, 9]].round(4)
    array([0.6279, 0.3216, 0.2285])
    """
    check_count("depth", depth, least=0)
    check_number("n_var_w", n_var_w, least=0)
    check_number("input_second_moment", input_second_moment, least=0)
    check_number("bias_variance", bias_variance, least=0)
    act, moments = get_activation(activation), np.empty(depth)
    h2 = input_second_moment
    for layer in range(depth):
        moments[layer] = h2 = second_moment(act, n_var_w * h2 + bias_variance)
    return moments


LARGEST, SMALLEST = 1e10, 1e-10  # a fixed point is looked for between these


def fixed_point(activation: AnyActivation, n_var_w: float, bias_variance: float = 0.0) -> float:
    """q*: the stable fixed point of the length map that inputs of second moment 1 lead to.

    There n Var(w) E[f(√q z)²] + Var(b) crosses q from above to below. 0.0 where layers fade out for
    good (tanh with n Var(w) ≤ 1 and no biases).

    Raises ValueError where q grows without bound (ReLU with n Var(w) > 2, or 2 and biases), and
    where every q is fixed (ReLU with 2 and none). Source: Poole et al. 2016. Chapter 6.

    >>> round(fixed_point("tanh", n_var_w=1.5, bias_variance=0.05), 3)
    0.418
    >>> fixed_point("tanh", n_var_w=1.0)
    0.0
    """
    act = get_activation(activation)
    unbounded = ValueError(
        f"{act.name} with n_var_w = {n_var_w!r} and bias_variance = {bias_variance!r} makes q grow "
        f"without bound, or beyond {LARGEST:g}; allowed is a smaller n_var_w."
    )
    if act.negative_slope is not None:  # then the map is a line
        factor, offset = length_map(act, 1.0, n_var_w), length_map(act, 0.0, n_var_w, bias_variance)
        if abs(factor - 1) < 1e-12 and offset == 0:
            raise ValueError(
                f"{act.name} with n_var_w = {n_var_w!r} and no biases keeps every q as it is; "
                "allowed is another n_var_w."
            )
        if factor > 1 - 1e-12:
            raise unbounded
        return offset / (1 - factor)

    def growth(q: float) -> float:
        return length_map(act, q, n_var_w, bias_variance) - q

    q = first = n_var_w + bias_variance
    floor = min(SMALLEST, growth(0.0) / 2) or SMALLEST
    fades = growth(first) <= 0
    while floor < q < LARGEST * max(1.0, first):
        before, q = q, q / 2 if fades else q * 2
        if (growth(q) <= 0) != fades:
            return float(brentq(growth, before, q, xtol=1e-300, rtol=1e-14))
    if fades:
        return 0.0
    raise unbounded


def correlation_map(
    activation: AnyActivation,
    correlation: float,
    q: float,
    n_var_w: float,
    bias_variance: float = 0.0,
) -> float:
    """The next layer's correlation of two inputs whose pre-activations u, v have equal variance q.

    c′ = (n Var(w) E[f(u) f(v)] + Var(b)) / (n Var(w) E[f(u)²] + Var(b)),  Corr(u, v) = c.

    Var and Corr are over the draws of the weights. In closed form for ReLU and its leaky kin (the
    arc-cosine kernel of Cho & Saul 2009), a double integral otherwise; both good to 1e-12, and
    computed as 1 − c′, so that nothing cancels where c is close to 1.

    Raises ValueError for a correlation outside [−1, 1], a size that is negative or not finite, and
    where the next layer's pre-activations are all 0. Source: Poole et al. 2016. Chapter 6.

    >>> c = [0.0]
    >>> for _ in range(5):
    ...     c.append(correlation_map("relu", c[-1], q=1.0, n_var_w=2.0))
    >>> np.round(c, 3)
    array([0.   , 0.318, 0.494, 0.605, 0.681, 0.736])
    """
    check_number("correlation", correlation, least=-1, most=1)
    act = get_activation(activation)
    length = length_map(act, q, n_var_w, bias_variance)
    if length == 0:
        raise ValueError(
            f"{act.name} with q = {q!r}, n_var_w = {n_var_w!r} and no biases gives pre-activations "
            "that are all 0; allowed are arguments that give some a size."
        )
    if act.negative_slope is None:
        lost = half_squared_difference(act, q, correlation, act.kinks)
    else:  # f(z) = a z + (1 − a) max(z, 0)
        a, angle = act.negative_slope, math.acos(correlation)
        bend = (angle * correlation - math.sin(angle)) / math.pi
        lost = q / 2 * ((1 + a * a) * (1 - correlation) + (1 - a) ** 2 * bend)
    return max(-1.0, 1 - n_var_w * lost / length)
