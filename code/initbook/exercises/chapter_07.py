"""Graded exercises of chapter 7, Fans and frameworks."""

import math

import numpy as np

from initbook.exercises.exercise import Array, Case, Exercise, Value


def mean_fans(size: int, kernel: int, stride: int, padding: int) -> Value:
    """Products with real numbers, a mean over outputs and over inputs."""
    starts = np.arange(-padding, size + padding - kernel + 1, stride)
    places = starts[:, None] + np.arange(kernel)
    products = np.sum((places >= 0) & (places < size))
    return products / len(starts), products / size


def draw_convolution(rng: np.random.Generator) -> Case:
    kernel = int(rng.integers(3, 8))
    return {
        "size": int(rng.integers(8, 40)),
        "kernel": kernel,
        "stride": int(rng.integers(2, kernel + 1)),
        "padding": int(rng.integers(1, kernel)),
    }


def padding_counted(size: int, kernel: int, stride: int, padding: int) -> Value:
    outputs = (size + 2 * padding - kernel) // stride + 1
    return kernel, outputs * kernel / size


def no_stride(size: int, kernel: int, stride: int, padding: int) -> Value:
    return mean_fans(size, kernel, 1, padding)


def swapped(size: int, kernel: int, stride: int, padding: int) -> Value:
    fan_in, fan_out = mean_fans(size, kernel, stride, padding)
    return fan_out, fan_in


def one_end(size: int, kernel: int, stride: int, padding: int) -> Value:
    """As if the padding stood at the left end alone."""
    starts = np.arange(-padding, size - kernel + 1, stride)
    places = starts[:, None] + np.arange(kernel)
    products = np.sum((places >= 0) & (places < size))
    return products / len(starts), products / size


def lstm_biases(hidden: int, steps: int, keep: float) -> Value:
    """Gates i, f, g, o; σ(b)^steps = keep at the forget gate, and 0 elsewhere."""
    each = keep ** (1 / steps)
    biases = np.zeros(4 * hidden)
    biases[hidden : 2 * hidden] = np.log(each / (1 - each))
    return biases


def draw_memory(rng: np.random.Generator) -> Case:
    return {
        "hidden": int(rng.integers(2, 6)),
        "steps": int(rng.integers(5, 200)),
        "keep": float(rng.uniform(0.1, 0.9)),
    }


def first_gate(hidden: int, steps: int, keep: float) -> Value:
    return np.roll(lstm_biases(hidden, steps, keep), -hidden)


def all_gates(hidden: int, steps: int, keep: float) -> Value:
    return np.full(4 * hidden, lstm_biases(hidden, steps, keep)[hidden])


def name_frameworks(weights: list[Array]) -> Value:
    """For each weight (fan_in, fan_out): 0 for PyTorch's default, 1 for Keras', 2 for Flax's."""
    return [nearest(np.abs(W).max(), *W.shape) for W in weights]


def nearest(largest: float, n_in: int, n_out: int) -> int:
    """The framework whose bound is nearest to the largest weight."""
    bounds = [
        1 / math.sqrt(n_in),
        math.sqrt(6 / (n_in + n_out)),
        2 / math.sqrt(truncated_variance() * n_in),
    ]
    return int(np.argmin(np.abs(np.log(largest / np.array(bounds)))))


def truncated_variance() -> float:
    """Of a standard normal number cut at ±2."""
    density = math.exp(-2) / math.sqrt(2 * math.pi)
    return 1 - 4 * density / math.erf(math.sqrt(2))


def draw_dense_weight(rng: np.random.Generator) -> Array:
    """A weight of two widths that differ; far from the shapes in which two bounds agree."""
    n_in = int(rng.integers(60, 150))
    n_out = int(n_in * rng.choice([0.4, 0.7, 1, 1.4, 2.5, 8, 12]))
    which = int(rng.integers(3))
    if which == 2:
        W = rng.standard_normal((n_in, n_out))
        while np.any(beyond := np.abs(W) > 2):
            W[beyond] = rng.standard_normal(int(np.sum(beyond)))
        return W / math.sqrt(truncated_variance() * n_in)
    bound = 1 / math.sqrt(n_in) if which == 0 else math.sqrt(6 / (n_in + n_out))
    return rng.uniform(-bound, bound, (n_in, n_out))


def draw_weights(rng: np.random.Generator) -> Case:
    return {"weights": [draw_dense_weight(rng) for _ in range(4)]}


def by_variance_alone(weights: list[Array]) -> Value:
    """As if Keras' weights had n Var(w) between PyTorch's and Flax's in every shape."""
    n_vars = [W.shape[0] * W.var() for W in weights]
    return [0 if n_var < 0.5 else 1 if n_var < 0.9 else 2 for n_var in n_vars]


