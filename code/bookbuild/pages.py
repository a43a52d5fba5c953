"""What is checked and mended on a finished page."""

import re

from sphinx.util import logging

KATEX_ERROR = re.compile(r'<span class="katex-error"[^>]*>|style="color:#cc0000;?"[^>]*>([^<]*)')
logger = logging.getLogger(__name__)


def setup(app):
    app.add_css_file("icons.css")
    app.connect("html-page-context", check_formulas)


def check_formulas(app, pagename, templatename, context, doctree):
    """KaTeX paints what it can't read red and goes on; the build shall not."""
    for match in KATEX_ERROR.finditer(context.get("body", "")):
        logger.warning(
            "a formula on %s can't be typeset: %s", pagename, match[1] or match[0],
            type="bookbuild", subtype="formula",
        )
