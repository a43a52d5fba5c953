"""What the built book knows about a page: its numbers, and where its references lead.

Nothing is numbered or resolved a second time: Sphinx's domains answer, as they did for the page.
"""

import re
from urllib.parse import urljoin

from docutils import nodes
from pybtex.backends.markdown import Backend
from sphinx import addnodes

from bookbuild.notebook.plaintext import Unsupported

TITLED = re.compile(r"(.+?)\s*<([^<>]+)>", re.S)
STANDARD_ROLES = {"eq": "math", "ref": "std", "numref": "std", "doc": "std"}


class Page:
    """One page of a built book, for the converter in bookbuild/notebook/markdown.py.

    Where a part of it is quoted elsewhere, a reference to the page itself is a link too.
    """

    def __init__(self, app, docname, quoted_elsewhere=False):
        self.app, self.env, self.docname = app, app.env, docname
        self.quoted_elsewhere = quoted_elsewhere
        self.address = self.site(app.builder.get_target_uri(docname))

    def site(self, path):
        return urljoin(self.app.config.html_baseurl, path)

    def file(self, path):
        """A file that the page names, from its own folder."""
        return self.env.relfn2path(path, self.docname)[1]

    def section_numbers(self):
        return set(self.env.toc_secnumbers.get(self.docname, {}).values())

    def number(self, kind, label, line):
        """The number of a figure, table, exercise, theorem, … of this page, such as 2.1."""
        _, target, _ = self.env.domains["std"].labels.get(label, ("", label, ""))
        for numbers in self.env.toc_fignumbers.get(self.docname, {}).values():
            if target in numbers:
                return ".".join(map(str, numbers[target]))
        raise Unsupported(f"the {kind} {label!r} has no number on its page", line)

    def equation_number(self, label, line):
        return self.reference("eq", label, line).strip("()")

    def is_reference(self, role):
        domain, _, kind = role.rpartition(":")
        return role in STANDARD_ROLES or (
            domain == "cite" and kind in self.env.domains[domain].roles
        )

    def reference(self, role, content, line):
        """The words that the page shows for a reference; a link where it leads to another page."""
        domain, _, kind = role.rpartition(":")
        domain = domain or STANDARD_ROLES[role]
        titled = TITLED.fullmatch(content) if domain != "cite" else None
        title, target = titled.groups() if titled else (content, content)
        if kind == "ref" and not titled and target in self.exercises():
            kind = "numref"
        if kind in {"ref", "numref"} and domain == "std":
            target = target.lower()
        words = nodes.inline("", title)
        request = addnodes.pending_xref(
            "", words, refdomain=domain, reftype=kind, reftarget=target,
            refexplicit=bool(titled), refdoc=self.docname,
        )  # fmt: skip
        found = self.env.domains[domain].resolve_xref(
            self.env, self.docname, self.app.builder, kind, target, request, words
        )
        if found is None or found is words:
            raise Unsupported(f"{{{role}}} finds no {target!r}", line)
        return self.markdown(found)

    def exercises(self):
        return getattr(self.env, "sphinx_exercise_registry", {})

    def markdown(self, node):
        if isinstance(node, nodes.Text):
            return str(node)
        text = "".join(self.markdown(child) for child in node.children)
        if isinstance(node, nodes.reference) and node.get("refuri"):
            return f"[{text}]({urljoin(self.address, node['refuri'])})"
        if isinstance(node, nodes.reference) and self.quoted_elsewhere and node.get("refid"):
            return f"[{text}]({self.address}#{node['refid']})"
        return text

    def link(self, target, line, empty=False):
        """The rest of a Markdown link or image, `](target)`, led to where the page leads it."""
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            return f"{'[' if empty else ''}]({target})"
        path, _, anchor = target.partition("#")
        if not path or "/" not in path and "." not in path:
            return self.labelled(path or anchor, line, empty)
        file = self.env.relfn2path(path, self.docname)[1]
        docname = self.env.path2doc(file)
        if docname in self.env.found_docs:
            uri = self.app.builder.get_target_uri(docname) + (f"#{anchor}" if anchor else "")
            title = f"[{self.env.titles[docname].astext()}" if empty else ""
            return f"{title}]({self.site(uri)})"
        raise Unsupported(f"{path!r} is no page of this book", line)

    def labelled(self, label, line, empty):
        """A link to a label: [](label) takes its words from there, [words](label) has its own."""
        reference = self.reference("ref", label if empty else f"words <{label}>", line)
        address = re.search(r"\]\(\S+\)$", reference)
        return reference if empty else address[0] if address else f"]({self.address})"

    def works(self):
        """The works that this page cites, in the order of the bibliography, with their links."""
        cite = self.env.domains["cite"]
        references = [ref for ref in cite.citation_refs if ref.docname == self.docname]
        cited = {target.key for reference in references for target in reference.targets}
        here = (c for c in cite.citations if c.bibliography_key.docname == self.docname)
        entries = {c.key: c.formatted_entry for c in here if c.key in cited}
        texts = [" ".join(entry.text.render(Backend()).split()) for entry in entries.values()]
        return [re.sub(r"\\([.()!+-])", r"\1", text) for text in texts]  # escapes none needs here
