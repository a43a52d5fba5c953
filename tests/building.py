"""Small books built for real, as `make book` builds the large one."""

import os
import subprocess
import sys
from pathlib import Path


def build_book(folder, code, *options):
    """Build `folder` with the library and hooks in `code`: the exit status, and what was said."""
    program = Path(sys.executable).with_name("jupyter-book")
    environment = os.environ | {
        "PYTHONPATH": str(code), "NO_COLOR": "1", "INITBOOK_OFFLINE": "1",
    }  # fmt: skip
    done = subprocess.run(
        [program, "build", "-W", "-n", "--keep-going", *options, folder],
        env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr
