"""What crosses the wall of the sandbox: inputs one way, plain numbers the other."""

import json
import math
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from bad_inputs import first

from initbook.grading.assignment import Assignment
from initbook.grading.handed_in import HandedIn
from initbook.grading.inside import run
from initbook.grading.marks import Marker
from initbook.grading.sandbox import Outcome, Sandbox, SandboxError, parse
from printed_exercises import definitions, printed_exercises

PRINTED = printed_exercises()


@pytest.fixture(scope="module")
def sandbox():
    return Sandbox()


def test_the_printed_solution_of_every_exercise_gets_all_points(sandbox, tmp_path):
    marker = Marker(Assignment("All", dict.fromkeys(PRINTED, 1.0)), b"a secret", sandbox)
    handed = HandedIn(tmp_path / "hw.py", "hw.py", "Ann")
    for exercise in list(marker.exercises):
        printed = PRINTED[exercise.number]
        source = "\n".join([printed.imports, *map(definitions, printed.solution)])
        marker.exercises = [exercise]
        (mark,) = marker.marks(handed, source.encode()).values()
        assert (mark.points, mark.said) == (1, ""), exercise.number


def test_inputs_arrive_as_they_are_and_torch_can_be_used(sandbox):
    source = b"""
import torch, numpy as np
def kinds(a, n, x, name, parts, pair, none):
    same = isinstance(n, int), isinstance(x, np.float32), name == "tanh", none is None
    return torch.tensor([*same, a.dtype == np.int64, len(parts[1]), len(pair)], dtype=float)
"""
    case = {"a": np.arange(3), "n": 2, "x": np.float32(1), "name": "tanh",
            "parts": [np.ones(2), np.ones(4)], "pair": (1, 2.5), "none": None}  # fmt: skip
    outcome = sandbox.run(".py", source, "kinds", [case])
    assert (outcome.refused, outcome.ended) == ("", "")
    assert np.array_equal(outcome.answers[0], [1, 1, 1, 1, 1, 4, 2])


def test_the_library_is_there_where_an_exercise_allows_it(sandbox):
    source = b"import initbook.moments as m\ndef f(n): return m.second_moment('relu', n)\n"
    assert sandbox.run(".py", source, "f", [{"n": 3.0}], library=True).answers == [1.5]
    assert "imports from initbook" in sandbox.run(".py", source, "f", [{"n": 3.0}]).refused
    source = b"import initbook.exercises\ndef f(n): return len(initbook.exercises.__name__)\n"
    assert "imports from init" in sandbox.run(".py", source, "f", [{"n": 3}], library=True).refused


def test_a_process_sees_nobody_and_has_no_rights(sandbox):
    body = """
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
processes = [name for name in os.listdir("/proc") if name.isdigit()]
rights = int(status["CapEff"], 16), int(status["NoNewPrivs"]), int(os.getuid() == 0)
writable = sum(os.access(top, os.W_OK) for top in ("/", "/usr", "/etc", "/dev", "/sandbox"))
return [*rights, writable, len(processes), len(os.listdir("/tmp"))]
"""
    source = first(body).encode()
    outcome = sandbox.run(".py", source, "factor_per_layer", [{"std": 1, "width": 1}])
    rights = outcome.answers[0]
    assert list(rights[:4]) == [0, 1, 0, 0] and rights[4] <= 3 and rights[5] == 0


@pytest.mark.parametrize("value", [
    np.arange(6).reshape(2, 3), np.float32([1.5, math.nan]), np.array(2.5), np.zeros((0, 3)),
    np.array([True]), 7, 2.5, "tanh", None, True, [1, np.ones(2)], {"a": [1]}, np.longdouble(2),
], ids=repr)  # fmt: skip
def test_values_cross_as_they_are(value):
    back = run.decode(json.loads(json.dumps(run.encode(value))))
    assert repr(back) == repr(np.float64(value) if isinstance(value, np.longdouble) else value)


