"""The notebooks' generator, on a small book (book/) that holds one of everything."""

import json
import os
import re
import shutil
from html import unescape
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbclient import NotebookClient

from bookbuild.notebook.plaintext import raw_syntax
from building import build_book

HERE = Path(__file__).parent
CODE = HERE.parents[1] / "code"
CHAPTER = "chapters/everything"


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small") / "book"
    shutil.copytree(HERE / "book", folder)
    code, said = build_book(folder, CODE)
    assert code == 0, said
    return folder


@pytest.fixture(scope="module")
def page(book):
    html = (book / "_build/html" / f"{CHAPTER}.html").read_text(encoding="utf-8")
    return BeautifulSoup(html, "html.parser").find("article")


@pytest.fixture
def notebook(book):
    return nbformat.read(book / "_build/notebooks" / f"{CHAPTER}.ipynb", as_version=4)


@pytest.fixture(scope="module")
def outputs(book):
    """The notebook after a run: each cell's source, with its outputs."""
    made = nbformat.read(book / "_build/notebooks" / f"{CHAPTER}.ipynb", as_version=4)
    NotebookClient(made, timeout=120).execute(env={**os.environ, "PYTHONPATH": str(CODE)})
    return made


def prose(notebook):
    """All that a reader of the notebook reads: its Markdown, and what its folded cells say."""
    return "\n\n".join(
        cell.source for cell in notebook.cells if cell.cell_type == "markdown" or says(cell)
    )


def says(cell):
    return cell.cell_type == "code" and "say(r" in cell.source


SITE = "https://example.org/small"
PLAIN = {
    "number of a formula": r"\operatorname{E}\left[(y - \hat{y})^2\right] \tag{1.2}" + "\n$$\n",
    "reference to a formula": "are like (1.2).",
    "reference to another page": f"to [(2.1)]({SITE}/chapters/elsewhere.html#equation-law)",
    "link to a chapter": f"to [the next chapter]({SITE}/chapters/elsewhere.html)",
    "link without words of its own": f"to [Elsewhere]({SITE}/chapters/elsewhere.html#next-ch",
    "setting": "a setting,\n0.02. It",
    "macro in a formula": r"$\operatorname{E}[x^2] = \operatorname{Var}[x]$",
    "code stays as it is": r"code `{not-a-role}` and `\E`,",
    "heading with its number": "## 1.2. Formulas and statements",
    "note, its formula on one line": r"> $$ \begin{aligned} a &= b \\ &= c \end{aligned} \tag{1.1}",
    "code in a quote": '> ```python\n> price = "$5" + "$6"\n> ```',
    "directive in a list": "1. A list item with a note:\n\n   > **Mind**\n   >\n   > *this*.",
    "formula in a list": "2. and a formula\n\n   $$\n   x\n   $$",
    "formula over two lines of a quote": "> A quote with $a + b$.\n>\n> $$ y = 1 $$",
    "folded box": "<details><summary>Predict, then read on</summary>\n\nHow ",
    "nested box": "> **Tip**\n>\n> Nested, Fig. 1.1.\n\n</details>",
    "caption of a cell's figure": "**Fig. 1.1.** A line, at [[share:.2f]], drawn by a cell",
    "table from a file": r"**Laws, with $\operatorname{E}[x]$**"
    + "\n\n| name | law |\n| :-- | :-- |\n"
    "| He | normal, `2/n` |",
    "question": "> **Guess before you read on**\n>\n> How large is a typical number ",
    "question with its key": "independent?\n\n<details><summary>Answer to the second</summary>",
    "guess": "> **Guess before you read on: How many?**\n>\n> Ten.\n\nThere were nine.\n\n>",
    "guess of a power of ten": "> How large?\n>\n> - the sum\n>\n> *Write your guess down as a",
    "assumptions": "*Assumes: zero mean · any $n$*",
    "broken assumption": "> **Break the assumption: one of them**\n>\n> It breaks.",
    "exercise of research": r"**Exercise 1.2 (Code, $\mathbb{R}$)** *Research.*",
    "exercise": "**Exercise 1.1 (Recall)**\n\nState (1.2) in words.",
    "solution": "<details><summary>Solution to Exercise 1.1</summary>\n\nHalf the mean square.\n\n"
    "</details>",
    "work cited": "Delving deep into rectifiers. In *ICCV*. 2015. [doi:10.1109/ICCV.2015.123](",
}


@pytest.mark.parametrize("construct", PLAIN)
def test_plain_form(construct, notebook):
    assert PLAIN[construct] in prose(notebook)


def test_numbers_are_those_of_the_page(page, notebook):
    def numbers(pattern, text):
        return sorted(re.findall(pattern, text))

    equations = "".join(tag.get_text() for tag in page.select("span.eqno"))
    assert numbers(r"\d\.\d", equations) == numbers(r"(?<=\\tag\{)[\d.]+", prose(notebook))
    captions = page.select(".admonition-title, figcaption, caption, h2, h3")
    titles = "\n".join(caption.get_text() for caption in captions)
    for kind in ("Exercise", "Fig."):
        word = re.escape(kind)
        on_the_page = numbers(rf"(?m)^\s*{word} (\d+\.\d+)", titles)
        assert on_the_page == numbers(rf"\*\*{word} (\d+\.\d+)", prose(notebook)) != [], kind
    assert numbers(r"\d\.\d(?:\.\d)?(?=\. )", titles)[:5] == ["1.1", "1.2", "1.2.1", "1.3", "1.4"]


