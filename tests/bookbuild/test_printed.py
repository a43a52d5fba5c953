"""The formula that is printed is the formula that is checked."""

import numpy as np
import pytest
import sympy
from bs4 import BeautifulSoup

from bookbuild.equations import checks_in, values_of
from bookbuild.printed import misprints, right_hand_sides, shown
from building import HEADER, PAGES, ROOT, Book

x, w = np.array([0.3, -1.2, 2.5]), np.array([0.7, 0.2, -0.4])
C = np.array([[2, 0.3, 0.1], [0.3, 5, 0.7], [0.2, 0.9, 3]])
widths, variances = np.array([4.0, 6.0, 5.0]), np.array([0.1, 0.2, 0.3])
a, b = sympy.symbols("a b", positive=True)
E_X = r"\E[x^2]"

# What is printed, the values, and what the print comes to.
BOUND = {
    "symbols": (
        r"\E[z^2] = n \Var(w)\, \E[x^2].", {"n": 800, r"\Var(w)": 0.01, E_X: 2.5}, 20.0
    ),
    "fraction": (
        r"\Var(w) = \frac{2}{\fanin + \fanout} .", {r"\fanin": 800, r"\fanout": 50}, 2 / 850
    ),
    "short fractions, a sign, a constant": (
        r"v = \left(\tfrac12 - \frac1{2\pi}\right) q", {"q": 3.3}, (0.5 - 0.5 / np.pi) * 3.3
    ),
    "a fraction on one line": (r"m \approx e^{-5L/2n} .", {"L": 10, "n": 90}, np.exp(-50 / 180)),
    "root": (r"a = \sqrt{\frac{q}{2\pi}}", {"q": 0.7}, np.sqrt(0.35 / np.pi)),
    "function": (
        r"s(z) = \tfrac12 + \tfrac12\tanh\tfrac{z}{2}", {"z": 1.3}, 1 / (1 + np.exp(-1.3))
    ),
    "elementwise": (r"y = c \left(\sqrt n\,\sigma\right)^{l}",
        {"c": 3, "n": 5, r"\sigma": 0.3, "l": np.arange(4)}, 3 * (5**0.5 * 0.3) ** np.arange(4)),
    "sum": (r"\Var(z \mid x) = \Var(w) \sum_i x_i^2 .", {r"\Var(w)": 0.3, "x_i": x},
        0.3 * np.sum(x**2)),
    "sum with limits": (r"\text{loss}_0 = - \sum_{k=1}^{C} p_k \ln p_k",
        {"p_k": [0.2, 0.5, 0.3], "C": 3}, -0.2 * np.log(0.2) + 0.5 * np.log(2) - 0.3 * np.log(0.3)),
    "sum over two indices": (r"v = \sum_{i,k} w_i\, C_{ik}\, x_k",
        {"w_i": w, "x_k": x, "C_{ik}": C}, w @ C @ x),
    "sum of columns": (r"v = \sum_{i} w_i\, C_{ij}", {"w_i": w, "C_{ij}": C[:, 1]}, w @ C[:, 1]),
    "sum over a shifted range": (r"s = \sum_{i=m}^{2m-1} i^2", {"m": 3}, 9 + 16 + 25),
    "product": (r"\E[h_L^2] = \E[x^2] \prod_{l=1}^{L} \tfrac12\, n_{l-1} \Var(w_l)",
        {E_X: 1.7, "L": 3, "n_{l-1}": widths, r"\Var(w_l)": variances},
        1.7 * np.prod(widths * variances / 2)),
    "two lines": (r"\begin{aligned} \E[z^4 \mid x] = {} & 3 \Var(w)^2 \Big(\sum_i x_i^2\Big)^2 \\"
        r" & + \kappa(w) \Var(w)^2 \sum_i x_i^4 . \end{aligned}",
        {r"\Var(w)": 0.7, r"\kappa(w)": -1.2, "x_i": x},
        3 * 0.49 * np.sum(x**2) ** 2 - 1.2 * 0.49 * np.sum(x**4)),
    "a chain": (r"\begin{aligned} F &= \E[x^2] \\ &= \frac{n_0}{n_L} \end{aligned}",
        {"n_0": 50, "n_L": 800}, 1 / 16),
    "a limit with its condition": (r"q_l \approx \frac{1}{2l} \qquad (l \to \infty) .", {"l": 50},
        0.01),
    "what is of lower order": (r"q' = q - 2q^2 + O(q^3)", {"q": 0.01, "O(q^3)": 0}, 0.0098),
    "no symbol": (r"1 + \frac{\E[h]^2}{\E[h^2]} = 1 + \frac1\pi", {}, 1 + 1 / np.pi),
    "algebra": (r"ud = 1 - \left(\frac{\fanin - \fanout}{\fanin + \fanout}\right)^2 ,",
        {r"\fanin": a, r"\fanout": b}, 4 * a * b / (a + b) ** 2),
}  # fmt: skip


