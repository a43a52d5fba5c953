"""Which pages run again: those whose code, library, data or pins have changed; several at a time.

jupyter-cache looks at a page's code cells and its `kernelspec` block alone. So the block gets one
more line, a hash of all else that the outputs depend on. Sphinx reads one page after another, and
would run them so; therefore the stale ones are run side by side before it reads, and it finds their
outputs in the cache.
"""

import ast
import hashlib
import os
import re
import warnings
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from myst_nb.core.read import create_nb_reader
from sphinx.errors import ExtensionError
from sphinx.util import logging

from initbook.digits import digits_source_key, load_digits

KERNELSPEC = re.compile(r"^kernelspec:\n", re.M)
MOST_AT_ONCE = 4  # kernels: some need half a gigabyte
logger = logging.getLogger(__name__)


def setup(app):
    app.connect("builder-inited", settle_digits)
    app.connect("env-get-outdated", find_outdated)
    app.connect("env-before-read-docs", run_side_by_side)
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
    source[0], key = with_key(Path(app.confdir), source[0])
    if key:
        keys_of(app.env)[docname] = key


def with_key(root, source):
    """The source with its key in the kernelspec block, and the key; None where nothing is run."""
    if not KERNELSPEC.search(source):
        return source, None
    key = execution_key(root, source)
    return KERNELSPEC.sub(f"kernelspec:\n  initbook_key: {key}\n", source, count=1), key


def find_outdated(app, env, added, changed, removed):
    """The chapters whose key is no longer the one they were run under."""
    root = Path(app.confdir)
    return [
        docname
        for docname, key in keys_of(env).items()
        if docname in env.found_docs
        and execution_key(root, Path(env.doc2path(docname)).read_text(encoding="utf-8")) != key
    ]


def run_side_by_side(app, env, docnames):
    """Run the pages that are about to be read and are not in the cache, one on each core."""
    config = env.mystnb_config
    if config.execution_mode != "cache":
        return
    cache = get_cache(config.execution_cache_path)
    stale = dict(
        page for name in docnames if (page := notebook_of(env, name)) and is_stale(cache, page[1])
    )
    if len(stale) < 2:
        return  # Sphinx does as well
    # Each page has a core of its own: products that shared theirs out would wait for one another.
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
    # The longest first, as a former run tells; else the last, for the book ends with training.
    took = {run.uri: run.data.get("execution_seconds", 0) for run in cache.list_cache_records()}
    raised, paths = [], sorted(reversed(stale), key=lambda path: -took.get(path, 0))
    with ThreadPoolExecutor(min(MOST_AT_ONCE, os.cpu_count() or 1)) as pool:
        runs = {pool.submit(run_alone, path, stale[path], config): path for path in paths}
        for run in as_completed(runs):
            path, done = runs[run], run.result()
            logger.info("ran %s in %.0f s", env.path2doc(path), done.time)
            if done.err:
                raised.append(f"{env.path2doc(path)} raised:\n{done.exc_string}")
                continue
            bundle = CacheBundleIn(done.nb, path, data={"execution_seconds": done.time})
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    if raised:  # the others are in the cache
        raise ExtensionError("\n".join(raised))


def run_alone(path, notebook, config):
    """Run a notebook in its page's folder; a thread will do, as its kernel is a process."""
    folder, wait = str(Path(path).parent), config.execution_timeout
    return single_nb_execution(notebook, cwd=folder, timeout=wait, allow_errors=False)


def notebook_of(env, docname):
    """A page's file and the notebook that myst-nb will make of it; None where nothing is run."""
    path = env.doc2path(docname)
    source, key = with_key(Path(env.srcdir), Path(path).read_text(encoding="utf-8"))
    if not key:
        return None
    return path, create_nb_reader(path, env.myst_config, env.mystnb_config, source).read(source)


def is_stale(cache, notebook):
    try:
        cache.match_cache_notebook(notebook)
    except KeyError:
        return True
    return False


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
    """Files that are no modules, and that a cell's output hangs on: the tables of the widgets'
    settings, and the data that is read. A widget's scripts and styles run on the page alone.
    """
    home, found = code / "initbook", set()
    if any(path.parent == home / "widgets" for path in modules):
        found |= set(home.glob("widgets/*.settings.js"))
    for name in ("digits", "results"):
        if home / f"{name}.py" in modules:
            found |= {file for file in (home / "data" / name).rglob("*") if file.is_file()}
    return found
