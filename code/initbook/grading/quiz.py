"""The short-answer questions as a quiz in QTI, which Canvas and others take in, by text2qti."""

import random
import re
from collections.abc import Iterable
from pathlib import Path
from string import ascii_lowercase

from initbook.exercises.questions import QUESTIONS, Question
from initbook.grading.assignment import Assignment, AssignmentError
from initbook.grading.handout import the_book

SMALLEST = 1e-4  # text2qti writes a range's ends with four places
COMMAND = re.compile(r"\\(?:[A-Za-z]+|.)", re.S)

QUIZ_WARNING = (
    "The key is in the file, so give it to the learning platform and to nobody else; the questions "
    "stand in an open book with their answers, which a student can copy."
)


def write_quiz(assignment: Assignment, file: Path) -> Path:
    """Write the questions of the chapters that the assignment's exercises are from.

    A question whose answer is a number below 0.0001 is left out: a quiz can't hold it.
    Raises AssignmentError where these chapters have none.
    """
    chapters = {chapter_of(number) for number in assignment.points}
    asked = [question for question in askable() if question.chapter in chapters]
    if not asked:
        listed = ", ".join(map(str, sorted(chapters)))
        raise AssignmentError(f"no question is from the chapters {listed} of this assignment.")
    return write_qti(assignment.title, asked, file)


def askable() -> list[Question]:
    """All questions but those whose answer is too small a number for a quiz."""
    return [q for q in QUESTIONS if not q.between or min(map(abs, q.between)) >= SMALLEST]


def chapter_of(number: str) -> int:
    """4 for "4.1" and "D4.1"; -1 for an exercise of a private bank."""
    match = re.fullmatch(r"D?(\d+)\.\d+", number)
    return int(match[1]) if match else -1


def write_qti(title: str, questions: Iterable[Question], file: Path) -> Path:
    """Write questions as one QTI zip, which is also returned."""
    from text2qti.config import Config
    from text2qti.qti import QTI
    from text2qti.quiz import Quiz

    file.parent.mkdir(parents=True, exist_ok=True)
    QTI(Quiz(quiz_text(title, questions), config=Config())).save(file)
    return file


def quiz_text(title: str, questions: Iterable[Question]) -> str:
    """The questions in text2qti's Markdown."""
    written = [f"Quiz title: {title}"]
    for place, question in enumerate(questions, start=1):
        head = f"Title: Question {question.number}\n{place}.  {plain(question.stem)}"
        written.append(f"{head}\n{answers(question)}")
    return "\n\n".join(written) + "\n"


def answers(question: Question) -> str:
    """The key: the right one of several choices, shuffled; or a range of numbers."""
    if question.between:
        low, high = question.between
        return f"=   [{low!r}, {high!r}]"
    shuffled = random.Random(question.number).sample(question.choices, len(question.choices))
    return "\n".join(
        f"{'*' if choice == question.choices[0] else ''}{letter}) {plain(choice)}"
        for letter, choice in zip(ascii_lowercase, shuffled, strict=False)
    )


def plain(text: str) -> str:
    """On one line, and without the book's own mathematical macros, which no platform knows."""
    macros = the_book()["macros"]
    return COMMAND.sub(lambda command: macros.get(command[0], command[0]), " ".join(text.split()))
