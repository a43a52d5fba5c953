"""The bank: every exercise of the pages, its kind, and whether code marks it.

    python -m bookbuild.bank            # the table, and the counts under it

An exercise says its kind on its page, and there alone: `:class: graded debug`.
"""

import ast
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
KINDS = ("recall", "derive", "code", "measure", "debug", "research")
EXERCISE = re.compile(r"^`{3,}\{exercise(?:-start)?\} *(.*)\n((?::.*\n)*)", re.M)
CELL = re.compile(r"^```\{code-cell\}.*\n(?:---\n(?s:.*?)^---\n|(?::.*\n)*)((?s:.*?))^```\n", re.M)


@dataclass(frozen=True)
class Listed:
    """An exercise as the bank lists it; `statements` are those of a graded one's solution."""

    number: str
    title: str
    label: str
    kind: str | None
    graded: bool
    statements: int


def listed_exercises(root=ROOT):
    """Every exercise of the book, in the order of the pages."""
    pages = [*sorted(root.glob("chapters/*.md")), *sorted(root.glob("deeper/*.md"))]
    return [listed for page in pages for listed in read_exercises(page)]


def read_exercises(page):
    """Exercises are numbered by page, graded or not: 4.3, or D4.1 on a deeper page."""
    text = page.read_text(encoding="utf-8")
    prefix = "D" * (page.parent.name == "deeper") + str(int(page.name.split("-")[0]))
    for position, match in enumerate(EXERCISE.finditer(text), start=1):
        options = dict(re.findall(r":(\w+): (.*)", match[2]))
        classes = options.get("class", "").split()
        kinds = [kind for kind in KINDS if kind in classes]
        if len(kinds) > 1:
            raise ValueError(f"{page.name}: exercise {options['label']} has the kinds {kinds}.")
        graded = "graded" in classes
        yield Listed(
            number=f"{prefix}.{position}",
            title=match[1],
            label=options["label"],
            kind=kinds[0] if kinds else None,
            graded=graded,
            statements=solution_statements(text, options["label"]) if graded else 0,
        )


def solution_statements(text, label):
    """How many statements the checked function has, without its docstring: 1 is one line."""
    cells = between(text, f"{{solution-start}} {label}\n", "{solution-end}")
    cell = next(cell for cell in cells if "check(" in cell)
    name = re.search(r"^check\(.*, (\w+)\)", cell, re.M)[1]
    function = next(n for n in ast.parse(cell).body if getattr(n, "name", None) == name)
    statements = [node for node in ast.walk(function) if isinstance(node, ast.stmt)]
    return sum(not is_docstring(node) for node in statements) - 1  # the def itself


def is_docstring(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def between(text, start, end):
    """The code cells that stand between two lines."""
    return CELL.findall(text.partition(start)[2].partition(end)[0])


def table(listed):
    """A line for each exercise; then, for each kind, how many there are and how many are graded."""
    lines = []
    for e in listed:
        marked = f"graded, {e.statements:2d}" if e.graded else ""
        lines.append(f"{e.number:<6} {e.kind or '-':<9} {marked:<11} {e.title}")
    every, graded = Counter(e.kind for e in listed), Counter(e.kind for e in listed if e.graded)
    counts = [
        f"{kind or 'no kind':<9} {n:>3}, graded {graded[kind]:>2}" for kind, n in every.items()
    ]
    one = sum(e.statements == 1 for e in listed if e.graded)
    total = f"{len(listed)} exercises, {graded.total()} graded, {one} of these in one statement"
    return "\n".join([*lines, "", *sorted(counts), total])


if __name__ == "__main__":
    print(table(listed_exercises()))
