"""The ten-layer simulation as a widget: histograms and spread of what an untrained net computes."""

import html
import math
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from initbook.initializers import normal
from initbook.propagation import draw_weights, forward
from initbook.widgets.base import BookWidget, Setting


class TenLayers(BookWidget):
    """Ten layers of an untrained net, drawn and computed in the page.

    h_l = f(h_{l−1} W_l), with W_l ~ N(0, scale² / width) and standard normal inputs, so that
    n Var(w) = scale². Moving the slider keeps the draw and only rescales it.

    `activation` is 'tanh', 'relu', 'sigmoid' or 'identity'; `scale`, the weights' std in units of
    1/√n, lies between 0 and 25, `width` between 32 and 500; `batch` is a multiple of 4 up to 200;
    `seed` picks the draw, from the page's own generator and not numpy's. `stds`, `rms` and `means`
    hold the ten layers' statistics once a live page has computed them, and are empty before.

    Raises traitlets.TraitError for a value outside these ranges, TypeError for another name.
    Chapter 2.

    >>> TenLayers("relu", scale=2**0.5).width
    256
    >>> TenLayers(width=1000)
    Traceback (most recent call last):
        ...
    traitlets.traitlets.TraitError: width is 1000; allowed is a number from 32 to 500.
    """

    _name = "ten-layers"

    activation = Setting()
    scale = Setting()
    width = Setting()
    batch = Setting()
    seed = Setting()
    stds = traitlets.List(traitlets.Float(), read_only=True).tag(sync=True)
    rms = traitlets.List(traitlets.Float(), read_only=True).tag(sync=True)
    means = traitlets.List(traitlets.Float(), read_only=True).tag(sync=True)

    def __init__(
        self,
        activation: str = "tanh",
        scale: float = 1.0,
        width: int = 256,
        batch: int = 100,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        given = {"scale": scale, "width": width, "batch": batch, "seed": seed}
        super().__init__(activation=activation, **given, **kwargs)

    def _figure(self) -> str:
        rng = np.random.default_rng(self.seed)
        depth, bins = self.settings["depth"], self.settings["bins"]
        look = self.settings["state"]["activation"]["choices"][self.activation]
        X = rng.standard_normal((self.batch, self.width))
        init = normal(self.scale / math.sqrt(self.width))
        weights = list(draw_weights(init, [self.width] * (depth + 1), rng))
        layers = forward(X, weights, self.activation)
        setup = f"{look['label']}, width {self.width}, weight std {self.scale:.3g}/√n"
        spread = f"std {layers[0].std():.3g} at layer 1, {layers[-1].std():.3g} at layer {depth}"
        label = html.escape(f"Histograms of ten untrained layers ({setup}): {spread}.")
        bars = "".join(bars_of(h, bins, look, 70 * i) for i, h in enumerate(layers))
        return (
            f'<svg role="img" aria-label="{label}" viewBox="0 0 700 200">{bars}</svg>'
            f"<p>Ten untrained layers ({setup}), one draw: {spread}.</p>"
        )


def bars_of(h: NDArray[Any], bins: int, look: dict[str, Any], x: int) -> str:
    """Draw one layer's histogram at `x` as chart.js does: values upwards, shares to the right."""
    low, high = look["range"]
    unit = (np.sqrt(np.mean(h**2)) or 1.0) if look.get("inRms") else 1.0
    shown = h[h > 0] if look.get("far") == 0 and h.any() else h  # exact zeros are told in words
    counts, _ = np.histogram(shown, bins, (low * unit, high * unit))
    lengths = 60 * counts / max(counts.max(), 1)
    outline = "".join(f"H{x + length:.0f}v-{180 / bins:g}" for length in lengths)
    return f'<path class="bars" d="M{x} 190{outline}H{x}Z"/>'
