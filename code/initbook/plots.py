"""The book's figures, from arrays. Nothing here computes a result, and nothing trains.

Colors are Okabe and Ito's, which most color-blind readers tell apart; each line also has a marker
of its own. Sizes are chosen for a phone: one figure unit is about one screen pixel there.
"""

import os
from collections.abc import Iterable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from initbook.arguments import check_count, check_edges, check_number
from initbook.intervals import mean_interval
from initbook.layer_statistics import Array, count_bins

COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#555555", "#000000"]
MARKERS = ["o", "s", "^", "D", "v", "P", "X", "*"]
WIDTH = 4.4  # inches


def use_style() -> None:
    """Set the book's look for the figures of this kernel.

    The site gets them as SVG. JupyterLab shows none in a notebook that it does not trust, so a
    learner gets PNG, at twice the usual resolution. Every chapter calls it.

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
            "axes.prop_cycle": cycler(color=COLORS, marker=MARKERS),
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
        set_matplotlib_formats("svg", metadata={"Date": None})  # type: ignore[no-untyped-call]
    else:
        set_matplotlib_formats("retina")  # type: ignore[no-untyped-call]


def layer_histograms(
    layers: Iterable[ArrayLike], limits: tuple[float, float] = (-1, 1), bins: int = 30
) -> Figure:
    """Draw one small histogram for each layer, five a row, all on the same horizontal axis.

    `layers` are arrays, or torch's tensors, of any shape. What lies outside `limits` is counted in
    the outermost bin. Exact zeros, which would dwarf a ReLU's other bars, are left out of the bars.
    Both shares are said in the panel. Heights are shares of the layer, each panel on its own scale.

    Raises ValueError for no layers, one that is empty or holds nan or no real numbers, limits that
    do not increase, and fewer than one bin. Chapter 2.

    >>> fig = layer_histograms([np.array([-0.5, 0.5, 2.0]), np.zeros(3)])
    >>> [ax.get_title() for ax in fig.axes if ax.get_visible()]
    ['1', '2']
    >>> plt.close()
    """
    arrays = [_numbers_of(h, number) for number, h in enumerate(layers, start=1)]
    if not arrays:
        raise ValueError("layers is empty; allowed is at least one layer.")
    low, high = _check_limits(limits)
    edges = np.linspace(low, high, check_count("bins", bins) + 1)
    rows = -(-len(arrays) // 5)
    fig, axes = plt.subplots(rows, 5, figsize=(WIDTH, 1.4 * rows), sharex=True, squeeze=False)
    for number, (ax, h) in enumerate(zip(axes.flat, arrays, strict=False), start=1):
        _draw_layer(ax, h, edges)
        ax.set_title(f"{number}", pad=2)
    for ax in axes.flat[len(arrays) :]:
        ax.set_visible(False)
    fig.supxlabel("activation h, one panel a layer", fontsize=9.5)
    return fig


def _draw_layer(ax: Axes, h: Array, edges: Array) -> None:
    low, high = float(edges[0]), float(edges[-1])
    zero = np.mean(h == 0)
    ax.stairs(count_bins(h[h != 0] if zero < 1 else h, edges), edges, fill=True, color=COLORS[0])
    shares = {"= 0": zero, "beyond": np.mean((h < low) | (h > high))}
    said = "\n".join(f"{share:.0%} {what}" for what, share in shares.items() if share >= 0.005)
    ax.text(1, 1, said, transform=ax.transAxes, ha="right", va="top", fontsize=8)
    ax.set_ylim(top=ax.get_ylim()[1] * (1 + 0.25 * bool(said) * (1 + said.count("\n"))))
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xticks([low, (low + high) / 2, high])
    ax.tick_params(labelsize=9)
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:g}".replace("-", "−"))


def _numbers_of(h: Any, number: int) -> Array:
    """A layer's numbers; a tensor is taken from its graph and device first."""
    if hasattr(h, "detach"):
        h = h.detach().cpu()
        h = h.float() if h.dtype.itemsize == 2 else h  # numpy has no bfloat16
    values = np.asarray(h)
    if values.size == 0 or values.dtype.kind not in "biuf" or np.isnan(values).any():
        found = "empty" if values.size == 0 else f"{values.dtype} with nan or no real numbers"
        raise ValueError(f"layer {number} is {found}; allowed are real numbers.")
    return values


def _check_limits(limits: tuple[float, float]) -> tuple[float, float]:
    low, high = check_edges(limits, "limits")[[0, -1]].tolist()
    return check_number("a limit", low), check_number("a limit", high)


def over_layers(
    ax: Axes,
    measured: ArrayLike,
    theory: ArrayLike | None = None,
    *,
    label: str,
    style: int = 0,
    root: bool = False,
) -> Axes:
    """Mean over seeds with its 95 % interval as points, theory as a line behind them.

    `measured` has shape (seeds, layers), `theory` (layers,). `root` draws the square root of both,
    taken after the averaging: theory speaks of the mean of the squares. Raises ValueError for fewer
    than two seeds. Chapter 2.

    >>> ax = over_layers(plt.figure().gca(), np.array([[1.0, 0.5], [1.2, 0.4]]), label="a start")
    >>> ax.get_xlabel()
    'layer'
    >>> plt.close()
    """
    mean, half = mean_interval(measured)
    predicted = None if theory is None else np.asarray(theory)
    low, high = mean - half, mean + half
    if root:
        mean, low, high = np.sqrt(mean), np.sqrt(np.maximum(low, 0)), np.sqrt(high)
        predicted = None if predicted is None else np.sqrt(predicted)
    layer = np.arange(1, mean.size + 1)
    color = COLORS[style % len(COLORS)]
    if predicted is not None:
        ax.plot(layer, predicted, color=color, marker="", alpha=0.55)
    ax.errorbar(
        layer, mean, yerr=[mean - low, high - mean], label=label, color=color,
        marker=MARKERS[style % len(MARKERS)], linestyle="none", capsize=2,
    )  # fmt: skip
    ax.set_xticks(layer)
    ax.set_xlabel("layer")
    return ax


def over_steps(
    ax: Axes,
    steps: ArrayLike,
    values: ArrayLike,
    *,
    label: str,
    style: int = 0,
    share: bool = False,
) -> Axes:
    """Mean over seeds against steps of training, in its 95 % interval as a band.

    `values` has shape (seeds, evaluations), `steps` (evaluations,). The band of a `share`, such as
    an accuracy, is cut at 0 and 1, which a share can't leave. Raises ValueError for fewer than two
    seeds. Chapter 11.

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
