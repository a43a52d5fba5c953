"""MyST to plain Markdown: what any notebook front end can show, with nothing of MyST left in it.

A page's blocks are found by the parser that builds the page, so both agree on what a fence, a list
or a formula is. Text outside directives, roles, formulas and links is passed on as it was written.
What the book knows (numbers, addresses) comes from a `Page` of bookbuild/notebook/references.py.
"""

import re

from docutils.parsers.rst.directives.misc import TestDirective
from markdown_it.renderer import RendererHTML
from myst_nb.core.read import read_myst_markdown_notebook
from myst_parser.parsers.directives import parse_directive_text
from myst_parser.parsers.mdit import create_md_parser

from bookbuild.macros import expand
from bookbuild.notebook.directives import DIRECTIVES, Directive
from bookbuild.notebook.plaintext import Unsupported, indented, raw_syntax
from initbook.prose import MARK

INLINE = re.compile(
    r"(?P<escape>\\[\\`$\[{])"
    r"|\{(?P<role>[\w+:-]+)\}(?P<roleticks>`+)(?P<content>.+?)(?<!`)(?P=roleticks)(?!`)"
    r"|(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)"
    r"|(?P<formula>\$\$.+?\$\$|\$(?!\s).+?(?<![\s\\])\$(?!\d))"
    r"|(?P<empty>\[\])?(?P<link>\]\(|(?<=\[\])\()(?P<target>[^()\s]+)\)",
    re.S,
)
PASSED_ON = {
    "blockquote", "bullet_list", "code_block", "heading", "hr", "html_block",
    "list_item", "ordered_list", "paragraph", "table", "tbody", "td", "th", "thead", "tr",
}  # fmt: skip
DROPPED = {"myst_target", "myst_line_comment", "myst_block_break"}


class Converter:
    """Turns one page's MyST into plain Markdown."""

    def __init__(self, page, myst_config):
        self.page = page
        self.parser = create_md_parser(myst_config, RendererHTML).disable("inline")

    def text(self, source, line):
        return "\n\n".join(self.blocks(source, line))

    def blocks(self, source, line):
        """The top-level blocks of a text that starts on `line`, converted."""
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
        if "assumes" in str(tokens[0].attrs.get("class", "")).split():
            return f"*{text}*"
        return text

    def leaf(self, token, lines, line):
        """The lines that stand for a paragraph's text, a fence, a formula or a comment."""
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
        # As on the page: a nested fence right below is no option, though it starts with a colon.
        nested = "\n" if token.content.startswith(":::") else ""
        parsed = parse_directive_text(TestDirective, first_line[2], nested + token.content)
        directive = Directive(
            name=first_line[1],
            argument=" ".join(parsed.arguments),
            options=parsed.options,
            body="\n".join(parsed.body).strip("\n"),
            line=line,
            inside=line + 1 + parsed.body_offset - len(nested),
        )
        if directive.name not in DIRECTIVES:
            raise Unsupported(
                f"the directive {{{directive.name}}} has no plain form in a notebook", line
            )
        return DIRECTIVES[directive.name](self, directive)

    def formula(self, tex, label, line):
        tag = ""
        if label:
            tag = rf" \tag{{{self.page.equation_number(label, line)}}}"
        return f"$$\n{expand(tex.strip())}{tag}\n$$"

    def inline(self, text, line):
        """Roles, formulas and links within a paragraph; code and escapes are left alone."""

        def rewritten(match):
            here = line + text.count("\n", 0, match.start())
            if match["role"]:
                return self.role(match["role"], re.sub(r"\s*\n[ >]*", " ", match["content"]), here)
            if match["formula"]:
                return expand(re.sub(r"\s*\n[ >]*", " ", match["formula"]))
            if match["target"]:
                return self.page.link(match["target"], here, empty=bool(match["empty"]))
            return match[0]

        return INLINE.sub(rewritten, text)

    def role(self, name, content, line):
        if name == "given":
            return content
        if name == "glue:text" and MARK.fullmatch(f"[[{content}]]"):
            return f"[[{content}]]"
        if self.page.is_reference(name):
            return self.page.reference(name, content, line)
        raise Unsupported(f"the role {{{name}}} has no plain form in a notebook", line)


def parts_of(source, converter):
    """The chapter in order: ("text", block) for every block, ("code", cell) for every cell."""
    lines = source.splitlines()
    config = converter.parser.options["myst_config"]
    chapter = read_myst_markdown_notebook(source, config, add_source_map=True)
    for cell, start in zip(chapter.cells, chapter.metadata["source_map"], strict=True):
        if cell.cell_type == "code":
            cell.line = start
            yield "code", cell
        elif cell.cell_type == "markdown":
            while not lines[start].strip():
                start += 1
            for block in converter.blocks(cell.source, start):
                if raw := raw_syntax(block):
                    raise Unsupported(f"{raw!r} would be left raw in the notebook", start)
                yield "text", block
        else:
            raise Unsupported("a raw cell has no plain form in a notebook", start)
