"""A widget's mathematics in Node, and its programs in Python."""

import json
import subprocess
import sys

from bookbuild.frontend import find_node
from widget_page import ROOT, WIDGETS


def in_node(script, request):
    """What a script of tests/widgets answers to a request: JSON in, JSON out."""
    done = subprocess.run(
        [find_node(), ROOT / "tests" / "widgets" / script],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def call(module, *calls, engine="wasm"):
    """What the functions of a widget's ES module return: `calls` are (name, argument, …)."""
    module = str(next(WIDGETS.rglob(module)))
    request = {"folder": str(WIDGETS), "module": module, "calls": calls, "engine": engine}
    return in_node("math_run.mjs", request)


def printed(program):
    """The names and numbers that a program prints, run where only its own imports are."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return {name: float(value) for name, value in map(str.split, done.stdout.splitlines())}
