"""Every exercise, over 20 seeds: its reference passes, its starter and wrong answers fail."""

import importlib
import pkgutil
import re
from pathlib import Path

import numpy as np
import pytest

import initbook.exercises
from initbook.exercises import check

SEEDS = range(20)
ROOT = Path(__file__).parents[2]
MODULES = [
    importlib.import_module(f"initbook.exercises.{m.name}")
    for m in pkgutil.iter_modules(initbook.exercises.__path__)
    if m.name.startswith("chapter_")
]
EXERCISES = [exercise for module in MODULES for exercise in module.EXERCISES]
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.number)


def starter_function(exercise):
    namespace = {"np": np}
    exec(exercise.starter, namespace)  # our own text, as the chapter prints it
    return namespace[re.search(r"def (\w+)", exercise.starter)[1]]


@each_exercise
def test_the_reference_passes(exercise):
    assert exercise.passes(exercise.reference, exercise.public_cases)
    for seed in SEEDS:
        assert exercise.passes(exercise.reference, exercise.hidden_cases(seed))


@each_exercise
def test_the_untouched_starter_gets_nothing(exercise):
    starter = starter_function(exercise)
    for seed in SEEDS:
        for case in exercise.hidden_cases(seed):
            assert (
                exercise.complaint(starter, case)
                == f"Exercise {exercise.number} is not written yet."
            )


@each_exercise
def test_every_named_wrong_answer_fails(exercise):
    assert len(exercise.wrong_answers) >= 3
    for name, wrong in exercise.wrong_answers.items():
        for seed in SEEDS:
            assert not exercise.passes(wrong, exercise.hidden_cases(seed)), (name, seed)


@each_exercise
def test_the_chapter_prints_this_starter_and_calls_check(exercise):
    chapter = next((ROOT / "chapters").glob(f"{int(exercise.number.split('.')[0]):02d}-*.md"))
    text = chapter.read_text(encoding="utf-8")
    assert exercise.starter in text
    assert f'check("{exercise.number}"' in text


def test_check_says_what_is_wrong(capsys):
    def raises(std, width):
        return std / 0

    answers = [raises, lambda std, width: None, lambda std, width: [std, std], lambda std: std]
    said = ["ZeroDivisionError", "returned None", r"shape \(2,\)", "TypeError"]
    for answer, words in zip(answers, said, strict=True):
        check("2.1", answer)
        assert re.search(words, capsys.readouterr().out)


def test_check_passes_the_right_answer_and_speaks_of_the_hidden_part(capsys):
    check("2.1", lambda std, width: width**0.5 * std)
    assert "right on the 2 public inputs" in capsys.readouterr().out


@pytest.mark.parametrize("number", ["2.9", "99.1", "one", ""])
def test_an_unknown_number_is_named(number):
    with pytest.raises(ValueError, match=re.escape(f"exercise is {number!r}")):
        check(number, abs)


def test_an_answer_must_be_a_function():
    with pytest.raises(TypeError, match="the answer is 3"):
        check("2.1", 3)


def test_inputs_are_handed_over_as_copies():
    exercise = next(e for e in EXERCISES if e.number == "2.3")
    (case,) = exercise.hidden_cases(seed=1, count=1)
    before = case["h"].copy()

    def vandal(h, threshold):
        h[:] = 0
        return 0.0

    exercise.complaint(vandal, case)
    assert np.array_equal(case["h"], before)
