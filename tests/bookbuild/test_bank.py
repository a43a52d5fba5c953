"""What the bank must hold: enough of each kind, and no more than a third in one line."""

from collections import Counter

import pytest

from bookbuild.bank import KINDS, listed_exercises, read_exercises, table

LISTED = listed_exercises()
GRADED = [exercise for exercise in LISTED if exercise.graded]
KIND = Counter(exercise.kind for exercise in LISTED)


def test_there_are_enough_exercises_of_each_kind():
    assert len(LISTED) >= 40 and len(GRADED) >= 24
    assert KIND["derive"] >= 10 and KIND["measure"] >= 10 and KIND["debug"] >= 10
    assert KIND["research"] >= 3 and KIND["recall"] >= 3


def test_every_exercise_says_its_kind():
    assert [e.number for e in LISTED if e.kind is None] == []


def test_no_more_than_a_third_of_the_graded_ones_are_answered_in_one_line():
    short = [exercise.number for exercise in GRADED if exercise.statements == 1]
    assert 3 * len(short) <= len(GRADED), short


def test_a_chapter_has_four_to_six_exercises_of_which_two_are_graded():
    chapters = Counter(e.number.lstrip("D").split(".")[0] for e in LISTED)
    graded = Counter(e.number.lstrip("D").split(".")[0] for e in GRADED)
    assert {n: count for n, count in chapters.items() if not 4 <= count <= 6} == {}
    assert {n for n in chapters if graded[n] < 2} == set()


def test_the_table_has_a_line_for_each_and_the_counts():
    lines = table(LISTED).splitlines()
    assert len(lines) == len(LISTED) + 2 + len(KIND)
    assert lines[0] == "0.1    measure   graded,  1  The standard error of a mean"
    assert lines[-1].startswith(f"{len(LISTED)} exercises, {len(GRADED)} graded, ")


def test_an_exercise_has_one_kind(tmp_path):
    page = tmp_path / "chapters" / "04-xavier.md"
    page.parent.mkdir()
    page.write_text("```{exercise} A\n:label: ex-a\n:class: debug measure\n```\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"ex-a has the kinds \['measure', 'debug'\]"):
        list(read_exercises(page))
    assert set(KIND) - {None} == set(KINDS)
