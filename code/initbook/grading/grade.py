"""`initbook grade`: mark a folder of submissions."""

import argparse
import dataclasses
import os
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from initbook.grading.assignment import AssignmentError, load_assignment, load_bank
from initbook.grading.feedback import same_name, write_all
from initbook.grading.handed_in import HandedIn, handed_in
from initbook.grading.kept import Kept
from initbook.grading.marks import Marker, Row, read
from initbook.grading.sandbox import Level, Sandbox, SandboxError

UNSAFE = (
    "Unsafe: submissions run with your rights. They can read, change and send whatever you can, "
    "the secret and each other's marks too."
)
CONTAINER = (
    "In a container: submissions run as a user without rights, but can reach the network and "
    "whatever the container lets everyone read."
)


def add_command(commands: Any) -> None:
    """Add `grade` to the command's parser."""
    parser = commands.add_parser("grade", help="mark a folder of submissions")
    parser.add_argument("assignment", type=Path, metavar="FILE.yml")
    parser.add_argument("submissions", type=Path, metavar="FOLDER")
    parser.add_argument("--secret", type=Path, required=True, metavar="FILE",
                        help="what hidden inputs hang on")  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where marks go")
    parser.add_argument("--bank", type=Path, metavar="DIR", help="exercises of your own")
    level = parser.add_mutually_exclusive_group()
    for name, said in (("container", CONTAINER), ("unsafe", UNSAFE)):
        level.add_argument(f"--{name}", dest="level", action="store_const", const=name, help=said)
    parser.set_defaults(run=run, level="bubblewrap")


def run(arguments: argparse.Namespace) -> None:
    """Mark, write, and say where."""
    secret = read_secret(arguments.secret)
    if not arguments.submissions.is_dir():
        raise AssignmentError(f"{arguments.submissions} is no folder of submissions.")
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows = mark_folder(
        arguments.assignment,
        arguments.submissions,
        arguments.out,
        secret,
        arguments.level,
        arguments.bank,
        hidden=[arguments.secret],
    )
    students = len({same_name(row) for row in rows})
    print(f"Marked {len(rows)} files of {students} students: {arguments.out / 'marks.csv'}")
    if arguments.level != "bubblewrap":
        print({"unsafe": UNSAFE, "container": CONTAINER}[arguments.level])
    if failed := [row.submission for row in rows if not row.marks]:
        raise SandboxError(f"{len(failed)} of them could not be marked, {failed[0]} among them.")


def mark_folder(
    file: Path,
    submissions: Path,
    out: Path,
    secret: bytes,
    level: Level = "bubblewrap",
    bank_folder: Path | None = None,
    hidden: list[Path] | None = None,
) -> list[Row]:
    """Mark all files, as many at a time as there are cores; marks that stand are not given anew."""
    bank = load_bank(bank_folder) if bank_folder else None
    assignment = load_assignment(file, bank)
    secrets = [submissions, out, *(hidden or []), *([bank_folder] if bank_folder else [])]
    marker = Marker(assignment, secret, Sandbox(level, secrets), bank)
    kept = Kept(out / "kept", assignment, secret, level, bank_folder)
    files = handed_in(submissions, leave_out=out)
    with ThreadPoolExecutor(cores()) as pool:
        try:
            rows = []
            for row in pool.map(lambda handed: row_of(handed, marker, kept), files):
                rows.append(row)
                progress(len(rows), len(files))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    rows = with_notes(rows)
    write_all(rows, assignment, out)
    kept.forget_others()
    return rows


def row_of(handed: HandedIn, marker: Marker, kept: Kept | None = None) -> Row:
    """The row of one file; whatever goes wrong with it, the others get theirs."""
    row = Row(handed.name, handed.student, handed.number)
    try:
        content = read(handed)
        if isinstance(content, str) or kept is None:
            return dataclasses.replace(row, marks=marker.marks(handed, content))
        place = kept.place(handed, content)
        if (marks := kept.load(place)) is None:
            marks = marker.marks(handed, content)
            kept.save(place, marks)
        return dataclasses.replace(row, marks=marks)
    except Exception as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())
        return dataclasses.replace(row, note=f"Not marked, look at it yourself: {said}")


def with_notes(rows: list[Row]) -> list[Row]:
    """Say where a student handed in more than one file."""
    files = Counter(map(same_name, rows))
    return [
        dataclasses.replace(row, note=f"{row.note} One of {n} files; the best one counts.".strip())
        if (n := files[same_name(row)]) > 1
        else row
        for row in rows
    ]


def read_secret(file: Path) -> bytes:
    """What stands in the file, without the line's end."""
    secret = file.read_bytes().strip()
    if not secret:
        raise AssignmentError(f"{file.name}: the secret is empty; put some random letters there.")
    return secret


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} of {of} files", end="\n" if done == of else "", file=sys.stderr)
