"""The stacked networks do what torch's own layers, autograd and SGD do, one network at a time."""

from contextlib import nullcontext

import pytest
import torch
from torch import nn

from initbook.stacked import ACTIVATIONS, StackedNet
from initbook.threads import fastest_exact_products, one_core_each

SIZES = (7, 6, 5, 4)
MODULES = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU}
RATES = (0.5, 0.1)


def draw(copies, dtype, sizes=SIZES):
    generator = torch.Generator().manual_seed(0)
    return [
        torch.randn(copies, *shape, generator=generator, dtype=dtype)
        for shape in zip(sizes, sizes[1:], strict=False)
    ]


def minibatch(copies, dtype, size=8, fan_in=SIZES[0], classes=SIZES[-1]):
    generator = torch.Generator().manual_seed(1)
    X = torch.randn(copies, size, fan_in, generator=generator, dtype=dtype)
    return X, torch.randint(classes, (copies, size), generator=generator)


def torch_net(weights, activation, batch_norm):
    """The same network as an nn.Sequential; torch keeps a weight as (fan_out, fan_in)."""
    modules = []
    for W in weights:
        dense = nn.Linear(*W.shape).double()
        with torch.no_grad():
            dense.weight.copy_(W.T)
            dense.bias.zero_()
        norm = [nn.BatchNorm1d(W.shape[1]).double()] if batch_norm else []
        modules += [dense, *norm, MODULES[activation]()]
    return nn.Sequential(*modules[: -2 if batch_norm else -1])


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_steps_equal_autograd_and_sgd(activation, batch_norm):
    """Three steps in float64: every parameter and every running statistic shows in the logits."""
    weights, (X, y) = draw(2, torch.float64), minibatch(2, torch.float64)
    singles = [torch_net([W[s] for W in weights], activation, batch_norm) for s in range(2)]
    net = StackedNet(weights, activation=activation, batch_norm=batch_norm)
    for _ in range(3):
        net.step(X, y, torch.tensor(RATES, dtype=torch.float64).view(2, 1, 1))
        for s, single in enumerate(singles):
            loss = nn.functional.cross_entropy(single(X[s]), y[s])
            gradients = torch.autograd.grad(loss, list(single.parameters()))
            with torch.no_grad():
                for parameter, gradient in zip(single.parameters(), gradients, strict=True):
                    parameter -= RATES[s] * gradient
    for training in (False, True):
        wanted = torch.stack([one.train(training)(x) for one, x in zip(singles, X, strict=True)])
        got = net.logits(X, training=training)
        torch.testing.assert_close(got, wanted.detach(), rtol=0, atol=1e-10)


@pytest.mark.parametrize("products", [nullcontext, fastest_exact_products])
def test_a_stack_equals_its_networks_bit_for_bit(products):
    """200 steps on one thread: a network does not feel the others in its stack."""
    with one_core_each(), products():
        sizes = (784, 64, 64, 10)
        X, y = minibatch(3, torch.float32, 100, 784, 10)
        together = StackedNet([W.clone() for W in draw(3, torch.float32, sizes)])
        alone = [
            StackedNet([W[s : s + 1].clone() for W in draw(3, torch.float32, sizes)])
            for s in range(3)
        ]
        for _ in range(200):
            together.step(X, y, 0.5)
            for s, net in enumerate(alone):
                net.step(X[s : s + 1], y[s : s + 1], 0.5)
        for s, net in enumerate(alone):
            for ours, its in zip(together.layers[::2], net.layers[::2], strict=True):
                assert torch.equal(ours.W[s : s + 1], its.W)
                assert torch.equal(ours.b[s : s + 1], its.b)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_gradients_are_what_a_step_subtracts(batch_norm):
    X, y = minibatch(2, torch.float64)
    stepped, asked = (
        StackedNet(draw(2, torch.float64), activation="tanh", batch_norm=batch_norm)
        for _ in range(2)
    )
    stepped.step(X, y, 0.5)
    for parameter, gradient in zip(asked.parameters, asked.gradients(X, y), strict=True):
        parameter.sub_(gradient, alpha=0.5)
    for one, other in zip(stepped.state, asked.state, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-14)


def distance(net, exact):
    """Of the last layer's weights, relative, from those of a stack in float64."""
    W, right = net.layers[-1].W.double(), exact.layers[-1].W
    return float((W - right).norm() / right.norm())


def test_the_fastest_products_are_no_farther_from_float64_than_torchs_own():
    """One tanh net, 50 steps. Other orders of summing differ by less than 4; TF32 is 1,000 off."""
    sizes = (784, 64, 64, 10)
    X, y = minibatch(1, torch.float64, 100, 784, 10)
    weights = [W / W.shape[1] ** 0.5 for W in draw(1, torch.float64, sizes)]
    nets = [
        StackedNet([W.to(dtype) for W in weights], activation="tanh")
        for dtype in (torch.float64, torch.float32, torch.float32)
    ]
    for net, products in zip(nets, (nullcontext, nullcontext, fastest_exact_products), strict=True):
        with one_core_each(), products():
            for _ in range(50):
                net.step(X.to(net.layers[0].W.dtype), y, 0.05)
    exact, plain, fastest = nets
    assert 0 < distance(fastest, exact) < 4 * distance(plain, exact)


def test_what_cannot_be_trained_is_said_in_a_sentence():
    with pytest.raises(ValueError, match="'swish'.*'sigmoid', 'tanh', 'relu'"):
        StackedNet(draw(1, torch.float32), activation="swish")
    X, y = minibatch(1, torch.float32, size=1)
    StackedNet(draw(1, torch.float32)).step(X, y, 0.1)
    with pytest.raises(ValueError, match="a minibatch has 1 digit; batch normalization"):
        StackedNet(draw(1, torch.float32), batch_norm=True).step(X, y, 0.1)
