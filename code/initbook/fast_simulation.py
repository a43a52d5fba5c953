"""Several starts through depth at once, a few times faster than one after another (torch).

Normal weights W = √(n Var(w) / n) · Z share one standard normal Z a layer: these are common random
numbers, so the starts differ in nothing but their size. Then most of the work is shared or saved:

- the draws, and the first product X Z_1, are made once for all starts;
- a ReLU stack (leaky or not, or a linear one) is homogeneous: with weights c times as large its
  layer l is c^l times as large, so all ReLU starts are one stack, rescaled. They are then perfectly
  correlated: comparing them says nothing about the spread over draws;
- a block of rows stays in a core's cache from its product to its histogram, and the cores take
  blocks in turns, since no row of a batch asks for another.

Chapter 2 derives the factors; `benchmarks/simulation.py` measures what this saves.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from initbook.activations import Activation, get_activation
from initbook.arguments import check_count, check_number, check_seeds
from initbook.layer_statistics import Array, Counts, LayerMoments, _bin_scale

ROWS = 500  # of a block at most: at width 500 a megabyte, which a core's second cache holds


@dataclass(frozen=True)
class _Stack:
    """One stack that is computed, and the factors a layer of the starts that are read off it."""

    act: Activation
    n_var_w: float
    factors: dict[str, float]


def simulate_together(
    starts: Mapping[str, tuple[str | Activation, float]],
    *,
    seeds: Sequence[int],
    width: int = 500,
    depth: int = 10,
    batch: int = 1000,
    limits: tuple[float, float] = (-1, 1),
    bins: int = 30,
    threads: int | None = None,
) -> dict[str, LayerMoments]:
    """Moments and histograms of several starts with normal weights, on the same random numbers.

    `starts` maps a name to an activation and n·Var(w), so that W_l = √(n·Var(w) / n) Z_l, without
    biases. A seed fixes the standard normal input and every Z_l (`common_draws`); they are not the
    draws of `simulation.simulate`. The histograms have equally wide bins between `limits`; what
    lies outside is in the first or the last. float32; one-pass statistics agree with the plain loop
    to 1e-5. Runs on `threads` threads, by default as many as torch uses.

    Raises ValueError for no starts, an n·Var(w) that is negative or not finite, limits in the wrong
    order, more than 127 bins, bad seeds or sizes.

    >>> starts = {"tanh, 1/√n": ("tanh", 1), "ReLU, 1/√n": ("relu", 1), "He": ("relu", 2)}
    >>> found = simulate_together(starts, seeds=[0, 1], width=64, depth=3, batch=100)
    >>> found["He"].rms.shape
    (2, 3)
    >>> bool(np.allclose(found["ReLU, 1/√n"].rms[:, 2] * 2**1.5, found["He"].rms[:, 2]))
    True
    """
    edges, stacks = _edges(limits, bins), _share(starts)
    sizes = [check_count(*size) for size in (("batch", batch), ("width", width), ("depth", depth))]
    count = check_count("threads", torch.get_num_threads() if threads is None else threads)
    with _one_torch_thread(), _fastest_exact_products(), ThreadPoolExecutor(count) as pool:
        rows = min(ROWS, -(-batch // count))
        runs = [
            _one_seed(stacks, edges, common_draws(seed, *sizes, pool), rows, pool)
            for seed in check_seeds(seeds)
        ]
    return {name: _collect([run[name] for run in runs], edges) for name in starts}


def common_draws(
    seed: int, batch: int, width: int, depth: int, pool: ThreadPoolExecutor | None = None
) -> tuple[Tensor, list[Tensor]]:
    """The input X of shape (batch, width) and Z_1 … Z_depth of shape (width, width).

    Standard normal, float32, each from a stream of its own, so the threads of a `pool` can draw
    them side by side.

    >>> X, Z = common_draws(0, batch=3, width=2, depth=4)
    >>> X.shape, len(Z)
    (torch.Size([3, 2]), 4)
    """
    keys = np.random.SeedSequence(seed).generate_state(depth + 1, np.uint64) >> np.uint64(1)
    shapes = [(batch, width)] + [(width, width)] * depth
    X, *Z = (pool.map if pool else map)(_standard_normal, keys.tolist(), shapes)
    return X, Z


def _standard_normal(key: int, shape: tuple[int, int]) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(key))


def _edges(limits: tuple[float, float], bins: int) -> Array:
    if check_count("bins", bins) > 127:
        raise ValueError(f"bins is {bins}; allowed are at most 127.")
    if not limits[0] < limits[1]:
        raise ValueError(f"limits are {limits}; allowed are two numbers that increase.")
    return np.linspace(*limits, bins + 1)


def _share(starts: Mapping[str, tuple[str | Activation, float]]) -> list[_Stack]:
    """The stacks to compute: one for each homogeneous activation, else one for each start."""
    if not starts:
        raise ValueError("starts is empty; allowed is a name, an activation and an n·Var(w) each.")
    stacks: dict[str, _Stack] = {}
    for name, (activation, n_var_w) in starts.items():
        act = get_activation(activation)
        check_number(f"n·Var(w) of {name!r}", n_var_w, least=0)
        if act.negative_slope is None:
            stacks[f"one {name}"] = _Stack(act, n_var_w, {name: 1.0})
        else:
            own = 2 / (1 + act.negative_slope**2)  # keeps the size, so the stack can be any depth
            shared = stacks.setdefault(f"slope {act.negative_slope}", _Stack(act, own, {}))
            shared.factors[name] = float(np.sqrt(n_var_w / own))
    return list(stacks.values())


@dataclass(frozen=True)
class _Layer:
    """Sums over one layer of one block, or of the whole batch."""

    count: int
    mean: float
    squares: float  # of deviations from the mean
    histogram: Counts


def _one_seed(
    stacks: list[_Stack],
    edges: Array,
    drawn: tuple[Tensor, list[Tensor]],
    rows: int,
    pool: ThreadPoolExecutor,
) -> dict[str, list[_Layer]]:
    """Each start's layers, merged from the blocks of rows that the pool works on."""
    X, Z = drawn
    blocks = list(pool.map(partial(_block, stacks, edges, Z), X.split(rows)))
    return {
        name: [_merge([block[name][layer] for block in blocks]) for layer in range(len(Z))]
        for name in blocks[0]
    }


