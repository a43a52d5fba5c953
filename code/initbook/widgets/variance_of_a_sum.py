"""The variance of a sum as a widget: n random products, added up over many draws."""

import html
import math
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from initbook.widgets.base import BookWidget, Setting


class VarianceOfASum(BookWidget):
    """z = Σ x_i w_i over 2,000 draws, drawn and computed in the page, and one unit opened.

    Predicted is E[z²] = n Var(w) E[x²] + E[w]² E[s²], where s = Σ x_i: with weights of mean 0 the
    line of chapter 3. `n` is a number from 1 to 256, `var_w` and `var_x` lie between 0 and 4,
    `mean_w` between -1 and 1, `mean_x` between -3 and 3; `correlation`, that of any two inputs,
    between 0 and 1. `law` of the weights is 'normal', 'coin' or 'heavy' (Student's t with 3 degrees
    of freedom, scaled). `held` is 'nothing', or 'inputs' or 'weights': those of the opened `unit`,
    up to 1999, then serve all draws, and the prediction is E[z² | x] or E[z² | w]. `seed`
    picks the draw, from the page's own generator and not numpy's. `measured` and `predicted` hold
    the two mean squares once a live page has computed them, and None before.

    Raises traitlets.TraitError for a value outside these ranges, TypeError for another name.
    Chapter 3.

    >>> VarianceOfASum(n=100, var_w=0.01).n
    100
    >>> VarianceOfASum(n=0)
    Traceback (most recent call last):
        ...
    traitlets.traitlets.TraitError: n is 0; allowed is a number from 1 to 256.
    """

    _name = "variance-of-a-sum"

    n = Setting()
    var_w = Setting()
    mean_w = Setting()
    var_x = Setting()
    mean_x = Setting()
    correlation = Setting()
    law = Setting()
    held = Setting()
    unit = Setting()
    seed = Setting()
    measured = traitlets.Float(None, allow_none=True, read_only=True).tag(sync=True)
    predicted = traitlets.Float(None, allow_none=True, read_only=True).tag(sync=True)

    def __init__(
        self,
        n: int = 100,
        var_w: float = 0.01,
        mean_w: float = 0.0,
        var_x: float = 1.0,
        mean_x: float = 0.0,
        correlation: float = 0.0,
        law: str = "normal",
        held: str = "nothing",
        unit: int = 0,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        of_laws = {"var_w": var_w, "mean_w": mean_w, "var_x": var_x, "mean_x": mean_x}
        shown = {"law": law, "held": held, "unit": unit, "seed": seed}
        super().__init__(n=n, correlation=correlation, **of_laws, **shown, **kwargs)

    def _figure(self) -> str:
        w, x = self._draw(np.random.default_rng(self.seed))
        z = np.sum(
            (x[:1] if self.held == "inputs" else x) * (w[:1] if self.held == "weights" else w), 1
        )
        reach = 4 * (z.std() or 1.0)
        counts, edges = np.histogram(z, self.settings["bins"], (z.mean() - reach, z.mean() + reach))
        heights = 170 * counts / max(counts.max(), 1)
        step = 690 / len(counts)
        bars = "".join(f"V{190 - height:.0f}h{step:g}" for height in heights)
        said = html.escape(
            f"{len(z):,} sums of {self.n} products x·w with Var(w) = {self.var_w:g} and "
            f"E[x²] = {self.var_x + self.mean_x**2:g}: their mean square is {np.mean(z**2):.3g}."
        )
        return (
            f'<svg role="img" aria-label="Histogram of {said}" viewBox="0 0 700 200">'
            f'<path class="bars" d="M5 190{bars}V190Z"/></svg><p>{said}</p>'
        )

    def _draw(self, rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
        """Weights and inputs of all draws, as (draws, n), by numpy's generator."""
        shape = (self.settings["draws"], self.n)
        if self.law == "heavy":
            w = rng.standard_t(3, shape) / math.sqrt(3)
        else:
            w = rng.standard_normal(shape)
            w = np.sign(w) if self.law == "coin" else w
        common, own = rng.standard_normal((shape[0], 1)), rng.standard_normal(shape)
        x = math.sqrt(self.correlation) * common + math.sqrt(1 - self.correlation) * own
        return (
            self.mean_w + math.sqrt(self.var_w) * w,
            self.mean_x + math.sqrt(self.var_x) * x,
        )
