"""Quadrature against scipy's adaptive rule, closed forms, and a Hermite series."""

import math

import numpy as np
import pytest
from scipy import integrate
from scipy.special import erf

from initbook.activations import ACTIVATIONS, Activation, leaky_relu, relu
from initbook.gaussian import expectation, half_squared_difference

QS = [1e-4, 0.3, 1.0, 50.0, 500.0, 1e4]


def adaptive(g, q, kinks):
    """E[g(√q z)] by scipy's quad, told where the Gaussian and g turn."""
    root = math.sqrt(q)

    def integrand(z):
        return float(g(np.array([root * z]))[0]) * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    points = sorted({s / root for s in (-4, -1, 0, 1, 4, *kinks) if abs(s) < 8 * root})
    return integrate.quad(integrand, -9, 9, points=points, limit=400, epsabs=1e-14, epsrel=1e-13)[0]


@pytest.mark.filterwarnings("ignore::scipy.integrate.IntegrationWarning")  # odd: exactly 0
@pytest.mark.parametrize("q", QS)
@pytest.mark.parametrize("act", ACTIVATIONS.values(), ids=lambda a: a.name)
def test_expectations_match_adaptive_quadrature(act, q):
    moments = [act, lambda z: act(z) ** 2, lambda z: act.slope(z) ** 2]
    rms = math.sqrt(adaptive(moments[1], q, act.kinks))
    for g in moments:
        known = adaptive(g, q, act.kinks)
        assert expectation(g, q, act.kinks) == pytest.approx(known, rel=1e-11, abs=1e-15 * rms)


@pytest.mark.parametrize("q", [1e-12, 1e-4, 0.3, 7.0, 500.0, 1e4])
def test_expectations_of_known_functions(q):
    """A polynomial, an oscillation, an error function, a jump: E in closed form."""
    assert expectation(lambda z: z**4, q) == pytest.approx(3 * q**2, rel=1e-12, abs=0)
    sine = -math.expm1(-2 * q) / 2
    assert expectation(lambda z: np.sin(z) ** 2, q) == pytest.approx(sine, rel=1e-10, abs=0)
    known = 2 / math.pi * math.asin(2 * q / (1 + 2 * q))
    assert expectation(lambda z: erf(z) ** 2, q) == pytest.approx(known, rel=1e-12, abs=0)
    jump = 0.3 * math.sqrt(q)
    above = math.erfc(0.3 / math.sqrt(2)) / 2
    found = expectation(lambda z: (z > jump) * 1.0, q, (jump,))
    assert found == pytest.approx(above, rel=1e-12, abs=0)


@pytest.mark.parametrize("q", [0.3, 1.0, 50.0, 1e4])
def test_kinks_and_jumps_that_are_not_named_are_found(q):
    """A staircase of unit steps has E[f²] = Σ (2k − 1) P(|√q z| > k − ½)."""
    found = expectation(lambda z: np.maximum(z, 0), q)
    assert found == pytest.approx(math.sqrt(q / (2 * math.pi)), rel=1e-9, abs=0)
    for place in (0.0, 0.3, 1.7):
        above = math.erfc(place / math.sqrt(2 * q)) / 2
        found = expectation(lambda z, place=place: z > place, q)
        assert found == pytest.approx(above, rel=1e-12, abs=0)
    assert expectation(lambda z: np.where(z > 0.3, 1, -1) ** 2, q, (0.5,)) == pytest.approx(1)
    assert expectation(lambda z: z > 0.3, q, (0.5,)) == pytest.approx(
        math.erfc(0.3 / math.sqrt(2 * q)) / 2, rel=1e-12
    )
    steps = np.arange(1, 1000)
    stairs = np.sum((2 * steps - 1) * [math.erfc(k / math.sqrt(2 * q)) for k in steps - 0.5])
    assert expectation(lambda z: np.round(z) ** 2, q) == pytest.approx(stairs, rel=1e-9, abs=0)


@pytest.mark.parametrize("c", [-0.9, 0.0, 0.3, 0.99])
def test_a_double_integral_finds_kinks_and_jumps_too(c):
    for own in (lambda z: np.where(z > 0.3, 1.0, -1.0), lambda z: np.maximum(z - 0.3, 0)):
        named = lost(own, 1.0, c, (0.3,))
        assert lost(own, 1.0, c) == pytest.approx(named, rel=1e-8, abs=0)
        assert lost(own, 1.0, c, (-2.0,)) == pytest.approx(named, rel=1e-8, abs=0)
    with pytest.warns(UserWarning, match="bends or jumps in .* places that are not named"):
        lost(lambda z: np.round(20 * z), 1.0, c)


def test_thousands_of_jumps_are_said():
    with pytest.warns(UserWarning, match="at q = 1.0 did not settle: 1.0000.* may be off by"):
        found = expectation(lambda z: (np.round(1000 * z) / 1000) ** 2, 1.0)
    assert found == pytest.approx(1, abs=1e-4)