def _block(
    stacks: list[_Stack], edges: Array, Z: list[Tensor], X: Tensor
) -> dict[str, list[_Layer]]:
    """All stacks through all layers, for one block of rows."""
    found: dict[str, list[_Layer]] = {}
    first = X @ Z[0]
    h, z, count = torch.empty_like(first), torch.empty_like(first), _Counter(edges, first)
    for stack in stacks:
        sigma = float(np.sqrt(stack.n_var_w / len(Z[0])))
        torch.mul(first, sigma, out=z)
        for number, above in enumerate([*Z[1:], None], start=1):
            h, z = _apply(stack.act, z), h
            mean, squares = _moments(h, spare=z)
            if not np.isfinite(squares):
                raise OverflowError(
                    f"layer {number} of {' and '.join(stack.factors)} has left float32's range; "
                    "allowed are starts that stay within it."
                )
            for name, factor in stack.factors.items():
                c = factor**number
                layer = _Layer(first.numel(), c * mean, c * c * squares, count(h, c))
                found.setdefault(name, []).append(layer)
            if above is not None:
                torch.addmm(z, h, above, beta=0, alpha=sigma, out=z)
    return found


def _moments(h: Tensor, spare: Tensor) -> tuple[float, float]:
    """The mean, and the sum of squared deviations; these are subtracted only where they matter."""
    flat, mean = h.ravel(), float(h.mean())
    raw = float(flat.dot(flat))
    squares = raw - h.numel() * mean**2
    if squares < 0.1 * raw:
        flat = torch.sub(h, mean, out=spare).ravel()
        squares = float(flat.dot(flat))
    return mean, squares


def _apply(act: Activation, z: Tensor) -> Tensor:
    """f(z), in place where possible: numpy's tanh of float32 is up to 12 times as fast as torch's.

    A leaky ReLU's slope says all of it: 0 is ReLU's, 1 the identity's.
    """
    if act.negative_slope is not None:
        return functional.leaky_relu_(z, act.negative_slope)
    if isinstance(act.f, np.ufunc):
        act.f(z.numpy(), out=z.numpy())
        return z
    return torch.from_numpy(act(z.numpy()))


class _Counter:
    """Histograms of one block's layers, through buffers that are used again.

    A bin's number fits a byte, so two numbers at a time are counted, in a table of all pairs.
    """

    def __init__(self, edges: Array, like: Tensor) -> None:
        self.bins = len(edges) - 1
        self.per_unit, self.part, self.first = _bin_scale(edges)
        self.position = torch.empty_like(like)
        self.numbers = np.zeros(like.numel() + like.numel() % 2, dtype=np.uint8)

    def __call__(self, h: Tensor, scale: float) -> Counts:
        """Counts of scale · h; what lies beyond an end is in the last bin there."""
        position = torch.mul(h, scale * self.per_unit, out=self.position)
        if self.part:
            position += self.part
        position.floor_().add_(self.first).clamp_(0, self.bins - 1)
        np.copyto(self.numbers[: h.numel()], position.numpy().ravel(), casting="unsafe")
        pairs = torch.from_numpy(self.numbers.view(np.int16))
        table = torch.bincount(pairs, minlength=256 * self.bins).reshape(self.bins, 256)
        counts = (table.sum(0)[: self.bins] + table.sum(1)).numpy()
        counts[0] -= self.numbers.size - h.numel()  # an odd block is filled up with a zero
        return counts


def _merge(parts: list[_Layer]) -> _Layer:
    """One layer out of its blocks: M = Σ M_b + Σ n_b (m_b − m)², which subtracts no large sums."""
    counts, means = np.array([p.count for p in parts]), np.array([p.mean for p in parts])
    mean = float(np.average(means, weights=counts))
    squares = sum(p.squares for p in parts) + float(counts @ (means - mean) ** 2)
    histogram = np.sum([p.histogram for p in parts], axis=0)
    return _Layer(int(counts.sum()), mean, squares, histogram)


def _collect(runs: list[list[_Layer]], edges: Array) -> LayerMoments:
    mean = np.array([[layer.mean for layer in run] for run in runs])
    variance = np.array([[layer.squares / layer.count for layer in run] for run in runs])
    histogram = np.array([[layer.histogram for layer in run] for run in runs])
    return LayerMoments(mean, np.sqrt(variance), mean**2 + variance, histogram, edges)


@contextmanager
def _one_torch_thread() -> Iterator[None]:
    """One thread for each product: the blocks are what is shared out."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _fastest_exact_products() -> Iterator[None]:
    """torch's "medium" products where they are float32 all the same, and faster (AMD)."""
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("medium" if _medium_is_exact() else before)
        yield
    finally:
        torch.set_float32_matmul_precision(before)


@cache
def _medium_is_exact() -> bool:
    """Whether "medium" keeps float32's precision here: on some CPUs it rounds to bfloat16."""
    A, B = (torch.randn(500, 500, generator=torch.Generator().manual_seed(k)) for k in (0, 1))
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    product = A @ B
    torch.set_float32_matmul_precision(before)
    exact = A.double() @ B.double()
    return bool((product - exact).norm() < 1e-6 * exact.norm())
