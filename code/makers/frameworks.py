"""What PyTorch, Keras and JAX do where the book does something else: the tables of that page.

All of it is read off weights that the frameworks draw, so that no private function is asked and no
documentation believed. Keras and JAX are among what the tests need (requirements-test.txt):

    PYTHONPATH=code python -m makers.frameworks    # writes back/frameworks-*.csv
"""

import csv
import os
from fractions import Fraction
from itertools import count
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import keras
import numpy as np
import torch
from jax.example_libraries import stax
from torch import nn

from initbook import initializers as book
from initbook.fans import fans

FOLDER = Path(__file__).parents[2] / "back"
VERSIONS = {
    "PyTorch": torch.__version__.partition("+")[0],
    "Keras": keras.__version__,
    "JAX": jax.__version__,
}
MODES = ("fan_in", "fan_out")
NOTHING = "–"
IN, OUT = 300, 500  # rectangular: each fan leaves another trace
SHAPE = (IN, OUT)
MANY = (1000, 1000)

J = jax.nn.initializers
K = keras.initializers
rng = np.random.default_rng(0)
keys = map(jax.random.key, count())

# Weights, as arrays, however a framework makes them.


def by_torch(fill, shape):
    """A torch function that fills a tensor, on a weight of the book's shape (in, out)."""
    return fill(torch.empty(*shape[::-1])).numpy().T


def by_jax(init, shape):
    return np.asarray(init(next(keys), shape))


def keras_weights(layer, *shapes):
    layer.build(*shapes)
    return [np.asarray(weight) for weight in layer.weights]


def stax_weights(layer, *shape):
    init, _ = layer
    return [np.asarray(weight) for weight in init(next(keys), shape)[1]]


# Fans: which n a framework divides by.


def counted(draw):
    """n, from the bound √(3/n) of a uniform weight; enough draws for the largest to round to it."""
    largest = number = 0
    while True:
        W = np.abs(draw())
        largest, number = max(largest, float(W.max())), number + W.size
        if number > 80 * 3 / largest**2:
            return round(3 / largest**2)


def pair(draw):
    """(fan_in, fan_out) as `draw(mode)` shows them."""
    try:
        return ", ".join(str(counted(lambda mode=mode: draw(mode))) for mode in MODES)
    except ValueError:
        return "refused"


def torch_fans(*shape):
    def draw(mode):
        return nn.init.kaiming_uniform_(
            torch.empty(shape), mode=mode, nonlinearity="linear"
        ).numpy()

    return pair(draw)


def keras_fans(layer, *shapes):
    return pair(
        lambda mode: keras_weights(layer(K.VarianceScaling(1, mode, "uniform")), *shapes)[0]
    )


def jax_fans(*shape):
    return pair(lambda mode: by_jax(J.variance_scaling(1, mode, "uniform"), shape))


def book_fans(shape, kind, **options):
    return ", ".join(map(str, fans(shape, kind, **options)))


def fan_rows():
    """A weight; its fans, (fan_in, fan_out), as each one counts them."""
    L = keras.layers
    image = lambda channels: (None, 16, 16, channels)  # noqa: E731
    yield (
        "dense, 300 → 500",
        book_fans(SHAPE, "dense"),
        torch_fans(OUT, IN),
        keras_fans(lambda init: L.Dense(OUT, kernel_initializer=init), (None, IN)),
        jax_fans(*SHAPE),
    )
    yield (
        "a weight (300, 500) of one's own, used as `X @ W`",
        book_fans(SHAPE, "dense"),
        torch_fans(*SHAPE),
        keras_fans(lambda init: L.Dense(OUT, kernel_initializer=init), (None, IN)),
        jax_fans(*SHAPE),
    )
    yield (
        "convolution 3 × 3, 30 → 50",
        book_fans((3, 3, 30, 50), "convolution"),
        torch_fans(50, 30, 3, 3),
        keras_fans(lambda init: L.Conv2D(50, 3, kernel_initializer=init), image(30)),
        jax_fans(3, 3, 30, 50),
    )
    yield (
        "convolution 4 × 4 with stride 2, 30 → 50",
        book_fans((4, 4, 30, 50), "convolution", stride=2),
        torch_fans(50, 30, 4, 4),
        keras_fans(lambda init: L.Conv2D(50, 4, 2, kernel_initializer=init), image(30)),
        jax_fans(4, 4, 30, 50),
    )
    yield (
        "grouped convolution 3 × 3, 60 → 120 in 3 groups",
        book_fans((3, 3, 20, 120), "convolution", groups=3),
        torch_fans(120, 20, 3, 3),
        keras_fans(lambda init: L.Conv2D(120, 3, groups=3, kernel_initializer=init), image(60)),
        jax_fans(3, 3, 20, 120),
    )
    yield (
        "depthwise convolution 3 × 3, 64 → 128",
        book_fans((3, 3, 1, 128), "convolution", groups=64),
        torch_fans(128, 1, 3, 3),
        keras_fans(
            lambda init: L.DepthwiseConv2D(3, depth_multiplier=2, depthwise_initializer=init),
            image(64),
        ),
        jax_fans(3, 3, 1, 128),
    )
    for stride in (1, 2):
        yield (
            f"transposed convolution 4 × 4{' with stride 2' * (stride == 2)}, 40 → 60",
            book_fans((4, 4, 40, 60), "transposed", stride=stride),
            torch_fans(40, 60, 4, 4),
            keras_fans(
                lambda init, stride=stride: L.Conv2DTranspose(
                    60, 4, stride, kernel_initializer=init
                ),
                image(40),
            ),
            jax_fans(4, 4, 40, 60),
        )
    yield (
        "embedding of 1000 words, 300 wide",
        book_fans((1000, 300), "embedding"),
        torch_fans(1000, 300),
        keras_fans(lambda init: L.Embedding(1000, 300, embeddings_initializer=init), (None, 7)),
        jax_fans(1000, 300),
    )
    yield (
        "attention's query, 200 → 200; packed with key and value in PyTorch, and so taken for JAX",
        book_fans((200, 600), "dense", packed=3),
        torch_fans(*nn.MultiheadAttention(200, 4).in_proj_weight.shape),
        keras_fans(
            lambda init: L.MultiHeadAttention(4, 50, kernel_initializer=init),
            (None, 7, 200), (None, 7, 200),
        ),
        jax_fans(200, 600),
    )  # fmt: skip
    yield "a vector of 500", "refused", torch_fans(500), keras_vector(), jax_fans(500)


