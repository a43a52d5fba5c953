"""Chapter 11's own trainings, which are too long for its page, for `make results`.

For each activation a grid of learning rates, judged on held-out training digits; then each start at
the best rate of its grid, over 20 seeds, on the test digits. And the page's own run: longer, and
over 20 seeds.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from initbook.digits import Digits
from initbook.training import COMPARED, STARTS, History, settings_of, steps_to, train

LONG = settings_of(seeds=range(5), steps=12_000, lr=0.5, eval_every=200)
MANY = settings_of(seeds=range(20), steps=3_000, lr=0.5, eval_every=50)
GRID_SEEDS, BEST_SEEDS = range(3), range(20)
# Half decades. Where a start does best at an end of the grid, the grid grows there.
RATES = {"sgd": [0.03, 0.1, 0.3, 1.0], "adam": [3e-4, 1e-3, 3e-3]}
MOST_RATES = 9
HALF_DECADES = (1.0, 3.0)


def grid_settings(activation: str) -> dict[str, Any]:
    """What all runs of a grid have in common; the optimizer and the rate name the part."""
    return common(activation, settings_of(
        seeds=GRID_SEEDS, steps=3_000, lr=0.1, activation=activation, eval_every=100
    ))  # fmt: skip


def best_settings(activation: str) -> dict[str, Any]:
    return common(activation, settings_of(
        seeds=BEST_SEEDS, steps=3_000, lr=0.1, activation=activation, eval_every=50
    ))  # fmt: skip


def common(activation: str, settings: dict[str, Any]) -> dict[str, Any]:
    return {name: settings[name] for name in settings if name not in ("lr", "optimizer")}


def train_longer(digits: Digits, seed: int, folder: Path) -> dict[str, Any]:
    """The chapter's comparison for one seed, with more steps."""
    run = train(STARTS, digits, **LONG | {"seeds": [seed]}, folder=folder, progress=True)
    curves = {name: run.at(name) for name in run.names}
    return {
        "steps": run.steps.tolist(),
        "accuracy": {name: c.accuracy[0].round(4).tolist() for name, c in curves.items()},
        "loss": {name: c.loss[0].round(4).tolist() for name, c in curves.items()},
        "final_accuracy": {name: float(c.final_accuracy[0]) for name, c in curves.items()},
    }


def train_many(digits: Digits, folder: Path) -> dict[str, Any]:
    """The chapter's comparison over 20 seeds."""
    return ends(train(STARTS, digits, **MANY, folder=folder, progress=True))


def ends(run: History) -> dict[str, Any]:
    """What is kept of each network: its end, and its steps to 80 %, None if not within the run."""
    reached = steps_to(run.accuracy, run.steps, 0.8)
    return {
        "final_accuracy": dict(zip(run.names, rounded(run.final_accuracy), strict=True)),
        "first_loss": dict(
            zip(run.names, (row[0] for row in rounded(run.loss[:, :1, 1])), strict=True)
        ),
        "steps_to_80": {
            name: [int(step) if np.isfinite(step) else None for step in row]
            for name, row in zip(run.names, reached, strict=True)
        },
    }


def rounded(rows: np.ndarray) -> list[list[float | None]]:
    """Four digits, and None for a run that diverged: JSON knows no nan."""
    return [[round(float(a), 4) if np.isfinite(a) else None for a in row] for row in rows]


def held_out(digits: Digits) -> Digits:
    """The training digits alone: five sixths to train on, the last sixth to judge by."""
    kept = len(digits.X_train) * 5 // 6
    return replace(
        digits,
        X_train=digits.X_train[:kept],
        y_train=digits.y_train[:kept],
        X_test=digits.X_train[kept:],
        y_test=digits.y_train[kept:],
    )


def try_rate(
    digits: Digits, activation: str, optimizer: str, rate: float, folder: Path
) -> dict[str, Any]:
    settings = grid_settings(activation) | {"optimizer": optimizer, "lr": rate}
    run = train(COMPARED[activation], held_out(digits), **settings, folder=folder, progress=True)
    return ends(run)


def grid_parts(done: dict[str, Any]) -> list[tuple[str, float]]:
    """Which optimizers and rates come next: the grid, then what it grows by."""
    wanted = []
    for optimizer, rates in RATES.items():
        tried = {rate: done.get(f"{optimizer} {rate:g}") for rate in all_rates(done, optimizer)}
        missing = [rate for rate in rates if tried.get(rate) is None]
        wanted += [(optimizer, rate) for rate in missing or grown(tried)]
    return wanted


def all_rates(done: dict[str, Any], optimizer: str) -> list[float]:
    return sorted(float(part.split()[1]) for part in done if part.startswith(f"{optimizer} "))


def grown(tried: dict[float, Any]) -> list[float]:
    """The next rate beyond an end of the grid at which some start does best."""
    rates = sorted(tried)
    best = {rate for rate, _ in best_rates(tried).values()}
    if len(rates) >= MOST_RATES:
        return []
    return [half_decade(rates[0], -1)] * (rates[0] in best) + [half_decade(rates[-1], 1)] * (
        rates[-1] in best
    )


def half_decade(rate: float, step: int) -> float:
    """The next of …, 0.1, 0.3, 1, 3, …

    >>> half_decade(0.3, 1), half_decade(0.1, -1)
    (1.0, 0.03)
    """
    power = round(2 * np.log10(rate)) + step
    return float(f"{HALF_DECADES[power % 2] * 10.0 ** (power // 2):.0e}")


def best_rates(tried: dict[float, Any]) -> dict[str, tuple[float, float]]:
    """For each start that learns, the rate with the highest mean on held-out digits, and that mean.

    A start that stays at chance at every rate has no best one.
    """
    means: dict[str, dict[float, float]] = {}
    for rate, part in tried.items():
        for name, shares in part["final_accuracy"].items():
            means.setdefault(name, {})[rate] = float(np.mean(shares))
    found = {
        name: max(by_rate.items(), key=lambda pair: pair[1]) for name, by_rate in means.items()
    }
    return {name: pair for name, pair in found.items() if pair[1] > 0.2}


def train_best(
    digits: Digits, activation: str, optimizer: str, grid: dict[str, Any], folder: Path
) -> dict[str, Any]:
    """Each start that learns at its best rate, over 20 seeds, on the test digits."""
    tried = {rate: grid[f"{optimizer} {rate:g}"] for rate in all_rates(grid, optimizer)}
    rates = {name: rate for name, (rate, _) in best_rates(tried).items()}
    starts = [start for start in COMPARED[activation] if start.name in rates]
    settings = best_settings(activation) | {
        "optimizer": optimizer, "lr": [rates[start.name] for start in starts]
    }  # fmt: skip
    return {"lr": rates} | ends(train(starts, digits, **settings, folder=folder, progress=True))
