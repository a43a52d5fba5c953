"""A whole class, hostile files among good ones: every file its row, and nobody another's harm."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bad_inputs import BAD, SECRET, faults, prepare, rows_of, write, write_bad, write_good
from handing_in import BOUND, FACTOR, NUMPY, RIGHT, SHARE

from initbook.cli import main
from initbook.grading.sandbox import Sandbox, SandboxError

CODE = Path(__file__).parents[2] / "code"


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    """The folder of a batch that was marked, with what each file deserves."""
    folder = tmp_path_factory.mktemp("batch")
    command = prepare(folder)
    submissions = folder / "submissions"
    good = write_good(submissions)
    bad = write_bad(submissions)
    assert main(command) == 0
    return folder, command, good, bad


def test_every_file_has_the_marks_and_the_sentence_that_it_deserves(batch):
    folder, _, good, bad = batch
    assert len(good) == 70 and len(bad) >= 30
    assert faults(rows_of(folder), good | bad) == []


def test_nothing_that_came_out_tells_the_secret_or_runs(batch):
    folder = batch[0] / "marks"
    pages = list((folder / "feedback").iterdir())
    assert all(page.parent == folder / "feedback" and page.suffix == ".html" for page in pages)
    for path in [*folder.glob("*.*"), *pages, *folder.glob("kept/*")]:
        content = path.read_bytes()
        assert SECRET not in content
        assert path.suffix != ".html" or b"<img" not in content
    for name in ("marks", "canvas", "moodle"):
        with open(folder / f"{name}.csv", encoding="utf-8", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not any(cell.lstrip().startswith(("=", "+", "-", "@", "|")) for cell in cells)


def test_every_student_has_a_page_and_the_class_a_summary(batch):
    folder, _, good, bad = batch
    pages = list((folder / "marks" / "feedback").iterdir())
    assert len(pages) == len(good) + len(bad) - 1  # the twins are one
    (page,) = [p for p in pages if p.name.startswith("student-03-")]
    text = page.read_text(encoding="utf-8")
    assert "7 of 10" in text and "share_saturated returned" in text and "one tail only" in text
    summary = (folder / "marks" / "summary.html").read_text(encoding="utf-8")
    assert "one tail only: −1 is saturated too. (24 times)" in summary


def test_marked_again_the_table_is_the_same_and_only_what_changed_runs(batch, monkeypatch):
    folder, command, good, _ = batch
    before = (folder / "marks" / "marks.csv").read_bytes()
    ran = []
    run = Sandbox.run

    def counted(self, kind, content, function, *rest):
        ran.append(function)
        return run(self, kind, content, function, *rest)

    monkeypatch.setattr(Sandbox, "run", counted)
    assert main(command) == 0
    assert ran == ["probe"] and (folder / "marks" / "marks.csv").read_bytes() == before
    name = "student 01/colab.ipynb"
    write(folder / "submissions" / name, "%PDF")
    assert main(command) == 0
    assert ran == ["probe", "probe", "factor_per_layer"]
    assert rows_of(folder)[name][0] == (0, 0, 0)


def test_killed_and_started_again_the_table_is_the_same(tmp_path):
    once, killed = tmp_path / "once", tmp_path / "killed"
    for folder in (once, killed):
        command = prepare(folder)
        write_good(folder / "submissions", 6)
        write(folder / "submissions" / "exits.py", BAD["exits.py"].content)
        if folder == once:
            assert main(command) == 0
    program = [sys.executable, "-c", "from initbook.cli import main; main()", *command]
    environment = {**os.environ, "PYTHONPATH": str(CODE), "TMPDIR": str(tmp_path)}
    process = subprocess.Popen(program, env=environment)
    while len(list(killed.glob("marks/kept/*.json"))) < 2 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (killed / "marks" / "marks.csv").exists()
    assert main(command) == 0
    for name in ("marks.csv", "canvas.csv", "moodle.csv", "summary.html"):
        assert (killed / "marks" / name).read_bytes() == (once / "marks" / name).read_bytes()


def test_without_isolation_nothing_is_marked_unless_one_says_so(tmp_path, monkeypatch, capsys):
    command = prepare(tmp_path)
    write(tmp_path / "submissions" / "Ann.py", "\n".join(RIGHT))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(command) == 2
    assert "bubblewrap is not here" in capsys.readouterr().err
    assert not (tmp_path / "marks" / "marks.csv").exists()
    assert main([*command, "--unsafe"]) == 0
    assert rows_of(tmp_path) == {"Ann.py": ((2, 3, 5), "Ann", 10, "All right.")}
    assert "submissions run with your rights" in capsys.readouterr().out


def test_a_file_that_can_not_be_marked_is_named_and_the_others_are_marked(
    tmp_path, monkeypatch, capsys
):
    command = prepare(tmp_path)
    for name in ("Ann.py", "Bob.py"):
        write(tmp_path / "submissions" / name, "\n".join([f"# {name}", *RIGHT]))
    run = Sandbox.run

    def broken(self, kind, content, *rest):
        if b"Bob" in content:
            raise SandboxError("the sandbox does not start here: no word why")
        return run(self, kind, content, *rest)

    monkeypatch.setattr(Sandbox, "run", broken)
    assert main(command) == 2
    assert "1 of them could not be marked, Bob.py among them" in capsys.readouterr().err
    rows = rows_of_text(tmp_path)
    assert rows[0].endswith("All right.") and "Not marked, look at it yourself" in rows[1]


def rows_of_text(folder):
    return (folder / "marks" / "marks.csv").read_text(encoding="utf-8").splitlines()[1:]


def test_students_are_known_by_what_canvas_and_moodle_write(tmp_path):
    command = prepare(tmp_path)
    content = "\n".join([NUMPY, FACTOR, SHARE, BOUND])
    write(tmp_path / "submissions" / "lovelaceada_LATE_117_2050_hw1-1.py", content)
    write(tmp_path / "submissions" / "Emmy Noether_42_assignsubmission_file_" / "hw1.py", content)
    assert main(command) == 0
    canvas = (tmp_path / "marks" / "canvas.csv").read_text(encoding="utf-8")
    moodle = (tmp_path / "marks" / "moodle.csv").read_text(encoding="utf-8")
    assert "lovelaceada,117,,,,10\n" in canvas and "Points Possible,,,,,10\n" in canvas
    assert "Participant 42,Emmy Noether,10,10,All right.\n" in moodle


BANK = """
import numpy as np
from initbook.exercises import Exercise

