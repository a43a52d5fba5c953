"""Formulas are typeset when the book is built; one that can't be fails the build at its line."""

import socket
import subprocess
import time

import sphinxcontrib.katex as katex
from docutils import nodes
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from bookbuild.equations import mark_of
from bookbuild.frontend import find_node
from bookbuild.macros import MACROS

logger = logging.getLogger(__name__)


def setup(app):
    katex.KATEX_DEFAULT_OPTIONS.update(macros=MACROS, throwOnError=True)
    katex.NODEJS_BINARY = str(find_node())
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 30.0  # a busy machine takes its time
    katex.KaTeXServer.start_server_process = start_server
    app.add_html_math_renderer("book", (visit_inline, None), (visit_display, None))


def visit_inline(translator, node):
    translator.body.append(translator.starttag(node, "span", "", CLASS="math"))
    translator.body.append(f"{typeset(node)}</span>")
    raise nodes.SkipNode


def visit_display(translator, node):
    """A display formula; before it its number, and the mark of a claim that has been checked."""
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    if node["number"]:
        mark = mark_of(translator.builder.env, node["docname"], node["label"])
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">{mark}({number})')
        translator.add_permalink_ref(node, "Permalink to this equation")
        translator.body.append("</span>")
    translator.body.append(f"{typeset(node, displayMode=True)}</div>\n")
    raise nodes.SkipNode


def typeset(node, **options):
    try:
        return katex.render_latex(node.astext(), options)
    except katex.KaTeXError as error:
        logger.warning(
            "a formula can't be typeset: %s", error, location=node, type="bookbuild",
            subtype="formula",
        )  # fmt: skip
        return ""


def start_server(rundir, timeout):
    """KaTeX's server on a Unix socket, which is there a moment before anyone listens to it."""
    path = str(rundir / "katex.sock")
    command = katex.KaTeXServer.build_command(socket=path)
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=rundir)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    end = time.monotonic() + timeout
    while True:
        try:
            connection.connect(path)
            return process, connection
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > end:
                process.kill()
                raise katex.KaTeXServer.timeout_error(timeout) from None
            time.sleep(0.01)
