"""Submissions as students hand them in: right answers in the forms of several programs."""

import json

# The assignment of these tests, and an answer to each of its exercises.
ASSIGNMENT = """\
title: "Homework 1: variance"
exercises: {"2.1": 2, "2.2": 3, "4.1": 5}
seconds: 4
"""
NUMPY = "import numpy as np\n"
FACTOR = "def factor_per_layer(std, width):\n    return np.sqrt(width) * std\n"
SHARE = "def share_saturated(h, threshold):\n    return np.mean(np.abs(h) > threshold)\n"
BOUND = "def xavier_bound(fan_in, fan_out):\n    return np.sqrt(6 / (fan_in + fan_out))\n"
ONE_TAIL = SHARE.replace("np.abs(h)", "h")
STARTER = 'def factor_per_layer(std, width):\n    raise NotImplementedError("Exercise 2.1")\n'
CHECK = 'from initbook.exercises import check\ncheck("2.1", factor_per_layer)\n'
RIGHT = [NUMPY, FACTOR, SHARE, BOUND]


def code(source, **more):
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [],
            "source": source.splitlines(keepends=True), **more}  # fmt: skip


def text(source):
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def notebook(cells, **more):
    cells = [text("# Homework"), *map(code, cells)]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5} | more)


def in_colab(cells):
    """One more field in everything, and a cell that installs."""
    cells = ["!pip install initbook -q", "%matplotlib inline\n", *cells]
    found = [code(cell, **{"id": str(k)}) for k, cell in enumerate(cells)]
    return json.dumps({"nbformat": 4, "nbformat_minor": 0, "cells": found,
                       "metadata": {"colab": {"provenance": []}, "kernelspec": {}}})  # fmt: skip


def in_vs_code(cells):
    """The form in which the editor itself keeps a notebook."""
    found = [{"kind": 2, "language": "python", "value": cell} for cell in cells]
    return json.dumps({"cells": [{"kind": 1, "language": "markdown", "value": "#"}, *found]})


def in_version_3(cells):
    found = [{"cell_type": "code", "input": cell, "outputs": []} for cell in cells]
    return json.dumps({"nbformat": 3, "worksheets": [{"cells": found}]})


def without_metadata(cells):
    return json.dumps({"cells": [{"source": cell} for cell in cells]})


FORMS = {
    "notebook.ipynb": notebook,
    "colab.ipynb": in_colab,
    "vscode.ipynb": in_vs_code,
    "old.ipynb": in_version_3,
    "bare.ipynb": without_metadata,
    "reordered.ipynb": lambda cells: notebook(cells[::-1]),
    "duplicated.ipynb": lambda cells: notebook([STARTER, *cells, CHECK, *cells]),
    "plain.py": "\n".join,
}
