"""Expectations of a function of one Gaussian, or of two correlated ones.

Gauss–Hermite nodes, the textbook's choice, do not converge in practice where f saturates. The nodes
here follow the Gaussian and the function both. Chapter 6.
"""

import math
import warnings
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from initbook.activations import Elementwise, elementwise
from initbook.arguments import check_number

__all__ = ["expectation", "half_squared_difference"]

Floats = NDArray[np.float64]

REACH = 8.5  # the Gaussian beyond ±8.5 weighs 2e-17
STEP = 1 / 12  # of t, where z = sinh(t) / 2ᵏ
MOST_HALVINGS, AGREEMENT = 4, 1e-9  # an agreement to 1e-9 with twice the step means far less error
GAUSSIAN_EDGES = np.array([-REACH, -4, -2, -1, 0, 1, 2, 4, REACH])
LEGENDRE_NODES, LEGENDRE_WEIGHTS = np.polynomial.legendre.leggauss(24)
EXACT = 1e-14  # of the integral of |g|: what one panel may change by when it is halved
MOST_PANELS = 4096  # that are halved at one time
NARROW = 1e-3  # where panels settle only below this width, the function bends or jumps
MOST_BENDS = 30  # that a double integral is split at


def expectation(g: Elementwise, q: float, kinks: tuple[float, ...] = ()) -> float:
    """E[g(√q z)] for z ~ N(0, 1), by quadrature.

    On a smooth g the trapezoid rule gains digits exponentially with the number of nodes. They stand
    close around 0, where f turns, and far apart in its tails: z = sinh(t) / 2ᵏ with equal steps of
    t and 2ᵏ about √q. The step is halved until that changes nothing. Where g has kinks,
    Gauss–Legendre takes over, on panels that widen away from 0 and end at every kink. A kink or a
    jump that is not named is found, by halving the panels that it lies in. g may grow like a power,
    but not exponentially; it may write into its input, and take single numbers only.

    Raises ValueError for a q that is negative or not finite, a g that changes its input's shape,
    or an expectation that is not finite; a UserWarning says it where thousands of jumps keep the
    integral from settling. Source: Trefethen & Weideman 2014. Chapter 6.

    >>> round(expectation(lambda z: z**2, q=3.0), 12), round(expectation(np.sign, q=3.0), 12)
    (3.0, 0.0)
    """
    check_number("q", q, least=0)
    points = tuple(check_number("a kink", kink) for kink in kinks)
    return integrate(elementwise("the function", g), q, points)


def integrate(
    g: Elementwise, q: float, kinks: Sequence[float] = (), all_named: bool = False
) -> float:
    """What `expectation` computes, from arguments that are checked.

    With `all_named` no other kinks are looked for.

    >>> round(integrate(np.square, 3.0), 12)
    3.0
    """
    root = math.sqrt(q)
    total = None if kinks and q > 0 else _by_trapezoid(g, root)
    if total is None:
        total, _ = _by_panels(g, root, kinks, all_named)
    if not math.isfinite(total):
        raise ValueError(f"the expectation at q = {q!r} is {total!r}; allowed is a finite one.")
    return total


def _by_trapezoid(g: Elementwise, root: float) -> float | None:
    """E[g(root · z)], halving the step until that changes nothing; None where it never does."""
    exponent = max(0, math.frexp(root)[1])
    for halvings in range(MOST_HALVINGS + 1):
        z, rules = _spread_nodes(exponent, halvings)
        values = g(root * z)
        total, change = rules.dot(values).tolist()
        if abs(change) <= AGREEMENT * abs(total) or not math.isfinite(total):
            return float(total)
        if abs(change) <= AGREEMENT * float(rules[0].dot(np.abs(values))):  # an odd g, total 0
            return float(total)
    return None


@lru_cache(maxsize=128)
def _spread_nodes(exponent: int, halvings: int) -> tuple[Floats, Floats]:
    """z = sinh(t) / 2^exponent at equal steps of t, and two rows of weights for N(0, 1).

    The first row is the trapezoid rule, the second what it differs by from twice the step.
    """
    step, scale = STEP / 2**halvings, 2.0**-exponent
    half = 2 * math.ceil(math.asinh(REACH / scale) / step / 2)
    number = np.arange(-half, half + 1)
    z = scale * np.sinh(step * number)
    weights = _density(z) * scale * np.cosh(step * number) * step
    return z, np.array([weights, np.where(number % 2, weights, -weights)])


def _by_panels(
    g: Elementwise, root: float, kinks: Sequence[float], all_named: bool = False
) -> tuple[float, list[float]]:
    """E[g(root · z)], by Gauss–Legendre between kinks; a panel is halved until its sum settles.

    And where g bends or jumps without a name: where panels had to become narrow.
    """
    with np.errstate(over="ignore"):
        edges = [GAUSSIAN_EDGES, _own_edges(root) / root, np.divide(kinks, root)]
    inner = np.unique(np.clip(np.concatenate(edges), -REACH, REACH))
    panels = np.stack([inner[:-1], inner[1:]], axis=1)
    coarse, sizes = _panel_sums(g, root, panels)
    if all_named:
        return float(coarse.sum()), []
    total, scale = 0.0, float(sizes.sum())
    narrow = [np.empty((0, 2))]
    while len(panels):
        halves = np.repeat(panels, 2, axis=0)
        halves[0::2, 1] = halves[1::2, 0] = panels.mean(axis=1)
        fine, _ = _panel_sums(g, root, halves)
        change = np.abs(fine.reshape(-1, 2).sum(axis=1) - coarse)
        open_ = np.repeat(change > EXACT * scale, 2)
        total += float(fine[~open_].sum())
        settled = panels[~open_[::2]]
        narrow.append(settled[settled[:, 1] - settled[:, 0] < NARROW])
        panels, coarse = halves[open_], fine[open_]
        if len(panels) > MOST_PANELS or not math.isfinite(total):
            total += float(coarse.sum())
            if math.isfinite(total):
                warnings.warn(_unsettled(root, float(change.sum()), total), stacklevel=4)
            break
    return total, _bends_in(np.concatenate(narrow), root)


