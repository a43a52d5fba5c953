"""Twins as a widget: a small net trained from equal units, and what parts them."""

import html
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from initbook.widgets.base import BookWidget, Setting

Floats = NDArray[np.float64]


class Symmetry(BookWidget):
    """Eight tanh units learn the wave sin(2x + ½) in the page: do units that start equal part?

    y = Σ_j v_j tanh(w_j x + b_j) + c, 41 points from −2 to 2, the loss E[(y − t)²]/2, and up to
    2000 steps of gradient descent, in float64 and with sums in one order: twins stay twins.

    `start` is 'zeros', 'constant' (every weight 1) or 'random' (standard normal weights). With
    `nudge` 'on' one weight is moved by 10⁻⁶, with `biases` 'on' the biases start standard normal,
    with `dropout` 'on' each unit pauses one time in five, with `adam` 'on' Adam takes the steps.
    `step`, between 0 and 2000, says which step is shown; `seed` picks the draw, from the page's own
    generator and not numpy's. `distances` and `losses` hold the largest distance between two units
    and the loss at every step once a live page has computed them, and are empty before.

    Raises traitlets.TraitError for a value outside these ranges, TypeError for another name.
    Chapter 1.

    >>> Symmetry("zeros", step=1000).adam
    'off'
    >>> Symmetry("ones")
    Traceback (most recent call last):
        ...
    traitlets.traitlets.TraitError: start is 'ones'; allowed are 'zeros', 'constant', 'random'.
    """

    _name = "symmetry"

    step = Setting()
    start = Setting()
    nudge = Setting()
    biases = Setting()
    dropout = Setting()
    adam = Setting()
    seed = Setting()
    distances = traitlets.List(traitlets.Float(), read_only=True).tag(sync=True)
    losses = traitlets.List(traitlets.Float(), read_only=True).tag(sync=True)

    def __init__(
        self,
        start: str = "constant",
        step: int = 0,
        nudge: str = "off",
        biases: str = "off",
        dropout: str = "off",
        adam: str = "off",
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        changes = {"nudge": nudge, "biases": biases, "dropout": dropout, "adam": adam}
        super().__init__(start=start, step=step, seed=seed, **changes, **kwargs)

    def _figure(self) -> str:
        """The start as it is, since a page without scripts trains nothing."""
        x = np.linspace(-2, 2, self.settings["points"])
        y, wave = output(self._begin(), x), np.sin(2 * x + 0.5)
        reach = 1.1 * max(1.0, abs(y).max())

        def place(values: Floats) -> list[str]:
            ys = 95 - 85 * values / reach
            return [f"{350 + 165 * a:.0f} {b:.1f}" for a, b in zip(x, ys, strict=True)]

        points = "".join(
            f'<circle class="point" r="3" cx="{at.split()[0]}" cy="{at.split()[1]}"/>'
            for at in place(wave)
        )
        begin = self.settings["state"]["start"]["choices"][self.start]["label"]
        loss = float(np.mean((y - wave) ** 2) / 2)
        said = html.escape(
            f"Points of a wave, and what a net of eight tanh units makes of them before its first "
            f"step, its weights started from {begin}: the loss is {loss:.3g}."
        )
        return (
            f'<svg role="img" aria-label="{said}" viewBox="0 0 700 190">{points}'
            f'<path class="answer" d="M{"L".join(place(y))}"/></svg><p>{said}</p>'
        )

    def _begin(self) -> list[Floats]:
        """w, b and v at the start; c is 0. Random numbers are numpy's."""
        rng, n = np.random.default_rng(self.seed), self.settings["units"]
        equal = np.full((2, n), float(self.start == "constant"))
        w, v = rng.standard_normal((2, n)) if self.start == "random" else equal
        b = rng.standard_normal(n) if self.biases == "on" else np.zeros(n)
        return [w, b, v]


def output(net: list[Floats], x: Floats) -> Floats:
    """What a net of units says at each x, with c = 0."""
    w, b, v = net
    y: Floats = np.tanh(x[:, None] * w + b) @ v
    return y
