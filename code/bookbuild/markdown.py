"""MyST to plain Markdown: what any notebook front end can show, with nothing of MyST left in it.

A page's blocks are found by the parser that builds the page, so both agree on what a fence, a list
or a formula is. Text outside directives, roles, formulas and links is passed on as it was written.
What the book knows (numbers, addresses) comes from a `Page` of bookbuild/references.py.
"""

import re
from dataclasses import dataclass
from textwrap import dedent

from docutils.parsers.rst.directives.misc import TestDirective
from markdown_it.renderer import RendererHTML
from myst_parser.parsers.directives import parse_directive_text
from myst_parser.parsers.mdit import create_md_parser

from bookbuild.macros import expand

CODE = re.compile(
    r"^[ >]*(?P<fence>`{3,}|~{3,})[^\n]*\n.*?^[ >]*(?P=fence)[ ]*$"
    r"|(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)",
    re.M | re.S,
)
FORMULA = re.compile(r"(?<!\\)(\$\$?)(?!\$).+?(?<!\\)\1", re.S)
INLINE = re.compile(
    r"(?P<escape>\\[\\`$\[{])"
    r"|\{(?P<role>[\w+:-]+)\}(?P<roleticks>`+)(?P<content>.+?)(?<!`)(?P=roleticks)(?!`)"
    r"|(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)"
    r"|(?P<formula>\$\$.+?\$\$|\$(?!\s).+?(?<![\s\\])\$(?!\d))"
    r"|(?P<empty>\[\])?(?P<link>\]\(|(?<=\[\])\()(?P<target>[^()\s]+)\)",
    re.S,
)
RAW = re.compile(  # what must not be left outside code and formulas
    r"^[ >]*(?:`{3,}|~{3,}|:{3,})|\{[\w+:-]+\}`|^[ >]*\([\w.:-]+\)=|^[ >]*:[\w-]+:(?=\s|$)"
    r"|^%|\{\{|<(?:project|path|inv):|\[\^|\]\{",
    re.M,
)
DEFINITION = re.compile(r"^(\S.*)\n+:\s+", re.M)
PASSED_ON = {
    "blockquote", "bullet_list", "dd", "dl", "dt", "heading", "hr", "html_block", "list_item", "ordered_list",
    "paragraph", "table", "tbody", "td", "th", "thead", "tr", "code_block",
}  # fmt: skip
DROPPED = {"myst_target", "myst_line_comment", "myst_block_break"}
ADMONITIONS = {
    "note", "tip", "hint", "important", "warning", "caution", "attention", "danger", "seealso",
}  # fmt: skip
STATEMENTS = {
    f"prf:{kind}" for kind in
    "assumption corollary definition example lemma observation property proposition remark theorem"
    .split()
}  # fmt: skip


class Unsupported(Exception):
    """The source holds something that has no plain form here; `line` counts from 0."""

    def __init__(self, message, line):
        super().__init__(message)
        self.line = line


@dataclass
class Directive:
    """A directive as written: `argument` is the rest of its first line."""

    name: str
    argument: str
    options: dict
    body: str
    line: int


