"""Stored results: trainings too long for a page, kept beside what made them (chapter 11).

`make results` makes them again with the full MNIST; `code/makers/results.py` says how.
"""

import json
from collections.abc import Iterable
from importlib import resources
from itertools import zip_longest
from typing import Any


def load_result(
    name: str, starts: Iterable[object] | None = None, **settings: object
) -> dict[str, Any]:
    """A stored result, "mnist-long" or "mnist-rates", if it is what is asked for.

    Of the result, `starts` maps the name of each start to its law, the repr of its
    `training.Start`; `settings` has all arguments of `train`; `parts` has what was measured, start
    by start under the same names. The starts and settings that are given must be those that it was
    made with, so a start that is replaced under its old name makes it stale.

    Raises ValueError for another name, and where the result is stale. Chapter 11.

    >>> result = load_result("mnist-long", steps=12_000)
    >>> result["digits"], list(result["starts"])[:2]
    ('full', ['zeros', 'small random'])
    """
    folder = resources.files("initbook") / "data" / "results"
    names = sorted(file.name[:-5] for file in folder.iterdir() if file.name.endswith(".json"))
    if name not in names:
        raise ValueError(f"name is {name!r}; allowed are {', '.join(map(repr, names))}.")
    result: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    pairs: list[tuple[object, object]] = []
    if starts is not None:
        pairs += zip_longest(result["starts"].values(), map(repr, starts), fillvalue="no start")
    for key, value in settings.items():
        asked = list(value) if isinstance(value, tuple | range) else value
        pairs.append((f"{key}={result['settings'].get(key)!r}", f"{key}={asked!r}"))
    for made_with, asked_for in pairs:
        if made_with != asked_for:
            raise ValueError(
                f"{name!r} was made with {made_with}, and {asked_for} is asked for; "
                "`make results` makes it again."
            )
    return result
