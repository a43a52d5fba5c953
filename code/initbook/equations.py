"""Equations and their checks: every line of a derivation is computed in two ways.

A chapter's equation carries a label that says what it is: `eq-…` is a claim, `def-…` a definition,
`as-…` an assumption. Each claim needs a cell that calls `holds`; the build fails without one.
"""

import itertools
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from initbook.arguments import check_choice
from initbook.prose import record

PERTURBATION = 0.01  # a check must notice a right-hand side that is wrong by this much
STANDARD_ERRORS = 5  # of sampling: a true equation fails once in 1.7 million checks
# Each method's bound; sampling finds its own, and a limit has to say one.
ALLOWED = {"algebra": 0.0, "arithmetic": 1e-9, "quadrature": 1e-8, "sampling": 0.0, "limit": None}
MOST = 10_000  # numbers under one key of where=: they are stored with the page

_count = itertools.count(1)  # an equation may have several checks


def holds(
    label: str,
    left: Any,
    right: Any,
    *,
    by: str,
    within: float | None = None,
    scale: Any = None,
    where: Mapping[str, Any] | None = None,
    unbound: str | None = None,
) -> None:
    r"""Assert that the labeled equation holds, and that the check would notice an error of 1 %.

    |left − right| ≤ bound · scale, elementwise, where neither right + 1 % nor right − 1 % of the
    scale may pass. `left` is what was measured or computed on another way, `right` what the
    equation's right-hand side says: numbers or arrays of one shape. `by` names the method, and with
    it the bound:

    - "algebra": both sides are sympy expressions, and their difference simplifies to 0;
    - "arithmetic": both sides are finite sums and products, equal to 1e-9;
    - "quadrature": an integral, equal to 1e-8;
    - "sampling": `left` holds independent draws along its first axis; their mean lies within five
      standard errors, plus `within` for a bias that is known;
    - "limit": the equation is a limit, and `within` says how far from it the check stands.

    `within` replaces the bound of arithmetic and quadrature too. The scale is |right|, and where
    that is 0 the `scale` that is given.

    `where` binds the check to what is printed: it gives each symbol of the right-hand side its
    value, as in `where={r"\fanin": 800, r"\Var(w)": 0.01}`. When the book is built, the formula
    that stands under the label is evaluated with these values, and must give `right`. A claim that
    can't be bound says in `unbound` why not.

    Raises AssertionError where the equation does not hold or the check is blind, ValueError for a
    method it does not know, for what is no number or array, and for an argument without effect.
    Used in every chapter with a derivation.

    >>> holds("eq-four", 2 + 2, 4, by="arithmetic")
    >>> holds("eq-area", np.sum(np.full((3, 5), 0.5)), 0.5 * 3 * 5, by="arithmetic",
    ...       where={"a": 3, "b": 5})
    >>> holds("eq-five", 2 + 2, 5, by="arithmetic")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    AssertionError: eq-five does not hold: its sides differ by 2e-01 of the right-hand side, ...
    """
    check_choice("by", by, tuple(ALLOWED))
    bound = ALLOWED[by] if within is None else within
    if bound is None:
        raise ValueError("by is 'limit' and within is None; allowed is how far off the limit is.")
    if by == "algebra" and within is not None:
        raise ValueError(f"within is {within!r}; by algebra it has no effect, leave it out.")
    binding = _binding(by, right, where, unbound)
    compare = {"algebra": _by_algebra, "sampling": _by_sampling}.get(by, _by_numbers)
    error, bound, blind = compare(left, right, bound, scale)
    if not error <= bound:
        raise AssertionError(
            f"{label} does not hold: its sides differ by {error:.0e} of the right-hand side, "
            f"{bound:.0e} is allowed."
        )
    if blind:
        raise AssertionError(
            f"the check of {label} is blind: it would pass with a right-hand side that is "
            f"{PERTURBATION:.0%} off; its bound is {bound:.0e}."
        )
    said = {"label": label, "by": by, "error": error, "bound": bound, **binding}
    record(f"check {next(_count)}", json.dumps(said))


def _by_numbers(left: Any, right: Any, bound: float, scale: Any) -> tuple[float, float, bool]:
    left, right = _numbers("left", left), _numbers("right", right)
    if left.shape != right.shape:
        raise ValueError(f"left has shape {left.shape} and right {right.shape}; allowed is one.")
    return _compared(left, right, np.full(right.shape, bound), scale)


def _by_sampling(draws: Any, right: Any, bias: float, scale: Any) -> tuple[float, float, bool]:
    draws, right = _numbers("left", draws), _numbers("right", right)
    if draws.ndim != right.ndim + 1 or draws.shape[1:] != right.shape or len(draws) < 2:
        raise ValueError(
            f"left has the shape {draws.shape} and right {right.shape}; by sampling, left has one "
            "more axis, the draws, in front, and at least 2 of them."
        )
    error = STANDARD_ERRORS * draws.std(axis=0, ddof=1) / np.sqrt(len(draws))
    return _compared(draws.mean(axis=0), right, error / _size(right, scale) + bias, scale)


