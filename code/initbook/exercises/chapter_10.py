"""Graded exercises of chapter 10, Batch normalization."""

import numpy as np

from initbook.exercises.exercise import Array, Case, Exercise, Value


def norm_backward(z: Array, delta: Array, gamma: Array, epsilon: float) -> Value:
    """γ/s (δ − mean δ − ẑ mean(δẑ)), then the sums of δẑ and of δ, one below the other."""
    s = np.sqrt(z.var(axis=0) + epsilon)
    hat = (z - z.mean(axis=0)) / s
    mean, along = delta.mean(axis=0), (delta * hat).mean(axis=0)
    return np.vstack(
        [gamma / s * (delta - mean - hat * along), len(z) * along[None], len(z) * mean[None]]
    )


def terms(z: Array, delta: Array, gamma: Array, epsilon: float) -> tuple[Array, Array, Array]:
    """s, ẑ, and the two lower rows of the right answer."""
    s = np.sqrt(z.var(axis=0) + epsilon)
    hat = (z - z.mean(axis=0)) / s
    return s, hat, np.vstack([(delta * hat).sum(axis=0), delta.sum(axis=0)])


def mean_and_std_held_still(z: Array, delta: Array, gamma: Array, epsilon: float) -> Value:
    s, _, rows = terms(z, delta, gamma, epsilon)
    return np.vstack([gamma / s * delta, rows])


def std_held_still(z: Array, delta: Array, gamma: Array, epsilon: float) -> Value:
    s, _, rows = terms(z, delta, gamma, epsilon)
    return np.vstack([gamma / s * (delta - delta.mean(axis=0)), rows])


def mean_held_still(z: Array, delta: Array, gamma: Array, epsilon: float) -> Value:
    s, hat, rows = terms(z, delta, gamma, epsilon)
    return np.vstack([gamma / s * (delta - hat * (delta * hat).mean(axis=0)), rows])


def sums_for_means(z: Array, delta: Array, gamma: Array, epsilon: float) -> Value:
    s, hat, rows = terms(z, delta, gamma, epsilon)
    return np.vstack([gamma / s * (delta - delta.sum(axis=0) - hat * rows[0]), rows])


def over_the_units(z: Array, delta: Array, gamma: Array, epsilon: float) -> Value:
    s, hat, rows = terms(z, delta, gamma, epsilon)
    mean, along = (a.mean(axis=1, keepdims=True) for a in (delta, delta * hat))
    return np.vstack([gamma / s * (delta - mean - hat * along), rows])


def scaled_twice(z: Array, delta: Array, gamma: Array, epsilon: float) -> Value:
    right = norm_backward(z, delta, gamma, epsilon)
    right[-2:] *= gamma
    return right


def draw_batch(rng: np.random.Generator) -> Case:
    batch, units = (int(n) for n in rng.integers(3, 9, size=2))
    return {
        "z": rng.normal(rng.uniform(-2, 2), rng.uniform(0.5, 3), (batch, units)),
        "delta": rng.normal(0.5, 1, (batch, units)),
        "gamma": rng.uniform(0.3, 2, units),
        "epsilon": float(rng.uniform(0.01, 0.3)),
    }


def folded(W: Array, gamma: Array, beta: Array, mean: Array, var: Array, epsilon: float) -> Value:
    """W γ/√(var + ε), and below it β − mean γ/√(var + ε)."""
    scale = gamma / np.sqrt(var + epsilon)
    return np.concatenate([W * scale, (beta - mean * scale)[None]])


def rows_scaled(
    W: Array, gamma: Array, beta: Array, mean: Array, var: Array, epsilon: float
) -> Value:
    right = folded(W, gamma, beta, mean, var, epsilon)
    scale = gamma / np.sqrt(var + epsilon)
    if len(W) == len(scale):
        right[:-1] = W * scale[:, None]
    return right


def draw_layer(rng: np.random.Generator) -> Case:
    n = int(rng.integers(2, 7))  # square, so that a scale along the wrong axis still fits
    return {
        "W": rng.normal(size=(n, n)),
        "gamma": rng.uniform(0.3, 2, n),
        "beta": rng.normal(size=n),
        "mean": rng.normal(size=n),
        "var": rng.uniform(0.1, 3, n),
        "epsilon": float(rng.uniform(0.01, 0.3)),
    }


def evaluated(batches: list[Array], x: Array, mu: float, epsilon: float) -> Value:
    """(x − m_run) / √(v_run + ε), where the averages start at 0 and 1 and v takes B − 1."""
    return running(batches, x, mu, epsilon)


def running(
    batches: list[Array],
    x: Array,
    mu: float,
    epsilon: float,
    ddof: int = 1,
    outside: bool = False,
    start: float = 1.0,
) -> Value:
    """The same with a variance over B, with ε outside the root, or with another start."""
    mean, var = np.zeros(x.shape[1]), np.full(x.shape[1], start)
    for z in batches:
        mean = (1 - mu) * mean + mu * z.mean(axis=0)
        var = (1 - mu) * var + mu * z.var(axis=0, ddof=ddof)
    std = np.sqrt(var) + epsilon if outside else np.sqrt(var + epsilon)
    return (x - mean) / std


def the_batchs_own(batches: list[Array], x: Array, mu: float, epsilon: float) -> Value:
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + epsilon)


def as_it_was(batches: list[Array], x: Array, mu: float, epsilon: float) -> Value:
    """The broken one of the page."""
    return running(batches, x, 1 - mu, epsilon, ddof=0, outside=True)


