"""The short-answer questions as a quiz in QTI, which Canvas and others take in, by text2qti."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from initbook.grading.assignment import Assignment, AssignmentError

QUIZ_WARNING = (
    "The key is in the file, so give it to the learning platform and to nobody else; the questions "
    "stand in an open book with their answers, which a student can copy."
)


def write_quiz(assignment: Assignment, file: Path) -> Path:
    """Write the questions of the chapters that the assignment's exercises are from.

    Raises AssignmentError where these chapters have none.
    """
    from initbook.exercises.questions import QUESTIONS

    chapters = {chapter_of(number) for number in assignment.points}
    asked = [question for question in QUESTIONS if question.chapter in chapters]
    if not asked:
        listed = ", ".join(map(str, sorted(chapters)))
        raise AssignmentError(f"no question is from the chapters {listed} of this assignment.")
    return write_qti(assignment.title, asked, file)


def chapter_of(number: str) -> int:
    """4 for "4.1" and "D4.1"; -1 for an exercise of a private bank."""
    match = re.fullmatch(r"D?(\d+)\.\d+", number)
    return int(match[1]) if match else -1


def write_qti(title: str, questions: Sequence[Any], file: Path) -> Path:
    """Write questions as one QTI zip, which is also returned."""
    from text2qti.config import Config
    from text2qti.qti import QTI
    from text2qti.quiz import Quiz

    config = Config()
    config["latex_render_url"] = ""
    file.parent.mkdir(parents=True, exist_ok=True)
    QTI(Quiz(quiz_text(title, questions), config=config)).save(file)
    return file


def quiz_text(title: str, questions: Iterable[Any]) -> str:
    """The questions in text2qti's Markdown."""
    written = [f"Quiz title: {title}"]
    for place, question in enumerate(questions, start=1):
        text = indented(question.text)
        written.append(f"Title: Question {question.number}\n{place}.  {text}\n{answers(question)}")
    return "\n\n".join(written) + "\n"


def answers(question: Any) -> str:
    """The key: one of several choices, or a range of numbers."""
    if question.choices:
        letters = "abcdefghijklmnopqrstuvwxyz"
        return "\n".join(
            f"{'*' if choice == question.key else ''}{letter}) {indented(choice)}"
            for letter, choice in zip(letters, question.choices, strict=False)
        )
    low, high = question.accepted
    return f"=   [{low!r}, {high!r}]"


def indented(text: str) -> str:
    return text.strip().replace("\n", "\n    ")
