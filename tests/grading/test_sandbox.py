"""What crosses the wall of the sandbox: inputs one way, plain numbers the other."""

import numpy as np
import pytest

from initbook.grading.inside.run import decode, decode_array, encode, limit, outcome
from initbook.grading.marks import Marker
from initbook.grading.assignment import Assignment
from initbook.grading.handed_in import HandedIn
from initbook.grading.sandbox import Outcome, Sandbox, SandboxError, parse
from printed_exercises import definitions, printed_exercises

PRINTED = printed_exercises()


@pytest.fixture(scope="module")
def sandbox():
    return Sandbox()


def test_the_printed_solution_of_every_exercise_gets_all_points(sandbox, tmp_path):
    points = {number: 1.0 for number in PRINTED}
    marker = Marker(Assignment("All", points), b"a secret", sandbox)
    for exercise in marker.exercises:
        printed = PRINTED[exercise.number]
        source = "\n".join([printed.imports, *map(definitions, printed.solution)])
        marker.exercises = [exercise]
        handed = HandedIn(tmp_path / "hw.py", "hw.py", "Ann")
        (mark,) = marker.marks(handed, source.encode()).values()
        assert (mark.points, mark.said) == (1, ""), exercise.number
