"""Numbers in sentences: a cell glues what it measured, the prose prints it.

On the page ``{glue:text}`name:.2f` `` prints a glued value. In a chapter's notebook the same
sentence is a small folded cell that calls `say`, and so it tells what was computed just above it.
"""

import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

MARK = re.compile(r"\[\[([A-Za-z_][\w-]*)(?::([^\[\]]*))?\]\]")
RECORD = "application/papermill.record/"  # what the page's builder looks for in a cell's output

SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

_glued: dict[str, int | float | str] = {}


def glue(name: str, value: Any) -> None:
    """Remember a measured number or word under a name, for the sentences that print it.

    `name` is what ``{glue:text}`name` `` and ``say("[[name]]")`` call it; `value` is a Python
    number or string, or a NumPy or torch scalar. Raises TypeError for anything else.

    Used in every chapter.

    >>> glue("answer", 42.0)
    >>> say("The answer is [[answer:.1f]].")
    The answer is 42.0.
    """
    plain = value.item() if getattr(value, "ndim", None) == 0 else value
    if not isinstance(plain, (int, float, str)):
        raise TypeError(f"glue() takes a number or a word, but {name!r} is {value!r}.")
    _glued[name] = plain
    record(name, plain)


def record(name: str, value: int | float | str) -> None:
    """Leave a number or word in the cell's output, for the page's builder; no reader sees it.

    >>> record("answer", 42)
    """
    if notebook_is_running():
        from IPython.display import display

        mark = {"scrapbook": {"name": name, "mime_prefix": RECORD}}
        display({f"{RECORD}text/plain": repr(value)}, raw=True, metadata=mark)


def say(text: str) -> None:
    """Show a text in Markdown, each ``[[name:format]]`` in it replaced by the value glued before.

    The format is that of Python's `format`, and may be left out. Raises LookupError where nothing
    has been glued under a name that the text asks for, ValueError where a value can't be written
    in the format asked for.

    Used in every chapter's notebook.

    >>> glue("share", 0.924)
    >>> say("[[share:.0%]] of the units are saturated.")
    92% of the units are saturated.
    """
    sentence = MARK.sub(lambda mark: formatted(mark[1], mark[2] or ""), text.strip("\n"))
    if notebook_is_running():
        from IPython.display import Markdown, display

        display(Markdown(sentence))
    else:
        print(sentence)


def formatted(name: str, spec: str) -> str:
    """The glued value as `spec` asks: the same rules, and so the same figures, as on the page."""
    if name not in _glued:
        raise LookupError(
            f"No value is glued as {name!r} yet: first run the cells above this one; "
            f"the names known so far are {sorted(_glued)}."
        )
    value, kind = _glued[name], spec[-1:]
    try:
        if kind and kind in "bcdoxX":
            return format(int(value), spec)
        if kind and kind in "eEfFgGn%":
            return format(float(value), spec)
        return format(str(value), spec) if kind in ("", "s") else format(value, spec)
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"The value glued as {name!r}, {value!r}, can't be written as {spec!r}: {error}."
        ) from error


def scientific(value: float, digits: int = 0) -> str:
    """A number as a sentence writes it: 3e-07 becomes 3 × 10⁻⁷.

    Used where a quantity spans powers of ten; `digits` counts those behind the point.

    >>> scientific(2.98e-07), scientific(-81234.0, digits=1)
    ('3 × 10⁻⁷', '−8.1 × 10⁴')
    """
    mantissa, exponent = f"{value:.{digits}e}".replace("-", "−").split("e")
    power = str(int(exponent.replace("−", "-"))).translate(SUPERSCRIPT)
    return f"{mantissa} × 10{power}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Any:
    """A table in Markdown, as IPython shows it: the first column to the left, numbers to the right.

    `head` names the columns, and each of `rows` has one word for each. Raises ValueError for a row
    of another length. Chapters 2 and 11.

    >>> print(table(["start", "rms"], [["He", "1.00"]]).data)
    | start | rms |
    | :-- | --: |
    | He | 1.00 |
    """
    from IPython.display import Markdown

    lines = [head, [":--"] + ["--:"] * (len(head) - 1), *rows]
    for line in lines:
        if len(line) != len(head):
            raise ValueError(
                f"a row has {len(line)} cells, {list(line)!r}; allowed is one for each of the "
                f"{len(head)} columns."
            )
    return Markdown("\n".join("| " + " | ".join(line) + " |" for line in lines))


def notebook_is_running() -> bool:
    """Whether IPython is at work here; it is not imported for the question."""
    ipython = sys.modules.get("IPython")
    return bool(ipython and ipython.get_ipython())
