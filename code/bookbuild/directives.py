"""Each of MyST's directives in plain Markdown: one short function for each kind.

A function takes the converter of bookbuild/markdown.py, for the text within, and the directive.
"""

import re
from dataclasses import dataclass
from textwrap import dedent

from bookbuild.plaintext import END_OF_FOLD, FORMULA, Unsupported, folded, quoted

PLAIN_ROLES = {
    "given": "{}", "abbr": "{}", "code": "`{}`", "kbd": "<kbd>{}</kbd>",
    "sub": "<sub>{}</sub>", "sup": "<sup>{}</sup>",
}  # fmt: skip
ADMONITIONS = {
    "note", "tip", "hint", "important", "warning", "caution", "attention", "danger", "seealso",
}  # fmt: skip
STATEMENTS = {
    "assumption", "corollary", "definition", "example", "lemma", "observation", "property",
    "proposition", "remark", "theorem",
}  # fmt: skip
# What a class says on the page, where a notebook has but words.
SAID = {"guess": "Guess before you read on", "broken": "Break the assumption"}


@dataclass
class Directive:
    """A directive as written."""

    name: str
    argument: str  # the rest of its first line
    options: dict
    body: str
    line: int
    inside: int  # the line on which its body starts


def formula(converter, directive):
    tex = "\n".join(filter(None, [directive.argument, directive.body]))
    return converter.formula(tex, directive.options.get("label"), directive.inside)


def admonition(converter, directive):
    if directive.name == "admonition":
        title, body = directive.argument, directive.body
    else:
        title = "See also" if directive.name == "seealso" else directive.name.capitalize()
        body = "\n".join(filter(None, [directive.argument, directive.body]))
    for name in directive.options.get("class", "").split():
        lead = SAID.get(name, "")
        if not title.startswith(lead):
            title = f"{lead}: {title}"
    content = converter.text(body, directive.inside)
    return boxed(converter.inline(title, directive.line), content, directive)


def dropdown(converter, directive):
    title = converter.inline(directive.argument, directive.line)
    return folded(title, converter.text(directive.body, directive.inside))


def statement(converter, directive):
    """A theorem, a definition, …: numbered, and boxed as on the page."""
    kind = directive.name.removeprefix("prf:")
    title = numbered_title(converter, directive, kind.capitalize(), kind)
    return boxed(title, converter.text(directive.body, directive.inside), directive)


def proof(converter, directive):
    return converter.text(f"*Proof.* {directive.body}", directive.inside)


def exercise(converter, directive):
    """Its title and text; between exercise-start and exercise-end the cells stay cells."""
    title = numbered_title(converter, directive, "Exercise", "exercise")
    kind = " *Research.*" if "research" in directive.options.get("class", "").split() else ""
    return f"**{title}**{kind}\n\n{converter.text(directive.body, directive.inside)}".strip()


def numbered_title(converter, directive, word, kind):
    number = ""
    if "nonumber" not in directive.options:
        label = directive.options.get("label")
        if not label:
            raise Unsupported(f"{{{directive.name}}} lacks a :label: or :nonumber:", directive.line)
        number = " " + converter.page.number(kind, label, directive.line)
    name = converter.inline(directive.argument, directive.line)
    return f"{word}{number} ({name})" if name else f"{word}{number}"


def solution(converter, directive):
    return solution_start(converter, directive) + solution_end(converter, directive)


def solution_start(converter, directive):
    title = f"Solution to {converter.page.reference('ref', directive.argument, directive.line)}"
    return folded(title, converter.text(directive.body, directive.inside)).removesuffix(END_OF_FOLD)


def solution_end(converter, directive):
    return END_OF_FOLD


def nothing(converter, directive):
    return ""


def figure(converter, directive):
    """The site's image, with its alternative text; a figure has a number and a caption too."""
    address = converter.page.image(directive.argument, directive.line)
    image = f"![{directive.options.get('alt', '')}]({address})"
    if directive.name == "image":
        return image
    caption = captioned(converter, directive, "Fig.", "figure", directive.body)
    return f"{image}\n\n{caption}"


def captioned(converter, directive, word, kind, caption):
    name = directive.options.get("name")
    if not name:
        raise Unsupported(f"{{{directive.name}}} has a caption but no :name:", directive.line)
    number = converter.page.number(kind, name, directive.line)
    return converter.text(f"**{word} {number}.** {caption}", directive.line)


def table(converter, directive):
    rows = directive.body
    if directive.name == "list-table":
        rows = rows_of_list(directive)
    content = converter.text(rows, directive.inside)
    if directive.argument:
        caption = captioned(converter, directive, "Table", "table", directive.argument)
        return f"{caption}\n\n{content}"
    return content


def rows_of_list(directive):
    """A list of lists as a Markdown table, whose first row is its head."""
    rows = []
    for row in re.split(r"^[*-] (?=- |-$)", directive.body, flags=re.M)[1:]:
        cells = re.split(r"^\s*-(?=\s|$)", row, flags=re.M)[1:]
        rows.append([without_bars(" ".join(cell.split())) for cell in cells])
    has_head = directive.options.get("header-rows", "0") != "0"
    head = rows.pop(0) if has_head else [" "] * len(rows[0])
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def without_bars(cell):
    """A bar would end the cell, in a formula too."""
    cell = FORMULA.sub(lambda f: f[0].replace(r"\|", r"\Vert ").replace("|", r"\vert "), cell)
    return re.sub(r"(?<!\\)\|", r"\|", cell)


def code_block(converter, directive):
    ticks = "`" * max([3, *(len(run) + 1 for run in re.findall(r"`{3,}", directive.body))])
    return f"{ticks}{directive.argument}\n{directive.body}\n{ticks}"


def epigraph(converter, directive):
    return quoted(converter.text(directive.body, directive.inside))


def tabs(converter, directive):
    return converter.text(directive.body, directive.inside)


def tab(converter, directive):
    title = converter.inline(directive.argument, directive.line)
    return f"**{title}**\n\n{converter.text(directive.body, directive.inside)}"


def glossary(converter, directive):
    """Terms stand at the margin, their meanings indented below."""
    entries = re.split(r"\n(?=\S)", directive.body)
    parts = (entry.partition("\n") for entry in entries)
    source = "\n\n".join(f"**{term}**: {dedent(meaning).strip()}" for term, _, meaning in parts)
    return converter.text(source, directive.inside)


def bibliography(converter, directive):
    return "\n".join(f"- {work}" for work in converter.page.works())


DIRECTIVES = {
    "math": formula,
    "admonition": admonition,
    **dict.fromkeys(ADMONITIONS, admonition),
    "dropdown": dropdown,
    **{f"prf:{kind}": statement for kind in sorted(STATEMENTS)},
    "prf:proof": proof,
    "exercise": exercise,
    "exercise-start": exercise,
    "exercise-end": nothing,
    "solution": solution,
    "solution-start": solution_start,
    "solution-end": solution_end,
    "figure": figure,
    "image": figure,
    "table": table,
    "list-table": table,
    "code-block": code_block,
    "code": code_block,
    "epigraph": epigraph,
    "tab-set": tabs,
    "tab-item": tab,
    "glossary": glossary,
    "bibliography": bibliography,
}


def boxed(title, content, directive):
    if "dropdown" in directive.options.get("class", ""):
        return folded(title, content)
    return quoted(f"**{title}**\n\n{content}")
