"""How long a page takes, and what is on it: computed from its source, said in one place.

The role {minutes} adds pages up, the directive `chapter-path` lists chapters with their question
and these facts, and every chapter and deeper page gets them as a byline under its title.
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx import addnodes

from bookbuild.questions import DIRECTIVE, printed

# What a reader with pencil and paper takes: no measurement, one rule for all pages.
WORDS_A_MINUTE = 200
MINUTES = {"equation": 0.75, "line of code": 0.05, "figure": 0.33}
CELL = re.compile(r"^(`{3,})\{code-cell\}[^\n]*\n(.*?)^\1\s*$", re.S | re.M)
ASIDE = re.compile(r"^## (?:Exercises|References|Where to go deeper)$.*", re.S | re.M)


@dataclass(frozen=True)
class Reading:
    """Words of prose, with exercises; displayed equations; minutes without exercises."""

    words: int
    equations: int
    exercises: int
    live: bool
    minutes: int

    def __str__(self):
        several = "" if self.exercises == 1 else "s"
        facts = [f"{self.minutes} minutes"]
        facts += ["live figure"] if self.live else []
        facts += [f"{self.exercises} exercise{several}"] if self.exercises else []
        return " · ".join(facts)


def read(source):
    """What a page's MyST source holds.

    >>> read("# A title\\n:class: note\\nThree words more.\\n\\n$$\\na = b\\n$$ (def-a)\\n")
    Reading(words=5, equations=1, exercises=0, live=False, minutes=5)
    """
    source = re.sub(DIRECTIVE, lambda match: printed(match[1]), source, flags=re.M)
    main = ASIDE.sub("", source)
    cells = [match[2] for match in CELL.finditer(main)]
    shown = sum(cell.count("\n") for cell in cells if not re.search(r"hide-|check\b", cell[:60]))
    minutes = len(prose(main).split()) / WORDS_A_MINUTE
    minutes += MINUTES["equation"] * equations(main) + MINUTES["line of code"] * shown
    minutes += MINUTES["figure"] * sum("alt:" in cell for cell in cells)
    return Reading(
        words=len(prose(source).split()),
        equations=equations(source),
        exercises=len(re.findall(r"^(?:`{3,}|:{3,})\{exercise(?:-start)?\}", source, re.M)),
        live="initbook.widgets" in source,
        minutes=5 * math.ceil(minutes / 5),
    )


def equations(source):
    return len(re.findall(r"^\$\$ \([\w-]+\)", source, re.M))


def prose(source):
    """The words that a reader reads: no front matter, code, formula, label, option or target."""
    captions = " ".join(re.findall(r"^ +caption: (.*)$", source, re.M))
    for pattern, instead in (
        (r"\A---\n.*?\n---\n", ""),
        (CELL, ""),
        (r"^\$\$.*?^\$\$[^\n]*$", ""),
        (r"\$[^$]*\$", "x"),
        (r"^ *:[\w-]+:[^\n]*$|^\([\w-]+\)=$|^\{\.[\w-]+\}$", ""),
        (r"^(?:`{3,}|:{3,})(?:\{[^}]*\})?|^#+ |^[|:-]+$", ""),
        (r"\{[\w:-]+\}`([^`<]*)(?:<[^>]*>)?`", r"\1"),
        (r"(?<=\s)[|+=·–-]+(?=\s)", ""),
    ):
        flags = 0 if isinstance(pattern, re.Pattern) else re.S | re.M
        source = re.sub(pattern, instead, source, flags=flags)
    return source + captions


def setup(app):
    app.add_role("minutes", minutes_role)
    app.add_directive("chapter-path", ChapterPath)
    app.connect("doctree-read", add_byline)
    app.connect("env-get-outdated", lambda app, env, *changes: [app.config.root_doc])


def add_byline(app, doctree):
    env, title = app.env, doctree.next_node(nodes.title)
    is_run = "kernelspec" in env.metadata[env.docname]
    if title is not None and is_run and re.match("chapters/|deeper/", env.docname):
        byline = nodes.paragraph("", str(read_page(env, env.docname)), classes=["byline"])
        title.parent.insert(title.parent.index(title) + 1, byline)


def read_page(env, docname):
    return read(Path(env.doc2path(docname)).read_text(encoding="utf-8"))


def minutes_role(name, rawtext, text, lineno, inliner, options=None, content=None):
    """{minutes}`chapters/*`: the pages' minutes together, in words."""
    env = inliner.document.settings.env
    root = Path(env.srcdir)
    files = [file for pattern in text.split() for file in sorted(root.glob(f"{pattern}.md"))]
    if not files:
        return [], [inliner.reporter.error(f"no page is {text!r}", line=lineno)]
    total = sum(read(file.read_text(encoding="utf-8")).minutes for file in files)
    hours, rest = divmod(total, 60)
    said = [f"{hours} hour{'s' * (hours > 1)}"] * bool(hours) + [f"{rest} minutes"] * bool(rest)
    return [nodes.inline("", " ".join(said))], []


class ChapterPath(Directive):
    """A line a chapter, its page and its question: `chapters/02-ten-layers-deep How large …?`"""

    has_content = True

    def run(self):
        env = self.state.document.settings.env
        path = nodes.enumerated_list(classes=["path"])
        for line in filter(None, self.content):
            docname, question = line.split(" ", 1)
            link = addnodes.pending_xref(
                "", nodes.inline("", ""), refdomain="std", reftype="doc", reftarget=f"/{docname}",
                refdoc=env.docname, refexplicit=False, refwarn=True,
            )  # fmt: skip
            asked, messages = self.state.inline_text(question, self.lineno)
            path += nodes.list_item(
                "",
                nodes.paragraph("", "", link, classes=["title"]),
                nodes.paragraph("", "", *asked, *messages, classes=["question"]),
                nodes.paragraph("", str(read_page(env, docname)), classes=["facts"]),
            )
        return [path]
