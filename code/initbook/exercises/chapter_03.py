"""Graded exercises of chapter 3, The variance of a layer."""

import numpy as np

from initbook.exercises.exercise import Array, Case, Exercise, Value


def variance_of_product(p: Array, x: Array, y: Array) -> Value:
    """Var(XY) = Σ p_jk (x_j y_k)² − (Σ p_jk x_j y_k)²: no independence is assumed."""
    product = np.outer(x, y)
    return np.sum(p * product**2) - np.sum(p * product) ** 2


def marginal_moments(p: Array, x: Array, y: Array) -> tuple[float, float, float, float]:
    """Mean and variance of X, then of Y."""
    px, py = p.sum(axis=1), p.sum(axis=0)
    mean_x, mean_y = px @ x, py @ y
    return mean_x, px @ x**2 - mean_x**2, mean_y, py @ y**2 - mean_y**2


def as_if_independent(p: Array, x: Array, y: Array) -> Value:
    mean_x, var_x, mean_y, var_y = marginal_moments(p, x, y)
    return var_x * var_y + var_x * mean_y**2 + mean_x**2 * var_y


def as_if_uncorrelated(p: Array, x: Array, y: Array) -> Value:
    mean_x, _, mean_y, _ = marginal_moments(p, x, y)
    return np.sum(p * np.outer(x, y) ** 2) - (mean_x * mean_y) ** 2


def product_of_variances(p: Array, x: Array, y: Array) -> Value:
    _, var_x, _, var_y = marginal_moments(p, x, y)
    return var_x * var_y


def draw_joint_law(rng: np.random.Generator) -> Case:
    rows, columns = (int(n) for n in rng.integers(2, 6, size=2))
    p = rng.exponential(size=(rows, columns))
    return {"p": p / p.sum(), "x": rng.normal(1, 2, rows), "y": rng.normal(-1, 2, columns)}


def second_moment_of_unit(X: Array, mean: float, std: float) -> Value:
    """E[z²] = std² · mean of Σx² + mean² · mean of (Σx)², over the rows of X."""
    return std**2 * np.mean(np.sum(X**2, axis=1)) + mean**2 * np.mean(np.sum(X, axis=1) ** 2)


def draw_inputs(rng: np.random.Generator) -> Case:
    X = rng.normal(rng.uniform(0.5, 2), 1, size=tuple(rng.integers(3, 30, size=2)))
    mean = float(rng.choice([-1, 1]) * rng.uniform(0.05, 0.5))
    return {"X": X, "mean": mean, "std": float(rng.uniform(0.1, 0.6))}


EXERCISES = (
    Exercise(
        number="D3.1",
        reference=variance_of_product,
        public_cases=(
            {
                "p": np.array([[0.25, 0.25], [0.25, 0.25]]),
                "x": np.array([-1.0, 1.0]),
                "y": np.array([1.0, 3.0]),
            },
            {
                "p": np.array([[0.0, 1 / 3], [1 / 3, 0.0], [0.0, 1 / 3]]),
                "x": np.array([-1.0, 0.0, 1.0]),
                "y": np.array([0.0, 1.0]),
            },
            {
                "p": np.array([[0.5, 0.25], [0.0, 0.25]]),
                "x": np.array([1.0, 2.0]),
                "y": np.array([-1.0, 3.0]),
            },
        ),
        draw_case=draw_joint_law,
        rtol=1e-9,  # two finite sums; their difference loses a few digits at most
        wrong_answers={
            "This is the formula for independent numbers.": as_if_independent,
            "This takes the mean of the product for the product of the means.": as_if_uncorrelated,
            "This is the product of the variances.": product_of_variances,
            "This is the second moment of the product: its squared mean is missing.": (
                lambda p, x, y: np.sum(p * np.outer(x, y) ** 2)
            ),
            "The chances are missing: all pairs count alike here.": lambda p, x, y: np.var(
                np.outer(x, y)
            ),
        },
    ),
    Exercise(
        number="3.2",
        reference=second_moment_of_unit,
        public_cases=(
            {"X": np.array([[1.0, 1.0, 1.0]]), "mean": 0.0, "std": 0.5},
            {"X": np.array([[1.0, 2.0], [3.0, -1.0]]), "mean": 0.5, "std": 0.1},
        ),
        draw_case=draw_inputs,
        rtol=1e-9,  # sums and squares: rounding alone may differ
        wrong_answers={
            "The mean of the weights is missing.": lambda X, mean, std: second_moment_of_unit(
                X, 0, std
            ),
            "The mean acts on the inputs' sum: square the sum, do not sum the squares.": (
                lambda X, mean, std: (std**2 + mean**2) * np.mean(np.sum(X**2, axis=1))
            ),
            "This squares the mean of the sums; the mean of their squares is wanted.": (
                lambda X, mean, std: (
                    std**2 * np.mean(np.sum(X**2, axis=1))
                    + mean**2 * np.mean(np.sum(X, axis=1)) ** 2
                )
            ),
            "This takes std for a variance.": lambda X, mean, std: second_moment_of_unit(
                X, mean, np.sqrt(std)
            ),
            "This has the inputs' variance where their second moment belongs.": (
                lambda X, mean, std: (
                    second_moment_of_unit(X - X.mean(), 0, std)
                    + mean**2 * np.mean(np.sum(X, axis=1) ** 2)
                )
            ),
            "This is the variance of z: its squared mean is taken off.": lambda X, mean, std: (
                second_moment_of_unit(X, mean, std) - (mean * np.mean(np.sum(X, axis=1))) ** 2
            ),
            "This is a mean over the inputs; a unit sums over them.": lambda X, mean, std: (
                second_moment_of_unit(X, mean, std) / X.shape[1]
            ),
        },
    ),
)
