"""What all tests share: no test asks the network for digits unless it serves them itself."""

import os

from browsing import browser, open_page
from installed import initbook_alone

__all__ = ["browser", "initbook_alone", "open_page"]

os.environ.setdefault("INITBOOK_OFFLINE", "1")
