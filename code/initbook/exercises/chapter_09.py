"""Graded exercises of chapter 9, Taming gradients."""

from collections.abc import Callable

import numpy as np

from initbook.exercises.exercise import Array, Case, Exercise, Value


def quotients(X: Array, W: Array, T: Array, up: float, down: float) -> Array:
    """(loss at +up − loss at −down) / (up + down) in every entry of W, for ½ Σ (tanh(XW) − T)²."""
    D = np.zeros(W.shape)
    for place in np.ndindex(W.shape):
        losses = []
        for step in (up, -down):
            moved = W.astype(float)
            moved[place] += step
            losses.append(np.sum((np.tanh(X @ moved) - T) ** 2) / 2)
        D[place] = (losses[0] - losses[1]) / (up + down)
    return D


def check_gradient(X: Array, W: Array, T: Array, claimed: Array, step: float) -> Value:
    """‖claimed − D‖ / (‖claimed‖ + ‖D‖), with D the central difference quotients."""
    D = quotients(X, W, T, step, step)
    return np.linalg.norm(claimed - D) / (np.linalg.norm(claimed) + np.linalg.norm(D))


def draw_claim(rng: np.random.Generator) -> Case:
    """A layer, and a gradient with a fault: the slope forgotten, a factor, or one row zero."""
    n, m, batch = (int(k) for k in rng.integers(2, 6, size=3))
    X, W, T = (rng.standard_normal(shape) for shape in ((batch, n), (n, m), (batch, m)))
    H = np.tanh(X @ W)
    kind = int(rng.integers(3))
    claimed = X.T @ ((H - T) * (1 if kind == 0 else 1 - H**2))
    if kind == 1:
        claimed *= rng.uniform(1.2, 3)
    if kind == 2:
        claimed[int(rng.integers(n))] = 0
    return {"X": X, "W": W, "T": T, "claimed": claimed, "step": float(rng.uniform(0.01, 0.03))}


def wrong_check(
    up: float = 1, down: float = 1, factor: float = 1, ratio: Callable[..., Value] | None = None
) -> Callable[..., Value]:
    """A check with another quotient, or another ratio of what was claimed and measured."""

    def answer(X: Array, W: Array, T: Array, claimed: Array, step: float) -> Value:
        D = factor * quotients(X, W, T, up * step, down * step)
        if ratio is not None:
            return ratio(claimed, D)
        return np.linalg.norm(claimed - D) / (np.linalg.norm(claimed) + np.linalg.norm(D))

    return answer


def clip_together(gradients: list[Array], most: float) -> Value:
    """All entries times min(1, most / their common length), in one long array."""
    together = np.concatenate([np.ravel(g) for g in gradients])
    return together * min(1, most / np.linalg.norm(together))


def draw_gradients(rng: np.random.Generator) -> Case:
    """Layers of unlike sizes; about one list in three is short enough as it is."""
    shapes = [tuple(int(n) for n in rng.integers(2, 6, size=2)) for _ in range(3)]
    gradients = [10 ** rng.uniform(-1, 1) * rng.standard_normal(shape) for shape in shapes]
    length = np.linalg.norm(np.concatenate([g.ravel() for g in gradients]))
    return {"gradients": gradients, "most": float(length * rng.uniform(0.2, 1.4))}


def each_layer_by_itself(gradients: list[Array], most: float) -> Value:
    return np.concatenate([clip_together([g], most) for g in gradients])


def rescaled_always(gradients: list[Array], most: float) -> Value:
    together = np.concatenate([np.ravel(g) for g in gradients])
    return together * most / np.linalg.norm(together)


def early_stop(losses: Array, patience: int) -> Value:
    """(where training stops, which check is restored)."""
    return stop_when(losses, patience)


def stop_when(
    losses: Array, patience: int, ties: bool = False, previous: bool = False
) -> tuple[int, int]:
    """The rule; `ties` takes an equal loss for a lower one, `previous` looks back one check."""
    best, waited = 0, 0
    for at in range(1, len(losses)):
        before = losses[at - 1] if previous else losses[best]
        lower = losses[at] < before or (ties and losses[at] == before)
        waited = 0 if lower else waited + 1
        if losses[at] < losses[best] or (ties and losses[at] == losses[best]):
            best = at
        if waited == patience:
            return at, best
    return len(losses) - 1, best


def draw_losses(rng: np.random.Generator) -> Case:
    """A noisy fall and rise in tenths, so that equal losses occur."""
    t = np.arange(40)
    bottom = rng.integers(5, 20)
    curve = 2 + 0.004 * (t - bottom) ** 2 + 0.15 * rng.standard_normal(40)
    return {"losses": np.round(curve, 1), "patience": int(rng.integers(2, 6))}


LAYER = {
    "X": np.array([[1.0, -2.0], [0.5, 0.3], [-1.0, 1.0]]),
    "W": np.array([[0.4, -0.7], [0.2, 0.9]]),
    "T": np.array([[0.0, 1.0], [1.0, 0.0], [0.5, -0.5]]),
}
FORGOTTEN = LAYER["X"].T @ (np.tanh(LAYER["X"] @ LAYER["W"]) - LAYER["T"])


def warmed_cosine(peak: float, warmup: int, total: int) -> Value:
    """peak (t + 1)/warmup below `warmup`, and half a cosine from peak towards 0 behind it."""
    return schedule(peak, warmup, total)


def schedule(
    peak: float,
    warmup: int,
    total: int,
    first: int = 1,
    begins: int = 0,
    ends: int = 0,
    waves: float = 0.5,
    from_zero: bool = False,
) -> Value:
    """Another first step, another end, more waves, or a cosine that does not wait."""
    rates = []
    for t in range(total):
        if t < warmup:
            rates.append(peak * (t + first) / warmup)
            continue
        share = t / total if from_zero else (t - warmup + begins) / (total - warmup + ends)
        rates.append(peak * (1 + np.cos(2 * np.pi * waves * share)) / 2)
    return np.array(rates)


