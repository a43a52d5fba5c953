"""Activations: each one a function f and its slope f′, under one name.

Chapter 2 uses them as they are; chapters 4 to 6 ask what they do to a signal's size.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Activation:
    """An elementwise function f with its slope f′, both taking arrays of any shape.

    `kinks` are the points where f′ jumps: integrals over f are split there.

    >>> relu(np.array([-2.0, 3.0]))
    array([0., 3.])
    >>> tanh.slope(np.array([0.0]))
    array([1.])
    """

    name: str
    f: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    kinks: tuple[float, ...] = ()

    def __call__(self, z: Array) -> Array:
        return self.f(z)


identity = Activation("identity", lambda z: z, np.ones_like)
relu = Activation(
    "relu", lambda z: np.maximum(z, 0), lambda z: (z > 0).astype(z.dtype), kinks=(0.0,)
)
tanh = Activation("tanh", np.tanh, lambda z: 1 - np.tanh(z) ** 2)
sigmoid = Activation("sigmoid", expit, lambda z: expit(z) * expit(-z))

ACTIVATIONS = {a.name: a for a in (identity, relu, tanh, sigmoid)}


def get_activation(activation: str | Activation) -> Activation:
    """The activation of this name; an `Activation` is handed back as it is.

    >>> get_activation("relu").kinks
    (0.0,)
    >>> get_activation("rely")
    Traceback (most recent call last):
        ...
    ValueError: activation is 'rely'; allowed are 'identity', 'relu', 'tanh', 'sigmoid', or an \
Activation.
    """
    if isinstance(activation, Activation):
        return activation
    if activation not in ACTIVATIONS:
        allowed = ", ".join(map(repr, ACTIVATIONS))
        raise ValueError(f"activation is {activation!r}; allowed are {allowed}, or an Activation.")
    return ACTIVATIONS[activation]
