"""Runs against the plain loop and autograd, statistics against theory."""

import math
import tracemalloc

import numpy as np
import pytest
from in_place import zero_below
from in_torch import autograd, plain_stack

from initbook import simulation
from initbook.fans import Fans
from initbook.initializers import he_normal, lecun_normal, normal
from initbook.moments import mean_field
from initbook.propagation import draw_weights, forward
from initbook.simulation import simulate

PROFILE = [30, 20, 25, 15]


@pytest.mark.parametrize("batch_norm", [False, True])
def test_simulate_agrees_with_autograd_in_every_statistic(batch_norm):
    found = simulate(
        lecun_normal(), "tanh", seeds=[5, 3], widths=PROFILE, batch=200, biases=normal(0.3),
        batch_norm=batch_norm, gradients=True, dtype=np.float64,
    )  # fmt: skip
    stack = plain_stack(3, lecun_normal(), PROFILE, 200, normal(0.3))
    layers, *gradients = autograd(*stack, "tanh", batch_norm)
    for moments, arrays in zip(
        (found.gradients.backpropagated, found.gradients.weights, found.gradients.biases),
        gradients,
        strict=True,
    ):
        np.testing.assert_allclose(moments[1], [np.mean(a**2) for a in arrays], rtol=1e-10)
    expected = {
        "mean": [h.mean() for h in layers],
        "std": [h.std() for h in layers],
        "rms": [np.sqrt(np.mean(h**2)) for h in layers],
        "saturated": [np.mean(abs(h) > 0.97) for h in layers],
        "silent": [0, 0, 0],
    }
    for name, values in expected.items():
        np.testing.assert_allclose(getattr(found, name)[1], values, rtol=1e-10, atol=1e-12)
    for counts, h in zip(found.histogram[1], layers, strict=True):
        assert (counts == np.histogram(h, found.edges)[0]).all()


def test_single_precision_is_good_to_five_digits():
    run = {"seeds": range(2), "width": 60, "depth": 4, "batch": 200, "gradients": True}
    single = simulate(lecun_normal(), "tanh", **run)
    X = np.random.default_rng(0).spawn(4)[0].standard_normal((200, 60), dtype=np.float32)
    weights = list(draw_weights(lecun_normal(), [60] * 5, np.random.default_rng(0).spawn(4)[1]))
    for layer, h in enumerate(forward(X.astype(float), weights, "tanh")):
        assert single.std[0, layer] == pytest.approx(h.std(), rel=1e-5)


def test_equal_seeds_give_equal_numbers_to_every_start():
    """Common random numbers: under the identity a start twice as large is so in every run."""
    run = {"seeds": range(3), "width": 40, "depth": 3, "batch": 50, "dtype": np.float64}
    one = simulate(normal(0.1), "identity", **run).rms
    two = simulate(normal(0.2), "identity", **run).rms
    np.testing.assert_allclose(two / one, np.full((3, 3), [2, 4, 8]), rtol=1e-12)
    assert one[0, 0] != one[1, 0]


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_pieces_of_a_batch_add_up(activation, monkeypatch):
    run = {"seeds": [0], "width": 12, "depth": 3, "batch": 101, "gradients": True}
    run |= {"biases": normal(2.0), "dtype": np.float64}
    whole = simulate(normal(0.3), activation, **run)
    monkeypatch.setattr(simulation, "AT_ONCE", 48 * 7)  # 8 inputs a piece, and 5 in the last
    pieces = simulate(normal(0.3), activation, **run)
    for name in ("mean", "std", "second_moment", "saturated", "silent", "dead"):
        np.testing.assert_allclose(getattr(pieces, name), getattr(whole, name), rtol=1e-12)
    assert (pieces.histogram == whole.histogram).all()
    np.testing.assert_allclose(pieces.gradients.biases[:, -1:], whole.gradients.biases[:, -1:])
    assert activation == "tanh" or 0 < whole.dead.mean() < 1


def test_gradients_of_pieces_are_those_of_the_batch(monkeypatch):
    run = {"seeds": [0], "width": 12, "depth": 3, "batch": 101, "gradients": True}
    whole = simulate(lecun_normal(), "tanh", **run, dtype=np.float64).gradients
    monkeypatch.setattr(simulation, "AT_ONCE", 48 * 7)
    pieces = simulate(lecun_normal(), "tanh", **run, dtype=np.float64).gradients
    np.testing.assert_allclose(pieces.backpropagated, whole.backpropagated, rtol=1e-10)
    np.testing.assert_allclose(pieces.weights, whole.weights, rtol=1e-10)


def test_a_million_inputs_fit_into_a_gigabyte():
    """Held at once, the input and the arrays of one layer would take 1.2 GB."""
    tracemalloc.start()
    found = simulate(he_normal(), "relu", seeds=[0], width=50, depth=2, batch=10**6)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.histogram.sum(axis=-1).tolist() == [[5 * 10**7] * 2]
    assert peak < 2**30


