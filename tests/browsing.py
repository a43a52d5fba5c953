"""A site on the loopback, and a browser that may ask nobody else."""

import functools
import http.server
import threading
from contextlib import contextmanager

import pytest

import chromium

SPOKEN = {"error", "warning"}  # the theme's scripts chat at lower levels


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextmanager
def serve(folder):
    """The address at which a folder is served."""
    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright  # here: most tests need no browser

    with sync_playwright() as playwright:
        options = {"executable_path": chromium.find(), "args": chromium.ARGUMENTS}
        with playwright.chromium.launch(**options) as browser:
            yield browser


@pytest.fixture
def open_page(browser):
    """Open a path of a site. In the end the console was silent and nobody else was asked."""
    contexts, complaints = [], []

    def open_page(site, path="", before=None, width=1280, **options):
        context = browser.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)

        def guard(route):
            if route.request.url.startswith(site):
                route.continue_()
            else:
                complaints.append(f"asked for {route.request.url}")
                route.abort()

        context.route("**/*", guard)
        page = context.new_page()
        page.on(
            "console", lambda message: message.type in SPOKEN and complaints.append(message.text)
        )
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
