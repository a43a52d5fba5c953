"""A sentence in a notebook prints a number exactly as the page does."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from myst_nb.core.variables import format_plain_text

from initbook import prose
from initbook.prose import glue, say

FORMATS = st.sampled_from(["", "s", "d", ",d", ".0f", ".2f", ".3g", ".1e", ".0%", "+.1f", "10.2f"])


def said(text, capsys):
    say(text)
    return capsys.readouterr().out.removesuffix("\n")


@settings(deadline=None)
@given(value=st.one_of(st.floats(), st.integers(), st.text()), spec=FORMATS)
@example(value=1e-7, spec="")
@example(value=0.12345, spec=".3g")
@example(value="shrinks", spec="")
@example(value=math.inf, spec="d")
def test_say_writes_a_value_as_the_page_does(value, spec):
    # A word has no decimals, and infinity is no integer: then neither side prints.
    glue("it", value)
    try:
        on_the_page = format_plain_text(repr(value), spec or "s")
    except (ValueError, OverflowError):
        with pytest.raises(ValueError, match="can't be written"):
            prose.formatted("it", spec)
    else:
        assert prose.formatted("it", spec) == on_the_page


@pytest.mark.parametrize("scalar", [np.float32(0.5), np.int64(2), np.array(0.25), np.bool_(True)])
def test_numpy_scalars_are_remembered_as_plain_numbers(scalar, capsys):
    glue("scalar", scalar)
    assert said("[[scalar]]", capsys) == repr(scalar.item())


def test_say_leaves_all_else_alone(capsys):
    glue("x", math.pi)
    text = r"A matrix $[[1, 2]]$, $\pi$ and [[x:.2f]]."
    assert said(text, capsys) == r"A matrix $[[1, 2]]$, $\pi$ and 3.14."


def test_an_unknown_name_is_told_from_the_known_ones():
    glue("known", 1)
    with pytest.raises(LookupError, match="'unknown' yet: first run the cells above.*'known'"):
        say("[[unknown]]")


def test_a_bad_format_is_told():
    glue("share", 0.5)
    with pytest.raises(ValueError, match="'share', 0.5, can't be written as '.q'"):
        say("[[share:.q]]")


def test_a_row_of_another_length_is_told():
    with pytest.raises(ValueError, match=r"1 cells, \['He'\]; allowed is one for each of the 2"):
        prose.table(["start", "rms"], [["zeros", "0"], ["He"]])


def test_an_array_is_refused():
    with pytest.raises(TypeError, match="takes a number or a word, but 'many' is array"):
        glue("many", np.zeros(3))