def keras_vector():
    return pair(lambda mode: np.asarray(K.VarianceScaling(1, mode, "uniform")((500,))))


# Laws.


def law(W):
    """The distribution's name, by its largest number: √3 σ, 2.27 σ, or a normal's 4 σ and more."""
    std = float(W.std())
    if std == 0:
        return f"all {W.flat[0]:g}"
    reach = float(np.abs(W).max()) / std
    return "uniform" if reach < 1.75 else "truncated normal" if reach < 2.3 else "normal"


def nvar(W, n):
    """The law and n Var(w), as a fraction."""
    return f"{law(W)}, {simple(n * float(W.var()))}"


def simple(number):
    """The fraction with a small denominator that a measured number means, to 3 %."""
    fractions = (Fraction(round(number * d), d) for d in range(1, 13))
    return str(next(f for f in fractions if abs(number - f) < 0.03 * f))


def spread(W):
    return f"{law(W)}, std `{W.std():.2g}`"


def span(W):
    low, high = float(W.min()), float(W.max())
    return f"uniform, `{low if low < -high / 100 else 0:.2g}` to `{high:.2g}`"


def scheme_rows():
    """A scheme; the law that each one draws for 300 → 500, with fan_in · Var(w)."""
    named = {
        "LeCun normal": (book.lecun_normal(), None, K.LecunNormal(), J.lecun_normal()),
        "LeCun uniform": (book.lecun_uniform(), None, K.LecunUniform(), J.lecun_uniform()),
        "Xavier (Glorot) normal": (
            book.xavier_normal(), nn.init.xavier_normal_, K.GlorotNormal(), J.glorot_normal(),
        ),
        "Xavier (Glorot) uniform": (
            book.xavier_uniform(), nn.init.xavier_uniform_, K.GlorotUniform(), J.glorot_uniform(),
        ),
        "He (Kaiming) normal": (
            book.he_normal(), nn.init.kaiming_normal_, K.HeNormal(), J.he_normal(),
        ),
        "He (Kaiming) uniform": (
            book.he_uniform(), nn.init.kaiming_uniform_, K.HeUniform(), J.he_uniform(),
        ),
    }  # fmt: skip
    for name, (ours, fill, of_keras, of_jax) in named.items():
        yield (
            name,
            nvar(ours(rng, SHAPE), IN),
            nvar(by_torch(fill, SHAPE), IN) if fill else NOTHING,
            nvar(np.asarray(of_keras(SHAPE)), IN),
            nvar(by_jax(of_jax, SHAPE), IN),
        )
    yield (
        "what the argument 4 does to Var(w): `scale`, `gain`",
        *map(times, (
            lambda a: book.variance_scaling(a, "fan_in", "uniform")(rng, SHAPE),
            lambda a: by_torch(lambda w: nn.init.xavier_uniform_(w, gain=a), SHAPE),
            lambda a: np.asarray(K.VarianceScaling(a, "fan_in", "uniform")(SHAPE)),
            lambda a: by_jax(J.variance_scaling(a, "fan_in", "uniform"), SHAPE),
        )),
    )  # fmt: skip
    yield (
        "truncated normal, asked for the std `0.1`",
        spread(book.truncated_normal(0.1)(rng, MANY)),
        spread(nn.init.trunc_normal_(torch.empty(MANY), std=0.1).numpy()),
        spread(np.asarray(K.TruncatedNormal(stddev=0.1)(MANY))),
        spread(by_jax(J.truncated_normal(0.1), MANY)),
    )
    yield (
        "normal, if no width is given",
        "refused",
        spread(nn.init.normal_(torch.empty(MANY)).numpy()),
        spread(np.asarray(K.RandomNormal()(MANY))),
        spread(by_jax(J.normal(), MANY)),
    )
    yield (
        "uniform, if no range is given",
        "refused",
        span(nn.init.uniform_(torch.empty(MANY)).numpy()),
        span(np.asarray(K.RandomUniform()(MANY))),
        span(by_jax(J.uniform(), MANY)),
    )
    yield (
        "sparse: the connections counted",
        "incoming, or outgoing",
        sparse_side(nn.init.sparse_(torch.empty(OUT, IN), sparsity=0.9).numpy().T),
        NOTHING,
        NOTHING,
    )
    yield (
        "identity for a kernel of 4 taps: the tap that is 1, from 0",
        tap(book.identity()(rng, (4, 3, 3))[:, 0, 0]),
        tap(nn.init.dirac_(torch.empty(3, 3, 4)).numpy()[0, 0]),
        NOTHING,
        NOTHING,
    )
    yield "an initializer, called twice", *map(twice, twice_drawn())


