"""A user without make, in a fresh clone: pip install -r requirements.txt, jupyter-book build."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_cache import get_cache

from installed import link

ROOT = Path(__file__).parents[1]
RUN_HERE = "00-refresher.md"


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clone with all that is in the working tree, and an environment from requirements.txt.

    torch is linked to the one that the tests run on: another copy would be a gigabyte, and on
    Linux the plain index would send three more of CUDA.
    """
    folder = tmp_path_factory.mktemp("plain") / "book"
    run("git", "clone", "--quiet", ROOT, folder, cwd=ROOT)
    run(sys.executable, "-m", "venv", ".venv", cwd=folder)
    python = folder / ".venv" / "bin" / "python"
    purelib = run(
        python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder
    )
    link("torch", Path(purelib.strip()))
    run(python, "-m", "pip", "install", "--quiet", "-r", "requirements.txt", cwd=folder)
    return folder


def bring_outputs(clone):
    """Give the clone what the book's chapters printed, so that it runs only what is its own.

    These are the chapters that load digits, where the book had another set, and the shortest one,
    which shows that a kernel starts from this environment.
    """
    outputs = clone / "_build" / ".jupyter_cache"
    shutil.copytree(ROOT / "_build" / ".jupyter_cache", outputs)
    cache = get_cache(outputs)
    known = cache.list_cache_records()
    again = [record for record in known if record.uri.endswith(RUN_HERE)]
    assert again, f"{RUN_HERE} is not among {[record.uri for record in known]}"
    for record in again:
        cache.remove_cache(record.pk)
    return cache


def run(*command, cwd, **variables):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("INITBOOK_", "PYTHON"))}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment | variables, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:]
    return done.stdout


def test_the_plain_commands_build_the_same_site(clone, tmp_path):
    """With the embedded digits, too: chapter 11 is true with both sets, and says which it used."""
    outputs = bring_outputs(clone)
    variables = {"INITBOOK_OFFLINE": "1", "INITBOOK_CACHE": str(tmp_path)}
    run(clone / ".venv" / "bin" / "jupyter-book", "build", ".", cwd=clone, **variables)
    run_in_the_clone = [record.uri for record in outputs.list_cache_records()]
    assert str(clone / "chapters" / RUN_HERE) in run_in_the_clone
    html = clone / "_build" / "html"
    built = {p.relative_to(html) for p in html.rglob("*.html")}
    ours = ROOT / "_build" / "html"
    assert built == {p.relative_to(ours) for p in ours.rglob("*.html")}
    assert "embedded subset" in (html / "chapters" / "11-mnist.html").read_text(encoding="utf-8")
    assert run("git", "status", "--porcelain", cwd=clone) == ""


@pytest.mark.skipif("INITBOOK_MNIST" not in os.environ, reason="the full MNIST is not here")
def test_the_book_beside_it_used_the_full_set():
    text = (ROOT / "_build" / "html" / "chapters" / "11-mnist.html").read_text(encoding="utf-8")
    assert "the full MNIST" in text
