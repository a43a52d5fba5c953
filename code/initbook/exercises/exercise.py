"""What an exercise is, and how its public part is checked.

The module of a chapter, `exercises/chapter_NN.py`, lists its exercises under `EXERCISES`. Their
text, starter and solution stand on the chapter's pages alone. Hidden inputs are drawn from a
generator that an instructor seeds; `check` shows the public ones.
"""

import contextlib
import copy
import functools
import importlib
import importlib.util
import inspect
import io
import re
import reprlib
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from initbook.real_numbers import Array as Array
from initbook.real_numbers import as_real_numbers

Case = Mapping[str, Any]  # the keyword arguments of one call
Answer = Callable[..., Any]
Value = Any  # a number or an array; numpy types what a ufunc returns as Any


@dataclass(frozen=True)
class Exercise:
    """A function to write: its number, its reference, its inputs, and the ways to get it wrong.

    The number is the one that the page prints. `rtol` bounds the relative error of every number in
    an answer. `wrong_answers` maps a sentence for the learner to a function that makes the mistake
    of which it speaks; a test shows that each one fails on hidden inputs, and is known by its
    values on the public ones. Without `hints`, `check` keeps these sentences back. An exercise
    with `own_file` is marked on one input alone, which each student gets as a file. With `library`
    a marked answer may call what initbook itself computes; elsewhere that is not there.
    """

    number: str
    reference: Answer
    public_cases: tuple[Case, ...]
    draw_case: Callable[[np.random.Generator], Case]
    rtol: float
    wrong_answers: Mapping[str, Answer] = field(default_factory=dict)
    hints: bool = True
    own_file: bool = False
    library: bool = False

    def hidden_cases(self, seed: int, count: int = 10) -> list[Case]:
        """Inputs that no page shows; the same seed draws the same ones (`case_seed` makes it)."""
        rng = np.random.default_rng(seed)
        return [self.draw_case(rng) for _ in range(count)]

    def complaint(self, answer: Answer, case: Case) -> str | None:
        """What is wrong with the answer on this case, in a sentence; None where nothing is."""
        if refused := _refused_names(answer, case):
            return f"Exercise {self.number}: {refused}"
        try:
            got = answer(**_copies(case))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # sys.exit too: whatever the learner's code raises
            frames = traceback.extract_tb(error.__traceback__)[1:]
            own = [frame for frame in frames if frame.filename == _file_of(answer)]
            if isinstance(error, NotImplementedError) and own and own[-1] == frames[-1]:
                return f"Exercise {self.number} is not written yet."
            line = f" (line {own[-1].lineno})" if own else ""
            said: str | None = f"raised {_describe(error)}{line}"
        else:
            said = self._fault(got, self.reference(**_copies(case)))
        shown = ", ".join(f"{name}={_short(value)}" for name, value in case.items())
        return said and f"Exercise {self.number}: with {shown} your function {said}."

    def _fault(self, got: Any, reference: Any) -> str | None:
        wanted = np.asarray(reference, dtype=float)
        if got is None:
            return "returned None; a return statement may be missing"
        value = as_real_numbers(got)
        if value is None:
            return f"returned {_short(got)}, which is no number or array"
        if value.shape != wanted.shape:
            return f"returned {_form(value)}; {_form(wanted)} is wanted"
        if np.allclose(value, wanted, rtol=self.rtol, atol=1e-300, equal_nan=False):
            return None
        digits = _digits(value, wanted)
        if digits < {2: 2, 4: 4}.get(value.itemsize, 5):  # float16, float32: their own rounding
            return f"returned {_short(got)}, which is not the answer"
        advice = "compute in float64, and round nothing"
        return f"returned {_short(got)}, which is right to {digits} digits; {advice}"

    def mistake(self, cases: Sequence[Case], values: Sequence[Any]) -> str | None:
        """The sentence of the one named mistake that gives these values, one for each case.

        None where they are right, or where no mistake, or more than one, gives all of them.
        """
        if self._gives(self.reference, cases, values):
            return None
        seen = [said for said, f in self.wrong_answers.items() if self._gives(f, cases, values)]
        return seen[0] if len(seen) == 1 else None

    def _gives(self, f: Answer, cases: Sequence[Case], values: Sequence[Any]) -> bool:
        try:
            return all(
                self._fault(value, f(**_copies(case))) is None
                for case, value in zip(cases, values, strict=True)
            )
        except Exception:  # a mistake may fail on an input
            return False

    def passes(self, answer: Answer, cases: Sequence[Case]) -> bool:
        """Whether no case brings a complaint."""
        return all(self.complaint(answer, case) is None for case in cases)


