"""Chapter 12's pre-training and transfer, for `make results`: what a start brings to few labels.

784-100-100-100-C with ReLU, cross-entropy, plain descent, all networks of a row as one stack. For
each number of labels a row takes the best of five learning rates, judged on held-out training
digits with two seeds, and then 20 seeds on the test digits.

The transfer to Fashion-MNIST reads the four original files from the folder INITBOOK_FASHION, or
from where Debian's package dataset-fashion-mnist puts them (MIT license, Zalando SE).
"""

import gzip
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from initbook.digits import Digits, read_idx
from initbook.initializers import he_normal
from initbook.stacked import StackedNet
from initbook.threads import fastest_exact_products, one_core_each
from initbook.training import Start, draw_net, minibatches
from makers.mnist import held_out, rounded

COMMON = {
    "hidden": [100] * 3, "batch_size": 100, "steps": 300, "lr": [0.01, 0.03, 0.1, 0.3, 1.0],
    "grid_seeds": [0, 1], "seeds": list(range(20)),
}  # fmt: skip
PRE_TRAINING = COMMON | {
    "labels": [100, 1_000, 10_000], "steps_a_layer": 300, "corruption": 0.3, "adam": 1e-3
}  # fmt: skip
TRANSFER = COMMON | {"labels": [50, 500, 5_000], "source_steps": 600, "source_lr": 0.1}
TARGETS = ("ten garments", "five digits")
FASHION = {
    "train-images-idx3": "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7",
    "train-labels-idx1": "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056",
    "t10k-images-idx3": "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa",
    "t10k-labels-idx1": "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05",
}

Draw = Callable[[Sequence[int]], StackedNet]  # the networks of these seeds, before fine-tuning


def he(seeds: Sequence[int], classes: int = 10) -> StackedNet:
    return draw_net(Start("He", he_normal()), [784, *COMMON["hidden"], classes], seeds, "relu")


def rows_of(digits: Digits, labels: int, seeds: Sequence[int]) -> Iterator[Tensor]:
    """Without end: a minibatch for each seed, out of so many labeled digits of its own."""
    own = [
        np.random.default_rng([seed, 2]).permutation(len(digits.y_train))[:labels] for seed in seeds
    ]
    batch = min(COMMON["batch_size"], labels)
    orders = [minibatches(labels, batch, seed) for seed in seeds]
    for some in zip(*orders, strict=True):
        yield torch.from_numpy(np.stack([mine[rows] for mine, rows in zip(own, some, strict=True)]))


def hidden(net: StackedNet, h: Tensor) -> Tensor:
    """What the last layer gets."""
    for layer in net.layers[:-1]:
        h = layer.forward(h, False)
    return h


def fine_tune(
    net: StackedNet, digits: Digits, labels: int, seeds: Sequence[int], rates: Sequence[float],
    steps: int, frozen: bool = False,
) -> list[float]:  # fmt: skip
    """Train the stack, or its last layer alone; each network's share of right test digits."""
    X, y = torch.from_numpy(digits.X_train), torch.from_numpy(digits.y_train)
    X_test, y_test = torch.from_numpy(digits.X_test), torch.from_numpy(digits.y_test)
    lr = torch.tensor(rates).float()[:, None, None]
    head = StackedNet([net.layers[-1].parameters[0]])
    data = rows_of(digits, labels, seeds)
    for _ in range(steps):
        rows = next(data)
        if frozen:
            head.step(hidden(net, X[rows]), y[rows], lr)
        else:
            net.step(X[rows], y[rows], lr)
    right = 0
    for some, labels_of_some in zip(X_test.split(1_000), y_test.split(1_000), strict=True):
        x = some.expand(net.copies, -1, -1)
        logits = head.logits(hidden(net, x)) if frozen else net.logits(x)
        right += (logits.argmax(-1) == labels_of_some).sum(1)
    return [float(share) for share in right / len(y_test)]