def _bends_in(panels: Floats, root: float) -> list[float]:
    """One place for each heap of narrow panels: the middle of its narrowest."""
    middles, widths = panels.mean(axis=1), panels[:, 1] - panels[:, 0]
    order = np.argsort(middles)
    heaps = np.split(order, np.flatnonzero(np.diff(middles[order]) > NARROW) + 1)
    return [root * float(middles[heap[widths[heap].argmin()]]) for heap in heaps if len(heap)]


def _panel_sums(g: Elementwise, root: float, panels: Floats) -> tuple[Floats, Floats]:
    """Of each panel, the integral of g times the Gaussian, and that of |g|."""
    z, weights = _gauss_legendre(panels)
    weighted = weights * g(root * z)
    return weighted.sum(axis=1), np.abs(weighted).sum(axis=1)


def _unsettled(root: float, change: float, total: float) -> str:
    return (
        f"the expectation at q = {root**2!r} did not settle: {total!r} may be off by {change:.1g}; "
        "the function jumps in thousands of places."
    )


def _gauss_legendre(edges: Floats) -> tuple[Floats, Floats]:
    """Nodes and Gaussian weights on the panels between edges of shape (…, edges), in any order."""
    edges = np.sort(np.minimum(np.maximum(edges, -REACH), REACH), axis=-1)
    half = np.diff(edges)[..., None] / 2
    z = edges[..., :-1, None] + half * (1 + LEGENDRE_NODES)
    weights = half * LEGENDRE_WEIGHTS * _density(z)
    return z.reshape(*edges.shape[:-1], -1), weights.reshape(*edges.shape[:-1], -1)


def _own_edges(root: float) -> Floats:
    """Edges in units of √q z: around 0, where f turns, and doubling out to the Gaussian's end."""
    outward = 2.0 ** np.arange(-1, max(1, math.ceil(math.log2(REACH * root))))
    return np.concatenate([-outward, [0.0], outward])


def _density(z: Floats) -> Floats:
    result: Floats = np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return result


def half_squared_difference(
    f: Elementwise, q: float, correlation: float, kinks: tuple[float, ...] = ()
) -> float:
    """½ E[(f(u) − f(v))²] for Gaussians u, v of mean 0, variance q and the given correlation c.

    It equals E[f(u)²] − E[f(u) f(v)], without the cancellation where c is close to 1. With
    independent s, d ~ N(0, 1): u = αs + βd, v = αs − βd, α² = q (1 + c) / 2, β² = q (1 − c) / 2.
    For each d the integral over s is split where u or v meets a kink; the integral over d, where u
    and v meet two of them at once. Good to 1e-10 of E[f²], and to 1e-8 where a kink or a jump is
    not named, and has to be found.

    Raises ValueError for a q that is negative or not finite, and a correlation outside [−1, 1]; a
    UserWarning says it where f has so many kinks that few digits are right. Chapter 6.

    >>> round(half_squared_difference(lambda z: z, q=2.0, correlation=0.25), 12)
    1.5
    """
    check_number("q", q, least=0)
    check_number("correlation", correlation, least=-1, most=1)
    f = elementwise("the function", f)
    if correlation == 1 or q == 0:
        return 0.0
    alpha, beta = math.sqrt(q * (1 + correlation) / 2), math.sqrt(q * (1 - correlation) / 2)
    own, bends = _own_edges(math.sqrt(q)), _bends_of(f, math.sqrt(q), kinks)
    meetings = np.subtract.outer(bends, bends).ravel() / 2
    edges = np.concatenate([GAUSSIAN_EDGES, own / beta, meetings / beta])
    d, weights = _gauss_legendre(np.unique(np.abs(edges)))  # even in d: one half is enough
    features, shift = np.append(own, bends), beta * d[:, None]
    moved = np.hstack([features - shift, features + shift]) / max(alpha, 1e-100)
    fixed = np.broadcast_to(GAUSSIAN_EDGES, (len(d), len(GAUSSIAN_EDGES)))
    s, inner_weights = _gauss_legendre(np.hstack([moved, fixed]))
    squares = (f(alpha * s + shift) - f(alpha * s - shift)) ** 2
    return float(weights @ np.sum(inner_weights * squares, axis=1))


def _bends_of(f: Elementwise, root: float, kinks: tuple[float, ...]) -> Floats:
    """The kinks that are named, and those that are found."""
    points = [check_number("a kink", kink) for kink in kinks]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, found = _by_panels(f, root, points)
    if len(found) > MOST_BENDS:
        warnings.warn(
            f"the function bends or jumps in {len(found)} places that are not named; its double "
            "integral is good to some three digits.",
            stacklevel=3,
        )
        found = []
    return np.array([*points, *found])
