"""The gain of any activation as a widget, with the maps of length and of correlation."""

import html
from typing import Any

import numpy as np
import traitlets

from initbook.moments import gain, length_map
from initbook.widgets.base import BookWidget, Setting


class GainFinder(BookWidget):
    """What an activation leaves of a signal and of a gradient, and two cobwebs, in the page.

    At pre-activations of std σ the page shows E[f], E[f²], E[f′²] and the three gains of `gain` in
    initbook.moments; the length map q ← gain² E[f(√q g)²] + bias, from q = σ²; and the map of the
    correlation c where that comes to rest (at σ² where it does not), with χ = gain² E[f′(√q g)²].

    `activation` is any name of initbook.activations; `std`, which is σ, lies between 0.1 and 5,
    `gain` between 0.1 and 12, `bias`, the variance of the biases, between 0 and 4, `correlation`
    between -1 and 1. `lengths` holds q of the layers once a live page has computed it, and is empty
    before.

    Raises traitlets.TraitError for a value outside these ranges, TypeError for another name.
    Chapter 6.

    >>> GainFinder("gelu", gain=1.5).std
    1.0
    >>> GainFinder(gain=13)
    Traceback (most recent call last):
        ...
    traitlets.traitlets.TraitError: gain is 13; allowed is a number from 0.1 to 12.
    """

    _name = "gain-finder"

    activation = Setting()
    std = Setting()
    gain = Setting()
    bias = Setting()
    correlation = Setting()
    lengths = traitlets.List(traitlets.Float(), read_only=True).tag(sync=True)

    def __init__(
        self,
        activation: str = "tanh",
        std: float = 1.0,
        gain: float = 5 / 3,
        bias: float = 0.0,
        correlation: float = 0.5,
        **kwargs: Any,
    ) -> None:
        given = {"std": std, "gain": gain, "bias": bias, "correlation": correlation}
        super().__init__(activation=activation, **given, **kwargs)

    def _figure(self) -> str:
        start = self.std**2

        def following(q: float) -> float:
            return length_map(self.activation, q, self.gain**2, self.bias)

        grid = np.linspace(0, 2.2 * start, 41)
        values = [following(q) for q in grid]
        unit = 2.2 * start

        def line(points: list[float], name: str) -> str:
            path = "L".join(
                f"{250 + 200 * q / unit:.1f} {205 - 200 * value / unit:.1f}"
                for q, value in zip(grid, points, strict=True)
                if value <= unit
            )
            return f'<path class="{name}" d="M{path}"/>'

        label = self.settings["state"]["activation"]["choices"][self.activation]["label"]
        kept = gain(self.activation, q=start)
        back = gain(self.activation, "backward", q=start)
        said = html.escape(
            f"The length map of {label} with the gain {self.gain:.4g}, and the diagonal: q = "
            f"{start:.3g} becomes {following(start):.3g} in the next layer. At this q a gain of "
            f"{kept:.3g} keeps the signal's second moment, and {back:.3g} the gradient's."
        )
        return (
            f'<svg role="img" aria-label="{said}" viewBox="0 0 700 210">'
            f"{line(list(grid), 'now')}{line(values, 'theory')}</svg><p>{said}</p>"
        )
