"""Graded exercises of chapter 11, Five starts on MNIST."""

from collections.abc import Callable

import numpy as np
from scipy.special import stdtrit

from initbook.exercises.exercise import Array, Case, Exercise, Value


def median_lasting_step(accuracy: Array, steps: Array, level: float) -> Value:
    """The median step from which accuracy stays at or above level."""
    return np.median(lasting_steps(accuracy, steps, level))


def lasting_steps(accuracy: Array, steps: Array, level: float) -> Array:
    """For each run the first step from which accuracy stays at or above level, or inf."""
    high = np.asarray(accuracy) >= level
    lasts = np.flip(np.logical_and.accumulate(np.flip(high, -1), -1), -1)
    return np.where(lasts[..., -1], np.asarray(steps)[lasts.argmax(-1)], np.inf)


def first_steps(accuracy: Array, steps: Array, level: float) -> Array:
    high = accuracy >= level
    return np.where(high.any(-1), steps[high.argmax(-1)], np.inf)


def without_unfinished(accuracy: Array, steps: Array, level: float) -> Value:
    lasting = lasting_steps(accuracy, steps, level)
    finished = lasting[np.isfinite(lasting)]
    return np.median(finished) if finished.size else np.inf


def unfinished_at_the_budget(accuracy: Array, steps: Array, level: float) -> Value:
    return np.median(np.minimum(lasting_steps(accuracy, steps, level), steps[-1]))


def index_for_step(accuracy: Array, steps: Array, level: float) -> Value:
    return median_lasting_step(accuracy, np.arange(len(steps)), level)


def draw_runs(rng: np.random.Generator) -> Case:
    """Noisy curves, some unfinished; each has a lucky evaluation, and arrives on the very level."""
    runs, evaluations = int(rng.integers(3, 8)), int(rng.integers(15, 40))
    level = float(rng.choice([0.7, 0.8, 0.9]))
    arrivals = rng.integers(4, rng.choice([1.25, 3]) * evaluations, runs)
    arrived = np.arange(evaluations) >= arrivals[:, None]
    accuracy = level + rng.uniform(0, 0.1, arrived.shape) * np.where(arrived, 1, -1)
    for curve, arrival in zip(accuracy, arrivals, strict=True):
        curve[rng.integers(0, min(arrival, evaluations) - 2)] = level + 0.05
        if arrival < evaluations:
            curve[arrival] = level
    return {"accuracy": accuracy, "steps": 50 * np.arange(evaluations), "level": level}


def paired_intervals(accuracy: Array, pairs: Array) -> Value:
    """For each pair (a, b) the ends of the interval of accuracy[a] − accuracy[b], all at 95 %."""
    return intervals(accuracy, pairs)


def intervals(
    accuracy: Array,
    pairs: Array,
    *,
    tail: Callable[[int], float] = lambda count: 0.025 / count,
    ddof: int = 1,
    root: bool = True,
) -> Value:
    gaps = np.array([accuracy[a] - accuracy[b] for a, b in pairs])
    k = gaps.shape[1]
    half = stdtrit(k - 1, 1 - tail(len(pairs))) * gaps.std(axis=1, ddof=ddof)
    return ends_of(gaps.mean(axis=1), half / np.sqrt(k) if root else half)


def ends_of(middle: Array, half: Array) -> Value:
    return np.stack([middle - half, middle + half], axis=1)


def not_paired(accuracy: Array, pairs: Array) -> Value:
    runs = accuracy.shape[1]
    variance = accuracy.var(axis=1, ddof=1)
    gaps = np.array([accuracy[a].mean() - accuracy[b].mean() for a, b in pairs])
    std = np.sqrt([variance[a] + variance[b] for a, b in pairs])
    return ends_of(gaps, stdtrit(runs - 1, 1 - 0.025 / len(pairs)) * std / np.sqrt(runs))


def other_way_round(accuracy: Array, pairs: Array) -> Value:
    return -intervals(accuracy, pairs)[:, ::-1]


