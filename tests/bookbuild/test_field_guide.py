"""The field guide: each row rests on a label of the book and on a verdict that is measured."""

import ast
import importlib.util
import os
import re

import numpy as np
import pytest
import torch

from building import ROOT

CHAPTER = (ROOT / "chapters" / "13-choosing-a-start.md").read_text(encoding="utf-8")
SHEET = (ROOT / "back" / "cheat-sheet.md").read_text(encoding="utf-8")
PAGES = [*ROOT.glob("chapters/*.md"), *ROOT.glob("deeper/*.md")]
ROW = re.compile(r"^\| (\d+) \| (.*) \|$", re.M)
CHECKS = re.compile(r"^```\{code-cell\} ipython3\n:tags: \[check\]\n(.*?)^```$", re.M | re.S)


def rows(page, label):
    """The numbered rows of the table below a label, by number."""
    section = page.split(f"({label})=")[1].split("\n## ")[1]
    return {int(number): cells.split(" | ") for number, cells in ROW.findall(section)}


def labels():
    """Every label that a reference may name."""
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    patterns = (r"^\(([\w-]+)\)=$", r"^\$\$ \(([\w-]+)\)$", r"^ *:?name: ([\w-]+)$")
    return {label for pattern in patterns for label in re.findall(pattern, text, flags=re.M)}


def verdicts(page):
    """The calls of `verdict(row, condition, because)` in cells that check, by row."""
    calls = [
        node
        for cell in CHECKS.findall(page)
        for node in ast.walk(ast.parse(cell))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "verdict"
    ]
    return {
        row: [c for c in calls if c.args[0].value == row]
        for row in {c.args[0].value for c in calls}
    }


GUIDE = rows(CHAPTER, "choose-guide")
LINES = {int(number): cells.split(" | ") for number, cells in ROW.findall(SHEET)}


def test_the_guide_has_its_rows_in_order():
    assert list(GUIDE) == list(range(1, 14)) == list(LINES)


@pytest.mark.parametrize("number", GUIDE)
def test_a_row_names_labels_that_exist(number):
    named = re.findall(r"\{(?:eq|numref|ref)\}`(?:[^`<]*<)?([\w-]+)>?`", GUIDE[number][-1])
    assert named, f"row {number} of the guide rests on nothing"
    assert not set(named) - labels()


@pytest.mark.parametrize("number", GUIDE)
def test_a_row_has_a_verdict_that_can_fail(number):
    found = verdicts(CHAPTER).get(number, [])
    assert found, f"no checking cell has a verdict({number}, …)"
    for call in found:
        names = {node.id for node in ast.walk(call.args[1]) if isinstance(node, ast.Name)}
        assert names, f"a verdict on row {number} is about nothing measured"


def test_a_verdict_that_does_not_hold_fails_the_page():
    (definition,) = re.findall(r"^def verdict\(.*?\n(?=\n\S|\S)", CHAPTER, flags=re.M | re.S)
    space = {}
    exec(definition, space)
    space["verdict"](1, True, "it holds")
    with pytest.raises(AssertionError, match="row 1: it does not"):
        space["verdict"](1, False, "it does not")


def code_of(number, column):
    """The line of the cheat sheet, or None where the row has no line of its own."""
    found = re.findall(r"`([^`]+)`", LINES[number][column])
    return found[0] if found and found[0] != '"zeros"' else None


# fan_in · Var of what each line draws; rows 8, 10 and 11 have N = 4 branches and E = 64.
DRAWN = {1: 2, 2: 1, 3: 12.8, 4: 2, 5: 1, 7: 2, 8: 1 / 4, 9: 0, 10: 1, 11: None, 12: 0, 13: 0}
GIVEN = {"N": 4, "E": 64, "n": 400}


@pytest.mark.parametrize("number", DRAWN)
def test_torchs_line_draws_what_it_says(number):
    layer = torch.nn.Linear(400, 300)
    torch.manual_seed(0)
    if number == 8:  # it divides what the row before has drawn
        torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")
    if number == 10:
        layer = torch.nn.Linear(100, 400)
    space = {
        **GIVEN,
        "I": torch.nn.init,
        "w": layer.weight,
        "b": layer.bias,
        "p": torch.full((300,), 1 / 300),
    }
    with torch.no_grad():
        exec(code_of(number, 1), space)
    drawn = layer.bias if number == 13 else layer.weight
    fan_in = layer.in_features if number != 11 else GIVEN["E"]
    measured = fan_in * float(drawn.detach().square().mean())
    assert measured == pytest.approx(1 if number == 11 else DRAWN[number], rel=0.03)


@pytest.mark.parametrize("number", [n for n in DRAWN if n != 13])
@pytest.mark.parametrize("name", ["Keras", "JAX"])
def test_the_other_lines_draw_the_same(number, name):
    needed = ("keras", "jax") if name == "Keras" else ("jax",)
    if not all(map(importlib.util.find_spec, needed)):
        pytest.skip(f"{name} is not here; make test-matrix has it")
    os.environ.setdefault("KERAS_BACKEND", "jax")
    import jax

    module = (
        importlib.import_module("keras.initializers") if name == "Keras" else jax.nn.initializers
    )
    init = eval(code_of(number, 2 if name == "Keras" else 3), {**GIVEN, "I": module})
    shape = (400, 400) if number == 10 else (400, 300)
    drawn = np.asarray(init(shape) if name == "Keras" else init(jax.random.key(0), shape, float))
    fan_in = GIVEN["E"] if number == 11 else 400
    assert fan_in * np.mean(drawn**2) == pytest.approx(
        1 if number == 11 else DRAWN[number], rel=0.05
    )
