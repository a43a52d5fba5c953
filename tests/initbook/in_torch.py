"""The activations as torch has them, and a whole stack with torch's own gradients."""

import numpy as np
import torch
from torch.nn import functional

from initbook.propagation import draw_weights

IN_TORCH = {
    "identity": lambda z: z * 1,
    "relu": torch.relu,
    "leaky_relu": functional.leaky_relu,
    "prelu": lambda z: functional.prelu(z, torch.nn.PReLU(dtype=torch.float64).weight),
    "tanh": torch.tanh,
    "hard_tanh": functional.hardtanh,
    "sigmoid": torch.sigmoid,
    "softplus": lambda z: functional.softplus(z, threshold=100),
    "softsign": functional.softsign,
    "elu": functional.elu,
    "selu": functional.selu,
    "gelu": functional.gelu,
    "gelu_tanh": lambda z: functional.gelu(z, approximate="tanh"),
    "silu": functional.silu,
    "mish": functional.mish,
}


def plain_stack(seed, init, widths, batch, biases=None):
    """The input, weights, biases and gradient from above that this seed stands for."""
    inputs, of_weights, of_biases, tops = np.random.default_rng(seed).spawn(4)
    X = inputs.standard_normal((batch, widths[0]))
    weights = list(draw_weights(init, widths, of_weights))
    fans = zip(of_biases.spawn(len(weights)), widths[:-1], widths[1:], strict=True)
    drawn = [biases(rng, (n_out,), (n_in, n_out)) for rng, n_in, n_out in fans]
    return X, weights, drawn, tops.standard_normal((batch, widths[-1]))


def autograd(X, weights, biases, top, activation, batch_norm):
    """Layers, and torch's gradients with respect to every z, weight and bias."""
    W, b = ([torch.tensor(a, requires_grad=True) for a in arrays] for arrays in (weights, biases))
    h, zs, layers = torch.tensor(X), [], []
    for w, offset in zip(W, b, strict=True):
        z = h @ w
        if batch_norm:
            z = functional.batch_norm(z, None, None, training=True, eps=1e-5)
        zs.append(z + offset)
        zs[-1].retain_grad()
        h = IN_TORCH[activation](zs[-1])
        layers.append(h.detach().numpy())
    h.backward(torch.tensor(top))
    return layers, *([t.grad.numpy() for t in tensors] for tensors in (zs, W, b))
