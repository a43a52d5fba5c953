"""Every chapter's notebook runs from an empty folder, with only `initbook` installed."""

import subprocess
import sys

import nbformat
import pytest
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient

from building import NOTEBOOK_PAGES
from installed import KERNEL, ROOT

NOTEBOOKS = [page.with_suffix(".ipynb") for page in NOTEBOOK_PAGES]


def test_nothing_else_of_the_book_can_be_imported(initbook_alone, tmp_path):
    probe = (
        "from importlib.util import find_spec; "
        "print([name for name in ('initbook', 'jupyter_book', 'myst_nb', 'sphinx', 'bookbuild')"
        " if find_spec(name)])"
    )
    assert initbook_alone.run(probe, tmp_path).strip() == "['initbook']"


def test_the_wheel_holds_every_file_of_the_package(initbook_alone, tmp_path):
    package = ROOT / "code" / "initbook"
    ours = {str(file.relative_to(package)) for file in package.rglob("*") if file.is_file()}
    installed = initbook_alone.run(
        "from pathlib import Path; import initbook; package = Path(initbook.__file__).parent; "
        "print(*(file.relative_to(package) for file in package.rglob('*')), sep='\\n')",
        tmp_path,
    )
    missing = {file for file in ours if "__pycache__" not in file} - set(installed.splitlines())
    assert not missing, f"pyproject.toml's package-data leaves out {sorted(missing)}"


def test_the_digits_load_from_the_installed_package(initbook_alone, tmp_path):
    program = "from initbook.digits import load_digits; print(load_digits().source)"
    assert "embedded" in initbook_alone.run(program, tmp_path)


def test_a_type_checker_reads_the_installed_hints(initbook_alone, tmp_path):
    """Without py.typed in the wheel it would take everything for anything."""
    (tmp_path / "mine.py").write_text(
        "from initbook.arguments import check_choice\ncheck_choice(7, 'tanh', ['relu'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", tmp_path / "cache",
         "--python-executable", initbook_alone.python, "mine.py"],
        cwd=tmp_path, env=initbook_alone.environment, capture_output=True, text=True,
    )  # fmt: skip
    assert 'has incompatible type "int"; expected "str"' in done.stdout


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_notebook_runs_in_an_empty_folder(path, initbook_alone, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    specs = KernelSpecManager(kernel_dirs=[str(initbook_alone.kernels / "kernels")])
    manager = KernelManager(kernel_name=KERNEL, kernel_spec_manager=specs)
    client = NotebookClient(notebook, km=manager, timeout=300)
    try:
        client.execute(cwd=str(tmp_path), env=initbook_alone.environment)
    finally:
        manager.shutdown_kernel(now=True)  # half a gigabyte each, else kept until the last test
    assert list(tmp_path.iterdir()) == [], "the notebook left files behind"
    said = [cell for cell in notebook.cells if "say(r" in cell.source]
    for cell in said:
        assert "[[" not in cell.outputs[0].data["text/markdown"]
