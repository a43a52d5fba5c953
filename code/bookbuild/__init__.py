"""The Sphinx extension that turns the chapters into the site: each module below is one concern."""


def setup(app):
    # Imported here, so that a script beside these modules runs without Sphinx.
    from bookbuild import (
        docstrings,
        equations,
        execution,
        formulas,
        frontend,
        icons,
        notebooks,
        numbering,
        pages,
        prose,
    )

    for part in (
        docstrings, execution, frontend, icons, numbering, prose, equations, formulas, pages,
        notebooks,
    ):  # fmt: skip
        part.setup(app)
    return {"parallel_read_safe": False, "parallel_write_safe": False}
