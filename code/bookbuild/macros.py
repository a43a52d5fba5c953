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


def expand(tex):
    r"""Write every macro out. None takes an argument, and each ends in a brace.

    >>> expand(r"\E[x] \Eta")
    '\\operatorname{E}[x] \\Eta'
    """
    return COMMAND.sub(lambda command: MACROS.get(command[0], command[0]), tex)