def answer(x):
    return 2 * x

STATEMENTS = {"P1": "Double it."}
EXERCISES = (Exercise(
    number="P1", reference=answer, public_cases=({"x": 1.5},), rtol=1e-9,
    draw_case=lambda rng: {"x": float(rng.uniform(1, 2))},
    wrong_answers={"That is the square.": lambda x: x**2},
),)
"""


def test_an_exercise_of_ones_own_comes_from_a_bank(tmp_path):
    command = prepare(tmp_path)
    (tmp_path / "hw1.yml").write_text('title: Mine\nexercises: {"P1": 4}\n')
    write(tmp_path / "bank" / "mine.py", BANK)
    write(tmp_path / "submissions" / "Ann.py", "def answer(x):\n    return x + x\n")
    write(tmp_path / "submissions" / "Bob.py", "def answer(x):\n    return x * x\n")
    assert main([*command, "--bank", str(tmp_path / "bank")]) == 0
    ann, bob = rows_of_text(tmp_path)
    assert ann == "Ann.py,Ann,4,4,All right." and bob.startswith("Bob.py,Bob,0,0,")
    assert "That is the square." in bob


@pytest.mark.parametrize(("file", "content", "said"), [
    ("secret", b" \n", "the secret is empty"), ("hw1.yml", b"title: x", "exercises is None"),
])  # fmt: skip
def test_a_mistake_of_the_instructors_is_one_sentence(tmp_path, capsys, file, content, said):
    command = prepare(tmp_path)
    (tmp_path / file).write_bytes(content)
    assert main(command) == 2
    assert said in capsys.readouterr().err
