"""`initbook release`: the notebook that students get, without a solution or a hidden test in it."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from initbook.exercises.own_file import own_case, save_case
from initbook.grading.assignment import (
    Assignment,
    AssignmentError,
    Bank,
    find_exercise,
    load_assignment,
    load_bank,
)
from initbook.grading.grade import read_secret
from initbook.grading.handout import Handout, handout, merged_imports, the_book
from initbook.grading.plain_checks import public_check

METADATA = {
    "colab": {"provenance": [], "toc_visible": True},
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
OPENING = """\
# {title}

*From [{book}]({address}): {count}, {points} in all.*

Write the functions that are asked for, and keep their names and arguments. Add cells, helpers \
and imports as you like. A check looks at public inputs, as often as you run it; hidden checks run \
when the notebook is marked."""
TAKEN_OVER = """\
 Functions, classes, imports and constants are taken over then; nothing else in it is run."""


def add_command(commands: Any) -> None:
    parser = commands.add_parser("release", help="write the notebook that students get")
    add_assignment(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where it goes")
    parser.add_argument(
        "--students",
        type=Path,
        metavar="FILE",
        help="names, one a line, for \
exercises that give each of them a file",
    )
    parser.add_argument("--secret", type=Path, metavar="FILE", help="what these files hang on")
    parser.set_defaults(run=run)


def add_assignment(parser: argparse.ArgumentParser) -> None:
    """The two arguments of every command that takes an assignment."""
    parser.add_argument("assignment", type=Path, help="the assignment's file, as hw1.yml")
    parser.add_argument("--bank", type=Path, metavar="DIR", help="a folder of your own exercises")


def run(arguments: argparse.Namespace) -> None:
    bank = load_bank(arguments.bank) if arguments.bank else None
    assignment = load_assignment(arguments.assignment, bank)
    file = arguments.out / f"{arguments.assignment.stem}.ipynb"
    write_notebook(student_notebook(assignment, bank), file)
    print(f"Wrote {file}: {counted(assignment)}, no solution, no hidden check.")
    own = [number for number in assignment.points if find_exercise(number, bank).own_file]
    if own:
        print(own_files(own, arguments.students, arguments.secret, arguments.out))


def own_files(numbers: Sequence[str], students: Path | None, secret: Path | None, out: Path) -> str:
    """Write each student's own file for each of these exercises; say where they are."""
    if not students or not secret:
        raise AssignmentError(
            f"exercise {numbers[0]} gives each student a file; name the students by --students "
            "and your secret by --secret."
        )
    names = [line.strip() for line in students.read_text(encoding="utf-8").splitlines()]
    names = [name for name in names if name]
    for name in names:
        if re.search(r"[/\\\0]", name):
            raise AssignmentError(f"{students.name}: {name!r} can't be a file's name.")
        for number in numbers:
            (out / name).mkdir(parents=True, exist_ok=True)
            case = own_case(read_secret(secret), number, name)
            save_case(out / name / f"{number}.npz", case)
    return f"Wrote the files of {len(names)} students to {out}/NAME/; hand each only their own."


def student_notebook(assignment: Assignment, bank: Bank | None = None) -> Any:
    """The notebook: what to do, install, name, and for each exercise text, starter and check."""
    handouts = [handout(number, bank) for number in assignment.points]
    imports = merged_imports(handouts)
    if not all(one.private for one in handouts):
        imports += "\n\nfrom initbook.exercises import check"
    cells = [
        text_cell("opening", opening(assignment) + TAKEN_OVER),
        code_cell("install", the_book()["install"]),
        code_cell("student", 'student = ""  # your name, as your class knows it'),
        code_cell("imports", imports),
    ]
    for one in handouts:
        cells += exercise_cells(one, assignment.points[one.number])
        cells.append(code_cell(f"{cell_id(one)}-check", checking(one)))
    return notebook(cells)


def opening(assignment: Assignment) -> str:
    book = the_book()
    return OPENING.format(
        title=assignment.title, book=book["book"], address=book["address"],
        count=counted(assignment), points=in_points(assignment.total),
    )  # fmt: skip


def exercise_cells(one: Handout, points: float) -> list[Any]:
    """Its heading with the first text, and what follows: starter, and code that belongs to it."""
    title = f"## Exercise {one.number}"
    title += f": {one.title}" if one.title else ""
    source = f"*{in_points(points)}" + (f", from {one.source}.*" if one.source else ".*")
    cells = []
    for place, (kind, text) in enumerate(one.cells):
        if place == 0:
            text = f"{title}\n\n{source}\n\n{text}"
        make = text_cell if kind == "markdown" else code_cell
        cells.append(make(f"{cell_id(one)}-{place}", text))
    return cells


def checking(one: Handout) -> str:
    if one.private:
        return public_check(one.exercise)
    said = "# Public checks run now; hidden checks run when it is marked."
    return f'{said}\ncheck("{one.number}", {one.name})'


def cell_id(one: Handout) -> str:
    return f"exercise-{one.number.replace('.', '-')}"


def counted(assignment: Assignment) -> str:
    count = len(assignment.points)
    return f"{count} exercise{'s' * (count > 1)}"


def in_points(points: float) -> str:
    return f"{points:g} point{'s' * (points != 1)}"


def text_cell(name: str, text: str, **metadata: Any) -> Any:
    import nbformat

    return nbformat.v4.new_markdown_cell(text, id=name, metadata=metadata)


def code_cell(name: str, text: str, **metadata: Any) -> Any:
    import nbformat

    return nbformat.v4.new_code_cell(text, id=name, metadata=metadata)


def notebook(cells: Sequence[Any]) -> Any:
    """The cells as a notebook, held to nbformat's schema."""
    import nbformat

    made = nbformat.v4.new_notebook(metadata=METADATA, cells=list(cells))
    nbformat.validate(made)
    return made


def write_notebook(made: Any, file: Path) -> None:
    import nbformat

    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(nbformat.writes(made) + "\n", encoding="utf-8", newline="\n")
