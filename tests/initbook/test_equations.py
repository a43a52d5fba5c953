"""What `holds` lets pass and what it stops: the mechanism under every derivation."""

import numpy as np
import pytest
import sympy

from initbook.equations import holds

rng = np.random.default_rng(0)
DRAWS = rng.standard_normal((1_000_000, 2)) * [1, 2]
a, b = sympy.symbols("a b")

TRUE = {
    "algebra": ((a + b) ** 2, a**2 + 2 * a * b + b**2, {"by": "algebra"}),
    "algebra of matrices": (sympy.Matrix([a + a]), sympy.Matrix([2 * a]), {"by": "algebra"}),
    "arithmetic": (np.array([1.0, 2.0]) / 3 * 3, np.array([1.0, 2.0]), {"by": "arithmetic"}),
    "algebra with a scale where it is 0": (
        sympy.Matrix([a - a, 2 * a]), sympy.Matrix([0, a + a]), {"by": "algebra", "scale": a},
    ),
    "a right-hand side of 0": (1e-12, 0, {"by": "arithmetic", "scale": 1}),
    "quadrature": (np.pi, 3.14159265358, {"by": "quadrature"}),
    "sampling": (DRAWS**2, np.array([1, 4]), {"by": "sampling"}),
    "sampling a mean of 0": (DRAWS[:, 0], 0, {"by": "sampling", "scale": 1}),
    "sampling with a known bias": (1.001 * DRAWS[:, 0] ** 2, 1, {"by": "sampling", "within": 1e-3}),
    "limit": (np.sin(0.01), 0.01, {"by": "limit", "within": 1e-4}),
}  # fmt: skip


@pytest.mark.parametrize("case", TRUE)
def test_a_true_equation_holds(case):
    left, right, how = TRUE[case]
    holds("eq-true", left, right, **how)


@pytest.mark.parametrize("off", [0.99, 1.01])
@pytest.mark.parametrize("case", [c for c in TRUE if "0" not in c])
def test_each_method_notices_one_percent(case, off):
    left, right, how = TRUE[case]
    if how["by"] == "algebra":
        off = sympy.Rational(round(100 * off), 100)
    with pytest.raises(AssertionError, match="eq-false does not hold"):
        holds("eq-false", left, off * right, **how)


@pytest.mark.parametrize(
    ("left", "right", "how"),
    [
        (1.0, 1.0, {"by": "limit", "within": 0.01}),
        (DRAWS[:2000, 0] ** 2, 1, {"by": "sampling"}),  # too few draws
        (sympy.Integer(0), a * 0, {"by": "algebra", "scale": 0}),  # 1 % of nothing
    ],
)  # fmt: skip
def test_a_check_that_cannot_see_one_percent_is_refused(left, right, how):
    with pytest.raises(AssertionError, match="is blind|does not hold"):
        holds("eq-blind", left, right, **how)


def test_one_wrong_number_among_many_is_enough():
    with pytest.raises(AssertionError, match="does not hold"):
        holds("eq-many", np.array([1.0, 2.0, np.nan]), np.array([1.0, 2.0, 3.0]), by="arithmetic")


@pytest.mark.parametrize(
    ("left", "right", "how", "sentence"),
    [
        (1, 1, {"by": "trust"}, "by is 'trust'; allowed are 'algebra', 'arithmetic', "),
        (1, 1, {"by": "arithmetical", "within": 1e-3}, "by is 'arithmetical'"),
        (1, 1, {"by": "limit"}, "by is 'limit' and within is None"),
        (a, a, {"by": "algebra", "within": 1e-3}, "by algebra it has no effect"),
        (1, 1, {"by": "arithmetic", "scale": 2}, "scale is 2; right is nowhere 0"),
        (a, a, {"by": "algebra", "scale": 2}, "scale is 2; right is nowhere 0"),
        (a - a, a - a, {"by": "algebra"}, "say in scale="),
        (np.array([1 + 5j]), [1], {"by": "arithmetic"}, "left is .*5.*j.*no number or array"),
        ("1", 1, {"by": "arithmetic"}, "left is '1'; it is no number or array"),
        (1, None, {"by": "arithmetic"}, "right is None; it is no number or array"),
        ([[1], [1, 2]], 1, {"by": "arithmetic"}, r"left is \[\[1\], \[1, 2\]\]; it is no number"),
        (a, 1, {"by": "arithmetic"}, "left is a; it is no number or array"),
        (2, 2, {"by": "arithmetic", "where": 3}, "where is 3; allowed is a value for each symbol"),
        (2, 2, {"by": "arithmetic", "where": {"n": "2"}}, r"where\['n'\] is '2'; it is no number"),
        (2, 2, {"by": "arithmetic", "where": {"n": 1}}, r"where\['n'\] is 1; a misprint would"),
        (2, 2, {"by": "arithmetic", "where": {"n": 2, "m": 2}}, "n and m the same value, 2"),
        (a, a, {"by": "algebra", "where": {"n": a, "m": a}}, "n and m the same value, a"),
        (2, 2, {"by": "arithmetic", "where": {"n": np.ones(20_000)}}, "has 20000 numbers; allowed"),
        (2, 2, {"by": "arithmetic", "where": {}, "unbound": "no"}, "allowed is one of them"),
        (2, 2, {"by": "arithmetic", "unbound": " "}, "unbound is ' '; allowed is a reason"),
        (0, 0, {"by": "arithmetic"}, "say in scale="),
        ([1, 2], 1, {"by": "arithmetic"}, r"shape \(2,\)"),
        (1.0, 1, {"by": "sampling"}, "the draws, in front"),
    ],
)
def test_bad_input_gets_one_sentence(left, right, how, sentence):
    with pytest.raises(ValueError, match=sentence):
        holds("eq-bad", left, right, **how)
