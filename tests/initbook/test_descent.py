"""Optimizers do what torch's do, network by network; clipping, schedules and stopping as said."""

import numpy as np
import pytest
import torch

from initbook.descent import OPTIMIZERS, SCHEDULES, EarlyStopping, clip_by_norm

TORCHS = {
    "sgd": lambda w: torch.optim.SGD(w, lr=0.1),
    "momentum": lambda w: torch.optim.SGD(w, lr=0.1, momentum=0.9),
    "adam": lambda w: torch.optim.Adam(w, lr=0.1),
}


def gradients(seed):
    """Of two parameters, for a stack of three networks whose scales lie far apart."""
    generator = torch.Generator().manual_seed(seed)
    scale = torch.tensor([1e-6, 1.0, 1e3], dtype=torch.float64).view(3, 1, 1)
    return [
        scale * torch.randn(3, *shape, generator=generator, dtype=torch.float64)
        for shape in ((4, 5), (1, 5))
    ]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_five_steps_are_torchs(name):
    ours, theirs = gradients(0), [w.clone().requires_grad_() for w in gradients(0)]
    optimizer, reference = OPTIMIZERS[name](ours), TORCHS[name](theirs)
    for seed in range(1, 6):
        found = gradients(seed)
        optimizer.step(found, 0.1)
        for w, g in zip(theirs, found, strict=True):
            w.grad = g
        reference.step()
    for w, wanted in zip(ours, theirs, strict=True):
        torch.testing.assert_close(w, wanted.detach(), rtol=1e-10, atol=1e-12)


def test_each_network_is_clipped_by_its_own_norm_and_keeps_its_direction():
    found, before = gradients(0), gradients(0)
    clip_by_norm(found, limit=2.0)
    for s in range(3):
        was, now = (torch.cat([g[s].flatten() for g in each]) for each in (before, found))
        expected = was * min(1.0, 2.0 / float(was.norm()))
        torch.testing.assert_close(now, expected, rtol=1e-12, atol=0)
    with pytest.raises(ValueError, match="limit is 0; allowed is a finite number above 0"):
        clip_by_norm(found, limit=0)


def test_schedules_begin_at_one_and_never_rise():
    for name, factor in SCHEDULES.items():
        values = [factor(share) for share in np.linspace(0, 0.999, 50)]
        assert values[0] == 1 and (np.diff(values) <= 0).all(), name
        assert values[-1] == 1 if name == "constant" else values[-1] < 0.02, name


def test_each_network_stops_for_itself_and_gets_its_best_weights_back():
    w = torch.zeros(3, 1)
    stopping = EarlyStopping([w], patience=2)
    losses = [[3, 3, np.nan], [2, 4, np.nan], [1, 5, 1], [0.5, 0, 9]]
    for step, loss in enumerate(losses):
        w.fill_(step)
        stopping.restore(only_stopped=True)
        stopping.look(step, np.array(loss, dtype=float))
    assert stopping.stopped.tolist() == [np.inf, 2, 1]
    stopping.restore()
    assert w.flatten().tolist() == [3, 0, 0]
