"""What is counted piece by piece against what numpy says of the whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from initbook.layer_statistics import Tally, count_bins


@given(st.integers(0, 2**32), st.lists(st.integers(1, 20), min_size=1, max_size=6))
def test_pieces_merge_to_the_whole(seed, sizes):
    """The mean is a million times the std: sums of squares would lose every digit of it."""
    rng = np.random.default_rng(seed)
    h = 1 + 1e-6 * rng.standard_normal((sum(sizes), 3))
    tally = Tally(np.linspace(0.999999, 1.000001, 8))
    for piece in np.split(h, np.cumsum(sizes)[:-1]):
        tally.add(piece, saturated=piece > 1)
    assert tally.mean == pytest.approx(h.mean(), rel=1e-14)
    assert tally.std == pytest.approx(h.std(), rel=1e-8, abs=1e-15)
    assert tally.second_moment == pytest.approx(np.mean(h**2), rel=1e-14)
    assert tally.saturated == pytest.approx(np.mean(h > 1))
    assert tally.histogram.sum() == h.size


def test_a_unit_is_dead_only_if_no_piece_wakes_it():
    tally = Tally(np.array([-1.0, 1.0]))
    none = np.zeros((1, 3), dtype=bool)
    tally.add(np.array([[0.0, 0.0, 1.0]]), none)
    tally.add(np.array([[0.0, 2.0, 0.0]]), none)
    assert tally.dead == pytest.approx(1 / 3)
    assert tally.silent == pytest.approx(4 / 6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("edges", [np.linspace(-1, 1, 31), np.array([-1, -0.5, 0.7, 0.8])])
def test_counts_are_numpys_but_for_rounding_at_an_edge(edges, dtype):
    h = np.random.default_rng(0).standard_normal((300, 40)).astype(dtype)
    inside = np.clip(h.astype(np.float64), edges[0], edges[-1])
    expected = np.histogram(inside, edges)[0]
    assert abs(count_bins(h, edges) - expected).sum() <= 2
    assert count_bins(h, edges).sum() == h.size


LIMITS = st.tuples(st.floats(-1e3, 1e3), st.floats(1e-6, 1e3), st.integers(1, 120))
TIMES = st.sampled_from([1.0, 1e-30, 1e30])


@settings(deadline=None, derandomize=True, max_examples=400)
@given(LIMITS, TIMES, st.sampled_from([np.float32, np.float64]), st.booleans())
def test_any_edges_are_counted_as_numpy_counts(limits, times, dtype, even):
    """Also numbers on an edge or next to it: one that is not exactly there is never misplaced."""
    low, width, bins = limits
    edges = times * np.linspace(low, low + width, bins + 1)
    rng = np.random.default_rng(bins)
    if not even:
        edges = np.sort(times * rng.uniform(low, low + width, bins + 1))
    h = times * rng.normal(low + width / 2, width, 2000)
    h = np.concatenate([h, edges, np.nextafter(edges, np.inf), np.nextafter(edges, -np.inf)])
    with np.errstate(over="ignore"):
        h = h.astype(dtype)
    h = h[np.isfinite(h)]
    if not (np.diff(edges) > 0).all():
        return
    counts = count_bins(h, edges)
    exact = np.clip(h.astype(np.float64), edges[0], edges[-1])
    expected = np.histogram(exact, edges)[0]
    rounding = 8 * np.spacing(np.abs(edges).max())
    on_an_edge = np.min(np.abs(exact[:, None] - edges), axis=1) <= rounding
    assert counts.sum() == h.size
    assert np.abs(np.cumsum(counts) - np.cumsum(expected)).max() <= on_an_edge.sum()
    clear = h[~on_an_edge]
    assert (count_bins(clear, edges) == np.histogram(exact[~on_an_edge], edges)[0]).all()


@pytest.mark.parametrize(
    ("h", "edges", "counts"),
    [
        ([-1.0, 0.0, 0.4, 0.5, 2.0, 9.0], [0, 0.5, 1, np.inf], [3, 1, 2]),
        ([-9.0, -1.0, 3.0], [-np.inf, -1, 1], [1, 2]),
        ([-9.0, 9.0], [-np.inf, np.inf], [2]),
        ([-np.inf, np.inf, 0.0], [-1, 0, 1], [1, 2]),
        ([True, True, False], [0, 0.5, 1], [1, 2]),
        ([0, 3, 7], [0.0, 5.0, 10.0], [2, 1]),
        ([], [0, 1], [0]),
        ([0.0, 1e308], [-1.7e308, 0, 1.7e308], [0, 2]),
        ([0.5], iter([0, 1, 2]), [1, 0]),
    ],
)
def test_infinite_edges_and_numbers_of_other_kinds(h, edges, counts):
    assert count_bins(np.array(h), edges).tolist() == counts


@pytest.mark.parametrize(
    ("h", "edges", "sentence"),
    [
        ([0.0, np.nan], [0, 1], "h holds nan; allowed are real numbers"),
        ([1j], [0, 1], "h holds complex128"),
        ([0.0], [0, 0], r"edges is \[0, 0\]; allowed are at least two numbers that increase"),
        ([0.0], [np.inf, np.inf], "edges is"),
        ([0.0], [[0, 1]], "edges is"),
        ([0.0], 30, "edges is 30"),
        ([0.0], {0, 1}, r"edges is \{0, 1\}"),
    ],
)
def test_what_can_not_be_counted_is_said(h, edges, sentence):
    with pytest.raises(ValueError, match=sentence):
        count_bins(np.array(h), edges)


def test_a_tiny_negative_number_is_not_counted_among_the_positive():
    h = np.array([[-1e-9, 1e-9, 2e-9]], dtype=np.float32)
    assert count_bins(h, np.linspace(-1, 1, 3)).tolist() == [1, 2]
