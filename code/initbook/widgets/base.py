"""What the book's widgets share: one ES module serves live notebooks and the static page."""

import base64
import html
import json
import os
import re
from collections.abc import Mapping
from numbers import Real
from pathlib import Path
from typing import Any

import anywidget
import traitlets

HERE = Path(__file__).parent
TYPES = re.compile(r"/\*\*.*?\*/", re.S)  # they name modules that are not loaded
SIBLING = re.compile(
    r"""new URL\((["'])(?P<binary>\.{1,2}/[\w./-]+)\1, import\.meta\.url\)"""
    r"""|(?P<lead>\bfrom |\bimport ?\(?)(["'])(?P<module>\.{1,2}/[\w./-]+)\4"""
)

# Said where no live figure is: without scripts, and on a page that was opened as a file.
NO_SCRIPTS = "With scripts switched on, sliders stand here."
FROM_FILE = (
    "This page was opened as a file, and from a file no browser loads the sliders that stand here: "
    "serve the folder (make serve does) and open it over http."
)


def standalone(path: Path) -> str:
    """Return an ES module's source with every file that it refers to written into it.

    In a live notebook a module is loaded from a blob, where relative addresses lead nowhere;
    so each becomes a data: URL. The static page imports the files as they are.
    """

    def embed(match: re.Match[str]) -> str:
        if name := match["module"]:
            kind, content = "text/javascript", standalone(path.parent / name).encode()
        else:
            kind, content = "application/wasm", (path.parent / match["binary"]).read_bytes()
        return f'{match["lead"] or ""}"data:{kind};base64,{base64.b64encode(content).decode()}"'

    return SIBLING.sub(embed, TYPES.sub("", path.read_text(encoding="utf-8")))


def read_settings(name: str) -> dict[str, Any]:
    """The table that a widget shares with its ES module: JSON behind the `export default`."""
    source = (HERE / f"{name}.settings.js").read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(source.partition("export default")[2].strip().rstrip(";"))
    return table


class Setting(traitlets.TraitType[Any, Any]):
    """A synced value that its widget's table allows: one of `choices`, or a number in its limits.

    Any kind of real number becomes a float, or an int where `multiple` says whole numbers alone.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tag(sync=True)

    def validate(self, obj: Any, value: Any) -> Any:
        rule = obj.settings["state"][self.name]
        if "choices" in rule:
            if not (isinstance(value, str) and value in rule["choices"]):
                self._refuse(value, "are " + ", ".join(map(repr, rule["choices"])))
            return value
        number = value.item() if getattr(value, "ndim", None) == 0 else value  # numpy's and torch's
        if isinstance(number, bool) or not isinstance(number, Real):
            self._refuse(value, f"is a number from {rule['min']} to {rule['max']}")
        if not rule["min"] <= number <= rule["max"]:
            self._refuse(number, f"is a number from {rule['min']} to {rule['max']}")
        multiple = rule.get("multiple")
        if multiple and number % multiple:
            words = "a whole number" if multiple == 1 else f"a multiple of {multiple}"
            self._refuse(number, f"is {words}")
        return int(number) if multiple else float(number)

    def _refuse(self, value: Any, allowed: str) -> None:
        raise traitlets.TraitError(f"{self.name} is {value!r}; allowed {allowed}.")


class BookWidget(anywidget.AnyWidget):
    """A widget named by its ES module: live in Jupyter, a placeholder while the book is built.

    A subclass sets `_name`, has a `Setting` for each entry of `state` in `NAME.settings.js`, and
    draws in `_figure` what stands in the page for readers without scripts. With
    `INITBOOK_STATIC_WIDGETS` set, a widget opens no channel to a front end and displays the
    placeholder that mount-widgets.js looks for.
    """

    _name = ""
    settings: Mapping[str, Any] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if "_name" in cls.__dict__:  # not in the subclasses that traitlets makes on the way
            cls.settings = read_settings(cls._name)
        super().__init_subclass__(**kwargs)

    def __init__(self, **state: Any) -> None:
        if unknown := [name for name in state if not self.has_trait(name)]:
            allowed = ", ".join(self.settings["state"])
            raise TypeError(f"{type(self).__name__} has no {unknown[0]!r}; it has {allowed}.")
        super().__init__(**state)

    # Read for each widget, so that an edit shows in a live notebook when its cell runs again.
    @property
    def _esm(self) -> str:
        return standalone(HERE / f"{self._name}.js")

    @property
    def _css(self) -> str:
        return (HERE / "widgets.css").read_text(encoding="utf-8")

    def open(self) -> None:
        """Connect to the front end, unless the page will have no kernel."""
        if not _static():
            super().open()

    def _figure(self) -> str:
        """Return HTML for readers without scripts: a figure and a sentence."""
        raise NotImplementedError(f"{type(self).__name__} needs a _figure for the static page.")

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        if not _static():
            return super()._repr_mimebundle_(**kwargs)
        page = placeholder(self._name, self._start(), self._figure())
        return {"text/html": page, "text/plain": repr(self)}

    def _start(self) -> dict[str, Any]:
        general = anywidget.AnyWidget.class_trait_names()
        names = [name for name in self.trait_names(sync=True) if name not in general]
        return {name: getattr(self, name) for name in names if not name.startswith("_")}


def placeholder(name: str, state: Mapping[str, Any], figure: str) -> str:
    """Return the element that mount-widgets.js turns into a widget."""
    start = json.dumps(state).replace("<", "\\u003c")
    say = "document.currentScript.previousElementSibling.textContent"
    return (
        f'<div class="book-widget" data-widget="{html.escape(name)}">'
        f'<script type="application/json">{start}</script>'
        f'<div class="widget-fallback">{figure}<p class="widget-reason">{NO_SCRIPTS}</p>'
        f'<script>{say} = location.protocol === "file:" ? {json.dumps(FROM_FILE)} : ""</script>'
        "</div></div>"
    )


def _static() -> bool:
    return bool(os.environ.get("INITBOOK_STATIC_WIDGETS"))
