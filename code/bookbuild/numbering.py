"""A chapter's number is the number in its file's name, also while other chapters are unwritten."""

import re

from docutils import nodes
from sphinx_external_toc.collectors import TocTreeCollectorWithStyles

CHAPTER = re.compile(r"chapters/(\d+)-")


def setup(app):
    assign = TocTreeCollectorWithStyles.assign_section_numbers

    def assign_then_renumber(collector, env):
        rewritten = assign(collector, env)
        renumber(env)
        return rewritten

    TocTreeCollectorWithStyles.assign_section_numbers = assign_then_renumber


def renumber(env):
    """Replace the first part of every section number of a chapter: 1.2 becomes 11.2."""
    for docname, numbers in env.toc_secnumbers.items():
        if not (match := CHAPTER.match(docname)):
            continue
        chapter = int(match[1])
        for anchor, number in numbers.items():
            numbers[anchor] = (chapter, *number[1:])
        env.titles[docname]["secnumber"] = [chapter]  # a list, as the collector keeps it
        for reference in env.tocs[docname].findall(nodes.reference):
            if "secnumber" in reference:
                reference["secnumber"] = [chapter, *reference["secnumber"][1:]]
