"""Graded exercises of chapter 1, Where learning starts."""

import numpy as np

from initbook.exercises.exercise import Array, Case, Exercise, Value


def rate_bound(power: float, x0: float) -> Value:
    """The rate at which a first step on |x|^p leads from x0 to −x0: 2 / (p |x0|^(p − 2))."""
    return 2 / (power * abs(x0) ** (power - 2))


def draw_valley(rng: np.random.Generator) -> Case:
    sign = rng.choice([-1, 1])
    return {"power": float(rng.uniform(2.5, 8)), "x0": float(sign * rng.uniform(1.5, 6))}


def train_twins(
    x: Array, t: Array, w: float, b: float, v: float, c: float, n: int, rate: float, steps: int
) -> Value:
    """Gradient descent on half the mean squared error of n equal sigmoid units."""
    return [*descend(x, t, np.array([w, b, v, c]), n, [rate] * 4, steps)]


def descend(x: Array, t: Array, net: Array, n: float, rates: list[float], steps: int) -> Array:
    """The same with a rate for each of the four numbers."""
    for _ in range(steps):
        net = net - rates * slopes(x, t, net, n)
    return net


def slopes(x: Array, t: Array, net: Array, n: float) -> Array:
    w, b, v, c = net
    h = 1 / (1 + np.exp(-(w * x + b)))
    e = n * v * h + c - t
    back = e * v * h * (1 - h)
    return np.array([np.mean(back * x), np.mean(back), np.mean(e * h), np.mean(e)])


def one_after_another(
    x: Array, t: Array, w: float, b: float, v: float, c: float, n: int, rate: float, steps: int
) -> Value:
    """A fault: each gradient is taken where the numbers before it have moved already."""
    net = np.array([w, b, v, c])
    for _ in range(steps):
        for place in (3, 2, 1, 0):
            net[place] -= rate * slopes(x, t, net, n)[place]
    return [*net]


def slope_forgotten(
    x: Array, t: Array, w: Value, b: Value, v: Value, c: Value, n: int, rate: float, steps: int
) -> Value:
    for _ in range(steps):
        h = 1 / (1 + np.exp(-(w * x + b)))
        e = n * v * h + c - t
        w, b = w - rate * np.mean(e * v * x), b - rate * np.mean(e * v)
        v, c = v - rate * np.mean(e * h), c - rate * np.mean(e)
    return [w, b, v, c]


def draw_twins(rng: np.random.Generator) -> Case:
    points = int(rng.integers(5, 12))
    x = rng.uniform(-2, 2, points)
    return {
        "x": x,
        "t": np.sin(2 * x) + rng.uniform(0.5, 1.5),
        "w": float(rng.uniform(0.5, 1.5)),
        "b": float(rng.uniform(0.2, 0.8)),
        "v": float(rng.uniform(0.5, 1)),
        "c": float(rng.uniform(-0.5, 0.5)),
        "n": int(rng.integers(3, 9)),
        "rate": float(rng.uniform(0.02, 0.05)),
        "steps": int(rng.integers(3, 12)),
    }


def different_units(W: Array, b: Array, V: Array) -> Value:
    """How many units differ from each other in what comes in, the bias, or what goes out."""
    units = np.vstack([W, b, V.T])
    return len(np.unique(units, axis=1).T)


def draw_twin_layer(rng: np.random.Generator) -> Case:
    """Some units are copies, and some are copies in two of the three parts only."""
    inputs, outputs = int(rng.integers(2, 6)), int(rng.integers(2, 6))
    kinds = int(rng.integers(12, 16))  # more than the rank can be
    W = rng.standard_normal((inputs, kinds))
    b, V = rng.standard_normal(kinds), rng.standard_normal((kinds, outputs))
    W, b, V = np.tile(W, (1, 3)), np.tile(b, 3), np.tile(V, (3, 1))
    b[kinds] += 1e-9  # the second copies: one has another bias, one another outgoing weight
    V[kinds + 1, -1] += 1
    W[-1, 2 * kinds] += 1  # of the third copies one has another incoming weight
    order = rng.permutation(3 * kinds)
    return {"W": W[:, order], "b": b[order], "V": V[order]}


