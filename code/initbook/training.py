"""Train one network from several starts, over several seeds (PyTorch; chapter 11).

Seed k stands for one order of the digits and one set of random numbers: under every start it sees
the same minibatches, so that starts can be compared seed by seed.
"""

import math
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from initbook.initializers import Initializer
from initbook.intervals import mean_interval
from initbook.stacked import StackedNet


@dataclass(frozen=True)
class Start:
    """A way to start: how weights are drawn, and whether hidden layers are batch-normalized."""

    name: str
    init: Initializer
    batch_norm: bool = False


@dataclass(frozen=True)
class History:
    """What a comparison measured.

    `accuracy` and `loss` (mean cross-entropy, in nats) have the shape (starts, seeds, evaluations)
    and are measured on the first of the test digits, before training and then at every one of
    `steps`. `final_accuracy`, (starts, seeds), is measured at the end on all test digits.
    """

    names: tuple[str, ...]
    seeds: tuple[int, ...]
    steps: NDArray[np.int64]
    accuracy: NDArray[np.float64]
    loss: NDArray[np.float64]
    final_accuracy: NDArray[np.float64]


def train(
    starts: Sequence[Start],
    digits,
    *,
    seeds: Sequence[int],
    steps: int,
    lr: ArrayLike,
    batch_size: int = 100,
    hidden: Sequence[int] = (256,) * 4,
    activation: str = "sigmoid",
    eval_every: int = 50,
    eval_digits: int = 2_000,
    threads: int | None = None,
    progress: bool = False,
) -> History:
    """Train one network for each start and seed by plain SGD, and return the curves.

    `digits` has X_train (n, pixels), y_train (n,), X_test and y_test; `lr` is one learning rate, or
    one for each start. The seeds of a start are one stack, and stacks run side by side on `threads`
    threads of one core each (as many as there are cores): the numbers do not depend on how many.

    Raises ValueError where `steps` is no multiple of `eval_every`. Chapter 11.

    >>> from types import SimpleNamespace
    >>> X, y = np.eye(4), np.arange(4)
    >>> toy = SimpleNamespace(X_train=X, y_train=y, X_test=X, y_test=y)
    >>> wide = Start("wide", lambda rng, shape: rng.standard_normal(shape))
    >>> run = train([wide], toy, seeds=[0], steps=400, lr=1.0, batch_size=2, hidden=(8,))
    >>> run.final_accuracy
    array([[1.]])
    """
    if steps < 1 or steps % eval_every:
        raise ValueError(f"steps is {steps}; allowed is a multiple of eval_every, {eval_every}.")
    train_set, test_set = _tensors(digits)
    eval_set = tuple(part[:eval_digits] for part in test_set)
    sizes = (train_set[0].shape[1], *hidden, int(train_set[1].max()) + 1)
    report = _Progress(len(starts) * steps) if progress else None

    def run(start: Start, rate: float):
        net = draw_net(start, sizes, seeds, activation)
        batches = _stacked_minibatches(train_set, batch_size, seeds)
        curves = [evaluate(net, *eval_set)]
        for step in range(1, steps + 1):
            net.step(*next(batches), rate)
            if step % eval_every == 0:
                curves.append(evaluate(net, *eval_set))
                if report:
                    report.add(eval_every)
        accuracy, loss = (np.stack(curve, axis=-1) for curve in zip(*curves, strict=True))
        return accuracy, loss, evaluate(net, *test_set)[0]

    rates = np.broadcast_to(lr, len(starts)).tolist()
    with _one_core_each(), ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        runs = list(pool.map(run, starts, rates))
    accuracy, loss, final_accuracy = (np.stack(part) for part in zip(*runs, strict=True))
    names = tuple(start.name for start in starts)
    evaluated = np.arange(0, steps + 1, eval_every)
    return History(names, tuple(seeds), evaluated, accuracy, loss, final_accuracy)


def draw_net(
    start: Start, sizes: Sequence[int], seeds: Sequence[int], activation: str = "sigmoid"
) -> StackedNet:
    """The untrained networks of one start, one for each seed, drawn layer by layer.

    The generator depends on the seed alone: two starts that scale the same bell curve get the same
    numbers, scaled.

    >>> from initbook.initializers import zeros
    >>> net = draw_net(Start("zeros", zeros()), (784, 256, 10), seeds=[0, 1, 2])
    >>> [tuple(layer.W.shape) for layer in (net.layers[0], net.layers[-1])]
    [(3, 784, 256), (3, 256, 10)]
    """
    rngs = [np.random.default_rng([seed, 0]) for seed in seeds]
    weights = [
        torch.from_numpy(np.stack([start.init(rng, shape) for rng in rngs]).astype(np.float32))
        for shape in zip(sizes, sizes[1:], strict=False)
    ]
    return StackedNet(weights, activation=activation, batch_norm=start.batch_norm)


