"""A race on real digits as a widget: four starts, each with its activation and learning rate."""

import html
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from initbook.digits import embedded_images
from initbook.propagation import draw_weights, forward
from initbook.widgets.base import BookWidget, Setting, read_settings

SETTINGS = read_settings("training-race")
RACERS = (
    ("small", "sigmoid", 2.0), ("xavier", "sigmoid", 2.0), ("gain", "sigmoid", 0.4),
    ("he", "relu", 0.1),
)  # fmt: skip


class TrainingRace(BookWidget):
    """Four nets learn to read digits side by side, in the page: which reads 80 % first?

    Each has 14 × 14 pixels, `hidden` layers of 64 units, biases that start at 0, and takes steps of
    gradient descent on softmax and cross-entropy, W ← W − η ∂loss/∂W, in float64. All get the same
    digits in the same order, and their starts scale the same normal numbers.

    `racers` are four triples of a start, an activation and a learning rate η. The start is 'zeros',
    'small' (a std of 0.01), 'lecun' (the variance 1/fan_in), 'xavier', 'he', 'gain' (12.8/fan_in)
    or 'one' (a std of 1), the activation 'sigmoid', 'tanh' or 'relu', and η lies between 0.001 and
    10. `hidden` is 1 to 6, `batch` a multiple of 4 up to 128, and `seed` picks the draw, from the
    page's own generator and not numpy's. Where a live page pauses, `steps` says after how many
    steps, and `losses` and `accuracies` hold each racer's on 500 new digits; before they are empty.

    Raises ValueError for another number of racers, traitlets.TraitError for a value outside these
    ranges, TypeError for another name. Chapter 11.

    >>> TrainingRace(hidden=2).rate_d
    0.1
    >>> TrainingRace([("he", "sine", 0.1)] * 4)
    Traceback (most recent call last):
        ...
    traitlets.traitlets.TraitError: activation_a is 'sine'; allowed are 'sigmoid', 'tanh', 'relu'.
    """

    _name = "training-race"

    start_a, start_b, start_c, start_d = Setting(), Setting(), Setting(), Setting()
    activation_a, activation_b = Setting(), Setting()
    activation_c, activation_d = Setting(), Setting()
    rate_a, rate_b, rate_c, rate_d = Setting(), Setting(), Setting(), Setting()
    hidden = Setting()
    batch = Setting()
    seed = Setting()
    steps = traitlets.Int(0, read_only=True).tag(sync=True)
    losses = traitlets.List(traitlets.Any(), read_only=True).tag(sync=True)
    accuracies = traitlets.List(traitlets.Float(), read_only=True).tag(sync=True)
    _asked = traitlets.Bool(False).tag(sync=True)  # by the page, once the race is started
    _digits = traitlets.Bytes(b"").tag(sync=True)

    def __init__(
        self,
        racers: Sequence[tuple[str, str, float]] = RACERS,
        hidden: int = 4,
        batch: int = 32,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        letters = SETTINGS["racers"]
        if len(racers) != len(letters):
            raise ValueError(f"racers are {len(racers)}; allowed are {len(letters)} of them.")
        each: dict[str, Any] = {}
        for letter, (start, activation, rate) in zip(letters, racers, strict=True):
            each |= {f"activation_{letter}": activation, f"start_{letter}": start}
            each[f"rate_{letter}"] = rate
        super().__init__(hidden=hidden, batch=batch, seed=seed, **each, **kwargs)

    @traitlets.observe("_asked")
    def _hand_over(self, change: Any) -> None:
        self._digits = race_digits()

    def _figure(self) -> str:
        """How far the units of each layer move from digit to digit before the first step."""
        letters = SETTINGS["racers"]
        moves = {letter: self._movement(letter) for letter in letters}
        logs = [math.log10(max(move, 1e-12)) for row in moves.values() for move in row]
        low, high = math.floor(min(logs)), math.floor(min(logs)) + 1
        high = max(high, math.ceil(max(logs)))
        marks = ""
        for number, (letter, row) in enumerate(moves.items()):
            for layer, move in enumerate(row):
                x = 60 + 150 * number + 110 * layer / max(1, self.hidden - 1)
                y = 165 - 150 * (math.log10(max(move, 1e-12)) - low) / (high - low)
                marks += f'<circle class="dot" r="3.5" cx="{x:.0f}" cy="{y:.1f}"/>'
            name = letter.upper()
            marks += f'<text class="title" x="{60 + 150 * number}" y="192">{name}</text>'
        said = "; ".join(f"{a.upper()} {self._words(a)}: {m[-1]:.2g}" for a, m in moves.items())
        said = html.escape(
            "Four nets before their first step, layer by layer: how far a unit moves from digit to "
            f"digit (its std, on a log axis). In the last hidden layer: {said}."
        )
        return (
            f'<svg role="img" aria-label="{said}" viewBox="0 0 700 200">{marks}</svg><p>{said}</p>'
        )

    def _words(self, letter: str) -> str:
        start, activation = getattr(self, f"start_{letter}"), getattr(self, f"activation_{letter}")
        label = SETTINGS["starts"][start]["label"]
        return f"({SETTINGS['activations'][activation]['label']}, {label})"

    def _movement(self, letter: str) -> list[float]:
        """The std over 200 digits, unit by unit, for a draw of numpy's."""
        rule = SETTINGS["starts"][getattr(self, f"start_{letter}")]
        widths = [SETTINGS["pixels"], *[SETTINGS["width"]] * self.hidden]
        pixels, _ = small_digits()
        rng = np.random.default_rng(self.seed)

        def init(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
            fans = {"one": 1.0, "in": float(shape[0]), "avg": sum(shape) / 2}
            return math.sqrt(rule["numerator"] / fans[rule["fan"]]) * rng.standard_normal(shape)

        activation = getattr(self, f"activation_{letter}")
        layers = forward(pixels[:200] / 15, draw_weights(init, widths, rng), activation)
        return [float(np.sqrt(h.var(axis=0).mean())) for h in layers]


def small_digits() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return 4,000 training and then 500 test digits of the embedded subset, small enough to send.

    The images, (4500, 196), are the means of 2 × 2 pixels in 16 shades from 0 (paper) to 15 (ink);
    the labels have the shape (4500,). Digits are taken evenly spaced over the subset.

    Raises RuntimeError where the installed package is damaged. Source: the MNIST database.
    Chapter 11.

    >>> pixels, labels = small_digits()
    >>> pixels.shape, int(pixels.max()), len(labels)
    ((4500, 196), 15, 4500)
    """
    embedded, images, labels = embedded_images(), [], []
    for part, count in (("train", SETTINGS["train"]), ("t10k", SETTINGS["test"])):
        every = len(embedded[f"{part}-labels"]) // count
        large = embedded[f"{part}-images"][::every][:count].astype(np.uint16)
        sums = large.reshape(count, 14, 2, 14, 2).sum(axis=(2, 4))
        images.append(((sums + 34) // 68).astype(np.uint8).reshape(count, -1))  # 1020 = 15 · 68
        labels.append(embedded[f"{part}-labels"][::every][:count])
    return np.concatenate(images), np.concatenate(labels)


def race_digits() -> bytes:
    """Return the small digits as the page reads them: two pixels a byte, then a byte a label.

    Raises RuntimeError where the installed package is damaged. Chapter 11.

    >>> len(race_digits())
    445500
    """
    pixels, labels = small_digits()
    pairs = pixels.reshape(-1, 2)
    return bytes(pairs[:, 0] << 4 | pairs[:, 1]) + bytes(labels)
