"""Every exercise, over 20 seeds: reference and printed solution pass, starter and slips fail."""

import dataclasses
import hmac
import importlib
import pkgutil
import re
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

import initbook.exercises
from initbook.exercises import (
    case_seed,
    chapter_02,
    check,
    get_exercise,
    load_case,
    open_prediction,
    own_case,
    register,
    save_case,
)
from printed_exercises import calls_of_check, printed_exercises

SEEDS = range(20)
PRINTED = printed_exercises()
MODULES = [
    importlib.import_module(f"initbook.exercises.{m.name}")
    for m in pkgutil.iter_modules(initbook.exercises.__path__)
    if m.name.startswith("chapter_")
]
EXERCISES = [exercise for module in MODULES for exercise in module.EXERCISES]
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.number)
ROOT_N_STD = 5**0.5 / 10  # the first answer of exercise 2.1


def all_cases(exercise):
    return [*exercise.public_cases, *(c for seed in SEEDS for c in exercise.hidden_cases(seed))]


@each_exercise
def test_the_reference_passes(exercise):
    assert exercise.passes(exercise.reference, all_cases(exercise))


@each_exercise
def test_every_named_wrong_answer_fails(exercise):
    assert len(exercise.wrong_answers) >= 3
    for name, wrong in exercise.wrong_answers.items():
        for seed in SEEDS:
            assert not exercise.passes(wrong, exercise.hidden_cases(seed)), (name, seed)


@each_exercise
def test_check_knows_every_wrong_answer_by_its_own_name(exercise, capsys):
    for said, wrong in exercise.wrong_answers.items():
        check(exercise.number, wrong)
        assert capsys.readouterr().out.endswith(f" {said}\n")
        assert re.fullmatch(r"[A-Z].{10,90}\.", said), "a sentence for a learner"


def test_the_pages_print_these_exercises_under_these_numbers():
    printed, known = set(PRINTED), {exercise.number for exercise in EXERCISES}
    assert not printed ^ known, f"pages alone: {printed - known}; modules alone: {known - printed}"


@each_exercise
def test_the_page_calls_its_own_exercise(exercise):
    printed = PRINTED[exercise.number]
    call = (exercise.number, exercise.reference.__name__)
    for cells in (printed.starter, printed.solution):
        assert calls_of_check(cells) == [call]
    assert f'raise NotImplementedError("Exercise {exercise.number}")' in "".join(printed.starter)


@each_exercise
def test_the_printed_starter_is_not_written_yet(exercise):
    printed = PRINTED[exercise.number]
    starter = printed.function(printed.starter, exercise.reference.__name__)
    for case in all_cases(exercise):
        said = exercise.complaint(starter, case)
        assert said == f"Exercise {exercise.number} is not written yet."


@each_exercise
def test_the_printed_solution_passes(exercise):
    printed = PRINTED[exercise.number]
    solution = printed.function(printed.solution, exercise.reference.__name__)
    complaints = (exercise.complaint(solution, case) for case in all_cases(exercise))
    assert next(filter(None, complaints), None) is None


def test_check_passes_the_right_answer_and_speaks_of_the_hidden_part(capsys):
    check("2.1", lambda std, width: width**0.5 * std)
    assert "right on the 2 public inputs" in capsys.readouterr().out


def test_a_mistake_is_told_only_where_it_is_the_only_one(capsys):
    exercise = get_exercise("2.1")
    cases = exercise.public_cases

    def known(**wrong_answers):
        changed = dataclasses.replace(exercise, wrong_answers=wrong_answers)
        return changed.mistake(cases, [case["std"] for case in cases])

    def forgotten(std, width):
        return std

    def right(std, width):
        return std * width**0.5

    def failing(std, width):
        raise ZeroDivisionError

    assert known(a=forgotten, b=right, c=failing) == "a"
    assert known(a=forgotten, b=forgotten) is None
    assert known(b=right, c=failing) is None
    check("2.1", lambda std, width: std if width == 500 else 2 * std)
    assert capsys.readouterr().out.endswith("is not the answer.\n")


def test_a_chapter_may_keep_its_hints_back(capsys, monkeypatch):
    kept = [dataclasses.replace(e, hints=False) for e in chapter_02.EXERCISES]
    monkeypatch.setattr(chapter_02, "EXERCISES", kept)
    check("2.1", lambda std, width: std)
    assert capsys.readouterr().out.endswith("is not the answer.\n")


