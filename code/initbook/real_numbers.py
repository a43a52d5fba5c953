"""What counts as an answer: real numbers, in whatever a function returns."""

from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def as_real_numbers(value: Any) -> Array | None:
    """The value as an array where it holds real numbers alone; None where it does not.

    Lists, tuples, torch tensors, fractions and decimals are read; truth values, text, complex
    numbers, masked arrays and ragged lists are not.

    >>> as_real_numbers([1, 2.5])
    array([1. , 2.5])
    >>> as_real_numbers("2.5") is None
    True
    """
    try:
        array = np.asarray(_without_graph(value))
        if array.dtype.kind == "O" and all(map(_is_real, array.flat)):
            return array.astype(float)
    except Exception:  # a ragged list, or an object with an __array__ of its own making
        return None
    return array if array.dtype.kind in "iuf" and not np.ma.is_masked(value) else None


def _without_graph(value: Any) -> Any:
    """A torch tensor, or one in a list, as what numpy can read; a truth value is refused."""
    if isinstance(value, (list, tuple)):
        return [_without_graph(item) for item in value]
    if isinstance(value, (bool, np.bool_)):
        raise TypeError
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        return (value.float() if "bfloat16" in str(value.dtype) else value).numpy()
    return value


def _is_real(number: object) -> bool:
    return isinstance(number, (Real, Decimal)) and not isinstance(number, bool)