class Converter:
    """Turns one page's MyST into plain Markdown."""

    def __init__(self, page, myst_config):
        self.page = page
        self.parser = create_md_parser(myst_config, RendererHTML).disable("inline")

    def text(self, source, line):
        return "\n\n".join(self.blocks(source, line))

    def blocks(self, source, line):
        """The top-level blocks (paragraphs, lists, …) of a text that starts on `line`, converted."""
        lines, converted, group, depth = source.splitlines(), [], [], 0
        for token in self.parser.parse(source + "\n"):
            group.append(token)
            depth += token.nesting
            if depth == 0:
                converted.append(self.block(group, lines, line))
                group = []
        return [block for block in converted if block]

    def block(self, tokens, lines, line):
        """One block: the leaves among its tokens are rewritten, the lines between them stay."""
        at, stop = tokens[0].map
        written = []
        for token in tokens:
            name = token.type.removesuffix("_open").removesuffix("_close")
            if name in PASSED_ON or token.map[0] < at:
                continue
            first, last = token.map
            written += lines[at:first]
            written += self.leaf(token, lines[first:last], line + first)
            at = last
        text = "\n".join(written + lines[at:stop]).strip("\n")
        return DEFINITION.sub(r"**\1**: ", text) if tokens[0].type == "dl_open" else text

    def leaf(self, token, lines, line):
        """The lines that stand for a paragraph's text, a fence, a formula, a target or a comment."""
        if token.type == "inline":
            return self.inline("\n".join(lines), line).split("\n")
        if token.type == "fence" and not token.info.startswith("{"):
            return lines
        if token.type in DROPPED:
            text = ""
        elif token.type in {"fence", "colon_fence"}:
            text = self.directive(token, line)
        elif token.type in {"math_block", "math_block_label"}:
            text = self.formula(token.content, token.info, line)
        else:
            raise Unsupported(f"{token.type} has no plain form in a notebook", line)
        return indented(text, lines[0][: lines[0].index(token.markup or lines[0].strip()[:1])])

    def directive(self, token, line):
        first_line = re.fullmatch(r"\{([^\s}]+)\}\s*(.*)", token.info.strip(), re.S)
        if not first_line:
            raise Unsupported(f"the fence {token.info.strip()!r} names no directive", line)
        # As on the page: a nested fence right below is no option, which would start with a colon too.
        nested = "\n" if token.content.startswith(":::") else ""
        parsed = parse_directive_text(TestDirective, first_line[2], nested + token.content)
        directive = Directive(
            name=first_line[1],
            argument=" ".join(parsed.arguments),
            options=parsed.options,
            body="\n".join(parsed.body).strip("\n"),
            line=line + 1 + parsed.body_offset - len(nested),
        )
        return DIRECTIVES.get(directive.name, no_such_directive)(self, directive)

    def formula(self, tex, label, line):
        tag = ""
        if label:
            tag = rf" \tag{{{self.page.equation_number(label, line)}}}"
        return f"$$\n{self.expanded(tex.strip(), line)}{tag}\n$$"

    def expanded(self, tex, line):
        try:
            return expand(tex)
        except ValueError as error:
            raise Unsupported(str(error), line) from error

    def inline(self, text, line):
        """Roles, formulas and links within a paragraph; code and escapes are left alone."""

        def rewritten(match):
            here = line + text.count("\n", 0, match.start())
            if match["role"]:
                return self.role(match["role"], re.sub(r"\s*\n[ >]*", " ", match["content"]), here)
            if match["formula"]:
                return self.expanded(re.sub(r"\s*\n[ >]*", " ", match["formula"]), here)
            if match["target"]:
                return self.page.link(match["target"], here, empty=bool(match["empty"]))
            return match[0]

        return INLINE.sub(rewritten, text)

    def role(self, name, content, line):
        if name in PLAIN_ROLES:
            return PLAIN_ROLES[name].format(content)
        if name == "math":
            return f"${self.expanded(content, line)}$"
        if name == "glue:text" and "::" not in content:
            return f"[[{content}]]"
        if name == "download":
            return self.page.download(content, line)
        if self.page.is_reference(name):
            return self.page.reference(name, content, line)
        raise Unsupported(f"the role {{{name}}} has no plain form in a notebook", line)


PLAIN_ROLES = {
    "given": "{}", "abbr": "{}", "code": "`{}`", "kbd": "<kbd>{}</kbd>",
    "sub": "<sub>{}</sub>", "sup": "<sup>{}</sup>",
}  # fmt: skip


def no_such_directive(converter, directive):
    raise Unsupported(
        f"the directive {{{directive.name}}} has no plain form in a notebook", directive.line - 1
    )


def formula(converter, directive):
    tex = "\n".join(filter(None, [directive.argument, directive.body]))
    return converter.formula(tex, directive.options.get("label"), directive.line)


def admonition(converter, directive):
    if directive.name == "admonition":
        title, body = directive.argument, directive.body
    else:
        title = "See also" if directive.name == "seealso" else directive.name.capitalize()
        body = "\n".join(filter(None, [directive.argument, directive.body]))
    content = converter.text(body, directive.line)
    return boxed(converter.inline(title, directive.line), content, directive)


def dropdown(converter, directive):
    title = converter.inline(directive.argument, directive.line)
    return folded(title, converter.text(directive.body, directive.line))


def statement(converter, directive):
    """A theorem, a definition, …: numbered, and boxed as on the page."""
    kind = directive.name.removeprefix("prf:")
    title = numbered_title(converter, directive, kind.capitalize(), kind)
    return boxed(title, converter.text(directive.body, directive.line), directive)


def proof(converter, directive):
    return converter.text(f"*Proof.* {directive.body}", directive.line)


def exercise(converter, directive):
    """Its title and text; between exercise-start and exercise-end the cells stay cells."""
    title = numbered_title(converter, directive, "Exercise", "exercise")
    return f"**{title}**\n\n{converter.text(directive.body, directive.line)}".strip()


