"""What each submission gets: a mark for each exercise, and a sentence for each that is wrong."""

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from initbook.exercises import Case, Exercise
from initbook.exercises.seeds import case_seed
from initbook.grading.assignment import Assignment, Bank, find_exercise
from initbook.grading.handed_in import HandedIn
from initbook.grading.inside.submission import LARGEST
from initbook.grading.sandbox import Outcome, Sandbox

READ = (".ipynb", ".py", ".zip")


@dataclass(frozen=True)
class Mark:
    """What one exercise got, why, and which named mistake was seen, as a sentence."""

    points: float
    said: str
    mistake: str = ""
    state: str = "right"  # or wrong, missing (no such function) or unread (no such file)


@dataclass(frozen=True)
class Row:
    """One file that was handed in, with a mark for each exercise."""

    submission: str
    student: str
    number: str = ""  # the student's, on the platform that the file came from
    marks: Mapping[str, Mark] = field(default_factory=dict)
    note: str = ""

    @property
    def total(self) -> float:
        return sum(mark.points for mark in self.marks.values())

    @property
    def remark(self) -> str:
        """All that is to be said of the file; what is said of all exercises is said once."""
        said = {number: mark.said for number, mark in self.marks.items() if mark.said}
        if self.marks and len(set(said.values())) == 1 and len(said) == len(self.marks):
            sentences = [next(iter(said.values()))]
        else:
            sentences = [f"{number}: {words}" for number, words in said.items()]
        return " ".join(filter(None, [*sentences, self.note])) or "All right."


class Marker:
    """Marks submissions of one assignment."""

    def __init__(
        self, assignment: Assignment, secret: bytes, sandbox: Sandbox, bank: Bank | None = None
    ) -> None:
        self.assignment, self.secret, self.sandbox = assignment, secret, sandbox
        self.exercises = [find_exercise(number, bank) for number in assignment.points]

    def marks(self, handed: HandedIn, content: bytes | str) -> dict[str, Mark]:
        """Mark what `read` returned, exercise by exercise."""
        marks: dict[str, Mark] = {}
        unread = content if isinstance(content, str) else ""
        for exercise in self.exercises:
            if not unread and isinstance(content, bytes):
                cases, hidden = self.cases(exercise, handed.student)
                outcome = self.sandbox.run(
                    handed.kind,
                    content,
                    exercise.reference.__name__,
                    cases,
                    self.assignment.seconds,
                    exercise.library,
                )
                points = self.assignment.points[exercise.number]
                marks[exercise.number] = judge(exercise, cases, hidden, outcome, points)
                unread = as_sentence(outcome.refused) if outcome.whole else ""
            if unread:
                marks[exercise.number] = Mark(0, unread, state="unread")
        return marks

    def cases(self, exercise: Exercise, student: str) -> tuple[list[Case], int]:
        """The inputs, public ones first, and how many of them are hidden."""
        if exercise.own_file:
            seed = case_seed(self.secret, exercise.number, student)
            return exercise.hidden_cases(seed, count=1), 1
        hidden = exercise.hidden_cases(case_seed(self.secret, exercise.number))
        return [*exercise.public_cases, *hidden], len(hidden)


def judge(
    exercise: Exercise, cases: Sequence[Case], hidden: int, outcome: Outcome, points: float
) -> Mark:
    """The mark for what came out: all points where every number is right, else none."""
    name = exercise.reference.__name__
    if outcome.refused:
        state = "missing" if outcome.refused.startswith("the file") else "wrong"
        return Mark(0, as_sentence(outcome.refused), state=state)
    answers = outcome.answers[: len(cases)]
    public = len(cases) - hidden
    faults = [fault(exercise, case, answer) for case, answer in zip(cases, answers, strict=False)]
    if outcome.ended:
        faults.append(outcome.ended)
    elif len(answers) < len(cases):
        faults.append("gave no answer")
    wrong = [(place, said) for place, said in enumerate(faults) if said]
    if not wrong:
        return Mark(points, "")
    place, said = wrong[0]
    where = "" if place < public else " on a hidden input" if public else " on its own file"
    mistake = ""
    if len(answers) == len(cases) and not any(isinstance(answer, str) for answer in answers):
        mistake = exercise.mistake(cases, answers) or ""
    passed = "is right on the public inputs, and " if public and place >= public else ""
    sentence = f"{name} {passed}{said}{where}."
    state = "missing" if said == "is not written yet" else "wrong"
    return Mark(0, " ".join(filter(None, [sentence, mistake])), mistake, state)


def as_sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def fault(exercise: Exercise, case: Case, answer: Any) -> str:
    """What is wrong with one answer; nothing where it is right. No hidden input is shown."""
    if isinstance(answer, str):
        return answer
    value = answer[()]  # a number from an array without a shape
    complaint = exercise.complaint(lambda **_: value, case) or ""
    return complaint.rpartition(" your function ")[2].removesuffix(".")


def read(handed: HandedIn) -> bytes | str:
    """The file's bytes, or why it is not read, in a sentence."""
    if handed.kind not in READ:
        return "Neither a notebook nor a Python file."
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        if handed.path.is_symlink():
            return "A link to another file, which is not followed."
        with open(os.open(handed.path, flags | getattr(os, "O_BINARY", 0)), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return "No plain file."
            content = file.read(LARGEST + 1)
    except OSError as error:
        return f"The file can't be read ({error.strerror})."
    if len(content) > LARGEST:
        return f"Larger than {LARGEST // 1_000_000} MB, of which an answer needs little."
    return content
