"""Chapter 12's comparison of starts, for `make results`: ten hidden layers of 64 units, plain SGD.

Each start at the best of five learning rates, judged on held-out training digits with two seeds;
then 20 seeds at that rate, on the test digits. The networks of a start are one stack.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from initbook.digits import Digits
from initbook.initializers import he_normal, lecun_normal, orthogonal, sparse
from initbook.lsuv import lsuv
from initbook.propagation import draw_weights
from initbook.stacked import StackedNet
from initbook.threads import fastest_exact_products, one_core_each
from initbook.training import evaluate, minibatches
from makers.mnist import held_out, rounded

SETTINGS = {
    "steps": 500, "batch_size": 100, "hidden": [64] * 10, "lr": [0.01, 0.03, 0.1, 0.3, 1.0],
    "grid_seeds": [0, 1], "seeds": list(range(20)), "lsuv_digits": 500,
}  # fmt: skip
# LSUV looks at digits, so it is no initializer: its name stands for it.
STARTS = {
    "tanh": {
        "normal, 1/n": lecun_normal(),
        "10 outgoing, std 0.01": sparse(10, "outgoing", 0.01),
        "15 incoming, std 1": sparse(15),
        "15 incoming, scaled": sparse(15, std=15**-0.5),
        "orthogonal": orthogonal(),
        "LSUV": lsuv,
    },
    "relu": {
        "normal, 2/n": he_normal(),
        "15 incoming, scaled": sparse(15, std=(2 / 15) ** 0.5),
        "orthogonal": orthogonal(2**0.5),
        "LSUV": lsuv,
    },
}


def draw(digits: Digits, activation: str, name: str, seeds: Iterable[int]) -> StackedNet:
    """The untrained networks of a start, one for each seed."""
    widths, stacks = [784, *SETTINGS["hidden"], 10], []
    for seed in seeds:
        rng, start = np.random.default_rng([seed, 0]), STARTS[activation][name]
        if start is lsuv:
            stacks.append(lsuv(digits.X_train[: SETTINGS["lsuv_digits"]], widths, activation, rng))
        else:
            stacks.append(list(draw_weights(start, widths, rng)))
    layers = [torch.from_numpy(np.stack(W)).float() for W in zip(*stacks, strict=True)]
    return StackedNet(layers, activation=activation)


def batches(digits: Digits, seeds: Sequence[int]) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    X, y = torch.from_numpy(digits.X_train), torch.from_numpy(digits.y_train)
    orders = [minibatches(len(X), SETTINGS["batch_size"], seed) for seed in seeds]
    for rows in zip(*orders, strict=True):
        some = torch.from_numpy(np.stack(rows))
        yield X[some], y[some]


def trained(
    digits: Digits,
    activation: str,
    name: str,
    seeds: Sequence[int],
    rates: Sequence[float],
    steps: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Accuracy at the end of one network a seed and rate, and its loss before and after."""
    net = draw(digits, activation, name, seeds)
    X, y = torch.from_numpy(digits.X_test), torch.from_numpy(digits.y_test)
    lr = torch.tensor(rates).float()[:, None, None]
    data = batches(digits, seeds)
    with one_core_each(), fastest_exact_products():
        before = evaluate(net, X[:1000], y[:1000])[1]
        for _ in range(steps):
            net.step(*next(data), lr)
        return evaluate(net, X, y)[0], np.stack([before, evaluate(net, X[:1000], y[:1000])[1]])


def compare(digits: Digits, activation: str, name: str) -> dict[str, Any]:
    s = SETTINGS
    pairs = [(rate, seed) for rate in s["lr"] for seed in s["grid_seeds"]]
    rates, seeds = zip(*pairs, strict=True)
    tried = trained(held_out(digits), activation, name, seeds, rates, s["steps"])[0]
    tried = tried.reshape(len(s["lr"]), -1)
    best = float(s["lr"][int(tried.mean(axis=1).argmax())])
    ends, losses = trained(
        digits, activation, name, s["seeds"], [best] * len(s["seeds"]), s["steps"]
    )
    return {
        "held_out": rounded(tried),
        "lr": best,
        "final_accuracy": rounded(ends[None])[0],
        "losses": rounded(losses),
        "early_losses": early_losses(digits, activation, name),
    }


def early_losses(digits: Digits, activation: str, name: str) -> list[float | None]:
    """The loss at step 0 and after 20 steps at a rate of 0.01, of seed 0: quick to make again."""
    return [row[0] for row in rounded(trained(digits, activation, name, [0], [0.01], 20)[1])]
