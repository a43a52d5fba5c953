"""What holds for every widget: its table, and its module in a live notebook."""

import gzip
import json
import re
import shutil

import pytest

import initbook.widgets
from initbook.widgets import base
from widget_page import ALL, ROOT, WIDGETS, settle, stand_in, widget

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
each_widget = pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)


def test_every_widget_is_offered():
    own = {kind for kind in base.BookWidget.__subclasses__() if "_name" in kind.__dict__}
    assert own == set(ALL)


@each_widget
def test_the_table_and_the_class_have_the_same_state(kind):
    of_class = {name for name, trait in kind.class_traits().items() if type(trait) is base.Setting}
    assert of_class == set(kind.settings["state"])


@each_widget
def test_the_live_module_needs_no_other_file(kind):
    widget = kind()
    assert "data:text/javascript;base64," in widget._esm
    assert not re.search(r"""["'`]\.{1,2}/""", widget._esm)
    assert widget._css == (WIDGETS / "widgets.css").read_text(encoding="utf-8")


@each_widget
def test_the_placeholder_holds_the_state(kind):
    html = stand_in(kind())
    assert f'data-widget="{kind._name}"' in html
    state = json.loads(re.search(r'json">(.*?)</script>', html)[1])
    assert kind.settings["state"].keys() <= state.keys()


@each_widget
def test_it_comes_to_life_and_its_first_slider_changes_it(open_page, kind):
    page = open_page(f"/{kind._name}.html")
    host = widget(page)
    assert host.get_attribute("data-ready") == "true"
    slider = host.locator("input[type=range]").first
    before = host.inner_text(), host.locator("svg, canvas").first.evaluate("x => x.outerHTML")
    slider.focus()
    page.keyboard.press("End")
    settle(page)
    after = host.inner_text(), host.locator("svg, canvas").first.evaluate("x => x.outerHTML")
    assert before != after


@each_widget
def test_it_is_accessible_and_fits_in_both_themes_and_widths(open_page, kind):
    page = open_page(f"/{kind._name}.html")
    host = widget(page)
    page.add_script_tag(path=AXE)
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        inks = set()
        for theme in ("light", "dark"):
            page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
            found = page.evaluate(
                "() => axe.run().then(r => r.violations.map(v => [v.id, v.help]))"
            )
            assert (found, width, theme) == ([], width, theme)
            inks.add(host.evaluate("host => getComputedStyle(host).color"))
        assert len(inks) == 2
        named = host.locator("[role=img]").evaluate_all("all => all.map(x => x.ariaLabel)")
        assert named and min(map(len, named)) >= 20


@each_widget
def test_its_code_is_small(open_page, kind):
    """At most 15 KB, compressed, for all modules and compiled loops that it loads to be moved."""
    loaded = {}

    def weigh(response):
        if response.url.endswith((".js", ".wasm")) and "/widgets/" in response.url:
            loaded[response.url] = len(gzip.compress(response.body(), 6))

    page = open_page(f"/{kind._name}.html", before=lambda page: page.on("response", weigh))
    widget(page)
    assert f"{kind._name}.js" in " ".join(loaded)
    assert sum(loaded.values()) <= 15_000, loaded


@each_widget
def test_without_scripts_a_figure_and_a_sentence_remain(open_page, kind):
    page = open_page(f"/{kind._name}.html", java_script_enabled=False)
    figure = page.get_by_role("img")
    assert figure.bounding_box()["height"] > 100
    assert len(figure.get_attribute("aria-label")) >= 20
    assert page.get_by_text("With scripts switched on").is_visible()
    assert not page.get_by_text("opened as a file").is_visible()


def test_every_way_to_name_a_file_is_written_in(tmp_path):
    (tmp_path / "b.js").write_text('/** @typedef {import("./a.js").A} A */ export const b = 2;')
    (tmp_path / "c.wasm").write_bytes(b"wasm")
    (tmp_path / "a.js").write_text(
        """import { b } from "./b.js"; import './b.js'; await import("./b.js");"""
        """export { b } from './b.js'; new URL("./c.wasm", import.meta.url);"""
    )
    source = base.standalone(tmp_path / "a.js")
    assert source.count('"data:text/javascript;base64,') == 4
    assert source.count('"data:application/wasm;base64,d2FzbQ=="') == 1
    assert "./" not in source


def test_an_edited_module_is_what_the_next_widget_loads(tmp_path, monkeypatch):
    shutil.copytree(WIDGETS, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(base, "HERE", tmp_path)
    with (tmp_path / "ten-layers.js").open("a") as module:
        module.write("// edited\n")
    assert "// edited" in initbook.widgets.TenLayers()._esm
