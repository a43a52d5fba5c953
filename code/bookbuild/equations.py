"""Every display equation is a definition, an assumption, or a claim that a cell has checked.

The label's first syllable says which: def-, as-, eq-. A claim's check is a call of
`initbook.equations.holds` in the same chapter, and what it found lies in the executed cell's
output. The page gets a small mark at each claim that leads to its check. A cell tagged `check` does
nothing but check: it is folded, and the mark opens it, as browsers unfold what an address points
into. The directive `equation-table` lists all equations.

Where a check gives the symbols their values, the formula that is printed is evaluated with them,
and must be what was checked (bookbuild/printed.py).
"""

import ast
import json
import re
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.util import logging
from sphinx.util.osutil import relative_uri

from initbook.prose import scientific

KINDS = {"def": "definition", "as": "assumption", "eq": "claim"}
CALL = re.compile(r'\bholds\(\s*"([\w-]+)"')
HEAD = ("Equation", "Check", "Error", "Allowed", "Printed")
MARK = (
    '<a class="check-mark" href="#check-{label}" title="Checked by a cell: {by}"'
    ' aria-label="To the check of this equation">✓</a>'
)
logger = logging.getLogger(__name__)


def setup(app):
    app.add_directive("equation-table", EquationTable)
    app.add_node(equation_table)
    app.add_node(folded_check, html=(open_fold, close_fold))
    app.connect("env-purge-doc", lambda app, env, docname: found(env).pop(docname, None))
    app.connect("doctree-read", collect, priority=400)
    app.connect("env-updated", lambda app, env: list(getattr(env, "equation_pages", ())))
    app.connect("doctree-resolved", fill_tables)


def found(env):
    """For each document its equations in order: {label: [check, …]}."""
    if not hasattr(env, "equation_checks"):
        env.equation_checks, env.equation_pages = {}, set()
    return env.equation_checks


def collect(app, doctree):
    docname = app.env.docname
    checks = checks_run(app, docname)
    equations = {}
    for block in doctree.findall(nodes.math_block):
        label = block.get("label") or ""
        if not kind_of(label):
            complain("a display equation is labeled %r; begin with def-, as- or eq-", label, block)
            continue
        equations[label] = [check for check in checks if check["label"] == label]
        if label.startswith("eq-") and not equations[label]:
            complain('no cell checks %s: call holds("%s", …)', (label, label), block)
        for fault in misprints_of(block.astext(), equations[label]):
            complain("the print of %s is not what is checked: %s", (label, fault), block)
    for check in checks:
        if check["label"] not in equations:
            complain("a check names %r, which is no equation here", check["label"], doctree)
    for code in list(doctree.findall(is_input)):
        cell, labels = code.parent.parent, list(dict.fromkeys(CALL.findall(code.astext())))
        for label in labels:
            if f"check-{label}" not in doctree.ids:
                doctree.ids[f"check-{label}"] = cell
                cell["ids"].append(f"check-{label}")
        if "tag_check" in cell["classes"]:
            cell.attributes.pop("hide_mode", None)  # one fold is enough
            cell.replace_self(folded_check("", cell.deepcopy(), labels=labels, docname=docname))
    for label, checks_of_it in equations.items():
        if checks_of_it and f"check-{label}" not in doctree.ids:
            complain("the check of %s hides its label: write it out in the call", label, doctree)
    if equations:
        found(app.env)[docname] = equations


def checks_run(app, docname):
    """What the executed cells recorded; myst-nb keeps it beside the executed notebook."""
    names = getattr(app.env, "nb_metadata", {}).get(docname, {}).get("glue", ())
    if not any(name.startswith("check ") for name in names):
        return []
    return checks_in(Path(app.outdir).parent / "jupyter_execute" / docname)


def checks_in(page):
    glued = json.loads(page.with_suffix(".glue.json").read_text(encoding="utf-8"))
    return [
        json.loads(ast.literal_eval(value["data"]["text/plain"]))
        for name, value in glued.items()
        if name.startswith("check ")
    ]