def draw_training(rng: np.random.Generator) -> Case:
    units, means = int(rng.integers(2, 5)), rng.normal(0, 2, 4)
    spread = rng.uniform(0.5, 3)
    return {
        "batches": [
            rng.normal(means[0], spread, (int(rng.integers(3, 8)), units))
            for _ in range(int(rng.integers(3, 7)))
        ],
        "x": rng.normal(means[0], spread, (int(rng.integers(2, 5)), units)),
        "mu": float(rng.uniform(0.05, 0.4)),
        "epsilon": float(rng.uniform(0.01, 0.1)),
    }


EXERCISES = (
    Exercise(
        number="10.1",
        reference=norm_backward,
        public_cases=(
            {
                "z": np.array([[1.0], [3.0], [8.0]]),
                "delta": np.array([[1.0], [0.0], [0.0]]),
                "gamma": np.array([2.0]),
                "epsilon": 0.1,
            },
            {
                "z": np.array([[1.0, -1.0], [3.0, 0.0], [8.0, 2.0], [4.0, -2.0]]),
                "delta": np.array([[1.0, 0.5], [0.0, 2.0], [-1.0, 1.0], [0.3, 0.2]]),
                "gamma": np.array([1.0, 0.5]),
                "epsilon": 0.01,
            },
        ),
        draw_case=draw_batch,
        rtol=1e-6,  # differences of means: a small entry may lose several digits
        wrong_answers={
            "Mean and std are taken for constants; they depend on every z.": (
                mean_and_std_held_still
            ),
            "The std is taken for a constant.": std_held_still,
            "The mean is taken for a constant.": mean_held_still,
            "These are sums over the batch where means belong.": sums_for_means,
            "These means go over the units; they go over the batch.": over_the_units,
            "The factor γ is missing on the way to z.": lambda z, delta, gamma, epsilon: (
                norm_backward(z, delta, np.ones_like(gamma), epsilon)
            ),
            "The lower rows have a γ too many.": scaled_twice,
            "The ε is missing.": lambda z, delta, gamma, epsilon: norm_backward(
                z, delta, gamma, 0.0
            ),
        },
    ),
    Exercise(
        number="10.2",
        reference=folded,
        public_cases=(
            {
                "W": np.array([[1.0, 2.0], [0.0, -1.0]]),
                "gamma": np.array([1.0, 2.0]),
                "beta": np.array([0.5, 0.0]),
                "mean": np.array([1.0, -1.0]),
                "var": np.array([3.9, 0.9]),
                "epsilon": 0.1,
            },
            {
                "W": np.array([[0.5, -0.5, 1.0]]),
                "gamma": np.array([1.0, 0.5, 2.0]),
                "beta": np.array([0.0, 0.1, -0.2]),
                "mean": np.array([0.3, 0.0, 2.0]),
                "var": np.array([1.0, 0.25, 4.0]),
                "epsilon": 0.01,
            },
        ),
        draw_case=draw_layer,
        rtol=1e-8,  # products and one difference
        wrong_answers={
            "The mean is not divided by the std.": lambda W, gamma, beta, mean, var, epsilon: (
                np.vstack([W * gamma / np.sqrt(var + epsilon), beta - mean])
            ),
            "The mean is missing in the bias.": lambda W, gamma, beta, mean, var, epsilon: folded(
                W, gamma, beta, 0 * mean, var, epsilon
            ),
            "This divides by the variance: a root is missing.": (
                lambda W, gamma, beta, mean, var, epsilon: folded(
                    W, gamma, beta, mean, (var + epsilon) ** 2 - epsilon, epsilon
                )
            ),
            "The ε is missing.": lambda W, gamma, beta, mean, var, epsilon: folded(
                W, gamma, beta, mean, var, 0.0
            ),
            "The rows of W are scaled; a unit is a column.": rows_scaled,
            "This scales β too.": lambda W, gamma, beta, mean, var, epsilon: folded(
                W, gamma, beta * gamma / np.sqrt(var + epsilon), mean, var, epsilon
            ),
        },
    ),
    Exercise(
        number="D10.4",
        reference=evaluated,
        public_cases=(
            {
                "batches": [np.array([[1.0], [3.0]]), np.array([[2.0], [6.0]])],
                "x": np.array([[2.0], [4.0]]),
                "mu": 0.1,
                "epsilon": 0.1,
            },
            draw_training(np.random.default_rng(0)),
        ),
        draw_case=draw_training,
        rtol=1e-7,  # sums and a root
        wrong_answers={
            "This uses the mean and std of x itself; use the running ones.": the_batchs_own,
            "The two weights of the average are the wrong way round.": (
                lambda batches, x, mu, epsilon: running(batches, x, 1 - mu, epsilon)
            ),
            "The running variance takes B − 1.": lambda batches, x, mu, epsilon: running(
                batches, x, mu, epsilon, ddof=0
            ),
            "The ε belongs under the root.": lambda batches, x, mu, epsilon: running(
                batches, x, mu, epsilon, outside=True
            ),
            "The running variance starts at 1.": lambda batches, x, mu, epsilon: running(
                batches, x, mu, epsilon, start=0.0
            ),
            "This remembers the last batch alone.": lambda batches, x, mu, epsilon: running(
                batches, x, 1.0, epsilon
            ),
            "Nothing is mended yet: three faults are left.": as_it_was,
        },
    ),
)
