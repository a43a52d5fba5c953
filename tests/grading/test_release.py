"""An assignment, and the notebook that students get: it runs, and it gives nothing away."""

import inspect
import re
import subprocess
import sys

import nbformat
import pytest
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient

from building import PAGES, ROOT
from initbook.cli import main
from initbook.exercises import get_exercise
from initbook.grading.assignment import AssignmentError, load_assignment, load_bank
from initbook.grading.handout import handout, merged_imports, the_book
from initbook.grading.release import student_notebook
from installed import KERNEL
from printed_exercises import printed_exercises

PRINTED = printed_exercises()
ASSIGNMENTS = sorted((ROOT / "assignments").glob("*.yml"))
SOLUTION = re.compile(r"^`{3,}\{solution-start\}.*?^`{3,}\{solution-end\}", re.M | re.S)
BANK = '''
from initbook.exercises import Exercise

def half_of_it(x, y):
    """Secret: half of x."""
    return x / 2 + 0 * y

EXERCISES = (
    Exercise(
        number="P1",
        reference=half_of_it,
        public_cases=({"x": 3.0, "y": 1.0},),
        draw_case=lambda rng: {"x": float(rng.normal()), "y": 1.0},
        rtol=1e-9,
        wrong_answers={"all of it": lambda x, y: x},
    ),
)
STATEMENTS = {"P1": "Return half of $x$."}
'''


