"""Stored results: trainings too long for a page, kept beside what made them.

`python -m initbook.results` makes them again with the full MNIST; stopped, it goes on where it was.
"""

import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import torch

from initbook.digits import Digits, load_digits
from initbook.initializers import normal, sigmoid_xavier, xavier_normal, zeros
from initbook.training import Start, train

COMMAND = "python -m initbook.results"
FOLDER = Path(__file__).parent / "data" / "results"
STARTS = (
    Start("zeros", zeros()),
    Start("small random", normal(0.01)),
    Start("Xavier", xavier_normal()),
    Start("Xavier, sigmoid's gain", sigmoid_xavier()),
    Start("small random + BN", normal(0.01), batch_norm=True),
)
LONG = {"seeds": [0, 1, 2, 3, 4], "steps": 12_000, "lr": 0.5, "eval_every": 200}
RATES = {"rates": [0.1, 0.2, 0.5, 1.0, 2.0], "seeds": [0, 1, 2], "steps": 3_000}


def load_result(name: str) -> dict:
    """A stored result, "mnist-long" or "mnist-rates", with what made it.

    Raises FileNotFoundError for another name. Chapter 11.

    >>> result = load_result("mnist-long")
    >>> result["digits"], result["settings"]["steps"]
    ('full', 12000)
    """
    file = resources.files("initbook") / "data" / "results" / f"{name}.json"
    return json.loads(file.read_text(encoding="utf-8"))


def train_longer(digits: Digits, seed: int) -> dict:
    """The chapter's comparison for one seed, with more steps."""
    settings = {name: LONG[name] for name in ("steps", "lr", "eval_every")}
    run = train(STARTS, digits, seeds=[seed], progress=True, **settings)
    return {
        "steps": run.steps.tolist(),
        "accuracy": run.accuracy[:, 0].round(4).tolist(),
        "final_accuracy": run.final_accuracy[:, 0].tolist(),
    }


def try_rate(digits: Digits, rate: float) -> dict:
    """Accuracy of each start and seed on the last sixth of the training digits, left out before."""
    kept = len(digits.X_train) * 5 // 6
    split = replace(
        digits,
        X_train=digits.X_train[:kept],
        y_train=digits.y_train[:kept],
        X_test=digits.X_train[kept:],
        y_test=digits.y_train[kept:],
    )
    seeds, steps = RATES["seeds"], RATES["steps"]
    run = train(STARTS, split, seeds=seeds, steps=steps, lr=rate, eval_every=steps, progress=True)
    return {"held_out_accuracy": run.final_accuracy.tolist()}


def make(
    path: Path, digits: Digits, settings: dict, parts: Sequence, run: Callable[[Digits, int], dict]
) -> None:
    """Run each part that `path` has not stored under the same circumstances, and store it."""
    circumstances = {
        "command": COMMAND,
        "digits": digits.name,
        "starts": [start.name for start in STARTS],
        "settings": settings,
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "torch": torch.__version__,
        },
    }
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    kept = {name: stored.get(name) for name in circumstances} == circumstances
    done = stored["parts"] if kept else {}
    for number, part in enumerate(parts, start=1):
        if str(part) not in done:
            print(f"{path.stem}: part {number} of {len(parts)}", flush=True)
            done[str(part)] = run(digits, part)
            write(path, circumstances | {"parts": done})


def write(path: Path, result: dict) -> None:
    """Write the whole file under another name first: a stop in between leaves the old one."""
    unfinished = path.with_suffix(".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished.write_text(json.dumps(result, separators=(",", ":")) + "\n", encoding="utf-8")
    os.replace(unfinished, path)


def main() -> None:
    digits = load_digits()
    if digits.name != "full":
        raise SystemExit(f"These results are made with the full MNIST; here is {digits.source}.")
    make(FOLDER / "mnist-long.json", digits, LONG, LONG["seeds"], train_longer)
    make(FOLDER / "mnist-rates.json", digits, RATES, RATES["rates"], try_rate)


if __name__ == "__main__":
    main()
