"""What is checked and mended on a finished page."""

import re

from sphinx.util import logging

KATEX_ERROR = re.compile(r'<span class="katex-error"[^>]*>|style="color:#cc0000;?"[^>]*>([^<]*)')
logger = logging.getLogger(__name__)


def setup(app):
    app.add_css_file("icons.css")
    app.connect("config-inited", set_theme_options, priority=900)
    app.connect("html-page-context", check_formulas)


def set_theme_options(app, config):
    """What _config.yml can't say: naming html_theme_options there would drop jupyter-book's own."""
    config.html_theme_options.update(navbar_persistent=[], show_toc_level=2)


def check_formulas(app, pagename, templatename, context, doctree):
    """KaTeX paints what it can't read red and goes on; the build shall not."""
    for match in KATEX_ERROR.finditer(context.get("body", "")):
        logger.warning(
            "a formula on %s can't be typeset: %s", pagename, match[1] or match[0],
            type="bookbuild", subtype="formula",
        )
