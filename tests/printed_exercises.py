"""The graded exercises as the pages print them: number, starter, solution, calls of `check`."""

import ast
import re
from dataclasses import dataclass

from bookbuild.bank import CELL, between, read_exercises
from building import PAGES


@dataclass(frozen=True)
class Printed:
    """The number that the page prints, and the cells' source."""

    number: str
    starter: list[str]
    solution: list[str]
    imports: str

    def function(self, cells, name):
        """The function of this name that the cells define, with the page's imports alone."""
        namespace = {}
        exec("\n".join([self.imports, *map(definitions, cells)]), namespace)  # our own pages
        return namespace[name]


def printed_exercises():
    """Every graded exercise of the book by its number."""
    return {printed.number: printed for page in PAGES for printed in read_page(page)}


def read_page(path):
    text = path.read_text(encoding="utf-8")
    imports = "\n".join(parts_of(cell, ast.Import, ast.ImportFrom) for cell in CELL.findall(text))
    for exercise in filter(lambda exercise: exercise.graded, read_exercises(path)):
        starter = between(text, f":label: {exercise.label}\n", "{exercise-end}")
        solution = between(text, f"{{solution-start}} {exercise.label}\n", "{solution-end}")
        yield Printed(exercise.number, starter, solution, imports)


def definitions(cell):
    return parts_of(cell, ast.Import, ast.ImportFrom, ast.FunctionDef)


def parts_of(cell, *kinds):
    """The cell's statements of these kinds, as source."""
    source = re.sub(r"^[%!].*$", "", cell, flags=re.M)  # IPython's own lines
    return "\n".join(ast.unparse(n) for n in ast.parse(source).body if isinstance(n, kinds))


def calls_of_check(cells):
    """Each call of `check`, as the number and the function's name."""
    calls = (n for cell in cells for n in ast.walk(ast.parse(cell)) if isinstance(n, ast.Call))
    calls = (call for call in calls if ast.unparse(call.func) == "check")
    return [(ast.literal_eval(call.args[0]), ast.unparse(call.args[1])) for call in calls]
