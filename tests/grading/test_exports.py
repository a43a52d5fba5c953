"""Exports, run through the real otter-grader, nbgrader and text2qti; and the link to a hub."""

import csv
import json
import re
import zipfile
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import nbformat
import pytest
import yaml
from test_release import PRINTED, all_text, secrets_of, told_by, write

from building import ROOT
from initbook.cli import main
from initbook.exercises import get_exercise
from initbook.exercises.questions import QUESTIONS
from initbook.exercises.seeds import case_seed
from initbook.grading.hub import hub_link
from initbook.grading.quiz import answers, askable, quiz_text

HOMEWORK = 'title: A homework\nexercises: {"2.1": 2, "4.1": 3}'
SECRET = b"a secret"


def export(folder, to):
    file = write(folder, HOMEWORK, "hw1.yml")
    (folder / "secret").write_bytes(SECRET)
    command = ["export", file, "--to", to, "--out", folder / to, "--secret", folder / "secret"]
    assert main(list(map(str, command))) == 0
    return folder / to


def hand_in(released, place, stub):
    """What a student hands in: one right answer, and one that knows the public values alone."""
    made = nbformat.read(released, as_version=4)
    public = get_exercise("4.1").public_cases
    known = {case["fan_in"]: float(get_exercise("4.1").reference(**case)) for case in public}
    lines = {
        "factor_per_layer": "return width**0.5 * std",
        "xavier_bound": f"return {known}.get(fan_in, 0.0)",
    }
    for cell in made.cells:
        for name, line in lines.items():
            if f"def {name}" in cell.source:
                assert re.search(stub, cell.source)
                cell.source = re.sub(stub, line, cell.source)
    place.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, place)


def test_otter_makes_marks_of_its_export(tmp_path, other_systems, capsys):
    folder = export(tmp_path, "otter")
    assert "a hostile notebook can read the hidden inputs" in capsys.readouterr().out
    other_systems.run("otter assign hw1.ipynb dist", folder)
    hidden = repr(get_exercise("4.1").hidden_cases(case_seed(SECRET, "4.1"))[0])
    student = folder / "dist" / "student" / "hw1.ipynb"
    assert hidden in (folder / "hw1.ipynb").read_text() and hidden not in student.read_text()
    hand_in(student, folder / "handed.ipynb", r"raise NotImplementedError\(.*\)")
    (autograder,) = (folder / "dist" / "autograder").glob("*.zip")
    (folder / "out").mkdir()
    other_systems.run(f"otter run -a {autograder} -o out handed.ipynb", folder)
    tests = json.loads((folder / "out" / "results.json").read_text())["tests"]
    scores = {test["name"]: test.get("score") for test in tests}
    assert scores["exercise-2-1"] == 2 and scores["exercise-4-1"] == 0


def test_nbgrader_makes_marks_of_its_export(tmp_path, other_systems, capsys):
    folder = export(tmp_path, "nbgrader")
    assert "a hostile notebook can read the hidden inputs" in capsys.readouterr().out
    (folder / "nbgrader_config.py").touch()
    other_systems.run("nbgrader generate_assignment hw1", folder)
    released = folder / "release" / "hw1" / "hw1.ipynb"
    assert "HIDDEN" not in released.read_text()
    hand_in(released, folder / "submitted/ada/hw1/hw1.ipynb", r"# YOUR CODE HERE\s+raise .*")
    other_systems.run("nbgrader autograde hw1", folder)
    other_systems.run("nbgrader export", folder)
    with open(folder / "grades.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["student_id"], float(row["score"]), float(row["max_score"])) == ("ada", 2, 5)


@pytest.mark.parametrize("to", ["otter", "nbgrader"])
def test_an_export_has_no_reference(tmp_path, to):
    folder = export(tmp_path, to)
    (file,) = folder.rglob("*.ipynb")
    text = all_text(nbformat.read(file, as_version=4))
    for number in ("2.1", "4.1"):
        starter = "\n".join(PRINTED[number].starter)
        assert told_by(text, secrets_of(number), starter) == set()


def test_a_file_of_ones_own_is_written_for_each_student_and_refused_elsewhere(tmp_path, capsys):
    file = write(tmp_path, 'title: A\nexercises: {"D13.3": 2}')
    students = write(tmp_path, "Ada\nEmmy Noether\n", "students.txt")
    secret = write(tmp_path, "a secret", "secret")
    command = ["release", file, "--out", tmp_path / "out"]
    assert main(list(map(str, command))) == 2
    assert "gives each student a file; name the students" in capsys.readouterr().err
    assert main(list(map(str, [*command, "--students", students, "--secret", secret]))) == 0
    made = [tmp_path / "out" / name / "D13.3.npz" for name in ("Ada", "Emmy Noether")]
    assert made[0].read_bytes() != made[1].read_bytes()
    command = ["export", file, "--to", "otter", "--out", tmp_path / "out", "--secret", secret]
    assert main(list(map(str, command))) == 2
    assert "D13.3 gives each student a file of their own" in capsys.readouterr().err


def test_a_quiz_in_qti_has_each_question_with_its_key(tmp_path, capsys):
    folder = export(tmp_path, "qti")
    assert "The key is in the file" in capsys.readouterr().out
    with zipfile.ZipFile(folder / "hw1-quiz.zip") as made:
        trees = [ElementTree.fromstring(made.read(n)) for n in made.namelist() if n.endswith("xml")]
    items = [i for t in trees for i in t.iter() if i.tag.endswith("}item")]
    asked = [question for question in askable() if question.chapter in (2, 4)]
    assert [i.get("title") for i in items] == [f"Question {q.number}" for q in asked]
    keys = [i for t in trees for i in t.iter() if re.search(r"\}(varequal|vargte)$", i.tag)]
    assert len(keys) >= len(asked)


def test_every_question_can_be_asked_but_those_with_a_tiny_answer():
    asked = askable()
    assert [q.number for q in QUESTIONS if q not in asked] == ["Q2.1", "Q5.1"]
    text = quiz_text("All", asked)
    assert text.count("\n*") + text.count("\n=") == len(asked)
    assert r"\Var" not in text and "{given}" not in text
    for question in asked:
        right = re.findall(r"^\*\w\) (.*)", answers(question), re.M)
        assert len(right) == (0 if question.between else 1)


def test_the_link_to_a_hub_names_the_repository_of_the_book():
    book = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]
    link = urlsplit(hub_link("https://hub.example.edu/", "chapters/04-xavier.ipynb"))
    assert (link.netloc, link.path) == ("hub.example.edu", "/hub/user-redirect/git-pull")
    name = book["url"].rpartition("/")[2]
    assert parse_qs(link.query) == {
        "repo": [book["url"]],
        "branch": [book["branch"]],
        "urlpath": [f"lab/tree/{name}/chapters/04-xavier.ipynb"],
    }
    assert (ROOT / "chapters/04-xavier.ipynb").exists()


def test_a_hub_is_an_address(capsys):
    assert main(["link", "hub.example.edu"]) == 2
    assert "hub is 'hub.example.edu'; an address as https://" in capsys.readouterr().err
