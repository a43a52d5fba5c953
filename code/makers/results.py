"""Make the trainings that are too long for a page: `make results`, or some: `make results ONLY=…`.

They take the full MNIST, and "transfer" takes Fashion-MNIST as well: Debian's package
dataset-fashion-mnist, or a folder that INITBOOK_FASHION names. Stopped, they go on where they were;
what was made under other circumstances (digits, starts, settings, versions, code) is made again.
`make results-status` says which results are older than the code that made them.
"""

import ast
import hashlib
import json
import os
import platform
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from initbook.digits import Digits, load_digits
from initbook.training import COMPARED, STARTS, Start
from makers import (
    few_labels,
    first_article,
    mnist,
    mnist_rates,
    mnist_watched,
    normalized_net,
    other_starts,
)  # fmt: skip

COMMAND = "make results"
CODE = Path(__file__).parents[1]
FOLDER = CODE / "initbook" / "data" / "results"
UNFINISHED = (
    CODE.parent / "_build" / "results"
)  # stacks of networks that are done, of parts that are not
TRAINER = [
    CODE / "initbook" / f"{name}.py"
    for name in ("fans", "initializers", "propagation", "stacked", "descent", "training")
]

Part = Callable[[], dict[str, Any]]


class Result(NamedTuple):
    """A file of stored results: what makes it, and its parts, given those that are done."""

    name: str
    starts: Sequence[Start]
    settings: dict[str, Any]
    code: Sequence[Path]
    parts: Callable[[Digits, Path, dict[str, Any]], dict[str, Part]]


def results() -> list[Result]:
    """All of the book's, in the order in which they need one another."""
    trainer = [*TRAINER, Path(mnist.__file__)]
    found = [
        Result("mnist-long", STARTS, mnist.LONG, trainer, lambda digits, folder, done: {
            str(seed): partial(mnist.train_longer, digits, seed, folder)
            for seed in mnist.LONG["seeds"]
        }),
        Result("mnist-rates", STARTS, mnist_rates.RATES, trainer, lambda digits, folder, done: {
            str(rate): partial(mnist_rates.try_rate, digits, rate, folder)
            for rate in mnist_rates.RATES["lr"]
        }),
        Result("mnist-many", STARTS, mnist.MANY, trainer, lambda digits, folder, done: {
            "sgd 0.5": partial(mnist.train_many, digits, folder)
        }),
    ]  # fmt: skip
    for activation, starts in COMPARED.items():
        grid = f"mnist-grid-{activation}"
        found += [
            Result(grid, starts, mnist.grid_settings(activation), trainer,
                   partial(parts_of_grid, activation)),
            Result(f"mnist-best-{activation}", starts, mnist.best_settings(activation), trainer,
                   partial(parts_of_best, activation, grid)),
        ]  # fmt: skip
    watched = [*trainer, CODE / "initbook" / "layer_statistics.py", Path(mnist_watched.__file__)]
    return [
        *found,
        Result("mnist-inputs", (mnist_watched.XAVIER,), mnist_watched.INPUT_SETTINGS, watched,
               lambda digits, folder, done: {
                   name: partial(mnist_watched.try_input, digits, name, folder)
                   for name in mnist_watched.INPUTS
               }),
        Result("mnist-layers", (), mnist_watched.LAYER_SETTINGS, watched,
               lambda digits, folder, done: {
                   name: partial(mnist_watched.watch, digits, name)
                   for name in mnist_watched.WATCHED
               }),
        Result("first-article", (), first_article.SETTINGS, [Path(first_article.__file__)],
               lambda digits, folder, done: {
                   f"{row}, seed {seed}": partial(first_article.train_row, digits, row, seed)
                   for row in first_article.ROWS for seed in first_article.SEEDS
               }),
        Result("normalized-net", (), normalized_net.SETTINGS, [Path(normalized_net.__file__)],
               lambda digits, folder, done: {
                   name: partial(normalized_net.train_net, digits, name)
                   for name in normalized_net.NETS
               }),
        Result("other-starts", (), other_starts.SETTINGS,
               [*trainer, CODE / "initbook" / "lsuv.py", Path(other_starts.__file__)],
               lambda digits, folder, done: {
                   f"{activation}, {name}": partial(other_starts.compare, digits, activation, name)
                   for activation, starts in other_starts.STARTS.items() for name in starts
               }),
        Result("pre-training", (), few_labels.PRE_TRAINING,
               [*trainer, Path(few_labels.__file__)],
               lambda digits, folder, done: {
                   f"{labels} labels": partial(few_labels.pre_training, digits, labels)
                   for labels in few_labels.PRE_TRAINING["labels"]
               }),
        Result("transfer", (), few_labels.TRANSFER,
               [*trainer, Path(few_labels.__file__)],
               lambda digits, folder, done: {
                   f"{to}, {labels} labels": partial(few_labels.transfer, digits, to, labels)
                   for to in few_labels.TARGETS for labels in few_labels.TRANSFER["labels"]
               }),
    ]  # fmt: skip


