"""What is measured of a layer: moments, a histogram, saturated and dead units, gradients.

`simulation` fills these in as it goes through depth. A batch may come in pieces, so that a million
inputs need no more memory than a thousand.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from initbook.arguments import check_edges

__all__ = ["Gradients", "LayerMoments", "LayerStatistics", "count_bins"]

Array = NDArray[np.floating[Any]]
Counts = NDArray[np.int64]

SATURATED = 0.97  # a tanh beyond this has a slope below 6 %
FLAT = 1 - SATURATED**2  # that slope, in parts of the steepest: it serves every activation


@dataclass(frozen=True)
class LayerMoments:
    """The size of each layer: a row for each seed, a column for each layer.

    `mean` and `std` are over all numbers of a layer, `second_moment` is E[h²] = mean² + std².
    `histogram` adds an axis for its bins, between `edges`; what lies outside them is counted in the
    first or the last bin. Chapter 2.

    >>> counts, edges = np.array([[[1, 1]]]), np.array([-1.0, 0.0, 1.0])
    >>> LayerMoments(*np.array([[[0.6]], [[0.8]], [[1.0]]]), counts, edges).rms
    array([[1.]])
    """

    mean: Array
    std: Array
    second_moment: Array
    histogram: Counts
    edges: Array

    @property
    def rms(self) -> Array:
        """√E[h²], in the units of h."""
        return np.sqrt(self.second_moment)


@dataclass(frozen=True)
class Gradients:
    """Second moments of what comes back, each of shape (seeds, layers).

    `backpropagated` is E[δ²], with δ_l = ∂loss/∂z_l for each input, `weights` the mean square of
    ∂loss/∂W_l and `biases` that of ∂loss/∂b_l, both summed over the batch. Chapters 2 and 8.

    >>> Gradients(*np.ones((3, 2, 5))).weights.shape
    (2, 5)
    """

    backpropagated: Array
    weights: Array
    biases: Array


@dataclass(frozen=True)
class LayerStatistics(LayerMoments):
    """`LayerMoments`, and what the units do.

    `saturated` is the share of the numbers where |f′(z)| lies below 6 % of its steepest (for tanh:
    |h| > 0.97), `silent` the share of exact zeros, `dead` the share of units that are 0 for every
    input of the batch. `saturated` is nan for a function whose slope has no bound. `gradients` is
    None unless they were asked for. Chapter 2.

    >>> from initbook.initializers import he_normal
    >>> from initbook.simulation import simulate
    >>> he = simulate(he_normal(), "relu", seeds=[0], width=8, depth=2, batch=9)
    >>> bool(he.silent[0, 0] == he.saturated[0, 0]), he.gradients
    (True, None)
    """

    saturated: Array
    silent: Array
    dead: Array
    gradients: Gradients | None = None


def count_bins(h: ArrayLike, edges: ArrayLike) -> Counts:
    """A histogram that loses nothing: what lies beyond an end is counted in the last bin there.

    Equally wide bins are found by scaling, which may put a number within rounding of an edge on
    its other side; any others by searching. The first and the last edge may be infinite.

    Raises ValueError for edges that do not increase, and an h that holds nan or no real numbers.
    Chapter 2.

    >>> count_bins(np.array([-9.0, 0.0, 0.2, 1.0, 9.0]), np.linspace(-1, 1, 5))
    array([1, 0, 2, 2])
    """
    bounds, numbers = check_edges(edges), np.asarray(h)
    has_nan = numbers.dtype.kind == "f" and numbers.size > 0 and np.isnan(numbers.min())
    if has_nan or numbers.dtype.kind not in "biuf":
        found = "nan" if has_nan else f"{numbers.dtype}"
        raise ValueError(f"h holds {found}; allowed are real numbers.")
    return _counts(numbers.ravel(), bounds, _bin_scale(bounds))


Scale = tuple[float, float, int]  # of equally wide bins, see `_bin_scale`


def _counts(h: NDArray[Any], edges: Array, scale: Scale | None) -> Counts:
    last = len(edges) - 2
    if scale is None:
        bins = np.searchsorted(edges, h.astype(np.float64), side="right") - 1
    else:
        per_unit, part, first = scale
        position = np.clip(h, edges[0], edges[-1], dtype=np.float64, casting="same_kind")
        position *= per_unit
        if part:
            position += part
        bins = np.floor(position, out=position).astype(np.intp)
        bins += first
    counts: Counts = np.bincount(bins.clip(0, last, out=bins), minlength=last + 1)
    return counts


def _bin_scale(edges: Array) -> Scale | None:
    """h lies in bin ⌊h · per_unit + part⌋ + first, for bins that are equally wide; else None.

    The whole number `first` is added after rounding down, since a tiny negative h, added to 15,
    would be rounded into the bin of the positive ones.

    >>> _bin_scale(np.linspace(-1, 1, 31))
    (15.0, 0.0, 15)
    """
    low, high = float(edges[0]), float(edges[-1])
    per_unit = (len(edges) - 1) / (high - low)
    shift = -low * per_unit
    if not (0 < per_unit < math.inf and abs(shift) < 2**30):
        return None
    rounding = 2.0**-50 * (abs(shift) + len(edges))
    if np.abs(edges * per_unit + shift - np.arange(len(edges))).max() > rounding:
        return None
    if abs(shift - round(shift)) <= rounding:
        shift = float(round(shift))
    return per_unit, shift - math.floor(shift), math.floor(shift)


class Tally:
    """Counts one layer as its batch comes by, piece by piece, between edges that are checked.

    The pieces' moments are merged by Chan's rule, which subtracts no large numbers:
    M = M_a + M_b + (m_b − m_a)² n_a n_b / (n_a + n_b), for sums M of squared deviations.
    Raises OverflowError for a piece that is not finite. Source: Chan, Golub & LeVeque 1983. What it
    counts is chapter 2's.

    >>> tally = Tally(np.linspace(-1, 1, 5))
    >>> tally.add(np.array([[0.0, 0.5], [0.0, -2.0]]), saturated=np.zeros((2, 2), dtype=bool))
    >>> tally.mean, tally.second_moment, tally.dead, tally.histogram.tolist()
    (-0.375, 1.0625, 0.5, [1, 0, 2, 1])
    """

    def __init__(self, edges: Array) -> None:
        self.edges, self._scale = edges, _bin_scale(edges)
        self.histogram: Counts = np.zeros(len(edges) - 1, dtype=np.int64)
        self.mean = self._squares = 0.0
        self._count = self._zeros = 0
        self._saturated = 0.0
        self._alive: NDArray[np.bool_] = np.zeros(1, dtype=np.bool_)

    def add(self, h: Array, saturated: NDArray[np.bool_] | None) -> None:
        """Count activations of shape (inputs, units), with the mask of those that are saturated.

        None is for a function whose slope has no bound, so that nothing is said of it.
        """
        known, count = self._count, self._count + h.size
        mean = float(h.mean(dtype=np.float64))
        if not np.isfinite(mean):
            raise OverflowError(
                f"a layer has left the range of {h.dtype}; allowed are finite numbers: take fewer "
                "layers, smaller weights or dtype=np.float64."
            )
        step = mean - self.mean
        self._squares += float(h.var(dtype=np.float64)) * h.size + step**2 * known * h.size / count
        self.mean += step * h.size / count
        self._count = count
        self._saturated += math.nan if saturated is None else np.count_nonzero(saturated)
        self._zeros += h.size - int(np.count_nonzero(h))
        self._alive = self._alive | (h != 0).any(axis=0)
        self.histogram += _counts(h.ravel(), self.edges, self._scale)

    @property
    def std(self) -> float:
        return float(np.sqrt(self._squares / self._count))

    @property
    def second_moment(self) -> float:
        return self.mean**2 + self._squares / self._count

    @property
    def saturated(self) -> float:
        return self._saturated / self._count

    @property
    def silent(self) -> float:
        return self._zeros / self._count

    @property
    def dead(self) -> float:
        return float(np.mean(~self._alive))


class GradientTally:
    """Sums of what comes back to one layer, over the pieces of a batch, in float64.

    Raises OverflowError for a piece that is not finite.

    >>> back = GradientTally()
    >>> back.add(delta=np.array([[1.0, 3.0]]), gradient=np.array([[2.0, 0.0]]))
    >>> back.moments()
    (5.0, 2.0, 5.0)
    """

    def __init__(self) -> None:
        self._count = 0
        self._squares = 0.0
        self._weight: Array = np.zeros(1)  # both take their shapes from the first piece
        self._bias: Array = np.zeros(1)

    def add(self, delta: Array, gradient: Array) -> None:
        """Count δ of shape (inputs, units), and the weight gradient that these inputs make."""
        self._count += delta.size
        self._squares += float(np.sum(np.square(delta, dtype=np.float64)))
        if not np.isfinite(self._squares):
            raise OverflowError(
                f"a gradient has left the range of {delta.dtype}; allowed are finite numbers: take "
                "fewer layers, smaller weights or dtype=np.float64."
            )
        self._weight = self._weight + gradient.astype(np.float64)
        self._bias = self._bias + delta.sum(axis=0, dtype=np.float64)

    def moments(self) -> tuple[float, float, float]:
        """E[δ²], and the mean squares of the weight's and the bias's gradient."""
        return (
            self._squares / self._count,
            float(np.mean(np.square(self._weight))),
            float(np.mean(np.square(self._bias))),
        )


def collect(
    tallies: Sequence[Sequence[Tally]], edges: Array, gradients: Gradients | None = None
) -> LayerStatistics:
    """One `LayerStatistics` out of a row of tallies, one a layer, for each seed.

    >>> tally = Tally(np.linspace(-1, 1, 5))
    >>> tally.add(np.full((2, 3), 0.5), saturated=np.zeros((2, 3), dtype=bool))
    >>> collect([[tally]], tally.edges).rms
    array([[0.5]])
    """

    def column(name: str) -> Array:
        return np.array([[getattr(tally, name) for tally in row] for row in tallies])

    names = ("mean", "std", "second_moment", "saturated", "silent", "dead")
    histogram = np.array([[tally.histogram for tally in row] for row in tallies])
    return LayerStatistics(
        histogram=histogram, edges=edges, gradients=gradients, **{n: column(n) for n in names}
    )
