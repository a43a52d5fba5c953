"""Each activation against torch and its own differences, at ordinary and at huge arguments."""

import copy
import math
import pickle
import warnings

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from in_place import slope_of_zero_below, zero_below
from in_torch import IN_TORCH

from initbook.activations import (
    ACTIVATIONS,
    Activation,
    get_activation,
    leaky_relu,
    numerical_slope,
    relu,
)
from initbook.moments import closed_form

ORDINARY = np.concatenate([np.linspace(-60, 60, 1201), [-1e-7, 1e-7, 0.5, -0.7517915]])


def at(f, z, dtype=np.float64):
    """f(z), where any warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return f(np.atleast_1d(np.asarray(z, dtype)))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_values_and_slopes_are_those_of_torch(name):
    act, z = ACTIVATIONS[name], torch.tensor(ORDINARY, requires_grad=True)
    values = IN_TORCH[name](z)
    values.sum().backward()
    np.testing.assert_allclose(act(ORDINARY), values.detach().numpy(), rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(act.slope(ORDINARY), z.grad.numpy(), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("act", [*ACTIVATIONS.values(), leaky_relu(-0.3)], ids=lambda a: a.name)
def test_slopes_are_what_small_steps_say(act):
    z = np.array([-7.0, -2.2, -0.76, -0.3, 0.11, 0.9, 1.7, 6.0])
    step = 1e-5
    differences = (act(z + step) - act(z - step)) / (2 * step)
    np.testing.assert_allclose(act.slope(z), differences, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("act", ACTIVATIONS.values(), ids=lambda a: a.name)
def test_huge_arguments_reach_the_limits_without_a_warning(act, dtype):
    """Far out every one of them is a line: what it is at ±10⁶ it is at a quarter of the largest."""
    huge = float(np.finfo(dtype).max) / 4
    for z in (-huge, -1e19, 1e19, huge):
        far = np.sign(z) * 1e6
        slope, value = at(act.slope, z, dtype), at(act, z, dtype)
        np.testing.assert_allclose(slope, at(act.slope, far), rtol=1e-6, atol=2e-12)
        np.testing.assert_allclose(value, at(act, far) + slope * (z - far), rtol=2e-6)
    assert at(act, np.linspace(-9, 9, 5), dtype).dtype == dtype
    assert at(act.slope, np.linspace(-9, 9, 5), dtype).dtype == dtype


DEFINITIONS = {
    "tanh": mpmath.tanh,
    "sigmoid": lambda z: 1 / (1 + mpmath.exp(-z)),
    "softplus": lambda z: mpmath.log(1 + mpmath.exp(z)),
    "elu": lambda z: z if z > 0 else mpmath.exp(z) - 1,
    "gelu": lambda z: z * mpmath.ncdf(z),
    "gelu_tanh": lambda z: (
        z / 2 * (1 + mpmath.tanh(mpmath.sqrt(2 / mpmath.pi) * (z + z**3 * 44715 / 10**6)))
    ),
    "silu": lambda z: z / (1 + mpmath.exp(-z)),
    "mish": lambda z: z * mpmath.tanh(mpmath.log(1 + mpmath.exp(z))),
}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_tails_keep_their_digits(name):
    """Where 1 + tanh or 1 − tanh² would cancel: each is good to 1e-12 of its own small value."""
    act, definition = ACTIVATIONS[name], DEFINITIONS[name]
    with mpmath.workdps(900):  # enough for the 1 + tanh of gelu_tanh at −30
        for z in [-30.0, -8.5, -3.0, -1e-9, 1e-9, 3.0, 8.5, 30.0]:
            value, slope = definition(mpmath.mpf(z)), mpmath.diff(definition, z)
            assert at(act, z)[0] == pytest.approx(float(value), rel=1e-12, abs=1e-300)
            assert at(act.slope, z)[0] == pytest.approx(float(slope), rel=1e-12, abs=1e-300)


@settings(deadline=None)
@given(
    name=st.sampled_from(list(ACTIVATIONS)),
    z=hnp.arrays(
        st.sampled_from([np.float32, np.float64]),
        hnp.array_shapes(max_dims=3, min_side=0),
        elements=st.floats(-(2.0**100), 2.0**100, width=32),
    ),
)
def test_shape_and_dtype_are_kept_and_nan_stays_nan(name, z):
    act = ACTIVATIONS[name]
    for f in (act, act.slope, numerical_slope(act.f, act.kinks)):
        value = at(f, z, z.dtype)
        assert (value.shape, value.dtype) == (z.shape, z.dtype)
        assert np.isfinite(value).all()
    assert np.isnan(act(np.array([np.nan]))).all()


def test_float32_is_float64_rounded():
    z = np.linspace(-12, 12, 997).astype(np.float32)
    for act in ACTIVATIONS.values():
        for f in (act, act.slope):
            np.testing.assert_allclose(f(z), f(z.astype(np.float64)), rtol=2e-6, atol=4e-7)


def test_a_function_of_ones_own():
    z = np.array([-40.0, -1.0, 0.3, 2.0, 1e6])
    sine = Activation.from_function(np.sin)
    assert sine.name == "sin"
    assert (sine(z) == np.sin(z)).all()
    np.testing.assert_allclose(sine.slope(z[:4]), np.cos(z[:4]), atol=1e-11)
    cube = get_activation(lambda z: z**3)
    np.testing.assert_allclose(cube.slope(z), 3 * z**2, rtol=1e-11)
    given_slope = Activation.from_function(np.sin, slope=np.cos, kinks=[2])
    assert (given_slope.slope(z) == np.cos(z)).all()
    assert given_slope.kinks == (2.0,)


def test_a_numerical_slope_does_not_reach_across_a_kink():
    near = np.array([-1e-4, -1e-7, 1e-7, 1e-4])
    bent = Activation.from_function(relu.f, kinks=(0,))
    np.testing.assert_allclose(bent.slope(near), relu.slope(near), atol=1e-8)
    assert not np.allclose(Activation.from_function(relu.f).slope(near), relu.slope(near))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "own",
    [
        zero_below,
        lambda z: np.maximum(z, 0, out=z),
        math.tanh,
        lambda z: z if z > 0 else 0,
        lambda z: z > 0,
        np.vectorize(math.tanh),
    ],
)
def test_a_function_of_ones_own_may_write_into_its_input_or_take_single_numbers(own, dtype):
    act = get_activation(own)
    for z in (np.array([[-2.0, 0.5, 3.0]]), np.array([0.5]), np.array(0.5), np.zeros((0, 2))):
        z = z.astype(dtype)
        before = z.copy()
        value = act(z)
        assert (z == before).all() and (value.shape, value.dtype) == (z.shape, z.dtype)
        act.slope(z)
        assert (z == before).all()
    twin = {"tanh": np.tanh, "<lambda>": None}.get(getattr(own, "__name__", "tanh"), relu)
    assert twin is None or np.allclose(act(np.array([-2.0, 0.5])), twin(np.array([-2.0, 0.5])))
    own_slope = Activation("own", zero_below, slope_of_zero_below)
    z = np.array([-2.0, 3.0])
    assert own_slope.slope(z).tolist() == [0, 1] and z.tolist() == [-2, 3]


def test_lists_and_whole_numbers_are_taken_as_arrays():
    for act in ACTIVATIONS.values():
        for f in (act, act.slope):
            np.testing.assert_allclose(f([-1, 2]), f(np.array([-1.0, 2.0])), rtol=1e-12)
    assert relu([-1.0, 2.0]).tolist() == [0, 2]


@pytest.mark.parametrize(
    "act",
    [*ACTIVATIONS.values(), leaky_relu(0.1), Activation.from_function(zero_below, kinks=[0])],
    ids=lambda a: a.name,
)
def test_an_activation_is_the_same_after_a_journey(act):
    z = np.linspace(-3, 3, 13)
    for other in (pickle.loads(pickle.dumps(act)), copy.deepcopy(act)):
        assert (
            other == act
            and hash(other) == hash(act)
            and closed_form(other, 1.0) == closed_form(act, 1.0)
        )
        assert (other(z) == act(z)).all() and (other.slope(z) == act.slope(z)).all()
    assert act != leaky_relu(0.2)


def test_the_steepest_slope_is_found_wherever_it_is():
    known = {"identity": 1, "relu": 1, "prelu": 1, "tanh": 1, "hard_tanh": 1, "sigmoid": 0.25,
             "softplus": 1, "softsign": 1, "elu": 1, "selu": 1.7580993408, "gelu": 1.1289041,
             "silu": 1.0998393, "mish": 1.0884981}  # fmt: skip
    for name, steepest in known.items():
        assert ACTIVATIONS[name].steepest == pytest.approx(steepest, rel=1e-7)
    assert leaky_relu(-3).steepest == 3
    for own, steepest in [
        (lambda z: np.tanh(z - 50), 1), (lambda z: np.tanh(30 * (z - 0.0333)), 30),
        (lambda z: np.sin(z / 300), 1 / 300), (lambda z: 0 * z, 0),
        (lambda z: z**3, np.inf), (np.exp, np.inf), (lambda z: np.sqrt(1 + z * z), 1),
    ]:  # fmt: skip
        with np.errstate(all="ignore"):
            assert get_activation(own).steepest == pytest.approx(steepest, rel=1e-4)


def test_named_ones_and_activations_are_found():
    assert get_activation(relu) is relu is get_activation("relu")
    assert leaky_relu(0.2).negative_slope == 0.2
    assert ACTIVATIONS["leaky_relu"].negative_slope == 0.01
    assert ACTIVATIONS["prelu"].negative_slope == 0.25


@pytest.mark.parametrize("activation", ["rely", 3, None, ["relu"], torch.nn.ReLU])
def test_anything_else_is_refused(activation):
    with pytest.raises(ValueError, match=r"^activation is .*allowed are 'identity'") as refused:
        get_activation(activation)
    assert repr(activation) in str(refused.value)


@pytest.mark.parametrize("slope", [np.nan, np.inf, "steep", np.zeros(2)])
def test_a_leaky_slope_is_a_number(slope):
    with pytest.raises(ValueError, match="negative_slope is .*allowed is a finite number"):
        leaky_relu(slope)


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        (leaky_relu, r"leaky_relu is not called; allowed is what it returns"),
        (torch.tanh, r"tanh takes neither an array nor a single number \(.*must be Tensor"),
        (lambda z: z + 1j, "returned complex128; allowed are real numbers"),
        (lambda z: np.array(["a"] * z.size), "returned <U1; allowed are real numbers"),
    ],
)
def test_what_is_no_elementwise_function_is_said(own, sentence):
    with pytest.raises(ValueError, match=sentence):
        get_activation(own)(np.zeros(3))


@pytest.mark.parametrize("kink", [np.nan, "0", None])
def test_a_kink_is_a_number(kink):
    with pytest.raises(ValueError, match="a kink is .*; allowed is a finite number"):
        Activation.from_function(np.tanh, kinks=[kink])


@pytest.mark.parametrize("f", [np.sum, lambda z: 1.0, lambda z: z[:, None]])
def test_a_function_that_changes_the_shape_is_refused(f):
    with pytest.raises(ValueError, match=r"returned shape \(.*an input of shape \(3,\); allowed"):
        get_activation(f)(np.zeros(3))