def as_it_was(peak: float, warmup: int, total: int) -> Value:
    """The broken one of the page."""
    t = np.arange(total)
    return np.where(t < warmup, peak * t / warmup, peak * np.cos(np.pi * t / total))


def draw_schedule(rng: np.random.Generator) -> Case:
    warmup = int(rng.integers(2, 8))
    return {
        "peak": float(10 ** rng.uniform(-3, 0)),
        "warmup": warmup,
        "total": warmup + int(rng.integers(5, 20)),
    }


EXERCISES = (
    Exercise(
        number="9.1",
        reference=check_gradient,
        public_cases=(
            {**LAYER, "claimed": FORGOTTEN, "step": 0.01},
            {**LAYER, "claimed": np.ones((2, 2)), "step": 0.02},
        ),
        draw_case=draw_claim,
        rtol=1e-8,  # rounding of the losses over a step of 0.01 leaves some 1e-13
        wrong_answers={
            "This quotient goes to one side only.": wrong_check(down=0),
            "This divides by the step; its two points lie two steps apart.": wrong_check(factor=2),
            "This moves by twice the step.": wrong_check(up=2, down=2),
            "This is the absolute error; divide it by the two lengths.": wrong_check(
                ratio=lambda G, D: np.linalg.norm(G - D)
            ),
            "This divides by the quotients' length alone; add that of the claim.": wrong_check(
                ratio=lambda G, D: np.linalg.norm(G - D) / np.linalg.norm(D)
            ),
            "This compares the worst entries; lengths of whole gradients are wanted.": wrong_check(
                ratio=lambda G, D: np.max(np.abs(G - D)) / np.max(np.abs(G) + np.abs(D))
            ),
        },
    ),
    Exercise(
        number="9.2",
        reference=clip_together,
        public_cases=(
            {"gradients": [np.array([[3.0, 0.0]]), np.array([[0.0], [4.0]])], "most": 1.0},
            {"gradients": [np.array([[3.0, 0.0]]), np.array([[0.0], [4.0]])], "most": 10.0},
            {"gradients": [np.array([[3.0, 4.0]]), np.array([[0.0], [12.0]])], "most": 2.0},
        ),
        draw_case=draw_gradients,
        rtol=1e-9,  # a root, a quotient and products: rounding alone may differ
        wrong_answers={
            "This clips each layer by its own norm; one factor serves all.": each_layer_by_itself,
            "This lengthens short gradients; clipping only shortens.": rescaled_always,
            "This clips by value, entry by entry.": lambda gradients, most: np.concatenate(
                [np.clip(g, -most, most).ravel() for g in gradients]
            ),
            "This divides by the squared length: a root is missing.": lambda gradients, most: (
                clip_together(
                    gradients,
                    most**2 / np.linalg.norm(np.concatenate([g.ravel() for g in gradients])),
                )
            ),
            "Nothing is clipped here.": lambda gradients, most: clip_together(gradients, np.inf),
        },
    ),
    Exercise(
        number="9.3",
        reference=early_stop,
        public_cases=(
            {"losses": np.array([2.0, 1.5, 1.6, 1.4, 1.4, 1.5, 1.7, 1.3]), "patience": 3},
            {"losses": np.array([2.0, 1.5, 1.6, 1.2]), "patience": 3},
            {"losses": np.array([2.0, 1.5, 1.5, 1.6, 1.4, 1.45, 1.42, 1.5, 1.3]), "patience": 3},
        ),
        draw_case=draw_losses,
        rtol=1e-12,  # two whole numbers
        wrong_answers={
            "This restores the last weights, not the best.": lambda losses, patience: (
                [early_stop(losses, patience)[0]] * 2
            ),
            "An equal loss is no lower one.": lambda losses, patience: stop_when(
                losses, patience, ties=True
            ),
            "This compares with the check before; compare with the best.": (
                lambda losses, patience: stop_when(losses, patience, previous=True)
            ),
            "This stops one check too late.": lambda losses, patience: stop_when(
                losses, patience + 1
            ),
            "This looks at checks that come after the stop.": lambda losses, patience: (
                early_stop(losses, patience)[0],
                int(np.argmin(losses)),
            ),
        },
    ),
    Exercise(
        number="D9.3",
        reference=warmed_cosine,
        public_cases=(
            {"peak": 1.0, "warmup": 2, "total": 6},
            {"peak": 0.1, "warmup": 4, "total": 11},
        ),
        draw_case=draw_schedule,
        rtol=1e-7,  # a cosine near its end loses a few digits
        wrong_answers={
            "The first step has the rate 0, and is wasted.": lambda peak, warmup, total: schedule(
                peak, warmup, total, first=0
            ),
            "The cosine starts at step 0, so the rate jumps behind the warm-up.": (
                lambda peak, warmup, total: schedule(peak, warmup, total, from_zero=True)
            ),
            "This is a whole wave: the rate comes back up.": lambda peak, warmup, total: schedule(
                peak, warmup, total, waves=1
            ),
            "The last step has the rate 0, and is wasted.": lambda peak, warmup, total: schedule(
                peak, warmup, total, ends=-1
            ),
            "The step behind the warm-up is below the peak.": lambda peak, warmup, total: schedule(
                peak, warmup, total, begins=1, ends=1
            ),
            "Nothing is mended yet: three faults are left.": as_it_was,
            "This is a quarter of a wave: it ends at half of the peak.": (
                lambda peak, warmup, total: schedule(peak, warmup, total, waves=0.25)
            ),
        },
    ),
)