def parts_of_grid(
    activation: str, digits: Digits, folder: Path, done: dict[str, Any]
) -> dict[str, Part]:
    return {
        f"{optimizer} {rate:g}": partial(
            mnist.try_rate, digits, activation, optimizer, rate, folder
        )
        for optimizer, rate in mnist.grid_parts(done)
    }


def parts_of_best(
    activation: str, grid: str, digits: Digits, folder: Path, done: dict[str, Any]
) -> dict[str, Part]:
    tried = json.loads((FOLDER / f"{grid}.json").read_text(encoding="utf-8"))["parts"]
    return {
        optimizer: partial(mnist.train_best, digits, activation, optimizer, tried, folder)
        for optimizer in mnist.RATES
    }


def circumstances(result: Result, digits: str) -> dict[str, Any]:
    """All that its numbers hang on."""
    return {
        "command": COMMAND,
        "digits": digits,
        "starts": {start.name: repr(start) for start in result.starts},
        "settings": result.settings,
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "torch": torch.__version__,
        },
        "code": hash_of(result.code),
    }


def hash_of(files: Iterable[Path]) -> str:
    """Of what the files do: comments, docstrings and their layout do not count."""
    digest = hashlib.sha256()
    for file in files:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if isinstance(body, list) and body and is_docstring(body[0]):
                body[0] = ast.Pass()
        digest.update(ast.dump(tree).encode())
    return digest.hexdigest()[:16]


def is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def make(result: Result, digits: Digits, folder: Path = FOLDER) -> None:
    """Run each part that is not stored under the same circumstances, and store it."""
    path, now = folder / f"{result.name}.json", circumstances(result, digits.name)
    stored = read(path)
    kept = {name: stored.get(name) for name in now} == now
    done: dict[str, Any] = stored["parts"] if kept else {}
    while missing := {
        name: part
        for name, part in result.parts(digits, UNFINISHED / now["code"], done).items()
        if name not in done
    }:
        for name, part in missing.items():
            print(f"{result.name}: {name}", flush=True)
            done[name] = part()
            write(path, now | {"parts": done})


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def write(path: Path, result: dict[str, Any]) -> None:
    """Write the whole file under another name first: a stop in between leaves the old one."""
    unfinished = path.with_suffix(".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished.write_text(json.dumps(result, separators=(",", ":")) + "\n", encoding="utf-8")
    os.replace(unfinished, path)


def status(result: Result, folder: Path = FOLDER) -> str:
    """One line: whether a result stands, and whether this is the code that made it."""
    stored, now = read(folder / f"{result.name}.json"), circumstances(result, "full")
    changed = [name for name in now if stored.get(name) != now[name]]
    said = (
        "not made yet" if not stored else ", ".join(changed) + " changed" if changed else "current"
    )
    return f"{result.name:24}{said}"


def main(arguments: Sequence[str]) -> None:
    every = {result.name: result for result in results()}
    asked = [name for name in arguments if name != "--status"] or list(every)
    if unknown := set(asked) - set(every):
        raise SystemExit(f"{min(unknown)!r} is no result; allowed are {', '.join(every)}.")
    if "--status" in arguments:
        print(*(status(every[name]) for name in asked), sep="\n")
        return
    digits = load_digits()
    if digits.name != "full":
        raise SystemExit(f"These results are made with the full MNIST; here is {digits.source}.")
    for name in asked:
        make(every[name], digits)


if __name__ == "__main__":
    main(sys.argv[1:])
