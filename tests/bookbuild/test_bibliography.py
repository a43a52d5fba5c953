"""Every source in references.bib is cited where it is used, is entered once, and can be found."""

import re

from pybtex.database import parse_file, parse_string

import building

ROOT = building.ROOT
SOURCES = parse_file(str(ROOT / "references.bib")).entries
PAGES = [ROOT / "index.md", *building.NOTEBOOK_PAGES]
CITATION = re.compile(r"\{cite(?::\w+)?\}`([^`]+)`")
UNFINDABLE = {"tenlayers", "mango", "chaheng"}  # articles whose addresses are not known


def cited_keys(text):
    return {key.strip() for keys in CITATION.findall(text) for key in keys.split(",")}


def printed_twice(sources):
    """The sources whose title, but for its capitals and braces, an earlier one has too."""
    seen, twice = set(), []
    for key, source in sources.items():
        title = re.sub(r"\W", "", source.fields["title"]).lower()
        if title in seen:
            twice.append(key)
        seen.add(title)
    return twice


def test_every_source_is_cited_where_it_is_used():
    cited = set().union(*(cited_keys(page.read_text(encoding="utf-8")) for page in PAGES))
    assert set(SOURCES) - cited == set(), "no page cites these entries of references.bib"


def test_every_source_can_be_found():
    lost = {key for key, s in SOURCES.items() if not {"url", "doi"} & set(s.fields)}
    assert lost == UNFINDABLE


def test_no_source_is_entered_twice():
    assert printed_twice(SOURCES) == []
    again = parse_string(
        "@misc{one, title = {Deep {ReLU} nets}} @misc{two, title = {Deep ReLU Nets}}", "bibtex"
    )
    assert printed_twice(again.entries) == ["two"]


def test_citations_are_read_in_every_form():
    text = "{cite:t}`he2015` say so {cite:p}`glorot2010, poole2016`; see {cite}`yang2019`."
    assert cited_keys(text) == {"he2015", "glorot2010", "poole2016", "yang2019"}
