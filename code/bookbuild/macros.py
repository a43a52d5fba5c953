r"""The book's mathematical macros: KaTeX reads them on the page, the notebooks get them expanded."""

MACROS = {
    r"\E": r"\operatorname{E}",
    r"\Var": r"\operatorname{Var}",
    r"\Cov": r"\operatorname{Cov}",
    r"\Normal": r"\mathcal{N}",
    r"\Uniform": r"\mathcal{U}",
    r"\R": r"\mathbb{R}",
    r"\fanin": r"n_{\text{in}}",
    r"\fanout": r"n_{\text{out}}",
}