def by_law_alone(weights: list[Array]) -> Value:
    return [2 if np.abs(W).max() > 1.9 * W.std() else 0 for W in weights]


def torchs_layout(weights: list[Array]) -> Value:
    return name_frameworks([W.T for W in weights])


def swapped_layers(weights: list[Array]) -> Value:
    """1 for each (fan_in, fan_out) whose variance is nearer to 2/fan_out than to 2/fan_in."""
    return np.array([int(nearer_to_the_fan_out(W)) for W in weights])


def nearer_to_the_fan_out(W: Array) -> bool:
    distances = [abs(math.log(n * np.mean(W**2) / 2)) for n in W.shape]
    return distances[1] < distances[0] and W.shape[0] != W.shape[1]


def draw_relu_weights(rng: np.random.Generator) -> Case:
    """He's start, uniform or normal; some layers have the other fan, and one is square."""
    n, weights = int(rng.integers(40, 60)), []
    shapes = [(2 * n, n), (n, 2 * n), (n, n), (3 * n, n), (n, 3 * n), (3 * n, 2 * n)]
    for place, shape in enumerate(rng.permutation(shapes)):
        fan = shape[int(rng.integers(2)) if place > 1 else place]  # one right, one swapped
        draw = rng.standard_normal(shape) if rng.integers(2) else rng.uniform(-1, 1, shape) * 3**0.5
        weights.append(math.sqrt(2 / fan) * draw)
    return {"weights": weights}


def torchs_shapes(weights: list[Array]) -> Value:
    return swapped_layers([W.T for W in weights])


EXERCISES = (
    Exercise(
        number="7.1",
        reference=mean_fans,
        public_cases=(
            {"size": 6, "kernel": 3, "stride": 1, "padding": 1},
            {"size": 9, "kernel": 4, "stride": 2, "padding": 1},
        ),
        draw_case=draw_convolution,
        rtol=1e-9,  # two quotients of whole numbers
        wrong_answers={
            "This counts the padding's zeros as terms.": padding_counted,
            "The stride is missing.": no_stride,
            "The two fans are swapped.": swapped,
            "This pads one end only.": one_end,
        },
    ),
    Exercise(
        number="D7.1",
        reference=lstm_biases,
        public_cases=(
            {"hidden": 2, "steps": 10, "keep": 0.5},
            {"hidden": 3, "steps": 100, "keep": 0.9},
        ),
        draw_case=draw_memory,
        rtol=1e-6,  # 1 − keep^(1/steps) loses some digits
        wrong_answers={
            "These are the input gate's biases; the forget gate comes second.": first_gate,
            "All gates get the bias here; the forget gate alone is to keep.": all_gates,
            "This keeps the share for one step, whatever the number of steps.": (
                lambda hidden, steps, keep: lstm_biases(hidden, 1, keep)
            ),
            "This is half of the bias, as for the two that PyTorch adds.": (
                lambda hidden, steps, keep: lstm_biases(hidden, steps, keep) / 2
            ),
            "This is the gate; its bias comes through the inverse of the sigmoid.": (
                lambda hidden, steps, keep: np.repeat([0.0, keep ** (1 / steps), 0.0, 0.0], hidden)
            ),
        },
    ),
    Exercise(
        number="D7.2",
        reference=name_frameworks,
        public_cases=(
            draw_weights(np.random.default_rng(0)),
            draw_weights(np.random.default_rng(7)),
        ),
        draw_case=draw_weights,
        rtol=1e-9,  # whole numbers
        wrong_answers={
            "The variance alone can't tell them apart when fan_out differs from fan_in.": (
                by_variance_alone
            ),
            "The law alone can't tell two uniform laws apart.": by_law_alone,
            "This reads (fan_out, fan_in); here the fan_in comes first.": torchs_layout,
            "This says Keras whatever the weight.": lambda weights: [1] * len(weights),
        },
    ),
    Exercise(
        number="D7.4",
        reference=swapped_layers,
        public_cases=(
            draw_relu_weights(np.random.default_rng(0)),
            draw_relu_weights(np.random.default_rng(1)),
        ),
        draw_case=draw_relu_weights,
        rtol=1e-9,  # zeros and ones
        wrong_answers={
            "This reads (fan_out, fan_in); here the fan_in comes first.": torchs_shapes,
            "This marks layers that get wider, whatever their weights.": lambda weights: np.array(
                [int(W.shape[1] > W.shape[0]) for W in weights]
            ),
            "This marks layers that get narrower, whatever their weights.": lambda weights: (
                np.array([int(W.shape[1] < W.shape[0]) for W in weights])
            ),
            "This is a count; mark each layer.": lambda weights: swapped_layers(weights).sum(),
            "This marks every layer that is not square.": lambda weights: np.array(
                [int(W.shape[1] != W.shape[0]) for W in weights]
            ),
        },
    ),
)
