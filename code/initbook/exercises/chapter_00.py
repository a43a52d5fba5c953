"""Graded exercises of chapter 0, A refresher."""

import numpy as np

from initbook.exercises.exercise import Array, Case, Exercise, Value


def standard_error(draws: Array) -> Value:
    """The standard error of each column's mean: s / √n, with n − 1 in s."""
    return draws.std(axis=0, ddof=1) / np.sqrt(len(draws))


def draw_measurements(rng: np.random.Generator) -> Case:
    rows, columns = int(rng.integers(5, 60)), int(rng.integers(2, 5))
    means, stds = rng.uniform(1, 5, columns), rng.uniform(0.5, 3, columns)
    return {"draws": means + stds * rng.standard_normal((rows, columns))}


def weight_gradient(X: Array, W: Array, b: Array, upstream: Array) -> Value:
    """The gradient for the weights of H = tanh(XW + b): Xᵀ (∂loss/∂H ⊙ (1 − H²))."""
    return X.T @ (upstream * slope(X @ W + b))


def slope(z: Array) -> Array:
    return 1 - np.tanh(z) ** 2


def draw_layer(rng: np.random.Generator) -> Case:
    batch, fan_in, fan_out = (int(n) for n in rng.permutation([3, 4, 5, 6, 7])[:3])
    return {
        "X": rng.standard_normal((batch, fan_in)),
        "W": rng.standard_normal((fan_in, fan_out)) / np.sqrt(fan_in),
        "b": rng.uniform(0.2, 1, fan_out),
        "upstream": rng.standard_normal((batch, fan_out)),
    }


def wrong_entries(X: Array, W: Array, T: Array, claimed: Array, step: float) -> Value:
    """1 where a claimed entry is off its central difference quotient by more than a hundredth."""
    D = entry_quotients(X, W, T, step, step)
    return (np.abs(claimed - D) > 0.01 * np.abs(D).max()).astype(int)


def entry_quotients(X: Array, W: Array, T: Array, up: float, down: float) -> Array:
    """Of the loss ½ Σ (tanh(XW) − T)² in every entry of W."""
    D = np.zeros(W.shape)
    for place in np.ndindex(W.shape):
        losses = []
        for move in (up, -down):
            moved = W.astype(float)
            moved[place] += move
            losses.append(np.sum((np.tanh(X @ moved) - T) ** 2) / 2)
        D[place] = (losses[0] - losses[1]) / (up + down)
    return D


def draw_claim(rng: np.random.Generator) -> Case:
    """The right gradient, but two pairs of entries are exchanged; the entries lie well apart."""
    while True:
        batch, n, m = (int(k) for k in rng.integers(3, 6, size=3))
        X, W, T = (rng.standard_normal(shape) for shape in ((batch, n), (n, m), (batch, m)))
        H = np.tanh(X @ W)
        claimed = X.T @ ((H - T) * (1 - H**2))
        first, second = rng.permutation(n * m).reshape(-1)[:4].reshape(2, 2)
        apart = np.abs(claimed.flat[first] - claimed.flat[second])
        if np.all(apart > 0.1 * np.abs(claimed).max()):
            break
    claimed.flat[[*first, *second]] = claimed.flat[[*second, *first]]
    return {"X": X, "W": W, "T": T, "claimed": claimed, "step": 0.01}


def signed_sum(X: Array, W: Array, T: Array, claimed: Array, step: float) -> Value:
    """The check that is to be mended: signed differences cancel."""
    D = entry_quotients(X, W, T, step, step)
    return np.full(W.shape, int(abs(np.sum(claimed - D)) > 0.01 * np.abs(D).max()))


def to_one_side(X: Array, W: Array, T: Array, claimed: Array, step: float) -> Value:
    D = entry_quotients(X, W, T, step, 0)
    return (np.abs(claimed - D) > 0.01 * np.abs(D).max()).astype(int)


def one_direction(X: Array, W: Array, T: Array, claimed: Array, step: float) -> Value:
    D = entry_quotients(X, W, T, step, step)
    return (claimed - D > 0.01 * np.abs(D).max()).astype(int)


