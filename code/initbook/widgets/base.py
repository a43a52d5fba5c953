"""What the book's widgets share: one ES module serves live notebooks and the static page."""

import base64
import html
import json
import os
import re
from pathlib import Path

import anywidget

HERE = Path(__file__).parent
SIBLING = re.compile(
    r'new URL\("\./(?P<binary>[\w.-]+)", import\.meta\.url\)|(?<=from )"\./(?P<module>[\w.-]+)"'
)


def standalone(path: Path) -> str:
    """Return an ES module's source with every file that it refers to written into it.

    In a live notebook a module is loaded from a blob, where relative addresses lead nowhere;
    so each becomes a data: URL. The static page imports the files as they are.
    """

    def embed(match: re.Match) -> str:
        name = match["module"] or match["binary"]
        if match["module"]:
            kind, content = "text/javascript", standalone(path.parent / name).encode()
        else:
            kind, content = "application/wasm", (path.parent / name).read_bytes()
        return f'"data:{kind};base64,{base64.b64encode(content).decode()}"'

    return SIBLING.sub(embed, path.read_text(encoding="utf-8"))


class BookWidget(anywidget.AnyWidget):
    """A widget named by its ES module: live in Jupyter, a placeholder while the book is built.

    Subclasses set ``_name`` and their synced traits, and say in ``_fallback`` what stands in the
    page for readers without scripts. With ``INITBOOK_STATIC_WIDGETS`` set, a widget opens no
    channel to a front end and displays the placeholder that mount-widgets.js looks for.
    """

    _name = ""

    def __init_subclass__(cls, **kwargs):
        if "_name" in cls.__dict__:  # not in the subclasses that traitlets makes on the way
            cls._esm = standalone(HERE / f"{cls._name}.js")
            cls._css = (HERE / "widgets.css").read_text(encoding="utf-8")
        super().__init_subclass__(**kwargs)

    def open(self):
        """Connect to the front end, unless the page will have no kernel."""
        if not _static():
            super().open()

    def _fallback(self) -> str:
        """Return HTML for readers without scripts: a figure and a sentence."""
        raise NotImplementedError(f"{type(self).__name__} needs a _fallback for the static page.")

    def _repr_mimebundle_(self, **kwargs):
        if not _static():
            return super()._repr_mimebundle_(**kwargs)
        page = placeholder(self._name, self._start(), self._fallback())
        return {"text/html": page, "text/plain": repr(self)}

    def _start(self) -> dict:
        general = anywidget.AnyWidget.class_trait_names()
        names = [name for name in self.trait_names(sync=True) if name not in general]
        return {name: getattr(self, name) for name in names if not name.startswith("_")}


def placeholder(name: str, state: dict, fallback: str) -> str:
    """Return the element that mount-widgets.js turns into a widget."""
    start = json.dumps(state).replace("<", "\\u003c")
    return (
        f'<div class="book-widget" data-widget="{html.escape(name)}">'
        f'<script type="application/json">{start}</script>'
        f'<div class="widget-fallback">{fallback}</div></div>'
    )


def _static() -> bool:
    return bool(os.environ.get("INITBOOK_STATIC_WIDGETS"))
