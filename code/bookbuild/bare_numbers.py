"""Numbers in prose come from cells.

Outside code, mathematics and tables made by a cell, every decimal fraction, percentage and number
in scientific notation must be glued, stand in a sentence with a citation, or be marked as given
with the role {given}. Integers are free.
"""

import re

from docutils import nodes
from docutils.parsers.rst import roles
from sphinx.addnodes import desc, pending_xref
from sphinx.util import logging

NUMBER = re.compile(
    r"""(?<![\w.@])(?:
        \d[\d,]*\.\d+(?:e[+-]?\d+)?(?!\d*\.\d)  # 97.3, 1.5e-4; not the version 1.2.6
        | \.\d+
        | \d[\d,]*e[+-]?\d+
        | \d[\d,]*\s?(?:%|percent\b)
        | (?:\d\s?×\s?)?10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+
    )""",
    re.I | re.X,
)
SENTENCE_END = re.compile(r"(?<=[.!?…])[\s\")\]]+(?=[A-Z\x00\x01\"(])")
HIDDEN, CITED = "\x00", "\x01"
EXEMPT_CLASSES = {"pasted-text", "given"}
EXEMPT_NODES = (
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.math_block,
    nodes.raw,
    nodes.comment,
)

logger = logging.getLogger(__name__)


def setup(app):
    roles.register_local_role("given", given_role)
    app.connect("doctree-read", check_document)


def given_role(name, rawtext, text, lineno, inliner, options=None, content=None):
    """Mark a number as a setting of the experiment, as {given}`0.01`: it is no result."""
    return [nodes.inline(rawtext, text, classes=["given"])], []


def check_document(app, doctree):
    for block in doctree.findall(nodes.TextElement):
        if isinstance(block, EXEMPT_NODES) or not is_outermost(block) or inside_output(block):
            continue
        for number, sentence in bare_numbers(reduced_text(block)):
            logger.warning(
                "the number %r is bare: glue it, cite its source in the sentence, or mark it as "
                "given, in %r",
                number,
                sentence,
                location=block,
                type="bookbuild",
                subtype="number",
            )


def is_outermost(block):
    return not isinstance(block.parent, nodes.TextElement)


def inside_output(block):
    """Whether a cell made it, or autodoc did from the library, whose numbers are code."""
    node = block.parent
    while node is not None:
        if isinstance(node, desc) or "cell_output" in node.attributes.get("classes", []):
            return True
        node = node.parent
    return False


def reduced_text(node):
    """The text of a paragraph, with all that is exempt put out of sight and citations as a sign."""
    if isinstance(node, nodes.Text):
        return node.astext()
    if isinstance(node, EXEMPT_NODES) or EXEMPT_CLASSES & set(node.get("classes", [])):
        return HIDDEN
    if isinstance(node, pending_xref) and node.get("refdomain") == "cite":
        return CITED
    return "".join(reduced_text(child) for child in node.children)


def bare_numbers(text):
    for sentence in SENTENCE_END.split(text):
        if CITED not in sentence:
            for match in NUMBER.finditer(sentence):
                yield match[0], sentence.replace(HIDDEN, "…").strip()