@pytest.mark.parametrize("case", BOUND)
def test_what_is_printed_is_evaluated(case):
    tex, where, right = BOUND[case]
    assert misprints(tex, [(where, right)]) == []
    assert misprints(tex, [(where, 1.001 * right)]) != []


@pytest.mark.parametrize(
    ("case", "before", "after"),
    [
        ("symbols", r"x^2].", r"x^3]."),
        ("symbols", r"= n", r"= -n"),
        ("symbols", r"= n", r"= n^2"),
        ("symbols", r"= n", r"= n_l"),
        ("symbols", r"= n", r"= n'"),
        ("symbols", r"= n", r"= 2n"),
        ("symbols", r"= n", r"="),
        ("symbols", r"\Var(w)", r"\Var(w_l)"),
        ("fraction", r"\fanout}", r"\fanin}"),
        ("fraction", r"+", r"-"),
        ("short fractions, a sign, a constant", r"\tfrac12", r"\tfrac13"),
        ("short fractions, a sign, a constant", r"\pi", r"\theta"),
        ("a fraction on one line", r"-5L", r"5L"),
        ("a fraction on one line", r"2n", r"2 + n"),
        ("root", r"\sqrt", ""),
        ("function", r"\tanh", r"\sinh"),
        ("sum", r"x_i^2", r"x_i"),
        ("sum", r"x_i^2", r"x_j^2"),
        ("sum", r"\sum_i", r"\sum_j"),
        ("sum", r"\sum_i", r"\prod_i"),
        ("sum with limits", r"k=1", r"k=2"),
        ("sum with limits", r"^{C}", r"^{C+1}"),
        ("sum over two indices", r"C_{ik}", r"C_{ki}"),
        ("sum over two indices", r"i,k", r"i"),
        ("sum of columns", r"C_{ij}", r"C_{ji}^2"),
        ("product", r"n_{l-1}", r"n_l"),
        ("product", r"\prod", r"\sum"),
        ("two lines", r"& + \kappa", r"& - \kappa"),
        ("two lines", r"x_i^4", r"x_i^3"),
        ("a chain", r"\frac{n_0}{n_L}", r"\frac{n_L}{n_0}"),
        ("what is of lower order", r"2q^2", r"2q^3"),
        ("no symbol", r"\frac1\pi", r"\frac2\pi"),
        ("algebra", r"^2 ,", r"^3 ,"),
        ("algebra", r"1 -", r"1 +"),
    ],
)
def test_a_misprint_is_found(case, before, after):
    tex, where, right = BOUND[case]
    assert before in tex
    side = tex.rindex(before)
    changed = tex[:side] + after + tex[side + len(before) :]
    assert misprints(changed, [(where, right)]) != []


@pytest.mark.parametrize(
    ("tex", "where", "sentence"),
    [
        (r"z = k n", {"n": 3}, "has a k that where= gives no value"),
        (r"z = 2n", {"n": 3, "k": 5}, "does not hold k, which where= names"),
        (r"z = \E[n]", {r"\E[n]": 6}, "as a whole, which binds nothing"),
        (r"z = \begin{cases} 2n \end{cases}", {"n": 3}, "has a a that"),
        (r"z = 2n^*", {"n": 3}, "can't be read"),
        (r"z = \int_0^n 2 dx", {"n": 3}, "has a Integral"),
        (r"z = 2f(n)", {"n": 3}, "has a f(…) that"),
        (r"z = 2n_i", {"n_i": [3, 4]}, "has the shape"),
        (r"z = \sum_i n_i + n_i", {"n_i": [3, 4]}, "has an index outside its sum"),
        (r"z = \sum_{i,j} n_{ij}", {"n_{ij}": [3, 4]}, "with 2 indices, but 1 axes"),
        (r"z = \sum_i n_i m_i", {"n_i": [3, 4], "m_i": [1, 2, 3]}, "does not fit the shapes"),
        (r"2n", {"n": 3}, "no relation is printed"),
    ],
)
def test_what_cannot_be_bound_says_why(tex, where, sentence):
    (said,) = misprints(tex, [(where, 6.0)])
    assert sentence in said


