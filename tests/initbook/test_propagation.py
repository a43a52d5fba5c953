"""Layers and gradients against autograd, and what every stack obeys."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_place import slope_of_zero_below, zero_below
from in_torch import autograd, plain_stack

from initbook.activations import ACTIVATIONS, Activation
from initbook.fans import Fans
from initbook.initializers import he_normal, lecun_normal, normal
from initbook.propagation import (
    backward,
    batch_normalize,
    batch_normalize_backward,
    draw_weights,
    forward,
    layers_of,
)

PROFILE = [30, 20, 25, 15]


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_backward_agrees_with_autograd(name, batch_norm):
    X, weights, biases, top = plain_stack(0, lecun_normal(), PROFILE, 9, normal(0.5))
    expected, *gradients = autograd(X, weights, biases, top, name, batch_norm)
    options = {"biases": biases, "batch_norm": batch_norm}
    layers = forward(X, weights, name, **options)
    deltas, on_weights = backward(X, weights, name, top, **options)
    on_biases = [delta.sum(axis=0) for delta in deltas]
    found = [layers, deltas, on_weights, on_biases]
    for ours, theirs in zip(sum(found, []), sum([expected, *gradients], []), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


def test_a_start_that_draws_more_leaves_the_next_layers_numbers_alone():
    def wasteful(rng, shape):
        rng.standard_normal(7)
        return 2 * lecun_normal()(rng, shape)

    found = list(draw_weights(wasteful, [5, 4, 3], np.random.default_rng(0)))
    plain = list(draw_weights(lecun_normal(), [5, 4, 3], np.random.default_rng(0)))
    assert not np.allclose(found[0], 2 * plain[0])  # within a layer the draws do shift
    burned = np.random.default_rng(0).spawn(2)[1]
    burned.standard_normal(7)
    np.testing.assert_allclose(found[1], 2 * lecun_normal()(burned, (4, 3)))


def test_each_layer_is_drawn_with_its_fans():
    given = []

    def watch(rng, shape, fans):
        given.append((shape, fans))
        return np.zeros(shape)

    list(draw_weights(watch, iter([5, 4, 3]), np.random.default_rng(0)))
    assert given == [((5, 4), Fans(5, 4)), ((4, 3), Fans(4, 3))]


def test_weights_and_biases_are_read_once_from_a_generator():
    X, weights, biases, top = plain_stack(0, lecun_normal(), PROFILE, 9, normal(0.5))
    expected = backward(X, weights, "tanh", top, biases=biases)
    found = backward(X, iter(weights), "tanh", top, biases=iter(biases))
    for ours, theirs in zip(sum(found, []), sum(expected, []), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    X = [[1, 2], [3, 4]]
    ((z, h),) = layers_of(X, [-np.eye(2)], "relu")
    assert (z == -np.array(X)).all() and (h == 0).all()


def test_a_function_that_writes_into_its_input_has_the_slopes_of_its_twin():
    """Of ReLU, where no |z| lies within the reach of the differences, 0.0015."""
    X, weights, _, top = plain_stack(3, he_normal(), [6, 5, 4], 7, normal(0))
    assert min(abs(z).min() for z, _ in layers_of(X, weights, "relu")) > 2e-3
    expected = forward(X, weights, "relu"), *backward(X, weights, "relu", top)
    before = X.copy()
    for own in (zero_below, Activation("own", zero_below, slope_of_zero_below)):
        found = forward(X, weights, own), *backward(X, weights, own, top)
        for ours, theirs in zip(sum(found, []), sum(expected, []), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)
    assert (before == X).all()


def test_batch_normalization_centers_and_scales_each_unit():
    z = np.random.default_rng(0).standard_normal((50, 3)) * [1, 10, 100] + [0, 5, -50]
    normalized = batch_normalize(z, epsilon=0)
    np.testing.assert_allclose(normalized.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(normalized.var(axis=0), 1)


def small_stack(seed):
    X, weights, _, top = plain_stack(seed, he_normal(), [6, 5, 4], 7, normal(0))
    return X, weights, top


@given(st.integers(0, 2**32), st.floats(0.01, 100))
def test_weights_c_times_as_large_make_layer_l_of_a_relu_stack_c_to_the_l(seed, c):
    X, weights, _ = small_stack(seed)
    layers, scaled = (forward(X, [k * W for W in weights], "relu") for k in (1, c))
    for number, (ours, theirs) in enumerate(zip(scaled, layers, strict=True), start=1):
        np.testing.assert_allclose(ours, c**number * theirs, rtol=1e-12, atol=1e-14 * c**number)


@given(st.integers(0, 2**32), st.permutations(range(7)), st.booleans())
def test_the_order_of_a_batch_does_not_matter(seed, order, batch_norm):
    X, weights, top = small_stack(seed)
    norm = {"batch_norm": batch_norm}
    layers, shuffled = (forward(x, weights, "tanh", **norm) for x in (X, X[order]))
    np.testing.assert_allclose(shuffled[-1], layers[-1][order], atol=1e-12)
    _, expected = backward(X, weights, "tanh", top, **norm)
    _, gradients = backward(X[order], weights, "tanh", top[order], **norm)
    np.testing.assert_allclose(gradients[0], expected[0], atol=1e-10)


@given(st.integers(0, 2**32))
def test_a_linear_stack_sends_back_the_product_of_its_weights(seed):
    X, weights, top = small_stack(seed)
    _, gradients = backward(X, weights, "identity", top)
    np.testing.assert_allclose(gradients[0], X.T @ top @ weights[1].T, atol=1e-12)


X, W = np.ones((4, 5)), np.ones((5, 3))
RNG = np.random.default_rng(0)
total = Activation("total", np.sum, np.ones_like)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: forward(X, [W, W], "relu"), r"shape \(5, 3\) met a signal of shape \(4, 3\)"),
        (lambda: forward(X, [W[0]], "relu"), r"weight of shape \(3,\)"),
        (lambda: forward(X[0], [W], "relu"), r"X is of shape \(5,\); allowed is a batch"),
        (lambda: forward(np.where(X, np.nan, X), [W], "relu"), "X is nan at row 0, column 0;"),
        (lambda: forward(X, [W], "rely"), "activation is 'rely'; allowed are"),
        (lambda: forward(X, [W], "relu", biases=[]), "0 biases met 1 weights; allowed is one"),
        (lambda: forward(X, [W], "relu", biases=[X]), r"bias of shape \(4, 5\) met .* \(3,\)"),
        (lambda: forward(X, [W], total), r"total .*\(\).* \(4, 3\)"),
        (lambda: backward(X, [W], "relu", X), r"top has shape \(4, 5\); allowed .* \(4, 3\)"),
        (lambda: forward(X, [W], "relu", batch_norm=[W]), r"batch_norm is \[array.*True and False"),
        (lambda: forward(X[:1], [W], "relu", batch_norm=True), r"shape \(1, 3\) can't be norm"),
        (lambda: batch_normalize_backward(X[:1], X[:1]), "at least two inputs"),
        (lambda: batch_normalize(X, epsilon=-1), "epsilon is -1; allowed"),
        (lambda: draw_weights(he_normal(), [3], RNG), r"widths are \[3\]; allowed"),
        (lambda: draw_weights(he_normal(), [3, True], RNG), r"widths are \[3, True\]"),
        (lambda: draw_weights(he_normal(), "34", RNG), "widths are '34'"),
        (
            lambda: draw_weights(he_normal, [3, 4], RNG),
            r"he_normal is not called; .* he_normal\(\)",
        ),
        (lambda: draw_weights(he_normal(), [3, 4], 0), "rng is 0; allowed is a generator"),
    ],
)
def test_bad_input_is_a_sentence_that_repeats_it(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
