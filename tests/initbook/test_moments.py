"""Moments against quadrature, gains and fixed points against published values."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_place import zero_below
from scipy.optimize import brentq

from initbook.activations import ACTIVATIONS, Activation, hard_tanh, leaky_relu, selu
from initbook.moments import (
    closed_form,
    correlation_map,
    expectation,
    fixed_point,
    gain,
    length_map,
    mean_field,
    mean_output,
    second_moment,
    second_moment_of_slope,
    susceptibility,
    variance_map,
    variance_of_output,
)

CLOSED = [a for a in ACTIVATIONS.values() if closed_form(a, 1.0)]


@pytest.mark.parametrize("q", [1e-5, 1e-4, 0.3, 1.0, 20.0, 500.0, 1e4])
@pytest.mark.parametrize("act", [*CLOSED, leaky_relu(-0.4)], ids=lambda a: a.name)
def test_closed_forms_match_quadrature(act, q):
    exact = closed_form(act, q)
    assert exact.mean == pytest.approx(expectation(act, q, act.kinks), rel=1e-9, abs=1e-14)
    second = expectation(lambda z: act(z) ** 2, q, act.kinks)
    slope = expectation(lambda z: act.slope(z) ** 2, q, act.kinks)
    assert (exact.second, exact.slope_second) == pytest.approx((second, slope), rel=1e-10, abs=0)


def test_which_have_a_closed_form():
    linear = {"identity", "relu", "leaky_relu", "prelu"}
    assert {a.name for a in CLOSED} == linear | {"hard_tanh", "elu", "selu", "gelu"}
    assert closed_form(Activation("elu", np.tanh, np.cos), 1.0) is None  # by identity, not by name


@pytest.mark.parametrize("name", ["elu", "selu", "gelu", "hard_tanh"])
def test_a_tiny_variance_does_not_cancel(name):
    """Near 0 each is a line on either side: E[f²] = q (f′(0⁺)² + f′(0⁻)²) / 2, and so at 1e-20."""
    right, left = ACTIVATIONS[name].slope(np.array([1e-12, -1e-12]))
    assert second_moment(name, 1e-20) / 1e-20 == pytest.approx(
        (right**2 + left**2) / 2, rel=1e-8, abs=0
    )


def test_means():
    for name in ("tanh", "softsign", "hard_tanh", "identity"):
        assert mean_output(name, 3.0) == pytest.approx(0, abs=1e-15)
    assert mean_output("sigmoid", 3.0) == pytest.approx(0.5, rel=1e-14, abs=0)
    assert mean_output("relu", 3.0) == pytest.approx(math.sqrt(3 / (2 * math.pi)), rel=1e-14, abs=0)


def test_a_small_variance_beside_a_large_mean_keeps_its_digits():
    assert variance_of_output("sigmoid", 1e-14) == pytest.approx(1e-14 / 16, rel=1e-8, abs=0)


def test_a_huge_variance_costs_no_more():
    """Several layers of identity or ReLU with large weights: q grows by the factor each time."""
    assert mean_field("identity", 500.0, 20)[-1] == pytest.approx(500.0**20)
    assert mean_field("relu", 500.0, 20)[-1] == pytest.approx(250.0**20)
    assert second_moment("tanh", 1e30) == pytest.approx(1)


def test_a_function_of_ones_own_has_the_moments_of_its_twin():
    own = Activation.from_function(lambda z: np.clip(z, -1, 1), kinks=(-1, 1))
    for q in (0.3, 1.0, 400.0):
        for moment in (second_moment, variance_of_output, second_moment_of_slope):
            assert moment(own, q) == pytest.approx(moment(hard_tanh, q), rel=1e-8, abs=0)
        assert second_moment_of_slope(np.tanh, q) == pytest.approx(
            second_moment_of_slope("tanh", q), rel=1e-9
        )


GAINS = {  # forward by second moment, forward by variance, backward, at q = 1
    "identity": (1, 1, 1),
    "relu": (1.4142, 1.7129, 1.4142),
    "tanh": (1.5925, 1.5925, 1.4674),
    "sigmoid": (1.846, 4.801, 4.723),
    "gelu": (1.5335, 1.7009, 1.4811),
    "silu": (1.6765, 1.7872, 1.6233),
    "mish": (1.4868, 1.5920, 1.4448),
    "elu": (1.2452, 1.2708, 1.2234),
    "selu": (1, 1, 0.9660),
    "softsign": (2.3375, 2.3375, 2.0958),
}


@pytest.mark.parametrize("name", GAINS)
def test_gains_have_their_known_values(name):
    found = gain(name), gain(name, by="variance"), gain(name, "backward")
    assert found == pytest.approx(GAINS[name], abs=1e-3)
    assert gain(name, "backward", by="variance") == found[2]


@pytest.mark.parametrize("q", [1.0, 2.5])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_gain_keeps_what_it_says(name, q):
    assert length_map(name, q, gain(name, q=q) ** 2) == pytest.approx(q)
    assert variance_map(name, q, gain(name, by="variance", q=q) ** 2) == pytest.approx(q)
    assert susceptibility(name, q, gain(name, "backward", q=q) ** 2) == pytest.approx(1)


def test_mean_field_is_a_power_where_the_map_is_linear():
    assert mean_field("identity", 0.5, 6) == pytest.approx(0.5 ** np.arange(1, 7))
    assert mean_field("relu", 1.0, 6) == pytest.approx(0.5 ** np.arange(1, 7))


def test_mean_field_of_tanh_has_the_known_values():
    """Rms at layers 1, 5, 10 for a width of 500 and a weight std of .02."""
    rms = np.sqrt(mean_field("tanh", 500 * 0.02**2, 10))[[0, 4, 9]]
    assert rms == pytest.approx([0.3836, 0.01482, 2.65e-4], rel=2e-3, abs=0)


def test_mean_field_walks_the_length_map_to_its_fixed_point():
    q = 1.7 * 0.4 + 0.1
    for h2 in mean_field("silu", 1.7, 5, input_second_moment=0.4, bias_variance=0.1):
        assert h2 == pytest.approx(second_moment("silu", q), rel=1e-12, abs=0)
        q = length_map("silu", q, 1.7, 0.1)
    deep = mean_field("silu", 1.7, 300, bias_variance=0.1)[-1]
    assert 1.7 * deep + 0.1 == pytest.approx(fixed_point("silu", 1.7, 0.1), rel=1e-9, abs=0)


@pytest.mark.parametrize(
    ("n_var_w", "q", "chi"),
    [(1.0, 0.194, 0.759), (1.5, 0.418, 0.939), (2.0, 0.722, 1.048), (4.0, 2.195, 1.342)],
)
def test_tanh_settles_where_poole_and_schoenholz_say(n_var_w, q, chi):
    found = fixed_point("tanh", n_var_w, 0.05)
    assert found == pytest.approx(q, abs=5e-4)
    assert length_map("tanh", found, n_var_w, 0.05) == pytest.approx(found, rel=1e-12, abs=0)
    assert susceptibility("tanh", found, n_var_w) == pytest.approx(chi, abs=5e-4)
    grown = length_map("tanh", found * 1.001, n_var_w, 0.05)
    assert grown < found * 1.001  # stable: from above it falls


@pytest.mark.parametrize(
    ("bias_variance", "critical"),
    [(0.001, 1.1892), (0.01, 1.4242), (0.05, 1.7610), (0.1, 1.9861), (0.2, 2.2852), (0.5, 2.8432)],
)
def test_tanh_is_critical_where_chi_is_one(bias_variance, critical):
    def excess(n_var_w):
        return susceptibility("tanh", fixed_point("tanh", n_var_w, bias_variance), n_var_w) - 1

    assert brentq(excess, 1.01, 4) == pytest.approx(critical, abs=1e-4)


def test_a_constant_has_no_variance_and_no_gain():
    for value in (1.0, 0.1, -7.3, 1e-20):
        constant = Activation.from_function(lambda z, value=value: np.full_like(z, value))
        for q in (0.01, 1.0, 300.0):
            assert variance_of_output(constant, q) == 0
            with pytest.raises(ValueError, match="leaves nothing of what a gain would keep"):
                gain(constant, by="variance", q=q)


def test_functions_with_jumps_write_into_their_input_or_take_single_numbers():
    for step in (np.sign, lambda z: np.where(z > 0, 1, -1), lambda z: math.copysign(1, z)):
        assert second_moment(step, 2.0) == pytest.approx(1, rel=1e-12)
        assert mean_field(step, 1.0, 3) == pytest.approx(1)
    assert second_moment(lambda z: z > 0.5, 1.0) == pytest.approx(math.erfc(0.125**0.5) / 2)
    assert second_moment(math.tanh, 1.0) == pytest.approx(second_moment("tanh", 1.0), rel=1e-12)
    for moment in (mean_output, second_moment, variance_of_output):
        assert moment(zero_below, 2.0) == pytest.approx(moment("relu", 2.0), rel=1e-8)
    assert gain(zero_below, "backward") == pytest.approx(2**0.5, rel=1e-3)  # its kink is not named
    named = Activation.from_function(zero_below, kinks=[0])
    assert gain(named, "backward") == pytest.approx(2**0.5, rel=1e-8)


def test_a_correlation_stays_within_its_bounds():
    for q in (0.3, 1.0, 5.0):
        c = -1.0
        for _ in range(3):
            c = correlation_map("tanh", c, q=q, n_var_w=1.0)
            assert -1 <= c <= -1 + 1e-12


def test_tanh_with_a_gain_of_five_thirds():
    """PyTorch's gain for tanh holds the activations, and lets the gradients grow."""
    q = fixed_point("tanh", 25 / 9)
    assert q == pytest.approx(1.1785, abs=1e-4)
    assert math.sqrt(second_moment("tanh", q)) == pytest.approx(0.6513, abs=1e-4)
    assert susceptibility("tanh", q, 25 / 9) == pytest.approx(1.2098, abs=1e-4)


