"""What comes out of marking: tables for the instructor, and a page for each student."""

import csv
import hashlib
import html
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from initbook.grading.assignment import Assignment
from initbook.grading.kept import remove_others, write_whole
from initbook.grading.marks import Row

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 48rem; margin: auto; padding: 1rem }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ border-bottom: 1px solid; padding: .4rem .6rem; text-align: left; vertical-align: top }}
td, h2 {{ overflow-wrap: anywhere }}
</style>
<h1>{title}</h1>
{body}
"""

FEEDBACK = ("Exercise", "Points", "Remark")


def write_all(rows: Sequence[Row], assignment: Assignment, folder: Path) -> None:
    """marks.csv, canvas.csv, moodle.csv, summary.html, and feedback/ with a page a student."""
    students = by_student(rows)
    counted = [best(files) for files in students]
    write_whole(folder / "marks.csv", marks_table(rows, assignment))
    write_whole(folder / "canvas.csv", canvas_table(counted, assignment))
    write_whole(folder / "moodle.csv", moodle_table(counted, assignment))
    write_whole(folder / "summary.html", summary(counted, len(rows), assignment))
    pages = folder / "feedback"
    pages.mkdir(exist_ok=True)
    written = [pages / page_name(files[0]) for files in students]
    for path, files in zip(written, students, strict=True):
        write_whole(path, student_page(files, assignment))
    remove_others(pages, written)


def by_student(rows: Iterable[Row]) -> list[list[Row]]:
    """The files of each student; a name is the same however its accents are encoded."""
    ordered = sorted(rows, key=same_name)
    return [list(files) for _, files in groupby(ordered, key=same_name)]


def same_name(row: Row) -> tuple[str, str]:
    return unicodedata.normalize("NFC", row.student), row.number


def best(files: Sequence[Row]) -> Row:
    """The file that counts: the one with the most points, the first of equals."""
    return max(files, key=lambda row: row.total)


def marks_table(rows: Iterable[Row], assignment: Assignment) -> str:
    """One row for each file that was handed in."""
    header = ["submission", "student", *assignment.points, "total", "remark"]
    return as_csv(header, ([r.submission, r.student, *points(r, assignment), f"{r.total:g}",
                            r.remark] for r in rows))  # fmt: skip


def points(row: Row, assignment: Assignment) -> list[str]:
    return [f"{row.marks[n].points:g}" if n in row.marks else "" for n in assignment.points]


def canvas_table(rows: Iterable[Row], assignment: Assignment) -> str:
    """As Canvas imports it; the ID is the number that it writes into the names of files."""
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", assignment.title]
    most = ["    Points Possible", "", "", "", "", f"{assignment.total:g}"]
    lines = ([r.student, r.number, "", "", "", f"{r.total:g}"] for r in rows)
    return as_csv(header, [most, *lines])


def moodle_table(rows: Iterable[Row], assignment: Assignment) -> str:
    """As Moodle's grading worksheet; the identifier is the number in the names of its folders."""
    header = ["Identifier", "Full name", "Grade", "Maximum Grade", "Feedback comments"]
    return as_csv(
        header,
        (
            [f"Participant {r.number}" if r.number else "", r.student, f"{r.total:g}",
             f"{assignment.total:g}", r.remark]
            for r in rows
        ),
    )  # fmt: skip


def as_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table that no spreadsheet takes for a program."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    for row in (header, *rows):
        writer.writerow([no_formula(cell) for cell in row])
    return file.getvalue()


def no_formula(cell: str) -> str:
    """An apostrophe goes before what a spreadsheet would compute."""
    return f"'{cell}" if re.match(r"\s*[=+\-@|]", cell) else cell


def page_name(row: Row) -> str:
    """A file's name from a student's: readable, safe, and of no two students the same."""
    name = "-".join(same_name(row))
    readable = re.sub(r"\W+", "-", row.student).strip("-")[:40]
    return f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:10]}.html"


def student_page(files: Sequence[Row], assignment: Assignment) -> str:
    """What one student reads: each exercise of the file that counts, and which others there are."""
    row = best(files)
    lines = [
        [number, f"{mark.points:g} of {assignment.points[number]:g}", mark.said or "Right."]
        for number, mark in row.marks.items()
    ]
    body = f"<p>{safe(row.student)}: <strong>{row.total:g} of {assignment.total:g}</strong></p>"
    body += f"<p>Marked: {safe(row.submission)}</p>" + table(FEEDBACK, lines)
    if row.note:
        body += f"<p>{safe(row.note)}</p>"
    if len(files) > 1:
        names = ", ".join(safe(other.submission) for other in files if other is not row)
        body += f"<p>Also handed in, with no more points: {names}</p>"
    return PAGE.format(title=safe(assignment.title), body=body)


def summary(rows: Sequence[Row], files: int, assignment: Assignment) -> str:
    """The class: how many did each exercise, and the mistake that most of the others made."""
    lines = []
    for number in assignment.points:
        marks = [row.marks[number] for row in rows if number in row.marks]
        states = Counter(mark.state for mark in marks)
        mistakes = Counter(mark.mistake for mark in marks if mark.mistake).most_common(1)
        often = f"{mistakes[0][0]} ({mistakes[0][1]} times)" if mistakes else "none that has a name"
        none = states["missing"] + states["unread"]
        lines.append([number, str(states["right"]), str(states["wrong"]), str(none), often])
    totals = Counter(f"{row.total:g}" for row in rows)
    spread = [[total, str(totals[total])] for total in sorted(totals, key=float, reverse=True)]
    body = f"<p>{len(rows)} students, {files} files, {assignment.total:g} points at most.</p>"
    header = ["Exercise", "Right", "Wrong", "None", "Most frequent mistake"]
    body += table(header, lines) + "<h2>Totals</h2>" + table(["Points", "Students"], spread)
    return PAGE.format(title=safe(assignment.title), body=body)


def table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{safe(cell)}</{tag}>" for cell in cells) + "</tr>\n"

    return f"<table>\n{line(header, 'th')}{''.join(line(cells, 'td') for cells in lines)}</table>\n"


def safe(text: str) -> str:
    return html.escape(text)
