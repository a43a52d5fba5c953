"""The build stops on what it must stop on, and runs again what it must run again.

A small book is made beside copies of the real settings, library and pins, and built for real.
"""

import re
import shutil
from pathlib import Path

import pytest

from building import build_book

ROOT = Path(__file__).parents[2]
HEADER = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# A chapter
"""


class Book:
    def __init__(self, folder):
        self.folder = folder
        for name in ("_config.yml", "requirements.txt", "package-lock.json", "references.bib"):
            shutil.copy(ROOT / name, folder)
        for name in ("code", "assets"):
            shutil.copytree(
                ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        (folder / "node_modules").symlink_to(ROOT / "node_modules")
        self.write("index", "# A book\n")

    def write(self, name, text):
        (self.folder / f"{name}.md").write_text(text, encoding="utf-8")
        pages = sorted(p.stem for p in self.folder.glob("*.md") if p.stem != "index")
        toc = "format: jb-book\nroot: index\n"
        if pages:
            toc += "chapters:\n" + "".join(f"- file: {page}\n" for page in pages)
        (self.folder / "_toc.yml").write_text(toc)

    def build(self):
        return build_book(self.folder, self.folder / "code")


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path)


def test_a_cell_that_raises_fails_the_build(book):
    book.write("chapter", HEADER + "```{code-cell}\n1 / 0\n```\n")
    status, said = book.build()
    assert status != 0
    assert "ZeroDivisionError" in said


def test_a_wrong_formula_a_bare_number_and_a_broken_reference_fail_the_build(book):
    book.write("formula", "# Red\n\n$$ \\frac{1}{2} \\undefinedmacro $$\n")
    book.write("number", "# Bare\n\nWe measured 97.3 of them. It was 12 % more, or 3e-4.\n")
    book.write("reference", "# Lost\n\nSee {eq}`eq-nowhere`.\n")
    book.write(
        "sound", "# Sound\n\nThere are 1,000 of 12, with $p = 0.3$ and `0.4` and {given}`0.5`.\n"
    )
    status, said = book.build()
    assert status != 0
    warnings = [line for line in said.splitlines() if "WARNING" in line]
    assert any("formula on formula" in w and "undefinedmacro" in w for w in warnings)
    assert {n for w in warnings for n in re.findall(r"number '([^']+)'", w)} == {
        "97.3",
        "12 %",
        "3e-4",
    }
    assert any("eq-nowhere" in w for w in warnings)
    assert not any("sound.md" in w for w in warnings)


def test_what_runs_again(book):
    """The library's code does, if the chapter can see it; prose does not."""
    runs = book.folder / "runs.txt"
    cell = (
        "```{code-cell}\nfrom initbook.moments import mean_field\n"
        f"with open({str(runs)!r}, 'a') as file:\n    file.write('run\\n')\n```\n"
    )
    library = book.folder / "code" / "initbook"

    def runs_after_building():
        status, said = book.build()
        assert status == 0, said
        return runs.read_text().count("run")

    book.write("chapter", HEADER + cell)
    assert runs_after_building() == 1
    book.write("chapter", HEADER + "Another sentence.\n\n" + cell)
    assert runs_after_building() == 1
    (library / "exercises" / "chapter_02.py").open("a").write("\n# unseen by this chapter\n")
    assert runs_after_building() == 1
    (library / "activations.py").open("a").write("\n# seen, through initbook.moments\n")
    assert runs_after_building() == 2
