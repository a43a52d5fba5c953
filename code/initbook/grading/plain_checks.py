"""Checks written out as plain code: inputs and the values wanted on them, and no reference.

They go where `check` can't: to exercises of a private bank, and into the exports. They need numpy
alone. Whoever runs them can read them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from initbook.exercises import Case, Exercise
from initbook.exercises.seeds import case_seed
from initbook.grading.assignment import AssignmentError

MOST_CHARACTERS = 100_000  # of hidden inputs for an exercise, if two of them fit in
PASSED = "public checks passed; hidden checks run when it is marked"


def public_check(exercise: Exercise) -> str:
    """Code that raises AssertionError, and says where, unless the public inputs are answered."""
    where = f"Exercise {exercise.number}:"
    failed = f'f"{where} with {{case}} your function returned {{got!r}}, not {{wanted!r}}."'
    code = _code(exercise, exercise.public_cases, failed)
    return f'{code}\nprint("{where} {PASSED}.")'


def hidden_check(exercise: Exercise, secret: bytes) -> str:
    """The same on hidden inputs, as many of ten as stay readable; it shows none of them."""
    if getattr(exercise, "own_file", False):
        raise AssignmentError(
            f"exercise {exercise.number} gives each student a file of their own, which an export "
            "can't; leave it out, or mark it by initbook grade."
        )
    seed = case_seed(secret, exercise.number)
    cases: list[Case] = []
    written = 0
    for case in exercise.hidden_cases(seed):
        written += len(_literal(list(case.values()), exercise))
        if written > MOST_CHARACTERS and len(cases) >= 2:
            break
        cases.append(case)
    failed = f'"Exercise {exercise.number}: another value is wanted on a hidden input."'
    return _code(exercise, cases, failed)


def _code(exercise: Exercise, cases: Sequence[Case], failed: str) -> str:
    name = exercise.reference.__name__
    rows = [
        f"    ({_arguments(case, exercise)}, {_literal(exercise.reference(**case), exercise)}),"
        for case in cases
    ]
    return "\n".join(
        [
            "from numpy import allclose, array, inf, nan, shape",
            "",
            "cases = [  # inputs, and what is wanted on them",
            *rows,
            "]",
            "for case, wanted in cases:",
            f"    got = {name}(**case)",
            "    right = shape(got) == shape(wanted)",
            f"    right = right and allclose(got, wanted, rtol={exercise.rtol!r}, atol=1e-300)",
            f"    assert right, {failed}",
        ]
    )


def _arguments(case: Case, exercise: Exercise) -> str:
    return "{" + ", ".join(f"{n!r}: {_literal(v, exercise)}" for n, v in case.items()) + "}"


def _literal(value: Any, exercise: Exercise) -> str:
    """A value as Python that makes it again, to the last bit."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        text = f"array({value.tolist()!r}, dtype={str(value.dtype)!r})"
        return text if value.size else f"{text}.reshape({value.shape!r})"
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (list, tuple)):
        inside = ", ".join(_literal(item, exercise) for item in value)
        return f"[{inside}]" if isinstance(value, list) else f"({inside},)"
    if value is None or isinstance(value, (bool, int, float, str)):
        return repr(value)
    raise AssignmentError(
        f"exercise {exercise.number} has a value of type {type(value).__name__}, which can't be "
        "written as plain text; leave it out of an export."
    )
