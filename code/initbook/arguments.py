"""Arguments that do not fit: one sentence that echoes what was given and names what is allowed.

Every public function of `initbook` checks its arguments here. An iterator is read once, and handed
back as a list or a tuple.
"""

import math
from collections.abc import Iterable, Mapping, Sequence, Set
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

LONGEST = 200  # letters of what was given that a sentence repeats


def echo(value: object) -> str:
    """What was given, as a sentence repeats it: on one line, and cut where it is long.

    >>> echo([1, 2])
    '[1, 2]'
    """
    line = " ".join(repr(value).split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def check_choice(name: str, value: object, allowed: Sequence[str]) -> None:
    """Raise ValueError unless the value is one of those allowed.

    >>> check_choice("mode", "fan_on", ("fan_in", "fan_out"))
    Traceback (most recent call last):
        ...
    ValueError: mode is 'fan_on'; allowed are 'fan_in', 'fan_out'.
    """
    if not (isinstance(value, str) and value in allowed):
        listed = ", ".join(map(repr, allowed))
        raise ValueError(f"{name} is {echo(value)}; allowed are {listed}.")


def check_flag(name: str, value: object) -> bool:
    """The value as a bool; raises ValueError for anything but True and False.

    >>> check_flag("batch_norm", True)
    True
    """
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} is {echo(value)}; allowed are True and False.")
    return bool(value)


def check_count(name: str, value: Any, least: int = 1) -> int:
    """The value as an int; raises ValueError unless it is a whole number, not below the least.

    >>> check_count("groups", 2)
    2
    """
    if not (_is_whole(value) and value >= least):
        raise ValueError(f"{name} is {echo(value)}; allowed is a whole number of at least {least}.")
    return int(value)


def check_number(
    name: str, value: Any, least: float = -math.inf, most: float = math.inf, open: bool = False
) -> float:
    """The value as a float; raises ValueError unless it is finite, from the least to the most.

    With `open` the least and the most themselves are refused too.

    >>> check_number("std", 0.01, least=0)
    0.01
    >>> check_number("level", 1, least=0, most=1, open=True)
    Traceback (most recent call last):
        ...
    ValueError: level is 1; allowed is a number between 0 and 1.
    """
    good = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    if not (good and (least < value < most if open else least <= value <= most)):
        raise ValueError(f"{name} is {echo(value)}; allowed is {_range(least, most, open)}.")
    return float(value)


def _range(least: float, most: float, open: bool) -> str:
    if most < math.inf:
        return (
            f"a number {'between' if open else 'from'} {least:g} {'and' if open else 'to'} {most:g}"
        )
    if least > -math.inf:
        return f"a finite number {'above' if open else 'of at least'} {least:g}"
    return "a finite number"


def check_shape(shape: object) -> tuple[int, ...]:
    """The shape as a tuple; raises ValueError unless it holds whole numbers of at least 0.

    >>> check_shape(reversed([3, 0]))
    (0, 3)
    """
    sizes = _listed(shape)
    if sizes is None or not all(_is_whole(n) and n >= 0 for n in sizes):
        raise ValueError(
            f"shape is {_again(shape, sizes)}; allowed are whole numbers of at least 0."
        )
    return tuple(int(n) for n in sizes)


def check_fans(fans: object) -> tuple[float, float]:
    """The fans as a pair; raises ValueError unless they are two positive numbers.

    >>> check_fans((784, 256))
    (784, 256)
    """
    pair = _listed(fans)
    if pair is None or len(pair) != 2 or min(check_number("a fan", n) for n in pair) <= 0:
        raise ValueError(
            f"fans is {_again(fans, pair)}; allowed are two positive numbers, (fan_in, fan_out)."
        )
    return pair[0], pair[1]


def check_widths(widths: object) -> list[int]:
    """The widths as a list; raises ValueError unless they are at least two positive integers.

    >>> check_widths((784, 256, 10))
    [784, 256, 10]
    """
    sizes = _listed(widths)
    if sizes is None or len(sizes) < 2 or not all(_is_whole(n) and n > 0 for n in sizes):
        raise ValueError(
            f"widths are {_again(widths, sizes)}; allowed are at least two positive integers, "
            "n_0 … n_L."
        )
    return [int(n) for n in sizes]


def check_seeds(seeds: object) -> list[int]:
    """The seeds as a list; raises ValueError unless there is at least one and none is negative.

    >>> check_seeds(range(3))
    [0, 1, 2]
    """
    given = _listed(seeds)
    if not given or not all(_is_whole(seed) and seed >= 0 for seed in given):
        raise ValueError(
            f"seeds is {_again(seeds, given)}; allowed is a sequence of at least one integer, none "
            "negative."
        )
    return [int(seed) for seed in given]


def check_rng(rng: object) -> np.random.Generator:
    """The generator; raises ValueError for anything else, as a seed, a RandomState or a key.

    >>> check_rng(0)
    Traceback (most recent call last):
        ...
    ValueError: rng is 0; allowed is a generator, as np.random.default_rng(0) makes one.
    """
    if not isinstance(rng, np.random.Generator):
        raise ValueError(
            f"rng is {echo(rng)}; allowed is a generator, as np.random.default_rng(0) makes one."
        )
    return rng


def check_edges(edges: object, name: str = "edges") -> NDArray[np.float64]:
    """Edges of a histogram as an array; raises ValueError unless there are two, and they increase.

    The first and the last may be infinite.

    >>> check_edges([0, 0.5, np.inf])
    array([0. , 0.5, inf])
    """
    given = edges if isinstance(edges, np.ndarray) else _listed(edges)
    bounds = _numbers(given)
    if (
        bounds is None
        or bounds.ndim != 1
        or len(bounds) < 2
        or not (bounds[1:] > bounds[:-1]).all()
    ):
        raise ValueError(
            f"{name} is {_again(edges, given)}; allowed are at least two numbers that increase."
        )
    return bounds.astype(np.float64)


def check_batch(X: ArrayLike) -> NDArray[np.floating[Any]]:
    """The batch as an array; raises ValueError unless it is (batch, fan_in), of finite numbers.

    >>> check_batch([[1, 2]])
    array([[1., 2.]])
    """
    batch = _numbers(X)
    if batch is None or batch.ndim != 2 or 0 in batch.shape:
        found = echo(X) if batch is None else f"of shape {batch.shape}"
        raise ValueError(f"X is {found}; allowed is a batch of numbers, (batch, fan_in).")
    if not np.isfinite(batch).all():
        row, column = map(int, np.argwhere(~np.isfinite(batch))[0])
        raise ValueError(
            f"X is {batch[row, column]} at row {row}, column {column}; allowed are finite numbers."
        )
    return batch if batch.dtype.kind == "f" else batch.astype(np.float64)


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _listed(value: object) -> list[Any] | None:
    """What a sequence or an iterator holds, None where that has no order or is no list at all."""
    if isinstance(value, str | bytes | Mapping | Set) or not isinstance(value, Iterable):
        return None
    try:
        return list(value)
    except TypeError:  # an array without axes says that it is iterable
        return None


def _again(given: object, listed: object) -> str:
    """What was given: an iterator by what it held."""
    return echo(given if listed is None or isinstance(given, Sequence) else listed)


def _numbers(values: Any) -> NDArray[Any] | None:
    """An array of real numbers, None for what is no such thing."""
    try:
        array = np.asarray(values)
    except (TypeError, ValueError):
        return None
    return array if array.dtype.kind in "iuf" else None
