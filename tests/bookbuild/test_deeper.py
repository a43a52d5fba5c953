"""A chapter's deeper page: numbers of its own, references both ways, a notebook, a run, a check."""

import nbformat
import pytest
from bs4 import BeautifulSoup

from building import HEADER, Book

CELL = """\
```{code-cell} ipython3
from initbook.equations import holds

holds("%s", 2, 2, by="arithmetic")
```
"""
CHAPTER = f"""{HEADER}
## First

$$ 1 + 1 = 2 $$ (eq-sum)

{CELL % "eq-sum"}

More stands in {{ref}}`deeper-question`, with {{eq}}`eq-deeper` and {{numref}}`ex-deeper`.
"""
DEEPER = f"""{HEADER}
## Nothing

(deeper-question)=
## What else?

It rests on {{eq}}`eq-sum`, measured as 97.3.

$$ 2 = 2 $$ (eq-deeper)

{CELL % "eq-deeper"}

```{{exercise}} Try it
:label: ex-deeper

Show {{eq}}`eq-deeper`.
```
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    book = Book(tmp_path_factory.mktemp("book"))
    book.write("chapters/04-two", CHAPTER)
    book.write("deeper/04-two", DEEPER.replace(", measured as 97.3", ""))
    book.write("table", "# All\n\n```{equation-table}\n```\n")
    status, said = book.build()
    assert status == 0, said
    return book


def html(book, name):
    page = book.folder / "_build" / "html" / f"{name}.html"
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


def test_the_deeper_page_has_numbers_of_its_own(book):
    page = html(book, "deeper/04-two")
    headings = [heading.get_text().rstrip("#") for heading in page.select("article :is(h1, h2)")]
    assert headings == ["D4. A chapter", "D4.1. Nothing", "D4.2. What else?"]
    assert page.select_one("#equation-eq-deeper .eqno").get_text().startswith("✓(D4.1)")
    assert "Exercise D4.1" in page.select_one(".exercise .admonition-title").get_text()
    menu = html(book, "index").select("nav.bd-links a")
    assert [a.get_text().strip() for a in menu][-2:] == ["4. A chapter", "D4. A chapter"]


def test_references_lead_both_ways(book):
    article = html(book, "chapters/04-two").find("article")
    assert {a["href"]: a.get_text() for a in article.select("a.internal[href^='../deeper/']")} == {
        "../deeper/04-two.html#deeper-question": "What else?",
        "../deeper/04-two.html#equation-eq-deeper": "(D4.1)",
        "../deeper/04-two.html#ex-deeper": "Exercise D4.1",
    }
    (back,) = html(book, "deeper/04-two").select(
        "article a[href='../chapters/04-two.html#equation-eq-sum']"
    )
    assert back.get_text() == "(4.1)"


def test_its_notebook_is_made_and_offered(book):
    file = book.folder / "_build" / "notebooks" / "deeper" / "04-two.ipynb"
    text = "\n".join(cell.source for cell in nbformat.read(file, 4).cells)
    for piece in (
        "# D4. A chapter", "## D4.2. What else?", r"\tag{D4.1}", "Exercise D4.1",
        "/chapters/04-two.html#equation-eq-sum)", "%pip install",
    ):  # fmt: skip
        assert piece in text
    for folder in ("chapters", "deeper"):
        page = html(book, f"{folder}/04-two")
        links = [a["href"] for a in page.select(".article-header-buttons a[href]")]
        assert any(link.endswith(f"/blob/main/{folder}/04-two.ipynb") for link in links)
        assert f"../_sources/{folder}/04-two.ipynb" in links


def test_the_table_lists_it_behind_its_chapter(book):
    page = html(book, "table")
    rows = [row("td")[0].get_text() for row in page.select("table.equations tbody tr")]
    assert rows == ["(4.1)", "(D4.1)"]
    titles = [title.get_text() for title in page.select("p.rubric")]
    assert titles == ["4. A chapter", "D4. A chapter"]


def test_its_numbers_and_equations_are_held_like_the_chapters(tmp_path):
    book = Book(tmp_path)
    book.write("chapters/04-two", CHAPTER)
    book.write("deeper/04-two", DEEPER.replace(CELL % "eq-deeper", ""))
    status, said = book.build()
    assert status != 0
    assert "the number '97.3' is bare" in said and "no cell checks eq-deeper" in said
