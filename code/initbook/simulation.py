"""A random stack over many seeds: each layer's statistics, and each gradient's.

`simulate` runs `propagation`'s loop, and keeps what the figures need.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from initbook.activations import Activation, AnyActivation, Array, get_activation
from initbook.arguments import check_count, check_edges, check_flag, check_seeds, check_widths, echo
from initbook.fans import Fans
from initbook.initializers import AnyInitializer, Initializer, as_initializer
from initbook.layer_statistics import (
    FLAT,
    Gradients,
    GradientTally,
    LayerStatistics,
    Tally,
    collect,
)
from initbook.propagation import draw_weights, layers_of, send_back

__all__ = ["simulate"]

# Numbers of all layers together that a piece of a batch may have. 8 MB in float32: one layer's part
# stays in a core's cache from its product to its histogram.
AT_ONCE = 2**21
UNDIVIDED = 2**26  # the same for a batch that can't be cut, since it is normalized


def simulate(
    init: AnyInitializer,
    activation: AnyActivation,
    *,
    seeds: Sequence[int],
    width: int = 500,
    depth: int = 10,
    batch: int = 1000,
    batch_norm: bool = False,
    edges: ArrayLike | None = None,
    widths: Sequence[int] | None = None,
    biases: AnyInitializer | None = None,
    gradients: bool = False,
    dtype: DTypeLike = np.float32,
) -> LayerStatistics:
    """Statistics of each layer of a random stack on standard normal inputs, over several seeds.

    A seed fixes the input and what the weights, biases and gradients are made from, each in a
    stream of its own. So two starts with the same seeds differ in nothing but the start, and are
    compared pair by pair; and a larger batch begins with the smaller one.

    `widths` = [n_0, …, n_L] takes the place of `width` and `depth`. `biases` is called with the
    shape (n_l,) and the fans of the layer's weight. `edges` are the histogram's, by default 30 bins
    from −1 to 1; what lies outside falls into the first or the last bin, so that nothing is lost.
    With `gradients` a standard normal ∂loss/∂h_L is sent back. A large batch goes through in
    pieces, so that memory stays small. float32, like most training; `dtype` float64 where a stack
    is so deep that its numbers leave float32's range.

    Raises ValueError for what is no initializer or activation, bad widths, seeds, batch, edges or
    dtype, and a batch of one that is to be normalized; OverflowError where a layer or a gradient
    leaves the range of the dtype. Chapter 2; `intervals.mean_interval` makes intervals over the
    seeds.

    >>> from initbook.initializers import he_normal
    >>> s = simulate(he_normal(), "relu", seeds=range(4), width=64, depth=3, batch=100)
    >>> s.second_moment.shape
    (4, 3)
    """
    if widths is None:
        sizes = [check_count("width", width)] * (check_count("depth", depth) + 1)
    else:
        sizes = check_widths(widths)
    bounds = np.linspace(-1, 1, 31) if edges is None else check_edges(edges)
    sampler = _Sampler(
        init=as_initializer(init),
        act=get_activation(activation),
        widths=sizes,
        batch=check_count("batch", batch),
        batch_norm=check_flag("batch_norm", batch_norm),
        edges=bounds,
        biases=None if biases is None else as_initializer(biases),
        gradients=check_flag("gradients", gradients),
        dtype=_check_dtype(dtype),
    )
    sampler.check_batch()
    runs = [sampler.run(seed) for seed in check_seeds(seeds)]
    moments = None
    if gradients:
        back, on_weights, on_biases = np.array([run[1] for run in runs]).transpose(2, 0, 1)
        moments = Gradients(back, on_weights, on_biases)
    return collect([tallies for tallies, _ in runs], bounds, moments)


def _check_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    try:
        kind = np.dtype(dtype)
    except TypeError:
        kind = np.dtype(object)
    if kind not in (np.float32, np.float64):
        raise ValueError(f"dtype is {echo(dtype)}; allowed are float32 and float64.")
    return kind


@dataclass(frozen=True)
class _Sampler:
    """What `simulate` was asked for; `run` does it for one seed."""

    init: Initializer
    act: Activation
    widths: list[int]
    batch: int
    batch_norm: bool
    edges: Array
    biases: Initializer | None
    gradients: bool
    dtype: np.dtype[Any]

    def run(self, seed: int) -> tuple[list[Tally], list[tuple[float, float, float]]]:
        """A tally of each layer; second moments of δ, ∂W and ∂b, empty if not asked for."""
        inputs, of_weights, of_biases, tops = np.random.default_rng(seed).spawn(4)
        weights = [self._cast(W) for W in draw_weights(self.init, self.widths, of_weights)]
        biases = self._draw_biases(of_biases)
        tallies = [Tally(self.edges) for _ in weights]
        back = [GradientTally() for _ in weights]
        for rows in self._pieces():
            X = inputs.standard_normal((rows, self.widths[0]), dtype=self.dtype.type)
            with np.errstate(over="ignore", invalid="ignore"):  # the tallies say it in a sentence
                signals, slopes = self._pass(X, weights, biases, tallies)
                if self.gradients:
                    top = tops.standard_normal(signals[-1].shape, dtype=self.dtype.type)
                    found = send_back(signals, weights, slopes, top, self.batch_norm)
                    for returned, delta, gradient in zip(back, *found, strict=True):
                        returned.add(delta, gradient)
        return tallies, [returned.moments() for returned in back] if self.gradients else []

    def _pass(
        self, X: Array, weights: list[Array], biases: list[Array] | None, tallies: list[Tally]
    ) -> tuple[list[Array], list[Array]]:
        """Count what goes through; keep signals and slopes only where a gradient comes back."""
        steepest = self.act.steepest
        signals, slopes = [X], []
        stack = layers_of(X, weights, self.act, biases=biases, batch_norm=self.batch_norm)
        for tally, (z, h) in zip(tallies, stack, strict=True):
            slope = self.act.slope(z)
            flat = np.abs(slope) < FLAT * steepest if np.isfinite(steepest) else None
            tally.add(h, saturated=flat)
            if self.gradients:
                signals.append(h)
                slopes.append(slope)
        return signals, slopes

    def check_batch(self) -> None:
        if not self.batch_norm:
            return
        largest = UNDIVIDED // sum(self.widths)
        if not 2 <= self.batch <= largest:
            raise ValueError(
                f"batch is {self.batch}, and batch_norm needs all of it at once; allowed are "
                f"2 to {largest} inputs for these widths."
            )

    def _pieces(self) -> Iterator[int]:
        rows = self.batch if self.batch_norm else AT_ONCE // sum(self.widths) + 1
        for start in range(0, self.batch, rows):
            yield min(rows, self.batch - start)

    def _draw_biases(self, rng: np.random.Generator) -> list[Array] | None:
        if self.biases is None:
            return None
        streams = rng.spawn(len(self.widths) - 1)
        return [
            self._cast(self.biases(stream, (n_out,), Fans(n_in, n_out)))
            for stream, n_in, n_out in zip(streams, self.widths[:-1], self.widths[1:], strict=True)
        ]

    def _cast(self, values: Array) -> Array:
        return values.astype(self.dtype, copy=False)
