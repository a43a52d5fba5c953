"""Integrals against closed forms, and the mean-field map against known values and simulation."""

import numpy as np
import pytest
from scipy import integrate

from initbook.activations import ACTIVATIONS, get_activation
from initbook.moments import (
    expectation,
    mean_field,
    mean_output,
    second_moment,
    second_moment_of_slope,
)


@pytest.mark.parametrize("q", [1e-4, 0.3, 1.0, 50.0, 500.0, 1e4])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_second_moments_match_adaptive_quadrature(name, q):
    act = get_activation(name)
    for moment, g in [(second_moment, act.f), (second_moment_of_slope, act.slope)]:

        def integrand(z, g=g):
            return float(g(np.array([np.sqrt(q) * z]))[0] ** 2) * np.exp(-z * z / 2)

        points = sorted({0.0, *(s / np.sqrt(q) for s in (-4, -1, 1, 4) if s * s < 60 * q)})
        exact = integrate.quad(
            integrand, -9, 9, points=points, limit=400, epsabs=1e-14, epsrel=1e-13
        )[0] / np.sqrt(2 * np.pi)
        assert moment(name, q) == pytest.approx(exact, rel=1e-8)


def test_closed_forms_of_relu():
    assert second_moment("relu", 3.0) == pytest.approx(1.5, rel=1e-12)
    assert mean_output("relu", 3.0) == pytest.approx(np.sqrt(3 / (2 * np.pi)), rel=1e-12)
    assert second_moment_of_slope("relu", 3.0) == pytest.approx(0.5, rel=1e-12)


def test_a_huge_variance_costs_no_more():
    """Several layers of identity or ReLU with large weights: q grows by the factor each time."""
    assert mean_field("identity", 500.0, 20)[-1] == pytest.approx(500.0**20)
    assert mean_field("relu", 500.0, 20)[-1] == pytest.approx(250.0**20)
    assert second_moment("tanh", 1e30) == pytest.approx(1)


def test_mean_field_is_a_power_where_the_map_is_linear():
    assert mean_field("identity", 0.5, 6) == pytest.approx(0.5 ** np.arange(1, 7))
    assert mean_field("relu", 1.0, 6) == pytest.approx(0.5 ** np.arange(1, 7))


def test_mean_field_of_tanh_has_the_known_values():
    """Rms at layers 1, 5, 10 for a width of 500 and a weight std of .02."""
    rms = np.sqrt(mean_field("tanh", 500 * 0.02**2, 10))[[0, 4, 9]]
    assert rms == pytest.approx([0.3836, 0.01482, 2.65e-4], rel=2e-3)


def test_a_variance_must_be_a_size():
    with pytest.raises(ValueError, match="q is -1.0; allowed"):
        expectation(np.tanh, -1.0)
