"""What PyTorch, Keras and JAX do where the book does something else: the tables of chapter 7.

All of it is read off weights that the frameworks draw, so that no private function is asked and no
documentation believed. JAX has no layers; those of Flax stand in for them:

    PYTHONPATH=code python -m makers.frameworks    # writes deeper/frameworks/*.csv
"""

import csv
import os
from fractions import Fraction
from itertools import count
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")

import flax
import jax
import keras
import numpy as np
import torch
from flax import nnx
from torch import nn

from initbook import initializers as book
from initbook.fans import fans

FOLDER = Path(__file__).parents[2] / "deeper" / "frameworks"
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
rngs = nnx.Rngs(0)

# Weights, as arrays, however a framework makes them.


def by_torch(fill, shape):
    """A torch function that fills a tensor, on a weight of the book's shape (in, out)."""
    return fill(torch.empty(*shape[::-1])).numpy().T


def by_jax(init, shape):
    return np.asarray(init(next(keys), shape))


def keras_weights(layer, *shapes):
    layer.build(*shapes)
    return [np.asarray(weight) for weight in layer.weights]


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
    if W.ndim == 2 and is_orthogonal(W):
        return "orthogonal"
    reach = float(np.abs(W).max()) / std
    return "uniform" if reach < 1.75 else "truncated normal" if reach < 2.3 else "normal"


def is_orthogonal(W):
    small = W if W.shape[0] < W.shape[1] else W.T
    return np.allclose(small @ small.T, np.eye(len(small)), atol=1e-4)


def nvar(W, n):
    """The law and n Var(w), as a fraction."""
    return f"{law(W)}, {simple(n * float(W.var()))}"


