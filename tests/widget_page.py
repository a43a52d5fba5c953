"""A small page that shows widgets as the site does."""

import shutil
from pathlib import Path

import pytest

from bookbuild.frontend import copy_widgets
from initbook import widgets

ROOT = Path(__file__).parents[1]
ALL = [getattr(widgets, name) for name in widgets.__all__]
WIDGETS = ROOT / "code" / "initbook" / "widgets"

CLIPBOARD = ["clipboard-read", "clipboard-write"]  # permissions
LABELS_OUTSIDE = """svg => [...svg.querySelectorAll('text')].filter(text => {
  const box = text.getBoundingClientRect(), all = svg.getBoundingClientRect();
  return box.left < all.left - 1 || box.right > all.right + 1
    || box.top < all.top - 1 || box.bottom > all.bottom + 1;
}).map(text => text.textContent)"""
TOO_SMALL = """all => all.map(e => e.getBoundingClientRect())
  .filter(box => box.height < 24 || box.width < 24)"""

PAGE = """<!doctype html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>A page with widgets</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="_static/widgets/widgets.css">
<script type="module" src="_static/mount-widgets.js"></script>
<style>
html {{ --pst-color-background: #fff; --pst-color-text-base: #222832;
        --pst-color-text-muted: #48566b; }}
html[data-theme="dark"] {{ --pst-color-background: #14181e; --pst-color-text-base: #ced6dd;
                           --pst-color-text-muted: #9ca4af; }}
body {{ max-width: 45rem; margin: 1rem auto; padding: 0 1rem; font-family: sans-serif;
        background: var(--pst-color-background); color: var(--pst-color-text-base); }}
</style>
</head>
<body><main><h1>Widgets</h1>{body}</main></body>
</html>"""


def write_site(folder):
    """A site with a page for each widget, and two pages with TenLayers: `/` has one of them, and
    `/two.html` two a long way apart."""
    static = folder / "_static"
    copy_widgets(ROOT, static)
    shutil.copy(ROOT / "assets" / "mount-widgets.js", static)
    first, second = placeholder("tanh"), placeholder("relu", scale=2**0.5)
    for kind in ALL:
        page = PAGE.format(body=stand_in(kind()))
        (folder / f"{kind._name}.html").write_text(page, encoding="utf-8")
    after = '<p id="after">What follows.</p>'
    far = '<p style="height: 200vh">A long way.</p><h2 id="far">Far</h2>'
    (folder / "index.html").write_text(PAGE.format(body=first + after), encoding="utf-8")
    (folder / "two.html").write_text(PAGE.format(body=first + far + second), encoding="utf-8")


def placeholder(activation, **state):
    return stand_in(widgets.TenLayers(activation, width=64, **state))


def stand_in(widget):
    """What the widget leaves on a page without a kernel."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INITBOOK_STATIC_WIDGETS", "1")
        return widget._repr_mimebundle_()["text/html"]


def widget(page, number=0):
    """The widget of an open page, scrolled to and drawn."""
    host = page.locator("[data-widget]").nth(number)
    host.scroll_into_view_if_needed()
    page.wait_for_function(
        "i => document.querySelectorAll('[data-widget]')[i].dataset.ready", arg=number
    )
    return host


def copied_program(host):
    """What "Copy as code" leaves in the clipboard, which the page was opened with CLIPBOARD for."""
    host.get_by_role("button", name="Copy as code").click()
    host.get_by_text("Copied: a NumPy program.").wait_for()
    return host.page.evaluate("navigator.clipboard.readText()")


def check_room(host, height, state):
    """It is as high as it was, nothing scrolls sideways, and no label leaves the picture."""
    page = host.page
    assert host.bounding_box()["height"] == height, state
    assert page.evaluate("document.documentElement.scrollWidth") == page.viewport_size["width"]
    assert host.locator("svg[role=img]").evaluate(LABELS_OUTSIDE) == [], state


def check_targets(host):
    """Whatever is pressed or typed into is at least 24 pixels high and wide."""
    targets = host.locator("button, select, input[type=number], .choice label")
    assert targets.evaluate_all(TOO_SMALL) == []


def settle(page):
    """Let the frame pass in which the widget answers."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")


def move_to(page, name, state):
    """Put a widget's state into the address, and wait until it has heard of it and answered."""
    page.evaluate(
        """hash => new Promise(done => {
          const before = location.hash;
          addEventListener("hashchange", done, { once: true });
          location.hash = hash;
          if (location.hash === before) done();
        })""",
        f"#~{name}:{state}",
    )
    settle(page)
