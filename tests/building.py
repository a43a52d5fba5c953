"""Small books built for real, as `make book` builds the large one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
# The pages that are notebooks too: the main line, and what stands behind it.
PAGES = sorted(page for folder in ("chapters", "deeper") for page in (ROOT / folder).glob("*.md"))
# And those of the back matter that have cells.
NOTEBOOK_PAGES = [*PAGES, *(ROOT / "back" / f"{name}.md" for name in ("claims", "confusions"))]
HEADER = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# A chapter
"""


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


class Book:
    """A small book beside copies of the real settings, library and pins."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("_config.yml", "requirements.txt", "package-lock.json", "references.bib"):
            shutil.copy(ROOT / name, folder)
        for name in ("code", "assets"):
            shutil.copytree(
                ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        (folder / "node_modules").symlink_to(ROOT / "node_modules")
        self.write("index", "# A book\n")

    def write(self, name, text):
        """Put a page into the book; those in a folder are a numbered part of their own."""
        page = self.folder / f"{name}.md"
        page.parent.mkdir(exist_ok=True)
        page.write_text(text, encoding="utf-8")
        toc = "format: jb-book\nroot: index\nparts:\n"
        for folder in (".", "chapters", "deeper"):
            pages = sorted(p.stem for p in (self.folder / folder).glob("*.md") if p.stem != "index")
            if pages:
                toc += f"- numbered: {folder != '.'}\n  caption: {folder}\n  chapters:\n".lower()
                toc += "".join(f"  - file: {folder}/{p}\n" for p in pages).replace("./", "")
        (self.folder / "_toc.yml").write_text(toc)

    def build(self):
        return build_book(self.folder, self.folder / "code")
