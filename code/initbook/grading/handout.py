"""What the pages say of an exercise: its text and starter, as the package carries them.

data/handout.json is made from the pages when the book is built; no solution is in it.
"""

import functools
import inspect
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from initbook.exercises import Exercise
from initbook.grading.assignment import AssignmentError, Bank, PrivateExercise, find_exercise


@dataclass(frozen=True)
class Handout:
    """One exercise as a student gets it: title, page, imports, and cells of text and code."""

    number: str
    title: str
    source: str  # the page, in Markdown
    imports: Sequence[str]
    cells: Sequence[tuple[str, str]]  # ("markdown" or "code", text), in order
    exercise: Exercise

    @property
    def name(self) -> str:
        """The function that is asked for."""
        return self.exercise.reference.__name__

    @property
    def private(self) -> bool:
        return self.number.startswith("P")


@functools.cache
def the_book() -> dict[str, Any]:
    """Where the book stands, the first cell of its notebooks, and its exercises by number."""
    text = files("initbook").joinpath("data", "handout.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def handout(number: str, bank: Bank | None = None) -> Handout:
    """What a student gets of the exercise of this number.

    Raises AssignmentError where neither the book nor the bank has it.

    >>> handout("4.1").title
    'A bound from two fans'
    """
    exercise = find_exercise(number, bank)
    if bank and number in bank:
        return _private(number, bank[number])
    said = the_book()["exercises"].get(number)
    if said is None:
        raise AssignmentError(f"exercise {number} has no text in this installation of initbook.")
    cells = [(kind, text) for kind, text in said["cells"]]
    source = f"[{said['page']}]({said['address']})"
    return Handout(number, said["title"], source, said["imports"], cells, exercise)


def _private(number: str, private: PrivateExercise) -> Handout:
    cells = [("markdown", private.statement), ("code", _starter(private.exercise))]
    return Handout(number, "", "", [], cells, private.exercise)


def _starter(exercise: Exercise) -> str:
    """A function of the reference's name and arguments, and of nothing else that is in it."""
    names = ", ".join(inspect.signature(exercise.reference).parameters)
    message = f'raise NotImplementedError("Exercise {exercise.number}")'
    return f"def {exercise.reference.__name__}({names}):\n    {message}"


def merged_imports(handouts: Sequence[Handout]) -> str:
    """The import statements of several exercises, each once; numpy is always among them."""
    lines = {"import numpy as np"} | {line for one in handouts for line in one.imports}
    return "\n".join(sorted(lines, key=lambda line: (not line.startswith("import"), line)))
