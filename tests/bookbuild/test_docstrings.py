"""The library's page: docstrings as reStructuredText, and no module left out."""

import importlib
import inspect
from pathlib import Path

import pytest

from bookbuild.docstrings import to_restructured_text

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("`X @ W` and `*`", "``X @ W`` and ``*``"),
        ("``torch.bmm`` and ``{glue:text}`name` ``",) * 2,
        (
            "(*kernel, in), |h| > 1, a trailing sparse_",
            r"(\*kernel, in), \|h\| > 1, a trailing sparse\_",
        ),
        ("E[h_l], fan_in", "E[h_l], fan_in"),
        (">>> a = b * c | `d`", ">>> a = b * c | `d`"),
    ],
)
def test_a_docstring_keeps_its_signs(written, read):
    lines = [written]
    to_restructured_text(None, "function", "f", None, None, lines)
    assert lines == [read]


def test_an_example_ends_with_a_blank_line():
    lines = [">>> f(1)", "a | b", "", "a | b"]
    to_restructured_text(None, "function", "f", None, None, lines)
    assert lines == [">>> f(1)", "a | b", "", r"a \| b"]


def test_every_module_stands_on_the_page():
    page = (ROOT / "back" / "api.md").read_text(encoding="utf-8")
    library = ROOT / "code" / "initbook"
    folders = {path.parent.name for path in library.glob("*/__init__.py")}
    modules = {path.stem for path in library.glob("[!_]*.py")} | folders
    assert {name for name in modules if f"automodule:: initbook.{name}\n" not in page} == set()


@pytest.mark.parametrize(
    "name",
    ["activations", "arguments", "equations", "exercises.exercise", "exercises.own_file",
     "exercises.prediction", "exercises.questions", "exercises.seeds", "fans", "gaussian",
     "initializers", "intervals", "layer_statistics", "lsuv", "moments", "plots",
     "propagation", "simulation", "torchnets"],
)  # fmt: skip
def test_every_public_function_shows_an_example(name):
    module = importlib.import_module(f"initbook.{name}")
    functions = {
        key: thing
        for key, thing in vars(module).items()
        if inspect.isfunction(thing) and thing.__module__ == module.__name__ and key[0] != "_"
    }
    assert [key for key, thing in functions.items() if ">>>" not in (thing.__doc__ or "")] == []
