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
NOTEBOOKS = [page.relative_to(ROOT).with_suffix("").as_posix() for page in building.NOTEBOOK_PAGES]
BACK = sorted(f"back/{path.stem}" for path in (ROOT / "back").glob("*.md"))
PHONE, DESK = 320, 1280
HOUSE = ADDRESS.removeprefix("https://github.com/")

SPREAD = "document.documentElement.scrollWidth"
AT_REST = """theme => document.documentElement.dataset.theme === theme
  && document.getAnimations().every(animation => animation.playState !== "running")"""
VIOLATIONS = """() => axe.run({ resultTypes: ["violations"] }).then(found => found.violations.map(
  rule => `${rule.id}: ${rule.nodes.slice(0, 3).map(node => node.html.slice(0, 120)).join(" | ")}`
))"""
# A ± or × in the text that a line may end after.
BREAKS = """() => {
  const text = document.querySelector("article").cloneNode(true);
  const other = "pre, code, svg, .math, .book-widget, .book-figure, table.equations"; // nowrap
  text.querySelectorAll(other).forEach(element => element.replaceWith("x"));
  return text.textContent.match(/[^\\n]* [±×] [^\\n]*/g) ?? [];
}"""
OPENS = """() => [...document.querySelectorAll("span.math")]
  .map(formula => formula.nextSibling?.textContent ?? "").filter(text => /^[,.;:!?)]/.test(text))"""
LETTERS = "[...document.fonts].some(f => f.family.includes('KaTeX') && f.status === 'loaded')"


@pytest.fixture(scope="session")
def axe():
    return (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["index", *CHAPTERS, *BACK])
def test_a_page_is_sound_in_both_themes_on_phone_and_desk(open_page, site, axe, name):
    """One visit, as opening takes as long as looking; all that is wrong is told at once."""
    page = open_page(site, f"{name}.html", width=PHONE, color_scheme="light")
    settle(page)
    page.evaluate(axe)
    faults = []
    for width in (PHONE, DESK):
        page.set_viewport_size({"width": width, "height": 800})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.wait_for_function(AT_REST, arg=theme)
            found = ["it scrolls sideways"] * (page.evaluate(SPREAD) > width)
            found += page.evaluate(VIOLATIONS)
            faults += [f"{theme}, {width} px: {fault}" for fault in found]
    faults += [f"a line may end after ±: {text[:80]}" for text in page.evaluate(BREAKS)]
    faults += [f"a line may begin with {text[:40]!r}" for text in page.evaluate(OPENS)]
    alts = page.locator("article img").evaluate_all("images => images.map(i => i.alt)")
    faults += [
        f"an image says {alt!r}" for alt in alts if len(alt) < 20 or alt.startswith("_images")
    ]
    links = page.locator(".article-header-buttons a").evaluate_all("all => all.map(a => a.href)")
    faults += wrong_buttons(links, name)
    if name in CHAPTERS and not page.evaluate(LETTERS):
        faults.append("KaTeX's letters were not loaded")
    assert not faults, "\n".join(faults)


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
    page.evaluate("document.fonts.ready")


def wrong_buttons(links, name):
    """What is missing among a page's buttons, or leads elsewhere than to the repository."""
    expected = [f"{ADDRESS}/edit/{BRANCH}/{name}.md", f"{ADDRESS}/issues/new?title="]
    notebook = re.compile(r"colab|binder|ipynb")
    if name in NOTEBOOKS:
        expected += [
            f"https://colab.research.google.com/github/{HOUSE}/blob/{BRANCH}/{name}.ipynb",
            f"https://mybinder.org/v2/gh/{HOUSE}/{BRANCH}?",
        ]
        faults = [
            f"{link} leads to another notebook"
            for link in links
            if notebook.search(link) and f"{name}.ipynb" not in link
        ]
    else:
        faults = [f"{link} leads to no notebook" for link in links if notebook.search(link)]
    return faults + [
        f"no button leads to {address}"
        for address in expected
        if not any(link.startswith(address) for link in links)
    ]


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_notebook_on_offer_is_the_committed_one(html, name):
    page = (html / f"{name}.html").read_text(encoding="utf-8")
    (offered,) = set(re.findall(r'href="[./]*(_sources/[^"]+\.ipynb)"', page))
    assert offered == f"_sources/{name}.ipynb"
    assert (html / offered).read_bytes() == (ROOT / f"{name}.ipynb").read_bytes()


@pytest.mark.parametrize("name", CHAPTERS)
def test_formulas_need_no_script(open_page, site, name):
    page = open_page(site, f"{name}.html", java_script_enabled=False)
    formulas = page.locator(".math .katex")
    assert formulas.count() > 3
    assert formulas.first.bounding_box()["width"] > 5
    assert not page.locator("script[src*=mathjax i]").count()
    family = "getComputedStyle(document.querySelector('.katex')).fontFamily"
    assert "KaTeX" in page.evaluate(family)


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
