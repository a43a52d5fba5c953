"""Marks that were given already: a batch that was stopped goes on, and only changes are marked."""

import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from initbook.grading.assignment import Assignment
from initbook.grading.handed_in import HandedIn
from initbook.grading.marks import Mark
from initbook.grading.sandbox import PACKAGE, Level


class Kept:
    """A folder with the marks of each submission, under a key of all that they depend on.

    That is the submission's bytes and student, the assignment, the secret, the level of isolation,
    and the code of exercises, bank and marking.
    """

    def __init__(
        self, folder: Path, assignment: Assignment, secret: bytes, level: Level, bank: Path | None
    ) -> None:
        self.folder, self.secret = folder, secret
        folder.mkdir(parents=True, exist_ok=True)
        code = [*PACKAGE.glob("exercises/*.py"), *PACKAGE.glob("grading/**/*.py")]
        code += [PACKAGE / "real_numbers.py", *(bank.glob("*.py") if bank else [])]
        version = hashlib.sha256(json.dumps([asdict(assignment), level]).encode())
        for path in sorted(code):
            version.update(path.name.encode() + b"\0" + path.read_bytes())
        self.version = version.digest()
        self.used: set[Path] = set()

    def place(self, handed: HandedIn, content: bytes) -> Path:
        """The file for this submission's marks."""
        key = hmac.new(self.secret, self.version, hashlib.sha256)
        key.update(json.dumps([handed.student, handed.kind]).encode() + b"\0" + content)
        path = self.folder / f"{key.hexdigest()}.json"
        self.used.add(path)
        return path

    def load(self, path: Path) -> dict[str, Mark] | None:
        """The marks that stand there; None where there are none, or no whole ones."""
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            return {number: Mark(**mark) for number, mark in stored.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return None

    def save(self, path: Path, marks: Mapping[str, Mark]) -> None:
        write_whole(path, json.dumps({number: asdict(mark) for number, mark in marks.items()}))

    def forget_others(self) -> None:
        """Remove what belongs to no submission of this batch any more."""
        for path in set(self.folder.iterdir()) - self.used:
            path.unlink()


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all, whenever the program is stopped."""
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.write_text(text, encoding="utf-8", newline="")
    os.replace(unfinished, path)


def remove_others(folder: Path, kept: Iterable[Path]) -> None:
    """Remove the files of a folder that are not among those to keep."""
    for path in set(folder.iterdir()) - set(kept):
        path.unlink()
