"""How torch multiplies while several stacks run side by side: one core each, in full float32.

Both settings are torch's own and hold for the whole process; they are put back at the end.
Chapter 11; what they gain is measured by `benchmarks/mnist_table.py`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import torch
from torch import Tensor


@contextmanager
def one_core_each() -> Iterator[None]:
    """One thread for each product. What runs side by side fills the cores already, and a product
    that is shared between threads may round differently.

    >>> with one_core_each():
    ...     torch.get_num_threads()
    1
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def fastest_exact_products() -> Iterator[None]:
    """torch's "medium" products where they are float32 all the same, else its "highest".

    "medium" allows products of bfloat16. A processor without them computes in float32 instead, and
    on AMD's by other kernels than "highest" does, twice as fast; which of the two it is, is tried.

    >>> with fastest_exact_products():
    ...     keeps_float32(torch.bmm)
    True
    """
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium" if _medium_is_exact() else "highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def keeps_float32(bmm: Callable[[Tensor, Tensor], Tensor]) -> bool:
    """Whether a product of (S, n, k) and (S, k, m) has float32's precision.

    Its relative distance from the product in float64 stays below 1e-6, and 1 + 2⁻²⁰, for which a
    shorter type has no bits, times the identity is unchanged.

    >>> keeps_float32(torch.bmm), keeps_float32(lambda A, B: (A.bfloat16() @ B.bfloat16()).float())
    (True, False)
    """
    A, B = (torch.randn(2, 256, 256, generator=torch.Generator().manual_seed(k)) for k in (0, 1))
    exact = A.double() @ B.double()
    fine = torch.full_like(A, 1 + 2**-20)
    identity = torch.eye(256).expand(2, -1, -1)
    near = (bmm(A, B) - exact).norm() < 1e-6 * exact.norm()
    return bool(near) and torch.equal(bmm(fine, identity), fine)


@cache
def _medium_is_exact() -> bool:
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        return keeps_float32(torch.bmm)
    finally:
        torch.set_float32_matmul_precision(before)
