"""Ten layers with batch normalization and without, as a widget."""

import html
import math
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from initbook.activations import get_activation
from initbook.initializers import variance_scaling
from initbook.propagation import batch_normalize, draw_weights, forward
from initbook.widgets.base import BookWidget, Setting


class BatchNormalization(BookWidget):
    """Ten random layers with batch normalization and without, computed in the page.

    h_l = f(γ ẑ_l + β), where ẑ is z = h_{l−1} W_l less its mean over the batch, over its std; and
    h_l = f(z_l) without. On the way down γ/s · (δ − mean(δ) − ẑ · mean(δ ẑ)) meets the weights.

    `activation` is 'relu', 'tanh', 'sigmoid' or 'identity'; `scale`, the weights' std in units of
    1/√n, lies between 0 and 10, `gamma` between 0 and 3, `beta` between -3 and 3, `batch` between 2
    and 64. `mode` is 'training' or 'evaluation': there each layer normalizes by running averages of
    as many `batches` as are named, up to 30. `seed` picks the draw, from the page's own generator
    and not numpy's. `signals` and `deltas` hold the rms with normalization, layer by layer, once a
    live page has computed it, and are empty before.

    Raises traitlets.TraitError for a value outside these ranges, TypeError for another name.
    Chapter 10.

    >>> BatchNormalization("tanh", batch=2).gamma
    1.0
    >>> BatchNormalization(batch=1)
    Traceback (most recent call last):
        ...
    traitlets.traitlets.TraitError: batch is 1; allowed is a number from 2 to 64.
    """

    _name = "batch-normalization"

    activation = Setting()
    scale = Setting()
    gamma = Setting()
    beta = Setting()
    batch = Setting()
    mode = Setting()
    batches = Setting()
    seed = Setting()
    signals = traitlets.List(traitlets.Float(), read_only=True).tag(sync=True)
    deltas = traitlets.List(traitlets.Float(), read_only=True).tag(sync=True)

    def __init__(
        self,
        activation: str = "relu",
        scale: float = 1.0,
        gamma: float = 1.0,
        beta: float = 0.0,
        batch: int = 32,
        mode: str = "training",
        batches: int = 10,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        sizes = {"scale": scale, "gamma": gamma, "beta": beta, "batch": batch}
        rest = {"mode": mode, "batches": batches, "seed": seed}
        super().__init__(activation=activation, **sizes, **rest, **kwargs)

    def _figure(self) -> str:
        plain, normal = self._signals()
        logs = np.log10([value for value in (*plain, *normal) if value > 0] or [1.0])
        low, high = math.floor(logs.min()), max(math.ceil(logs.max()), math.floor(logs.min()) + 1)
        dots = "".join(
            f'<circle class="{look}" r="4" cx="{50 + 600 * k / (len(curve) - 1):.0f}" '
            f'cy="{190 - 180 * (math.log10(value) - low) / (high - low):.1f}"/>'
            for look, curve in (("ring", plain), ("dot", normal))
            for k, value in enumerate(curve)
            if value > 0
        )
        label = self.settings["state"]["activation"]["choices"][self.activation]["label"]
        said = html.escape(
            f"One draw of ten {label} layers, weight std {self.scale:.3g}/√n: behind layer ten the "
            f"rms is {normal[-1]:.3g} with normalization in training mode (dots), "
            f"{plain[-1]:.3g} without (rings)."
        )
        return (
            f'<svg role="img" aria-label="{said}" viewBox="0 0 700 200">{dots}</svg><p>{said}</p>'
        )

    def _signals(self) -> tuple[list[float], list[float]]:
        """Of a draw of numpy's: the rms of each h_l, without normalization and with it."""
        rng, f = np.random.default_rng(self.seed), get_activation(self.activation)
        n = self.settings["width"]
        X = rng.standard_normal((self.batch, n))
        init = variance_scaling(self.scale**2 or 1.0, "fan_in", "normal")
        size = 1.0 if self.scale else 0.0
        widths = [n] * (self.settings["depth"] + 1)
        weights = [size * W for W in draw_weights(init, widths, rng)]
        h: NDArray[Any] = X
        normal = []
        for W in weights:
            h = f(self.gamma * batch_normalize(h @ W) + self.beta)
            normal.append(float(np.sqrt(np.mean(h**2))))
        plain = forward(X, weights, self.activation)
        return [float(np.sqrt(np.mean(h**2))) for h in plain], normal
