"""LSUV does what its algorithm says, and says where it can't."""

import numpy as np
import pytest

from initbook.lsuv import lsuv
from initbook.propagation import forward


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
def test_lsuv_sets_the_variance_of_every_pre_activation(activation):
    X = 5 + 3 * np.random.default_rng(0).standard_normal((60, 12))
    widths = [12] + [20] * 15
    weights = lsuv(X, widths, activation, np.random.default_rng(1))
    layers = forward(X, weights, activation)
    for h, W in zip([X, *layers], weights, strict=False):
        assert abs(np.var(h @ W) - 1) < 0.1
    square = weights[3].T @ weights[3]
    np.testing.assert_allclose(square, square[0, 0] * np.eye(20), atol=1e-12)


def test_lsuv_leaves_alone_what_is_near_enough():
    X = np.random.default_rng(0).standard_normal((500, 30))
    exact, rough = (
        lsuv(X, [30, 30], "tanh", np.random.default_rng(1), tolerance=t) for t in (1e-9, 0.5)
    )
    assert np.var(X @ exact[0]) == pytest.approx(1, abs=1e-9)
    np.testing.assert_allclose(rough[0].T @ rough[0], np.eye(30), atol=1e-12)


def test_lsuv_survives_a_dead_layer_and_names_it():
    def negative(rng, shape):
        return -np.ones(shape)

    X = np.random.default_rng(0).random((10, 4))  # positive: with such weights no unit fires
    with pytest.warns(UserWarning, match=r"^layer 2 answers every input .* the same number"):
        weights = lsuv(X, [4, 4, 4], "relu", np.random.default_rng(1), init=negative)
    assert np.var(X @ weights[0]) == pytest.approx(1)
    assert (weights[1] == -1).all()


def test_lsuv_takes_a_batch_of_one():
    X = np.random.default_rng(0).standard_normal((1, 8))
    weights = lsuv(X, [8, 6, 5], "tanh", np.random.default_rng(1))
    assert np.var(X @ weights[0]) == pytest.approx(1)
    with pytest.warns(UserWarning, match="layer 1"):
        lsuv(X, [8, 1], "tanh", np.random.default_rng(1))


X = np.ones((4, 5))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: lsuv(X, [5, 3], "tanh", np.random.default_rng(0), tolerance=0), "tolerance is 0"),
        (
            lambda: lsuv(X, [5, 3], "tanh", np.random.default_rng(0), max_iterations=0),
            "max_iterations is 0; allowed is a whole number of at least 1",
        ),
        (lambda: lsuv(X, [4, 3], "tanh", np.random.default_rng(0)), "met a signal of shape"),
        (lambda: lsuv(X, [5, 3], "tanh", 0), "rng is 0; allowed is a generator"),
        (lambda: lsuv(X[0], [5, 3], "tanh", np.random.default_rng(0)), r"X is of shape \(5,\)"),
    ],
)
def test_bad_input_is_a_sentence_that_repeats_it(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
