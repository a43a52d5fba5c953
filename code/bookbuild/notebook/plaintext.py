"""Plain Markdown's own pieces: quotes, folds, code set apart; and a search for what isn't plain."""

import re

CODE = re.compile(
    r"^[ >]*(?P<fence>`{3,}|~{3,})[^\n]*\n.*?^[ >]*(?P=fence)[ ]*$"
    r"|(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)",
    re.M | re.S,
)
FORMULA = re.compile(r"(?<!\\)(\$\$?)(?!\$).+?(?<!\\)\1", re.S)
RAW = re.compile(  # what must not be left outside code and formulas
    r"^[ >]*(?:`{3,}|~{3,}|:{3,})|\{[\w+:-]+\}`|^[ >]*\([\w.:-]+\)=|^[ >]*:[\w-]+:(?=\s|$)"
    r"|^[ >]*\{[.#][^}]*\}$|^%|\{\{|<(?:project|path|inv):|\[\^|\]\{",
    re.M,
)


class Unsupported(Exception):
    """The source holds something that has no plain form here; `line` counts from 0."""

    def __init__(self, message, line):
        super().__init__(message)
        self.line = line


END_OF_FOLD = "\n\n</details>"


def folded(title, content):
    """The blank lines matter: without them Colab shows the inside as text."""
    return f"<details><summary>{title}</summary>\n\n{content}{END_OF_FOLD}"


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
    """Each formula on one line: in a quote, a `>` within it would be read as a part of it."""
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
    prose = CODE.sub(lambda code: "" if code["fence"] else "`", text)  # a role ends in code
    prose = FORMULA.sub("", prose)
    found = RAW.search(prose)
    return prose[found.start() :].splitlines()[0] if found else None
