"""The short questions: each printed once, from one source, with a key that a machine can apply."""

import re
from collections import Counter

import pytest

from bookbuild.questions import DIRECTIVE, printed
from bookbuild.reading import read
from building import PAGES
from initbook.exercises.questions import QUESTIONS, get_question, plain

CHAPTERS = [page for page in PAGES if page.parent.name == "chapters"]
each_question = pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.number)


def asked(page):
    """The numbers of the questions on a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [said.split()[0] for said in re.findall(DIRECTIVE, text, re.M)]


def test_each_question_stands_once_on_its_chapter_in_order():
    listed = [number for page in sorted(CHAPTERS) for number in asked(page)]
    assert listed == [question.number for question in QUESTIONS]
    for page in CHAPTERS:
        assert {get_question(n).chapter for n in asked(page)} <= {int(page.name[:2])}


def test_every_chapter_asks_one_to_three():
    count = Counter(question.chapter for question in QUESTIONS)
    wrong = [p.name for p in CHAPTERS if not 1 <= count[int(p.name[:2])] <= 3]
    assert wrong == []


@each_question
def test_a_question_is_judged_by_a_range_or_by_choices_that_differ(question):
    assert bool(question.between) != bool(question.choices)
    if question.between:
        low, high = question.between
        assert low <= high
    else:
        assert 3 <= len(set(question.choices)) == len(question.choices) <= 4
    assert question.key.endswith(".")


@each_question
def test_outside_the_book_a_question_is_plain(question):
    for text in (question.stem, *map(plain, (question.key, *question.choices))):
        assert not re.search(r"\{[\w:]+\}`|\]\(", text), "a role or a link"
        assert not set(re.findall(r"\\[A-Z]\w*", text)), "a macro of the book"
        assert text.count("$") % 2 == 0
    assert question.stem.endswith(plain(question.text))


def test_what_is_printed_is_a_guess_or_has_its_key_folded():
    assert printed("Q2.1").startswith(
        ":::{admonition} Guess before you read on\n:class: guess power\nHow"
    )
    second = printed("Q0.1 second")
    assert second.startswith("**Second.** $X$ is")
    assert ":::{admonition} Answer to the second\n:class: hint dropdown\nThey are not" in second
    with pytest.raises(ValueError, match="question is 'Q99.1'; allowed are Q0.1, "):
        printed("Q99.1")


def test_its_words_count_as_words_of_its_page():
    directive = "```{question} Q2.1\n```\n"
    assert read(directive) == read(printed("Q2.1"))
    assert read(directive).words > 15
