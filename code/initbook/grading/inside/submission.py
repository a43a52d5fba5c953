"""Find a function, and what it needs, in whatever is left of a notebook or a Python file.

Imports, functions, classes and assignments of constants are taken, each under the names that it
binds; nothing else of a submission ever runs. The last definition of a name counts.
"""

import ast
import builtins
import io
import json
import re
import symtable
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LARGEST = 20_000_000  # bytes of a submission
PYTHON_CELLS = ("time", "timeit", "capture", "prun")  # %% magics whose cell is Python
NO_PYTHON = re.compile(r"^(\s*)(?:[%!?].*|[\w.]+\?{1,2}|[\w, ]+=\s*[%!].*)$", re.M)  # IPython's own
CONTINUED = re.compile(r"[\s)\]}#]|(?:else|elif|except|finally)\b")
CONSTANT = (
    ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.Set, ast.UnaryOp, ast.BinOp, ast.Compare,
    ast.BoolOp, ast.IfExp, ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.JoinedStr,
    ast.FormattedValue, ast.Lambda, ast.Starred, ast.expr_context, ast.operator, ast.unaryop,
    ast.cmpop, ast.boolop,
)  # fmt: skip


class Refused(Exception):
    """Why no function is taken from a submission: the end of a sentence about the file."""


class Missing(Refused):
    """The file can be read, but has no such function."""


@dataclass(frozen=True)
class Piece:
    """A statement with the names that it binds, and the cell that it stands in."""

    statement: ast.stmt
    names: frozenset[str]
    place: str

    @property
    def is_import(self) -> bool:
        return isinstance(self.statement, (ast.Import, ast.ImportFrom))

    @property
    def is_starter(self) -> bool:
        """Whether it is a function that does nothing but say that it is not written yet."""
        body = getattr(self.statement, "body", [None])
        last = body[-1]
        return (
            isinstance(self.statement, ast.FunctionDef)
            and isinstance(last, ast.Raise)
            and "NotImplementedError" in ast.unparse(last)
            and all(isinstance(s, ast.Expr) for s in body[:-1])
        )


def pieces_for(function: str, kind: str, content: bytes) -> list[Piece]:
    """The statements that the function needs, each after those that it needs itself.

    `kind` is the file's suffix. Raises Refused where the file can't be read or lacks the function.
    """
    pieces = [piece for place, cell in read_cells(kind, content) for piece in take(place, cell)]
    bound: dict[str, list[Piece]] = {}
    for piece in pieces:
        for name in piece.names:
            earlier = bound.get(name, [])
            if piece.is_import and earlier and earlier[-1].is_import:
                bound[name] = [*earlier, piece]  # scipy.stats, scipy.special: one name
            elif not (piece.is_starter and earlier and not earlier[-1].is_import):
                bound[name] = [piece]
    if function not in bound or bound[function][-1].is_import:
        raise Missing(f"defines no function {function}")
    return in_order(function, bound)


def in_order(function: str, bound: dict[str, list[Piece]]) -> list[Piece]:
    taken: list[Piece] = []
    seen: set[int] = set()

    def follow(name: str) -> None:
        for piece in bound.get(name, []):
            if id(piece) not in seen:
                seen.add(id(piece))
                for needed in names_in(piece.statement):
                    follow(needed)
                taken.append(piece)

    follow(function)
    needed = {name for piece in taken for name in names_in(piece.statement)}
    if needed - bound.keys() - set(dir(builtins)):
        taken = bound.get("*", []) + taken
    return taken


def names_in(statement: ast.stmt) -> list[str]:
    """The names that the statement takes from outside of it; an argument's name is its own."""
    top = symtable.symtable(ast.unparse(statement), "", "exec")
    names = [symbol.get_name() for symbol in top.get_symbols() if symbol.is_referenced()]
    inner = list(top.get_children())
    for scope in inner:  # grows while it is read
        names += [symbol.get_name() for symbol in scope.get_symbols() if symbol.is_global()]
        inner += scope.get_children()
    return sorted(set(names))


