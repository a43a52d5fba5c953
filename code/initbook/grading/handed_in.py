"""What lies in the folder of submissions, file by file, and whose it is."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LITTER = re.compile(  # what systems and programs leave in folders
    r"\._|(\.DS_Store|\.git|\.ipynb_checkpoints|__MACOSX|__pycache__|Thumbs\.db|desktop\.ini)$"
)
MOODLE = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)_?$")
CANVAS = re.compile(r"(?P<name>[^_]+)_(?:LATE_)?(?P<id>\d+)_\d+_.+$")


@dataclass(frozen=True)
class HandedIn:
    """A file, its name in the folder, and the student with the number that the platform gave."""

    path: Path
    name: str
    student: str
    number: str = ""

    @property
    def kind(self) -> str:
        return self.path.suffix.lower()


def handed_in(folder: Path, leave_out: Path) -> list[HandedIn]:
    """Every file in the folder and below it, links among them, in the order of their names.

    What lies in `leave_out`, where the marks go, was handed in by no one.
    """
    return sorted(_files(folder, os.path.abspath(leave_out)), key=lambda handed: handed.name)


def _files(folder: Path, leave_out: str) -> Iterator[HandedIn]:
    for place, folders, files in os.walk(folder):
        if os.path.abspath(place) == leave_out:
            folders.clear()
            continue
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]
        folders[:] = [name for name in folders if name not in links and not LITTER.match(name)]
        for file in (*files, *links):
            if not LITTER.match(file):
                path = Path(place, file)
                parts = path.relative_to(folder).parts
                student, number = whose(parts)
                yield HandedIn(path, "/".join(map(printable, parts)), student, number)


def whose(parts: tuple[str, ...]) -> tuple[str, str]:
    """The student's name and number: of the folder that Moodle or Gradescope makes for each, or of
    the file's name, as Canvas or a teacher writes it."""
    first = printable(parts[0])
    if len(parts) > 1:
        moodle = MOODLE.match(first)
        return (moodle["name"], moodle["id"]) if moodle else (first, "")
    canvas = CANVAS.match(first)
    return (canvas["name"], canvas["id"]) if canvas else (Path(first).stem, "")


def printable(name: str) -> str:
    """A file's name as text, whatever its bytes are."""
    text = os.fsencode(name).decode("utf-8", errors="replace")
    return "".join(c if c.isprintable() else "�" for c in text)