EXERCISES = (
    Exercise(
        number="1.2",
        reference=rate_bound,
        public_cases=({"power": 4.0, "x0": 10.0}, {"power": 2.0, "x0": -3.0}),
        draw_case=draw_valley,
        rtol=1e-9,  # one power and a quotient
        wrong_answers={
            "This is half of the bound: that rate lands on the bottom in one step.": (
                lambda power, x0: rate_bound(power, x0) / 2
            ),
            "This is the bound of x⁴, whatever the power.": lambda power, x0: rate_bound(4, x0),
            "The power of the start is one too high: p − 1 for p − 2.": lambda power, x0: (
                rate_bound(power, x0) / abs(x0)
            ),
            "The factor p of the slope is missing.": lambda power, x0: (
                power * rate_bound(power, x0)
            ),
            "This has the sign of the start; a rate has none.": lambda power, x0: (
                np.sign(x0) * rate_bound(power, x0)
            ),
            "The start is missing: this is the bound for x₀ = 1.": lambda power, x0: rate_bound(
                power, 1
            ),
        },
    ),
    Exercise(
        number="1.3",
        reference=train_twins,
        public_cases=(
            {
                "x": np.array([-1.0, 0.0, 2.0]),
                "t": np.array([0.0, 1.0, 0.5]),
                "w": 1.0,
                "b": 0.5,
                "v": 0.25,
                "c": 0.1,
                "n": 8,
                "rate": 0.05,
                "steps": 1,
            },
            {
                "x": np.array([-1.5, -0.5, 0.5, 1.0]),
                "t": np.array([1.0, 0.0, 2.0, 1.0]),
                "w": 0.8,
                "b": 0.4,
                "v": 0.5,
                "c": -0.3,
                "n": 3,
                "rate": 0.03,
                "steps": 20,
            },
        ),
        draw_case=draw_twins,
        rtol=1e-7,  # a few steps of sums that may be taken in another order
        wrong_answers={
            "This trains one unit: n is missing in the output.": lambda n, **rest: train_twins(
                n=1, **rest
            ),
            "This is the chain of width 1 with one rate for all; u = nv needs another.": (
                lambda x, t, w, b, v, c, n, rate, steps: (
                    descend(x, t, np.array([w, b, n * v, c]), 1, [rate] * 4, steps)
                    / np.array([1, 1, n, 1])
                )
            ),
            "The chain's rates for w and b and for u are the wrong way round.": (
                lambda x, t, w, b, v, c, n, rate, steps: (
                    descend(
                        x,
                        t,
                        np.array([w, b, n * v, c]),
                        1,
                        [n * rate, n * rate, rate / n, rate],
                        steps,
                    )
                    / np.array([1, 1, n, 1])
                )
            ),
            "This returns nv where v is wanted.": lambda n, **rest: (
                train_twins(n=n, **rest) * np.array([1, 1, n, 1])
            ),
            "One number is moved before the next one's gradient is taken.": one_after_another,
            "The slope of the sigmoid is missing on the way back.": slope_forgotten,
            "This sums over the points; the loss is a mean.": lambda x, rate, **rest: train_twins(
                x=x, rate=len(x) * rate, **rest
            ),
            "The loss has a half: every gradient here is twice too large.": lambda rate, **rest: (
                train_twins(rate=2 * rate, **rest)
            ),
            "The output's bias c does not move here.": lambda x, t, w, b, v, c, n, rate, steps: [
                *descend(x, t, np.array([w, b, v, c]), n, [rate, rate, rate, 0], steps)
            ],
        },
    ),
    Exercise(
        number="D1.1",
        reference=different_units,
        public_cases=(
            {
                "W": np.array([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]),
                "b": np.array([0.0, 0.0, 0.0]),
                "V": np.array([[3.0], [3.0], [3.0]]),
            },
            {
                "W": np.array([[1.0, 2.0, 1.0, 1.0, 1.0]]),
                "b": np.array([0.0, 0.0, 0.0, 0.5, 0.0]),
                "V": np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.25]]),
            },
            {
                "W": np.array([[1.0, 1.0, 1.0, 2.0, 3.0, 4.0]]),
                "b": np.array([0.0, 1e-9, 0.0, 0.0, 0.0, 0.0]),
                "V": np.full((6, 1), 3.0),
            },
        ),
        draw_case=draw_twin_layer,
        rtol=1e-12,  # a count
        wrong_answers={
            "This compares the incoming weights alone.": lambda W, b, V: len(
                np.unique(W, axis=1).T
            ),
            "The biases are not compared.": lambda W, b, V: different_units(W, 0 * b, V),
            "The outgoing weights are not compared.": lambda W, b, V: different_units(W, b, 0 * V),
            "This counts rows of W; a unit is a column.": lambda W, b, V: len(np.unique(W, axis=0)),
            "This rounds first; twins are exactly equal.": lambda W, b, V: different_units(
                W.round(6), b.round(6), V.round(6)
            ),
            "This is a rank; units may differ and still depend on each other.": lambda W, b, V: (
                np.linalg.matrix_rank(np.vstack([W, b, V.T]))
            ),
            "This counts all units, and twins count once.": lambda W, b, V: len(b),
        },
    ),
)