EXERCISES = (
    Exercise(
        number="0.1",
        reference=standard_error,
        public_cases=(
            {"draws": np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 60.0]])},
            {"draws": np.array([[4.0], [6.0], [8.0], [2.0]])},
        ),
        draw_case=draw_measurements,
        rtol=1e-9,  # sums of a few dozen numbers of one size, and two roots
        wrong_answers={
            "This is the std of one draw; their mean scatters less, by √n.": lambda draws: (
                draws.std(axis=0, ddof=1)
            ),
            "This divides by n; the std of a mean falls with √n.": lambda draws: (
                draws.std(axis=0, ddof=1) / len(draws)
            ),
            "This is the variance of the mean: its root is missing.": lambda draws: (
                draws.var(axis=0, ddof=1) / len(draws)
            ),
            "This divides the squares by n; the draws' own std takes n − 1.": lambda draws: (
                draws.std(axis=0) / np.sqrt(len(draws))
            ),
            "This is one std for all columns; each column has its own.": lambda draws: np.full(
                draws.shape[1], draws.std(ddof=1) / np.sqrt(len(draws))
            ),
            "This counts all numbers as draws; n is the number of rows.": lambda draws: (
                draws.std(axis=0, ddof=1) / np.sqrt(draws.size)
            ),
        },
    ),
    Exercise(
        number="0.2",
        reference=weight_gradient,
        public_cases=(
            {
                "X": np.array([[1.0, 2.0]]),
                "W": np.array([[0.5], [-0.25]]),
                "b": np.array([0.5]),
                "upstream": np.array([[2.0]]),
            },
            {
                "X": np.array([[1.0, -1.0], [0.5, 2.0], [0.0, 1.0]]),
                "W": np.array([[0.1, 0.4], [-0.3, 0.2]]),
                "b": np.array([0.0, 1.0]),
                "upstream": np.array([[1.0, 0.5], [-1.0, 2.0], [0.25, 1.0]]),
            },
        ),
        draw_case=draw_layer,
        rtol=1e-7,  # sums over a batch, which may be taken in another order and may nearly cancel
        wrong_answers={
            "The slope of the tanh is missing.": lambda X, W, b, upstream: X.T @ upstream,
            "The bias is missing where the slope is taken.": lambda X, W, b, upstream: (
                X.T @ (upstream * slope(X @ W))
            ),
            "This is the transpose of the gradient, which has the shape of W.": (
                lambda X, W, b, upstream: (upstream * slope(X @ W + b)).T @ X
            ),
            "This is divided by the batch; the gradient of W is a sum over it.": (
                lambda X, W, b, upstream: weight_gradient(X, W, b, upstream) / len(X)
            ),
            "This multiplies by tanh itself; its slope is wanted.": lambda X, W, b, upstream: (
                X.T @ (upstream * np.tanh(X @ W + b))
            ),
            "The slope is taken at H; it belongs at XW + b.": lambda X, W, b, upstream: (
                X.T @ (upstream * slope(np.tanh(X @ W + b)))
            ),
            "The slope of a tanh is 1 − H², not 1 − H.": lambda X, W, b, upstream: (
                X.T @ (upstream * (1 - np.tanh(X @ W + b)))
            ),
        },
    ),
    Exercise(
        number="D0.3",
        reference=wrong_entries,
        public_cases=(
            draw_claim(np.random.default_rng(0)),
            draw_claim(np.random.default_rng(1)),
        ),
        draw_case=draw_claim,
        rtol=1e-9,  # zeros and ones
        wrong_answers={
            "Signed differences cancel: exchanged entries pass.": signed_sum,
            "This quotient goes to one side only.": to_one_side,
            "This finds only entries that are too large; some are too small.": one_direction,
            "This marks the right entries.": lambda **case: 1 - wrong_entries(**case),
            "This is a count; mark each entry.": lambda **case: wrong_entries(**case).sum(),
            "This looks at whole rows; mark each entry.": lambda **case: np.broadcast_to(
                wrong_entries(**case).max(axis=1)[:, None], case["W"].shape
            ),
        },
    ),
)
