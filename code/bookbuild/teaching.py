"""The directive `exercise-map`: objectives, exercises and minutes, read from the pages."""

import re
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from bookbuild.bank import read_exercises
from bookbuild.reading import read

OBJECTIVES = re.compile(r"^:class: objectives\n((?:- .*\n)+)", re.M)
HEAD = """\
```{list-table}
:header-rows: 1
:class: exercise-map

* - Chapter
  - Afterwards one can
  - Exercises
"""


def setup(app):
    app.add_directive("exercise-map", ExerciseMap)


class ExerciseMap(SphinxDirective):
    """A table with a row for each chapter; its deeper page stands in the same row."""

    def run(self):
        root = Path(self.env.srcdir)
        rows = []
        for page in sorted((root / "chapters").glob("*.md")):
            deeper = root / "deeper" / page.name
            self.env.note_dependency(str(page))
            self.env.note_dependency(str(deeper))
            rows.append(row(page, deeper))
        text = HEAD + "".join(rows) + "```\n"
        holder = nodes.container()
        self.state.nested_parse(StringList(text.splitlines(), source=""), 0, holder)
        return holder.children


def row(page, deeper):
    """One chapter's row, in the form of a list-table."""
    source = page.read_text(encoding="utf-8")
    times = f"{read(source).minutes} minutes"
    exercises = list(exercise_lines(page))
    if deeper.exists():
        minutes = read(deeper.read_text(encoding="utf-8")).minutes
        times += f"; {{doc}}`deeper </deeper/{deeper.stem}>` {minutes}"
        exercises += exercise_lines(deeper)
    objectives = OBJECTIVES.search(source)
    goals = objectives[1].splitlines() if objectives else ["- –"]
    return (
        f"* - {{doc}}`/chapters/{page.stem}`, {times}\n" + cell(goals) + cell(exercises or ["- –"])
    )


def exercise_lines(page):
    """Its exercises, each with its kind, and whether code marks it."""
    for listed in read_exercises(page):
        kind = f"graded, {listed.kind}" if listed.graded else listed.kind
        yield f"- {{ref}}`{listed.label}` {listed.title} *({kind})*"


def cell(bullets):
    first, *rest = bullets
    return f"  - {first}\n" + "".join(f"    {bullet}\n" for bullet in rest)