def times(draw):
    return f"times {simple(float(draw(4.0).var() / draw(1.0).var()))}"


def sparse_side(W):
    rows, columns = ((W != 0).sum(axis=axis) for axis in (1, 0))
    sides = {"outgoing": rows, "incoming": columns}
    return ", ".join(side for side, counts in sides.items() if np.ptp(counts) == 0)


def tap(kernel):
    return str(int(np.flatnonzero(kernel)[0]))


def twice_drawn():
    ours, of_keras, of_jax = book.he_normal(), K.HeNormal(), J.he_normal()
    key = next(keys)
    yield lambda: ours(rng, SHAPE), "from one generator"
    yield lambda: by_torch(nn.init.kaiming_normal_, SHAPE), "from torch's generator"
    yield lambda: np.asarray(of_keras(SHAPE)), "as an object"
    yield lambda: np.asarray(of_jax(key, SHAPE)), "with one key"


def twice(draw_and_how):
    draw, how = draw_and_how
    return f"{'the same' if np.array_equal(draw(), draw()) else 'other'} weights, {how}"


# Defaults.


def default_rows():
    """A layer; what each framework gives it unless told otherwise, with fan_in · Var(w)."""
    L = keras.layers
    linear, dense = nn.Linear(IN, OUT), keras_weights(L.Dense(OUT), (None, IN))
    of_stax = stax_weights(stax.Dense(OUT), -1, IN)
    yield (
        "dense: weights",
        nvar(linear.weight.detach().numpy(), IN),
        nvar(dense[0], IN),
        nvar(of_stax[0], IN),
    )
    biases = torch.cat([nn.Linear(IN, OUT).bias.detach() for _ in range(100)]).numpy()
    yield (
        "dense: biases (fan_in · Var(b))",
        nvar(biases, IN),
        law(dense[1]),
        spread(stax_weights(stax.Dense(10**6), -1, 1)[1]),
    )
    convolution = nn.Conv2d(60, 100, 3)
    of_keras = keras_weights(L.Conv2D(100, 3), (None, 16, 16, 60))
    of_stax = stax_weights(stax.Conv(100, (3, 3)), 1, 16, 16, 60)
    yield (
        "convolution: weights",
        nvar(convolution.weight.detach().numpy(), 540),
        nvar(of_keras[0], 540),
        nvar(of_stax[0], 540),
    )
    biases = torch.cat([nn.Conv2d(60, 100, 3).bias.detach() for _ in range(400)]).numpy()
    yield (
        "convolution: biases (fan_in · Var(b))",
        nvar(biases, 540),
        law(of_keras[1]),
        spread(stax_weights(stax.Conv(10**6, (1, 1)), 1, 1, 1, 1)[1]),
    )
    yield (
        "embedding",
        spread(nn.Embedding(4000, 300).weight.detach().numpy()),
        span(keras_weights(L.Embedding(4000, 300), (None, 7))[0]),
        NOTHING,
    )
    yield (
        "attention's query, 200 → 200",
        nvar(nn.MultiheadAttention(200, 4).in_proj_weight.detach().numpy(), 200),
        nvar(keras_weights(L.MultiHeadAttention(4, 50), (None, 7, 200), (None, 7, 200))[0], 200),
        NOTHING,
    )


def tables():
    """Name and lines of each table; a line on which all agree is left out."""
    torch.manual_seed(0)
    keras.utils.set_random_seed(0)
    frameworks = [f"{name} {version}" for name, version in VERSIONS.items()]
    for name, rows, first in (
        ("fans", fan_rows(), ["Weight", "The book"]),
        ("schemes", scheme_rows(), ["Scheme", "The book"]),
        ("defaults", default_rows(), ["Layer"]),
    ):
        kept = [list(row) for row in rows if len(set(row[1:]) - {NOTHING}) > 1]
        yield name, [[*first, *frameworks], *kept]


def main():
    for name, lines in tables():
        path = FOLDER / f"frameworks-{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(lines)
        print(f"{path.name}: {len(lines) - 1} lines")


if __name__ == "__main__":
    main()
