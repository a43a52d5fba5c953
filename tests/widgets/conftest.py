"""A small page with widgets on this machine."""

import pytest

from browsing import serve
from widget_page import write_site


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    write_site(folder)
    with serve(folder) as address:
        yield address.rstrip("/")


@pytest.fixture
def open_page(open_page, site):
    """The shared fixture, on this site."""

    def here(path="/", **options):
        return open_page(site, path, **options)

    here.complaints = open_page.complaints
    return here
