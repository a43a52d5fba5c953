"""`initbook export`: the same assignment for otter-grader, nbgrader, or a quiz as QTI.

Otter and nbgrader run their tests in the student's own process. So what is exported carries the
values wanted on hidden inputs, which a hostile notebook can read, and no reference.
"""

import argparse
import re
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from initbook.grading.assignment import (
    Assignment,
    AssignmentError,
    Bank,
    load_assignment,
    load_bank,
)
from initbook.grading.grade import read_secret
from initbook.grading.handout import Handout, handout, merged_imports
from initbook.grading.plain_checks import hidden_check, public_check
from initbook.grading.quiz import QUIZ_WARNING, write_quiz
from initbook.grading.release import (
    add_assignment,
    cell_id,
    code_cell,
    exercise_cells,
    notebook,
    opening,
    text_cell,
    write_notebook,
)

WARNING = (
    "In {system} the tests run in the student's own process: a hostile notebook can read the "
    "hidden inputs and the values wanted, or change the tests, and get full marks; initbook grade "
    "is protected against that."
)
NOT_WRITTEN = re.compile(r"^( *)raise NotImplementedError\(.*\)$", re.M)


def add_command(commands: Any) -> None:
    parser = commands.add_parser("export", help="write it for otter, nbgrader, or as a QTI quiz")
    add_assignment(parser)
    parser.add_argument("--to", choices=[*NOTEBOOKS, "qti"], required=True)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where it goes")
    parser.add_argument("--secret", type=Path, metavar="FILE", help="what hidden inputs hang on")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    bank = load_bank(arguments.bank) if arguments.bank else None
    assignment = load_assignment(arguments.assignment, bank)
    name = arguments.assignment.stem
    if arguments.to == "qti":
        file = write_quiz(assignment, arguments.out / f"{name}-quiz.zip")
        print(f"Wrote {file}. {QUIZ_WARNING}")
        return
    make, place, then = NOTEBOOKS[arguments.to]
    file = arguments.out / place.format(name=name)
    if not arguments.secret:
        raise AssignmentError("hidden inputs hang on a secret of yours; name a file by --secret.")
    write_notebook(make(assignment, read_secret(arguments.secret), bank), file)
    print(f"Wrote {file}; next: {then.format(name=name)}")
    print(WARNING.format(system=arguments.to))


def otter_notebook(assignment: Assignment, secret: bytes, bank: Bank | None = None) -> Any:
    """The notebook from which `otter assign` makes a student version and an autograder."""
    config = """\
# ASSIGNMENT CONFIG
run_tests: false
export_cell: false
generate: {pdf: false}
requirements: [numpy]
tests:
  ok_format: false"""
    handouts = [handout(number, bank) for number in assignment.points]
    cells = [
        raw_cell("config", config),
        text_cell("opening", opening(assignment)),
        code_cell("imports", merged_imports(handouts)),
    ]
    for one in handouts:
        points = assignment.points[one.number]
        (first, *rest), name = exercise_cells(one, points), cell_id(one)
        question = f"# BEGIN QUESTION\nname: {name}\npoints: [0, {points!r}]"
        cells += [raw_cell(f"{name}-begin", question), first]
        cells += [raw_cell(f"{name}-solution", "# BEGIN SOLUTION"), *rest]
        cells += [raw_cell(f"{name}-solved", "# END SOLUTION")]
        cells += [raw_cell(f"{name}-tests", "# BEGIN TESTS")]
        public, hidden = public_check(one.exercise), hidden_check(one.exercise, secret)
        cells += [code_cell(f"{name}-public", as_function("public", one, public))]
        cells += [code_cell(f"{name}-hidden", "# HIDDEN\n" + as_function("hidden", one, hidden))]
        cells += [raw_cell(f"{name}-tested", "# END TESTS")]
        cells += [raw_cell(f"{name}-end", "# END QUESTION")]
    return notebook(cells)


def as_function(name: str, one: Handout, code: str) -> str:
    """Otter calls a test with the names that it asks for, and keeps one test of each name."""
    return f"def {name}({one.name}):\n" + textwrap.indent(code, "    ")


def nbgrader_notebook(assignment: Assignment, secret: bytes, bank: Bank | None = None) -> Any:
    """The source from which `nbgrader generate_assignment` makes the release."""
    handouts = [handout(number, bank) for number in assignment.points]
    cells = [
        text_cell("opening", opening(assignment)),
        code_cell("imports", merged_imports(handouts)),
    ]
    for one in handouts:
        name = cell_id(one)
        for cell in exercise_cells(one, assignment.points[one.number]):
            if NOT_WRITTEN.search(cell.source):
                cell.source = NOT_WRITTEN.sub(in_region, cell.source)
                cell.metadata.update(nbgrader(f"{name}-answer", solution=True))
            cells.append(cell)
        hidden = hidden_check(one.exercise, secret)
        tests = [
            public_check(one.exercise),
            f"### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS",
        ]
        marked = nbgrader(f"{name}-tests", points=assignment.points[one.number])
        cells.append(code_cell(f"{name}-tests", "\n".join(tests), **marked))
    return notebook(cells)


def in_region(match: re.Match[str]) -> str:
    """The line that stands for the answer, as nbgrader takes it out and puts its own in."""
    indent = match[1]
    return f"{indent}### BEGIN SOLUTION\n{match[0]}\n{indent}### END SOLUTION"


def nbgrader(grade_id: str, solution: bool = False, points: float | None = None) -> dict[str, Any]:
    """A cell's metadata: an answer, or tests with points."""
    marks = {} if points is None else {"points": points}
    said = {"grade": points is not None, "solution": solution, "locked": points is not None}
    return {
        "nbgrader": {
            "grade_id": grade_id, "schema_version": 3, "task": False, **said, **marks,
        }
    }  # fmt: skip


def raw_cell(name: str, text: str) -> Any:
    import nbformat

    return nbformat.v4.new_raw_cell(text, id=name)


NOTEBOOKS: Mapping[str, tuple[Callable[..., Any], str, str]] = {
    "otter": (otter_notebook, "{name}.ipynb", "otter assign {name}.ipynb dist"),
    "nbgrader": (
        nbgrader_notebook, "source/{name}/{name}.ipynb", "nbgrader generate_assignment {name}",
    ),
}  # fmt: skip
