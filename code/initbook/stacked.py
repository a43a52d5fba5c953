"""Several networks of one shape, trained side by side as one stack of matrices (PyTorch).

A single small network leaves most of a processor idle. Here S networks, which differ in their
weights and see different minibatches, share every call: a layer is one ``torch.bmm`` over
(S, batch, fan_in) and (S, fan_in, fan_out). Forward and backward are written by hand, so that
the step of stochastic gradient descent happens inside the product that computes the gradient.

The loss is the cross-entropy of the softmax, averaged over the minibatch. The backward pass is
linear in the derivative δ that enters it at the top; that δ is multiplied by the learning rate
once, and every layer below then subtracts its own gradient as it comes out.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

from initbook.arguments import check_choice


def _sigmoid_slope(h: Tensor) -> Tensor:
    return torch.addcmul(h, h, h, value=-1)


def _tanh_slope(h: Tensor) -> Tensor:
    return 1 - h * h


def _relu_slope(h: Tensor) -> Tensor:
    return (h > 0).to(h.dtype)


Elementwise = Callable[[Tensor], Tensor]

# name: (the function, in place; its derivative, from the function's value)
ACTIVATIONS: dict[str, tuple[Elementwise, Elementwise]] = {
    "sigmoid": (torch.sigmoid_, _sigmoid_slope),
    "tanh": (torch.tanh_, _tanh_slope),
    "relu": (torch.relu_, _relu_slope),
}


class _Layer(Protocol):
    """One map of the stack. `backward` takes δ = ∂loss/∂output and gives ∂loss/∂input on, or not.

    It also returns the gradients of the parameters; or, to `descend`, where δ holds the learning
    rate, it takes them off the parameters at once and returns none.
    """

    parameters: list[Tensor]
    averages: list[Tensor]  # what training changes without a gradient

    def forward(self, h: Tensor, training: bool) -> Tensor: ...
    def backward(
        self, delta: Tensor, *, lowest: bool, descend: bool
    ) -> tuple[Tensor | None, list[Tensor]]: ...


class _Dense:
    """h @ W + b, with W of shape (S, fan_in, fan_out); without b when a normalization follows."""

    def __init__(self, W: Tensor, *, bias: bool):
        self.W = W
        self.b = W.new_zeros(len(W), 1, W.shape[2]) if bias else None
        self.parameters = [W] if self.b is None else [W, self.b]
        self.averages: list[Tensor] = []

    def forward(self, h: Tensor, training: bool) -> Tensor:
        self.h = h if training else h.new_empty(0)
        return torch.bmm(h, self.W) if self.b is None else torch.baddbmm(self.b, h, self.W)

    def backward(
        self, delta: Tensor, *, lowest: bool, descend: bool
    ) -> tuple[Tensor | None, list[Tensor]]:
        below = None if lowest else torch.bmm(delta, self.W.transpose(1, 2))
        of_b = [] if self.b is None else [delta.sum(dim=1, keepdim=True)]
        if not descend:
            return below, [torch.bmm(self.h.transpose(1, 2), delta), *of_b]
        self.W.baddbmm_(self.h.transpose(1, 2), delta, alpha=-1)
        for gradient in of_b:
            self.parameters[1].sub_(gradient)
        return below, []


class _BatchNorm:
    """gain · (z − mean) / √(var + ε) + shift, unit by unit (Ioffe & Szegedy 2015).

    In training the minibatch supplies mean and variance; in evaluation their running averages
    do, kept with torch's conventions (momentum 0.1, unbiased variance, ε = 1e-5).
    """

    momentum, epsilon = 0.1, 1e-5

    def __init__(self, like: Tensor):
        shape = (len(like), 1, like.shape[2])
        self.gain, self.shift = like.new_ones(shape), like.new_zeros(shape)
        self.mean, self.var = like.new_zeros(shape), like.new_ones(shape)
        self.parameters, self.averages = [self.gain, self.shift], [self.mean, self.var]

    def forward(self, z: Tensor, training: bool) -> Tensor:
        if training and z.shape[1] < 2:
            raise ValueError(
                f"a minibatch has {z.shape[1]} digit; batch normalization takes a variance, and "
                "allowed are at least 2."
            )
        mean = z.mean(1, keepdim=True) if training else self.mean
        normed = z - mean
        var = (normed * normed).mean(1, keepdim=True) if training else self.var
        inverse_std = torch.rsqrt(var + self.epsilon)
        normed.mul_(inverse_std)
        if training:
            self.mean.lerp_(mean, self.momentum)
            self.var.lerp_(var * (z.shape[1] / (z.shape[1] - 1)), self.momentum)
            self.normed, self.inverse_std = normed, inverse_std
        return torch.addcmul(self.shift, normed, self.gain)

    def backward(
        self, delta: Tensor, *, lowest: bool, descend: bool
    ) -> tuple[Tensor, list[Tensor]]:
        slope, sum_delta = (delta * self.normed).sum(1, keepdim=True), delta.sum(1, keepdim=True)
        batch = delta.shape[1]
        # Mean and variance depend on every row, so each row's δ loses its share of both sums.
        below = delta.sub_(sum_delta / batch).sub_(self.normed * (slope / batch))
        below.mul_(self.gain * self.inverse_std)
        if not descend:
            return below, [slope, sum_delta]
        self.gain.sub_(slope)
        self.shift.sub_(sum_delta)
        return below, []


class _Activation:
    def __init__(self, name: str):
        self.apply, self.slope = ACTIVATIONS[name]
        self.parameters: list[Tensor] = []
        self.averages: list[Tensor] = []

    def forward(self, z: Tensor, training: bool) -> Tensor:
        h = self.apply(z)
        self.h = h if training else h.new_empty(0)
        return h

    def backward(
        self, delta: Tensor, *, lowest: bool, descend: bool
    ) -> tuple[Tensor, list[Tensor]]:
        return delta.mul_(self.slope(self.h)), []


class StackedNet:
    """S dense networks of one shape, trained at once.

    `step` takes a step of plain stochastic gradient descent; `gradients` leaves the step to whoever
    asks, who changes ``parameters`` in place. ``weights`` holds one tensor a layer, of shape
    (S, fan_in, fan_out); it is changed in place. Biases start at zero. The activation
    (``"sigmoid"``, ``"tanh"`` or ``"relu"``) follows every layer but the last, whose outputs are
    the logits. With ``batch_norm`` each hidden layer's pre-activation is normalized first.

    Raises ValueError for an unknown activation, and `step` and `gradients` with ``batch_norm`` for
    a minibatch of one.
    Chapter 11.

    >>> import torch
    >>> net = StackedNet([torch.zeros(2, 5, 4), torch.zeros(2, 4, 3)])
    >>> net.logits(torch.ones(2, 7, 5)).shape
    torch.Size([2, 7, 3])
    """

    def __init__(
        self, weights: Sequence[Tensor], *, activation: str = "sigmoid", batch_norm: bool = False
    ):
        check_choice("activation", activation, tuple(ACTIVATIONS))
        *hidden, last = weights
        self.copies = len(last)
        self.layers: list[_Layer] = []
        for W in hidden:
            self.layers.append(_Dense(W, bias=not batch_norm))
            if batch_norm:
                self.layers.append(_BatchNorm(W))
            self.layers.append(_Activation(activation))
        self.layers.append(_Dense(last, bias=True))

    def logits(self, X: Tensor, *, training: bool = False) -> Tensor:
        """Return the outputs before the softmax, (S, batch, classes), for X of (S, batch, fan_in).

        ``training`` normalizes by the minibatch and keeps what the backward pass needs.
        """
        h = X
        for layer in self.layers:
            h = layer.forward(h, training)
        return h

    @property
    def parameters(self) -> list[Tensor]:
        """Weights and biases, gains and shifts, each (S, …), from the lowest layer up."""
        return [parameter for layer in self.layers for parameter in layer.parameters]

    @property
    def state(self) -> list[Tensor]:
        """All that training changes: the parameters, and the averages of batch normalization."""
        return self.parameters + [average for layer in self.layers for average in layer.averages]

    def step(self, X: Tensor, y: Tensor, lr: float | Tensor) -> None:
        """Take one step on minibatches X (S, batch, fan_in) with labels y (S, batch).

        ``lr`` is one learning rate or a tensor (S, 1, 1) of them.
        """
        self._backward(self._error(X, y).mul_(lr / y.shape[1]), descend=True)

    def gradients(self, X: Tensor, y: Tensor) -> list[Tensor]:
        """∂loss of each of ``parameters``, the loss being each network's mean over its minibatch.

        >>> net = StackedNet([torch.zeros(1, 2, 2)])
        >>> of_weights, of_biases = net.gradients(torch.ones(1, 1, 2), torch.zeros(1, 1, dtype=int))
        >>> of_biases
        tensor([[[-0.5000,  0.5000]]])
        """
        return self._backward(self._error(X, y).div_(y.shape[1]), descend=False)

    def _error(self, X: Tensor, y: Tensor) -> Tensor:
        """∂loss/∂logits of each row: what the softmax says minus what it should have said."""
        delta = torch.softmax(self.logits(X, training=True), dim=-1)
        return delta.scatter_add_(2, y[..., None], delta.new_full((*y.shape, 1), -1.0))

    def _backward(self, delta: Tensor, *, descend: bool) -> list[Tensor]:
        from_the_top: list[list[Tensor]] = []
        for number in reversed(range(len(self.layers))):
            below, found = self.layers[number].backward(delta, lowest=number == 0, descend=descend)
            from_the_top.append(found)
            if below is not None:
                delta = below
        return [gradient for found in reversed(from_the_top) for gradient in found]
