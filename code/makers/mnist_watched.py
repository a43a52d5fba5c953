"""Two small results for chapter 11's deeper page, for `make results`.

"mnist-inputs": Xavier's start on standardized pixels, and with the shift or the scale alone; raw
pixels are in "mnist-many". "mnist-layers": what is measured of each layer
while a network trains.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from initbook.digits import Digits
from initbook.layer_statistics import FLAT
from initbook.stacked import ACTIVATIONS, StackedNet
from initbook.training import COMPARED, STARTS, draw_net, evaluate, minibatches, settings_of, train
from makers.mnist import ends

XAVIER = STARTS[2]
INPUT_SETTINGS = settings_of(seeds=range(3), steps=3_000, lr=0.5, eval_every=50)
INPUTS = ("shifted", "scaled", "standardized")

SIZES = (784, 256, 256, 256, 256, 10)
WATCHED = {  # activation, start, learning rate, steps
    "Xavier, sigmoid": ("sigmoid", "Xavier", 0.5, 3_000),
    "the gain, sigmoid": ("sigmoid", "Xavier, sigmoid's gain", 0.5, 1_000),
    "He, ReLU": ("relu", "He", 0.1, 1_000),
    "He, ReLU, rate 0.5": ("relu", "He", 0.5, 1_000),
}
LAYER_SETTINGS = {"seeds": [0, 1, 2], "batch_size": 100, "eval_digits": 500, "looks": 40}


def as_input(digits: Digits, name: str) -> Digits:
    """The digits with their mean taken off, or divided by the std of a pixel, or both."""
    X = digits.X_train
    shift = X.mean() if name in ("shifted", "standardized") else 0.0
    scale = X.std() if name in ("scaled", "standardized") else 1.0
    return replace(
        digits,
        X_train=((X - shift) / scale).astype(np.float32),
        X_test=((digits.X_test - shift) / scale).astype(np.float32),
    )


def try_input(digits: Digits, name: str, folder: Path) -> dict[str, Any]:
    settings = INPUT_SETTINGS
    return ends(train([XAVIER], as_input(digits, name), **settings, folder=folder, progress=True))


def watch(digits: Digits, name: str, steps: int | None = None) -> dict[str, Any]:
    """Measures of each layer and seed at steps that are evenly spaced on a log axis."""
    torch.set_num_threads(1)
    activation, start_name, lr, budget = WATCHED[name]
    start = next(start for start in COMPARED[activation] if start.name == start_name)
    budget = budget if steps is None else steps
    seeds = LAYER_SETTINGS["seeds"]
    net = draw_net(start, SIZES, seeds, activation)
    X, y = torch.from_numpy(digits.X_train), torch.from_numpy(digits.y_train.astype(np.int64))
    count = LAYER_SETTINGS["eval_digits"]
    X_test = torch.from_numpy(digits.X_test[:count])
    y_test = torch.from_numpy(digits.y_test[:count].astype(np.int64))
    orders = [minibatches(len(X), LAYER_SETTINGS["batch_size"], seed) for seed in seeds]
    looks = {0, *np.geomspace(1, budget, LAYER_SETTINGS["looks"]).astype(int).tolist()}
    found: dict[str, list[Any]] = {key: [] for key in ("steps", "accuracy", "update", *MEASURES)}
    losses = []
    for step in range(budget + 1):
        rows = torch.from_numpy(np.stack([next(order) for order in orders]))
        if step in looks:
            measured = measures(net, activation, X_test) | {
                "update": updates(net, X[rows], y[rows], lr)
            }
            for key, of_layers in measured.items():
                found[key].append(np.array(of_layers).T.round(6).tolist())  # a row for each seed
            accuracy, loss = evaluate(net, X_test, y_test)
            found["steps"].append(step)
            found["accuracy"].append(accuracy.round(4).tolist())
            losses.append(loss.round(4).tolist())
        net.step(X[rows], y[rows], lr)
    return found | {"loss": losses}


MEASURES = ("rms", "movement", "saturated", "dead")


def measures(net: StackedNet, activation: str, X: Tensor) -> dict[str, list[Any]]:
    """Of each hidden layer, a row of seeds: rms, std of a unit over digits, shares of units.

    A unit is saturated for a digit where its slope is below 6 % of the steepest, and dead where it
    sends 0 whatever the digit.
    """
    slope = ACTIVATIONS[activation][1]
    steepest = 0.25 if activation == "sigmoid" else 1.0
    found: dict[str, list[Any]] = {key: [] for key in MEASURES}
    h = X.expand(net.copies, -1, -1)
    for layer in net.layers:
        h = layer.forward(h, training=False)
        if hasattr(layer, "slope"):
            found["rms"].append(h.square().mean((1, 2)).sqrt().numpy())
            found["movement"].append(h.var(1).mean(1).sqrt().numpy())
            flat = (slope(h) < FLAT * steepest).double()
            found["saturated"].append(flat.mean((1, 2)).numpy())
            found["dead"].append((h == 0).all(1).double().mean(1).numpy())
    return found


def updates(net: StackedNet, X: Tensor, y: Tensor, lr: float) -> list[Any]:
    """The rms of the next step beside that of the weight that it changes, layer by layer."""
    weights = [parameter for parameter in net.parameters if parameter.shape[1] > 1]
    gradients = [gradient for gradient in net.gradients(X, y) if gradient.shape[1] > 1]
    return [
        (lr * (g.square().mean((1, 2)) / W.square().mean((1, 2))).sqrt()).numpy()
        for g, W in zip(gradients, weights, strict=True)
    ]
