"""A guess of a power of ten, or one of a few outcomes: what is said of it, where it is kept."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TWO, SIX, THIRTEEN = (
    f"chapters/{name}.html"
    for name in ("02-ten-layers-deep", "06-gain-of-any-activation", "13-choosing-a-start")
)
AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def echo(page, n=0):
    """What is said where the nth guess to be settled is settled."""
    return page.locator(".guess-echo").nth(n)


def exponent_said(page, n=0):
    """The measured value's power of ten, as the page prints it."""
    text = page.locator(".settles").nth(n).locator(".pasted-text").first.inner_text()
    digits = re.search("10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", text)[1]
    return int(digits.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))), text


def test_a_power_of_ten_is_compared_with_what_was_measured(open_page, site):
    page = open_page(site, TWO)
    guess = page.get_by_label("Your guess: 10 to the power of")
    measured, text = exponent_said(page)
    guess.fill("-2")  # the factor is 0.2236, and its tenth power 3.1 · 10⁻⁷
    assert (measured, echo(page).inner_text()) == (
        -7, f"You guessed 10⁻²; it is {text}: five powers of ten off.",
    )  # fmt: skip
    guess.fill(str(measured))
    assert "as near as a power of ten can be" in echo(page).inner_text()
    page.reload()
    assert guess.input_value() == str(measured)
    assert "as near as" in echo(page).inner_text()
    guess.fill("")
    assert echo(page).is_hidden()
    page.reload()
    assert guess.input_value() == "" and echo(page).is_hidden()


def test_an_outcome_is_chosen_by_mouse_and_keyboard(open_page, site):
    page = open_page(site, TWO)
    stays = page.get_by_role("radio", name="It stays")
    assert page.locator(".guess ul").count() == 0
    stays.press(" ")
    assert echo(page, 1).inner_text() == "You guessed “It stays”; it is “It explodes”."
    stays.focus()
    page.keyboard.press("ArrowDown")
    assert echo(page, 1).inner_text() == "You guessed “It explodes”, and so it is."
    page.reload()
    assert page.get_by_role("radio", name="It explodes").is_checked()


def test_a_guess_asked_for_first_may_be_settled_last(open_page, site):
    """Chapter 6 settles its second guess before its first, which asks for two powers."""
    page = open_page(site, SIX)
    page.get_by_label("Your guess for the activation: 10 to the power of").fill("0")
    page.get_by_label("Your guess for the gradient: 10 to the power of").fill("40")
    assert echo(page, 0).is_hidden()
    said = echo(page, 1).inner_text()
    assert re.search(
        r"For the activation you guessed 10⁰; it is 0\.\d+: as near .* For the gradient you guessed"
        r" 10⁴⁰; it is .*powers of ten off",
        said,
    )


def test_the_last_chapter_lists_what_was_guessed(open_page, site):
    page = open_page(site, THIRTEEN)
    assert page.locator(".guess-list").inner_text() == "Nothing is kept here yet."
    page.goto(site + TWO)
    page.get_by_label("Your guess: 10 to the power of").fill("2")
    page.get_by_role("radio", name="It vanishes").press(" ")
    page.goto(site + SIX)
    page.get_by_label("Your guess for the activation: 10 to the power of").fill("0")
    page.goto(site + THIRTEEN)
    items = page.locator(".guess-list li").all_inner_texts()
    assert len(items) == 3 and items[0].startswith("2. Ten layers deep. You guessed 10²; it is")
    said = page.locator(".guess-list p").inner_text()
    first, rest = map(float, re.search(r"off by ([\d.]+) powers .* by ([\d.]+)\.", said).groups())
    assert first > 7 and rest < 0.6
    assert "Of 1 outcomes" not in said and "You named none of 1 outcome." in said


# The theme's own scripts complain of a storage that they can't use: they keep theirs.
BLOCKED = """
const kept = %s, refuse = () => { throw new DOMException("full", "QuotaExceededError"); };
const ours = () => new Error().stack.includes("guess.js");
Object.defineProperty(kept, "%s", { get() { return ours() ? %s : value; } });
"""


@pytest.mark.parametrize("blocked", ["localStorage", "getItem", "setItem"])
def test_a_browser_that_keeps_nothing_does_no_harm(open_page, site, blocked):
    if blocked == "localStorage":
        script = "const value = localStorage;" + BLOCKED % ("window", blocked, "refuse()")
    else:
        script = f"const value = Storage.prototype.{blocked};" + BLOCKED % (
            "Storage.prototype", blocked, "refuse",
        )  # fmt: skip
    page = open_page(site, TWO, before=lambda page: page.add_init_script(script))
    page.get_by_label("Your guess: 10 to the power of").fill("-3")
    assert "You guessed 10⁻³; it is" in echo(page).inner_text()
    page.get_by_role("radio", name="It stays").press(" ")
    assert "it is “It explodes”" in echo(page, 1).inner_text()


def test_what_strangers_left_in_the_storage_is_passed_over(open_page, site):
    page = open_page(site, THIRTEEN)
    for value in ("null", "[]", "{", '{"said": 3}', '{"said": ["<b>"], "words": 7}'):
        page.evaluate(
            "v => localStorage.setItem(`guess:${location.pathname.replace('13-', '02-')}:0`, v)",
            value,
        )
        page.evaluate("localStorage.setItem('guess:/elsewhere:0', '{}')")
        page.reload()
        assert page.locator(".guess-list").inner_text() == "Nothing is kept here yet."


def test_every_outcome_that_came_out_is_in_its_list(html):
    from bs4 import BeautifulSoup

    seen = 0
    for page in sorted((html / "chapters").glob("*.html")):
        soup, still_open = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser"), []
        for part in soup.select(".guess.admonition, .settles"):
            if "settles" not in part["class"]:
                still_open.append(part)
                continue
            guess = still_open.pop()
            items, glued = guess.select("li"), part.select(".pasted-text")
            outcome = [int(c.removeprefix("outcome-")) for c in part["class"] if "outcome-" in c]
            if "power" in guess["class"]:
                assert len(glued) >= max(1, len(items)) and not outcome, page.name
            else:
                assert bool(items) == bool(outcome), page.name
                assert all(1 <= k <= len(items) for k in outcome), page.name
            seen += bool(outcome) or "power" in guess["class"]
    assert seen >= 10


def test_the_forms_are_accessible(open_page, site):
    page = open_page(site, TWO)
    page.get_by_role("radio", name="It stays").press(" ")
    page.evaluate(AXE)
    for theme in ("light", "dark"):
        page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        found = page.evaluate(
            "() => axe.run('.guess.admonition').then(r => r.violations.map(v => v.help))"
        )
        assert found == [], theme
    sizes = page.locator("fieldset.guess-line label").evaluate_all(
        "all => all.map(label => label.getBoundingClientRect().height)"
    )
    assert min(sizes) >= 24
