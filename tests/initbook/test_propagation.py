"""The fast path against the plain loop, the gradient against autograd, runs against theory."""

import numpy as np
import pytest
import torch

from initbook.activations import ACTIVATIONS, get_activation
from initbook.initializers import he_normal, lecun_normal, normal
from initbook.moments import mean_field
from initbook.propagation import backward, batch_normalize, forward, simulate


@pytest.mark.parametrize("batch_norm", [False, True])
def test_simulate_agrees_with_the_plain_loop(batch_norm):
    seed, width, depth = 3, 60, 4
    found = simulate(
        lecun_normal(), "tanh", seeds=[seed], width=width, depth=depth, batch=200,
        batch_norm=batch_norm,
    )  # fmt: skip
    rng = np.random.default_rng(seed)
    h = rng.standard_normal((200, width), dtype=np.float32).astype(np.float64)
    for layer in range(depth):
        z = h @ lecun_normal()(rng, (width, width))
        if batch_norm:
            z = (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + 1e-5)
        h = np.tanh(z)
        assert found.std[0, layer] == pytest.approx(h.std(), rel=1e-5)
        assert found.second_moment[0, layer] == pytest.approx(np.mean(h**2), rel=1e-5)
        assert found.histogram[0, layer].sum() == h.size


def test_a_histogram_loses_nothing():
    found = simulate(he_normal(), "relu", seeds=[0], width=50, depth=2, batch=100)
    assert (found.histogram.sum(axis=-1) == 100 * 50).all()
    assert (found.histogram[..., -1] > 0).all()  # h > 1 is in the last bin


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_backward_agrees_with_autograd(name):
    rng = np.random.default_rng(0)
    act = get_activation(name)
    X, top = rng.standard_normal((7, 5)), rng.standard_normal((7, 4))
    weights = [rng.standard_normal(s) for s in [(5, 6), (6, 3), (3, 4)]]
    layers = forward(X, weights, name)
    slopes = [act.slope(h @ W) for h, W in zip([X, *layers], weights, strict=False)]
    _, gradients = backward(layers, X, weights, slopes, top)

    tensors = [torch.tensor(W, requires_grad=True) for W in weights]
    h = torch.tensor(X)
    torch_f = {"identity": lambda z: z}.get(name) or getattr(torch, name)
    for W in tensors:
        h = torch_f(h @ W)
    (h * torch.tensor(top)).sum().backward()
    for gradient, W in zip(gradients, tensors, strict=True):
        np.testing.assert_allclose(gradient, W.grad.numpy(), rtol=1e-10, atol=1e-12)


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


def test_saturated_and_silent_units_are_counted():
    run = {"seeds": [0], "width": 500, "depth": 2, "batch": 100}
    assert simulate(normal(1), "tanh", **run).saturated == pytest.approx(0.924, abs=0.01)
    assert simulate(he_normal(), "relu", **run).silent == pytest.approx(0.5, abs=0.05)
    assert (simulate(normal(0), "tanh", **run).silent == 1).all()


def test_each_relu_layer_keeps_the_second_moment_on_average():
    found = simulate(he_normal(), "relu", seeds=range(40), width=100, depth=5, batch=50)
    moments = np.column_stack([np.ones(40), found.second_moment])
    ratios = (moments[:, 1:] / moments[:, :-1])[:, 1:].ravel()
    error = ratios.std(ddof=1) / np.sqrt(ratios.size)
    assert abs(ratios.mean() - 1) < 6 * error < 0.1


def test_batch_normalization_centers_and_scales_each_unit():
    z = np.random.default_rng(0).standard_normal((50, 3)) * [1, 10, 100] + [0, 5, -50]
    normalized = batch_normalize(z, epsilon=0)
    np.testing.assert_allclose(normalized.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(normalized.var(axis=0), 1)


def test_a_weight_that_does_not_fit_is_named():
    with pytest.raises(ValueError, match=r"shape \(3, 2\) met a signal of shape \(4, 5\)"):
        forward(np.ones((4, 5)), [np.ones((3, 2))], "relu")
