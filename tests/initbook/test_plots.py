"""Figures hold the numbers that they were given: read back from what was drawn."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from initbook.intervals import mean_interval
from initbook.layer_statistics import LayerMoments
from initbook.plots import (
    COLORS,
    histogram_grid,
    layer_histograms,
    layers_at_a_glance,
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
    layer_histograms(layers, limits=(-1, 1), bins=4)
    panels = plt.gcf().axes
    assert [panel.get_visible() for panel in panels] == [True] * 3 + [False] * 2
    counts = [panel.patches[0].get_data().values.tolist() for panel in panels[:3]]
    assert counts == [[2, 0, 2, 1], [0, 0, 0, 1], [0, 0, 9, 0]]
    assert [panel.texts[0].get_text() for panel in panels[:3]] == [
        "40% beyond", "75% = 0", "100% = 0",
    ]  # fmt: skip


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


def test_the_grid_draws_each_histogram_in_its_cell(ax):
    counts = np.array([[[1, 4], [2, 2], [0, 0]], [[3, 0], [0, 5], [1, 1]]])
    histogram_grid(ax, counts, ["one", "two"])
    (collection,) = ax.collections
    polygons = [path.vertices for path in collection.get_paths()]
    assert len(polygons) == 6
    for number, polygon in enumerate(polygons):
        row, layer = divmod(number, 3)
        assert abs(polygon[:, 0] - (layer + 1)).max() < 0.5
        tallest = max(counts[row, layer].max(), 1)
        assert polygon[[1, 3], 1] + row == pytest.approx(0.85 * counts[row, layer] / tallest)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["one", "two"]


def test_all_layers_at_a_glance_are_those_of_the_first_seed(ax):
    mean, std = np.random.default_rng(0).random((2, 2, 3))
    found = LayerMoments(mean, std, mean**2 + std**2, np.ones((2, 3, 5), int), np.linspace(0, 1, 6))
    fig = layers_at_a_glance({"a": found, "b": found})
    _, of_means, of_stds = fig.axes
    assert [list(line.get_ydata()) for line in of_means.lines] == [list(mean[0])] * 2
    assert [list(line.get_ydata()) for line in of_stds.lines] == [list(std[0])] * 2
    fig.canvas.draw()
