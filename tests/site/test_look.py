"""The look: contrast from the tokens, the fonts' weight, the guess, sources in place, at rest."""

import re
from pathlib import Path

import pytest

from bookbuild import reading

ROOT = Path(__file__).parents[2]
TOKENS = (ROOT / "assets" / "look" / "tokens.css").read_text(encoding="utf-8")
TEXTS = ("ink", "soft", "blue", "orange", "green")
TWO = "chapters/02-ten-layers-deep.html"


def theme(selector):
    block = TOKENS[TOKENS.index(selector) :].partition("}")[0]
    return dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block))


def luminance(color):
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


DARK, AUTO = 'html[data-theme="dark"]', 'html[data-theme="auto"]'


@pytest.mark.parametrize("selector", ["html {", DARK, AUTO])
def test_text_stands_out_from_its_paper(selector):
    colors = theme(selector)
    for text in TEXTS:
        for ground in ("paper", "tint"):
            assert contrast(colors[text], colors[ground]) >= 4.5, (selector, text, ground)


def test_both_ways_into_the_dark_are_one():
    assert theme(DARK) == theme(AUTO)


def test_the_fonts_are_light_and_bear_their_license(html):
    fonts = html / "_static" / "fonts"
    assert sum(font.stat().st_size for font in fonts.glob("*.woff2")) <= 70_000
    assert "SIL Open Font License" in (fonts / "LICENSE.md").read_text(encoding="utf-8")


def test_a_guess_is_kept_and_shown_where_it_is_settled(open_page, site):
    page = open_page(site, "chapters/07-fans-and-frameworks.html")
    assert page.locator(".guess-echo").first.is_hidden()
    page.locator(".guess input").first.fill("a hundredth")
    page.reload()
    assert page.locator(".guess input").first.input_value() == "a hundredth"
    assert page.locator(".guess-echo").first.inner_text() == "You guessed: a hundredth"
    assert page.locator(".guess-echo").nth(1).is_hidden()


def test_every_guess_is_settled(html):
    for page in sorted((html / "chapters").glob("*.html")):
        text = page.read_text(encoding="utf-8")
        guesses = len(re.findall(r'class="guess(?: power)? admonition"', text))
        settled = len(re.findall(r'class="[^"]*\bsettles\b', text))
        assert guesses == settled > 0, page.name


def test_without_scripts_a_guess_has_a_line(open_page, site):
    page = open_page(site, TWO, java_script_enabled=False)
    assert page.locator(".guess-line").count() == 0
    guess = page.locator(".guess.admonition").first
    question = guess.locator("> p").last.bounding_box()
    box = guess.bounding_box()
    assert box["y"] + box["height"] > question["y"] + question["height"] + 40


def test_a_source_opens_in_place(open_page, site):
    page = open_page(site, TWO)
    page.locator("article a.reference.internal", has_text="He et al.").first.click()
    note = page.locator("#source-note")
    assert note.is_visible() and "rectifiers" in note.inner_text()
    page.keyboard.press("Escape")
    note.wait_for(state="hidden", timeout=5_000)


def test_the_front_page_and_the_bylines_say_the_same(html):
    front = (html / "index.html").read_text(encoding="utf-8")
    for source in sorted((ROOT / "chapters").glob("*.md")):
        facts = str(reading.read(source.read_text(encoding="utf-8")))
        page = (html / "chapters" / f"{source.stem}.html").read_text(encoding="utf-8")
        assert f'<p class="byline">{facts}</p>' in page
        assert front.count(facts)


def test_the_main_lines_stay_short():
    for source in sorted((ROOT / "chapters").glob("*.md")):
        page = reading.read(source.read_text(encoding="utf-8"))
        assert page.words <= 2_500 and page.equations <= 15, (source.name, page)
        assert page.minutes <= 30


def test_on_a_phone_the_header_has_four_icons(open_page, site):
    page = open_page(site, TWO, width=320)
    buttons = page.locator(".header-article-items__end button")
    assert sum(button.is_visible() for button in buttons.all()) == 4


def test_nothing_moves_when_the_fonts_arrive(open_page, site):
    shifts = """() => new Promise(done => {
      let sum = 0;
      new PerformanceObserver(list => list.getEntries().forEach(e => {
        if (!e.hadRecentInput) sum += e.value;
      })).observe({ type: 'layout-shift', buffered: true });
      setTimeout(() => done(sum), 1500);
    })"""
    for path in ("index.html", TWO):
        assert open_page(site, path).evaluate(shifts) < 0.02, path
        assert open_page(site, path, width=320).evaluate(shifts) < 0.02, path


def test_pressed_buttons_can_be_told_in_forced_colors(open_page, site):
    page = open_page(site, TWO, forced_colors="active")
    widget = page.locator("[data-widget=ten-layers]").first
    widget.scroll_into_view_if_needed()
    widget.and_(page.locator("[data-ready=true]")).wait_for()
    ground = "element => getComputedStyle(element).backgroundColor"
    pressed = widget.locator("button[aria-pressed=true]").first.evaluate(ground)
    assert pressed != widget.locator("button[aria-pressed=false]").first.evaluate(ground)
