"""The build stops on what it must stop on, and runs again what it must run again.

A small book is made beside copies of the real settings, library and pins, and built for real.
"""

import re
from textwrap import dedent

import pytest

from building import HEADER, Book


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path)


def test_a_cell_that_raises_fails_the_build(book):
    book.write("chapter", HEADER + "```{code-cell}\n1 / 0\n```\n")
    status, said = book.build()
    assert status != 0
    assert "ZeroDivisionError" in said


def test_of_two_cells_the_one_that_raises_fails_the_build_and_the_other_is_kept(book):
    runs = book.folder / "runs.txt"
    cell = f"```{{code-cell}}\nwith open({str(runs)!r}, 'a') as file:\n    file.write('run')\n```\n"
    book.write("good", HEADER + cell)
    book.write("bad", HEADER + "```{code-cell}\n1 / 0\n```\n")
    status, said = book.build()
    assert status != 0
    assert "bad raised:" in said and "ZeroDivisionError" in said
    book.write("bad", HEADER + "```{code-cell}\n1 / 1\n```\n")
    status, said = book.build()
    assert status == 0, said
    assert runs.read_text() == "run"


def test_a_wrong_formula_a_bare_number_and_a_broken_reference_fail_the_build(book):
    book.write("formula", "# Red\n\n$$ \\frac{1}{2} \\undefinedmacro $$\n\nOr $\\lostmacro$.\n")
    book.write("number", "# Bare\n\nWe measured 97.3 of them. It was 12 % more, or 3e-4.\n")
    book.write("reference", "# Lost\n\nSee {eq}`eq-nowhere`.\n")
    book.write(
        "sound", "# Sound\n\nThere are 1,000 of 12, with $p = 0.3$ and `0.4` and {given}`0.5`.\n"
    )
    status, said = book.build()
    assert status != 0
    warnings = [line for line in said.splitlines() if "WARNING" in line]
    assert any("formula.md:3: WARNING: a formula" in w and "undefinedmacro" in w for w in warnings)
    assert any("formula.md:5: WARNING: a formula" in w and "lostmacro" in w for w in warnings)
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


def test_pages_run_side_by_side_and_once(book):
    """Two pages that each wait for the other can only both be done where both run at once."""
    runs = book.folder / "runs.txt"
    for name, other in ("one", "two"), ("two", "one"):
        cell = f"""\
            ```{{code-cell}}
            import pathlib, time
            with open({str(runs)!r}, "a") as file:
                file.write("{name} ")
            for _ in range(600):
                if "{other}" in pathlib.Path({str(runs)!r}).read_text():
                    break
                time.sleep(0.1)
            else:
                raise TimeoutError("{other} did not run beside {name}")
            ```
            """
        book.write(name, HEADER + dedent(cell))
    status, said = book.build()
    assert status == 0, said
    assert sorted(runs.read_text().split()) == ["one", "two"]
