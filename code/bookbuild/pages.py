"""What is checked and mended on a finished page."""

import re
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.writers.html5 import HTML5Translator
from sphinx_exercise.nodes import is_exercise_node

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
    (r'\s*<img src="_static/minus.png"[^>]*>', ""),  # the module index folds nothing
    # The logo stands outside every landmark.
    (r'(<div id="pst-primary-sidebar") ', r'\1 role="complementary" aria-label="Sidebar" '),
)
SVG_SIZE = re.compile(r'<svg[^>]* width="([\d.]+)pt" height="([\d.]+)pt"')
SEARCH_SCRIPTS = re.compile(
    r'\s*<script src="[^"]*(?:searchtools|language_data|searchindex)\.js"></script>'
)
NO_PROSE = (nodes.literal, nodes.FixedTextElement, nodes.math)
SPACED = re.compile(r" ([±×]) ")
STOPS = re.compile(r"[,.;:!?)\]’”]+")
DESIGN = re.compile(r"sphinx-design[\w.-]*\.css|design-tabs\.js")
TEMPLATES = ("webpack-macros.html", "sbt-webpack-macros.html")  # the themes' own, copied unrendered


def setup(app):
    app.connect("config-inited", set_theme_options, priority=900)
    app.connect("html-page-context", launch_notebooks, priority=502)  # after the theme's buttons
    app.connect("html-page-context", preload_fonts)
    app.connect("html-page-context", leave_out_unused, priority=900)
    app.add_post_transform(PlainExerciseTitles)
    app.add_post_transform(KeptTogether)
    app.add_node(nodes.image, override=True, html=(visit_image, HTML5Translator.depart_image))
    app.connect("build-finished", mend_pages, priority=400)


def set_theme_options(app, config):
    """What _config.yml can't say: naming html_theme_options there would drop jupyter-book's own."""
    config.html_theme_options.update(navbar_persistent=[], show_toc_level=2)
    config.html_theme_options.setdefault("logo", {})["text"] = config.html_title


class PlainExerciseTitles(SphinxPostTransform):
    """ "Exercise 4.1 A bound": sphinx-exercise sets what follows the number in brackets."""

    default_priority = 21  # right after sphinx-exercise made the title

    def run(self):
        for exercise in self.document.findall(is_exercise_node):
            title = exercise[0]
            for bracket in [node for node in title if node in (" (", ")")]:
                title.remove(bracket)


class KeptTogether(SphinxPostTransform):
    """No line ends after a ± or a ×, and none begins with the comma or the period of a formula.

    A browser may end a line behind each piece of a typeset formula, behind the last one too. So
    what closes it is typeset as part of that piece.
    """

    default_priority = 900  # when glued values stand in their sentences
    formats = ("html",)

    def run(self):
        for formula in self.document.findall(nodes.math):
            behind = formula.next_node(descend=False, siblings=True)
            stop = isinstance(behind, nodes.Text) and STOPS.match(behind)
            if stop:
                formula += nodes.Text(rf"\text{{{stop[0]}}}")
                behind.parent.replace(behind, nodes.Text(behind[stop.end() :]))
        for element in self.document.findall(nodes.TextElement):
            for place, child in enumerate(element.children):
                if isinstance(child, nodes.Text) and not isinstance(element, NO_PROSE):
                    element[place] = nodes.Text(SPACED.sub("\u00a0\\1\u00a0", child))


def preload_fonts(app, pagename, templatename, context, doctree):
    """Ask for the text's fonts before the style sheets do, so that it is seldom drawn twice."""
    link = '<link rel="preload" as="font" type="font/woff2" crossorigin href="{}">\n'
    for name in ("start-serif", "start-serif-600", "start-sans"):
        href = context["pathto"](f"_static/fonts/{name}.woff2", resource=True)
        context["metatags"] = context.get("metatags", "") + link.format(href)


def launch_notebooks(app, pagename, templatename, context, doctree):
    """Colab and Binder open the page's notebook; a page that has none offers none."""
    has_notebook = "kernelspec" in app.env.metadata.get(pagename, {})
    has_notebook = has_notebook and pagename != app.config.root_doc
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


def leave_out_unused(app, pagename, templatename, context, doctree):
    """Sphinx-design's style and script go where something of it stands."""
    if ' class="sd-' not in context.get("body", ""):
        for kind in ("css_files", "script_files"):
            context[kind] = [f for f in context[kind] if not DESIGN.search(str(f.filename))]


def visit_image(translator, node):
    """An image is loaded when it comes near; a figure says its size, so that nothing moves then."""
    said = 'loading="lazy"'
    file = Path(translator.builder.srcdir, node["uri"])
    if file.suffix == ".svg" and "width" not in node:
        size = SVG_SIZE.search(file.read_text(encoding="utf-8")[:2000])
        if size:  # as attributes, which a style sheet may scale
            width, height = (round(float(n)) for n in size.groups())
            said += f' width="{width}" height="{height}"'
    HTML5Translator.visit_image(translator, node)
    translator.body[-1] = translator.body[-1].replace("<img ", f"<img {said} ", 1)


def mend_pages(app, exception):
    if exception or app.builder.format != "html":
        return
    for name in TEMPLATES:
        (Path(app.outdir) / "_static" / name).unlink(missing_ok=True)
    for page in Path(app.outdir).rglob("*.html"):
        text = mended(page.read_text(encoding="utf-8"))
        page.write_text(text, encoding="utf-8", newline="\n")


def mended(html):
    for pattern, replacement in MENDS:
        html = re.sub(pattern, replacement, html)
    return html if 'id="search-results"' in html else SEARCH_SCRIPTS.sub("", html)
