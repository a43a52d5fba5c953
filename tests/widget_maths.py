"""A widget's mathematics in Node, and its programs in Python."""

import json
import subprocess
import sys

from bookbuild.frontend import find_node
from widget_page import ROOT, WIDGETS


def call(module, *calls, engine="wasm"):
    """What the functions of a widget's ES module return: `calls` are (name, argument, …)."""
    request = {"folder": str(WIDGETS), "module": module, "calls": calls, "engine": engine}
    script = ROOT / "tests" / "widgets" / "math_run.mjs"
    done = subprocess.run(
        [find_node(), script],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def printed(program):
    """The names and numbers that a program prints, run where only its own imports are."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return {name: float(value) for name, value in map(str.split, done.stdout.splitlines())}