def test_where_layers_fade_out():
    for n_var_w in (0.0, 0.5, 1.0):
        assert fixed_point("tanh", n_var_w) == 0.0
    assert fixed_point("tanh", 1 + 1e-4) == pytest.approx(0.5e-4, rel=1e-3, abs=0)
    assert fixed_point("gelu", 2.0) == 0.0
    assert fixed_point("tanh", 0.5, 1e-12) == pytest.approx(2e-12, rel=1e-9, abs=0)
    assert fixed_point("tanh", 0.0, 0.3) == 0.3


def test_fixed_points_of_other_maps():
    assert fixed_point("relu", 1.5) == 0.0
    assert fixed_point("relu", 1.5, 0.1) == pytest.approx(0.4)
    assert fixed_point("identity", 0.5, 0.1) == pytest.approx(0.2)
    assert fixed_point("selu", 1.0) == pytest.approx(1, rel=1e-9, abs=0)
    for name, n_var_w in [("sigmoid", 12.8), ("elu", 1.9), ("softplus", 1.0), ("cos", 5.0)]:
        act = np.cos if name == "cos" else name
        q = fixed_point(act, n_var_w)
        assert length_map(act, q, n_var_w) == pytest.approx(q, rel=1e-10, abs=0)


@pytest.mark.parametrize(
    ("name", "n_var_w", "bias_variance"),
    [("relu", 3.0, 0.0), ("relu", 2.0, 0.1), ("relu", 2.5, 0.1), ("gelu", 2.4, 0.0)]
    + [("softplus", 2.1, 0.0), ("identity", 1.0, 0.5)],
)
def test_growth_without_bound_is_said(name, n_var_w, bias_variance):
    with pytest.raises(ValueError, match=f"{name} with n_var_w = {n_var_w}.*grow without bound"):
        fixed_point(name, n_var_w, bias_variance)