def test_other_inputs_are_the_instructors_mistake():
    with pytest.raises(TypeError, match="an input is .*; allowed are numbers, text"):
        run.encode(print)


@pytest.mark.parametrize("line", [
    b"", b"\xff", b"[" * 9999, b"3", b'{"value": 3}', b'{"value": {}}', b'{"stage": [1]}',
    b'{"value": {"dtype": "<f8", "shape": [1000000000000], "data": ""}}',
    b'{"value": {"dtype": "(99999999,)f8", "shape": [1], "data": ""}}',
    b'{"value": {"dtype": "|O8", "shape": [1], "data": "AAAAAAAAAAA="}}',
    b'{"value": {"dtype": "<f8", "shape": ["x"], "data": "AAAAAAAAAAA="}}',
    b'{"said": {"a": "\\u202e\\n=1"}}',
])  # fmt: skip
def test_no_line_from_inside_is_more_than_a_wrong_answer(line):
    outcome = Outcome()
    outcome.after(parse(line))
    assert all(isinstance(answer, str) and answer.isprintable() for answer in outcome.answers)


def test_what_is_hidden_is_hidden_where_the_system_is_seen_too():
    folder, file = Path(jsonschema.__file__).parent, Path(pytest.__file__)
    source = b"""
import os
def f(file, folder):
    return os.path.getsize(file), len(os.listdir(folder))
"""
    case = {"file": str(file), "folder": str(folder)}
    assert all(Sandbox().run(".py", source, "f", [case]).answers[0])
    outcome = Sandbox(hidden=[folder, file]).run(".py", source, "f", [case])
    assert not any(outcome.answers[0])


def test_what_lies_open_to_submissions_stops_the_batch(tmp_path, monkeypatch):
    secret = tmp_path / "secret"
    secret.write_text("x")
    walls = ["--dev-bind", "/", "/", "--tmpfs", "/mnt", "--perms", "0755", "--dir", "/mnt/room"]
    monkeypatch.setattr("initbook.grading.sandbox.ROOM", "/mnt/room")
    monkeypatch.setattr("initbook.grading.sandbox.drop_to", lambda user: [])
    monkeypatch.setattr(
        Sandbox, "walls", lambda self, room: [*walls, "--ro-bind", str(room), "/mnt/room"]
    )
    with pytest.raises(SandboxError, match="a submission could read .*, so none was run"):
        Sandbox(hidden=[secret])


def said_of(source, function="f"):
    """What the runner says of a submission, in this process, which the tests' coverage sees."""
    events = []
    request = {"kind": ".py", "function": function, "cases": [run.encode({"x": 2})]}
    run.answer(request, source.encode(), lambda **event: events.append(event))
    assert events.pop(0) == {"stage": "begun"} and events.pop() == {"stage": "done"}
    return events


def test_the_runner_says_how_far_it_is():
    stages = [{"stage": "read"}, {"stage": "ready"}]
    value = {"value": run.encode(np.array(3.0))}
    assert said_of("import numpy as np\ndef f(x): return np.float64(x + 1)\n") == [*stages, value]
    assert said_of("import nothing\ndef f(x): return nothing.x\n") == [
        *stages,
        {"refused": "what f needs raised ModuleNotFoundError: No module named 'nothing' (line 1)"},
    ]
    missing = {"refused": "the file defines no function g", "whole": False}
    assert said_of("def f(x): return x\n", function="g") == [missing]


def test_the_runner_calls_and_describes():
    value = {"value": run.encode(np.array([2, 1]))}
    assert run.outcome(lambda x: [x, 1], run.encode({"x": 2})) == value
    assert "raised ZeroDivisionError" in run.outcome(lambda x: x / 0, run.encode({"x": 1}))["said"]
    assert run.outcome(lambda: None, run.encode({}))["said"].startswith("returned None")
    assert run.outcome(lambda: object(), run.encode({}))["said"] == (
        "returned an object of the type object, which is no number or array"
    )
