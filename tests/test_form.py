"""The form of code and text: what `make lint` runs, which is this file."""

import subprocess
import sys
from pathlib import Path

import pytest

from bookbuild.frontend import find_node

ROOT = Path(__file__).parents[1]
TYPESCRIPT = ROOT / "node_modules" / "typescript" / "bin" / "tsc"

CHECKS = {
    "style": "ruff check .",
    "layout": "ruff format --check .",
    "spelling": "codespell",
    "types": "mypy",
    "types of the scripts": f"{find_node()} {TYPESCRIPT} --project .",
}


@pytest.mark.parametrize("form", CHECKS)
def test_the_form_is_right(form):
    program, *arguments = CHECKS[form].split()
    path = Path(sys.executable).parent / program  # an absolute path stays as it is
    done = subprocess.run([path, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