def misprints_of(tex, checks):
    bound = [values_of(check) for check in checks if "where" in check]
    if not bound:
        return []
    from bookbuild.printed import misprints  # which brings SymPy and its reader of TeX

    return misprints(tex, bound)


def values_of(check):
    """The values of its symbols and of its right-hand side: numbers, lists, SymPy's expressions."""
    return {key: decoded(value) for key, value in check["where"].items()}, decoded(check["right"])


def decoded(value):
    if not isinstance(value, dict):
        return value
    import sympy

    return sympy.sympify(value["sympy"])


def is_input(node):
    return isinstance(node, nodes.literal_block) and "cell_input" in node.parent.get("classes", [])


def complain(message, arguments, location):
    arguments = arguments if isinstance(arguments, tuple) else (arguments,)
    logger.warning(message, *arguments, location=location, type="bookbuild", subtype="equation")


def mark_of(env, docname, label):
    """Beside the number of a claim, a link to the cell that checks it."""
    checks = found(env).get(docname, {}).get(label)
    return MARK.format(label=label, by=checks[0]["by"]) if checks else ""


class folded_check(nodes.General, nodes.Element):
    """A cell that only checks, behind a summary that stays out of the reader's way."""


def open_fold(translator, node):
    numbers = [f"({number_of(translator.builder.env, node['docname'], n)})" for n in node["labels"]]
    what = f"check of {', '.join(numbers)}" if numbers else "check"
    translator.body.append(f'<details class="check"><summary>✓ {what}</summary>\n')


def close_fold(translator, node):
    translator.body.append("</details>\n")


class equation_table(nodes.General, nodes.Element):
    """The place of the table; it is filled once every chapter has been read."""


class EquationTable(Directive):
    """All equations of the book: what each is, how it is checked, and how closely."""

    def run(self):
        env = self.state.document.settings.env
        found(env)
        env.equation_pages.add(env.docname)
        return [equation_table()]


def fill_tables(app, doctree, docname):
    for place in list(doctree.findall(equation_table)):
        tables = (chapter_table(app, docname, chapter) for chapter in in_order(found(app.env)))
        place.replace_self([node for table in tables for node in table])


def in_order(docnames):
    """Each chapter with its deeper page behind it: both are named NN-…, in folders of their own."""
    return sorted(docnames, key=lambda docname: docname.split("/")[::-1])


def chapter_table(app, docname, chapter):
    """The chapter's title, and its equations, a row a check."""
    title = app.env.titles[chapter]
    number = "".join(f"{n}. " for n in title.get("secnumber", ()))
    uri = relative_uri(app.builder.get_target_uri(docname), app.builder.get_target_uri(chapter))
    rows = []
    for label, checks in found(app.env)[chapter].items():
        for check in checks or [None]:
            row = [link(f"({number_of(app.env, chapter, label)})", f"{uri}#equation-{label}")]
            if not check:
                row.append(nodes.Text(kind_of(label)))
            else:
                row.append(link(check["by"], f"{uri}#check-{label}"))
                row += [nodes.Text(size_in_words(check[key])) for key in ("error", "bound")]
                row.append(nodes.Text(check.get("unbound", "bound" if "where" in check else "")))
            rows.append(row)
    return nodes.rubric("", f"{number}{title.astext()}"), filled_table(rows)


def number_of(env, docname, label):
    numbers = env.toc_fignumbers.get(docname, {}).get("displaymath", {})
    return ".".join(map(str, numbers.get(f"equation-{label}", ())))


def kind_of(label):
    return KINDS.get(label.partition("-")[0])


def link(text, uri):
    return nodes.reference("", text, refuri=uri, internal=True)


def size_in_words(error):
    return scientific(error) if error else "exact"


def filled_table(rows):
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in HEAD), cols=len(HEAD))
    group += nodes.thead("", filled_row([nodes.Text(word) for word in HEAD]))
    group += nodes.tbody("", *map(filled_row, rows))
    return nodes.table("", group, classes=["equations"])


def filled_row(cells):
    cells = cells + [nodes.Text("")] * (len(HEAD) - len(cells))
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells))
