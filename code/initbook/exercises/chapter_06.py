"""Graded exercises of chapter 6, The gain of any activation."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from initbook.exercises.exercise import Case, Exercise, Value

NODES = np.linspace(-9, 9, 3601)
BELL = np.exp(-(NODES**2) / 2) / math.sqrt(2 * math.pi) * (NODES[1] - NODES[0])


def gain_with_jump(threshold: float, q: float) -> Value:
    """E[z²; z > t] = q (P(g > u) + u φ(u)) with u = t / √q, and so 1 / √(P(g > u) + u φ(u))."""
    u = threshold / math.sqrt(q)
    return 1 / np.sqrt(norm.sf(u) + u * norm.pdf(u))


def draw_jump(rng: np.random.Generator) -> Case:
    return {"threshold": float(rng.uniform(-1.5, 1.5)), "q": float(rng.uniform(0.3, 4))}


def slices_across_the_jump(threshold: float, q: float) -> Value:
    step = 0.01
    g = np.arange(-8, 8, step)
    z = math.sqrt(q) * g
    return np.sqrt(q / np.sum(norm.pdf(g) * np.where(z > threshold, z, 0) ** 2 * step))


def by_variance(threshold: float, q: float) -> Value:
    u = threshold / math.sqrt(q)
    return 1 / np.sqrt(norm.sf(u) + u * norm.pdf(u) - norm.pdf(u) ** 2)


def of_shifted_relu(threshold: float, q: float) -> Value:
    u = threshold / math.sqrt(q)
    return 1 / np.sqrt((1 + u * u) * norm.sf(u) - u * norm.pdf(u))


def average(values: NDArray[np.float64]) -> float:
    return float(np.sum(BELL * values))


def of_tanh(q: float) -> tuple[float, float]:
    """E[tanh²] and E[tanh'²] at the variance q."""
    h = np.tanh(math.sqrt(q) * NODES)
    return average(h**2), average((1 - h**2) ** 2)


Step = Callable[[float, float], float]


def up_and_down(
    gain: float,
    depth: int,
    first: float | None = None,
    moved: Step = lambda gain, kept: gain**2 * kept,
    slopes_of: int | None = None,
) -> Value:
    """The length map from q = gain² on, and the product of χ over all layers but the last."""
    q, kept, factor = gain**2 if first is None else first, 1.0, 1.0
    for layer in range(depth):
        kept, slope = of_tanh(q)
        if layer < (depth - 1 if slopes_of is None else depth + slopes_of):
            factor *= moved(gain, slope)
        q = moved(gain, kept)
    return np.array([kept, factor])


def at_one(gain: float, depth: int) -> Value:
    kept, slope = of_tanh(1.0)
    return np.array([kept, (gain**2 * slope) ** (depth - 1)])


def slopes_of_the_top(gain: float, depth: int) -> Value:
    q = gain**2
    for _ in range(depth - 1):
        q = gain**2 * of_tanh(q)[0]
    kept, slope = of_tanh(q)
    return np.array([kept, (gain**2 * slope) ** (depth - 1)])


def draw_stack(rng: np.random.Generator) -> Case:
    return {"gain": float(rng.uniform(0.8, 2.2)), "depth": int(rng.integers(3, 40))}


def gain_from_draws(outputs: NDArray[np.float64], q: float) -> Value:
    """√(q / m) with the mean square m, and its standard error: half the relative one of m."""
    squares = outputs**2
    m = squares.mean()
    gain, error = np.sqrt(q / m), squares.std(ddof=1) / np.sqrt(len(squares))
    return np.array([gain, gain * error / (2 * m)])


def draw_outputs(rng: np.random.Generator) -> Case:
    q = float(rng.uniform(0.3, 3))
    z = np.sqrt(q) * rng.standard_normal(int(rng.integers(50, 200)))
    f = rng.choice(["relu", "tanh", "softplus"])
    outputs = {"relu": np.maximum(z, 0), "tanh": np.tanh(z), "softplus": np.log1p(np.exp(z))}[f]
    return {"outputs": outputs, "q": q}


def of_the_outputs_variance(outputs: NDArray[np.float64], q: float) -> Value:
    return gain_from_draws(outputs - outputs.mean(), q)


EXERCISES = (
    Exercise(
        number="6.1",
        reference=gain_with_jump,
        public_cases=({"threshold": 0.5, "q": 1.0}, {"threshold": -1.0, "q": 2.0}),
        draw_case=draw_jump,
        rtol=1e-5,  # a sum over slices is an answer, if none of them lies across the jump
        wrong_answers={
            "A slice lies across the jump: split the integral there.": slices_across_the_jump,
            "This is the gain's square: a root is missing.": lambda threshold, q: (
                gain_with_jump(threshold, q) ** 2
            ),
            "This has the variance of the output where its second moment belongs.": by_variance,
            "This is the gain that keeps the gradient, not the signal.": lambda threshold, q: (
                1 / np.sqrt(norm.sf(threshold / np.sqrt(q)))
            ),
            "The input's q is missing: this is the gain at q = 1.": lambda threshold, q: (
                gain_with_jump(threshold, 1.0)
            ),
            "The threshold is divided by q; it lies t/√q stds out.": lambda threshold, q: (
                gain_with_jump(threshold / np.sqrt(q), q)
            ),
            "This is 1 over E[f²]; the gain brings back q.": lambda threshold, q: (
                gain_with_jump(threshold, q) / np.sqrt(q)
            ),
            "This is the gain of a shifted ReLU, which has no jump.": of_shifted_relu,
        },
    ),
    Exercise(
        number="6.2",
        reference=up_and_down,
        public_cases=({"gain": 5 / 3, "depth": 10}, {"gain": 1.0, "depth": 3}),
        draw_case=draw_stack,
        library=True,  # the moments are there to be used; the recursion is the task
        rtol=1e-6,  # sums over slices of smooth functions agree to many more digits
        wrong_answers={
            "This has q = 1 at every layer; let the map run.": at_one,
            "This multiplies by the gain; a second moment takes its square.": lambda gain, depth: (
                up_and_down(gain, depth, first=gain, moved=lambda gain, kept: gain * kept)
            ),
            "The first layer has lost its gain here.": lambda gain, depth: up_and_down(
                gain, depth, first=1.0
            ),
            "The slope of layer L is counted too; no weight stands above it.": lambda gain, depth: (
                up_and_down(gain, depth, slopes_of=0)
            ),
            "One layer is missing on the way back.": lambda gain, depth: up_and_down(
                gain, depth, slopes_of=-2
            ),
            "This takes the slopes of the top layer for all.": slopes_of_the_top,
            "This is the root; second moments are wanted.": lambda gain, depth: np.sqrt(
                up_and_down(gain, depth)
            ),
        },
    ),
    Exercise(
        number="D6.3",
        reference=gain_from_draws,
        public_cases=(
            {"outputs": np.array([0.0, 1.0, 0.0, 2.0, 0.5]), "q": 2.0},
            {"outputs": np.array([-0.5, 0.8, 0.3, -0.9]), "q": 1.5},
        ),
        draw_case=draw_outputs,
        rtol=1e-8,  # means and roots
        wrong_answers={
            "This takes the variance of the outputs; their mean square counts.": (
                of_the_outputs_variance
            ),
            "The second number is the error of the mean square, not of the gain.": (
                lambda outputs, q: np.array(
                    [
                        gain_from_draws(outputs, q)[0],
                        np.std(outputs**2, ddof=1) / np.sqrt(len(outputs)),
                    ]
                )
            ),
            "The error lacks the half: a root halves a relative error.": lambda outputs, q: (
                gain_from_draws(outputs, q) * np.array([1, 2])
            ),
            "This is the scatter of one draw: divide by the root of their number.": (
                lambda outputs, q: (
                    gain_from_draws(outputs, q) * np.array([1, np.sqrt(len(outputs))])
                )
            ),
            "The input's q is missing.": lambda outputs, q: gain_from_draws(outputs, 1.0),
            "This is the gain's square.": lambda outputs, q: (
                gain_from_draws(outputs, q) ** np.array([2, 1])
            ),
        },
    ),
)