def tuned(
    draw: Draw, digits: Digits, labels: int, steps: int, frozen: bool = False
) -> dict[str, Any]:
    """The best rate on held-out training digits, and 20 seeds at it on the test digits."""
    s = COMMON
    rates, seeds = zip(*[(rate, seed) for rate in s["lr"] for seed in s["grid_seeds"]], strict=True)
    with one_core_each(), fastest_exact_products():
        tried = fine_tune(draw(seeds), held_out(digits), labels, seeds, rates, steps, frozen)
        by_rate = np.array(tried).reshape(len(s["lr"]), -1)
        best = float(s["lr"][int(by_rate.mean(axis=1).argmax())])
        ends = fine_tune(
            draw(s["seeds"]), digits, labels, s["seeds"], [best] * len(s["seeds"]), steps, frozen
        )
    return {
        "held_out": rounded(by_rate),
        "lr": best,
        "final_accuracy": rounded(np.array([ends]))[0],
    }


def auto_encode(h: Tensor, seeds: Sequence[int], layer: int, W: Tensor, steps: int) -> list[Tensor]:
    """Greedy pre-training of one layer: W and b with which its input can be told again.

    h (S, digits, n) is what the layer gets, or (1, digits, n) for all. Each number that goes in is
    set to 0 with the chance `corruption`, which gives x̃, and the loss is the squared distance of
    relu(x̃ W + b) Wᵀ + c from x. W is tied to its transpose: with a decoder of its own, drawn like
    W, most units were pushed below 0 for good in the first steps. Adam; c starts at the mean.
    """
    copies, n, m = W.shape
    rng = np.random.default_rng([seeds[0], 3, layer])
    parts = [
        W.clone(),
        W.new_zeros(copies, 1, m),
        h.mean(1, keepdim=True).repeat(copies // len(h), 1, 1),
    ]
    for part in parts:
        part.requires_grad_()
    adam = torch.optim.Adam(parts, lr=PRE_TRAINING["adam"])
    orders = [minibatches(h.shape[1], COMMON["batch_size"], seed) for seed in seeds]
    which = torch.arange(copies)[:, None] if len(h) == copies else torch.tensor(0)
    for _ in range(steps):
        x = h[which, torch.from_numpy(np.stack([next(order) for order in orders]))]
        kept = torch.from_numpy(rng.random(x.shape, dtype=np.float32) >= PRE_TRAINING["corruption"])
        again = torch.relu((x * kept) @ parts[0] + parts[1]) @ parts[0].mT + parts[2]
        adam.zero_grad()
        (again - x).square().sum(-1).mean(-1).sum().backward()
        adam.step()
    return [part.detach() for part in parts[:2]]


def pre_train(digits: Digits, seeds: Sequence[int], steps: int) -> list[Tensor]:
    """W and b of each hidden layer, (S, …), from digits without their labels; the first 10,000."""
    net, h, found = he(seeds), torch.from_numpy(digits.X_train[:10_000])[None], []
    for layer in range(len(COMMON["hidden"])):
        W, b = auto_encode(h, seeds, layer, net.parameters[2 * layer], steps)
        h = torch.relu(h @ W + b)
        found += [W, b]
    return found


def with_hidden(net: StackedNet, parts: Sequence[Tensor], copies: Sequence[int]) -> StackedNet:
    """The net with these hidden weights and biases, and its own last layer."""
    for own, other in zip(net.parameters[:-2], parts, strict=True):
        own.copy_(other[list(copies)])
    return net


def shuffled(parts: Sequence[Tensor]) -> list[Tensor]:
    """The same numbers in each matrix and bias, at random places."""
    rng = np.random.default_rng(4)
    return [
        torch.from_numpy(rng.permuted(part.flatten(1).numpy(), axis=1)).reshape(part.shape)
        for part in parts
    ]


def pre_training(digits: Digits, labels: int) -> dict[str, Any]:
    """All rows for one number of labels."""
    s = PRE_TRAINING
    parts = pre_trained(digits)

    def with_parts(seeds: Sequence[int]) -> StackedNet:
        return with_hidden(he(seeds), parts, seeds)

    def with_shuffled(seeds: Sequence[int]) -> StackedNet:
        return with_hidden(he(seeds), shuffled(parts), seeds)

    all_steps = s["steps"] + len(s["hidden"]) * s["steps_a_layer"]
    ways: dict[str, tuple[Draw, int]] = {
        "from scratch": (he, s["steps"]), "from scratch, all steps": (he, all_steps),
        "pre-trained": (with_parts, s["steps"]),
        "pre-trained, shuffled": (with_shuffled, s["steps"]),
    }  # fmt: skip
    found = {row: tuned(draw, digits, labels, steps) for row, (draw, steps) in ways.items()}
    return by_row(found) | {"early_lengths": lengths(pre_train(digits, [0], 20))}


@cache
def pre_trained(digits: Digits) -> list[Tensor]:
    with one_core_each(), fastest_exact_products():
        return pre_train(digits, PRE_TRAINING["seeds"], PRE_TRAINING["steps_a_layer"])


def lengths(parts: Sequence[Tensor]) -> list[float]:
    """Of seed 0's weights and biases: after 20 steps they are quick to make again."""
    return [round(float(part[0].norm()), 4) for part in parts]


def by_row(found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        f"{what}, {row}": value
        for row, measured in found.items()
        for what, value in measured.items()
    }


def some_classes(digits: Digits, low: int, high: int) -> Digits:
    """The digits low … high − 1, as classes 0 …"""
    kept = [(low <= y) & (y < high) for y in (digits.y_train, digits.y_test)]
    return replace(
        digits,
        X_train=digits.X_train[kept[0]], y_train=digits.y_train[kept[0]] - low,
        X_test=digits.X_test[kept[1]], y_test=digits.y_test[kept[1]] - low,
    )  # fmt: skip


def fashion(digits: Digits) -> Digits:
    """Fashion-MNIST in the form of the digits, checked against its SHA-256."""
    folder = Path(os.environ.get("INITBOOK_FASHION", "/usr/share/datasets/fashion-mnist"))
    arrays = {}
    for name, sha256 in FASHION.items():
        path = folder / f"{name}-ubyte.gz"
        data = path.read_bytes() if path.exists() else b""
        if hashlib.sha256(data).hexdigest() != sha256:
            raise SystemExit(
                f"{path} is missing or another file; install Debian's dataset-fashion-mnist, or "
                "let INITBOOK_FASHION name a folder with its four files."
            )
        arrays[name] = read_idx(gzip.decompress(data))
    pixels = [
        arrays[name].reshape(-1, 784).astype(np.float32) / 255
        for name in FASHION
        if "images" in name
    ]
    labels = [arrays[name].astype(np.int64) for name in FASHION if "labels" in name]
    return replace(
        digits, X_train=pixels[0], X_test=pixels[1], y_train=labels[0], y_test=labels[1],
        name="fashion", source=str(folder),
    )  # fmt: skip


def transfer(digits: Digits, to: str, labels: int) -> dict[str, Any]:
    """All rows for one number of labels: from five digits to five, or from ten to ten garments."""
    source, target, parts = moved_parts(digits, to)
    classes = int(target.y_train.max()) + 1

    def moved(seeds: Sequence[int]) -> StackedNet:
        return with_hidden(he(seeds, classes), parts, seeds)

    def fresh(seeds: Sequence[int]) -> StackedNet:
        return he(seeds, classes)

    ways: dict[str, tuple[Draw, bool]] = {
        "from scratch": (fresh, False), "frozen": (moved, True),
        "fine-tuned": (moved, False), "frozen, untrained": (fresh, True),
    }  # fmt: skip
    found = {
        row: tuned(draw, target, labels, TRANSFER["steps"], frozen)
        for row, (draw, frozen) in ways.items()
    }
    return by_row(found) | {"early_lengths": lengths(source_parts(source, [0], 20))}


@cache
def moved_parts(digits: Digits, to: str) -> tuple[Digits, Digits, list[Tensor]]:
    """Source, target, and the hidden weights and biases that were learned on the source."""
    if to == "five digits":
        source, target = some_classes(digits, 0, 5), some_classes(digits, 5, 10)
    else:
        source, target = digits, fashion(digits)
    return source, target, source_parts(source, TRANSFER["seeds"], TRANSFER["source_steps"])


def source_parts(source: Digits, seeds: Sequence[int], steps: int) -> list[Tensor]:
    net = he(seeds, int(source.y_train.max()) + 1)
    with one_core_each(), fastest_exact_products():
        X, y = torch.from_numpy(source.X_train), torch.from_numpy(source.y_train)
        data = rows_of(source, len(y), seeds)
        for _ in range(steps):
            rows = next(data)
            net.step(X[rows], y[rows], TRANSFER["source_lr"])
    return net.parameters[:-2]