def write(folder, text, name="hw.yml"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


MISTAKES = [
    ("", "it is empty; a title and exercises are wanted"),
    ("[1, 2", "it is not YAML, from line 1 on"),
    ("- 1", "it holds no entries"),
    ('exercises: {"2.1": 2}', "title is None; a few words"),
    ("title: A", "exercises is None; numbers with their points are wanted"),
    ("title: A\nexercises: {}", "exercises is {}; numbers"),
    ('title: A\nexercises: {"2.1": 2}\nweight: 3', "'weight' is no entry; allowed are title"),
    ("title: A\nexercises: {2.1: 2}", 'exercise 2.1 stands without quotes; write "2.1"'),
    ('title: A\nexercises: {"2.1": -1}', "exercise 2.1 has the points -1; a number above 0"),
    ('title: A\nexercises: {"2.1": .nan}', "exercise 2.1 has the points nan"),
    ('title: A\nexercises: {"2.1": yes}', "exercise 2.1 has the points True"),
    ('title: A\nexercises: {"2.1": 1, "2.1": 2}', "2.1 is there twice"),
    ('title: A\nexercises: {"2.9": 1}', "exercise is '2.9'; allowed are '2.1'"),
    ('title: A\nexercises: {"P1": 1}', "exercise P1 is private, and the bank was not given"),
    ('title: A\nexercises: {"2.1": 2}\nseconds: 60', "seconds is 60; a number above 0 and up to 8"),
    ("title: \xe9", "it is no text in UTF-8"),
]


@pytest.mark.parametrize(("text", "said"), MISTAKES)
def test_every_mistake_in_an_assignment_is_one_sentence(tmp_path, capsys, text, said):
    file = tmp_path / "hw.yml"
    file.write_bytes(text.encode("latin-1"))
    assert main(["release", str(file), "--out", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("initbook: hw.yml: ") and said in line and line.endswith(".")
    assert list(tmp_path.iterdir()) == [file]


def test_two_exercises_may_not_ask_for_one_function(tmp_path):
    bank = load_bank(write(tmp_path, BANK.replace("half_of_it", "xavier_bound"), "mine.py").parent)
    file = write(tmp_path, 'title: A\nexercises: {"4.1": 1, "P1": 1}')
    with pytest.raises(AssignmentError, match=r"4\.1 and P1 both ask for xavier_bound\(\)"):
        load_assignment(file, bank)


@pytest.mark.parametrize("file", ASSIGNMENTS, ids=lambda file: file.stem)
def test_each_ready_assignment_becomes_a_valid_notebook(file, tmp_path, capsys):
    assert main(["release", str(file), "--out", str(tmp_path / "out")]) == 0
    assert "no solution, no hidden check" in capsys.readouterr().out
    made = nbformat.read(tmp_path / "out" / f"{file.stem}.ipynb", as_version=4)
    nbformat.validate(made)
    for number in load_assignment(file).points:
        check = f'check("{number}", {get_exercise(number).reference.__name__})'
        (cell,) = [c for c in made.cells if check in c.source]
        assert "hidden checks run when it is marked" in cell.source


def lines_of(source):
    """What would give it away, line by line; a short line or an import may stand anywhere."""
    lines = (" ".join(line.split()) for line in source.splitlines())
    return {s for s in lines if len(s) >= 12 and not s.startswith(("#", "import ", "from "))}


def secrets_of(number):
    """The lines of the module, with reference, mistakes, generator; of its printed solution."""
    exercise = get_exercise(number)
    module = inspect.getsource(inspect.getmodule(exercise.reference))
    return lines_of(module) | lines_of("\n".join(PRINTED[number].solution))


def told_by(text, secrets, starter=""):
    """The secret lines that stand in a notebook's text, and not in its starter."""
    shown, known = (" ".join(part.split()) for part in (text, starter))
    return {line for line in secrets if line in shown and line not in known}


def all_text(made):
    """Every string in it, however deep."""
    if isinstance(made, dict):
        return "\n".join(f"{key}\n{all_text(value)}" for key, value in made.items())
    if isinstance(made, list):
        return "\n".join(map(all_text, made))
    return str(made)


@pytest.mark.parametrize("number", PRINTED)
def test_what_a_student_gets_tells_no_secret(number, tmp_path):
    exercise = get_exercise(number)
    file = write(tmp_path, f'title: A\nexercises: {{"{number}": 1}}')
    text = all_text(student_notebook(load_assignment(file)))
    starter = "\n".join(PRINTED[number].starter)
    assert told_by(text, secrets_of(number), starter) == set()
    folded = "\n".join(s for page in PAGES for s in SOLUTION.findall(page.read_text("utf-8")))
    assert told_by(text, {s for s in lines_of(folded) if len(s) > 40}, starter) == set()
    for name in (*exercise.wrong_answers, *(c.__repr__() for c in exercise.hidden_cases(1, 1))):
        assert name not in text


def test_a_line_of_the_reference_would_be_found():
    for line in ("np.sqrt(6 / (fan_in + fan_out))", "np.sqrt(3) * np.sqrt(2 / (fan_in + fan_out))"):
        assert told_by(f"def f():\n    return {line}", secrets_of("4.1"))


def test_a_starter_stands_on_the_imports_that_it_is_given(tmp_path):
    """And on its own definitions: nothing else of the page is there."""
    for number in PRINTED:
        one = handout(number)
        code = [text for kind, text in one.cells if kind == "code"]
        assert f"def {one.name}(" in "".join(code) and "check(" not in "".join(code)
        assert one.title and one.cells[0][0] == "markdown"
        write(tmp_path, "\n".join([merged_imports([one]), *code]), f"starter_{number}.py")
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F821", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_every_graded_exercise_is_handed_out():
    assert the_book()["exercises"].keys() == PRINTED.keys()


def test_the_notebook_runs_where_a_student_opens_it(initbook_alone, tmp_path):
    file = write(tmp_path, 'title: A\nexercises: {"2.1": 1, "4.1": 1, "P1": 1}')
    bank = load_bank(write(tmp_path, BANK, "mine.py").parent)
    made = student_notebook(load_assignment(file, bank), bank)
    answers = {"2.1": "return width**0.5 * std", "P1": "return x / 2"}
    for cell in made.cells:
        for number, answer in answers.items():
            cell.source = cell.source.replace(
                f'raise NotImplementedError("Exercise {number}")', answer
            )
    specs = KernelSpecManager(kernel_dirs=[str(initbook_alone.kernels / "kernels")])
    client = NotebookClient(made, km=KernelManager(kernel_name=KERNEL, kernel_spec_manager=specs))
    client.execute(cwd=str(tmp_path), env=initbook_alone.environment)
    said = [cell.outputs[0].text for cell in made.cells if cell.get("outputs")]
    assert len(said) == 3
    assert re.search("Exercise 2.1: .*public.*hidden", said[0], re.S)
    assert said[1] == "Exercise 4.1 is not written yet.\n"
    assert said[2].startswith("Exercise P1: public checks passed; hidden checks run when")


def test_a_private_exercise_shows_public_values_and_nothing_of_its_module(tmp_path):
    file = write(tmp_path, 'title: A\nexercises: {"P1": 2}')
    bank = load_bank(write(tmp_path, BANK, "mine.py").parent)
    text = all_text(student_notebook(load_assignment(file, bank), bank))
    assert "Return half of $x$." in text and "({'x': 3.0, 'y': 1.0}, 1.5)" in text
    assert told_by(text, lines_of(BANK) - {'STATEMENTS = {"P1": "Return half of $x$."}'}) <= {
        "def half_of_it(x, y):"
    }
    assert "Secret" not in text and "initbook.exercises" not in text


BAD_BANKS = [
    (None, "is no folder with a module, NAME.py"),
    ("EXERCISES = (", "mine.py: running it raised SyntaxError"),
    ("", "mine.py: EXERCISES is missing or empty"),
    (BANK.replace('"P1"', '"4.1"'), "mine.py: '4.1' is no private number; allowed are 'P1'"),
    (BANK.replace("STATEMENTS", "TEXTS"), "mine.py: STATEMENTS lacks the text of P1"),
    (BANK + "\nEXERCISES *= 2\n", "mine.py: exercise P1 is there twice"),
]


@pytest.mark.parametrize(("text", "said"), BAD_BANKS)
def test_every_mistake_in_a_bank_is_one_sentence(tmp_path, text, said):
    if text is not None:
        write(tmp_path, text, "mine.py")
    with pytest.raises(AssignmentError, match=re.escape(said)):
        load_bank(tmp_path)
