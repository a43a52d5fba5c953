"""The book's figures, from arrays. Nothing here computes a result, and nothing trains.

Colors are Okabe and Ito's, which most color-blind readers tell apart; each line also has a marker
of its own. Sizes are chosen for a phone: one figure unit is about one screen pixel there.
"""

import os
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from initbook.intervals import mean_interval
from initbook.layer_statistics import LayerMoments

COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#555555", "#000000"]
MARKERS = ["o", "s", "^", "D", "v", "P", "X", "*"]
WIDTH = 4.4  # inches


def use_style() -> None:
    """Set the book's look for the figures of this kernel.

    The site gets them as SVG. JupyterLab shows none in a notebook that it does not trust, so a
    learner gets PNG, at twice the usual resolution.

    >>> with plt.rc_context():  # puts the old look back at its end
    ...     use_style()
    ...     plt.rcParams["legend.frameon"]
    False
    """
    plt.rcParams.update(
        {
            "figure.figsize": (WIDTH, 3.2),
            "figure.constrained_layout.use": True,
            "font.size": 10.5,
            "axes.titlesize": 10.5,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.prop_cycle": plt.cycler(color=COLORS, marker=MARKERS),
            "lines.linewidth": 1.5,
            "lines.markersize": 4.5,
            "legend.frameon": False,
            "legend.fontsize": 9.5,
            "svg.hashsalt": "the-starting-point",
        }
    )
    try:
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:
        return
    if get_ipython() is None:
        return
    if os.environ.get("INITBOOK_STATIC_WIDGETS"):
        set_matplotlib_formats("svg", metadata={"Date": None})
    else:
        set_matplotlib_formats("retina")