def test_functions_of_single_numbers_and_those_that_write_into_their_input():
    def positive(z):
        z[z < 0] = 0
        return z

    assert expectation(math.tanh, 1.0) == pytest.approx(0, abs=1e-15)
    assert expectation(lambda z: math.tanh(z) ** 2, 1.0) == expectation(
        lambda z: np.tanh(z) ** 2, 1.0
    )
    assert expectation(positive, 1.0) == pytest.approx(1 / math.sqrt(2 * math.pi), rel=1e-12)
    assert lost(positive, 2.0, -0.3) == pytest.approx(lost(relu, 2.0, -0.3), rel=1e-15)
    assert lost(math.tanh, 2.0, 0.3) == pytest.approx(lost(np.tanh, 2.0, 0.3), rel=1e-14)


def test_no_variance_leaves_the_value_at_zero():
    assert expectation(np.cos, 0.0) == pytest.approx(1, rel=1e-15, abs=0)
    assert expectation(np.cos, 0.0, kinks=(1.0,)) == pytest.approx(1, rel=1e-15, abs=0)


def lost(f, q, c, kinks=()):
    return half_squared_difference(f, q, c, kinks)


NEAR_AND_FAR = [-1.0, -0.99, -0.3, 0.0, 0.5, 0.99, 1 - 1e-6]


@pytest.mark.parametrize("q", QS)
@pytest.mark.parametrize("c", NEAR_AND_FAR)
def test_the_double_integral_has_the_known_closed_forms(q, c):
    """The error function's (Williams 1997), and the arc-cosine kernel of ReLU and its kin."""
    known = 2 / math.pi * (math.asin(2 * q / (1 + 2 * q)) - math.asin(2 * q * c / (1 + 2 * q)))
    assert lost(erf, q, c) == pytest.approx(known, rel=1e-9, abs=0)
    angle = math.acos(c)
    for a in (0.0, 0.3, -0.5):
        kernel = (math.sin(angle) + (math.pi - angle) * c) / math.pi
        known = q / 2 * ((1 + a * a) - 2 * a * c - (1 - a) ** 2 * kernel)
        assert lost(leaky_relu(a), q, c, (0.0,)) == pytest.approx(known, rel=1e-8, abs=0)


UNEVEN = Activation.from_function(lambda z: np.clip(z, -0.7, 0.6), kinks=(-0.7, 0.6))


@pytest.mark.parametrize("q", [0.1, 1.7, 30.0])
@pytest.mark.parametrize("act", [*ACTIVATIONS.values(), UNEVEN], ids=lambda a: a.name)
def test_the_double_integral_is_its_hermite_series(act, q):
    """E[f(u) f(v)] = Σ a_k² c^k with a_k = E[f(√q z) He_k(z)] / √k!: single integrals only."""
    z, weights = np.polynomial.legendre.leggauss(400)
    edges = np.unique(np.clip([-9, 0, 9, *np.divide(act.kinks, math.sqrt(q))], -9, 9))
    half, middle = np.diff(edges)[:, None] / 2, (edges[1:] + edges[:-1])[:, None] / 2
    z, weights = (middle + half * z).ravel(), (half * weights).ravel()
    weighted = act(math.sqrt(q) * z) * weights * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    before, polynomial, squares = np.zeros_like(z), np.ones_like(z), []
    for k in range(70):
        squares.append((weighted @ polynomial) ** 2)
        before, polynomial = (
            polynomial,
            (z * polynomial - math.sqrt(k) * before) / math.sqrt(k + 1),
        )
    second = weighted @ act(math.sqrt(q) * z)
    for c in (-0.6, 0.2, 0.6):
        series = np.polynomial.polynomial.polyval(c, squares)
        assert lost(act, q, c, act.kinks) == pytest.approx(second - series, abs=1e-11 * second)


def test_equal_inputs_stay_equal():
    assert lost(np.tanh, 3.0, 1.0) == 0
    assert lost(np.tanh, 0.0, 0.5) == 0


@pytest.mark.parametrize("q", [-1.0, np.nan, np.inf, "1", None, True])
def test_a_variance_must_be_a_size(q):
    for ask in (expectation, lambda f, q: lost(f, q, 0.5)):
        with pytest.raises(ValueError, match="^q is .*; allowed is a finite number of at least 0"):
            ask(np.tanh, q)


@pytest.mark.parametrize("correlation", [2, -1.1, np.nan, True])
def test_a_correlation_lies_between_minus_one_and_one(correlation):
    with pytest.raises(ValueError, match="^correlation is .*; allowed is a number from -1 to 1"):
        lost(np.tanh, 1.0, correlation)


def test_what_has_no_expectation_is_refused():
    with pytest.raises(ValueError, match=r"returned shape \(\) for an input of shape"):
        expectation(lambda z: 1.0, 1.0)
    with pytest.raises(ValueError, match="the expectation at q = 2.0 is nan; allowed is a finite"):
        expectation(lambda z: z * np.nan, 2.0)
