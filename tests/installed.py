"""An environment as a student has it: `initbook` from its wheel, its dependencies, and no more."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from filelock import FileLock
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
KERNEL = "initbook-alone"


class Installation:
    """A virtual environment with its interpreter, and a kernel to run notebooks on it."""

    def __init__(self, folder):
        self.folder = folder
        self.python = folder / "venv" / "bin" / "python"
        self.kernels = folder / "jupyter"
        self.environment = {
            name: value for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "INITBOOK_", "JUPYTER_"))
        } | {"INITBOOK_OFFLINE": "1", "JUPYTER_PATH": str(self.kernels)}  # fmt: skip

    def run(self, code, cwd):
        """What a Python program prints in this environment."""
        done = subprocess.run(
            [self.python, "-c", code],
            cwd=cwd, env=self.environment, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def initbook_alone(tmp_path_factory):
    """`initbook` installed from a fresh wheel, beside its own dependencies and a kernel only.

    Made once: the processes of a run share the folder above their own.
    """
    ours = tmp_path_factory.getbasetemp()
    shared = ours.parent if "PYTEST_XDIST_WORKER" in os.environ else ours
    alone = Installation(shared / "installed")
    with FileLock(shared / "installed.lock"):
        if not alone.kernels.exists():
            make(alone)
    return alone


def make(alone):
    venv = alone.python.parents[1]
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    install(build_wheel(alone.folder), alone.python)
    site = Path(alone.run("import sysconfig; print(sysconfig.get_path('purelib'))", "/").strip())
    for name in dependencies(site):
        link(name, site)
    spec = alone.kernels / "kernels" / KERNEL / "kernel.json"
    spec.parent.mkdir(parents=True)
    command = [str(alone.python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": command, "display_name": KERNEL, "language": "python"}))


def build_wheel(folder):
    """Build the wheel from a copy, so that the checkout keeps no trace of it."""
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    litter = shutil.ignore_patterns("__pycache__", "*.egg-info", "bookbuild")
    shutil.copytree(ROOT / "code", source / "code", ignore=litter)
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, source)
    return next(folder.glob("initbook-*.whl"))


def install(wheel, python):
    pip("--python", python, "install", "--no-deps", "--no-index", wheel)


def pip(*arguments):
    command = [sys.executable, "-m", "pip", *map(str, arguments), "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def dependencies(site):
    """All that the installed package asks for, and a kernel, each with what it asks for in turn."""
    metadata = next(site.glob("initbook-*.dist-info")) / "METADATA"
    asked = re.findall(r"^Requires-Dist: (.+)$", metadata.read_text(encoding="utf-8"), re.M)
    found, queue = set(), [*map(Requirement, asked), Requirement("ipykernel")]
    while queue:
        requirement = queue.pop()
        name = canonicalize_name(requirement.name)
        needed = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if needed and name not in found:
            try:
                queue += map(Requirement, distribution(name).requires or [])
                found.add(name)
            except PackageNotFoundError:  # pip chose to do without it here
                continue
    return found


def link(name, site):
    """Set links to an installed package's top-level files and folders; torch is not copied."""
    package = distribution(name)
    for top in {file.parts[0] for file in package.files} - {"..", "__pycache__"}:
        place = site / top
        if not place.exists():
            place.symlink_to(package.locate_file(top))
