"""What all tests share: no test asks the network for digits unless it serves them itself."""

import os

os.environ.setdefault("INITBOOK_OFFLINE", "1")

pytest_plugins = ["browsing", "installed"]
