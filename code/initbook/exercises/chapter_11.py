"""Graded exercises of chapter 11, Five starts on MNIST."""

import numpy as np

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
)