def normal_quantile(accuracy: Array, pairs: Array) -> Value:
    gaps = np.array([accuracy[a] - accuracy[b] for a, b in pairs])
    z = stdtrit(1e9, 1 - 0.025 / len(pairs))
    return ends_of(gaps.mean(axis=1), z * gaps.std(axis=1, ddof=1) / np.sqrt(gaps.shape[1]))


def draw_comparison(rng: np.random.Generator) -> Case:
    """A few starts over a few seeds that share their luck, and some pairs of them."""
    starts, seeds = int(rng.integers(3, 6)), int(rng.integers(5, 21))
    luck = 0.01 * rng.standard_normal(seeds)
    level = rng.uniform(0.9, 0.96, (starts, 1))
    accuracy = level + luck + 0.004 * rng.standard_normal((starts, seeds))
    order = rng.permutation(starts)
    return {"accuracy": accuracy, "pairs": np.stack([order[:-1], order[1:]], axis=1)}


EXERCISES = (
    Exercise(
        number="11.1",
        reference=median_lasting_step,
        public_cases=(
            {
                "accuracy": np.array([[0.1, 0.8, 0.9], [0.1, 0.7, 0.8], [0.9, 0.7, 0.9]]),
                "steps": np.array([0, 50, 100]),
                "level": 0.8,
            },
            {
                "accuracy": np.array([[0.1, 0.9, 0.9], [0.1, 0.9, 0.7], [0.1, 0.1, 0.1]]),
                "steps": np.array([0, 200, 400]),
                "level": 0.8,
            },
            {
                "accuracy": np.array([[0.1, 0.8, 0.9], [0.1, 0.95, 0.9], [0.1, 0.1, 0.1]]),
                "steps": np.array([0, 50, 100]),
                "level": 0.8,
            },
        ),
        draw_case=draw_runs,
        rtol=1e-12,  # a median of whole numbers, or of two of them
        wrong_answers={
            "This is the first touch; the level must last.": lambda accuracy, steps, level: (
                np.median(first_steps(accuracy, steps, level))
            ),
            "This asks for more than the level; at the level is enough.": (
                lambda accuracy, steps, level: median_lasting_step(accuracy, steps, level + 1e-9)
            ),
            "This is the number of the evaluation; its step is wanted.": index_for_step,
            "The unfinished runs are left out.": without_unfinished,
            "Unfinished runs are put at the budget; all we know is that it took longer.": (
                unfinished_at_the_budget
            ),
            "This is a mean; the median is wanted.": lambda accuracy, steps, level: np.mean(
                lasting_steps(accuracy, steps, level)
            ),
            "This reads the mean curve; take each run by itself.": lambda accuracy, steps, level: (
                lasting_steps(accuracy.mean(axis=0), steps, level)
            ),
            "This is one evaluation late.": lambda accuracy, steps, level: (
                median_lasting_step(accuracy, steps, level) + steps[1]
            ),
        },
    ),
    Exercise(
        number="D11.2",
        reference=paired_intervals,
        public_cases=(
            {
                "accuracy": np.array([[0.95, 0.96, 0.94], [0.93, 0.95, 0.92], [0.9, 0.94, 0.91]]),
                "pairs": np.array([[0, 1], [1, 2]]),
            },
            {
                "accuracy": np.array([[0.97, 0.98, 0.96, 0.97], [0.98, 0.97, 0.95, 0.97]]),
                "pairs": np.array([[1, 0]]),
            },
        ),
        draw_case=draw_comparison,
        rtol=1e-7,  # quantiles of other libraries agree to nine digits; an end may be near 0
        wrong_answers={
            "Each of these intervals holds by itself, and not all of them together.": (
                lambda **case: intervals(**case, tail=lambda count: 0.025)
            ),
            "An interval misses on two sides; this counts one.": lambda **case: intervals(
                **case, tail=lambda count: 0.05 / count
            ),
            "Take the differences seed by seed.": not_paired,
            "This is the second minus the first.": other_way_round,
            "The std over the seeds takes n − 1.": lambda **case: intervals(**case, ddof=0),
            "This is the std of one seed: divide by the root of their number.": (
                lambda **case: intervals(**case, root=False)
            ),
            "With few seeds Student's law takes the normal law's place.": normal_quantile,
        },
    ),
)
