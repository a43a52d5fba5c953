"""Every equation of the book is a definition, an assumption, or has been checked."""

import re

from bs4 import BeautifulSoup

from building import HEADER, PAGES, ROOT, Book

BUILT = ROOT / "_build" / "html"
HTML = [BUILT / page.relative_to(ROOT).with_suffix(".html") for page in PAGES]

CELL = """\
```{{code-cell}} ipython3
from initbook.equations import holds

{}
```
"""


def test_the_book_lists_every_claim_with_its_check():
    """What the table shows: equation, check, method and error; run with -rP to read it here."""
    page = BUILT / "back" / "equations.html"
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    rows = [[c.get_text() for c in row("td")] for row in soup.select("table.equations tbody tr")]
    for row in rows:
        print("  ".join(f"{cell:14}" for cell in row))
    claims = [row for row in rows if row[1] not in ("definition", "assumption")]
    assert {row[1] for row in claims} <= {
        "algebra", "arithmetic", "quadrature", "sampling", "limit"
    }  # fmt: skip
    assert all(error and allowed and printed for _, _, error, allowed, printed in claims)

    shown = {
        f"{chapter.relative_to(BUILT).with_suffix('')}#{box['id']}"
        for chapter in HTML
        for box in BeautifulSoup(chapter.read_text(encoding="utf-8"), "html.parser").select(
            "div.math[id]"
        )
    }
    listed = {
        a["href"].removeprefix("../").replace(".html", "")
        for a in soup.select("table.equations a[href*='#equation-']")
    }
    assert listed == shown


def test_the_marks_lead_to_the_cells_that_check():
    for chapter in HTML:
        soup = BeautifulSoup(chapter.read_text(encoding="utf-8"), "html.parser")
        for box in soup.select("div.math[id^=equation-eq-]"):
            label = box["id"].removeprefix("equation-")
            assert box.select_one("a.check-mark")["href"] == f"#check-{label}"
            target = soup.find(id=f"check-{label}")
            cell = target if target.get_text() else target.find_parent(class_="cell")
            assert re.search(rf'holds\(\s*"{label}"', cell.get_text())


def test_an_equation_without_a_check_fails_the_build(tmp_path):
    book = Book(tmp_path)
    book.write("one", HEADER + "$$ 1 + 1 = 2 $$\n")
    book.write("two", HEADER + "$$ 1 + 1 = 2 $$ (sum)\n")
    book.write("three", HEADER + "$$ 1 + 1 = 2 $$ (eq-sum)\n")
    book.write("four", HEADER + CELL.format('holds("eq-other", 1 + 1, 2, by="arithmetic")'))
    hidden = CELL.format('label = "eq-b"\nholds(label, 1 + 1, 2, by="arithmetic")')
    book.write("five", HEADER + "$$ 1 + 1 = 2 $$ (eq-b)\n\n" + hidden)
    status, said = book.build()
    assert status != 0
    for complaint in (
        "labeled ''", "labeled 'sum'", "no cell checks eq-sum", "names 'eq-other'",
        "the check of eq-b hides its label",
    ):  # fmt: skip
        assert complaint in said


def test_a_check_that_would_pass_with_one_percent_off_fails_the_build(tmp_path):
    book = Book(tmp_path)
    check = 'holds("eq-sum", 1 + 1, 2, by="arithmetic", within=0.02)'
    book.write("chapter", HEADER + "$$ 1 + 1 = 2 $$ (eq-sum)\n\n" + CELL.format(check))
    status, said = book.build()
    assert status != 0
    assert "the check of eq-sum is blind" in said


def test_a_small_book_with_checks_builds(tmp_path):
    """Two checks of one equation, a definition, and a page that lists them."""
    book = Book(tmp_path)
    check = 'holds("eq-sum", 1 + 1, 2, by="arithmetic")\nholds("eq-sum", 2, 1 + 1, by="algebra")'
    book.write("chapter", HEADER + "$$ a = 1 $$ (def-a)\n\n$$ a + a = 2 $$ (eq-sum)\n\n")
    with (tmp_path / "chapter.md").open("a") as file:
        file.write(CELL.format(check))
    book.write("table", "# All\n\n```{equation-table}\n```\n")
    status, said = book.build()
    assert status == 0, said
    page = (tmp_path / "_build" / "html" / "table.html").read_text(encoding="utf-8")
    words = BeautifulSoup(page, "html.parser").select("table.equations tbody tr")
    assert [row("td")[1].get_text() for row in words] == ["definition", "arithmetic", "algebra"]
