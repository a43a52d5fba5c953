"""From gradients to steps: optimizers, clipping, schedules, and when to stop (PyTorch).

All work on a stack of S networks at once: a parameter and its gradient have the shape (S, …), and
whatever is measured of a network (the norm of its gradient, its best loss) is measured of it alone.
Plain descent is not here: `stacked.StackedNet.step` takes it within the product that computes the
gradient. Chapters 9 and 11.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from initbook.arguments import check_count, check_number

Array = NDArray[np.floating[Any]]


class Optimizer(Protocol):
    """Changes the parameters that it was made with, in place."""

    def step(self, gradients: Sequence[Tensor], lr: float) -> None: ...


class Descent:
    """w ← w − lr · g: plain gradient descent, for gradients that were clipped on the way.

    >>> w = torch.ones(1, 2)
    >>> Descent([w]).step([torch.tensor([[2.0, -4.0]])], lr=0.25)
    >>> w
    tensor([[0.5000, 2.0000]])
    """

    def __init__(self, parameters: Sequence[Tensor]):
        self.parameters = parameters

    def step(self, gradients: Sequence[Tensor], lr: float) -> None:
        for w, g in zip(self.parameters, gradients, strict=True):
            w.add_(g, alpha=-lr)


class Momentum:
    """v ← 0.9 v + g, w ← w − lr · v, from v = 0: torch's convention (Polyak 1964). Chapter 11.

    >>> w = torch.zeros(1, 1)
    >>> optimizer = Momentum([w])
    >>> for _ in range(2):
    ...     optimizer.step([torch.ones(1, 1)], lr=1.0)
    >>> w
    tensor([[-2.9000]])
    """

    decay = 0.9

    def __init__(self, parameters: Sequence[Tensor]):
        self.parameters = parameters
        self.velocities = [torch.zeros_like(w) for w in parameters]

    def step(self, gradients: Sequence[Tensor], lr: float) -> None:
        for w, v, g in zip(self.parameters, self.velocities, gradients, strict=True):
            w.add_(v.mul_(self.decay).add_(g), alpha=-lr)


class Adam:
    """w ← w − lr · m̂ / (√v̂ + ε), m and v being running means of g and g² (Kingma & Ba 2015).

    m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ) after t steps; β₁ = 0.9, β₂ = 0.999, ε = 1e-8, as in
    torch. The first step has the size lr whatever the gradient's. Chapters 9 and 11.

    >>> w = torch.zeros(1, 2)
    >>> Adam([w]).step([torch.tensor([[1e-3, -1e3]])], lr=0.5)
    >>> w
    tensor([[-0.5000,  0.5000]])
    """

    beta_mean, beta_square, epsilon = 0.9, 0.999, 1e-8

    def __init__(self, parameters: Sequence[Tensor]):
        self.parameters, self.steps = parameters, 0
        self.means = [torch.zeros_like(w) for w in parameters]
        self.squares = [torch.zeros_like(w) for w in parameters]

    def step(self, gradients: Sequence[Tensor], lr: float) -> None:
        self.steps += 1
        rate = lr / (1 - self.beta_mean**self.steps)
        root = math.sqrt(1 - self.beta_square**self.steps)
        for w, m, v, g in zip(self.parameters, self.means, self.squares, gradients, strict=True):
            m.lerp_(g, 1 - self.beta_mean)
            v.mul_(self.beta_square).addcmul_(g, g, value=1 - self.beta_square)
            w.addcdiv_(m, (v.sqrt() / root).add_(self.epsilon), value=-rate)


OPTIMIZERS: dict[str, Callable[[Sequence[Tensor]], Optimizer]] = {
    "sgd": Descent,
    "momentum": Momentum,
    "adam": Adam,
}

# name: the learning rate's factor at a share of the run, from 0 up to 1. Chapter 9.
SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda share: 1.0,
    "step": lambda share: 0.1 ** math.floor(3 * share),
    "exponential": lambda share: 0.01**share,
    "cosine": lambda share: (1 + math.cos(math.pi * share)) / 2,
}


def clip_by_norm(gradients: Sequence[Tensor], limit: float) -> None:
    """Shrink each network's gradient in place to a norm of at most `limit`: same direction.

    The norm is taken over all parameters of a network: of each tensor (S, …) over all axes but the
    first. Raises ValueError for a limit that is not positive. Source: Pascanu et al. 2013.
    Chapter 9.

    >>> gradients = [torch.tensor([[3.0], [0.3]]), torch.tensor([[4.0], [0.4]])]
    >>> clip_by_norm(gradients, limit=1.0)
    >>> gradients
    [tensor([[0.6000],
            [0.3000]]), tensor([[0.8000],
            [0.4000]])]
    """
    check_number("limit", limit, least=0, open=True)
    square = sum(g.flatten(1).square().sum(1) for g in gradients)
    factor = (limit / torch.as_tensor(square).sqrt()).clamp(max=1)
    for g in gradients:
        g.mul_(factor.view(-1, *[1] * (g.ndim - 1)))


class EarlyStopping:
    """Stops a network after `patience` looks in a row without a lower loss; keeps its best weights.

    Each of the S networks stops for itself. `tensors` are all that changes in training, (S, …).
    Raises ValueError for a patience that is no whole number of at least 1. Chapter 9.

    >>> w = torch.zeros(1, 1)
    >>> stopping = EarlyStopping([w], patience=2)
    >>> for step, loss in enumerate([3.0, 1.0, 2.0, 1.5]):
    ...     stopping.look(step, np.array([loss]))
    ...     _ = w.add_(1)
    >>> stopping.restore()
    >>> w, stopping.stopped
    (tensor([[1.]]), array([3.]))
    """

    def __init__(self, tensors: Sequence[Tensor], patience: int):
        self.tensors, self.patience = tensors, check_count("patience", patience)
        self.best = [tensor.clone() for tensor in tensors]
        copies = len(tensors[0])
        self.lowest, self.since = np.full(copies, np.inf), np.zeros(copies, dtype=int)
        self.stopped = np.full(copies, np.inf)  # the step, inf while it goes on

    def look(self, step: int, loss: Array) -> None:
        """Take the networks' losses (S,) on digits that they are not trained on."""
        going = np.isinf(self.stopped)
        better = going & (loss < self.lowest)
        self.lowest[better] = loss[better]
        rows = torch.from_numpy(better).to(self.tensors[0].device)
        for best, tensor in zip(self.best, self.tensors, strict=True):
            best[rows] = tensor[rows]
        self.since = np.where(better, 0, self.since + 1)
        self.stopped[going & (self.since >= self.patience)] = step

    def restore(self, only_stopped: bool = False) -> None:
        """Put the best weights back: of all networks, or of those that have stopped."""
        chosen = np.isfinite(self.stopped) if only_stopped else np.full(len(self.stopped), True)
        rows = torch.from_numpy(chosen).to(self.tensors[0].device)
        for best, tensor in zip(self.best, self.tensors, strict=True):
            tensor[rows] = best[rows]
