"""A deep stack as a widget: the signal, the gradient and the weights' gradient, layer by layer."""

import html
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from initbook.initializers import variance_scaling
from initbook.propagation import backward, draw_weights, forward
from initbook.widgets.base import BookWidget, Setting


class GradientFlow(BookWidget):
    """A signal up and a gradient down a stack of random layers, computed in the page.

    h_l = f(h_{l−1} W_l) with W_l ~ N(0, scale² / fan_in) and standard normal inputs; on the way
    down δ_l = (δ_{l+1} W_{l+1}ᵀ) ⊙ f′(z_l) from a standard normal gradient at the top, drawn apart
    from the weights, and ∂W_l = h_{l−1}ᵀ δ_l. The page shows the root mean square of each.

    `activation` is 'tanh', 'relu', 'sigmoid' or 'identity'; `scale`, the weights' std in units of
    1/√fan_in, lies between 0.1 and 5, `depth` between 2 and 100, `width`, that of the widest
    layer, between 16 and 200. `profile` is 'constant', 'taper' (down to a quarter at the top) or
    'bottleneck' (a quarter in the middle); `batch` is a multiple of 4 up to 32; `seed` picks the
    draw, from the page's own generator and not numpy's. `signals`, `deltas` and `gradients` hold
    what is measured, layer by layer, once a live page has computed it, and are empty before.

    Raises traitlets.TraitError for a value outside these ranges, TypeError for another name.
    Chapter 8.

    >>> GradientFlow("sigmoid", depth=100).scale
    1.0
    >>> GradientFlow(depth=1)
    Traceback (most recent call last):
        ...
    traitlets.traitlets.TraitError: depth is 1; allowed is a number from 2 to 100.
    """

    _name = "gradient-flow"

    activation = Setting()
    scale = Setting()
    depth = Setting()
    width = Setting()
    profile = Setting()
    batch = Setting()
    seed = Setting()
    signals = traitlets.List(traitlets.Float(), read_only=True).tag(sync=True)
    deltas = traitlets.List(traitlets.Float(), read_only=True).tag(sync=True)
    gradients = traitlets.List(traitlets.Float(), read_only=True).tag(sync=True)

    def __init__(
        self,
        activation: str = "tanh",
        scale: float = 1.0,
        depth: int = 30,
        width: int = 100,
        profile: str = "constant",
        batch: int = 8,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        sizes = {"scale": scale, "depth": depth, "width": width, "batch": batch, "seed": seed}
        super().__init__(activation=activation, profile=profile, **sizes, **kwargs)

    def _figure(self) -> str:
        curves = self._curves()
        logs = np.log10([value for curve in curves.values() for value in curve if value > 0])
        low, high = math.floor(logs.min()), max(math.ceil(logs.max()), math.floor(logs.min()) + 1)
        dots = "".join(
            f'<circle class="{look}" r="3" cx="{40 + 640 * k / (self.depth - 1):.0f}" '
            f'cy="{190 - 180 * (math.log10(value) - low) / (high - low):.1f}"/>'
            for look, curve in curves.items()
            for k, value in enumerate(curve)
            if value > 0
        )
        label = self.settings["state"]["activation"]["choices"][self.activation]["label"]
        setup = f"{self.depth} {label} layers, weight std {self.scale:.3g}/√fan_in"
        delta, signal = curves["ring"], curves["dot"]
        said = html.escape(
            f"One draw of {setup}: the signal has the rms {signal[0]:.3g} at layer 1 and "
            f"{signal[-1]:.3g} at the top (dots), the gradient {delta[-1]:.3g} at the top and "
            f"{delta[0]:.3g} at layer 1 (rings)."
        )
        return (
            f'<svg role="img" aria-label="{said}" viewBox="0 0 700 200">{dots}</svg><p>{said}</p>'
        )

    def _curves(self) -> dict[str, list[float]]:
        """Of a draw of numpy's: the rms of each h_l and of each δ_l."""
        rng = np.random.default_rng(self.seed)
        shares = self.settings["state"]["profile"]["choices"][self.profile]["shares"]
        widths = layer_widths(self.width, self.depth, shares)
        X = rng.standard_normal((self.batch, widths[0]))
        init = variance_scaling(self.scale**2, "fan_in", "normal")
        weights = list(draw_weights(init, widths, rng))
        top = rng.standard_normal((self.batch, widths[-1]))
        deltas, _ = backward(X, weights, self.activation, top)
        signals = forward(X, weights, self.activation)
        return {
            "dot": [root_mean_square(h) for h in signals],
            "ring": [root_mean_square(d) for d in deltas],
        }


def root_mean_square(x: NDArray[np.floating[Any]]) -> float:
    """The rms, also where a square is too small for a float.

    >>> print(f"{root_mean_square(np.array([3e-200, 4e-200])):.3g}")
    3.54e-200
    """
    most = float(np.abs(x).max()) or 1.0
    return most * float(np.sqrt(np.mean((x / most) ** 2)))


def layer_widths(width: int, depth: int, shares: Sequence[float]) -> list[int]:
    """n_0 … n_L as gradient-flow-math.js has them.

    >>> layer_widths(100, 4, [1, 0.25, 1])
    [100, 63, 25, 63, 100]
    """
    at = np.interp(np.arange(depth + 1) / depth, [0, 0.5, 1], shares)
    return [int(n) for n in np.floor(width * at + 0.5)]
