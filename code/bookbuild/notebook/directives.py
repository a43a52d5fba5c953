"""Each of the pages' directives in plain Markdown: one short function for each kind.

A function takes the converter of bookbuild/notebook/markdown.py, for the text within, and the
directive. Only what the book uses is here: another directive fails the build and is named.
"""

import csv
from dataclasses import dataclass

from bookbuild.notebook.plaintext import END_OF_FOLD, Unsupported, folded, quoted
from bookbuild.questions import printed

# What a class says on the page, where a notebook has but words.
SAID = {"guess": "Guess before you read on", "broken": "Break the assumption"}
ASKED = {"power": "*Write your guess down as a power of ten.*"}


@dataclass
class Directive:
    """A directive as written."""

    name: str
    argument: str  # the rest of its first line
    options: dict
    body: str
    line: int
    inside: int  # the line on which its body starts

    @property
    def classes(self):
        return self.options.get("class", "").split()


def formula(converter, directive):
    tex = "\n".join(filter(None, [directive.argument, directive.body]))
    return converter.formula(tex, directive.options.get("label"), directive.inside)


def admonition(converter, directive):
    """A box: quoted, or folded as on the page."""
    title = converter.inline(directive.argument, directive.line)
    for name in directive.classes:
        if not title.startswith(lead := SAID.get(name, "")):
            title = f"{lead}: {title}"
    asked = [ASKED[name] for name in directive.classes if name in ASKED]
    content = "\n\n".join([converter.text(directive.body, directive.inside), *asked])
    if "dropdown" in directive.classes:
        return folded(title, content)
    return quoted(f"**{title}**\n\n{content}")


def exercise(converter, directive):
    """Its title and text; between exercise-start and exercise-end the cells stay cells."""
    label = directive.options.get("label")
    if not label:
        raise Unsupported(f"{{{directive.name}}} lacks a :label:", directive.line)
    number = converter.page.number("exercise", label, directive.line)
    name = converter.inline(directive.argument, directive.line)
    title = f"**Exercise {number} ({name})**" if name else f"**Exercise {number}**"
    if "research" in directive.classes:
        title += " *Research.*"
    return f"{title}\n\n{converter.text(directive.body, directive.inside)}".strip()


def solution(converter, directive):
    return solution_start(converter, directive) + END_OF_FOLD


def solution_start(converter, directive):
    title = f"Solution to {converter.page.reference('ref', directive.argument, directive.line)}"
    return folded(title, converter.text(directive.body, directive.inside)).removesuffix(END_OF_FOLD)


def csv_table(converter, directive):
    """A table from a file, with its caption above it and its first line for a head."""
    with open(converter.page.file(directive.options["file"]), encoding="utf-8") as file:
        head, *rows = ([cell.replace("|", r"\|") for cell in line] for line in csv.reader(file))
    lines = ["| " + " | ".join(line) + " |" for line in (head, [":--"] * len(head), *rows)]
    caption = converter.inline(directive.argument, directive.line)
    return "\n\n".join(filter(None, [caption and f"**{caption}**", "\n".join(lines)]))


def question(converter, directive):
    return converter.text(printed(directive.argument), directive.line)


def bibliography(converter, directive):
    return "\n".join(f"- {work}" for work in converter.page.works())


DIRECTIVES = {
    "math": formula,
    "admonition": admonition,
    "csv-table": csv_table,
    "exercise": exercise,
    "exercise-start": exercise,
    "exercise-end": lambda converter, directive: "",
    "question": question,
    "solution": solution,
    "solution-start": solution_start,
    "solution-end": lambda converter, directive: END_OF_FOLD,
    "bibliography": bibliography,
}
