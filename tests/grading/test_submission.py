"""Functions are found by name in whatever is left of a file, with what they need and no more."""

import ast
import json

import pytest
from handing_in import CHECK, FACTOR, FORMS, NUMPY, RIGHT, STARTER, notebook

from initbook.grading.inside.submission import Missing, Refused, pieces_for

NAME = "factor_per_layer"


def taken(cells, kind=".py", name=NAME):
    """The statements that are taken, as source."""
    content = cells if isinstance(cells, str) else "\n".join(cells)
    pieces = pieces_for(name, kind, content.encode())
    return [ast.unparse(piece.statement) for piece in pieces]


def runs(statements):
    """The function that the statements define, called once."""
    namespace = {}
    exec("\n".join(statements), namespace)
    return namespace[NAME](0.5, 16)


@pytest.mark.parametrize("form", FORMS)
def test_a_function_is_found_in_every_form(form):
    kind = "." + form.rpartition(".")[2]
    assert runs(taken(FORMS[form](RIGHT), kind)) == 2.0


def test_only_what_the_function_needs_is_taken():
    cells = [
        "import torch, numpy as np\nfrom initbook import plots\n",
        "print(torch.ones(3)); data = np.load('x.npy')\n",
        "width_one, SCALE = 1, 2 * 3.5\nunused = [1, 2]\n",
        "def root(n: torch.Tensor, unused=1) -> plots.Figure:\n    return np.sqrt(n) * SCALE\n",
        "def factor_per_layer(std, width):\n    return root(width) * std\n",
        "raise SystemExit\n",
    ]
    assert sorted(taken(cells)) == [
        "def factor_per_layer(std, width):\n    return root(width) * std",
        "def root(n, unused=1):\n    return np.sqrt(n) * SCALE",
        "import numpy as np",
        "width_one, SCALE = (1, 2 * 3.5)",
    ]


@pytest.mark.parametrize(
    ("cells", "value"),
    [
        ([NUMPY, FACTOR.replace("std\n", "9\n"), FACTOR], 2.0),  # the last one counts
        ([NUMPY, FACTOR, STARTER], 2.0),  # a starter behind an answer is no answer
        (["from numpy import *\n", FACTOR.replace("np.", "")], 2.0),
        (["import numpy.linalg as np_, numpy\nimport math\n", FACTOR.replace("np.", "math.")], 2.0),
        (["if True:\n    import numpy as np\n", FACTOR], 2.0),
        (["try:\n    import numpy as np\nexcept ImportError:\n    np = None\n", FACTOR], 2.0),
        (["factor_per_layer = lambda std, width: width**0.5 * std\n"], 2.0),
        ([NUMPY + "%matplotlib inline\n!ls\nnp.sqrt?\nfiles = !ls\n" + FACTOR], 2.0),
        (["%%time\n" + NUMPY, FACTOR], 2.0),
        (["%%bash\nimport nothing as np\n", NUMPY, FACTOR], 2.0),
        ([NUMPY, FACTOR + "\nthis is no Python\n"], 2.0),
        (["\ufeff" + NUMPY, FACTOR.replace("\n", "\r\n")], 2.0),
        ([NUMPY, FACTOR + "def helper(): return factor_per_layer(1, 1)\n" + CHECK], 2.0),
        (
            ["class Net:\n    scale = 2\n", "def factor_per_layer(std, width):\n"
             "    return Net.scale * even(0)\ndef even(n):\n    return 1 if n == 0 else odd(n)\n"
             "def odd(n):\n    return even(n - 1)\n"],
            2,
        ),
    ],
)  # fmt: skip
def test_what_is_left_still_runs(cells, value):
    assert runs(taken(notebook(cells), ".ipynb")) == value


@pytest.mark.parametrize("cell", [
    "factor_per_layer = make()\n", "x = factor_per_layer = np.sqrt(2)\n",
    "import os as factor_per_layer\n", "if False: pass\nelse:\n    def factor_per_layer(): pass\n",
    "def outer():\n    def factor_per_layer(): pass\n", "a.factor_per_layer = 1\n",
])  # fmt: skip
def test_what_would_have_to_run_is_not_taken(cell):
    with pytest.raises(Missing, match="defines no function factor_per_layer"):
        taken([cell])


def test_a_line_is_known_by_its_cell_and_number():
    content = notebook([NUMPY, "%%time\n\n" + FACTOR]).encode()
    (_, piece) = pieces_for(NAME, ".ipynb", content)
    assert (piece.place, piece.statement.lineno) == ("cell 2", 3)


def test_a_file_that_is_cut_off_keeps_its_whole_cells():
    content = notebook([NUMPY, FACTOR, "# the rest"])
    assert runs(taken(content[: content.index("# the rest")], ".ipynb")) == 2.0


@pytest.mark.parametrize(("content", "said"), [
    ("{}", "without cells"), ("[1]", "without cells"), ('"text"', "without cells"),
    ('{"cells": {"a": 1}}', "without cells"), ("<html>", "is not a notebook"),
    ("%PDF-1.4", "is a PDF"), (" \n", "is empty"), ("[" * 99_999, "is not a notebook"),
    ('{"source":[' * 9_999, "is not a notebook"),
])  # fmt: skip
def test_what_is_no_notebook_is_refused(content, said):
    with pytest.raises(Refused, match=said):
        taken(content, ".ipynb")


def test_cells_of_any_shape_are_read():
    cells = [{"cell_type": "code", "source": s} for s in (None, 7, [1, "x = 1"], {"a": 1}, FACTOR)]
    cells += [None, 3, {"kind": [2]}, {"cell_type": {}, "source": "x"}]
    assert len(taken(json.dumps({"cells": cells}), ".ipynb")) == 1
