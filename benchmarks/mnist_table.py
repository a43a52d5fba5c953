"""Chapter 11's table, 4 starts × 5 seeds: torch's plain loop against the stacked trainer.

    python benchmarks/mnist_table.py

Milliseconds a joint step (one step of all 20 networks), measured in turns in one process, the best
of several turns, since other work on the machine only ever slows one down; ratios; and the share of
the float32 matrix-product rate that this machine reached between the turns. Where "medium" products
are exact here (`initbook.threads`), plain torch is measured with that setting as well.
"""

import time
from types import SimpleNamespace

import numpy as np
import torch
from torch import nn

from initbook import training
from initbook.threads import fastest_exact_products, keeps_float32
from initbook.training import train

STARTS = [start for start in training.STARTS if not start.batch_norm]
SEEDS, BATCH, LR = range(5), 100, 0.5
SIZES = (784, 256, 256, 256, 256, 10)
ROUNDS, STEPS = 5, 60
CORES = torch.get_num_threads()


def products_per_step() -> int:
    """Floating-point operations of one network's step: forward, two backward products a layer."""
    layers = [a * b for a, b in zip(SIZES, SIZES[1:], strict=False)]
    return 2 * BATCH * (3 * sum(layers) - layers[0])


def plain_loop(X, y, threads: int) -> float:
    """Seconds a joint step, the networks one by one: nn.Linear, autograd, optim.SGD."""
    torch.set_num_threads(threads)
    layers = []
    for shape in zip(SIZES, SIZES[1:], strict=False):
        layers += [nn.Linear(*shape), nn.Sigmoid()]
    net = nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(net.parameters(), lr=LR)
    began = time.perf_counter()
    for _ in range(STEPS):
        rows = torch.randint(len(X), (BATCH,))
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(X[rows]), y[rows]).backward()
        optimizer.step()
    return (time.perf_counter() - began) / STEPS * len(STARTS) * len(SEEDS)


def stacked(digits, threads: int) -> float:
    began = time.perf_counter()
    train(STARTS, digits, seeds=SEEDS, steps=STEPS, lr=LR, eval_every=STEPS, threads=threads)
    return (time.perf_counter() - began) / STEPS


def matrix_product_rate(threads: int) -> float:
    """Floating-point operations a second in a product of two 1024×1024 float32 matrices."""
    torch.set_num_threads(threads)
    A = torch.rand(1024, 1024)
    times = []
    for _ in range(20):
        began = time.perf_counter()
        with fastest_exact_products():
            A @ A
        times.append(time.perf_counter() - began)
    return 2 * 1024**3 / min(times)


def one_turn(digits, X, y, threads: int) -> tuple[float, float, float, float]:
    """Seconds a joint step: the plain loop, the same with the trainer's setting of the products,
    the stacked trainer, the matrix products alone."""
    work = products_per_step() * len(STARTS) * len(SEEDS)
    plain = plain_loop(X, y, threads)
    with fastest_exact_products():
        same = plain_loop(X, y, threads)
    return plain, same, stacked(digits, threads), work / matrix_product_rate(threads)


def main():
    rng = np.random.default_rng(0)
    X, y = rng.random((60_000, 784), dtype=np.float32), rng.integers(0, 10, 60_000)
    digits = SimpleNamespace(X_train=X, y_train=y, X_test=X[:10], y_test=y[:10])
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    counts = sorted({1, CORES})
    turns = [
        {threads: one_turn(digits, X, y, threads) for threads in counts} for _ in range(ROUNDS)
    ]
    best = {threads: tuple(map(min, zip(*(t[threads] for t in turns), strict=True)))
            for threads in counts}  # fmt: skip
    torch.set_float32_matmul_precision("medium")
    exact = keeps_float32(torch.bmm)
    torch.set_float32_matmul_precision("highest")
    print(f'"medium" products {"are" if exact else "are not"} exact here')
    for threads, (plain, same, ours, limit) in best.items():
        print(
            f"{threads} thread(s), ms a joint step: plain {plain * 1e3:.1f}, with the trainer's "
            f"products {same * 1e3:.1f}, stacked {ours * 1e3:.1f}, products alone {limit * 1e3:.1f}"
        )
        print(
            f"  stacked against plain {plain / ours:.2f}×, with its products {same / ours:.2f}×; "
            f"it reaches {limit / ours:.0%} of the product rate, plain {limit / plain:.0%}"
        )
    print(f"stacked on {CORES} against plain on 1: {best[1][0] / best[CORES][2]:.2f}×")


if __name__ == "__main__":
    main()