def numbered_title(converter, directive, word, kind):
    number = ""
    if "nonumber" not in directive.options:
        label = directive.options.get("label")
        if not label:
            raise Unsupported(f"{{{directive.name}}} needs a :label:, or :nonumber:", directive.line)
        number = " " + converter.page.number(kind, label, directive.line)
    name = converter.inline(directive.argument, directive.line)
    return f"{word}{number} ({name})" if name else f"{word}{number}"


def solution(converter, directive):
    return solution_start(converter, directive) + solution_end(converter, directive)


def solution_start(converter, directive):
    title = f"Solution to {converter.page.reference('ref', directive.argument, directive.line)}"
    return folded(title, converter.text(directive.body, directive.line)).removesuffix(END_OF_FOLD)


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
        raise Unsupported(f"{{{directive.name}}} has a caption, so it needs a :name:", directive.line)
    number = converter.page.number(kind, name, directive.line)
    return converter.text(f"**{word} {number}.** {caption}", directive.line)


def table(converter, directive):
    rows = directive.body
    if directive.name == "list-table":
        rows = rows_of_list(directive)
    content = converter.text(rows, directive.line)
    if directive.argument:
        caption = captioned(converter, directive, "Table", "table", directive.argument)
        return f"{caption}\n\n{content}"
    return content


def rows_of_list(directive):
    """A list of lists as a Markdown table, whose first row is its head."""
    rows = [
        [re.sub(r"\s*\n\s*", " ", cell).strip() for cell in re.split(r"^\s+-(?=\s|$)", row, flags=re.M)]
        for row in re.split(r"^[*-] (?=- |-$)", directive.body, flags=re.M)[1:]
    ]
    rows = [[cells[0].removeprefix("-").strip(), *cells[1:]] for cells in rows]
    rows = [[without_bars(cell) for cell in cells] for cells in rows]
    head = rows.pop(0) if directive.options.get("header-rows", "0") == "1" else [" "] * len(rows[0])
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
    return quoted(converter.text(directive.body, directive.line))


def tabs(converter, directive):
    return converter.text(directive.body, directive.line)


def tab(converter, directive):
    title = converter.inline(directive.argument, directive.line)
    return f"**{title}**\n\n{converter.text(directive.body, directive.line)}"


def glossary(converter, directive):
    """Terms stand at the margin, their meanings indented below."""
    entries = re.split(r"\n(?=\S)", directive.body)
    parts = (entry.partition("\n") for entry in entries)
    source = "\n\n".join(f"**{term}**: {dedent(meaning).strip()}" for term, _, meaning in parts)
    return converter.text(source, directive.line)


def bibliography(converter, directive):
    return "\n".join(f"- {work}" for work in converter.page.works())


DIRECTIVES = {
    "math": formula,
    "admonition": admonition,
    **dict.fromkeys(ADMONITIONS, admonition),
    "dropdown": dropdown,
    **dict.fromkeys(STATEMENTS, statement),
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
END_OF_FOLD = "\n\n</details>"


def folded(title, content):
    """The blank lines matter: without them Colab shows the inside as text."""
    return f"<details><summary>{title}</summary>\n\n{content}{END_OF_FOLD}"


def boxed(title, content, directive):
    if "dropdown" in directive.options.get("class", ""):
        return folded(title, content)
    return quoted(f"**{title}**\n\n{content}")


def quoted(text):
    return "\n".join(f"> {line}".rstrip() for line in on_one_line(text).splitlines())


def indented(text, prefix):
    """Lines that take the place of a block in a list or a quote, which `prefix` opened."""
    if not text:
        return [prefix.rstrip()] if prefix.strip(" >") else []
    if ">" in prefix:
        text = on_one_line(text)
    rest = re.sub(r"[^\s>]", " ", prefix)
    first, *others = text.split("\n")
    return [prefix + first, *((rest + line).rstrip() for line in others)]


def on_one_line(text):
    """Each formula on a line of its own: in a quote, a `>` within it would be read as part of it."""
    return outside_code(lambda part: FORMULA.sub(lambda f: " ".join(f[0].split()), part), text)


def outside_code(edit, text):
    """Apply `edit` to all of a Markdown text but its code."""
    parts, at = [], 0
    for code in CODE.finditer(text):
        parts += [edit(text[at : code.start()]), code[0]]
        at = code.end()
    return "".join([*parts, edit(text[at:])])


def raw_syntax(text):
    """The first line of MyST left in a finished Markdown text, if any."""
    prose = FORMULA.sub("", CODE.sub("", text))
    found = RAW.search(prose)
    return prose[found.start() :].splitlines()[0] if found else None
