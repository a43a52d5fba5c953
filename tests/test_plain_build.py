"""A user without make, in a fresh clone: pip install -r requirements.txt, jupyter-book build."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn

from bookbuild.execution import execution_key
from installed import link

ROOT = Path(__file__).parents[1]
RUN_HERE = {"chapters/00-refresher.md", "chapters/11-mnist.md"}


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


def bring_outputs(clone, offline):
    """Give the clone what the book's pages printed, so that it runs two of them alone.

    The one is the shortest, which shows that a kernel starts from this environment; the other says
    which digits it used. That every page holds with the embedded digits is shown by its notebook,
    which runs on them (tests/notebooks/test_run.py): here only the key is made theirs.
    """
    outputs = clone / "_build" / ".jupyter_cache"
    shutil.copytree(ROOT / "_build" / ".jupyter_cache", outputs)
    cache = get_cache(outputs)
    for record in cache.list_cache_records():
        page = Path(record.uri).relative_to(ROOT)
        notebook = cache.get_cache_bundle(record.pk).nb
        cache.remove_cache(record.pk)
        if page.as_posix() in RUN_HERE or not (clone / page).exists():
            continue
        source = (clone / page).read_text(encoding="utf-8")
        if notebook.metadata["kernelspec"].get("initbook_key") == execution_key(ROOT, source):
            with patch.dict(os.environ, offline):
                os.environ.pop("INITBOOK_MNIST", None)
                notebook.metadata["kernelspec"]["initbook_key"] = execution_key(clone, source)
            bundle = CacheBundleIn(notebook, str(clone / page), data=record.data)
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


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
    offline = {"INITBOOK_OFFLINE": "1", "INITBOOK_CACHE": str(tmp_path)}
    bring_outputs(clone, offline)
    said = run(clone / ".venv" / "bin" / "jupyter-book", "build", ".", cwd=clone, **offline)
    assert {f"{name}.md" for name in re.findall(r"^ran (\S+) in", said, re.M)} == RUN_HERE, said
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