def simple(number):
    """The fraction with a small denominator that a measured number means, to 3 %; or two digits."""
    fractions = (Fraction(round(number * d), d) for d in range(1, 13))
    return str(next((f for f in fractions if abs(number - f) < 0.03 * f), f"`{number:.2g}`"))


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
    """A layer; what each framework gives it unless told otherwise, as law and fan_in · Var.

    fan_in is the book's count. A small weight is drawn many times over, so that its variance shows.
    """
    L = keras.layers

    def of_torch(make, key="weight", times=1):
        return np.concatenate([getattr(make(), key).detach().numpy() for _ in range(times)])

    def of_keras(make, number, *shapes, times=1):
        return np.concatenate([keras_weights(make(), *shapes)[number] for _ in range(times)])

    def of_flax(make, key="kernel", times=1):
        return np.concatenate([np.asarray(getattr(make(), key)[...]) for _ in range(times)])

    image = (None, 16, 16, 60)
    sequence = (None, 7, 200)
    of_conv = lambda key="kernel": of_flax(lambda: nnx.Conv(60, 100, (3, 3), rngs=rngs), key)  # noqa: E731
    yield (
        "dense, 300 → 500",
        nvar(of_torch(lambda: nn.Linear(IN, OUT)), IN),
        nvar(of_keras(lambda: L.Dense(OUT), 0, (None, IN)), IN),
        nvar(of_flax(lambda: nnx.Linear(IN, OUT, rngs=rngs)), IN),
    )
    yield (
        "its biases",
        nvar(of_torch(lambda: nn.Linear(IN, OUT), "bias", 100), IN),
        law(of_keras(lambda: L.Dense(OUT), 1, (None, IN))),
        law(of_flax(lambda: nnx.Linear(IN, OUT, rngs=rngs), "bias")),
    )
    yield (
        "convolution 3 × 3, 60 → 100",
        nvar(of_torch(lambda: nn.Conv2d(60, 100, 3)), 540),
        nvar(of_keras(lambda: L.Conv2D(100, 3), 0, image), 540),
        nvar(of_conv(), 540),
    )
    yield (
        "its biases",
        nvar(of_torch(lambda: nn.Conv2d(60, 100, 3), "bias", 400), 540),
        law(of_keras(lambda: L.Conv2D(100, 3), 1, image)),
        law(of_conv("bias")),
    )
    yield (
        "depthwise convolution 3 × 3 on 60 channels",
        nvar(of_torch(lambda: nn.Conv2d(60, 60, 3, groups=60), times=100), 9),
        nvar(of_keras(lambda: L.DepthwiseConv2D(3), 0, image, times=100), 9),
        nvar(
            of_flax(lambda: nnx.Conv(60, 60, (3, 3), feature_group_count=60, rngs=rngs), times=100),
            9,
        ),
    )
    yield (
        "transposed convolution 4 × 4 with stride 2, 60 → 60",
        nvar(of_torch(lambda: nn.ConvTranspose2d(60, 60, 4, 2)), 240),
        nvar(of_keras(lambda: L.Conv2DTranspose(60, 4, 2), 0, image), 240),
        nvar(of_flax(lambda: nnx.ConvTranspose(60, 60, (4, 4), (2, 2), rngs=rngs)), 240),
    )
    yield (
        "embedding, 300 wide",
        spread(of_torch(lambda: nn.Embedding(4000, 300))),
        span(of_keras(lambda: L.Embedding(4000, 300), 0, (None, 7))),
        spread(of_flax(lambda: nnx.Embed(4000, 300, rngs=rngs), "embedding")),
    )
    attention = lambda: nn.MultiheadAttention(200, 4)  # noqa: E731
    of_attention = lambda number: of_keras(  # noqa: E731
        lambda: L.MultiHeadAttention(4, 50), number, sequence, sequence
    )
    flax_attention = nnx.MultiHeadAttention(4, 200, rngs=rngs)
    yield (
        "attention: the query, 200 → 200",
        nvar(of_torch(attention, "in_proj_weight"), 200),
        nvar(of_attention(0), 200),
        nvar(of_flax(lambda: flax_attention.query), 200),
    )
    yield (
        "attention: the output, 200 → 200",
        nvar(attention().out_proj.weight.detach().numpy(), 200),
        nvar(of_attention(6), 200),
        nvar(of_flax(lambda: flax_attention.out), 200),
    )
    lstm = lambda: nn.LSTM(200, 200)  # noqa: E731
    cell, packed = (C(200, 200, rngs=rngs) for C in (nnx.LSTMCell, nnx.OptimizedLSTMCell))
    reads_input = (
        nvar(of_torch(lstm, "weight_ih_l0"), 200),
        nvar(of_keras(lambda: L.LSTM(200), 0, sequence), 200),
    )
    reads_state = (
        nvar(of_torch(lstm, "weight_hh_l0"), 200),
        nvar(of_keras(lambda: L.LSTM(200), 1, sequence), 200),
    )
    for name, one, other in (
        ("LSTMCell", cell.ii, cell.hi),
        ("OptimizedLSTMCell", packed.dense_i, packed.dense_h),
    ):
        yield (
            f"LSTM, 200 → 200 (Flax's {name}): what reads the input",
            *reads_input,
            nvar(of_flax(lambda one=one: one), 200),
        )
        yield (
            f"LSTM (Flax's {name}): what reads the state",
            *reads_state,
            nvar(of_flax(lambda other=other: other), 200),
        )
    forget = slice(200, 400)  # the second gate, in PyTorch and in Keras
    biases = [of_torch(lstm, "bias_ih_l0")[forget] for _ in range(400)]
    yield (
        "LSTM: the forget gate's bias (PyTorch has two, which add up; one of them)",
        nvar(np.concatenate(biases), 200),
        law(of_keras(lambda: L.LSTM(200), 2, sequence)[forget]),
        law(of_flax(lambda: cell.hf, "bias")),
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
        heads = [*frameworks[:2], f"Flax {flax.__version__}"] if name == "defaults" else frameworks
        yield name, [[*first, *heads], *kept]


def main():
    for name, lines in tables():
        path = FOLDER / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(lines)
        print(f"{path.name}: {len(lines) - 1} lines")


if __name__ == "__main__":
    main()
