"""Five learning rates for chapter 11's page, until the grid of `makers.mnist` is made."""

from pathlib import Path
from typing import Any

from initbook.digits import Digits
from initbook.training import STARTS, settings_of, train
from makers.mnist import held_out

# Here `lr` has the rates that are tried, one a part.
RATES = settings_of(seeds=range(3), steps=3_000, lr=[0.1, 0.2, 0.5, 1.0, 2.0], eval_every=3_000)


def try_rate(digits: Digits, rate: float, folder: Path) -> dict[str, Any]:
    """Accuracy of each start and seed on held-out training digits."""
    run = train(STARTS, held_out(digits), **RATES | {"lr": rate}, folder=folder, progress=True)
    return {"held_out_accuracy": {name: run.at(name).final_accuracy.tolist() for name in run.names}}
