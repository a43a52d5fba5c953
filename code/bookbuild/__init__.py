"""The Sphinx extension that turns the chapters into the site: each module below is one concern."""


def setup(app):
    # Imported here, so that a script beside these modules runs without Sphinx.
    from bookbuild import (
        bare_numbers,
        docstrings,
        equations,
        execution,
        fonts,
        formulas,
        frontend,
        icons,
        notebook,
        numbering,
        pages,
        questions,
        reading,
        teaching,
    )

    for part in (
        docstrings, execution, frontend, fonts, icons, numbering, bare_numbers, equations, formulas,
        questions, reading, teaching, pages, notebook,
    ):  # fmt: skip
        part.setup(app)
    return {"parallel_read_safe": False, "parallel_write_safe": False}
