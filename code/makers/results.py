"""Make the trainings that are too long for a page: `make results`.

They take the full MNIST. Stopped, they go on where they were; what was made under other
circumstances (digits, starts, settings, versions) is made again.
"""

import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from initbook.digits import Digits, load_digits
from initbook.training import STARTS, Start, settings_of, train

COMMAND = "make results"
FOLDER = Path(__file__).parents[1] / "initbook" / "data" / "results"
LONG = settings_of(seeds=range(5), steps=12_000, lr=0.5, eval_every=200)
# Here `lr` has the rates that are tried, one a part.
RATES = settings_of(seeds=range(3), steps=3_000, lr=[0.1, 0.2, 0.5, 1.0, 2.0], eval_every=3_000)


def train_longer(digits: Digits, seed: int) -> dict[str, Any]:
    """The chapter's comparison for one seed, with more steps."""
    run = train(STARTS, digits, **LONG | {"seeds": [seed]}, progress=True)
    curves = {name: run.at(name) for name in run.names}
    return {
        "steps": run.steps.tolist(),
        "accuracy": {name: c.accuracy[0].round(4).tolist() for name, c in curves.items()},
        "loss": {name: c.loss[0].round(4).tolist() for name, c in curves.items()},
        "final_accuracy": {name: float(c.final_accuracy[0]) for name, c in curves.items()},
    }


def try_rate(digits: Digits, rate: float) -> dict[str, Any]:
    """Accuracy of each start and seed on the last sixth of the training digits, left out before."""
    kept = len(digits.X_train) * 5 // 6
    split = replace(
        digits,
        X_train=digits.X_train[:kept],
        y_train=digits.y_train[:kept],
        X_test=digits.X_train[kept:],
        y_test=digits.y_train[kept:],
    )
    run = train(STARTS, split, **RATES | {"lr": rate}, progress=True)
    return {"held_out_accuracy": {name: run.at(name).final_accuracy.tolist() for name in run.names}}


def make(
    path: Path,
    run: Callable[[Digits, Any], dict[str, Any]],
    parts: Sequence[object],
    *,
    digits: Digits,
    starts: Sequence[Start],
    settings: dict[str, Any],
) -> None:
    """Run each part that `path` has not stored under the same circumstances, and store it."""
    circumstances = {
        "command": COMMAND,
        "digits": digits.name,
        "starts": {start.name: repr(start) for start in starts},
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


def write(path: Path, result: dict[str, Any]) -> None:
    """Write the whole file under another name first: a stop in between leaves the old one."""
    unfinished = path.with_suffix(".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished.write_text(json.dumps(result, separators=(",", ":")) + "\n", encoding="utf-8")
    os.replace(unfinished, path)


def main() -> None:
    digits = load_digits()
    if digits.name != "full":
        raise SystemExit(f"These results are made with the full MNIST; here is {digits.source}.")
    both: dict[str, Any] = {"digits": digits, "starts": STARTS}
    make(FOLDER / "mnist-long.json", train_longer, LONG["seeds"], settings=LONG, **both)
    make(FOLDER / "mnist-rates.json", try_rate, RATES["lr"], settings=RATES, **both)


if __name__ == "__main__":
    main()
