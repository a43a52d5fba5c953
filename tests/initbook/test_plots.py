"""Figures hold the numbers that they were given: read back from what was drawn."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from initbook.intervals import mean_interval
from initbook.plots import (
    COLORS,
    layer_histograms,
    over_layers,
    over_steps,
    use_style,
)


@pytest.fixture
def ax():
    with plt.rc_context():
        _, ax = plt.subplots()
        yield ax
        plt.close("all")


def test_a_histogram_keeps_what_lies_outside_and_counts_zeros_apart(ax):
    layers = [np.array([-3.0, -0.9, 0.1, 0.2, 5.0]), np.array([0.0, 0.0, 0.0, 0.5]), np.zeros(9)]
    fig = layer_histograms(layers, limits=(-1, 1), bins=4)
    assert fig is plt.gcf()
    panels = fig.axes
    assert [panel.get_visible() for panel in panels] == [True] * 3 + [False] * 2
    counts = [panel.patches[0].get_data().values.tolist() for panel in panels[:3]]
    assert counts == [[2, 0, 2, 1], [0, 0, 0, 1], [0, 0, 9, 0]]
    assert [panel.texts[0].get_text() for panel in panels[:3]] == [
        "40% beyond", "75% = 0", "100% = 0",
    ]  # fmt: skip


def test_layers_may_be_tensors_lists_and_masks(ax):
    h = [[-0.5, 0.5], [0.2, 7.0]]
    kinds = [h, np.array(h, np.float16), torch.tensor(h, requires_grad=True),
             torch.tensor(h, dtype=torch.bfloat16)]  # fmt: skip
    fig = layer_histograms(iter(kinds), bins=2)
    counts = [panel.patches[0].get_data().values.tolist() for panel in fig.axes[:4]]
    assert counts == [[1, 3]] * 4
    (mask,) = layer_histograms([np.array([True, True, False])], (0, 2), bins=2).axes[0].patches
    assert mask.get_data().values.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: layer_histograms([]), "layers is empty; allowed is at least one layer"),
        (lambda: layer_histograms([[1.0], []]), "layer 2 is empty; allowed are real numbers"),
        (lambda: layer_histograms([[np.nan]]), "layer 1 is float64 with nan"),
        (lambda: layer_histograms([["a"]]), "layer 1 is <U1 with nan or no real numbers"),
        (lambda: layer_histograms([[1.0]], (1, 0)), r"limits is \(1, 0\); allowed"),
        (lambda: layer_histograms([[1.0]], (0, np.inf)), "a limit is inf; allowed is a finite"),
        (lambda: layer_histograms([[1.0]], bins=0), "bins is 0; allowed is a whole number"),
    ],
)
def test_what_can_not_be_drawn_is_said(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_points_stand_at_the_mean_and_theory_is_a_line(ax):
    squares = np.array([[1.0, 4.0, 9.0], [4.0, 16.0, 36.0], [4.0, 7.0, 9.0]])
    over_layers(ax, squares, squares[0], label="rms", style=1, root=True)
    theory, points = ax.lines[:2]
    assert theory.get_ydata().tolist() == [1, 2, 3]
    assert points.get_xdata().tolist() == [1, 2, 3]
    assert points.get_ydata() == pytest.approx(np.sqrt(squares.mean(axis=0)))
    mean, half = mean_interval(squares)
    (bars,) = ax.collections
    ends = np.array([segment[:, 1] for segment in bars.get_segments()])
    assert ends[:, 1] == pytest.approx(np.sqrt(mean + half))
    assert ends[:, 0] == pytest.approx(np.sqrt(np.maximum(mean - half, 0)))
    assert points.get_color() == COLORS[1]


def test_a_curve_stays_within_its_band_and_the_band_within_0_and_1(ax):
    shares = np.array([[0.1, 0.9, 1.0], [0.3, 0.7, 0.9]])
    over_steps(ax, np.array([0, 50, 100]), shares, label="accuracy", share=True)
    assert ax.lines[0].get_ydata() == pytest.approx(shares.mean(axis=0))
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    mean, half = mean_interval(shares)
    assert band.min() == 0
    assert band.max() == 1
    assert (mean - half)[1] < 0 < 1 < (mean + half)[1]


def test_the_band_of_a_loss_is_not_cut(ax):
    losses = np.array([[2.4, 1.9, 1.5], [2.3, 2.1, 1.6]])
    over_steps(ax, np.array([0, 50, 100]), losses, label="loss")
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    mean, half = mean_interval(losses)
    assert [band.min(), band.max()] == pytest.approx([(mean - half).min(), (mean + half).max()])


def test_the_style_is_set_where_asked_and_not_on_import(ax):
    with plt.rc_context({"axes.spines.top": True}):
        use_style()
        assert not plt.rcParams["axes.spines.top"]
        assert plt.rcParams["axes.prop_cycle"].by_key()["color"] == COLORS
    assert plt.rcParams["axes.spines.top"]
