"""A page's number is the one in its file's name, also while other chapters are unwritten.

A chapter's deeper page bears its chapter's number behind a D: D4, its first section D4.1.
"""

import re

from docutils import nodes
from sphinx_external_toc.collectors import TocTreeCollectorWithStyles

NUMBERED = re.compile(r"(chapters|deeper)/(\d+)-")


def setup(app):
    assign = TocTreeCollectorWithStyles.assign_section_numbers

    def assign_then_renumber(collector, env):
        rewritten = assign(collector, env)
        renumber(env)
        return rewritten

    TocTreeCollectorWithStyles.assign_section_numbers = assign_then_renumber


def renumber(env):
    """Replace the first part of every section number of a page: 1.2 becomes 11.2, or D11.2."""
    for docname, numbers in env.toc_secnumbers.items():
        if not (match := NUMBERED.match(docname)):
            continue
        page = int(match[2]) if match[1] == "chapters" else f"D{int(match[2])}"
        for anchor, number in numbers.items():
            numbers[anchor] = (page, *number[1:])
        env.titles[docname]["secnumber"] = [page]  # a list, as the collector keeps it
        for reference in env.tocs[docname].findall(nodes.reference):
            if "secnumber" in reference:
                reference["secnumber"] = [page, *reference["secnumber"][1:]]
