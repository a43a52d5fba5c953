"""The order that CONTRIBUTING gives the modules in: what may import what, and what knows torch."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "code" / "initbook"
LISTED = re.compile(r"^    (\w+)/? +\S.*?(\(torch\))?$", re.M)


def groups():
    """The four lists: their headings, and each module's name with whether it knows torch."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    text = text[text.index("imports only from modules above it") :]
    titles = "The mathematics|Measuring and training|The page|Marking"
    blocks = re.findall(rf"^({titles})\b.*:\n\n((?: .*\n)+)", text, re.M)
    return [
        (title, [(m[1], bool(m[2])) for m in LISTED.finditer(block)]) for title, block in blocks
    ]


ORDER = {name: torch for _, modules in groups() for name, torch in modules}


def imported_by(module):
    """The modules of the library that a module or folder imports, and "torch" if it does."""
    path = LIBRARY / f"{module}.py"
    found = set()
    for file in [path] if path.exists() else sorted((LIBRARY / module).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if names == ["initbook"]:
                names = [f"initbook.{alias.name}" for alias in node.names]
            found |= {n.split(".")[n.startswith("initbook.")] for n in names if n}
    return (found & (ORDER.keys() | {"torch"})) - {module}


def test_every_module_stands_in_one_of_four_lists():
    folders = {path.parent.name for path in LIBRARY.glob("*/__init__.py")}
    assert len(groups()) == 4
    assert set(ORDER) == {path.stem for path in LIBRARY.glob("[!_]*.py")} | folders


@pytest.mark.parametrize("module", ORDER)
def test_a_module_imports_only_what_stands_above_it(module):
    names = list(ORDER)
    above = set(names[: names.index(module)])
    assert imported_by(module) - {"torch"} - above == set()


@pytest.mark.parametrize("module", ORDER)
def test_only_what_says_so_knows_torch(module):
    known = imported_by(module)
    assert ORDER[module] == ("torch" in known or any(ORDER[name] for name in known - {"torch"}))


def test_the_librarys_page_has_the_same_groups_in_the_same_order():
    page = (ROOT / "back" / "api.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (.+)$", page, flags=re.M)[1:]
    stand = {
        title: re.findall(r"automodule:: initbook\.(\w+)", text)
        for title, text in zip(parts[::2], parts[1::2], strict=True)
    }
    assert stand.popitem()[1] == ["arguments"]  # what is refused is no one's first question
    listed = {
        title: [name for name, _ in modules if name != "arguments"] for title, modules in groups()
    }
    assert list(stand.items()) == list(listed.items())
