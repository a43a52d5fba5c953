"""The first article's experiment as its code has it (gdyshi, bp_weight_init), for `make results`.

784-390-156-62-25-10, a sigmoid behind every layer, half the squared error, plain descent at rate 3
with ten digits a step, 20,000 steps. Batch normalization stands before each sigmoid, the last one
included, with TensorFlow's ε = 1e-3 and decay 0.999. The article draws standard normal biases under
every start; the rows with zero biases, and those behind them, are what its table leaves out.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from initbook.digits import Digits

WIDTHS = (784, 390, 156, 62, 25, 10)
SETTINGS = {"steps": 20_000, "lr": 3.0, "batch_size": 10, "eval_every": 250, "eval_digits": 2_000}
SEEDS = range(3)
EPSILON, DECAY = 1e-3, 0.999


class Row(NamedTuple):
    """A line of the table: the std of a weight by its fan_in, and what stands beside it."""

    std: Callable[[int], float]
    random_biases: bool
    batch_norm: bool = False


ROWS = {
    "zeros": Row(lambda n: 0.0, True),
    "small random": Row(lambda n: 0.01, True),
    "1/√n": Row(lambda n: n**-0.5, True),
    "small random + BN": Row(lambda n: 0.01, True, True),
    "zeros, zero biases": Row(lambda n: 0.0, False),
    "small random, zero biases": Row(lambda n: 0.01, False),
    "1/√n, zero biases": Row(lambda n: n**-0.5, False),
    "3.58/√n, zero biases": Row(lambda n: (12.8 / n) ** 0.5, False),
    "4/√n, zero biases": Row(lambda n: 4 * n**-0.5, False),
    "He, zero biases": Row(lambda n: (2 / n) ** 0.5, False),
    "N(0, 1), zero biases": Row(lambda n: 1.0, False),
    "zeros + BN, zero biases": Row(lambda n: 0.0, False, True),
}


class Net(nn.Module):
    def __init__(self, row: Row, seed: int):
        super().__init__()
        rng = np.random.default_rng([seed, 0])
        self.dense, self.norms = nn.ModuleList(), nn.ModuleList()
        for fan_in, fan_out in zip(WIDTHS, WIDTHS[1:], strict=False):
            layer = nn.Linear(fan_in, fan_out)
            W, b = rng.standard_normal((fan_out, fan_in)), rng.standard_normal(fan_out)
            layer.weight.data = torch.from_numpy(row.std(fan_in) * W).float()
            layer.bias.data = torch.from_numpy(row.random_biases * b).float()
            self.dense.append(layer)
            norm = nn.BatchNorm1d(fan_out, eps=EPSILON, momentum=1 - DECAY)
            self.norms.append(norm if row.batch_norm else nn.Identity())

    def forward(self, h: Tensor) -> Tensor:
        for dense, norm in zip(self.dense, self.norms, strict=True):
            h = torch.sigmoid(norm(dense(h)))
        return h


def accuracy(net: Net, X: Tensor, y: Tensor, *, running: bool) -> float:
    """With the test digits' own statistics, as the article measures, or the running averages."""
    averages = [buffer.clone() for buffer in net.buffers()]
    net.train(not running)
    with torch.no_grad():
        share = float((net(X).argmax(1) == y).double().mean())
        for buffer, average in zip(net.buffers(), averages, strict=True):
            buffer.copy_(average)  # what was looked at is not trained on
    net.train()
    return share


def train_row(digits: Digits, name: str, seed: int, steps: int | None = None) -> dict[str, Any]:
    """One network: its curve on the first test digits, and the end on all of them."""
    torch.set_num_threads(1)
    s = SETTINGS | ({} if steps is None else {"steps": steps})
    X, X_test = torch.from_numpy(digits.X_train), torch.from_numpy(digits.X_test)
    y_test = torch.from_numpy(digits.y_test)
    targets = nn.functional.one_hot(torch.from_numpy(digits.y_train), 10).float()
    net, some = Net(ROWS[name], seed), int(s["eval_digits"])
    parameters, rng = list(net.parameters()), np.random.default_rng([seed, 1])
    curve, losses = [], []
    for step in range(int(s["steps"]) + 1):
        if step % s["eval_every"] == 0:
            curve.append(accuracy(net, X_test[:some], y_test[:some], running=False))
        if step == s["steps"]:
            break
        rows = torch.from_numpy(rng.integers(len(X), size=s["batch_size"]))
        loss = (net(X[rows]) - targets[rows]).square().sum() / 2 / s["batch_size"]
        losses += [round(loss.item(), 4)] * (step < 50)
        with torch.no_grad():
            for w, g in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
                w -= s["lr"] * g
    return {
        "first_losses": losses,
        "accuracy": [round(share, 4) for share in curve],
        "final_accuracy": accuracy(net, X_test, y_test, running=False),
        "final_accuracy_running": accuracy(net, X_test, y_test, running=True),
    }