def take(place: str, cell: str) -> Iterator[Piece]:
    """The pieces of one cell."""
    for node in statements(parse(cell)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from imports(place, node)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for inner in ast.walk(node):  # annotations would ask for imports that nothing needs
                if isinstance(inner, ast.arg):
                    inner.annotation = None
                if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    inner.returns = None
            yield Piece(node, frozenset({node.name}), place)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [n for t in targets for n in ast.walk(t)]
            plain = all(isinstance(n, (*CONSTANT[:3], ast.Name, ast.expr_context)) for n in names)
            if plain and is_constant(node.value):
                bound = frozenset(n.id for n in names if isinstance(n, ast.Name))
                yield Piece(node, bound, place)


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Those at the top, and the first branch of an `if`, a `try` or a `with` that stands there."""
    for node in body:
        if isinstance(node, (ast.If, ast.Try, ast.With)):
            yield from statements(node.body)
        else:
            yield node


def imports(place: str, node: ast.Import | ast.ImportFrom) -> Iterator[Piece]:
    """One piece for each name, so that `import numpy, torch` loads only what is needed."""
    for alias in node.names:
        name = alias.asname or (
            alias.name.partition(".")[0] if isinstance(node, ast.Import) else alias.name
        )
        single = (
            ast.Import([alias])
            if isinstance(node, ast.Import)
            else ast.ImportFrom(node.module, [alias], node.level)
        )
        if getattr(node, "module", None) != "__future__":
            yield Piece(ast.copy_location(single, node), frozenset({name}), place)


def is_constant(value: ast.expr) -> bool:
    """Whether the expression calls nothing; what stands in a lambda is not run yet."""
    if isinstance(value, ast.Lambda):
        return True
    return all(isinstance(node, CONSTANT) for node in ast.walk(value))


def parse(cell: str) -> list[ast.stmt]:
    """The cell's statements; where it is no Python, of the lines that are."""
    cell = cell.removeprefix("\ufeff").replace("\r\n", "\n")
    if magic := re.match(r"\s*%%(\w+).*\n?", cell):
        if magic[1] not in PYTHON_CELLS:
            return []
        cell = "\n" + cell[magic.end() :]
    for source in (cell, NO_PYTHON.sub(r"\1pass", cell)):
        if (tree := parsed(source)) is not None:
            return tree
    chunks: list[list[str]] = []
    for number, line in enumerate(source.splitlines()):
        starts = line and not CONTINUED.match(line)
        if starts and not (chunks and chunks[-1][-1].startswith("@")):
            chunks.append([""] * number)  # keeps the numbers of the lines
        if chunks:
            chunks[-1].append(line)
    return [node for chunk in chunks for node in parsed("\n".join(chunk)) or []]


def parsed(source: str) -> list[ast.stmt] | None:
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def read_cells(kind: str, content: bytes) -> list[tuple[str, str]]:
    """The code cells, each with its place; a Python file is one cell."""
    if len(content) > LARGEST:
        raise Refused(f"is larger than {LARGEST // 1_000_000} MB")
    if kind == ".zip":
        kind, content = unpack(content)
    text = decode(content)
    if kind == ".py":
        return [("", text)]
    sources = notebook_sources(text)
    return [(f"cell {number}", source) for number, source in enumerate(sources, start=1)]


def unpack(content: bytes) -> tuple[str, bytes]:
    """The one notebook or Python file in an archive, which is read and never written anywhere."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [name.replace("\\", "/") for name in archive.namelist()]
            if any(name.startswith("/") or ".." in name.split("/") for name in names):
                raise Refused("is an archive with a path that leads out of it")
            inside = [
                info for info, name in zip(archive.infolist(), names, strict=True)
                if name.endswith((".ipynb", ".py"))
                and not any(part.startswith((".", "__MACOSX")) for part in name.split("/"))
            ]  # fmt: skip
            if len(inside) != 1:
                raise Refused(f"is an archive with {len(inside)} notebooks or Python files, not 1")
            with archive.open(inside[0]) as file:
                unpacked = file.read(LARGEST + 1)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, ValueError, OSError, EOFError) as error:
        raise Refused("is an archive that can't be read") from error
    if len(unpacked) > LARGEST:
        raise Refused(f"is an archive with a file larger than {LARGEST // 1_000_000} MB")
    return "." + inside[0].filename.rpartition(".")[2], unpacked


def decode(content: bytes) -> str:
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = content.decode("utf-16" if wide else "utf-8-sig", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def notebook_sources(text: str) -> list[str]:
    """The sources of the code cells, of any version of the format, cut off or not."""
    if text.startswith("%PDF"):
        raise Refused("is a PDF, not a notebook")
    if not text.strip():
        raise Refused("is empty")
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError):
        if sources := list(left_of_cells(text)):
            return sources
        raise Refused("is not a notebook") from None
    sheets = [notebook, *listed(notebook, "worksheets")]  # version 3 had sheets
    cells = [cell for sheet in sheets for cell in listed(sheet, "cells")]
    if not cells:
        raise Refused("is not a notebook, or one without cells")
    return [joined(source_of(cell)) for cell in cells if is_code(cell)]


def listed(holder: Any, key: str) -> list[dict[str, Any]]:
    """The dictionaries in a list, where the file has such a list."""
    found = holder.get(key) if isinstance(holder, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def is_code(cell: dict[str, Any]) -> bool:
    """Jupyter's cell_type, VS Code's kind (2 is code), or neither where metadata are gone."""
    return bool(cell["cell_type"] == "code" if "cell_type" in cell else cell.get("kind", 2) == 2)


def source_of(cell: dict[str, Any]) -> Any:
    """`source`; `input` in version 3, `value` in VS Code's own form."""
    return next((cell[key] for key in ("source", "input", "value") if key in cell), "")


def joined(source: Any) -> str:
    """A cell's text, which is a string or a list of lines, with or without their ends."""
    if isinstance(source, str):
        return source
    lines = [line for line in source if isinstance(line, str)] if isinstance(source, list) else []
    if any("\n" in line for line in lines):
        return "".join(lines)
    return "\n".join(lines)


def left_of_cells(text: str) -> Iterator[str]:
    """Every `"source": …` that is whole, of a file that ends too early."""
    decoder = json.JSONDecoder()
    for match in re.finditer(r'"(?:source|input)"\s*:\s*(?=["\[])', text):
        try:
            yield joined(decoder.raw_decode(text, match.end())[0])
        except (ValueError, RecursionError):
            continue