def test_a_matrix_is_no_printed_side():
    (said,) = misprints(r"z = 2n", [({"n": a}, sympy.Matrix([2 * a, 2 * a]))])
    assert "is 2*a, and the check has Matrix" in said


def test_each_of_two_equations_in_a_line_wants_its_check():
    tex = r"\E[z^4] = 3q^2, \qquad \E[z^6] = 15q^3 ,"
    second, sixth = ({"q": 0.3}, 3 * 0.3**2), ({"q": 0.3}, 15 * 0.3**3)
    assert misprints(tex, [second, sixth]) == []
    assert misprints(tex, [second]) == ["2 right-hand sides are printed, and 1 are checked"]


PAGE = (
    HEADER
    + r"""
$$ \E[z^2] = n \Var(w)\, \E[x^2] $$ (eq-bound)

$$ \E[z^2] = n \Var(w)^2 \E[x^2] $$ (eq-misprint)

$$ \E[z^2] = \begin{cases} 1 \end{cases} $$ (eq-loose)

```{code-cell} ipython3
from initbook.equations import holds

where = {"n": 800, r"\Var(w)": 0.01, r"\E[x^2]": 2.5}
holds("eq-bound", 20, 800 * 0.01 * 2.5, by="arithmetic", where=where)
holds("eq-misprint", 20, 800 * 0.01 * 2.5, by="arithmetic", where=where)
holds("eq-loose", 1, 1, by="arithmetic", unbound="a formula in two cases")
```
"""
)


def test_a_misprint_fails_the_build_and_the_table_says_what_is_bound(tmp_path):
    book = Book(tmp_path)
    book.write("chapters/04-two", PAGE)
    book.write("table", "# All\n\n```{equation-table}\n```\n")
    status, said = book.build()
    assert status != 0
    (warning,) = [line for line in said.splitlines() if ".md:" in line and "WARNING" in line]
    assert "04-two.md:" in warning
    assert "the print of eq-misprint is not what is checked" in warning
    assert r"'n\Var(w)^{2}\E[x^{2}]' is 0.2, and the check has 20" in warning
    page = BeautifulSoup((tmp_path / "_build/html/table.html").read_text("utf-8"), "html.parser")
    rows = page.select("table.equations tbody tr")
    assert [row("td")[4].get_text() for row in rows] == [
        "bound", "bound", "a formula in two cases",
    ]  # fmt: skip


# The book itself: what its last build printed, and what its checks recorded.


def bound_equations():
    for page in PAGES:
        built = (ROOT / "_build" / "html" / page.relative_to(ROOT)).with_suffix(".html")
        html = BeautifulSoup(built.read_text(encoding="utf-8"), "html.parser")
        checks = checks_in(ROOT / "_build" / "jupyter_execute" / page.relative_to(ROOT))
        for label in dict.fromkeys(check["label"] for check in checks):
            bound = [values_of(c) for c in checks if c["label"] == label and "where" in c]
            tex = html.select_one(f"#equation-{label} annotation").get_text()
            yield label, tex, [c for c in checks if c["label"] == label], bound


def misprinted(side):
    """A right-hand side with one digit, sign, exponent or factor changed."""
    changes = {"+": "-", "-": "+", **{str(n): str(n + 1) for n in range(1, 9)}}
    at = next(
        (n for n, t in enumerate(side) if t in changes and side[n + 1 : n + 2] != ["O"]), None
    )
    if at is not None:
        yield [*side[:at], changes[side[at]], *side[at + 1 :]]
    yield ["2", *side]
    if "^" in side:
        script = side.index("^")
        yield side[:script] + side[side.index("}", script) + 1 :]


def test_two_claims_in_three_are_bound_and_the_others_say_why_not():
    claims = [(label, checks, bound) for label, _, checks, bound in bound_equations()]
    silent = [
        label
        for label, checks, bound in claims
        if not bound and not any("unbound" in c for c in checks)
    ]
    assert silent == [], "these claims are neither bound by where= nor say in unbound= why not"
    assert 3 * sum(bool(bound) for *_, bound in claims) >= 2 * len(claims)


def test_a_misprint_in_the_book_would_be_found():
    missed = []
    for label, tex, _, bound in bound_equations():
        sides = right_hand_sides(tex) if bound else []
        for number, side in enumerate(sides):
            for changed in misprinted(side):
                printed = [*sides[:number], changed, *sides[number + 1 :]]
                text = r" \qquad ".join(f"x = {shown(s)}" for s in printed)
                if not misprints(text, bound):
                    missed.append((label, shown(changed)))
    assert missed == []
