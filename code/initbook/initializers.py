"""Initializers: one law, `variance_scaling`, and one line for each scheme that has a name.

Every scheme returns an initializer, a `Scheme`: it says what it is, and `init(rng, shape)` draws a
float64 array from an explicit `np.random.Generator`. The shape says the fans: (fan_in, fan_out) for
a dense weight, since the book computes `X @ W`, and (*kernel, in, out) for a convolution. Where it
does not say them, they are given: `init(rng, shape, fans(shape, "transposed"))`. A grouped
convolution or a packed weight is several weights side by side; a start whose entries depend on one
another (orthogonal, sparse, identity) is drawn for each part, and the parts are joined along the
last axis. A function of one's own is an initializer too, through `as_initializer`.
"""

import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Literal, ParamSpec, Protocol

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from initbook.arguments import (
    check_choice,
    check_count,
    check_fans,
    check_number,
    check_rng,
    check_shape,
    echo,
)
from initbook.fans import Fans, fans

__all__ = [
    "Initializer", "Scheme", "as_initializer", "variance_scaling", "constant", "zeros", "normal",
    "truncated_normal", "uniform", "lecun_normal", "lecun_uniform", "xavier_normal",
    "xavier_uniform", "glorot_normal", "glorot_uniform", "sigmoid_xavier", "he_normal",
    "he_uniform", "kaiming_normal", "kaiming_uniform", "leaky_scale", "orthogonal",
    "delta_orthogonal", "sparse", "identity",
]  # fmt: skip

Array = NDArray[np.float64]
Shape = Sequence[int]
Pair = tuple[float, float]
Mode = Literal["fan_in", "fan_out", "fan_avg"]
Distribution = Literal["normal", "truncated_normal", "uniform"]

CUT = 2.0  # a truncated normal is cut at ±2σ of the normal that it comes from
# .8796…: what the cut leaves of σ. Of the variance, 1 − 2cφ(c) / (Φ(c) − Φ(−c)) is left.
CUT_STD = math.sqrt(
    1 - 2 * CUT * math.exp(-(CUT**2) / 2) / math.sqrt(2 * math.pi) / math.erf(CUT / math.sqrt(2))
)

# Kumar 2017: Var(w) = 1 / (n g′(0)² (1 + g(0)²)), with g(0) = ½ and g′(0) = ¼ for the sigmoid.
SIGMOID_GAIN_SQUARED = 1 / (0.25**2 * (1 + 0.5**2))  # 12.8


class Initializer(Protocol):
    """What draws a weight or a bias: an array of `shape`, of these `fans` if they are given.

    >>> init: Initializer = he_normal()
    >>> init(np.random.default_rng(0), (3, 3, 8, 4), Fans(72, 36)).shape
    (3, 3, 8, 4)
    """

    def __call__(self, rng: Generator, shape: Shape, fans: Pair | None = None) -> Array: ...


AnyInitializer = Initializer | Callable[..., ArrayLike]
Draw = Callable[[Generator, tuple[int, ...], Pair | None], Array]
Arguments = ParamSpec("Arguments")
SCHEMES: dict[str, Callable[..., "Scheme"]] = {}  # what makes a scheme, by the scheme's name


@dataclass(frozen=True, repr=False)
class Scheme:
    """An initializer that says what it is: the name of a scheme, and its arguments.

    Equal words are equal schemes, and a scheme can be pickled. Called, it draws a float64 array of
    this shape, whose fans are read from the shape or given.

    Raises ValueError for an rng that is no `np.random.Generator`, and a shape or fans that do not
    fit the scheme. Every chapter draws from one.

    >>> he_normal()
    he_normal(mode='fan_in', negative_slope=0.0)
    >>> he_normal() == he_normal("fan_in"), he_normal() == he_normal("fan_out")
    (True, False)
    """

    name: str
    arguments: tuple[tuple[str, float | str], ...]
    _draw: Draw = field(compare=False)

    def __call__(self, rng: Generator, shape: Shape, fans: Pair | None = None) -> Array:
        pair = None if fans is None else check_fans(fans)
        return self._draw(check_rng(rng), check_shape(shape), pair)

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{name}={value!r}' for name, value in self.arguments)})"

    def __reduce__(self) -> tuple[Callable[..., "Scheme"], tuple[float | str, ...]]:
        return SCHEMES[self.name], tuple(value for _, value in self.arguments)


