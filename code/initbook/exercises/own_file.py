"""A file of the student's own: one hidden input, drawn from secret and name, as plain arrays."""

from pathlib import Path
from typing import Any

import numpy as np

from initbook.exercises.exercise import Case, get_exercise
from initbook.exercises.seeds import case_seed


def own_case(secret: bytes, number: str, student: str) -> Case:
    """The one input on which this student's answer to an exercise with `own_file` is marked.

    Raises ValueError where the exercise has no file of one's own, or no name is given.

    >>> list(own_case(b"a secret", "D13.3", "Ada"))
    ['weights', 'rectified']
    """
    exercise = get_exercise(number)
    if not exercise.own_file:
        raise ValueError(f"exercise is {number!r}; allowed is one that is marked on a file.")
    if not student.strip():
        raise ValueError(f"student is {student!r}; allowed is a name: the file depends on it.")
    return exercise.hidden_cases(case_seed(secret, number, student), count=1)[0]


def save_case(path: str | Path, case: Case) -> None:
    """Write a case as an .npz file: an array as `name`, the arrays of a list as `name[0]`, ….

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_case(Path(folder, "ada.npz"), {"weights": [np.eye(2), np.ones((2, 3))]})
    ...     [W.shape for W in load_case(Path(folder, "ada.npz"))["weights"]]
    [(2, 2), (2, 3)]
    """
    arrays: dict[str, Any] = {}
    for name, value in case.items():
        parts = value if isinstance(value, list) else [value]
        labels = [f"{name}[{k}]" for k in range(len(parts))] if value is parts else [name]
        arrays |= dict(zip(labels, map(np.asarray, parts), strict=True))
    with open(path, "wb") as file:  # numpy would add .npz to a name without it
        np.savez(file, **arrays)


def load_case(path: str | Path) -> Case:
    """The arguments that `save_case` has written, by name: `answer(**load_case("network.npz"))`.

    Nothing but plain arrays is read. Raises ValueError for a file that holds anything else, and
    FileNotFoundError where there is none.

    >>> load_case("nowhere.npz")
    Traceback (most recent call last):
    FileNotFoundError: [Errno 2] No such file or directory: 'nowhere.npz'
    """
    case: dict[str, Any] = {}
    with np.load(path, allow_pickle=False) as arrays:
        for label in arrays.files:  # in the order in which they were written
            name, _, place = label.partition("[")
            if place:
                case.setdefault(name, []).append(arrays[label])
            else:
                case[name] = arrays[label]
    return case