@pytest.mark.parametrize(
    ("act", "n_var_w"),
    [("relu", 2.0), ("relu", gain("relu") ** 2), ("identity", 1), (leaky_relu(0.3), 2 / 1.09)],
)
def test_a_map_that_keeps_every_q_is_said(act, n_var_w):
    with pytest.raises(ValueError, match="keeps every q as it is; allowed is another n_var_w"):
        fixed_point(act, n_var_w)


def test_he_keeps_the_norm_but_not_the_angle():
    known = {1: 0.318, 2: 0.494, 5: 0.736, 10: 0.872, 20: 0.948, 30: 0.972, 50: 0.988, 100: 0.996}
    c = 0.0
    for layer in range(1, 101):
        c = correlation_map("relu", c, q=1.0, n_var_w=2.0)
        if layer in known:
            assert c == pytest.approx(known[layer], abs=5.01e-4)


@pytest.mark.parametrize("c", [-1.0, -0.7, 0.0, 0.4, 0.999, 1.0])
def test_both_ways_to_a_correlation_agree(c):
    """ReLU's closed form against the double integral on its own twin, with biases too."""
    for a in (0.0, 0.25, 1.0):
        act = leaky_relu(a)
        twin = Activation(act.name, act.f, act.slope, act.kinks)
        arguments = dict(q=2.0, n_var_w=1.3, bias_variance=0.2)
        both = [correlation_map(f, c, **arguments) for f in (act, twin)]
        assert both[0] == pytest.approx(both[1], abs=1e-12)


@pytest.mark.parametrize("act", ACTIVATIONS.values(), ids=lambda a: a.name)
def test_a_correlation_map_ends_where_it_must(act):
    assert correlation_map(act, 1.0, 1.3, 2.0, 0.1) == 1.0
    if act.name in ("tanh", "softsign", "hard_tanh", "identity"):
        assert correlation_map(act, -1.0, 1.3, 2.0) == pytest.approx(-1, abs=1e-12)
        assert correlation_map(act, 0.0, 1.3, 2.0) == pytest.approx(0, abs=1e-12)
    unrelated = 2.0 * mean_output(act, 1.3) ** 2 + 0.1
    known = unrelated / length_map(act, 1.3, 2.0, 0.1)
    assert correlation_map(act, 0.0, 1.3, 2.0, 0.1) == pytest.approx(known, abs=1e-12)