@pytest.mark.parametrize(
    ("init", "activation", "n_var_w"),
    [(normal(0.02), "tanh", 0.08), (lecun_normal(), "tanh", 1.0), (normal(1), "tanh", 200.0)],
)
def test_wide_layers_follow_mean_field(init, activation, n_var_w):
    """Student bound at α = 1e-6 over 20 seeds, and 2 % of bias for a width of 200."""
    found = simulate(init, activation, seeds=range(20), width=200, depth=6, batch=200)
    mean = found.second_moment.mean(axis=0)
    error = found.second_moment.std(axis=0, ddof=1) / np.sqrt(20)
    theory = mean_field(activation, n_var_w, 6)
    assert (abs(mean - theory) < 7.1 * error + 0.02 * theory).all()


def test_a_linear_stack_multiplies_gradients_by_fan_out_times_variance():
    """E[δ_l²] = Var(w)^(L−l) n_{l+1} … n_L, exactly on average; 6 standard errors of 400 seeds."""
    found = simulate(
        normal(0.2), "identity", seeds=range(400), widths=[10, 30, 20, 40], batch=5, gradients=True
    ).gradients.backpropagated
    theory = np.array([20 * 40 * 0.04**2, 40 * 0.04, 1])
    error = found.std(axis=0, ddof=1) / np.sqrt(400)
    assert (abs(found.mean(axis=0) - theory) < 6 * error).all()
    assert (error < 0.05 * theory).all()


def test_saturated_silent_and_dead_units_are_counted():
    run = {"seeds": [0], "width": 500, "depth": 2, "batch": 100}
    assert simulate(normal(1), "tanh", **run).saturated == pytest.approx(0.924, abs=0.01)
    he = simulate(he_normal(), "relu", **run)
    assert he.silent == pytest.approx(0.5, abs=0.05)
    assert (he.saturated == he.silent).all()
    assert (simulate(normal(1), "identity", **run).saturated == 0).all()
    assert (simulate(normal(0), "tanh", **run).dead == 1).all()


def test_a_saturated_sigmoid_is_found_at_both_its_ends():
    """For z ~ N(0, 500): |f′| < 0.0591 / 4 where |z| > 4.199, a share of 0.851."""
    found = simulate(normal(1), "sigmoid", seeds=[0], width=500, depth=1, batch=500)
    assert found.saturated == pytest.approx(0.851, abs=0.01)


def test_a_unit_that_a_bias_keeps_at_zero_is_dead():
    def keep_two_down(rng, shape):
        return np.where(np.arange(shape[0]) < 2, -100.0, 0.0)

    found = simulate(
        he_normal(), "relu", seeds=[0], width=20, depth=2, batch=50, biases=keep_two_down
    )
    assert found.dead[0, 0] == pytest.approx(2 / 20)
    assert found.dead[0, 1] >= 2 / 20


def test_each_relu_layer_keeps_the_second_moment_on_average():
    found = simulate(he_normal(), "relu", seeds=range(40), width=100, depth=5, batch=50)
    moments = np.column_stack([np.ones(40), found.second_moment])
    ratios = (moments[:, 1:] / moments[:, :-1])[:, 1:].ravel()
    error = ratios.std(ddof=1) / np.sqrt(ratios.size)
    assert abs(ratios.mean() - 1) < 6 * error < 0.1


def test_a_stack_that_overflows_says_so_and_what_reaches_further():
    run = {"seeds": [0], "width": 100, "depth": 50, "batch": 10}
    with pytest.raises(OverflowError, match="range of float32; .* dtype=np.float64"):
        simulate(normal(1), "relu", **run)
    assert np.isfinite(simulate(normal(1), "relu", **run, dtype=np.float64).rms).all()


def test_a_gradient_that_overflows_says_so_and_what_reaches_further():
    run = {"seeds": [0], "width": 100, "depth": 150, "batch": 10, "gradients": True}
    with pytest.raises(OverflowError, match="a gradient .* range of float32; .* dtype=np.float64"):
        simulate(normal(1), "tanh", **run)
    found = simulate(normal(1), "tanh", **run, dtype=np.float64).gradients
    assert 1e76 < found.backpropagated[0, 0] < np.inf


def own_gelu(z):
    return 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))


