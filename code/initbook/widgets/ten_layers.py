"""The ten-layer simulation as a widget: histograms and spread of what an untrained net computes."""

import html
import math

import numpy as np
import traitlets
from numpy.typing import NDArray

from initbook.initializers import normal
from initbook.propagation import draw_weights, forward
from initbook.widgets.base import BookWidget

DEPTH = 10
BINS = 30
LIMITS = {"scale": (0, 25), "width": (32, 500), "batch": (4, 200), "seed": (0, 2**31 - 1)}
RANGES = {"tanh": (-1, 1), "relu": (0, 4), "sigmoid": (0, 1), "identity": (-4, 4)}
IN_RMS = {"relu", "identity"}  # their range is in units of each layer's rms


class TenLayers(BookWidget):
    """Ten layers of an untrained net, drawn and computed in the page.

    h_l = f(h_{l−1} W_l), with W_l ~ N(0, scale² / width) and standard normal inputs, so that
    n Var(w) = scale². Moving the slider keeps the draw and only rescales it.

    `activation` is 'tanh', 'relu', 'sigmoid' or 'identity'; `scale`, the weights' std in units of
    1/√n, lies between 0 and 25, `width` between 32 and 500; `batch` is a multiple of 4 up to 200;
    `seed` picks the draw, from the page's own generator and not numpy's. `stds`, `rms` and `means`
    hold the ten layers' statistics once a live page has computed them, and are empty before.

    Raises traitlets.TraitError for a value outside these ranges. Chapter 2.

    >>> TenLayers("relu", scale=2**0.5).width
    256
    >>> TenLayers(width=1000)
    Traceback (most recent call last):
        ...
    traitlets.traitlets.TraitError: width is 1000; allowed is a number from 32 to 500.
    """

    _name = "ten-layers"

    activation = traitlets.Enum(list(RANGES), "tanh").tag(sync=True)
    scale = traitlets.Float(1.0).tag(sync=True)
    width = traitlets.Int(256).tag(sync=True)
    batch = traitlets.Int(100).tag(sync=True)
    seed = traitlets.Int(0).tag(sync=True)
    stds = traitlets.List(traitlets.Float(), read_only=True).tag(sync=True)
    rms = traitlets.List(traitlets.Float(), read_only=True).tag(sync=True)
    means = traitlets.List(traitlets.Float(), read_only=True).tag(sync=True)

    def __init__(self, activation="tanh", scale=1.0, width=256, batch=100, seed=0, **kwargs):
        given = {"scale": scale, "width": width, "batch": batch, "seed": seed}
        super().__init__(activation=activation, **given, **kwargs)

    @traitlets.validate(*LIMITS)
    def _check_limits(self, proposal):
        name, value = proposal.trait.name, proposal.value
        low, high = LIMITS[name]
        if not low <= value <= high:
            raise traitlets.TraitError(
                f"{name} is {value}; allowed is a number from {low} to {high}."
            )
        if name == "batch" and value % 4:
            raise traitlets.TraitError(f"batch is {value}; allowed is a multiple of 4.")
        return value

    def _fallback(self) -> str:
        rng = np.random.default_rng(self.seed)
        X = rng.standard_normal((self.batch, self.width))
        init = normal(self.scale / math.sqrt(self.width))
        weights = list(draw_weights(init, [self.width] * (DEPTH + 1), rng))
        layers = forward(X, weights, self.activation)
        setup = f"{self.activation}, width {self.width}, weight std {self.scale:.3g}/√n"
        spread = f"std {layers[0].std():.3g} at layer 1, {layers[-1].std():.3g} at layer {DEPTH}"
        label = html.escape(f"Histograms of ten untrained layers ({setup}): {spread}.")
        bars = "".join(bars_of(h, self.activation, 70 * i) for i, h in enumerate(layers))
        return (
            f'<svg role="img" aria-label="{label}" viewBox="0 0 700 200">{bars}</svg>'
            f"<p>Ten untrained layers ({setup}), one draw: {spread}. "
            "With scripts switched on, sliders stand here.</p>"
        )


def bars_of(h: NDArray, activation: str, x: int) -> str:
    """Draw one layer's histogram at `x` as chart.js does: values upwards, shares to the right."""
    low, high = RANGES[activation]
    unit = (np.sqrt(np.mean(h**2)) or 1.0) if activation in IN_RMS else 1.0
    shown = h[h > 0] if activation == "relu" and unit != 1.0 else h
    counts, _ = np.histogram(shown, BINS, (low * unit, high * unit))
    lengths = 60 * counts / counts.max()
    outline = "".join(f"H{x + length:.0f}v-6" for length in lengths)
    return f'<path class="bars" d="M{x} 190{outline}H{x}Z"/>'
