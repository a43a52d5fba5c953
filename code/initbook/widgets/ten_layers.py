"""The ten-layer simulation as a widget: histograms and spread of what an untrained net computes."""

import html
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from initbook.initializers import variance_scaling, zeros
from initbook.propagation import draw_weights, layers_of
from initbook.widgets.base import BookWidget, Setting
from initbook.widgets.gradient_flow import layer_widths


class TenLayers(BookWidget):
    """Ten layers of an untrained net, or more, drawn and computed in the page.

    h_l = f(h_{l−1} W_l), where W_l has the variance scale² / fan_in and inputs are standard normal,
    so that n Var(w) = scale². Moving the slider keeps the draw and only rescales it. With
    `norm="on"` each unit's sums are normalized over the batch before f: (z − mean) / √(var + 1e-5).

    `activation` is the name of one of the book's; `scale`, the weights' std in units of 1/√n, lies
    between 0 and 25, `width`, that of the widest layer, between 16 and 500, `depth` between 2 and
    50. `law` is 'normal', 'uniform' or 'truncated_normal'; `profile` is 'constant', 'taper' (down
    to a quarter at the top) or 'bottleneck' (a quarter in the middle); `norm` is 'off' or 'on';
    `batch` is a multiple of 4 up to 200; `seed` picks the draw, from the page's own generator and
    not numpy's. `stds`, `rms` and `means` hold the layers' statistics once a live page has computed
    them, and are empty before.

    Raises traitlets.TraitError for a value outside these ranges, TypeError for another name.
    Chapter 2.

    >>> TenLayers("relu", scale=2**0.5).width
    256
    >>> TenLayers(width=1000)
    Traceback (most recent call last):
        ...
    traitlets.traitlets.TraitError: width is 1000; allowed is a number from 16 to 500.
    """

    _name = "ten-layers"

    activation = Setting()
    scale = Setting()
    depth = Setting()
    width = Setting()
    profile = Setting()
    law = Setting()
    norm = Setting()
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
        *,
        depth: int = 10,
        law: str = "normal",
        profile: str = "constant",
        norm: str = "off",
        **kwargs: Any,
    ) -> None:
        sizes = {"scale": scale, "depth": depth, "width": width, "batch": batch, "seed": seed}
        names = {"activation": activation, "law": law, "profile": profile, "norm": norm}
        super().__init__(**sizes, **names, **kwargs)

    def _figure(self) -> str:
        rng = np.random.default_rng(self.seed)
        depth, bins, state = self.depth, self.settings["bins"], self.settings["state"]
        look = state["activation"]["choices"][self.activation]
        shares = state["profile"]["choices"][self.profile]["shares"]
        widths = layer_widths(self.width, depth, shares)
        X = rng.standard_normal((self.batch, widths[0]))
        drawn = variance_scaling(self.scale**2, "fan_in", self.law) if self.scale else zeros()
        weights = draw_weights(drawn, widths, rng)
        normalized = self.norm == "on"
        layers = [h for _, h in layers_of(X, weights, self.activation, batch_norm=normalized)]
        named = "ten" if depth == 10 else f"{depth}"
        setup = f"{look['label']}, width {self.width}, weight std {self.scale:.3g}/√n"
        setup += ", batch normalization" * normalized
        spread = f"std {layers[0].std():.3g} at layer 1, {layers[-1].std():.3g} at layer {depth}"
        label = html.escape(f"Histograms of {named} untrained layers ({setup}): {spread}.")
        room = 700 / depth
        bars = "".join(bars_of(h, bins, look, room * i, room) for i, h in enumerate(layers))
        return (
            f'<svg role="img" aria-label="{label}" viewBox="0 0 700 200">{bars}</svg>'
            f"<p>{named.capitalize()} untrained layers ({setup}), one draw: {spread}.</p>"
        )


def bars_of(h: NDArray[Any], bins: int, look: dict[str, Any], x: float, room: float) -> str:
    """Draw one layer's histogram from `x` on: values run upwards, shares to the right."""
    low, high = look["range"]
    unit = (np.sqrt(np.mean(h**2)) or 1.0) if look.get("inRms") else 1.0
    shown = h[h > 0] if look.get("far") == 0 and h.any() else h  # exact zeros are told in words
    counts, _ = np.histogram(shown, bins, (low * unit, high * unit))
    lengths = 0.86 * room * counts / max(counts.max(), 1)
    outline = "".join(f"H{x + length:.1f}v-{180 / bins:g}" for length in lengths)
    return f'<path class="bars" d="M{x:.1f} 190{outline}H{x:.1f}Z"/>'
