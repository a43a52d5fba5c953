"""Fans: how many terms a layer adds up, on the way forward and on the way back.

fan_in is the number of terms in the sum that makes one output. fan_out is the number of sums that
one input enters, and so the number of terms in its gradient. Both are counted away from the edges
of an image, where padding leaves some terms out. Chapter 7 counts them one by one.
"""

import math
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Literal, NamedTuple

from initbook.arguments import check_choice, check_count, check_shape, echo

Kind = Literal["dense", "convolution", "transposed", "embedding"]
Layout = Literal["book", "torch"]

AXES = {
    "dense": {"book": "(in, out)", "torch": "(out, in)"},
    "convolution": {"book": "(*kernel, in/groups, out)", "torch": "(out, in/groups, *kernel)"},
    "transposed": {"book": "(*kernel, in, out/groups)", "torch": "(in, out/groups, *kernel)"},
    "embedding": {"book": "(rows, width)", "torch": "(rows, width)"},
}
OPTIONS = {
    "dense": ("packed",),
    "convolution": ("groups", "stride"),
    "transposed": ("groups", "stride"),
    "embedding": (),
}


class Fans(NamedTuple):
    """The two fans of a weight: whole numbers, unless a stride makes one of them a mean.

    >>> fan_in, fan_out = Fans(784, 256)
    """

    fan_in: float
    fan_out: float


def fans(
    shape: Sequence[int],
    kind: Kind = "dense",
    *,
    groups: int = 1,
    packed: int = 1,
    stride: int | Sequence[int] = 1,
    layout: Layout = "book",
) -> Fans:
    """Fan-in and fan-out of a weight of this shape.

    With k taps in the kernel, `in` and `out` channels in all, and s the product of the strides:

    - dense: in, out. A convolution: k·in/groups, k·out/groups/s. Depthwise is groups = in.
    - transposed convolution: k·in/groups/s, k·out/groups. It is a convolution run backward, so
      its fans are that convolution's, swapped. Under a stride the counts differ from place to
      place, and k/s is their mean; no framework counts it, and neither does stride=1.
    - embedding: 1, width. A lookup is a product with a one-hot row, a sum with one term.
    - packed: a dense weight (E, packed·E) is `packed` weights side by side, as attention's query,
      key and value are, each with its own fan_out E.

    The book's layout is (*kernel, in/groups, out), as Keras and JAX write it, and (in, out) without
    a kernel, for X @ W; a transposed convolution is (*kernel, in, out/groups), where Keras writes
    (*kernel, out, in). PyTorch's layout puts the same two axes first, in the other order for dense
    and convolution: (out, in/groups, *kernel), and transposed (in, out/groups, *kernel). Its own
    count reads every weight as (out, in, *kernel). So it is right without groups; it finds a
    fan_out of k·out with them, (width, rows) for an embedding, packed·E for a packed weight, and
    swaps the fans of a transposed convolution, and of a weight that is used as X @ W.

    Raises ValueError for a shape that does not fit the kind, an unknown kind or layout, groups or
    packed that do not divide, and an option that the kind does not have. Chapter 7.

    >>> fans((784, 256))
    Fans(fan_in=784, fan_out=256)
    >>> fans((3, 3, 16, 64), "convolution", groups=2)
    Fans(fan_in=144, fan_out=288)
    >>> fans((64, 32, 4, 4), "transposed", stride=2, layout="torch")
    Fans(fan_in=256, fan_out=512)
    >>> fans((50000, 512), "embedding")
    Fans(fan_in=1, fan_out=512)
    >>> fans((512, 1536), packed=3)
    Fans(fan_in=512, fan_out=512)
    """
    check_choice("kind", kind, tuple(AXES))
    check_choice("layout", layout, ("book", "torch"))
    kernel, n_in, n_out = _read(shape, kind, layout)
    given: dict[str, object] = {"groups": groups, "packed": packed, "stride": stride}
    for option, value in given.items():
        if option not in OPTIONS[kind] and not _is_one(value):
            raise ValueError(
                f"{option} is {echo(value)}; allowed is 1, for kind {kind!r} has none."
            )
    taps, steps = math.prod(kernel), _steps(stride, kernel)
    if kind == "embedding":
        return Fans(1, n_out)
    if kind == "transposed":
        n_in = _share("groups", groups, "input channels", n_in)
        return Fans(_ratio(taps * n_in, steps), taps * n_out)
    if kind == "convolution":
        n_out = _share("groups", groups, "output channels", n_out)
        return Fans(taps * n_in, _ratio(taps * n_out, steps))
    return Fans(n_in, _share("packed", packed, "outputs", n_out))


def _is_one(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and value == 1


def _read(shape: Sequence[int], kind: Kind, layout: Layout) -> tuple[list[int], int, int]:
    """Kernel, input and output axis, checked."""
    sizes = check_shape(shape)
    flat = kind in ("dense", "embedding")
    if not (len(sizes) == 2 if flat else len(sizes) >= 3) or min(sizes) < 1:
        number = "two" if flat else "three or more"
        raise ValueError(
            f"shape is {sizes}; allowed for kind {kind!r} are {number} positive dimensions, "
            f"{AXES[kind][layout]} in layout {layout!r}."
        )
    if layout == "book" or kind == "embedding":
        return list(sizes[:-2]), sizes[-2], sizes[-1]
    first, second, *kernel = sizes
    return (kernel, first, second) if kind == "transposed" else (kernel, second, first)


def _steps(stride: int | Sequence[int], kernel: Sequence[int]) -> int:
    given = list(stride) if isinstance(stride, Iterable) else [stride] * len(kernel)
    strides = [check_count("stride", step) for step in given]
    if len(strides) != len(kernel):
        shown = echo(stride if isinstance(stride, Sequence) else given)  # an iterator is used up
        raise ValueError(
            f"stride is {shown}; allowed is one number, or one for each of the kernel's "
            f"dimensions, here {len(kernel)}."
        )
    return math.prod(strides)


def _share(name: str, parts: int, what: str, number: int) -> int:
    count = check_count(name, parts)
    if number % count:
        raise ValueError(f"{name} is {parts}; allowed is a divisor of the {number} {what}.")
    return number // count


def _ratio(number: int, steps: int) -> float:
    return number / steps if number % steps else number // steps
