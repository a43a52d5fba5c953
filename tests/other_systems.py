"""otter-grader and nbgrader as they are, in an environment of their own that is made once."""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from filelock import FileLock

from building import ROOT
from installed import pip

PINS = ROOT / "tests" / "grading" / "requirements.txt"


class OtherSystems:
    """Runs otter and nbgrader: their own packages, and the book's environment for all the rest."""

    def __init__(self, folder):
        self.folder = folder
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("PYTHON", "JUPYTER_"))}
        self.environment = kept | {
            "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "JUPYTER_PATH": str(Path(sys.prefix, "share", "jupyter")),  # nbconvert's templates
        }

    def run(self, command, cwd):
        done = subprocess.run(
            [self.folder / "bin" / command.split()[0], *command.split()[1:]],
            cwd=cwd, env=self.environment, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="session")
def other_systems():
    """Made in _build and kept from run to run, as long as the pins and the interpreter stay."""
    key = hashlib.sha256(f"{sys.version}{sys.prefix}{PINS.read_text()}".encode()).hexdigest()[:12]
    folder = ROOT / "_build" / f"other-systems-{key}"
    folder.parent.mkdir(exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
            site = folder / Path(sysconfig.get_path("purelib")).relative_to(sys.prefix)
            (site / "the_book.pth").write_text(sysconfig.get_path("purelib") + "\n")
            pip("--python", folder / "bin" / "python", "install", "--no-deps", "-r", PINS)
            (folder / "complete").touch()
    return OtherSystems(folder)