def _compared(
    left: NDArray[Any], right: NDArray[Any], bound: NDArray[Any], scale: Any
) -> tuple[float, float, bool]:
    """The worst relative error, its bound, and whether an error of 1 % would go unnoticed."""
    size = _size(right, scale)
    errors = np.abs(left - right) / size
    worst = np.argmax(errors - bound)
    shifts = [np.abs(left - right + sign * PERTURBATION * size) / size for sign in (-1, 1)]
    blind = any(bool(np.any(shift <= bound)) for shift in shifts)
    return float(errors.flat[worst]), float(bound.flat[worst]), blind


def _size(right: NDArray[Any], scale: Any) -> NDArray[Any]:
    """What 1 % refers to: |right|, and the scale that was given where right is 0."""
    _check_scale(bool((right == 0).any()), scale)
    size = np.where(right == 0, 0 if scale is None else _numbers("scale", scale), np.abs(right))
    if not np.all(size > 0):
        raise ValueError(f"scale is {scale!r}; allowed are numbers above 0 where right is 0.")
    return size


def _check_scale(needed: bool, scale: Any) -> None:
    if needed and scale is None:
        raise ValueError("the right-hand side is 0 somewhere; say in scale= what 1 % refers to.")
    if not needed and scale is not None:
        raise ValueError(f"scale is {scale!r}; right is nowhere 0, so it has no effect.")


def _by_algebra(left: Any, right: Any, bound: float, scale: Any) -> tuple[float, float, bool]:
    import sympy

    left, right = (sympy.Matrix([[side]]) if _is_scalar(side) else side for side in (left, right))
    zero = [sympy.simplify(entry) == 0 for entry in right]
    _check_scale(any(zero), scale)
    scales = [scale] * len(zero) if _is_scalar(scale) else list(scale)
    sizes = [s if is_zero else r for s, r, is_zero in zip(scales, right, zero, strict=True)]
    rests = [sympy.simplify(rest) for rest in left - right]
    shifts = [sympy.sympify(size) * sympy.Rational(1, 100) for size in sizes]
    blind = any(
        sympy.simplify(rest + sign * shift) == 0
        for rest, shift in zip(rests, shifts, strict=True)
        for sign in (-1, 1)
    )
    return float(any(rest != 0 for rest in rests)), bound, blind


def _is_scalar(side: Any) -> bool:
    return not hasattr(side, "shape")


def _numbers(name: str, value: Any) -> NDArray[np.float64]:
    """The value as an array; neither a complex number nor a string, nor a list of unequal rows."""
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.asarray(None)
    if array.dtype.kind not in "iufb":
        raise ValueError(f"{name} is {value!r}; it is no number or array, and these are allowed.")
    return array.astype(float)


def _binding(
    by: str, right: Any, where: Mapping[str, Any] | None, unbound: str | None
) -> dict[str, Any]:
    """What the build needs to compare the check with the print, as JSON can say it."""
    if where is not None and unbound is not None:
        raise ValueError(f"where is {where!r} and unbound {unbound!r}; allowed is one of them.")
    if where is None:
        if unbound is not None and not (isinstance(unbound, str) and unbound.strip()):
            raise ValueError(f"unbound is {unbound!r}; allowed is a reason in words.")
        return {} if unbound is None else {"unbound": unbound}
    if not (isinstance(where, Mapping) and all(isinstance(key, str) for key in where)):
        raise ValueError(f"where is {where!r}; allowed is a value for each symbol, by its TeX.")
    if by == "algebra":
        import sympy

        values = {key: sympy.sympify(value) for key, value in where.items()}
        _check_telling(values)
        return {
            "where": {key: {"sympy": sympy.srepr(value)} for key, value in values.items()},
            "right": {"sympy": sympy.srepr(sympy.sympify(right))},
        }
    arrays = {key: _numbers(f"where[{key!r}]", value) for key, value in where.items()}
    for key, array in arrays.items():
        if array.size > MOST:
            raise ValueError(f"where[{key!r}] has {array.size} numbers; allowed are {MOST}.")
    single = (key for key, array in arrays.items() if array.ndim == 0)
    _check_telling({key: np.asarray(where[key]).item() for key in single})
    return {
        "where": {key: array.tolist() for key, array in arrays.items()},
        "right": _numbers("right", right).tolist(),
    }


def _check_telling(values: Mapping[str, Any]) -> None:
    """Refuse values with which a misprint would go unseen: an exponent on 1, one symbol for two."""
    seen: dict[Any, str] = {}
    for key, value in values.items():
        if value in (0, 1) and not key.startswith("O("):
            raise ValueError(
                f"where[{key!r}] is {value}; a misprint would show with another value."
            )
        if value in seen and not key.startswith("O("):
            raise ValueError(
                f"where gives {seen[value]} and {key} the same value, {value}; with two values, a "
                "misprint of one for the other would show."
            )
        seen[value] = key