def layer_histograms(
    layers: Sequence[NDArray], limits: tuple[float, float] = (-1, 1), bins: int = 30
) -> None:
    """Draw one small histogram for each layer, five a row, all on the same horizontal axis.

    What lies outside `limits` is counted in the outermost bin. Exact zeros, which would dwarf a
    ReLU's other bars, are left out of the bars. Both shares are said in the panel. Heights are
    shares of the layer, each panel on its own scale.

    >>> layer_histograms([np.array([-0.5, 0.5, 2.0]), np.zeros(3)])
    >>> [ax.get_title() for ax in plt.gcf().axes if ax.get_visible()]
    ['1', '2']
    >>> plt.close()
    """
    edges = np.linspace(*limits, bins + 1)
    rows = -(-len(layers) // 5)
    fig, axes = plt.subplots(rows, 5, figsize=(WIDTH, 1.4 * rows), sharex=True, squeeze=False)
    for number, (ax, h) in enumerate(zip(axes.flat, layers, strict=False), start=1):
        zero = np.mean(h == 0)
        drawn = h[h != 0] if zero < 1 else h
        ax.stairs(
            np.histogram(np.clip(drawn, *limits), edges)[0], edges, fill=True, color=COLORS[0]
        )
        shares = {"= 0": zero, "beyond": np.mean((h < limits[0]) | (h > limits[1]))}
        said = "\n".join(f"{share:.0%} {what}" for what, share in shares.items() if share >= 0.005)
        ax.text(1, 1, said, transform=ax.transAxes, ha="right", va="top", fontsize=8)
        ax.set_ylim(top=ax.get_ylim()[1] * (1 + 0.25 * bool(said) * (1 + said.count("\n"))))
        ax.set_title(f"{number}", pad=2)
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        ax.set_xticks([limits[0], sum(limits) / 2, limits[1]])
        ax.tick_params(labelsize=9)
        ax.xaxis.set_major_formatter(lambda x, _: f"{x:g}".replace("-", "−"))
    for ax in axes.flat[len(layers) :]:
        ax.set_visible(False)
    fig.supxlabel("activation h, one panel a layer", fontsize=9.5)


def over_layers(
    ax: Axes,
    measured: NDArray,
    theory: NDArray | None = None,
    *,
    label: str,
    style: int = 0,
    root: bool = False,
) -> Axes:
    """Mean over seeds with its 95 % interval as points, theory as a line behind them.

    `measured` has shape (seeds, layers), `theory` (layers,). `root` draws the square root of both,
    taken after the averaging: theory speaks of the mean of the squares.

    >>> ax = over_layers(plt.figure().gca(), np.array([[1.0, 0.5], [1.2, 0.4]]), label="a start")
    >>> ax.get_xlabel()
    'layer'
    >>> plt.close()
    """
    mean, half = mean_interval(measured)
    low, high = mean - half, mean + half
    if root:
        mean, low, high = np.sqrt(mean), np.sqrt(np.maximum(low, 0)), np.sqrt(high)
        theory = None if theory is None else np.sqrt(theory)
    layer = np.arange(1, measured.shape[1] + 1)
    color = COLORS[style % len(COLORS)]
    if theory is not None:
        ax.plot(layer, theory, color=color, marker="", alpha=0.55)
    ax.errorbar(
        layer, mean, yerr=[mean - low, high - mean], label=label, color=color,
        marker=MARKERS[style % len(MARKERS)], linestyle="none", capsize=2,
    )  # fmt: skip
    ax.set_xticks(layer)
    ax.set_xlabel("layer")
    return ax


def over_steps(
    ax: Axes,
    steps: NDArray,
    values: NDArray,
    *,
    label: str,
    style: int = 0,
    share: bool = False,
) -> Axes:
    """Mean over seeds against steps of training, in its 95 % interval as a band.

    `values` has shape (seeds, evaluations), `steps` (evaluations,). The band of a `share`, such as
    an accuracy, is cut at 0 and 1, which a share can't leave.

    >>> steps, accuracy = np.array([50, 100]), np.array([[0.1, 0.8], [0.1, 0.9]])
    >>> over_steps(plt.figure().gca(), steps, accuracy, label="a start").get_xlabel()
    'steps'
    >>> plt.close()
    """
    mean, half = mean_interval(values)
    color = COLORS[style % len(COLORS)]
    low, high = mean - half, mean + half
    if share:
        low, high = np.clip(low, 0, 1), np.clip(high, 0, 1)
    ax.fill_between(steps, low, high, color=color, alpha=0.2, lw=0)
    ax.plot(
        steps, mean, label=label, color=color, marker=MARKERS[style % len(MARKERS)], markevery=0.08
    )
    ax.set_xlabel("steps")
    return ax


def histogram_grid(ax: Axes, counts: NDArray, labels: Sequence[str]) -> Axes:
    """Small histograms in a grid, a row for each label and a column for each layer, in one stroke.

    `counts` has shape (rows, layers, bins), with the same edges for all. Each histogram fills its
    cell to its own height. All are one collection in one axes, which draws many times faster than
    an axes each.

    >>> ax = histogram_grid(plt.figure().gca(), np.ones((1, 3, 30)), labels=["a start"])
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['a start']
    >>> plt.close()
    """
    rows, layers, bins = counts.shape
    heights = counts / np.maximum(counts.max(axis=-1, keepdims=True), 1)
    corners = np.zeros((rows, layers, 2 * bins + 2, 2))
    corners[..., 0] = np.repeat(np.linspace(-0.44, 0.44, bins + 1), 2)
    corners[..., 0] += np.arange(1, layers + 1)[:, None]
    corners[..., 1:-1, 1] = 0.85 * np.repeat(heights, 2, axis=-1)
    corners[..., 1] -= np.arange(rows)[:, None, None]
    colors = np.repeat([COLORS[row % len(COLORS)] for row in range(rows)], layers)
    ax.add_collection(PolyCollection(corners.reshape(-1, 2 * bins + 2, 2), facecolors=colors))
    ax.set(xlim=(0.4, layers + 0.6), ylim=(0.9 - rows, 1), xticks=range(1, layers + 1))
    ax.set_yticks(0.3 - np.arange(rows), labels)
    ax.tick_params(length=0)
    return ax


def layers_at_a_glance(starts: Mapping[str, LayerMoments]) -> Figure:
    """Of each start's first seed, every layer's histogram, and below them the means and stds.

    The margins are set by hand and the ticks are few: finding them takes longer than the drawing.

    >>> from initbook.fast_simulation import simulate_together
    >>> starts = {"tanh": ("tanh", 1), "He": ("relu", 2)}
    >>> found = simulate_together(starts, seeds=[0], width=16, depth=3, batch=10)
    >>> len(layers_at_a_glance(found).axes)
    3
    >>> plt.close()
    """
    rows = 0.4 * len(starts)
    fig, (grid, mean, std) = plt.subplots(
        3, 1, figsize=(WIDTH, rows + 2.6), sharex=True, height_ratios=[rows, 1, 1], layout="none",
        gridspec_kw={"left": 0.25, "right": 0.98, "top": 0.98, "bottom": 0.55 / (rows + 2.6)},
    )  # fmt: skip
    histogram_grid(grid, np.array([found.histogram[0] for found in starts.values()]), list(starts))
    for row, found in enumerate(starts.values()):
        layer = np.arange(1, found.mean.shape[1] + 1)
        style = {"color": COLORS[row % len(COLORS)], "marker": MARKERS[row % len(MARKERS)]}
        mean.plot(layer, found.mean[0], markersize=3, **style)
        std.plot(layer, found.std[0], markersize=3, **style)
    mean.set_ylabel("mean")
    std.set(ylabel="std", yscale="log", xlabel="layer", xticks=layer)
    std.minorticks_off()
    for above in (grid, mean):
        above.xaxis.set_visible(False)
    std.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    return fig
