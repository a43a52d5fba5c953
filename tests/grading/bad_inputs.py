"""What is handed in and should not be: `python tests/grading/bad_inputs.py` marks all of it.

Each has the marks that it deserves, exercise by exercise, and a sentence. With --batch they are
marked among 70 others, and the time is printed.
"""

import csv
import io
import os
import re
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

from handing_in import (
    ASSIGNMENT,
    BOUND,
    CHECK,
    FACTOR,
    FORMS,
    NUMPY,
    ONE_TAIL,
    RIGHT,
    SHARE,
    STARTER,
    notebook,
)

SECRET = b"owls are not what they seem"
ALL, NONE = (2, 3, 5), (0, 0, 0)
OTHERS = (0, 3, 5)  # the first function is bad, and the other two get their marks


@dataclass(frozen=True)
class Bad:
    """A file's content, or what makes the file, with its marks and what the remark must say."""

    content: object
    marks: tuple
    remark: str


def first(body, before=""):
    """A Python file with a bad first function, and right ones behind it."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    head = "import os, sys, time, signal, socket, subprocess, threading\n"
    return f"{head}{NUMPY}{before}\ndef factor_per_layer(std, width):\n{lines}\n{SHARE}\n{BOUND}"


def zipped(**files):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


def large(path):
    with open(path, "wb") as file:
        file.truncate(100_000_000)


LIAR = """
class Liar:
    def __eq__(self, other): return True
    def __lt__(self, other): return True
    def __float__(self): return 0.0
class Payload:
    def __reduce__(self): return (os.system, ("touch /tmp/forged",))
class Half(float):
    def __eq__(self, other): return True
    def __add__(self, other): return 0.0
"""
PATCH = """
for module in (np, np.testing):
    for name in ("isclose", "allclose", "assert_allclose", "array_equal"):
        setattr(module, name, lambda *a, **k: True)
np.asarray = np.array = lambda *a, **k: 0.0
return 0.0
"""
SEARCH = """
import gc
for thing in [*gc.get_objects(), *vars(sys.modules["__main__"]).values()]:
    if "reference" in getattr(thing, "__dict__", ()):
        return thing.reference(std, width)
return 0.0
"""
FORGE = """
import json
for fd in range(1, 64):
    try: os.write(fd, b'{"stage": "done"}\\n{"points": 2}\\n{"value": true}\\n' * 9)
    except OSError: pass
os._exit(0)
"""
FLOOD = """
while True:
    for fd in range(1, 64):
        try: os.write(fd, b"x" * 65536)
        except OSError: pass
