"""A cell that only checks lies behind its mark, which opens it, with scripts and without."""

import pytest

import browsing
from building import HEADER, ROOT, Book

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
CHAPTER = f"""{HEADER}
$$ 1 + 1 = 2 $$ (eq-two)

{{.settles}}
A paragraph.

```{{code-cell}} ipython3
:tags: [check, hide-input]
from initbook.equations import holds

holds("eq-two", 1 + 1, 2, by="arithmetic")
holds("eq-three", 2 + 1, 3, by="arithmetic")
assert "a sentence that can be found"
```

{"Far below." * 2000}

$$ 2 + 1 = 3 $$ (eq-three)
"""


@pytest.fixture(scope="module")
def small_site(tmp_path_factory):
    book = Book(tmp_path_factory.mktemp("book"))
    book.write("chapters/04-two", CHAPTER)
    status, said = book.build()
    assert status == 0, said
    with browsing.serve(book.folder / "_build" / "html") as address:
        yield address


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("label", ["eq-two", "eq-three"])
def test_the_mark_opens_the_cell(open_page, small_site, label, scripts):
    page = open_page(small_site, "chapters/04-two.html", java_script_enabled=scripts)
    cell = page.get_by_text("a sentence that can be found")
    assert not cell.is_visible()
    page.locator(f"#equation-{label} .check-mark").click()
    cell.wait_for()
    assert page.locator("details.check").count() == 1
    top = cell.bounding_box()["y"]
    assert 0 <= top <= 800


def test_an_address_into_the_cell_opens_it_where_the_browser_does_not(open_page, small_site):
    page = open_page(small_site, "chapters/04-two.html")
    page.evaluate("history.replaceState(null, '', '#check-eq-three')")  # opens nothing by itself
    assert not page.locator("details.check").get_attribute("open")
    page.evaluate("dispatchEvent(new Event('hashchange'))")
    assert page.locator("details.check").get_attribute("open") is not None


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("opened", [False, True])
def test_it_is_small_named_and_accessible(open_page, small_site, theme, opened):
    page = open_page(small_site, "chapters/04-two.html", width=320, color_scheme=theme)
    summary = page.locator("details.check > summary")
    assert summary.inner_text() == "✓ check of (4.1), (4.2)"
    page.keyboard.press("Tab")  # with the keyboard in use, what has the focus is shown
    summary.focus()
    for target in (summary, page.locator(".check-mark").first):
        box = target.bounding_box()
        assert min(box["width"], box["height"]) > 23.9  # 24, laid out in 64ths of a pixel
    if opened:
        summary.press("Enter")
    assert page.locator("details.check details").count() == 0  # one fold, whatever else it is
    page.evaluate(AXE.read_text(encoding="utf-8"))
    asked = "axe.run('article', { rules: { 'target-size': { enabled: true } } })"
    assert [v["id"] for v in page.evaluate(asked)["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_on_paper_a_closed_check_leaves_no_trace_and_an_open_one_is_there(open_page, small_site):
    page = open_page(small_site, "chapters/04-two.html")
    page.emulate_media(media="print")
    assert not page.locator("details.check").is_visible()
    page.evaluate("document.querySelector('details.check').open = true")
    assert page.get_by_text("a sentence that can be found").is_visible()


def test_a_paragraph_can_bear_a_class(open_page, small_site):
    page = open_page(small_site, "chapters/04-two.html")
    assert page.locator("p.settles").inner_text() == "A paragraph."
