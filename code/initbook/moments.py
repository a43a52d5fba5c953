"""Moments of an activation under a Gaussian, and what they predict for a deep stack.

In a wide layer each pre-activation is close to a Gaussian N(0, q), whatever the weights' own law.
So one number, q, tells the size of a layer, and one integral leads from a layer to the next:

    q_{l+1} = n Var(w) · E[f(√q_l z)²],   z ~ N(0, 1).

Chapter 2 uses this mean-field map; chapter 6 derives it.
"""

import numpy as np
from numpy.typing import NDArray

from initbook.activations import Activation, get_activation

REACH = 8.5  # the Gaussian beyond ±8.5 weighs 2e-17
STEP = REACH / 400
BROADEST = 0.25 / STEP  # √q up to which the step stays below a quarter of g's own scale


def expectation(g, q: float, kinks: tuple[float, ...] = ()) -> float:
    """E[g(√q z)] for z ~ N(0, 1), by quadrature.

    On a smooth function that the Gaussian fades out, the trapezoid rule gains digits exponentially
    with the number of nodes. But g(√q z) sharpens with q, and g may have kinks: then Gauss–Legendre
    takes over, on panels that narrow towards 0 and end at every kink.

    Raises ValueError for a q that is negative or not finite. Chapter 6.

    >>> round(expectation(lambda z: z**2, q=3.0), 12)
    3.0
    """
    if not (np.isfinite(q) and q >= 0):
        raise ValueError(f"q is {q!r}; allowed is a finite number of at least 0.")
    root = np.sqrt(q)
    if q == 0:
        return float(g(np.zeros(1))[0])
    if kinks:
        return _by_panels(g, root, kinks)
    if kinks or root > BROADEST:
        return _by_panels(g, root, kinks)
    z = STEP * np.arange(-np.ceil(REACH / STEP), np.ceil(REACH / STEP) + 1)
    return float(np.sum(g(root * z) * _density(z)) * STEP)


def _by_panels(g, root, kinks):
    """Gauss–Legendre between edges that follow the Gaussian, g's own scale, and its kinks."""
    own = 2.0 ** np.arange(-1, max(0, np.ceil(np.log2(REACH * root))) + 1) / root
    edges = np.concatenate([[0, 1, 2, 4, REACH], own, np.divide(kinks, root)])
    edges = np.unique(np.clip(np.concatenate([-edges, edges]), -REACH, REACH))
    nodes, weights = np.polynomial.legendre.leggauss(40)
    half, middle = np.diff(edges)[:, None] / 2, (edges[1:] + edges[:-1])[:, None] / 2
    z = middle + half * nodes
    return float(np.sum(g(root * z) * _density(z) * half * weights))


def _density(z):
    return np.exp(-z * z / 2) / np.sqrt(2 * np.pi)


def second_moment(activation: str | Activation, q: float) -> float:
    """E[f(√q z)²]: the second moment of a layer whose pre-activations have variance q. Chapter 6.

    >>> round(second_moment("relu", 2.0), 12)
    1.0
    """
    act = get_activation(activation)
    return expectation(lambda z: act.f(z) ** 2, q, act.kinks)


def mean_output(activation: str | Activation, q: float) -> float:
    """E[f(√q z)]: the mean of a layer. ReLU's is √(q / 2π).

    >>> round(mean_output("relu", 1.0), 6)
    0.398942
    """
    act = get_activation(activation)
    return expectation(act.f, q, act.kinks)


def second_moment_of_slope(activation: str | Activation, q: float) -> float:
    """E[f′(√q z)²]: what one layer leaves of a gradient's second moment. Chapter 6.

    >>> round(second_moment_of_slope("relu", 2.0), 12)
    0.5
    """
    act = get_activation(activation)
    return expectation(lambda z: act.slope(z) ** 2, q, act.kinks)


def mean_field(
    activation: str | Activation, n_var_w: float, depth: int, input_second_moment: float = 1.0
) -> NDArray[np.float64]:
    """Second moment E[h_l²] of layers 1 … depth, as the layers grow wide.

    q_1 = n Var(w) E[x²];  E[h_l²] = E[f(√q_l z)²];  q_{l+1} = n Var(w) E[h_l²].

    Exact at any width for the mean over draws under ReLU and the identity; a limit for the others.
    Returns an array of shape (depth,). Source: Poole et al. 2016. Chapters 2 and 6.

    >>> np.sqrt(mean_field("tanh", 1.0, depth=10))[[0, 4, 9]].round(4)
    array([0.6279, 0.3216, 0.2285])
    """
    moments = np.empty(depth)
    h2 = input_second_moment
    for layer in range(depth):
        h2 = second_moment(activation, n_var_w * h2)
        moments[layer] = h2
    return moments