"""
PIECES = """
path = "/usr/local/forged"
open(path, "w").write("x")
"""
BREADTH = f"{NUMPY}x = {'(' * 5000}1{')' * 5000}\n{FACTOR}{SHARE}{BOUND}"

BAD = {
    # What runs for ever, or ends too early.
    "loop.py": Bad(first("while True: pass"), OTHERS, "did not end within 4 s"),
    "ignores-interrupts.py": Bad(
        first("while True:\n    try:\n        while True: pass\n    except BaseException: pass",
              "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"), OTHERS, "did not end within 4 s"),
    "sleeps.py": Bad(first("time.sleep(3600)"), OTHERS, "did not end within 4 s"),
    "exits.py": Bad(first("os._exit(0)"), OTHERS, "ended its own process"),
    "sys-exit.py": Bad(first("sys.exit()"), OTHERS, "raised SystemExit"),
    "kills.py": Bad(first("os.kill(-1, 9); os.kill(os.getpid(), 9)"), OTHERS, "ended|raised"),
    "crashes.py": Bad(first("import ctypes; ctypes.string_at(0)"), OTHERS, "ended its own"),
    "recursion.py": Bad(first("return factor_per_layer(std, width)"), OTHERS, "RecursionError"),
    "top-level-loop.py": Bad("while True: pass\n" + "\n".join(RIGHT), ALL, "All right"),
    # What lies.
    "liar.py": Bad(first("return Liar()", LIAR), OTHERS, "which is no number or array"),
    "pickle.py": Bad(first("return Payload()", LIAR), OTHERS, "which is no number or array"),
    "patches-numpy.py": Bad(first(PATCH), OTHERS, "not the answer|no number"),
    "replaces-numpy.py": Bad(
        first("return sys.modules['numpy'].answer", "class np:\n"
              "    sys.modules['numpy'] = sys.modules[__name__]\n"), NONE, "raised|needs"),
    "patches-the-checker.py": Bad(
        first("import initbook.exercises.exercise as e\ne.Exercise.complaint = lambda *a: None"),
        OTHERS, "imports from initbook.exercises"),
    "imports-the-reference.py": Bad(
        first('from initbook.exercises import get_exercise\n'
              'return get_exercise("2.1").reference(std, width)'),
        OTHERS, "imports from initbook.exercises what is not there"),
    "imports-the-grading.py": Bad(
        first("import initbook.grading.marks"), OTHERS, "imports from initbook.grading"),
    "searches-for-the-reference.py": Bad(first(SEARCH), OTHERS, "not the answer|raised"),
    "reads-the-submissions.py": Bad(
        first("return sum(len(files) for top in ('/tmp', '/home') for *_, files in os.walk(top))"),
        OTHERS, "returned 0, which is not the answer"),
    "forges-results.py": Bad(first(FORGE), OTHERS, "gave no answer|ended its own"),
    "asks-for-the-secret.py": Bad(
        first("raise ValueError(dict(os.environ), [n for n in dir() if 'secret' in n], sys.argv)"),
        OTHERS, "raised ValueError"),
    # What takes too much.
    "memory.py": Bad(first("return len(bytearray(5 << 30))"), OTHERS, "more memory than it may"),
    "fork-bomb.py": Bad(first("while True: os.fork()"), OTHERS, "started a process or a thread"),
    "daemon.py": Bad(
        first("if not os.fork():\n    os.setsid()\n    time.sleep(999)\nreturn std * width**.5"),
        OTHERS, "started a process or a thread"),
    "thread.py": Bad(
        first("threading.Thread(target=print).start()"), OTHERS, "started a process or a thread"),
    "prints.py": Bad(first("print('x' * 20_000_000)\nreturn std * width**.5"), ALL, "All right"),
    "floods-descriptors.py": Bad(first(FLOOD), OTHERS, "wrote more than is read"),
    "network.py": Bad(
        first("socket.create_connection(('1.1.1.1', 80), 3)"), OTHERS, "asked for the network"),
    "writes-outside.py": Bad(first(PIECES), OTHERS, "raised|wrote to a file"),
    "fills-the-disk.py": Bad(
        first("open('full', 'w').write('x' * 10_000)"), OTHERS, "wrote to a file"),
    # What is no plain number.
    "nan.py": Bad(first("return float('nan')"), OTHERS, "returned nan, which is not the answer"),
    "string.py": Bad(first("return '0.2236'"), OTHERS, "returned '0.2236', which is no number"),
    "huge-integer.py": Bad(first("return 10**100_000"), OTHERS, "too large for float64"),
    "generator.py": Bad(first("yield std * width**.5"), OTHERS, "generator.*which is no number"),
    "wrong-shape.py": Bad(first("return np.ones((2, 3))"), OTHERS, r"shape \(2, 3\); a single"),
    "none.py": Bad(first("std * width**.5"), OTHERS, "returned None"),
    "float-that-lies.py": Bad(first("return Half(0.5)", LIAR), OTHERS, "returned 0.5, which"),
    "float-that-is-right.py": Bad(first("return Half(std * width**.5)", LIAR), ALL, "All right"),
    "mutates.py": Bad(
        "\n".join([NUMPY, FACTOR, BOUND, SHARE.replace(":", ":\n    h[:] = np.abs(h)", 1)]),
        ALL, "All right"),
    "named-mistake.py": Bad(first("return width * std**2"), OTHERS, "its root is missing"),
    # What is left of a file.
    "starter.py": Bad(STARTER, NONE, "2.1: factor_per_layer is not written yet"),
    "pdf-called-notebook.ipynb": Bad(
        b"%PDF-1.7\n\x00\xff", NONE, r"^The file is a PDF, not a notebook\.$"),
    "report.pdf": Bad(b"%PDF-1.7", NONE, r"^Neither a notebook nor a Python file\.$"),
    "empty.ipynb": Bad("", NONE, r"^The file is empty\.$"),
    "noise.ipynb": Bad(bytes(range(256)) * 99, NONE, r"^The file is not a notebook\.$"),
    "a-list.ipynb": Bad("[" * 100_000, NONE, r"^The file is not a notebook\.$"),
    "cut-off.ipynb": Bad(
        notebook(RIGHT).partition("(fan_in, fan")[0], (2, 3, 0), "4.1: The file defines no funct"),
    "no-schema.ipynb": Bad(
        '{"cells": [{"source": 7}, {"cell_type": "code"}, 5]}', NONE, "defines no"),
    "unknown-kernel.ipynb": Bad(
        notebook(RIGHT, metadata={"kernelspec": {"name": "julia-9"}}), ALL, "All right"),
    "same-cell-twice.ipynb": Bad(notebook([*RIGHT, FACTOR, CHECK]), ALL, "All right"),
    "cell-that-is-no-python.ipynb": Bad(
        notebook([*RIGHT[:2], "for for\n", SHARE + "\nprint(1 2)\n", "%%bash\nls\n", BOUND]), ALL,
         "All right"),
    "nested.py": Bad(BREADTH, ALL, "All right"),
    "large.ipynb": Bad(large, NONE, "Larger than 20 MB"),
    "link.ipynb": Bad(lambda path: path.symlink_to("/etc/passwd"), NONE, "A link to another file"),
    "pipe.ipynb": Bad(os.mkfifo, NONE, "No plain file"),
    "archive.zip": Bad(zipped(**{"a/hw1.ipynb": notebook(RIGHT)}), ALL, "All right"),
    "zip-slip.zip": Bad(
        zipped(**{"../../hw1.py": "\n".join(RIGHT)}), NONE, "archive with a path that leads out"),
    "zip-bomb.zip": Bad(zipped(**{"hw1.py": b"#" * 30_000_000}), NONE, "larger than 20 MB"),
    "no-zip.zip": Bad(b"PK\x03\x04", NONE, "an archive that can't be read"),
    # Names.
    "Zoë Ångström (final) v2.py": Bad("\n".join(RIGHT), ALL, "All right"),
    "..\\..\\up.py": Bad("\n".join(RIGHT), ALL, "All right"),
    "new\nline.py": Bad("\n".join(RIGHT), ALL, "All right"),
    "=HYPERLINK(1).py": Bad("\n".join(RIGHT), ALL, "All right"),
    "<img src=x onerror=alert(1)>.py": Bad("\n".join(RIGHT), ALL, "All right"),
    os.fsdecode(b"no-utf8-\xff.py"): Bad("\n".join(RIGHT), ALL, "All right"),
    "twins/first.py": Bad(
        "\n".join([NUMPY, FACTOR]), (2, 0, 0), "One of 2 files; the best one counts"),
    "twins/second.py": Bad("\n".join(RIGHT), ALL, "One of 2 files; the best one counts"),
}  # fmt: skip


def write_bad(folder):
    """Write every bad submission; return each one's marks and remark by its printable name."""
    for name, bad in BAD.items():
        write(folder / name, bad.content)
    return {printable(name): (bad.marks, bad.remark) for name, bad in BAD.items()}


