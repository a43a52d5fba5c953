"""The directive `exercise-map`: objectives, exercises and minutes, read from the pages."""

import re
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from bookbuild.reading import read

OBJECTIVES = re.compile(r"^:class: objectives\n((?:- .*\n)+)", re.M)
EXERCISE = re.compile(r"^`{3,}\{exercise(?:-start)?\} (?P<title>.+)\n(?P<options>(?::.*\n)+)", re.M)
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
    sources = {"chapters": page.read_text(encoding="utf-8")}
    times = f"{read(sources['chapters']).minutes} minutes"
    if deeper.exists():
        sources["deeper"] = deeper.read_text(encoding="utf-8")
        times += f"; {{doc}}`deeper </deeper/{deeper.stem}>` {read(sources['deeper']).minutes}"
    objectives = OBJECTIVES.search(sources["chapters"])
    goals = objectives[1].splitlines() if objectives else ["- –"]
    exercises = [line for source in sources.values() for line in exercise_lines(source)]
    return (
        f"* - {{doc}}`/chapters/{page.stem}`, {times}\n" + cell(goals) + cell(exercises or ["- –"])
    )


def exercise_lines(source):
    """Its exercises with their numbers; what is graded or research says so."""
    for match in EXERCISE.finditer(source):
        label = re.search(r"^:label: (\S+)", match["options"], re.M)[1]
        kinds = [kind for kind in ("graded", "research") if kind in match["options"]]
        said = f" *({', '.join(kinds)})*" if kinds else ""
        yield f"- {{ref}}`{label}` {match['title']}{said}"


def cell(bullets):
    first, *rest = bullets
    return f"  - {first}\n" + "".join(f"    {bullet}\n" for bullet in rest)
