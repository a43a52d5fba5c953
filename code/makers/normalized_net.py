"""Ioffe & Szegedy's figure 1 (2015): what a sigmoid is sent while its network trains.

Three hidden layers of 100 sigmoids on binary digits, small normal weights, cross-entropy, 50,000
steps of 60 digits, with and without batch normalization. Kept: the accuracy, and the 15th, 50th and
85th percentile of one unit's input in the last hidden layer. The paper gives no learning rate; here
it is 0.1.
"""

from typing import Any

import numpy as np
import torch
from torch import nn

from initbook.digits import Digits

SETTINGS = {"steps": 50_000, "lr": 0.1, "batch_size": 60, "eval_every": 500, "std": 0.1}
NETS = {"plain": False, "batch norm": True}
PERCENTILES = (15, 50, 85)


def make_net(batch_norm: bool) -> nn.Sequential:
    rng, modules = np.random.default_rng([0, 0]), []
    for fan_in, fan_out in ((784, 100), (100, 100), (100, 100), (100, 10)):
        layer = nn.Linear(fan_in, fan_out)
        W = SETTINGS["std"] * rng.standard_normal((fan_out, fan_in))
        layer.weight.data = torch.from_numpy(W).float()
        layer.bias.data.zero_()
        modules += [layer, nn.BatchNorm1d(fan_out) if batch_norm else nn.Identity(), nn.Sigmoid()]
    return nn.Sequential(*modules[:-2])  # the last layer's outputs are logits


def train_net(digits: Digits, name: str, steps: int | None = None) -> dict[str, Any]:
    torch.set_num_threads(1)
    s = SETTINGS | ({} if steps is None else {"steps": steps})
    X, X_test = (torch.from_numpy(part).gt(0.5).float() for part in (digits.X_train, digits.X_test))
    y, y_test = torch.from_numpy(digits.y_train), torch.from_numpy(digits.y_test)
    net, rng = make_net(NETS[name]), np.random.default_rng([0, 1])
    parameters = list(net.parameters())
    accuracy, percentiles, losses = [], [], []
    for step in range(int(s["steps"]) + 1):
        if step % s["eval_every"] == 0:
            net.eval()
            with torch.no_grad():
                accuracy.append(float((net(X_test).argmax(1) == y_test).double().mean()))
                unit = net[:8](X_test)[:, 0].numpy()  # before the third hidden layer's sigmoid
            net.train()
            percentiles.append([round(float(p), 4) for p in np.percentile(unit, PERCENTILES)])
        if step == s["steps"]:
            break
        rows = torch.from_numpy(rng.integers(len(X), size=s["batch_size"]))
        loss = nn.functional.cross_entropy(net(X[rows]), y[rows])
        losses += [round(loss.item(), 4)] * (step < 50)
        with torch.no_grad():
            for w, g in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
                w -= s["lr"] * g
    return {"first_losses": losses, "accuracy": accuracy, "percentiles": percentiles}
