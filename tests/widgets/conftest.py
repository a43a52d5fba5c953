"""A small page with widgets on this machine, and a browser that may ask nobody else."""

import functools
import http.server
import shutil
import threading
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

import chromium
from initbook.widgets import TenLayers

ROOT = Path(__file__).parents[2]
WIDGETS = ROOT / "code" / "initbook" / "widgets"

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


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The address of a site: `/` has one widget, `/two.html` two of them a long way apart."""
    folder = tmp_path_factory.mktemp("site")
    static = folder / "_static" / "widgets"
    static.mkdir(parents=True)
    for file in WIDGETS.iterdir():
        if file.suffix in {".js", ".css", ".wasm"}:
            shutil.copy(file, static)
    shutil.copy(ROOT / "assets" / "mount-widgets.js", static.parent)
    first, second = placeholder("tanh"), placeholder("relu", scale=2**0.5)
    after = '<p id="after">What follows.</p>'
    far = '<p style="height: 200vh">A long way.</p><h2 id="far">Far</h2>'
    (folder / "index.html").write_text(PAGE.format(body=first + after), encoding="utf-8")
    (folder / "two.html").write_text(PAGE.format(body=first + far + second), encoding="utf-8")

    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def placeholder(activation, **state):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INITBOOK_STATIC_WIDGETS", "1")
        return TenLayers(activation, width=64, **state)._repr_mimebundle_()["text/html"]


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        options = {"executable_path": chromium.find(), "args": chromium.ARGUMENTS}
        with playwright.chromium.launch(**options) as browser:
            yield browser


@pytest.fixture
def open_page(browser, site):
    """Open a path of the site. In the end the console was silent and nobody else was asked."""
    contexts, complaints = [], []

    def guard(route):
        if route.request.url.startswith(site):
            route.continue_()
        else:
            complaints.append(f"asked for {route.request.url}")
            route.abort()

    def open_page(path="/", before=None, width=1280, **options):
        context = browser.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        context.route("**/*", guard)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if before:
            before(page)
        page.goto(site + path)
        return page

    open_page.complaints = complaints
    yield open_page
    for context in contexts:
        context.close()
    assert not complaints
