r"""The book's mathematical macros: KaTeX reads them on the page, notebooks get them expanded."""

import re

MACROS = {
    r"\E": r"\operatorname{E}",
    r"\Var": r"\operatorname{Var}",
    r"\Cov": r"\operatorname{Cov}",
    r"\Normal": r"\operatorname{N}",
    r"\Uniform": r"\operatorname{U}",
    r"\R": r"\mathbb{R}",
    r"\fanin": r"n_{\text{in}}",
    r"\fanout": r"n_{\text{out}}",
}
COMMAND = re.compile(r"\\(?:[A-Za-z]+|.)", re.S)
ARGUMENT = re.compile(r"\s*(\\(?:[A-Za-z]+|.)|[^\s{}])", re.S)


def expand(tex, macros=MACROS):
    r"""Write every macro of `macros` out, with its arguments (#1, #2, …), as TeX itself would.

    >>> expand(r"\E[x] \Eta")
    '\\operatorname{E}[x] \\Eta'
    >>> expand(r"\norm{\vec{x}}^2", {r"\norm": r"\lVert #1 \rVert"})
    '\\lVert \\vec{x} \\rVert^2'
    """
    written, at = "", 0
    while command := COMMAND.search(tex, at):
        written += tex[at : command.start()]
        at = command.end()
        if command[0] not in macros:
            written += command[0]
            continue
        meaning = macros[command[0]]
        for place in range(1, max(map(int, re.findall(r"#(\d)", meaning)), default=0) + 1):
            argument, at = read_argument(tex, at, command[0])
            meaning = meaning.replace(f"#{place}", argument)
        meaning = expand(meaning, macros)
        if re.search(r"\\[A-Za-z]+$", meaning) and tex[at : at + 1].isalpha():
            meaning += " "  # or the command at its end would swallow the next letter
        written += meaning
    return written + tex[at:]


def read_argument(tex, at, command):
    """The group in braces, or else the single sign or command, that follows; and where it ends."""
    group = re.compile(r"\s*\{").match(tex, at)
    if not group:
        if single := ARGUMENT.match(tex, at):
            return single[1], single.end()
        raise ValueError(f"{command} lacks an argument in the formula {tex!r}.")
    depth, end = 1, group.end()
    while depth and end < len(tex):
        sign = COMMAND.match(tex, end) or re.compile(".", re.S).match(tex, end)
        depth += {"{": 1, "}": -1}.get(sign[0], 0)
        end = sign.end()
    if depth:
        raise ValueError(f"the argument of {command} is not closed in the formula {tex!r}.")
    return tex[group.end() : end - 1], end
