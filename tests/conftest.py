"""What all tests share: no test asks the network for digits unless it serves them itself."""

import os
from functools import cache
from pathlib import Path

import pytest

from browsing import browser, open_page
from installed import initbook_alone
from other_systems import other_systems

__all__ = ["browser", "initbook_alone", "open_page", "other_systems"]

os.environ.setdefault("INITBOOK_OFFLINE", "1")
# Two test processes and two notebooks at a time: each has one core for its products.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

ROOT = Path(__file__).parents[1]


@pytest.hookimpl(optionalhook=True)  # where pytest-xdist is installed
def pytest_xdist_make_scheduler(config, log):
    """Two processes: the tests of a module that makes something once stay in one of them."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file = nodeid.partition("::")[0]
            return file if makes_once(file) else nodeid

    return Scheduling(config, log)


@cache
def makes_once(file):
    return 'scope="module"' in (ROOT / file).read_text(encoding="utf-8")
