"""The ten layers' Python side: checked values and the placeholder."""

import json
import re

import numpy as np
import pytest
import torch
import traitlets

from initbook.widgets import TenLayers
from widget_page import placeholder


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"scale": 30}, "scale is 30; allowed is a number from 0 to 25."),
        ({"scale": float("nan")}, "scale is nan; allowed is a number from 0 to 25."),
        ({"width": 1000}, "width is 1000; allowed is a number from 16 to 500."),
        ({"batch": 10}, "batch is 10; allowed is a multiple of 4."),
        ({"seed": -1}, "seed is -1; allowed is a number from 0 to 2147483647."),
        ({"scale": "1.5"}, "scale is '1.5'; allowed is a number from 0 to 25."),
        ({"scale": True}, "scale is True; allowed is a number from 0 to 25."),
        ({"scale": 1j}, "scale is 1j; allowed is a number from 0 to 25."),
        ({"scale": None}, "scale is None; allowed is a number from 0 to 25."),
        ({"width": 64.5}, "width is 64.5; allowed is a whole number."),
        ({"activation": "sine"}, "is 'sine'; allowed are 'tanh', 'relu', 'sigmoid', 'identity', "),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(wrong, said):
    with pytest.raises(traitlets.TraitError, match=said):
        TenLayers(**wrong)
    widget = TenLayers()
    with pytest.raises(traitlets.TraitError, match=said):
        widget.set_trait(*wrong.copy().popitem())


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.array, torch.tensor])
def test_a_number_of_any_kind_is_taken(kind):
    widget = TenLayers(scale=kind(1.5), width=np.int64(64), batch=8.0, seed=torch.tensor(3))
    values = (widget.scale, widget.width, widget.batch, widget.seed)
    assert values == (1.5, 64, 8, 3)
    assert list(map(type, values)) == [float, int, int, int]  # as JSON writes them


def test_a_misspelled_name_is_refused():
    with pytest.raises(TypeError, match="TenLayers has no 'wide'; it has activation, scale, "):
        TenLayers(wide=64)


def test_the_docstring_names_the_limits():
    said = " ".join(TenLayers.__doc__.split())
    for name, before in {"scale": "lies", "width": "widest layer,", "depth": "`depth`"}.items():
        limits = TenLayers.settings["state"][name]
        assert f"{before} between {limits['min']} and {limits['max']}" in said


def test_results_are_for_reading():
    with pytest.raises(traitlets.TraitError, match="stds.* read-only"):
        TenLayers().stds = [1.0]


def test_the_placeholder_holds_the_state_and_a_figure():
    html = placeholder("relu", scale=0.5, seed=7)
    state = json.loads(re.search(r'json">(.*?)</script>', html)[1])
    assert state == {
        "activation": "relu", "scale": 0.5, "depth": 10, "width": 64, "profile": "constant",
        "law": "normal", "norm": "off", "batch": 100, "seed": 7,
        "stds": [], "rms": [], "means": [],
    }  # fmt: skip
    assert 'data-widget="ten-layers"' in html
    spread = re.search(r'aria-label="[^"]* ([\d.]+) at layer 10', placeholder("tanh"))
    assert float(spread[1]) == pytest.approx(0.2285, rel=0.1)  # mean field; one draw of width 64
    assert html.count("<path") == 10 and len(html) < 10_000


def test_a_static_widget_opens_no_channel(monkeypatch):
    """Its state would otherwise be written into the page, the whole module with it."""
    monkeypatch.setenv("INITBOOK_STATIC_WIDGETS", "1")
    assert TenLayers().comm is None
