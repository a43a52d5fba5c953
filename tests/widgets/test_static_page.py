"""The ten-layer widget on a page without a kernel."""

import re

import pytest

from initbook.activations import ACTIVATIONS
from widget_page import settle, widget, write_site

READY = '[data-ready="true"]'


def result(host):
    return host.locator(".result").inner_text()


def picture(host):
    return host.locator("svg[role=img]").inner_html()


def test_the_slider_changes_text_and_picture(open_page):
    page = open_page()
    host = widget(page)
    assert host.get_attribute("data-ready") == "true"
    assert host.locator("[data-engine=wasm]").count() == 1
    text, drawn = result(host), picture(host)
    assert re.fullmatch(r"Layer 10: std 0\.2\d+ \(mean field 0\.228\), 0% saturated\.", text)
    slider = host.locator("input[type=range]").first
    slider.fill("1.3")
    settle(page)
    assert "% saturated" in result(host) and result(host) != text and picture(host) != drawn
    assert slider.get_attribute("aria-valuetext") == "20.0 over root n"


def test_slider_box_and_keyboard_move_together(open_page):
    page = open_page()
    host = widget(page)
    slider, box = host.get_by_role("slider").first, host.get_by_role("spinbutton").first
    box.fill("2")
    settle(page)
    assert float(slider.input_value()) == pytest.approx(0.301, abs=0.005)
    slider.focus()
    page.keyboard.press("ArrowRight")
    settle(page)
    assert 2 < float(box.input_value()) < 2.05
    for wrong in ("-1", "26", ""):
        box.fill(wrong)
        settle(page)
        assert 2 < float(host.get_by_text("n·Var(w)").inner_text().split("= ")[-1]) ** 0.5 < 2.05
    slider.focus()  # the box is left with what stands
    assert 2 < float(box.input_value()) < 2.05


def test_presets_reach_the_seeds_cases_exactly(open_page):
    page = open_page()
    host = widget(page)
    host.get_by_role("spinbutton").nth(1).fill("500")
    small = {"zeros": 0, "0.01": 0.2236, "0.02": 0.4472}
    for name, scale in {**small, "√(1/n)": 1, "√(2/n)": 1.414, "1": 22.36}.items():
        button = host.get_by_role("button", name=name, exact=True)
        button.click()
        settle(page)
        assert float(host.get_by_role("spinbutton").first.input_value()) == scale
        assert button.get_attribute("aria-pressed") == "true"
        assert host.locator("button[aria-pressed=true]").count() == 1


def test_a_new_draw_changes_the_numbers_and_not_the_theory(open_page):
    page = open_page()
    host = widget(page)
    before = result(host)
    host.get_by_role("button", name="New draw").click()
    settle(page)
    theory = re.compile(r"mean field [\d.]+")
    assert result(host) != before
    assert theory.findall(result(host)) == theory.findall(before)


def test_an_address_brings_both_widgets_back(open_page):
    page = open_page("/two.html")
    first, second = widget(page, 0), widget(page, 1)
    second.get_by_label("Width n", exact=True).fill("128")
    first.get_by_label("Activation").select_option("sigmoid")
    first.get_by_role("button", name="New draw").click()
    page.wait_for_function("location.hash.includes('seed=1')")
    said = [result(first), result(second)]
    address = page.evaluate("location.hash")
    assert address.startswith("#~ten-layers:act=sigmoid&") and "~ten-layers-2:" in address

    again = open_page("/two.html" + address)
    assert [result(widget(again, 0)), result(widget(again, 1))] == said


def test_an_address_of_the_second_widget_leads_to_it(open_page):
    page = open_page("/two.html#~ten-layers-2:act=identity")
    page.locator(READY).wait_for()
    assert page.locator("[data-widget]").nth(1).get_attribute("data-ready") == "true"
    assert page.locator(READY).get_by_label("Activation").input_value() == "identity"


