"""Each page's notebook: plain Markdown and code, made from the page's source when it is built.

`writing` cuts the source into cells, `markdown` makes its text plain with one function of
`directives` for each kind of box, `references` asks the built book for numbers and addresses, and
`plaintext` knows what plain Markdown is.
"""

from bookbuild.notebook.writing import setup

__all__ = ["setup"]