def test_a_seed_depends_on_secret_number_and_name_alone():
    seeds = {
        case_seed(secret, number, student)
        for secret in (b"one", b"two")
        for number in ("2.1", "2.12")
        for student in ("", "Ada", "2Ada", "Zoë")
    }
    assert len(seeds) == 16
    assert case_seed(b"one", "2.1", "Zo\u00eb") == case_seed(b"one", "2.1", "Zoe\u0308")
    assert len(get_exercise("2.1").hidden_cases(case_seed(b"one", "2.1"))) == 10
    assert case_seed(b"one", "2.1") == int(
        hmac.new(b"one", b'["2.1", ""]', "sha256").hexdigest(), 16
    )
    with pytest.raises(ValueError, match="secret is empty"):
        case_seed(b"", "2.1")
    with pytest.raises(TypeError, match="secret is of type str; allowed are bytes"):
        case_seed("one", "2.1")


OWN = [e for e in EXERCISES if e.own_file]
STUDENTS = ["Ada", "Emmy", "Zoë", *(f"student {k}" for k in range(17))]


@pytest.mark.parametrize("exercise", OWN, ids=lambda e: e.number)
def test_the_numbers_of_ones_own_file_help_nobody_else(exercise, tmp_path):
    answers = {}
    for student in STUDENTS:
        case = own_case(b"a secret", exercise.number, student)
        save_case(tmp_path / "my network", case)
        read = load_case(tmp_path / "my network")
        assert list(read) == list(case)
        assert all(
            np.array_equal(a, b) for key in case for a, b in zip(case[key], read[key], strict=True)
        )
        answers[student] = exercise.reference(**read).round(2)  # as a student would type it
        assert exercise.passes(lambda _n=student, **_: answers[_n], [case])
        others = [
            s for s in answers if s != student and np.allclose(answers[s], answers[student], 0.05)
        ]
        assert len(others) < 5
    starter = PRINTED[exercise.number]
    starter = starter.function(starter.starter, exercise.reference.__name__)
    assert not exercise.passes(starter, [case])
    assert len({tuple(answer) for answer in answers.values()}) > 15


def test_a_file_of_ones_own_needs_a_name_and_such_an_exercise():
    assert OWN
    with pytest.raises(ValueError, match="exercise is '2.1'; allowed is one that is marked on a f"):
        own_case(b"a secret", "2.1", "Ada")
    with pytest.raises(ValueError, match="student is ' '; allowed is a name"):
        own_case(b"a secret", OWN[0].number, " ")