@pytest.mark.parametrize(
    ("address", "scale", "width"),
    [
        ("#~ten-layers:std=1e9&n=7", 25, 16),
        ("#~ten-layers:std=-3&n=100.4", 0, 100),
        ("#~ten-layers:std=x&n=&act=sine&seed=NaN&toString=1", 1, 64),
        ("#~ten-layers:std=%E0%A4%A&constructor", 1, 64),
        ("#~~:::&", 1, 64),
        ("#.ten-layers:std=9", 1, 64),
    ],
)
def test_a_strange_address_is_clamped_or_ignored(open_page, address, scale, width):
    page = open_page("/" + address)
    boxes = widget(page).get_by_role("spinbutton")
    assert [float(boxes.nth(i).input_value()) for i in (0, 1)] == [scale, width]


@pytest.mark.parametrize(
    "address",
    [
        "#%7Eten-layers:std=1.4&n=128",
        "#%7eten-layers%3Astd%3D1.4%26n%3D128",
        "#~ten-layers%3Astd=1.4%26n=128",
        "#%257Eten-layers%253Astd%253D1.4%2526n%253D128",
        "#%7Eten-layers:std=1.4&n=128&%E0%A4%A",
    ],
)
def test_an_address_that_a_chat_program_has_encoded_is_read(open_page, address):
    page = open_page("/" + address)
    boxes = widget(page).get_by_role("spinbutton")
    assert [float(boxes.nth(i).input_value()) for i in (0, 1)] == [1.4, 128]


def test_a_changed_address_moves_the_widget(open_page):
    page = open_page()
    host = widget(page)
    page.evaluate("location.hash = '#~ten-layers:act=relu&std=2'")
    host.get_by_text("exactly 0").wait_for()


def test_an_anchor_stays_an_anchor(open_page):
    page = open_page("/two.html#far")
    page.wait_for_timeout(600)
    assert page.evaluate("location.hash") == "#far"
    assert abs(page.locator("#far").bounding_box()["y"]) < 800


def test_a_phone_needs_no_sideways_scrolling(open_page):
    page = open_page(width=320)
    host = widget(page)
    for activation in ACTIVATIONS:
        host.get_by_label("Activation").select_option(activation)
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        sizes = host.locator("*").evaluate_all(
            "all => all.filter(e => e.textContent)"
            ".map(e => parseFloat(getComputedStyle(e).fontSize))"
        )
        assert min(sizes) >= 11
        inside = host.locator("svg[role=img]").evaluate(
            "svg => [...svg.querySelectorAll('text')].every(t => {"
            "  const box = t.getBoundingClientRect(), all = svg.getBoundingClientRect();"
            "  return box.left >= all.left - 1 && box.right <= all.right + 1; })"
        )
        assert inside


@pytest.mark.parametrize("width", [1280, 320])
def test_the_page_does_not_jump_when_a_widget_is_drawn(open_page, width):
    held = []
    page = open_page(
        width=width, before=lambda page: page.route("**/ten-layers.js", lambda r: held.append(r))
    )
    top = "document.querySelector('#after').getBoundingClientRect().top + scrollY"
    while not held:
        page.wait_for_timeout(20)
    before = page.evaluate(top)
    held[0].continue_()
    host = widget(page)
    for activation in ACTIVATIONS:
        host.get_by_label("Activation").select_option(activation)
        settle(page)
        assert page.evaluate(top) == before


def test_opened_as_a_file_the_page_says_that_modules_need_http(browser, tmp_path):
    write_site(tmp_path)
    with browser.new_page() as page:
        page.goto((tmp_path / "index.html").as_uri())
        assert page.get_by_role("img").is_visible()
        assert page.get_by_text("opened as a file").is_visible()
        assert not page.get_by_text("With scripts switched on").is_visible()


def test_a_module_that_fails_leaves_the_figure(open_page):
    page = open_page(
        before=lambda page: page.route("**/ten-layers-chart.js", lambda route: route.abort())
    )
    page.locator('[data-ready="error"]').wait_for()
    assert page.get_by_role("img").is_visible()
    assert page.get_by_text("could not be loaded").is_visible()
    assert open_page.complaints  # the reason is on the console
    open_page.complaints.clear()


def test_without_webassembly_the_page_computes_the_same(open_page):
    said = []
    for stop in ("**/nothing", "**/engine.wasm"):
        page = open_page(
            before=lambda page, stop=stop: page.route(stop, lambda r: r.fulfill(body="no wasm"))
        )
        said.append(result(widget(page)))
        engine = page.locator("[data-engine]").get_attribute("data-engine")
    assert engine == "javascript" and said[0] == said[1]
