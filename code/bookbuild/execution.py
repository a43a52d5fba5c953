"""Which chapters run again: those whose code, library, data or pins have changed.

jupyter-cache looks at a chapter's code cells and its `kernelspec` block alone. So the block gets
one more line, a hash of all else that the outputs depend on.
"""

import ast
import hashlib
import os
import re
import warnings
from pathlib import Path

from sphinx.util import logging

from initbook.digits import digits_source_key, load_digits

KERNELSPEC = re.compile(r"^kernelspec:\n", re.M)
logger = logging.getLogger(__name__)


def setup(app):
    app.connect("builder-inited", settle_digits)
    app.connect("env-get-outdated", find_outdated)
    app.connect("source-read", add_key)


def settle_digits(app):
    """Decide once which digits this build uses; the kernels inherit it and ask no mirror again."""
    if folder := os.environ.get("INITBOOK_MNIST"):
        os.environ["INITBOOK_MNIST"] = str(Path(folder).resolve())  # a kernel starts elsewhere
    with warnings.catch_warnings(record=True) as said:
        logger.info("digits: %s", load_digits().source)
    for sentence in said:
        logger.info("digits: %s", sentence.message)
    os.environ["INITBOOK_OFFLINE"] = "1"


def add_key(app, docname, source):
    if KERNELSPEC.search(source[0]):
        key = execution_key(Path(app.confdir), source[0])
        keys_of(app.env)[docname] = key
        source[0] = KERNELSPEC.sub(f"kernelspec:\n  initbook_key: {key}\n", source[0], count=1)


def find_outdated(app, env, added, changed, removed):
    """The chapters whose key is no longer the one they were run under."""
    root = Path(app.confdir)
    return [
        docname
        for docname, key in keys_of(env).items()
        if docname in env.found_docs
        and execution_key(root, Path(env.doc2path(docname)).read_text(encoding="utf-8")) != key
    ]


def keys_of(env):
    if not hasattr(env, "bookbuild_keys"):
        env.bookbuild_keys = {}
    return env.bookbuild_keys


def execution_key(root, source):
    """A hash of the library's files that this chapter can see, the pins, and the digits in use."""
    code = root / "code"
    modules = visible_modules(code, re.findall(r"initbook(?:\.\w+)*", source))
    digest = hashlib.sha256((root / "requirements.txt").read_bytes())
    for path in sorted(modules | resources(code, modules)):
        digest.update(path.relative_to(code).as_posix().encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    if code / "initbook" / "digits.py" in modules:
        digest.update(digits_source_key().encode())
    return digest.hexdigest()[:16]


def visible_modules(code, names):
    """Files of the modules named, and of all that these import from the package, in turn."""
    found, queue = set(), list(names)
    while queue:
        path = module_file(code, queue.pop())
        if path and path not in found:
            found.add(path)
            queue += imported_names(path)
    return found


def module_file(code, name):
    """The file of `initbook.a.b`; of its nearest parent where b is a function or a class."""
    parts = name.split(".")
    while parts:
        base = code.joinpath(*parts)
        for path in (base.with_suffix(".py"), base / "__init__.py"):
            if path.exists():
                return path
        parts.pop()
    return None


def imported_names(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("initbook"):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.startswith("initbook"))


def resources(code, modules):
    """Files that are no modules: a subpackage's own (a widget's script) and the library's data."""
    folders = {path.parent for path in modules} - {code / "initbook"}
    if modules:
        folders.add(code / "initbook" / "data")
    files = (file for folder in folders if folder.exists() for file in folder.rglob("*"))
    return {f for f in files if f.is_file() and f.suffix not in {".py", ".pyc"}}
