"""What an instructor hands out: a small file names the exercises and what each of them counts."""

import importlib.util
import inspect
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from initbook.exercises import Exercise, get_exercise

MOST_SECONDS = 8.0
PRIVATE = re.compile(r"P\d+(?:\.\d+)?")


class AssignmentError(ValueError):
    """A mistake in what an instructor wrote, in one sentence."""


@dataclass(frozen=True)
class Assignment:
    """Exercises by number, each with its points; and how long a function may take, in seconds."""

    title: str
    points: Mapping[str, float]
    seconds: float = MOST_SECONDS

    @property
    def total(self) -> float:
        return sum(self.points.values())


@dataclass(frozen=True)
class PrivateExercise:
    """An exercise from an instructor's own bank, with the text that no page of the book has."""

    exercise: Exercise
    statement: str


Bank = Mapping[str, PrivateExercise]


def load_assignment(path: str | Path, bank: Bank | None = None) -> Assignment:
    """Read an assignment's file, in YAML.

        title: The variance of a layer
        exercises: {"2.1": 2, "4.1": 3}
        seconds: 4

    `seconds` is what all calls of one function may take together; without it, 8. Raises
    AssignmentError, in a sentence that names the file, for whatever it can't take. `bank` is what
    `load_bank` returns, for exercises of one's own.
    """
    path = Path(path)

    def refuse(said: str) -> AssignmentError:
        return AssignmentError(f"{path.name}: {said}")

    written = _read(path, refuse)
    if unknown := [key for key in written if key not in ("title", "exercises", "seconds")]:
        raise refuse(f"{unknown[0]!r} is no entry; allowed are title, exercises and seconds.")
    title = written.get("title")
    if not isinstance(title, str) or not title.strip():
        raise refuse(f"title is {title!r}; a few words are wanted.")
    exercises = written.get("exercises")
    if not isinstance(exercises, dict) or not exercises:
        raise refuse(
            f'exercises is {exercises!r}; numbers with their points are wanted, as {{"2.1": 2}}.'
        )
    points = {}
    for number, worth in exercises.items():
        if not isinstance(number, str):
            raise refuse(f'exercise {number} stands without quotes; write "{number}".')
        if isinstance(worth, bool) or not isinstance(worth, (int, float)) or not 0 < worth < 1e6:
            raise refuse(f"exercise {number} has the points {worth!r}; a number above 0 is wanted.")
        points[number] = float(worth)
    _check_names(points, bank, refuse)
    seconds = written.get("seconds", MOST_SECONDS)
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds <= 8:
        raise refuse(f"seconds is {seconds!r}; a number above 0 and up to 8 is wanted.")
    return Assignment(title.strip(), points, float(seconds))


def find_exercise(number: str, bank: Bank | None = None) -> Exercise:
    """The exercise of this number, from the instructor's own bank or from the book.

    Raises AssignmentError where neither has it.
    """
    if bank and number in bank:
        return bank[number].exercise
    try:
        return get_exercise(number)
    except ValueError as error:
        if PRIVATE.fullmatch(number):
            has = f"has {', '.join(bank)}" if bank else "was not given; name it by --bank"
            raise AssignmentError(f"exercise {number} is private, and the bank {has}.") from None
        raise AssignmentError(str(error)) from None


def load_bank(folder: str | Path) -> dict[str, PrivateExercise]:
    """Read a folder of exercises of one's own: every module in it whose name has no leading _.

    A module has EXERCISES, as the book's own have, with the numbers "P1", "P2" or "P3.1", and
    STATEMENTS, the text of each by its number, in Markdown. The modules are run, so a bank is code
    that one trusts. Raises AssignmentError, in a sentence that names the file.
    """
    folder = Path(folder)
    files = sorted(file for file in folder.glob("*.py") if not file.name.startswith("_"))
    if not files:
        raise AssignmentError(f"the bank {str(folder)!r} is no folder with a module, NAME.py.")
    bank: dict[str, PrivateExercise] = {}
    for file in files:
        module = _run(file)
        statements = getattr(module, "STATEMENTS", {})
        exercises = getattr(module, "EXERCISES", ())
        if not exercises:
            raise AssignmentError(f"{file.name}: EXERCISES is missing or empty.")
        for exercise in exercises:
            number = getattr(exercise, "number", exercise)
            if not isinstance(exercise, Exercise) or not PRIVATE.fullmatch(number):
                raise AssignmentError(
                    f"{file.name}: {number!r} is no private number; allowed are 'P1', 'P2.1' …"
                )
            if number in bank:
                raise AssignmentError(f"{file.name}: exercise {number} is there twice.")
            if not isinstance(statements.get(number), str):
                raise AssignmentError(f"{file.name}: STATEMENTS lacks the text of {number}.")
            text = inspect.cleandoc(statements[number])
            bank[number] = PrivateExercise(exercise, text)
    return bank


def _run(file: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"initbook_private_{file.stem}", file)
    assert spec and spec.loader  # it ends in .py
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise AssignmentError(f"{file.name}: running it raised {said}.") from error
    return module


def _check_names(points: Mapping[str, float], bank: Bank | None, refuse: Any) -> None:
    """Functions are found by their names, so no two exercises may ask for the same one."""
    asked: dict[str, str] = {}
    for number in points:
        try:
            name = find_exercise(number, bank).reference.__name__
        except AssignmentError as error:
            raise refuse(str(error)) from None
        if name in asked:
            raise refuse(
                f"exercises {asked[name]} and {number} both ask for {name}(); take one of them."
            )
        asked[name] = number


def _read(path: Path, refuse: Any) -> dict[str, Any]:
    import yaml

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        """YAML takes the last of two entries with one key; here that is a mistake."""

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
            keys = [self.construct_object(key, deep=True) for key, _ in node.value]
            if twice := [key for key in keys if keys.count(key) > 1]:
                raise refuse(f"{twice[0]} is there twice.")
            return dict(super().construct_mapping(node, deep))

    try:
        written = yaml.load(path.read_text(encoding="utf-8"), Loader)
    except OSError as error:
        raise refuse(f"it can't be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise refuse("it is no text in UTF-8.") from None
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", from line {mark.line + 1} on" if mark else ""
        raise refuse(f"it is not YAML{line}.") from None
    if written is None:
        raise refuse("it is empty; a title and exercises are wanted.")
    if not isinstance(written, dict):
        raise refuse("it holds no entries; a title and exercises are wanted.")
    return written
