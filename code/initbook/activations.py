"""Activations: each one a function f and its slope f′, under one name.

Each formula is written so that it stays right for huge |z|, raises no warning on the way, and hands
float32 back for float32. Chapter 2 uses tanh and ReLU as they are; chapters 4 to 6 ask what an
activation does to a signal's size.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, ndtr

from initbook.arguments import check_number, echo

__all__ = ["Activation", "leaky_relu", "get_activation", "numerical_slope"]

Array = NDArray[np.floating[Any]]
Elementwise = Callable[[Array], Array]


class _NotElementwise(ValueError):
    """A function is no elementwise one; its sentence is not to be caught on the way up."""


@dataclass(frozen=True)
class _Elementwise:
    """A function of a reader, or of numpy, so called that nothing it does is a surprise.

    It gets an array of its own, which it may write into. A function of single numbers is called for
    each of them. The result has its input's shape and type, or a sentence says why not.
    """

    name: str
    f: Callable[..., Any]
    copies: bool  # not for what is known to leave its input alone

    def __call__(self, z: ArrayLike) -> Array:
        given = np.asarray(z)
        if given.size == 0:  # some NumPy would ask it for a truth
            return self._as_given(given.copy(), given)
        try:
            value = self.f(given.copy() if self.copies else given)
        except _NotElementwise:
            raise
        except (TypeError, ValueError) as error:
            value = self._one_by_one(given, error)
        if type(value) is np.ndarray and value.dtype == given.dtype and value.shape == given.shape:
            return value
        return self._as_given(np.asarray(value), given)

    def _as_given(self, value: NDArray[Any], given: NDArray[Any]) -> Array:
        if value.shape != given.shape and not value.ndim < given.size == 1:
            raise _NotElementwise(
                f"{self.name} returned shape {value.shape} for an input of shape {given.shape}; "
                "allowed is the input's own shape."
            )
        if value.dtype.kind not in "biuf":
            raise _NotElementwise(f"{self.name} returned {value.dtype}; allowed are real numbers.")
        floats = given.dtype if given.dtype.kind == "f" else np.result_type(value, np.float16)
        return value.astype(floats, copy=False).reshape(given.shape)

    def _one_by_one(self, z: NDArray[Any], error: Exception) -> NDArray[Any]:
        """f of each number, for a function such as math.tanh; else a sentence with its error."""
        try:
            values = [float(self.f(number)) for number in z.ravel().tolist()]
            return np.array(values).reshape(z.shape)
        except (TypeError, ValueError):
            raise _NotElementwise(
                f"{self.name} takes neither an array nor a single number ({echo(str(error))}); "
                "allowed is a function that takes one of them."
            ) from error


@dataclass(frozen=True, repr=False)
class Activation:
    """An elementwise function f with its slope f′, both taking arrays of any shape.

    `kinks` are the points where f or one of its derivatives jumps: integrals over f are split
    there. `negative_slope` is a where f(z) = z for z > 0 and f(z) = a·z below, and None for every
    other f. Equal parts are equal activations, and one can be pickled where its functions can.

    Raises ValueError for a kink that is not finite; called, where f changes the shape, returns no
    real numbers, or takes neither an array nor a single number. Chapters 2 and 6.

    >>> relu(np.array([-2.0, 3.0]))
    array([0., 3.])
    >>> tanh.slope(np.array([0.0]))
    array([1.])
    """

    name: str
    f: Elementwise
    slope: Elementwise
    kinks: tuple[float, ...] = ()
    negative_slope: float | None = None

    def __post_init__(self) -> None:
        slope_of = f"the slope of {self.name}"
        object.__setattr__(self, "f", elementwise(self.name, self.f))
        object.__setattr__(self, "slope", elementwise(slope_of, self.slope))
        object.__setattr__(self, "kinks", tuple(check_number("a kink", k) for k in self.kinks))

    @cached_property
    def known(self) -> bool:
        """Whether it is one of `ACTIVATIONS`, whose kinks are all named.

        >>> tanh.known, Activation.from_function(lambda z: z**3).known
        (True, False)
        """
        return ACTIVATIONS.get(self.name) == self

    def __hash__(self) -> int:  # a reader's function may have none
        return hash((self.name, self.kinks, self.negative_slope))

    def __repr__(self) -> str:
        slope = "" if self.negative_slope is None else f", negative_slope={self.negative_slope!r}"
        return f"Activation({self.name!r}, kinks={self.kinks!r}{slope})"

    def __call__(self, z: ArrayLike) -> Array:
        return self.f(z)  # type: ignore[arg-type]

    @cached_property
    def steepest(self) -> float:
        """The largest |f′(z)|, and inf where it has no bound.

        >>> round(gelu.steepest, 4), leaky_relu(-3.0).steepest
        (1.1289, 3.0)
        """
        return _steepest(self)

    @classmethod
    def from_function(
        cls,
        f: Elementwise,
        slope: Elementwise | None = None,
        kinks: Iterable[float] = (),
    ) -> "Activation":
        """An activation of one's own; without a `slope`, f′ is found by differences of f.

        The differences are good to about 1e-11 of f's size, in float64, and never reach across a
        kink that is named. f may write into its input, and may take single numbers only, as
        math.tanh does. Chapter 6.

        >>> cube = Activation.from_function(lambda z: z**3)
        >>> cube.slope(np.array([2.0])).round(9)
        array([12.])
        """
        name, points = getattr(f, "__name__", "f"), tuple(kinks)
        return cls(name, f, slope or numerical_slope(f, points), points)


def elementwise(name: str, f: Elementwise) -> Elementwise:
    """f, made safe to call: see `_Elementwise`.

    >>> import math
    >>> elementwise("tanh", math.tanh)(np.zeros(2))
    array([0., 0.])
    """
    if isinstance(f, _Elementwise):
        return f
    known = isinstance(f, np.ufunc) or getattr(f, "__module__", None) == __name__
    return _Elementwise(name, f, copies=not known)


def numerical_slope(f: Elementwise, kinks: Iterable[float] = ()) -> Elementwise:
    """f′ by the five-point difference, whose error is O(h⁴), in float64.

    f′(z) ≈ [8 (f(z+h) − f(z−h)) − (f(z+2h) − f(z−2h))] / 12h, with h = ε^⅕ max(1, |z|), where its
    own error and the rounding of f balance, or less next to a kink. Raises ValueError for a kink
    that is not finite. Chapter 6.

    >>> numerical_slope(np.sin)(np.array([0.0])).round(9)
    array([1.])
    """
    points = tuple(check_number("a kink", kink) for kink in kinks)
    return _NumericalSlope(elementwise(getattr(f, "__name__", "f"), f), points)


@dataclass(frozen=True)
class _NumericalSlope:
    f: Elementwise
    kinks: tuple[float, ...]

    def __call__(self, z: Array) -> Array:
        wide = np.asarray(z, np.float64)
        size = np.clip(np.abs(wide), 1, 1e300)  # beyond, z + 2h would overflow
        h = np.finfo(np.float64).eps ** 0.2 * size
        for kink in self.kinks:
            h = np.clip(np.abs(wide - kink) / 4, 1e-9 * size, h)
        f = self.f
        near, far = f(wide + h) - f(wide - h), f(wide + 2 * h) - f(wide - 2 * h)
        result: Array = ((8 * near - far) / (12 * h)).astype(np.result_type(z, np.float32))
        return result


def _steepest(act: Activation) -> float:
    """The largest |f′|, looked for where f or f′ is steepest on a grid, and there on finer ones.

    The grid is even up to ±100 and geometric to ±10⁶. Where f′ still grows there, it has no bound.
    """
    outer = np.geomspace(100, 1e6, 401)
    grid = np.concatenate([-outer[::-1], np.linspace(-100, 100, 4001)[1:-1], outer])
    grid = np.union1d(grid, act.kinks)
    with np.errstate(all="ignore"):
        slopes = _sizes(act.slope(grid))
        largest = slopes.max()
        ends, inner = slopes[[0, -1]].max(), _sizes(act.slope(grid[[0, -1]] / 10)).max()
        if not np.isfinite(largest) or (ends >= largest and ends > 1.01 * inner):
            return math.inf
        for _ in range(5):
            rise = _sizes(np.diff(act.f(grid)) / np.diff(grid))
            steep, top = int(rise.argmax()), int(slopes.argmax())
            corners = [(steep, steep + 1), (max(top - 1, 0), min(top + 1, len(grid) - 1))]
            grid = np.unique([np.linspace(grid[a], grid[b], 65) for a, b in corners])
            slopes = _sizes(act.slope(grid))
            largest = max(largest, slopes.max())
    return float(largest)


def _sizes(values: Array) -> Array:
    return np.nan_to_num(np.abs(values), nan=0.0, posinf=np.inf)


def _ones(z: Array) -> Array:
    return np.ones_like(z)


def _relu(z: Array) -> Array:
    return np.maximum(z, 0)


def _step(z: Array) -> Array:
    return (z > 0).astype(z.dtype)


identity = Activation("identity", np.positive, _ones, negative_slope=1.0)
relu = Activation("relu", _relu, _step, (0.0,), negative_slope=0.0)


@dataclass(frozen=True)
class _Leaky:
    """z above 0 and a·z below, or with `slope` its derivative."""

    a: float
    slope: bool

    def __call__(self, z: Array) -> Array:
        above, below = (np.ones_like(z), self.a) if self.slope else (z, self.a * z)
        return np.where(z > 0, above, below)


def leaky_relu(negative_slope: float = 0.01, name: str = "leaky_relu") -> Activation:
    """Leaky ReLU: z for z > 0, negative_slope · z below. PReLU learns its slope from such a start.

    Raises ValueError for a slope that is not a finite number. Source: Maas et al. 2013; He et al.
    2015. Chapter 5.

    >>> leaky_relu(0.1)(np.array([-2.0, 3.0]))
    array([-0.2,  3. ])
    """
    a = check_number("negative_slope", negative_slope)
    return Activation(name, _Leaky(a, False), _Leaky(a, True), (0.0,), negative_slope=a)


def _tanh_slope(z: Array) -> Array:
    """1/cosh²(z); 1 − tanh² would have no right digit left beyond |z| = 18."""
    e = np.exp(-np.abs(z))
    root: Array = 2 * e
    root /= 1 + e * e
    return root * root


def _log_one_plus_exp(z: Array) -> Array:
    value: Array = np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))
    return value


def _hard_tanh(z: Array) -> Array:
    value: Array = np.clip(z, -1, 1)
    return value


def _hard_tanh_slope(z: Array) -> Array:
    slope: Array = np.heaviside(1 - np.abs(z), 0)
    return slope


def _sigmoid_slope(z: Array) -> Array:
    slope: Array = expit(z) * expit(-z)
    return slope


def _softsign(z: Array) -> Array:
    value: Array = z / (1 + np.abs(z))
    return value


def _softsign_slope(z: Array) -> Array:
    return np.square(1 / (1 + np.abs(z)))


prelu = leaky_relu(0.25, "prelu")
tanh = Activation("tanh", np.tanh, _tanh_slope)
hard_tanh = Activation("hard_tanh", _hard_tanh, _hard_tanh_slope, kinks=(-1.0, 1.0))
sigmoid = Activation("sigmoid", expit, _sigmoid_slope)
softplus = Activation("softplus", _log_one_plus_exp, expit)
softsign = Activation("softsign", _softsign, _softsign_slope, kinks=(0.0,))

# Klambauer et al. 2017: with these two a standard normal z gives E[f] = 0 and E[f²] = 1.
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


@dataclass(frozen=True)
class _ExponentialLinear:
    """scale · z above 0 and scale · alpha · (exp(z) − 1) below, or with `slope` its derivative."""

    alpha: float
    scale: float
    slope: bool

    def __call__(self, z: Array) -> Array:
        below = np.minimum(z, 0)
        if self.slope:
            return self.scale * np.where(z > 0, np.ones_like(z), self.alpha * np.exp(below))
        return self.scale * np.where(z > 0, z, self.alpha * np.expm1(below))


def _exponential_linear(name: str, alpha: float, scale: float) -> Activation:
    f, slope = (_ExponentialLinear(alpha, scale, slope) for slope in (False, True))
    return Activation(name, f, slope, kinks=(0.0,))


elu = _exponential_linear("elu", alpha=1.0, scale=1.0)
selu = _exponential_linear("selu", SELU_ALPHA, SELU_SCALE)

# The slopes below need z² or z³, which may overflow; at ±40 they have long reached their limits.
FAR = 40.0


def _gelu_slope(z: Array) -> Array:
    near = np.clip(z, -FAR, FAR)
    slope: Array = ndtr(z) + near * np.exp(near * near / -2) / math.sqrt(2 * math.pi)
    return slope


def _gelu_tanh_weight(z: Array) -> Array:
    """½ (1 + tanh(√(2/π) (z + .044715 z³))), without the cancellation at −1."""
    near = np.clip(z, -FAR, FAR)
    weight: Array = expit(math.sqrt(8 / math.pi) * near * (1 + 0.044715 * near * near))
    return weight


def _gelu_tanh_slope(z: Array) -> Array:
    near = np.clip(z, -FAR, FAR)
    inner_slope = math.sqrt(8 / math.pi) * (1 + 3 * 0.044715 * near * near)
    weight, rest = _gelu_tanh_weight(near), _gelu_tanh_weight(-near)
    slope: Array = weight * (1 + near * rest * inner_slope)
    return slope


def _mish_slope(z: Array) -> Array:
    inner = _log_one_plus_exp(z)
    slope: Array = np.tanh(inner) + z * _tanh_slope(inner) * expit(z)
    return slope


def _gelu(z: Array) -> Array:
    value: Array = z * ndtr(z)
    return value


def _gelu_tanh(z: Array) -> Array:
    return z * _gelu_tanh_weight(z)


def _silu(z: Array) -> Array:
    value: Array = z * expit(z)
    return value


def _silu_slope(z: Array) -> Array:
    slope: Array = expit(z) * (1 + z * expit(-z))
    return slope


def _mish(z: Array) -> Array:
    return z * np.tanh(_log_one_plus_exp(z))


gelu = Activation("gelu", _gelu, _gelu_slope)
gelu_tanh = Activation("gelu_tanh", _gelu_tanh, _gelu_tanh_slope)
silu = Activation("silu", _silu, _silu_slope)
mish = Activation("mish", _mish, _mish_slope)

ACTIVATIONS = {
    a.name: a
    for a in (
        *(identity, relu, leaky_relu(), prelu, tanh, hard_tanh, sigmoid, softplus, softsign),
        *(elu, selu, gelu, gelu_tanh, silu, mish),
    )
}


AnyActivation = str | Activation | Elementwise


def get_activation(activation: AnyActivation) -> Activation:
    """The activation of this name, or the one that a function of one's own makes.

    An `Activation` is handed back as it is. A plain function gets its slope by differences and no
    kinks; where it has some, or where the slope is known, say so by `Activation.from_function`.
    "leaky_relu" has the slope .01 below 0, and "prelu" the .25 that it starts from in PyTorch.
    Raises ValueError for anything else, and for `leaky_relu` itself, which is not called yet.
    Chapter 6.

    >>> get_activation("relu").kinks
    (0.0,)
    >>> get_activation(np.sin)(np.zeros(2))
    array([0., 0.])
    >>> get_activation("rely")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: activation is 'rely'; allowed are 'identity', 'relu', ..., or an Activation.
    """
    if isinstance(activation, Activation):
        return activation
    if isinstance(activation, str) and activation in ACTIVATIONS:
        return ACTIVATIONS[activation]
    uncalled: object = leaky_relu
    if activation is uncalled:
        raise ValueError(
            "leaky_relu is not called; allowed is what it returns, as leaky_relu(0.1)."
        )
    if callable(activation) and not isinstance(activation, type):
        return Activation.from_function(activation)
    allowed = ", ".join(map(repr, ACTIVATIONS))
    raise ValueError(
        f"activation is {echo(activation)}; allowed are {allowed}, a function, or an Activation."
    )