def check(number: str, answer: Answer) -> None:
    """Run the public part of an exercise on your function, and say what came out.

    A wrong answer that is known by its values on all public inputs is told which mistake it makes.
    What the function prints is shown first, up to 1,000 characters of it. Raises ValueError for a
    number that no exercise has, TypeError for an answer that is no function.

    >>> check("2.1", lambda std, width: std)  # doctest: +NORMALIZE_WHITESPACE
    Exercise 2.1: with std=0.01, width=500 your function returned 0.01, which is not the answer.
    The width is missing: the signal grows with √n too.
    """
    if callable(number) and isinstance(answer, str):
        name = getattr(number, "__name__", "your_function")
        raise TypeError(f"the number comes first: write check({answer!r}, {name}).")
    exercise = get_exercise(number)
    if not callable(answer):
        raise TypeError(
            f"the answer is {_short(answer)}; give the function itself, without calling it."
        )
    printed = _Bounded()
    with contextlib.redirect_stdout(printed):
        complaints = (exercise.complaint(answer, case) for case in exercise.public_cases)
        complaint = next(filter(None, complaints), None)
        mistake = _mistake_of(answer, exercise) if complaint and exercise.hints else None
    if printed.kept:
        print(printed.kept + (" …" if printed.cut else ""))
    print(
        " ".join(filter(None, [complaint, mistake]))
        or f"Exercise {number}: right on the {len(exercise.public_cases)} public inputs. "
        "Marking also uses hidden inputs, which are not shown here."
    )


def _mistake_of(answer: Answer, exercise: Exercise) -> str | None:
    try:
        values = [answer(**_copies(case)) for case in exercise.public_cases]
    except KeyboardInterrupt:
        raise
    except BaseException:  # what it raises was said
        return None
    return exercise.mistake(exercise.public_cases, values)


def get_exercise(number: str) -> Exercise:
    """The exercise of this number, "2.1" on a chapter's page or "D2.1" on the deeper one.

    Raises ValueError where there is none.

    >>> get_exercise("2.1").reference.__name__
    'factor_per_layer'
    """
    exercises: tuple[Exercise, ...] = ()
    if isinstance(number, str) and (chapter := re.fullmatch(r"D?(\d\d?)\.\d+", number)):
        name = f"initbook.exercises.chapter_{int(chapter[1]):02d}"
        if importlib.util.find_spec(name):
            exercises = importlib.import_module(name).EXERCISES
    for exercise in exercises:
        if exercise.number == number:
            return exercise
    listed = ", ".join(repr(exercise.number) for exercise in exercises)
    allowed = f"are {listed}" if listed else "is a graded exercise's number in quotes, as '2.1'"
    raise ValueError(f"exercise is {_short(number)}; allowed {allowed}.")


class _Bounded(io.TextIOBase):
    """Keeps the first thousand characters that are written to it."""

    kept, cut = "", False

    def write(self, text: str) -> int:
        room = 1000 - len(self.kept)
        self.kept += text[:room]
        self.cut |= len(text) > room
        return len(text)


def _copies(case: Case) -> dict[str, Any]:
    """The arguments anew for each call: a function that writes into its input harms no other."""
    return copy.deepcopy(dict(case))


def _refused_names(answer: Answer, case: Case) -> str | None:
    try:
        signature = inspect.signature(answer)
    except (TypeError, ValueError):
        return None  # some built-in functions do not say
    try:
        signature.bind(**case)
    except TypeError:
        return f"your function is called with the arguments {', '.join(case)}; it has {signature}."
    return None


def _file_of(answer: Answer) -> str | None:
    """The file, or the notebook's cell, in which the answer is written."""
    while isinstance(answer, functools.partial):
        answer = answer.func
    function = inspect.unwrap(answer)
    code = getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)
    return getattr(code, "co_filename", None)


def _digits(value: Array, wanted: Array) -> int:
    """To how many digits every number is right; 0 where that can't be said."""
    with np.errstate(all="ignore"):
        error = np.max(np.where(value == wanted, 0, np.abs(value - wanted) / np.abs(wanted)))
    return int(-np.log10(error)) if 0 < error < 1 else 0


def _form(array: Array) -> str:
    return f"an array of the shape {array.shape}" if array.shape else "a single number"


def _describe(error: BaseException) -> str:
    try:
        words = " ".join(str(error).split())
    except Exception:  # an error class of the learner's own
        words = ""
    said = words[:200] + "…" * (len(words) > 200)
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


_REPR = reprlib.Repr()
_REPR.maxother = _REPR.maxstring = 60


def _short(value: Any) -> str:
    if isinstance(value, np.ndarray) and value.size > 6:
        return f"<array of shape {value.shape}>"
    shown = value.item() if isinstance(value, np.generic) else value
    return " ".join(_REPR.repr(shown).split())