@pytest.mark.parametrize(
    ("act", "n_var_w", "bias_variance"),
    [("tanh", 1.0, 0.05), ("tanh", 4.0, 0.05), ("sigmoid", 12.8, 0.0), (selu, 1.0, 0.0)],
)
def test_the_slope_of_the_correlation_map_at_one_is_chi(act, n_var_w, bias_variance):
    """At q*. The error is O(δ), but O(√δ) where f′ jumps, as SELU's does."""
    q, near = fixed_point(act, n_var_w, bias_variance), 1e-8
    slope = (1 - correlation_map(act, 1 - near, q, n_var_w, bias_variance)) / near
    assert slope == pytest.approx(
        susceptibility(act, q, n_var_w), rel=2e-4 if act is selu else 1e-6
    )


sizes = st.floats(1e-4, 1e4)
names = st.sampled_from(list(ACTIVATIONS))


@settings(deadline=None, max_examples=40)
@given(name=names, q=sizes, n_var_w=sizes, c=st.floats(-1, 1))
def test_what_holds_for_every_activation(name, q, n_var_w, c):
    assert mean_output(name, q) ** 2 <= second_moment(name, q) * (1 + 1e-12)
    gap = second_moment(name, q) - mean_output(name, q) ** 2
    assert variance_of_output(name, q) == pytest.approx(gap, rel=1e-6, abs=1e-12 * q)
    new = correlation_map(name, c, q, n_var_w)
    assert -1 - 1e-12 <= new <= 1
    assert new == pytest.approx(correlation_map(name, c, q, 2 * n_var_w), abs=1e-12)


@settings(deadline=None)
@given(a=st.floats(-2, 2), q=sizes, scale=sizes)
def test_moments_of_a_homogeneous_activation_scale_with_q(a, q, scale):
    act = leaky_relu(a)
    assert second_moment(act, scale * q) == pytest.approx(scale * second_moment(act, q))
    assert second_moment_of_slope(act, scale * q) == second_moment_of_slope(act, q)
    assert gain(act, q=q) == pytest.approx(gain(act, "backward"))


BAD = [
    (lambda: second_moment("rely", 1.0), "activation is 'rely'; allowed are 'identity'"),
    (lambda: second_moment("tanh", np.nan), "q is nan; allowed is a finite number of at least 0"),
    (lambda: second_moment("relu", -1.0), "q is -1.0; allowed"),
    (lambda: mean_output("relu", "1"), "q is '1'; allowed"),
    (lambda: second_moment(np.sum, 1.0), r"sum returned shape \(\) for an input of shape \(.*own"),
    (lambda: gain("relu", "sideways"), "direction is 'sideways'; allowed are 'forward', 'backw"),
    (lambda: gain("relu", by="std"), "by is 'std'; allowed are 'second_moment', 'variance'"),
    (lambda: gain(np.zeros_like), "zeros_like leaves nothing.*allowed is an activation"),
    (lambda: gain("tanh", q=0.0), "q is 0.0; allowed is a finite number above 0"),
    (lambda: length_map("tanh", 1.0, -2.0), "n_var_w is -2.0; allowed"),
    (lambda: variance_map("tanh", 1.0, 1.0, np.inf), "bias_variance is inf; allowed"),
    (lambda: susceptibility("tanh", 1.0, np.nan), "n_var_w is nan; allowed"),
    (lambda: fixed_point("relu", 1.0, -0.1), "bias_variance is -0.1; allowed"),
    (lambda: mean_field("tanh", 1.0, -3), "depth is -3; allowed is a whole number of at least 0"),
    (lambda: mean_field("tanh", 1.0, 2.5), "depth is 2.5; allowed"),
    (lambda: mean_field("tanh", 1.0, depth=True), "depth is True; allowed"),
    (lambda: correlation_map("tanh", True, 1.0, 1.0), "correlation is True; allowed"),
    (lambda: second_moment(leaky_relu, 1.0), "leaky_relu is not called; allowed"),
    (lambda: mean_field("tanh", 1.0, 3, np.nan), "input_second_moment is nan; allowed"),
    (lambda: correlation_map("tanh", 1.1, 1.0, 1.0), "correlation is 1.1; allowed is a number fr"),
    (lambda: correlation_map("tanh", np.nan, 1.0, 1.0), "correlation is nan; allowed"),
    (lambda: correlation_map("tanh", 0.5, 0.0, 1.0), "tanh with q = 0.0.*all 0; allowed"),
]


@pytest.mark.parametrize(("call", "sentence"), BAD, ids=lambda b: b if isinstance(b, str) else "")
def test_bad_input_is_told_what_is_allowed(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