def test_nothing_of_myst_is_left(notebook):
    text = re.sub(r"```.+?```|`.+?`", "", prose(notebook), flags=re.S)
    for sign in ("{eq}", "{glue", ":::", ")=\n", "% A comment", "+++", ":label:", "{prf"):
        assert sign not in text


RAW = [
    "```{note}", "::::{tip}", ":::", "see {eq}`loss`", "(label)=", "> (label)=", ":name: a",
    "% hidden", "{{ word }}", "<project:#a>", "a note[^1]", "[words]{.class}", "> {.class}",
]  # fmt: skip


@pytest.mark.parametrize("left", RAW)
def test_a_raw_remainder_is_found(left):
    assert raw_syntax(f"Before.\n\n{left}\n\nAfter.") is not None


FINE = ["`{eq}` is a role", "```md\n:::{note}\n```", r"$\E[\{x\}]$", "a: b", "(an aside) = (one)"]


@pytest.mark.parametrize("fine", FINE)
def test_what_only_looks_raw_is_let_through(fine):
    assert raw_syntax(f"Before.\n\n{fine}\n\nAfter.") is None


def test_sentences_print_what_the_page_prints(page, outputs):
    said = "\n".join(cell.outputs[0].data["text/markdown"] for cell in outputs.cells if says(cell))
    for printed in page.select(".pasted-text"):
        assert printed.get_text() in said
    sentence = "The share is 12.35%, and the signal shrinks: with"
    assert sentence in said and sentence in unescape(page.get_text())


def test_no_output_and_no_measured_number_is_stored(book, notebook):
    for cell in notebook.cells:
        assert cell.cell_type == "markdown" or cell.outputs == [] and cell.execution_count is None
    stored = (book / "_build/notebooks" / f"{CHAPTER}.ipynb").read_text(encoding="utf-8")
    assert not re.search(r"12\.35|0\.123|1\.2e-01|shrinks(?!\\)", stored)


def test_exercise_cells_stay_and_solution_cells_are_only_read(notebook):
    double = [cell for cell in notebook.cells if "def double" in cell.source]
    starter, solution = double
    assert starter.cell_type == "code" and "return None" in starter.source
    assert says(solution) and "```python\ndef double(x):" in solution.source
    assert "<summary>Solution to Exercise 1.2</summary>" in solution.source


def test_hidden_cells_are_folded_and_what_the_page_alone_needs_is_dropped(notebook):
    hidden = next(cell for cell in notebook.cells if 'glue("share"' in cell.source)
    assert hidden.metadata["cellView"] == "form"
    assert hidden.metadata["jupyter"] == {"source_hidden": True}
    plot = next(cell for cell in notebook.cells if "plt.plot" in cell.source)
    assert plot.metadata == {}
    failing = next(cell for cell in notebook.cells if cell.source == "double(1) + 1")
    assert "raises-exception" in failing.metadata["tags"]


def test_it_begins_with_its_title_and_its_installation(notebook):
    title, install, *_ = notebook.cells
    assert title.source.startswith("# 1. One of everything\n")
    assert f"({SITE}/{CHAPTER}.html)" in title.source
    assert '%pip install -q "initbook @ git+https://github.com/example-org/small-book@main"' in (
        install.source
    )


def test_the_page_offers_this_very_notebook_and_a_rebuild_changes_no_byte(book):
    made = book / "_build/notebooks" / f"{CHAPTER}.ipynb"
    before = made.read_bytes()
    assert (book / "_build/html/_sources" / f"{CHAPTER}.ipynb").read_bytes() == before
    html = (book / "_build/html" / f"{CHAPTER}.html").read_text(encoding="utf-8")
    assert f'href="../_sources/{CHAPTER}.ipynb"' in html
    code, said = build_book(book, CODE)
    assert code == 0, said
    assert made.read_bytes() == before and before.endswith(b"}\n") and b"\r" not in before
    assert [cell["id"] for cell in json.loads(before)["cells"]]


UNKNOWN = {
    "directive": "```{sidebar} Aside\nText.\n```",
    "nested": "> :::{admonition} Box\n> ```{sidebar} Aside\n> Text.\n> ```\n> :::",
    "role": "Press {menuselection}`File`.",
    "label": "```{exercise}\nNo label.\n```",
    "footnote": "A note[^1].\n\n[^1]: Below.",
}


def test_what_has_no_plain_form_fails_the_build_and_is_named(tmp_path):
    shutil.copytree(HERE / "book", tmp_path, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / "chapters")
    (tmp_path / "chapters").mkdir()
    front_matter = "---\nfile_format: mystnb\nkernelspec: {name: python3, display_name: P}\n---\n"
    for name, text in UNKNOWN.items():
        (tmp_path / f"chapters/{name}.md").write_text(f"{front_matter}# Title\n\n{text}\n")
    files = "\n".join(f"  - file: chapters/{name}" for name in UNKNOWN)
    (tmp_path / "_toc.yml").write_text(f"format: jb-book\nroot: index\nchapters:\n{files}\n")
    code, said = build_book(tmp_path, CODE)
    assert code == 1
    assert "directive.md:7: WARNING: the directive {sidebar} has no plain form" in said
    assert "nested.md:8: WARNING: the directive {sidebar} has no plain form" in said
    assert "role.md:7: WARNING: the role {menuselection} has no plain form" in said
    assert "label.md:7: WARNING: {exercise} lacks a :label:" in said
    assert re.search(r"footnote\.md:\d+: WARNING: .*footnote", said)
    assert not list((tmp_path / "_build/notebooks").glob("*/*.ipynb"))
