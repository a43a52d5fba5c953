"""Every page, in a browser that may ask nobody else: it is silent, accessible, and fits a phone."""

import re
from pathlib import Path

import pytest
import yaml
from fontTools.ttLib import TTFont

import building

ROOT = Path(__file__).parents[2]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
ADDRESS, BRANCH = CONFIG["repository"]["url"], CONFIG["repository"]["branch"]
CHAPTERS = [page.relative_to(ROOT).with_suffix("").as_posix() for page in building.PAGES]
BACK = sorted(f"back/{path.stem}" for path in (ROOT / "back").glob("*.md"))
PAGES = ["index", *CHAPTERS, *BACK]
AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")

each_page = pytest.mark.parametrize("name", PAGES)
each_chapter = pytest.mark.parametrize("name", CHAPTERS)


def settle(page):
    """Scroll through the page, so that all that loads or draws on sight has done so."""
    height = page.evaluate("document.documentElement.scrollHeight")
    for top in range(0, height, 700):
        page.evaluate(f"scrollTo(0, {top})")
        page.wait_for_timeout(20)
    for widget in page.locator("[data-widget]").all():
        widget.scroll_into_view_if_needed()
        widget.and_(page.locator("[data-ready=true]")).wait_for()
    page.wait_for_load_state("networkidle")
    page.evaluate("scrollTo(0, 0)")


@each_page
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_a_page_is_accessible_and_fits(open_page, site, name, theme, width):
    page = open_page(site, f"{name}.html", width=width, color_scheme=theme)
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate(AXE)
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
    assert [(v["id"], [n["html"][:120] for n in v["nodes"][:3]]) for v in found] == []


@each_page
def test_images_say_what_they_show(open_page, site, name):
    page = open_page(site, f"{name}.html")
    alts = page.locator("article img").evaluate_all("images => images.map(i => i.alt)")
    assert [alt for alt in alts if len(alt) < 20 or alt.startswith("_images")] == []


@each_chapter
def test_formulas_need_no_script(open_page, site, name):
    page = open_page(site, f"{name}.html", java_script_enabled=False)
    formulas = page.locator(".math .katex")
    assert formulas.count() > 3
    assert formulas.first.bounding_box()["width"] > 5
    assert not page.locator("script[src*=mathjax i]").count()
    families = "getComputedStyle(document.querySelector('.katex')).fontFamily"
    page = open_page(site, f"{name}.html")
    page.evaluate("document.fonts.ready")
    assert "KaTeX" in page.evaluate(families)
    assert page.evaluate(
        "[...document.fonts].some(f => f.family.includes('KaTeX') && f.status === 'loaded')"
    )


@each_chapter
def test_buttons_point_at_the_repository(open_page, site, html, name):
    page = open_page(site, f"{name}.html")
    links = page.locator(".article-header-buttons a").evaluate_all(
        "links => links.map(a => a.href)"
    )
    repository = ADDRESS.removeprefix("https://github.com/")
    assert f"{ADDRESS}/edit/{BRANCH}/{name}.md" in links
    assert any(link.startswith(f"{ADDRESS}/issues/new?title=") for link in links)
    colab = f"https://colab.research.google.com/github/{repository}/blob/{BRANCH}/{name}.ipynb"
    assert colab in links
    binder = f"https://mybinder.org/v2/gh/{repository}/{BRANCH}"
    assert any(link.startswith(binder) and f"{name}.ipynb" in link for link in links)
    (notebook,) = [link for link in links if "_sources" in link and not link.endswith(".md")]
    assert notebook.endswith(f"{name}.ipynb")
    downloaded = html / notebook.removeprefix(site)
    assert downloaded.read_bytes() == (ROOT / f"{name}.ipynb").read_bytes()


@pytest.mark.parametrize("name", ["index", *BACK])
def test_a_page_without_a_notebook_offers_none(open_page, site, name):
    page = open_page(site, f"{name}.html")
    links = page.locator(".article-header-buttons a").evaluate_all(
        "links => links.map(a => a.href)"
    )
    assert f"{ADDRESS}/edit/{BRANCH}/{name}.md" in links
    assert [link for link in links if re.search("colab|binder|ipynb", link)] == []


def test_the_ten_layers_answer_a_slider(open_page, site):
    page = open_page(site, "chapters/02-ten-layers-deep.html")
    widget = page.locator("[data-widget=ten-layers]").first
    widget.scroll_into_view_if_needed()
    widget.and_(page.locator("[data-ready=true]")).wait_for()
    result = widget.locator("[aria-live]")
    before = result.inner_text()
    slider = widget.locator("input[type=range]").first
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "([r, before]) => r.innerText !== before", arg=[result.element_handle(), before]
    )


def test_search_finds_a_word(open_page, site):
    page = open_page(site, "search.html?q=saturated")
    page.locator("#search-results li a").first.wait_for()
    assert "Ten layers deep" in page.locator("#search-results").inner_text()


def test_every_icon_has_its_glyph(html):
    """The fonts are cut down to what the pages show: nothing shown may be missing."""
    css = "".join(sheet.read_text(encoding="utf-8") for sheet in html.rglob("*.css"))
    fonts = [TTFont(font) for font in (html / "_static" / "vendor").rglob("*.woff2")]
    drawn = {code for font in fonts for code in font.getBestCmap()}
    asked = {int(code, 16) for code in re.findall(r'"\\(f[0-9a-f]{3})"', css)}
    asked |= {ord(character) for character in re.findall('"([\uf000-\uf8ff])"', css)}
    assert asked <= drawn
    pages = "".join(page.read_text(encoding="utf-8") for page in html.rglob("*.html"))
    icons = re.findall(r'<(?:i|span) class="[^"]*\bfa-(?!solid|brands|regular|lg)([\w-]+)', pages)
    assert {"bars", "rocket", "download"} <= set(icons)
    rules = [name for name in icons if not re.search(rf"\.fa-{name}:before[^{{}}]*{{content:", css)]
    assert rules == []


def test_links_inside_the_site_lead_somewhere(html):
    from bs4 import BeautifulSoup

    pages = {
        p: BeautifulSoup(p.read_text(encoding="utf-8"), "html.parser") for p in html.rglob("*.html")
    }
    ids = {p: {t["id"] for t in soup.find_all(id=True)} for p, soup in pages.items()}
    lost = []
    for page, soup in pages.items():
        for tag in soup.find_all(["a", "link", "script", "img"]):
            link = tag.get("href") or tag.get("src") or ""
            if not link or link.startswith(("data:", "mailto:", "http")):
                continue
            path, _, anchor = link.partition("#")
            target = (page.parent / path.partition("?")[0]).resolve() if path else page
            if not target.exists() or (anchor and target in ids and anchor not in ids[target]):
                lost.append(f"{page.name}: {link}")
    assert lost == []
