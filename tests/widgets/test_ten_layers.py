"""The Python side: checked values, the placeholder, and modules that need no sibling files."""

import json
import re

import pytest
import traitlets

from initbook.widgets import TenLayers
from widget_page import WIDGETS, placeholder


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"scale": 30}, "scale is 30.0; allowed is a number from 0 to 25."),
        ({"scale": float("nan")}, "scale is nan; allowed is a number from 0 to 25."),
        ({"width": 1000}, "width is 1000; allowed is a number from 32 to 500."),
        ({"batch": 10}, "batch is 10; allowed is a multiple of 4."),
        ({"seed": -1}, "seed is -1; allowed is a number from 0 to 2147483647."),
        ({"activation": "sine"}, "any of .'tanh', 'relu', 'sigmoid', 'identity'.*'sine'"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(wrong, said):
    with pytest.raises(traitlets.TraitError, match=said):
        TenLayers(**wrong)
    widget = TenLayers()
    with pytest.raises(traitlets.TraitError, match=said):
        widget.set_trait(*wrong.copy().popitem())


def test_results_are_for_reading():
    with pytest.raises(traitlets.TraitError, match="stds.* read-only"):
        TenLayers().stds = [1.0]


def test_the_placeholder_holds_the_state_and_a_figure():
    html = placeholder("relu", scale=0.5, seed=7)
    state = json.loads(re.search(r'json">(.*?)</script>', html)[1])
    assert state == {
        "activation": "relu", "scale": 0.5, "width": 64, "batch": 100, "seed": 7,
        "stds": [], "rms": [], "means": [],
    }  # fmt: skip
    assert 'data-widget="ten-layers"' in html
    assert html.count("<path") == 10 and len(html) < 10_000


def test_a_static_widget_opens_no_channel(monkeypatch):
    """Its state would otherwise be written into the page, the whole module with it."""
    monkeypatch.setenv("INITBOOK_STATIC_WIDGETS", "1")
    assert TenLayers().comm is None


def test_the_live_module_needs_no_other_file():
    assert "data:text/javascript;base64," in TenLayers._esm
    assert not re.search(r"""(from|import|URL)[ (]"\./""", TenLayers._esm)
    assert TenLayers._css == (WIDGETS / "widgets.css").read_text(encoding="utf-8")
