"""`initbook gradescope`: a zip that marks in Gradescope, and what runs there.

There all runs as root in a container, often without namespaces, so the sandbox's second level is
used: a process of its own under a user without rights, who can read neither the harness nor the
secret, with limits. It can reach the network as far as Gradescope lets it.
"""

import argparse
import dataclasses
import json
import shlex
import sys
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from initbook.grading.assignment import Assignment, load_assignment, load_bank
from initbook.grading.feedback import best
from initbook.grading.grade import read_secret, row_of
from initbook.grading.handed_in import handed_in
from initbook.grading.kept import write_whole
from initbook.grading.marks import Marker, Row
from initbook.grading.sandbox import PACKAGE, Sandbox, SandboxError

SETUP = """#!/usr/bin/env bash
# Runs once, when Gradescope builds the image. Add torch to the last line if answers may use it.
set -e
chmod -R go-rwx /autograder/source
apt-get update -qq
apt-get install -qq -y python3-venv util-linux
python3 -m venv /opt/initbook
/opt/initbook/bin/pip install --quiet numpy scipy pyyaml
"""
RUN = """#!/usr/bin/env bash
# Runs for each submission, as root; PYTHON names another interpreter, to try it elsewhere.
export PYTHONPATH="/autograder/source/code${PYTHONPATH:+:$PYTHONPATH}"
exec "${PYTHON:-/opt/initbook/bin/python}" -m initbook.grading.gradescope
"""


def add_command(commands: Any) -> None:
    """Add `gradescope` to the command's parser."""
    parser = commands.add_parser("gradescope", help="make a zip that marks in Gradescope")
    parser.add_argument("assignment", type=Path, metavar="FILE.yml")
    parser.add_argument("--secret", type=Path, required=True, metavar="FILE",
                        help="what hidden inputs hang on")  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.zip")
    parser.add_argument("--bank", type=Path, metavar="DIR", help="exercises of your own")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Write the zip, after a look at all that goes into it."""
    bank = load_bank(arguments.bank) if arguments.bank else None
    load_assignment(arguments.assignment, bank)
    files = {
        "setup.sh": SETUP.encode(),
        "run_autograder": RUN.encode(),
        "assignment.yml": arguments.assignment.read_bytes(),
        "secret": read_secret(arguments.secret),
    }
    for file in sorted(arguments.bank.glob("*.py")) if arguments.bank else []:
        files[f"bank/{file.name}"] = file.read_bytes()
    for file in sorted(PACKAGE.rglob("*.py")):
        files[f"code/initbook/{file.relative_to(PACKAGE).as_posix()}"] = file.read_bytes()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(arguments.out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o755 if content.startswith(b"#!") else 0o600) << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    print(f"Wrote {shlex.quote(str(arguments.out))}, with the secret in it: keep it to yourself.")


def harness(base: Path) -> dict[str, Any]:
    """Mark what lies in base/submission, and say it as Gradescope reads it."""
    begun = time.monotonic()
    source, results = base / "source", base / "results"
    results.mkdir(exist_ok=True)
    results.chmod(0o700)  # what is written there is the mark
    bank_folder = source / "bank"
    bank = load_bank(bank_folder) if bank_folder.exists() else None
    assignment = load_assignment(source / "assignment.yml", bank)
    secret = read_secret(source / "secret")
    sandbox = Sandbox("container", hidden=[source, source / "secret", results])
    marker = Marker(assignment, secret, sandbox, bank)
    student = student_of(base / "submission_metadata.json")
    files = handed_in(base / "submission", leave_out=results)
    rows = [row_of(dataclasses.replace(file, student=student), marker) for file in files]
    if rows and not any(row.marks for row in rows):
        raise SandboxError(rows[0].note)
    return as_results(rows, assignment, time.monotonic() - begun)


def student_of(metadata: Path) -> str:
    """The name of the first who handed it in, on which files of one's own hang."""
    try:
        users = json.loads(metadata.read_text(encoding="utf-8"))["users"]
        return str(users[0]["name"])
    except (OSError, ValueError, LookupError, TypeError):
        return ""


def as_results(rows: Sequence[Row], assignment: Assignment, seconds: float) -> dict[str, Any]:
    """results.json: of several files the best one counts."""
    row = best(rows) if rows else Row("", "", note="No file was handed in.")
    visible = {"visibility": "visible", "output_format": "text"}
    tests = [
        {
            "name": f"Exercise {number}",
            "score": row.marks[number].points if number in row.marks else 0.0,
            "max_score": most,
            "output": (row.marks[number].said or "Right.") if number in row.marks else row.note,
        }
        | visible
        for number, most in assignment.points.items()
    ]
    said = f"Marked: {row.submission}" if row.submission else row.note
    return {"score": row.total, "execution_time": seconds, "output": said, "tests": tests} | visible


def main() -> int:
    """What `run_autograder` runs; it writes no results where it can't mark."""
    base = Path("/autograder")
    try:
        results = harness(base)
    except (SandboxError, ValueError, OSError) as error:
        print(f"Not marked: {error}", file=sys.stderr)
        return 2
    write_whole(base / "results" / "results.json", json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