def _scheme(factory: Callable[Arguments, Draw]) -> Callable[Arguments, Scheme]:
    """Make a `Scheme` of the function that a factory returns, under the factory's name."""
    signature = inspect.signature(factory)

    @wraps(factory)
    def make(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Scheme:
        draw = factory(*args, **kwargs)  # raises where an argument does not fit
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        types = {name: parameter.annotation for name, parameter in signature.parameters.items()}
        words = tuple(
            (name, types[name](value) if types[name] in (int, float) else value)
            for name, value in bound.arguments.items()
        )
        return Scheme(factory.__name__, words, draw)

    make.__signature__ = signature.replace(return_annotation=Scheme)  # type: ignore[attr-defined]
    SCHEMES[factory.__name__] = make
    return make


def as_initializer(init: Any) -> Initializer:
    """The initializer that a scheme, or a function of one's own, is.

    A function is called as f(rng, shape), or as f(rng, shape, fans) where it takes a third argument
    or one of the name `fans`. What it returns must be finite numbers in the shape that was asked
    for.

    Raises ValueError for a scheme that is not called, as he_normal without its brackets, and for
    what can't be called so. Chapters 2 and 5 write functions of their own.

    >>> halves = as_initializer(lambda rng, shape: np.full(shape, 0.5))
    >>> halves(np.random.default_rng(0), (2,), Fans(2, 2))
    array([0.5, 0.5])
    >>> as_initializer(he_normal)
    Traceback (most recent call last):
        ...
    ValueError: he_normal is not called; allowed is what it returns, as he_normal() does.
    """
    if isinstance(init, Scheme | _Own):
        return init
    if any(init is make for make in SCHEMES.values()):
        name = init.__name__
        raise ValueError(f"{name} is not called; allowed is what it returns, as {name}() does.")
    return _Own(init, _way_of(init))


Way = Literal["shape", "fans", "fans by name"]


def _way_of(init: Any) -> Way:
    """How a function of one's own wants to be called; ValueError if it can't be."""
    try:
        signature = inspect.signature(init)
    except ValueError:  # compiled, and says nothing
        return "shape"
    except TypeError:
        raise ValueError(
            f"init is {echo(init)}; allowed are a scheme, as he_normal(), and a function "
            "f(rng, shape) or f(rng, shape, fans)."
        ) from None
    kinds = {name: parameter.kind for name, parameter in signature.parameters.items()}
    if kinds.get("fans", inspect.Parameter.POSITIONAL_ONLY) != inspect.Parameter.POSITIONAL_ONLY:
        return "fans by name"
    takes_two, takes_three = _binds(signature, 2), _binds(signature, 3)
    if takes_three and (not takes_two or inspect.Parameter.VAR_POSITIONAL in kinds.values()):
        return "fans"
    if takes_two:
        return "shape"
    raise ValueError(
        f"init is {echo(init)} with the arguments {signature}; allowed are (rng, shape) and "
        "(rng, shape, fans)."
    )


def _binds(signature: inspect.Signature, number: int) -> bool:
    try:
        signature.bind(*range(number))
    except TypeError:
        return False
    return True


@dataclass(frozen=True)
class _Own:
    """A function of one's own, called in its own way, with a look at what it returns."""

    function: Callable[..., Any]
    way: Way

    def __call__(self, rng: Generator, shape: Shape, fans: Pair | None = None) -> Array:
        check_rng(rng)
        sizes = check_shape(shape)
        if self.way == "shape":
            values = self.function(rng, sizes)
        else:
            pair = _fans_of(sizes) if fans is None else Fans(*check_fans(fans))
            by_name = self.way == "fans by name"
            values = (
                self.function(rng, sizes, fans=pair) if by_name else self.function(rng, sizes, pair)
            )
        return _as_drawn(values, sizes, getattr(self.function, "__name__", echo(self.function)))


def _as_drawn(values: Any, shape: tuple[int, ...], name: str) -> Array:
    """What a function returned, if it is finite numbers in the shape that was asked for."""
    drawn = np.asarray(values)
    if drawn.shape != shape:
        raise ValueError(
            f"{name} returned the shape {drawn.shape}; allowed is what was asked for, {shape}."
        )
    if drawn.dtype.kind not in "biuf" or not np.isfinite(drawn).all():
        found = "numbers that are not finite" if drawn.dtype.kind == "f" else f"{drawn.dtype}"
        raise ValueError(f"{name} returned {found}; allowed are finite real numbers.")
    return np.asarray(drawn if drawn.dtype.kind == "f" else drawn.astype(np.float64))


@_scheme
def variance_scaling(scale: float, mode: Mode, distribution: Distribution) -> Draw:
    """Zero-mean weights of variance scale / fan.

    Var(w) = scale / n, with n = fan_in, fan_out, or their average (`mode`). Each distribution has
    exactly this variance: uniform on ±√(3 Var), normal, or normal cut at ±2σ and widened so that
    the cut takes nothing away.

    Raises ValueError for a scale that is negative or not finite, an unknown mode or distribution;
    the initializer does for a shape without fans, and for fans that are not positive.
    Source: Glorot & Bengio 2010; He et al. 2015. Chapters 4 and 5.

    >>> init = variance_scaling(2.0, "fan_in", "normal")
    >>> W = init(np.random.default_rng(0), (500, 400))
    >>> W.shape, bool(abs(W.var() * 500 / 2 - 1) < 0.02)
    ((500, 400), True)
    """
    check_choice("mode", mode, ("fan_in", "fan_out", "fan_avg"))
    check_choice("distribution", distribution, tuple(DRAWS))
    check_number("scale", scale, least=0)

    def draw(rng: Generator, shape: tuple[int, ...], fans: Pair | None) -> Array:
        n = _fan(mode, *(_fans_of(shape) if fans is None else fans))
        return DRAWS[distribution](rng, shape, math.sqrt(scale / n))

    return draw


def _fan(mode: Mode, fan_in: float, fan_out: float) -> float:
    return {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]


def _draw_normal(rng: Generator, shape: Shape, std: float) -> Array:
    return np.asarray(std * rng.standard_normal(shape))


def _draw_uniform(rng: Generator, shape: Shape, std: float) -> Array:
    bound = math.sqrt(3) * std
    return rng.uniform(-bound, bound, shape)


def _draw_truncated_normal(rng: Generator, shape: Shape, std: float) -> Array:
    quantiles = rng.uniform(ndtr(-CUT), ndtr(CUT), shape)
    return np.asarray(std / CUT_STD * ndtri(quantiles))


DRAWS: dict[str, Callable[[Generator, Shape, float], Array]] = {
    "normal": _draw_normal,
    "truncated_normal": _draw_truncated_normal,
    "uniform": _draw_uniform,
}


def _fans_of(shape: Shape) -> Fans:
    return fans(shape, "convolution" if len(shape) > 2 else "dense")


def _axes(shape: Shape) -> tuple[list[int], int, int]:
    _fans_of(shape)  # raises where there are none
    *kernel, n_in, n_out = shape
    return kernel, n_in, n_out


@_scheme
def constant(value: float) -> Draw:
    """Every weight the same: the units of a layer stay twins. Any shape. Chapter 1.

    Raises ValueError for a value that is not finite.

    >>> constant(0.1)(np.random.default_rng(0), (3,))
    array([0.1, 0.1, 0.1])
    """
    check_number("value", value)
    return lambda rng, shape, fans: np.full(shape, float(value))


@_scheme
def zeros() -> Draw:
    """Every weight 0: the start that no unit can leave alone. Any shape. Chapters 1 and 2.

    >>> zeros()(np.random.default_rng(0), (2, 2))
    array([[0., 0.],
           [0., 0.]])
    """
    return constant(0.0)


@_scheme
def normal(std: float) -> Draw:
    """Weights from N(0, std²), whatever the fans. `std` is a standard deviation. Chapter 2.

    Raises ValueError for a std that is negative or not finite.

    >>> W = normal(0.01)(np.random.default_rng(0), (500, 500))
    >>> bool(abs(W.std() - 0.01) < 1e-4)
    True
    """
    check_number("std", std, least=0)
    return lambda rng, shape, fans: _draw_normal(rng, shape, std)


@_scheme
def truncated_normal(std: float) -> Draw:
    """A normal law cut at two of its own σ, whatever the fans; what is left has this `std`.

    So σ = std / .8796, and no weight lies beyond 2σ = 2.27 std. The frameworks' functions of this
    name take σ, and what they draw has .8796 of it as its std. Raises ValueError for a std that is
    negative or not finite. Chapter 4.

    >>> W = truncated_normal(0.01)(np.random.default_rng(0), (500, 500))
    >>> bool(abs(W.std() - 0.01) < 1e-4), bool(abs(W).max() < 0.0228)
    (True, True)
    """
    check_number("std", std, least=0)
    return lambda rng, shape, fans: _draw_truncated_normal(rng, shape, std)


@_scheme
def uniform(bound: float) -> Draw:
    """Weights from U(−bound, bound), whatever the fans; their std is bound / √3. Chapter 4.

    Raises ValueError for a bound that is negative or not finite.

    >>> W = uniform(0.3)(np.random.default_rng(0), (500, 500))
    >>> bool(abs(W).max() <= 0.3), round(float(W.std() * 3**0.5), 2)
    (True, 0.3)
    """
    check_number("bound", bound, least=0)
    return lambda rng, shape, fans: rng.uniform(-bound, bound, shape)


@_scheme
def lecun_normal() -> Draw:
    """Var(w) = 1 / fan_in, normal: keeps the size of a signal in a linear layer. Chapter 4.

    The book's first articles, and Caffe, call this one Xavier. Source: LeCun et al. 1998.

    >>> W = lecun_normal()(np.random.default_rng(0), (400, 500))
    >>> round(float(W.var() * 400), 1)
    1.0
    """
    return variance_scaling(1.0, "fan_in", "normal")


@_scheme
def lecun_uniform() -> Draw:
    """Uniform on ±√(3 / fan_in), of variance 1 / fan_in. LeCun et al. 1998. Chapter 4.

    >>> W = lecun_uniform()(np.random.default_rng(0), (300, 500))
    >>> round(float(abs(W).max()), 3)
    0.1
    """
    return variance_scaling(1.0, "fan_in", "uniform")


@_scheme
def xavier_normal() -> Draw:
    """Var(w) = 2 / (fan_in + fan_out), normal: Xavier's, or Glorot's, compromise between the ways.

    It is called `glorot_normal` too. Source: Glorot & Bengio 2010. Chapter 4.

    >>> W = xavier_normal()(np.random.default_rng(0), (300, 500))
    >>> round(float(W.var() * (300 + 500) / 2), 1)
    1.0
    """
    return variance_scaling(1.0, "fan_avg", "normal")


@_scheme
def xavier_uniform() -> Draw:
    """Uniform on ±√(6 / (fan_in + fan_out)). Glorot & Bengio 2010, eq. 16. Chapter 4.

    It is called `glorot_uniform` too.

    >>> W = xavier_uniform()(np.random.default_rng(0), (200, 400))
    >>> round(float(abs(W).max()), 3)
    0.1
    """
    return variance_scaling(1.0, "fan_avg", "uniform")


glorot_normal, glorot_uniform = xavier_normal, xavier_uniform


@_scheme
def sigmoid_xavier() -> Draw:
    """Var(w) = 12.8 / fan_in, normal: Xavier's rule with the sigmoid's own gain. Chapter 4.

    Source: Kumar 2017, with g(0) = ½ and g′(0) = ¼.

    >>> W = sigmoid_xavier()(np.random.default_rng(0), (640, 500))
    >>> round(float(W.var() * 640 / 12.8), 1)
    1.0
    """
    return variance_scaling(SIGMOID_GAIN_SQUARED, "fan_in", "normal")


@_scheme
def he_normal(mode: Mode = "fan_in", negative_slope: float = 0.0) -> Draw:
    """Var(w) = 2 / ((1 + a²) n), normal: a leaky ReLU of slope a keeps the second moment.

    For ReLU a = 0, and Var(w) = 2 / n. With `mode` fan_in (n) a signal keeps its size, with fan_out
    a gradient does. It is called `kaiming_normal` too.

    Raises ValueError for a slope that is not finite, or an unknown mode. Source: He et al. 2015.
    Chapter 5.

    >>> W = he_normal("fan_out", negative_slope=0.5)(np.random.default_rng(0), (400, 500))
    >>> round(float(W.var() * 500 * 1.25 / 2), 1)
    1.0
    """
    return variance_scaling(leaky_scale(negative_slope), mode, "normal")


@_scheme
def he_uniform(mode: Mode = "fan_in", negative_slope: float = 0.0) -> Draw:
    """Uniform on ±√(6 / ((1 + a²) n)), of the variance of `he_normal`. He et al. 2015. Chapter 5.

    PyTorch's linear layer takes a = √5, and so exactly U(±1/√fan_in). It is called
    `kaiming_uniform` too. Raises ValueError for a slope that is not finite, or an unknown mode.

    >>> W = he_uniform()(np.random.default_rng(0), (600, 500))
    >>> round(float(abs(W).max()), 3)
    0.1
    """
    return variance_scaling(leaky_scale(negative_slope), mode, "uniform")


kaiming_normal, kaiming_uniform = he_normal, he_uniform


def leaky_scale(negative_slope: float) -> float:
    """2 / (1 + a²), what a leaky ReLU of slope a needs of n·Var(w): E[f²] = ½(1 + a²)E[z²].

    Raises ValueError for a slope that is not finite. Source: He et al. 2015. Chapter 5.

    >>> leaky_scale(0.0), leaky_scale(1.0)
    (2.0, 1.0)
    """
    return 2 / (1 + check_number("negative_slope", negative_slope) ** 2)


@_scheme
def orthogonal(gain: float = 1.0) -> Draw:
    """gain times a matrix with orthonormal columns, drawn uniformly (Haar); rows if it is wide.

    WᵀW = gain²·I where fan_in ≥ fan_out: δWᵀ keeps every gradient's length (times the gain). Where
    fan_in ≤ fan_out WWᵀ = gain²·I: xW keeps every input's. A convolution's kernel is taken as a
    matrix (k·in, out), as Keras and JAX do, but its windows overlap, and no length is kept: that
    is what `delta_orthogonal` is for. Raises ValueError for a negative gain.
    Source: Saxe et al. 2014; the uniform law, Mezzadri 2007. Chapter 12.

    >>> W = orthogonal(2.0)(np.random.default_rng(0), (5, 3))
    >>> np.allclose(W.T @ W, 4 * np.eye(3))
    True
    """
    check_number("gain", gain, least=0)

    def draw(rng: Generator, shape: tuple[int, ...], fans: Pair | None) -> Array:
        kernel, n_in, n_out = _axes(shape)
        return gain * _draw_haar(rng, math.prod(kernel) * n_in, n_out).reshape(shape)

    return draw


def _draw_haar(rng: Generator, rows: int, columns: int) -> Array:
    # LAPACK's reflections decide the signs of R's diagonal, and so bias Q. Made positive, they
    # leave one factorization of each matrix, and a normal matrix has no preferred direction.
    tall = rng.standard_normal((max(rows, columns), min(rows, columns)))
    Q, R = np.linalg.qr(tall)
    Q = Q * np.copysign(1.0, np.diagonal(R))
    return np.asarray(Q if rows >= columns else Q.T)


@_scheme
def delta_orthogonal(gain: float = 1.0) -> Draw:
    """A convolution that turns each pixel's channels and looks at no neighbor.

    The kernel is 0 but for its center, gain times a Haar (in, out) matrix with orthonormal rows, so
    that the layer keeps every image's length (times the gain). The shape is (*kernel, in, out) with
    in ≤ out, and the center is (k−1)//2, where "same" padding lays an even kernel's.

    Raises ValueError for a negative gain, no kernel, or more inputs than outputs.
    Source: Xiao et al. 2018. Chapter 12.

    >>> K = delta_orthogonal()(np.random.default_rng(0), (3, 3, 2, 5))
    >>> np.allclose(K[1, 1] @ K[1, 1].T, np.eye(2)), int(np.count_nonzero(K))
    (True, 10)
    """
    check_number("gain", gain, least=0)

    def draw(rng: Generator, shape: tuple[int, ...], fans: Pair | None) -> Array:
        kernel, n_in, n_out = _axes(shape)
        if not kernel or n_in > n_out:
            raise ValueError(
                f"shape is {shape}; a delta-orthogonal kernel is (*kernel, in, out) with "
                "in at most out."
            )
        W = np.zeros(shape)
        W[center(kernel)] = gain * _draw_haar(rng, n_in, n_out)
        return W

    return draw


def center(kernel: Sequence[int]) -> tuple[int, ...]:
    """The tap that meets an output's own place under "same" padding.

    >>> center([3, 4])
    (1, 1)
    """
    return tuple((k - 1) // 2 for k in kernel)


@_scheme
def sparse(
    connections: int = 15,
    direction: Literal["incoming", "outgoing"] = "incoming",
    std: float = 1.0,
) -> Draw:
    """A dense weight with the same number of connections at every unit, at random places.

    With `incoming` each output (column) has exactly this many non-zero weights from N(0, std²), as
    Martens 2010 has it; with `outgoing` each input (row) has. PyTorch's `sparse_` thins columns of
    an (out, in) weight, and so fixes the outgoing ones. Var(w) = std²·connections/fan_in, or
    /fan_out.

    Raises ValueError for more connections than a unit can have, an unknown direction, a negative
    std, or a shape that is not dense. Source: Martens 2010; Sutskever et al. 2013. Chapter 12.

    >>> W = sparse(2)(np.random.default_rng(0), (6, 3))
    >>> np.count_nonzero(W, axis=0)
    array([2, 2, 2])
    """
    check_choice("direction", direction, ("incoming", "outgoing"))
    check_count("connections", connections)
    check_number("std", std, least=0)
    axis = 0 if direction == "incoming" else 1

    def draw(rng: Generator, shape: tuple[int, ...], fans: Pair | None) -> Array:
        kernel, *dense = _axes(shape)
        if kernel:
            raise ValueError(f"shape is {shape}; a sparse weight is dense, (fan_in, fan_out).")
        if connections > dense[axis]:
            raise ValueError(
                f"connections is {connections}; allowed are 1 to {dense[axis]}, for a weight of "
                f"shape {shape} has no more {direction} ones at a unit."
            )
        kept = _places(rng, dense, axis, connections)
        return np.where(kept, std * rng.standard_normal(dense), 0.0)

    return draw


def _places(rng: Generator, dense: list[int], axis: int, connections: int) -> NDArray[np.bool_]:
    """So many at random places along the axis, for each unit anew."""
    return rng.permuted(np.indices(dense)[axis] < connections, axis=axis)


@_scheme
def identity(gain: float = 1.0) -> Draw:
    """gain times the identity: as many inputs as there is room for come out as they went in.

    A dense weight is np.eye(fan_in, fan_out). A convolution's is that at the center tap and 0
    elsewhere (Dirac), so that "same" padding hands every channel on unchanged. Raises ValueError
    for a negative gain. Source: Le et al. 2015, for recurrent nets. Chapter 12.

    >>> identity()(np.random.default_rng(0), (2, 3))
    array([[1., 0., 0.],
           [0., 1., 0.]])
    """
    check_number("gain", gain, least=0)

    def draw(rng: Generator, shape: tuple[int, ...], fans: Pair | None) -> Array:
        kernel, n_in, n_out = _axes(shape)
        W = np.zeros(shape)
        W[center(kernel)] = gain * np.eye(n_in, n_out)  # without a kernel, all of W
        return W

    return draw
