"""`initbook link`: a link that copies the book into each student's place on a JupyterHub."""

from typing import Any
from urllib.parse import urlencode, urlsplit

from initbook.grading.assignment import AssignmentError
from initbook.grading.handout import the_book


def add_command(commands: Any) -> None:
    parser = commands.add_parser("link", help="a JupyterHub link that hands out the book")
    parser.add_argument("hub", help="the hub's address, as https://hub.example.edu")
    parser.add_argument("page", nargs="?", default="", help="the notebook that it opens")
    parser.set_defaults(run=lambda arguments: print(hub_link(arguments.hub, arguments.page)))


def hub_link(hub: str, page: str = "") -> str:
    """The link, for a hub that has nbgitpuller: it fetches the book and opens a page of it.

    A student's own changes stay when the link is opened again. The repository is the one that the
    book was built from. Raises AssignmentError for a hub without https:// or http://.

    >>> hub_link("https://hub.example.edu")[:53]
    'https://hub.example.edu/hub/user-redirect/git-pull?re'
    """
    parts = urlsplit(hub)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise AssignmentError(f"hub is {hub!r}; an address as https://hub.example.edu is wanted.")
    book = the_book()
    folder = book["repository"].rstrip("/").rpartition("/")[2]
    asked = {
        "repo": book["repository"],
        "branch": book["branch"],
        "urlpath": f"lab/tree/{folder}/{page}",
    }
    return f"{hub.rstrip('/')}/hub/user-redirect/git-pull?{urlencode(asked)}"
