"""Find the program that keeps submissions apart, or install it: `python tests/bubblewrap.py`."""

import os
import shutil
import subprocess
import sys

if __name__ == "__main__":
    if not shutil.which("bwrap") and sys.platform == "linux":
        print("Installing bubblewrap for the tests of marking")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in ("apt-get update -qq", "apt-get install -qq -y bubblewrap"):
            if os.geteuid() == 0 and shutil.which("apt-get"):
                quiet = {"stdout": subprocess.DEVNULL, "env": environment}
                subprocess.run(command.split(), check=False, **quiet)
    if not shutil.which("bwrap"):
        sys.exit(
            "bubblewrap is not here, which the tests of marking need; on Debian, Ubuntu and Fedora "
            "the package is called bubblewrap, and elsewhere than on Linux there is none."
        )
