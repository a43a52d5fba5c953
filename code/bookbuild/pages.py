"""What is checked and mended on a finished page."""

import re
from pathlib import Path

from sphinx.util import logging

KATEX_ERROR = re.compile(r'<span class="katex-error"[^>]*>|style="color:#cc0000;?"[^>]*>([^<]*)')
# Where the theme and its extensions fall short of what axe asks, or load megabytes for nothing.
MENDS = (
    (r"\s*<(?:script|link)[^>]*fontawesome\.js[^>]*>(?:</script>)?", ""),  # the fonts serve
    (r'<img (alt="[^"]*"|)(\s*src="[^"]*logo_\w+\.\w+")', r'<img loading="lazy" \1\2'),  # in a menu
    # A name that hides the words on the button.
    (r'(<button class="btn search-button-field[^>]*?) aria-label="Search"', r"\1"),
    (r'<summary aria-label="Toggle hidden content">', "<summary>"),
    # Roles that ARIA has given up, on elements that may not bear them.
    (r' role="doc-(?:biblioentry|backlink)"', ""),
    (r'<div role="list" class="citation-list">', '<div class="citation-list">'),
    # The logo stands outside every landmark.
    (r'(<div id="pst-primary-sidebar") ', r'\1 role="complementary" aria-label="Sidebar" '),
)
FIGURE = re.compile(r'<img (?P<rest>alt="[^"]*" src="(?P<src>[^"]*_images/[^"]*\.svg)")')
SVG_SIZE = re.compile(r'<svg[^>]* width="([\d.]+)pt" height="([\d.]+)pt"')
# What a page loads only where it holds a word that needs it.
WHERE_NEEDED = (
    (re.compile(r'\s*<script src="[^"]*(?:searchtools|language_data|searchindex)\.js"></script>'),
     'id="search-results"'),
    (re.compile(r'\s*<link [^>]*sphinx-design\.min\.css[^>]*>|\s*<script [^>]*design-tabs\.js[^>]*>'
                r"</script>"), ' class="sd-'),
)  # fmt: skip
TEMPLATES = ("webpack-macros.html", "sbt-webpack-macros.html")  # the themes' own, copied unrendered
logger = logging.getLogger(__name__)


def setup(app):
    app.connect("config-inited", set_theme_options, priority=900)
    app.connect("html-page-context", check_formulas)
    app.connect("html-page-context", launch_notebooks, priority=502)  # after the theme's buttons
    app.connect("build-finished", mend_pages, priority=400)


def set_theme_options(app, config):
    """What _config.yml can't say: naming html_theme_options there would drop jupyter-book's own."""
    config.html_theme_options.update(navbar_persistent=[], show_toc_level=2)


def check_formulas(app, pagename, templatename, context, doctree):
    """KaTeX paints what it can't read red and goes on; the build shall not."""
    for match in KATEX_ERROR.finditer(context.get("body", "")):
        logger.warning(
            "a formula on %s can't be typeset: %s", pagename, match[1] or match[0],
            type="bookbuild", subtype="formula",
        )  # fmt: skip


def launch_notebooks(app, pagename, templatename, context, doctree):
    """Colab and Binder open the page's notebook; a page that has none offers none."""
    has_notebook = "kernelspec" in app.env.metadata.get(pagename, {})
    kept = []
    for group in context.get("header_buttons", []):
        if not has_notebook and group.get("label") == "launch-buttons":
            continue
        for button in group.get("buttons", []):
            if group.get("label") == "launch-buttons":
                button["url"] = button["url"].replace(f"{pagename}.md", f"{pagename}.ipynb")
        if not has_notebook and "buttons" in group:
            group["buttons"] = [b for b in group["buttons"] if b.get("text") != ".ipynb"]
        kept.append(group)
    context["header_buttons"] = kept


def mend_pages(app, exception):
    if exception or app.builder.format != "html":
        return
    for name in TEMPLATES:
        (Path(app.outdir) / "_static" / name).unlink(missing_ok=True)
    for page in Path(app.outdir).rglob("*.html"):
        text = mended(page.read_text(encoding="utf-8"))
        text = FIGURE.sub(lambda tag, page=page: sized(tag, page.parent), text)
        page.write_text(text, encoding="utf-8", newline="\n")


def mended(html):
    for pattern, replacement in MENDS:
        html = re.sub(pattern, replacement, html)
    for pattern, sign in WHERE_NEEDED:
        if sign not in html:
            html = pattern.sub("", html)
    return html


def sized(tag, folder):
    """A cell's figure, loaded when it comes near; its size is said, so that nothing moves then."""
    head = (folder / tag["src"]).read_text(encoding="utf-8")[:2000]
    width, height = (round(float(n)) for n in SVG_SIZE.search(head).groups())
    return f'<img loading="lazy" width="{width}" height="{height}" {tag["rest"]}'