@pytest.mark.parametrize(
    ("own", "name"),
    [(zero_below, "relu"), (own_gelu, "gelu_tanh"), (math.tanh, "tanh"),
     (lambda z: z if z > 0 else 0.0, "relu")],
)  # fmt: skip
def test_a_function_of_ones_own_has_the_statistics_of_its_twin(own, name):
    """An unnamed kink blurs the slope of the few |z| < 0.0015 alone."""
    run = {"seeds": [0], "width": 64, "depth": 5, "batch": 100, "gradients": True}
    found, twin = (simulate(he_normal(), f, **run) for f in (own, name))
    np.testing.assert_allclose(found.rms, twin.rms, rtol=1e-5)
    np.testing.assert_allclose(found.saturated, twin.saturated, atol=3e-3)
    back, known = found.gradients.backpropagated, twin.gradients.backpropagated
    np.testing.assert_allclose(back, known, rtol=1e-2)
    assert name != "relu" or known[0] == pytest.approx(
        [0.599, 0.560, 0.553, 0.518, 0.549], abs=6e-4
    )


def test_edges_of_every_kind():
    run = {"seeds": [0], "width": 32, "batch": 50}
    open_above = simulate(he_normal(), "relu", **run, depth=1, edges=[0, 0.5, 1, np.inf])
    assert open_above.histogram[0, 0].tolist() == [1028, 221, 351]
    even = simulate(he_normal(), "identity", **run, depth=2, edges=np.linspace(-1.2, 1.2, 26))
    assert (even.histogram.sum(axis=-1) == 32 * 50).all()


def test_saturated_is_of_the_activations_own_steepest_slope():
    """Wherever that is; and of a slope without bound nothing is said."""
    run = {"seeds": [0], "width": 300, "depth": 1, "batch": 50}
    far = simulate(normal(1), lambda z: np.tanh(z - 50), **run)
    assert far.saturated == pytest.approx(1, abs=0.02)
    assert np.isnan(simulate(normal(0.1), lambda z: z**3, **run).saturated).all()
    assert simulate(normal(1), "sigmoid", **run).saturated == pytest.approx(0.808, abs=0.02)


def test_biases_are_drawn_with_the_fans_of_their_layers_weight():
    given = []

    def watch(rng, shape, fans):
        given.append((shape, fans))
        return np.zeros(shape)

    run = {"seeds": [0], "widths": iter([6, 5, 4]), "batch": 3}
    simulate(he_normal(), "relu", **run, biases=watch)
    assert given == [((5,), Fans(6, 5)), ((4,), Fans(5, 4))]
    wide = simulate(normal(0), "identity", seeds=[0], width=400, depth=1, biases=he_normal())
    assert wide.second_moment == pytest.approx(2 / 400, rel=0.4)


RUN = {"seeds": [0], "width": 4, "depth": 2, "batch": 3}


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: simulate(normal(1), "relu", **RUN | {"seeds": []}), r"seeds is \[\]; allowed"),
        (lambda: simulate(normal(1), "relu", **RUN | {"seeds": 3}), "seeds is 3; allowed"),
        (lambda: simulate(normal(1), "relu", **RUN | {"seeds": [-1]}), r"seeds is \[-1\]"),
        (lambda: simulate(normal(1), "relu", **RUN | {"depth": -1}), "depth is -1; allowed"),
        (lambda: simulate(normal(1), "relu", **RUN | {"batch": 1.5}), "batch is 1.5; allowed"),
        (lambda: simulate(normal(1), "relu", **RUN, widths=[3, 0]), r"widths are \[3, 0\]"),
        (lambda: simulate(normal(1), "relu", **RUN, widths=[3]), r"widths are \[3\]"),
        (lambda: simulate(normal(1), "relu", **RUN, edges=[1, 0]), r"edges is \[1, 0\]; allowed"),
        (
            lambda: simulate(normal(1), "relu", **RUN | {"batch": 10**8}, batch_norm=True),
            "batch is 100000000, and batch_norm needs all of it at once; allowed are 2 to",
        ),
        (lambda: simulate(normal(1), "relu", **RUN | {"seeds": [True]}), r"seeds is \[True\]"),
        (lambda: simulate(normal(1), "relu", **RUN | {"width": 2.5}), "width is 2.5; allowed"),
        (lambda: simulate(normal(1), "relu", **RUN, edges="ab"), "edges is 'ab'; allowed"),
        (lambda: simulate(normal(1), "relu", **RUN, edges=5), "edges is 5; allowed"),
        (lambda: simulate(normal(1), "relu", **RUN, edges=[0, np.nan]), r"edges is \[0, nan\]"),
        (lambda: simulate(normal(1), "relu", **RUN, gradients=1), "gradients is 1; allowed"),
        (lambda: simulate(normal(1), "relu", **RUN, dtype="f2"), "dtype is 'f2'; allowed"),
        (lambda: simulate(normal(1), "relu", **RUN, biases=3), "init is 3; allowed"),
        (lambda: simulate(he_normal, "relu", **RUN), r"he_normal is not called; .* he_normal\(\)"),
        (
            lambda: simulate(normal(1), "relu", **RUN | {"batch": 1}, batch_norm=True),
            "batch is 1, and batch_norm needs all of it at once; allowed are 2 to",
        ),
    ],
)
def test_bad_input_is_a_sentence_that_repeats_it(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
