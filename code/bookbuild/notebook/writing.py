"""Each page's notebook, made from its source at the end of a build.

The page's own reader splits it into cells, and markdown.py makes its text plain. The files hold no
output and no measured number: a paragraph that prints a glued value becomes a small folded cell,
which says that paragraph from what the cells above it have computed.
"""

import hashlib
import re
import shutil
from pathlib import Path

import nbformat
from sphinx.util import logging

from bookbuild.notebook.handout import exercises_of, write_handout
from bookbuild.notebook.markdown import Converter, parts_of
from bookbuild.notebook.plaintext import Unsupported
from bookbuild.notebook.references import Page
from initbook.prose import MARK

FOLDED = {
    "cellView": "form",  # Colab
    "jupyter": {"source_hidden": True},  # JupyterLab
    "tags": ["hide-input"],
}
FOLDING_TAGS = {"hide-input", "hide-cell", "remove-input", "remove-cell", "check"}
METADATA = {
    "colab": {"provenance": [], "toc_visible": True},
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
INSTALL = '''\
# Installs the book's library where it is missing, as on Colab.
import importlib.util

if importlib.util.find_spec("initbook") is None:
    %pip install -q "initbook @ git+{repository}@{branch}"'''
ORIGIN = "*This notebook is made from [the chapter's page]({address}), which has the live figures.*"
HEADING = re.compile(r"(#+) ")
OPENING = re.compile(r"#+ |\*\*Exercise\b")

logger = logging.getLogger(__name__)


def setup(app):
    app.connect("build-finished", write_notebooks, priority=900)  # after myst-nb wrote its own


def write_notebooks(app, exception):
    """Write every chapter's notebook beside the site, and into it for the download button."""
    if exception or app.builder.name != "html":
        return
    folder = Path(app.outdir).parent / "notebooks"
    shutil.rmtree(folder, ignore_errors=True)
    theme = app.config.html_theme_options
    install = INSTALL.format(
        repository=theme["repository_url"], branch=theme.get("repository_branch", "main")
    )
    exercises = {}
    for docname in sorted(app.env.found_docs - {app.config.root_doc}):
        if "kernelspec" not in app.env.metadata[docname]:
            continue
        try:
            exercises |= exercises_of(app, docname)
            notebook = make_notebook(app, docname, install)
        except Unsupported as problem:
            logger.warning(
                "%s; say it another way, or teach bookbuild/notebook/directives.py.", problem,
                location=(docname, problem.line + 1), type="bookbuild", subtype="notebook",
            )  # fmt: skip
            continue
        for place in (folder, Path(app.outdir) / "_sources"):
            file = place / f"{docname}.ipynb"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8", newline="\n")
    write_handout(app, install, exercises, folder)


def make_notebook(app, docname, install):
    page = Page(app, docname)
    source = Path(app.env.doc2path(docname)).read_text(encoding="utf-8")
    converter = Converter(page, app.env.myst_config)
    parts = with_captions(joined_folds(parts_of(source, converter)), converter)
    parts = number_headings(parts, page.section_numbers())
    title, *others = parts
    if not title[1].startswith("# "):
        raise Unsupported("a chapter starts with its title", 0)
    cells = [
        nbformat.v4.new_markdown_cell(f"{title[1]}\n\n{ORIGIN.format(address=page.address)}"),
        nbformat.v4.new_code_cell(install),
        *cells_of(others),
    ]
    name_cells(cells)
    notebook = nbformat.v4.new_notebook(metadata=METADATA, cells=cells)
    nbformat.validate(notebook)
    return notebook


def joined_folds(parts):
    """Let a fold swallow all up to its end, cells too: a solution's code is to be read, not run."""
    open_folds, inside = 0, []
    for kind, part in parts:
        if kind == "text":
            open_folds += part.count("<details") - part.count("</details>")
        if open_folds or inside:
            inside.append(part if kind == "text" else f"```python\n{part.source}\n```")
            if not open_folds:
                yield "text", "\n\n".join(inside)
                inside = []
        else:
            yield kind, part
    if inside:
        raise Unsupported(f"the fold {inside[0].splitlines()[0]!r} is never closed", 0)


def with_captions(parts, converter):
    """Add the captions that the page sets below a cell's figure; the notebook's cell shows none."""
    for kind, part in parts:
        yield kind, part
        figure = part.metadata.get("mystnb", {}).get("figure", {}) if kind == "code" else {}
        if "caption" in figure:
            if "name" not in figure:
                raise Unsupported("a cell's figure has a caption, so it needs a name", part.line)
            number = converter.page.number("figure", figure["name"], part.line)
            yield "text", converter.text(f"**Fig. {number}.** {figure['caption']}", part.line)


def number_headings(parts, numbers):
    """Give the headings the numbers that they bear on the page."""
    chapter = min(numbers, key=len, default=())
    counts = []
    for kind, part in parts:
        if kind == "text" and (heading := HEADING.match(part)):
            level = len(heading[1]) - 1
            counts = [*counts[:level], *[0] * (level - len(counts))]
            if level:
                counts[-1] += 1
            number = (*chapter, *counts)
            if number in numbers:
                dotted = ".".join(map(str, number))
                part = f"{heading[0]}{dotted}. {part[heading.end() :]}"
        yield kind, part


def cells_of(parts):
    """Blocks gathered into cells: a heading or an exercise opens one, or a change of kind."""
    gathered, saying, said = [], False, False
    for kind, part in [*parts, ("end", "")]:
        says = kind == "text" and bool(MARK.search(part))
        if gathered and (kind != "text" or says != saying or OPENING.match(part)):
            yield prose_cell("\n\n".join(gathered), saying, first=not said)
            said = said or saying
            gathered = []
        saying = says
        if kind == "text":
            gathered.append(part)
        elif kind == "code":
            yield code_cell(part)


def prose_cell(text, saying, first):
    if not saying:
        return nbformat.v4.new_markdown_cell(text)
    quotes = "'''" if '"""' in text else '"""'
    source = f"say(r{quotes}\n{text}\n{quotes})"
    if first:
        source = f"from initbook.prose import say\n\n{source}"
    return nbformat.v4.new_code_cell(source, metadata=FOLDED)


def code_cell(cell):
    tags = set(cell.metadata.get("tags", []))
    metadata = dict(FOLDED) if tags & FOLDING_TAGS else {}
    if kept := sorted(
        {tag for tag in tags if tag != "check" and not tag.startswith(("hide-", "remove-"))}
    ):
        metadata["tags"] = [*metadata.get("tags", []), *kept]
    return nbformat.v4.new_code_cell(cell.source, metadata=metadata)


def name_cells(cells):
    """Ids that depend on nothing but the cell, so that they stay the same from build to build."""
    seen = {}
    for cell in cells:
        name = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        seen[name] = seen.get(name, 0) + 1
        cell.id = name if seen[name] == 1 else f"{name}-{seen[name]}"
