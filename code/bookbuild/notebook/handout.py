"""What is handed out of the graded exercises: title, text and starter, as data of the package.

An installed `initbook` has no pages, so `initbook release` reads data/handout.json. It is made here
from the pages at the end of a build, as the notebooks are, and `make notebooks` puts it in place.
What stands in a solution is never read.
"""

import ast
import json
import re
from pathlib import Path

from bookbuild.macros import MACROS
from bookbuild.notebook.markdown import Converter, parts_of
from bookbuild.notebook.plaintext import Unsupported
from bookbuild.notebook.references import Page
from initbook.prose import MARK

PLACE = Path("code", "initbook", "data", "handout.json")
CELL = re.compile(
    r"^(`{3,})\{code-cell\}[^\n]*\n(?:---\n.*?^---\n|(?::[^\n]*\n)*)(.*?)^\1$", re.M | re.S
)
GATED = re.compile(
    r"^(?P<ticks>`{3,})\{exercise-start\}[^\n]*\n(?P<options>(?::[^\n]*\n)*)"
    r".*?^`{3,}\{exercise-end\}\n`{3,}$",
    re.M | re.S,
)
TITLE = re.compile(r"\*\*Exercise (\S+)(?: \((.*)\))?\*\*\n*")


def write_handout(app, install, exercises, folder):
    """Write the file: where the book stands, the notebooks' first cell, every graded exercise."""
    theme = app.config.html_theme_options
    handout = {
        "book": app.config.html_title,
        "address": app.config.html_baseurl,
        "repository": theme["repository_url"],
        "branch": theme.get("repository_branch", "main"),
        "install": install,
        "macros": MACROS,
        "exercises": dict(sorted(exercises.items(), key=lambda item: order(item[0]))),
    }
    file = folder / PLACE
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(handout, ensure_ascii=False, indent=1)
    file.write_text(text + "\n", encoding="utf-8", newline="\n")


def order(number):
    """By chapter, its deeper page behind it: 2.2, D2.1, 10.1."""
    chapter, place = number.lstrip("D").split(".")
    return int(chapter), number.startswith("D"), int(place)


def exercises_of(app, docname):
    """The page's graded exercises, by number."""
    page = Page(app, docname, quoted_elsewhere=True)
    converter = Converter(page, app.env.myst_config)
    source = Path(app.env.doc2path(docname)).read_text(encoding="utf-8")
    imported = imports_by_name(match[2] for match in CELL.finditer(source))
    found = {}
    for match in GATED.finditer(source):
        if "graded" not in match["options"]:
            continue
        line = source.count("\n", 0, match.start())
        (_, first), *rest = parts_of(match[0], converter)
        title = TITLE.match(first)
        cells = [("markdown", first[title.end() :])] if first[title.end() :] else []
        for kind, part in rest:
            if kind == "text" and part:
                cells.append(("markdown", part))
            elif kind == "code" and not calls_check(part.source):
                cells.append(("code", part.source))
        if any(MARK.search(text) for kind, text in cells if kind == "markdown"):
            raise Unsupported("an exercise that is handed out can't print a measured number", line)
        needed = names_in(text for kind, text in cells if kind == "code")
        found[title[1]] = {
            "title": title[2] or "",
            "page": app.env.titles[docname].astext(),
            "address": page.address,
            "imports": sorted({imported[name] for name in needed & imported.keys()}),
            "cells": merged((kind, text.removeprefix("*Graded.* ")) for kind, text in cells),
        }
    return found


def merged(cells):
    """Neighboring texts as one cell."""
    kept = []
    for kind, text in cells:
        if kept and kept[-1][0] == kind == "markdown":
            kept[-1] = (kind, f"{kept[-1][1]}\n\n{text}")
        else:
            kept.append((kind, text))
    return kept


def calls_check(source):
    return any(
        isinstance(node, ast.Call) and ast.unparse(node.func) == "check"
        for node in ast.walk(ast.parse(source))
    )


def names_in(cells):
    nodes = (node for source in cells for node in ast.walk(ast.parse(source)))
    return {node.id for node in nodes if isinstance(node, ast.Name)}


def imports_by_name(cells):
    """Each name that the page's cells import, and the one statement that brings it."""
    found = {}
    for source in cells:
        for node in ast.walk(ast.parse(re.sub(r"^[%!].*$", "", source, flags=re.M))):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                for alias in node.names:
                    alone = (
                        ast.Import([alias])
                        if isinstance(node, ast.Import)
                        else ast.ImportFrom(node.module, [alias], 0)
                    )
                    found[(alias.asname or alias.name).partition(".")[0]] = ast.unparse(alone)
    return found