def minibatches(n: int, batch_size: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Without end: the indices of one minibatch, (batch_size,); each epoch shuffles range(n) anew.

    Raises ValueError for a batch_size larger than n.

    >>> batches = minibatches(6, 3, seed=0)
    >>> sorted([*next(batches), *next(batches)]) == list(range(6))
    True
    """
    if not 1 <= batch_size <= n:
        raise ValueError(f"batch_size is {batch_size}; allowed is 1 to {n}, the number of digits.")
    rng = np.random.default_rng([seed, 1])
    while True:
        order = rng.permutation(n)
        for first in range(0, n - batch_size + 1, batch_size):
            yield order[first : first + batch_size]


def evaluate(net: StackedNet, X: Tensor, y: Tensor) -> tuple[NDArray, NDArray]:
    """Accuracy and mean cross-entropy of each network in the stack, on the same X (n, pixels)."""
    copies = len(net.layers[0].W)
    right, loss = np.zeros(copies), np.zeros(copies)
    for some_X, some_y in zip(X.split(1_000), y.split(1_000), strict=True):
        logits = net.logits(some_X.expand(copies, -1, -1))
        labels = some_y.expand(copies, -1)
        right += (logits.argmax(-1) == labels).sum(1).numpy()
        chosen = torch.log_softmax(logits, -1).gather(2, labels[..., None])
        loss -= chosen.sum((1, 2), dtype=torch.float64).numpy()
    return right / len(y), loss / len(y)


def steps_to(accuracy: ArrayLike, steps: ArrayLike, level: float) -> NDArray[np.float64]:
    """For each run, the first of `steps` at which accuracy ≥ level; inf where there is none.

    `accuracy` has the shape (…, evaluations), `steps` (evaluations,), the result (…). The spacing
    of the evaluations rounds it up, and inf says "not within these steps", never "never".

    >>> steps_to([[0.1, 0.8, 0.9], [0.1, 0.1, 0.7]], [0, 50, 100], 0.8)
    array([50., inf])
    """
    reached = np.asarray(accuracy) >= level
    return np.where(reached.any(-1), np.asarray(steps)[reached.argmax(-1)], np.inf)


def median_in_words(reached: ArrayLike, budget: int) -> str:
    """The median over runs of `steps_to`, or "not within N steps" where it is infinite.

    >>> median_in_words([2000, 2100, np.inf], budget=4000)
    '2,100'
    >>> median_in_words([2000, np.inf, np.inf], budget=4000)
    'not within 4,000 steps'
    """
    median = np.median(reached)
    return f"{median:,.0f}" if np.isfinite(median) else f"not within {budget:,} steps"


def in_percent(shares: ArrayLike) -> str:
    """The mean share in percent ± the half-width of its 95 % interval, no finer than that allows.

    `shares` has one number a seed, (seeds,).

    >>> in_percent([0.9571, 0.9602, 0.9586])
    '95.9 ± 0.4%'
    >>> in_percent([0.10, 0.42, 0.31])
    '28 ± 40%'
    """
    mean, half = mean_interval(100 * np.asarray(shares))
    decimals = max(0, -math.floor(math.log10(half))) if half > 0 else 1
    return f"{mean:.{decimals}f} ± {half:.{decimals}f}%"


def _tensors(digits) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    def pair(X, y):
        return (
            torch.from_numpy(np.asarray(X, dtype=np.float32)),
            torch.from_numpy(np.asarray(y, dtype=np.int64)),
        )

    return pair(digits.X_train, digits.y_train), pair(digits.X_test, digits.y_test)


def _stacked_minibatches(train_set, batch_size, seeds) -> Iterator[tuple[Tensor, Tensor]]:
    X, y = train_set
    orders = [minibatches(len(X), batch_size, seed) for seed in seeds]
    for rows in zip(*orders, strict=True):
        stack = torch.from_numpy(np.stack(rows))
        # index_select copies row by row, in half the time that X[stack] takes.
        yield X.index_select(0, stack.flatten()).view(*stack.shape, -1), y[stack]


@contextmanager
def _one_core_each():
    """Keep torch's own threads out. The stacks already fill the cores, and a product that is
    shared between threads may round differently."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _Progress:
    """One line on stderr, rewritten in place."""

    def __init__(self, total: int):
        self.total, self.done = total, 0

    def add(self, steps: int) -> None:
        self.done += steps
        end = "\n" if self.done >= self.total else ""
        print(f"\rtraining: {self.done / self.total:4.0%}", end=end, file=sys.stderr, flush=True)
