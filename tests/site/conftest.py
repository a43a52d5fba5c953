"""The built book, served on this machine."""

from pathlib import Path

import pytest

from browsing import serve

ROOT = Path(__file__).parents[2]
HTML = ROOT / "_build" / "html"


@pytest.fixture(scope="session")
def html():
    assert (HTML / "index.html").exists(), (
        "the book is not built: `make book` first, or `make test`"
    )
    return HTML


@pytest.fixture(scope="session")
def site(html):
    with serve(html) as address:
        yield address