def test_a_file_that_would_run_code_is_not_read(tmp_path):
    np.savez(tmp_path / "bad.npz", weights=np.array([print, abs], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        load_case(tmp_path / "bad.npz")


@pytest.mark.parametrize("told", [350, 3.5, "not within 600 steps", [200, 600], {"b": 1, "a": [2]}])
def test_a_registered_prediction_can_be_opened_and_no_other(told, capsys):
    register(told, "owls at noon")
    registered = capsys.readouterr().out
    assert re.fullmatch(r"[0-9a-f]{64}\n", registered)
    assert open_prediction(told, "owls at noon", registered)
    assert not open_prediction(told, "owls at one", registered)
    assert not open_prediction([told], "owls at noon", registered)


def test_a_prediction_is_plain_and_its_salt_is_long():
    for told in (np.float32(3), float("nan"), {1, 2}, register):
        with pytest.raises(TypeError, match="allowed are numbers, texts, and lists and dicts"):
            register(told, "owls at noon")
    with pytest.raises(ValueError, match="salt is 'owls'; allowed are eight characters or more"):
        register(3, "owls")


class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError


def divides(std, width):
    return std / 0


def in_numpy(std, width):
    helper = np.linalg.cholesky
    return helper(np.zeros((2, 3)))


def leaves(std, width):
    sys.exit()


def returns(value):
    return lambda std, width: value


SAID = [
    (divides, r"your function raised ZeroDivisionError: .* \(line LINE\)\."),
    (in_numpy, r"raised LinAlgError: .* square \(line LINE\)\."),
    (leaves, r"raised SystemExit \(line LINE\)\."),
    (lambda std, width: [][width], r"raised IndexError: list index out of range \(line \d+\)\."),
    (lambda std, width: (_ for _ in ()).throw(Unspeakable), r"raised Unspeakable \(line \d+\)\."),
    (lambda std: std, r"called with the arguments std, width; it has \(std\)\."),
    (lambda std, fan_in: std, r"called with the arguments std, width; it has \(std, fan_in\)\."),
    (lambda x, /: x, r"called with the arguments std, width; it has \(x, /"),
    (returns(None), "returned None; a return statement may be missing"),
    (returns([0.1, 0.1]), r"returned an array of the shape \(2,\); a single number is wanted"),
    (returns(np.array([ROOT_N_STD])), r"of the shape \(1,\); a single number is wanted"),
    (returns(np.float32(ROOT_N_STD)), r"returned 0\.2236\d*, which is right to \d digits; compute"),
    (returns(round(ROOT_N_STD, 7)), r"right to \d digits; compute in float64, and round nothing"),
    (returns(np.float16(ROOT_N_STD)), "right to 3 digits"),
    (returns(torch.tensor(ROOT_N_STD)), r"returned tensor\(0\.2236\), which is right to 7 digits"),
    (returns(ROOT_N_STD * 1.001), "which is not the answer"),
    (returns(float("nan")), "returned nan, which is not the answer"),
]


@pytest.mark.parametrize(("answer", "said"), SAID)
def test_check_says_what_is_wrong(capsys, answer, said):
    check("2.1", answer)
    if "LINE" in said:  # the last of its own
        said = said.replace("LINE", str(max(n for *_, n in answer.__code__.co_lines() if n)))
    out = capsys.readouterr().out
    assert re.search(said, out) and out.count("\n") == 1


class Lying:
    def __eq__(self, other):
        return True

    def __float__(self):
        return ROOT_N_STD


@pytest.mark.parametrize(
    "value",
    [
        str(ROOT_N_STD),
        ROOT_N_STD + 5j,
        np.complex128(ROOT_N_STD),
        torch.tensor(ROOT_N_STD + 0j),
        True,
        np.True_,
        np.array(Lying(), dtype=object),
        Lying(),
        (x for x in [ROOT_N_STD]),
        {"std": ROOT_N_STD},
        {ROOT_N_STD},
        [[1.0], [1.0, 2.0]],
        np.ma.masked,
        np.datetime64("2026-01-01"),
        np.array([(ROOT_N_STD,)], dtype=[("std", float)]),
        print,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_real_number_is_no_answer(capsys, value):
    check("2.1", returns(value))
    assert re.search(
        "your function returned .*, which is no number or array", capsys.readouterr().out
    )


@pytest.mark.parametrize(
    "kind",
    [
        np.float64,
        np.longdouble,
        Fraction,
        Decimal,
        np.asarray,
        lambda x: torch.tensor(x, dtype=torch.float64, requires_grad=True),
    ],
)
def test_any_kind_of_real_number_is_one(capsys, kind):
    check("2.1", lambda std, width: kind(float(np.sqrt(width) * std)))
    assert "right on" in capsys.readouterr().out


def of_tensors(array):
    return [torch.tensor(x, requires_grad=True) for x in array]


@pytest.mark.parametrize("kind", [list, tuple, of_tensors])
def test_a_list_of_numbers_is_an_array(kind):
    exercise = get_exercise("0.1")
    assert exercise.passes(lambda draws: kind(exercise.reference(draws)), all_cases(exercise))


def test_a_flood_of_output_does_not_hide_the_verdict(capsys):
    check("2.1", lambda std, width: print("x" * 99_999))
    assert re.fullmatch(r"x{1000} …\nExercise 2.1: .* None; .*\n", capsys.readouterr().out)


def test_stopping_an_answer_stops_check():
    def interrupted(std, width):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("2.1", interrupted)


@pytest.mark.parametrize("number", ["99.1", "one", "", "2.1.", 2.1, None])
def test_an_unknown_number_is_named(number):
    said = f"exercise is {number!r}; allowed is a graded exercise's number in quotes"
    with pytest.raises(ValueError, match=re.escape(said)):
        check(number, abs)


def test_a_chapter_lists_its_graded_exercises():
    with pytest.raises(ValueError, match="exercise is '2.3'; allowed are '2.1', '2.2'"):
        check("2.3", abs)


def test_an_answer_must_be_a_function_and_come_second():
    with pytest.raises(TypeError, match="the answer is 3; give the function itself"):
        check("2.1", 3)
    with pytest.raises(TypeError, match=r"the number comes first: write check\('2.1', divides\)"):
        check(divides, "2.1")


def test_inputs_are_handed_over_as_copies():
    exercise = get_exercise("2.2")
    (case,) = exercise.hidden_cases(seed=1, count=1)
    before = case["h"].copy()

    def vandal(h, threshold):
        h[:] = 0
        return 0.0

    exercise.complaint(vandal, case)
    assert np.array_equal(case["h"], before)