def printable(name):
    name = os.fsencode(name).decode(errors="replace")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)


def write_good(folder, count=70):
    """Write good submissions in every form; each third one sees one tail only."""
    expected = {}
    for k in range(count):
        form = list(FORMS)[k % len(FORMS)]
        share = ONE_TAIL if k % 3 == 0 else SHARE
        name = f"student {k:02d}/{form}"
        write(folder / name, FORMS[form]([NUMPY, FACTOR, share, BOUND]))
        expected[name] = ((2, 0 if k % 3 == 0 else 3, 5), "tail" if k % 3 == 0 else "All right")
    return expected


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    if callable(content):
        content(path)
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def prepare(folder):
    """The assignment and the secret of these tests in a folder, beside one for submissions."""
    (folder / "submissions").mkdir(parents=True)
    (folder / "hw1.yml").write_text(ASSIGNMENT)
    (folder / "secret").write_bytes(SECRET)
    return ["grade", *(str(folder / name) for name in ("hw1.yml", "submissions")),
            "--secret", str(folder / "secret"), "--out", str(folder / "marks")]  # fmt: skip


def rows_of(folder):
    """marks.csv as name: (marks, student, total, remark); an apostrophe against formulas goes."""
    with open(folder / "marks" / "marks.csv", encoding="utf-8", newline="") as file:
        _, *rows = csv.reader(file)
    return {
        re.sub("^'", "", row[0]): (tuple(map(float, row[2:-2])), row[1], float(row[-2]), row[-1])
        for row in rows
    }


def faults(rows, expected):
    """Where a row is missing, or has not the marks and the sentence that it deserves."""
    found = [f"no row: {name}" for name in expected.keys() - rows.keys()]
    found += [f"a row for nothing: {name}" for name in rows.keys() - expected.keys()]
    for name in expected.keys() & rows.keys():
        marks, remark = expected[name]
        if rows[name][0] != marks or not re.search(remark, rows[name][3]):
            found.append(f"{name}: {rows[name]}, expected {marks} and {remark!r}")
    return sorted(found)


if __name__ == "__main__":
    from initbook.cli import main

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        command = prepare(folder)
        expected = write_bad(folder / "submissions")
        if "--batch" in sys.argv:
            expected |= write_good(folder / "submissions")
        begun = time.monotonic()
        status = main(command)
        taken = time.monotonic() - begun
        rows = rows_of(folder)
        for name, (_, _, total, remark) in rows.items():
            if not name.startswith("student "):
                print(f"{name:38} {total:4g}  {remark}")
        print(f"{len(rows)} files, {len(BAD)} of them bad, in {taken:.0f} s")
        for line in faults(rows, expected):
            print("FAULT", line)
        sys.exit(status or bool(faults(rows, expected)))
