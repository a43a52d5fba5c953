"""Descent on x⁴ and two other curves as a widget: which steps settle, and where the others lead."""

import html
from collections.abc import Callable
from typing import Any

import numpy as np
import traitlets

from initbook.widgets.base import BookWidget, Setting, read_settings

Function = Callable[[float], float]

# name: the height and the slope
CURVES: dict[str, tuple[Function, Function]] = {
    "quartic": (lambda x: x * x * x * x, lambda x: 4 * x * x * x),
    "bowl": (lambda x: x * x, lambda x: 2 * x),
    "valleys": (lambda x: (x * x - 4) * (x * x - 4), lambda x: 4 * x * (x * x - 4)),
}


class Descent(BookWidget):
    """Up to 40 steps x ← x − η·slope, drawn and computed in the page.

    On x⁴ a plain step multiplies x by 1 − 4ηx², and it settles if η < 1/(2x₀²). `curve` is
    'quartic' (x⁴), 'bowl' (x²) or 'valleys' ((x² − 4)²); `start` lies between -10 and 10, `rate`,
    which is η, between 0.0001 and 2. With `clipping` 'on' the slope is clipped at `limit`, from 0.1
    to 1000. `decay` is 'none', 'harmonic' (step t has the size η/t) or 'exponential'
    (0.9ᵗ⁻¹η), from t = 1 on. `places` holds the path once a live page has computed it, and is
    empty before; it ends at the first place beyond 10¹².

    Raises traitlets.TraitError for a value outside these ranges, TypeError for another name.
    Chapters 1 and 9.

    >>> Descent("quartic", start=10, rate=0.004).start
    10.0
    >>> Descent(rate=3)
    Traceback (most recent call last):
        ...
    traitlets.traitlets.TraitError: rate is 3; allowed is a number from 0.0001 to 2.
    """

    _name = "descent"

    curve = Setting()
    start = Setting()
    rate = Setting()
    clipping = Setting()
    limit = Setting()
    decay = Setting()
    places = traitlets.List(traitlets.Float(), read_only=True).tag(sync=True)

    def __init__(
        self,
        curve: str = "quartic",
        start: float = 10.0,
        rate: float = 0.1,
        clipping: str = "off",
        limit: float = 100.0,
        decay: str = "none",
        **kwargs: Any,
    ) -> None:
        given = {"start": start, "rate": rate, "limit": limit}
        super().__init__(curve=curve, clipping=clipping, decay=decay, **given, **kwargs)

    def _figure(self) -> str:
        height, _ = CURVES[self.curve]
        places = descend(
            self.curve,
            self.start,
            self.rate,
            self.limit if self.clipping == "on" else np.inf,
            self.decay,
        )
        label = self.settings["state"]["curve"]["choices"][self.curve]["label"]
        reach = 1.2 * max(abs(self.start), 2.6)
        high = height(reach)

        def point(x: float) -> str:
            return f"{350 + 340 * x / reach:.1f} {190 - 180 * height(x) / high:.1f}"

        curve = "L".join(point(x) for x in np.linspace(-reach, reach, 81))
        inside = [x for x in places if abs(x) <= reach]
        dots = "".join(
            '<circle class="dot" r="4" cx="{}" cy="{}"/>'.format(*point(x).split()) for x in inside
        )
        begin = f"from {self.start:g} with steps of η = {self.rate:g}"
        first = f"{begin} the first lands at {places[1]:.4g}"
        said = html.escape(
            f"The curve {label}: {first}, and step {len(places) - 1} at {places[-1]:.4g}."
        )
        return (
            f'<svg role="img" aria-label="{said}" viewBox="0 0 700 200">'
            f'<path class="curve" d="M{curve}"/>{dots}</svg><p>{said}</p>'
        )


def descend(curve: str, start: float, rate: float, limit: float, decay: str) -> list[float]:
    """The places of a descent, as descent-math.js computes them."""
    settings = read_settings("descent")
    slope, x, size = CURVES[curve][1], start, rate
    places = [start]
    for t in range(1, settings["steps"] + 1):
        step = rate / t if decay == "harmonic" else size
        x -= step * float(np.clip(slope(x), -limit, limit))
        if decay == "exponential":
            size *= 0.9
        places.append(x)
        if abs(x) > settings["beyond"]:
            break
    return places
