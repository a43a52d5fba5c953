"""Train one network from several starts, over several seeds (PyTorch; chapter 11).

Seed k stands for one order of the digits and one set of random numbers: under every start it sees
the same minibatches, and draws each layer from the same stream, so that starts can be compared
seed by seed.
"""

import hashlib
import inspect
import math
import os
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from initbook.arguments import check_choice, check_count, check_number, check_seeds
from initbook.descent import OPTIMIZERS, SCHEDULES, EarlyStopping, clip_by_norm
from initbook.initializers import (
    AnyInitializer,
    he_normal,
    normal,
    sigmoid_xavier,
    variance_scaling,
    xavier_normal,
    zeros,
)
from initbook.intervals import mean_interval
from initbook.propagation import draw_weights
from initbook.stacked import ACTIVATIONS, StackedNet
from initbook.threads import fastest_exact_products, one_core_each

Array = NDArray[np.float64]
Pair = tuple[Tensor, Tensor]  # inputs and labels
Item = TypeVar("Item")


class Labeled(Protocol):
    """Inputs (n, pixels) and labels 0 … C − 1, (n,), to train on and to test on: `Digits`, say."""

    @property
    def X_train(self) -> ArrayLike: ...
    @property
    def y_train(self) -> ArrayLike: ...
    @property
    def X_test(self) -> ArrayLike: ...
    @property
    def y_test(self) -> ArrayLike: ...


@dataclass(frozen=True)
class Start:
    """A way to start: how weights are drawn, and whether hidden layers are batch-normalized.

    Its repr says its law, which stored results are compared by.

    >>> Start("Xavier", xavier_normal())
    Start(name='Xavier', init=xavier_normal(), batch_norm=False)
    """

    name: str
    init: AnyInitializer
    batch_norm: bool = False


# Chapter 11's: its page, its stored results and the benchmark take them from here.
STARTS = (
    Start("zeros", zeros()),
    Start("small random", normal(0.01)),
    Start("Xavier", xavier_normal()),
    Start("Xavier, sigmoid's gain", sigmoid_xavier()),
    Start("small random + BN", normal(0.01), batch_norm=True),
)

_SMALL, _XAVIER, _HE, _NORMED = STARTS[1], STARTS[2], Start("He", he_normal()), STARTS[4]
_FIVE_THIRDS = Start("5/3", variance_scaling((5 / 3) ** 2, "fan_in", "normal"))
# The same under three activations, so that each scheme is tried where it belongs.
COMPARED = {
    "sigmoid": (*STARTS, _HE),
    "tanh": (_SMALL, _XAVIER, _FIVE_THIRDS, _HE, _NORMED),
    "relu": (_SMALL, _XAVIER, _HE, _NORMED),
}


class Curves(NamedTuple):
    """One start's rows of a `History`.

    `accuracy` and `loss` have the shape (seeds, evaluations), `final_accuracy` (seeds,).
    """

    accuracy: Array
    loss: Array
    final_accuracy: Array


@dataclass(frozen=True, eq=False)
class History:
    """What a comparison measured, and what made it.

    `accuracy` and `loss` (mean cross-entropy, in nats) have the shape (starts, seeds, evaluations)
    and are measured on the first of the test digits, before training and then at every one of
    `steps`. `final_accuracy`, (starts, seeds), is measured at the end on all test digits. The
    loss of a run that diverged is nan from there on. `stopped`, (starts, seeds), is the step at
    which a run was stopped early, and inf where it went on to the end.

    `laws` are the reprs of the starts, `settings` all arguments of `train` on which the numbers
    depend, defaults included (`settings_of`).
    """

    names: tuple[str, ...]
    seeds: tuple[int, ...]
    steps: NDArray[np.int64]
    accuracy: Array
    loss: Array
    final_accuracy: Array
    stopped: Array
    laws: tuple[str, ...]
    settings: dict[str, Any]

    def at(self, name: str) -> Curves:
        """The rows of the start of this name. Raises ValueError where there is none."""
        check_choice("name", name, self.names)
        row = self.names.index(name)
        return Curves(self.accuracy[row], self.loss[row], self.final_accuracy[row])


def train(
    starts: Iterable[Start],
    digits: Labeled,
    *,
    seeds: Iterable[int],
    steps: int,
    lr: float | Sequence[float],
    batch_size: int = 100,
    hidden: Sequence[int] = (256,) * 4,
    activation: str = "sigmoid",
    optimizer: str = "sgd",
    schedule: str = "constant",
    clip_norm: float | None = None,
    patience: int | None = None,
    eval_every: int = 50,
    eval_digits: int = 2_000,
    threads: int | None = None,
    executor: Executor | None = None,
    folder: str | os.PathLike[str] | None = None,
    device: str | None = None,
    progress: bool = False,
) -> History:
    """Train one network for each start and seed, and return the curves.

    `digits` has X_train (n, pixels), y_train (n,), X_test and y_test; `lr` is one learning rate, or
    one for each start. The optimizers are "sgd", "momentum" and "adam"; a schedule ("constant",
    "step", "exponential", "cosine") multiplies the rate, and `clip_norm` bounds the norm of each
    network's gradient (`descent`). With `patience` the last sixth of the training digits is kept
    back; a network stops after so many evaluations in a row without a lower loss there, and all
    end with their best weights.

    The seeds of a start are one stack. Stacks take turns on `threads` threads of one core each (as
    many as there are cores), or go to an `executor`; the numbers depend on neither. A stack that
    has finished is kept in `folder`, and a run that was stopped goes on from there. `device` is
    torch's name for where to compute, a GPU when there is one.

    Raises ValueError for no starts or two of one name, bad seeds, counts, rates or labels, an
    unknown optimizer, schedule or device, a minibatch of one under batch normalization, and where
    `steps` is no multiple of `eval_every`. Chapter 11.

    >>> from types import SimpleNamespace
    >>> X, y = np.eye(4), np.arange(4)
    >>> toy = SimpleNamespace(X_train=X, y_train=y, X_test=X, y_test=y)
    >>> wide = Start("wide", normal(1.0))
    >>> run = train([wide], toy, seeds=[0], steps=400, lr=1.0, batch_size=2, hidden=(8,))
    >>> run.at("wide").final_accuracy
    array([1.])
    >>> run.laws, run.settings["eval_every"]
    (("Start(name='wide', init=normal(std=1.0), batch_norm=False)",), 50)
    """
    starts = _check_starts(starts)
    settings = settings_of(
        seeds=seeds, steps=steps, lr=lr, batch_size=batch_size, hidden=hidden,
        activation=activation, optimizer=optimizer, schedule=schedule, clip_norm=clip_norm,
        patience=patience, eval_every=eval_every, eval_digits=eval_digits,
    )  # fmt: skip
    rates = _one_rate_each(settings["lr"], len(starts))
    data = _tensors(digits)
    where = _check_device(device)
    stacks = [
        _Stack(start, settings | {"lr": rate}, where)
        for start, rate in zip(starts, rates, strict=True)
    ]
    store = None if folder is None else _Store(Path(folder), data)
    found = [None if store is None else store.read(stack) for stack in stacks]
    open_ones = [row for row, measured in enumerate(found) if measured is None]
    report = _Progress(len(open_ones) * settings["steps"]) if progress else None

    def finished(row: int, measured: list[Array]) -> None:
        found[row] = measured
        if store is not None:
            store.write(stacks[row], measured)

    if executor is None:
        count = check_count("threads", (os.cpu_count() or 1) if threads is None else threads)
        runs = {row: stacks[row].run(data, report) for row in open_ones}
        with one_core_each(), _products(where):
            _in_turns(runs, count, finished)
    else:
        jobs = {executor.submit(stacks[row].whole, data): row for row in open_ones}
        for job in jobs:  # one after another, as other libraries' futures know no as_completed
            finished(jobs[job], job.result())
            if report:
                report.add(settings["steps"])
    return _history(starts, settings, [np.array(measured) for measured in found])


@dataclass(frozen=True)
class _Stack:
    """The networks of one start, one a seed: what to train, as another process can be told it."""

    start: Start
    settings: dict[str, Any]  # of `train`, with the start's own rate
    device: str

    def whole(self, data: tuple[Pair, Pair]) -> list[Array]:
        with one_core_each(), _products(self.device):
            return list(self.run(data))

    def run(self, data: tuple[Pair, Pair], report: "_Progress | None" = None) -> Iterator[Array]:
        """Accuracy and loss, (2, seeds), at each evaluation, and then on all test digits; at last
        the step at which each was stopped, twice."""
        s = self.settings
        train_set, test_set = ((X.to(self.device), y.to(self.device)) for X, y in data)
        eval_set = test_set[0][: s["eval_digits"]], test_set[1][: s["eval_digits"]]
        sizes = (train_set[0].shape[1], *s["hidden"], int(train_set[1].max()) + 1)
        net = draw_net(self.start, sizes, s["seeds"], s["activation"], self.device)
        stopping = None
        if s["patience"] is not None:
            kept = len(train_set[0]) * 5 // 6
            held_out = train_set[0][kept:], train_set[1][kept:]
            train_set = train_set[0][:kept], train_set[1][:kept]
            stopping = EarlyStopping(net.state, s["patience"])
        batches = _stacked_minibatches(train_set, s["batch_size"], s["seeds"])
        take_step = self._stepper(net)
        for step in range(s["steps"] + 1):
            if step > 0:
                take_step(*next(batches), step - 1)
            if step % s["eval_every"] == 0:
                if report and step > 0:
                    report.add(s["eval_every"])
                if stopping:
                    stopping.restore(only_stopped=True)
                    stopping.look(step, evaluate(net, *held_out)[1])
                yield np.stack(evaluate(net, *eval_set))
        if stopping:
            stopping.restore()
        yield np.stack(evaluate(net, *test_set))
        yield np.stack([stopping.stopped if stopping else np.full(net.copies, np.inf)] * 2)

    def _stepper(self, net: StackedNet) -> Callable[[Tensor, Tensor, int], None]:
        """Plain descent happens inside the products; all else sees the gradients first."""
        s, schedule = self.settings, SCHEDULES[self.settings["schedule"]]

        def rate(step: int) -> float:
            return float(s["lr"] * schedule(step / s["steps"]))

        if s["optimizer"] == "sgd" and s["clip_norm"] is None:
            return lambda X, y, step: net.step(X, y, rate(step))
        optimizer = OPTIMIZERS[s["optimizer"]](net.parameters)

        def take_step(X: Tensor, y: Tensor, step: int) -> None:
            gradients = net.gradients(X, y)
            if s["clip_norm"] is not None:
                clip_by_norm(gradients, s["clip_norm"])
            optimizer.step(gradients, rate(step))

        return take_step


class _Store:
    """Finished stacks in a folder, each in a file whose name says all that its numbers hang on."""

    def __init__(self, folder: Path, data: tuple[Pair, Pair]):
        self.folder = folder
        self.data = hashlib.sha256(b"".join(t.numpy().tobytes() for pair in data for t in pair))

    def path(self, stack: _Stack) -> Path:
        said = repr((stack.start, sorted(stack.settings.items()), torch.__version__))
        key = hashlib.sha256(self.data.digest() + said.encode()).hexdigest()[:32]
        return self.folder / f"{key}.npy"

    def read(self, stack: _Stack) -> list[Array] | None:
        try:
            return list(np.load(self.path(stack), allow_pickle=False))
        except (OSError, ValueError):  # none yet, or no whole file: it is made again
            return None

    def write(self, stack: _Stack, measured: list[Array]) -> None:
        """Under another name first: a stop in between leaves nothing that looks finished."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.folder, suffix=".part", delete=False) as file:
            np.save(file, np.array(measured))
        os.replace(file.name, self.path(stack))


def _history(starts: Sequence[Start], settings: dict[str, Any], found: Sequence[Array]) -> History:
    measured = np.array(found).transpose(2, 0, 3, 1)  # (2, starts, seeds, evaluations + 2)
    return History(
        tuple(start.name for start in starts),
        tuple(settings["seeds"]),
        np.arange(0, settings["steps"] + 1, settings["eval_every"]),
        accuracy=measured[0, ..., :-2].copy(),
        loss=measured[1, ..., :-2].copy(),
        final_accuracy=measured[0, ..., -2].copy(),
        stopped=measured[0, ..., -1].copy(),
        laws=tuple(map(repr, starts)),
        settings=settings,
    )


def _check_device(device: str | None) -> str:
    if device is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=device).numpy(force=True)
    except (RuntimeError, AssertionError, TypeError, NotImplementedError) as error:
        raise ValueError(f"device is {device!r}; allowed is one that torch has here.") from error
    return str(torch.device(device))


def _products(device: str) -> AbstractContextManager[None]:
    """On a GPU torch's own setting stays: what "medium" does there was not tried."""
    return fastest_exact_products() if device == "cpu" else nullcontext()


NO_NUMBER_DEPENDS_ON = (
    "starts", "digits", "threads", "executor", "folder", "device", "progress"
)  # fmt: skip


def settings_of(**given: Any) -> dict[str, Any]:
    """All arguments of `train` on which its numbers depend, checked, with the defaults.

    A plain dict of numbers, lists and strings: `History.settings`, and what a stored result is
    compared by. Raises ValueError as `train` does, TypeError for an argument that it has not.
    Chapter 11.

    >>> settings_of(seeds=range(2), steps=100, lr=0.5)["seeds"]
    [0, 1]
    """
    bound = inspect.signature(train).bind((), None, **given)
    bound.apply_defaults()
    settings = {
        name: value for name, value in bound.arguments.items() if name not in NO_NUMBER_DEPENDS_ON
    }
    for name in ("steps", "batch_size", "eval_every", "eval_digits"):
        settings[name] = check_count(name, settings[name])
    steps, eval_every, lr = (settings[name] for name in ("steps", "eval_every", "lr"))
    if steps % eval_every:
        raise ValueError(f"steps is {steps}; allowed is a multiple of eval_every, {eval_every}.")
    check_choice("activation", settings["activation"], tuple(ACTIVATIONS))
    check_choice("optimizer", settings["optimizer"], tuple(OPTIMIZERS))
    check_choice("schedule", settings["schedule"], tuple(SCHEDULES))
    if settings["clip_norm"] is not None:
        settings["clip_norm"] = check_number("clip_norm", settings["clip_norm"], 0, open=True)
    if settings["patience"] is not None:
        settings["patience"] = check_count("patience", settings["patience"])
    rates = [check_number("lr", rate, least=0) for rate in (lr if np.ndim(lr) else [lr])]
    return settings | {
        "seeds": list(check_seeds(settings["seeds"])),
        "hidden": [check_count("hidden", width) for width in settings["hidden"]],
        "lr": rates if np.ndim(lr) else rates[0],
    }


def _check_starts(starts: Iterable[Start]) -> tuple[Start, ...]:
    found = tuple(starts) if isinstance(starts, Iterable) else ()
    names = [start.name for start in found if isinstance(start, Start)]
    if not found or len(set(names)) < len(found):
        raise ValueError(f"starts is {starts!r}; allowed is one Start or more, each with its name.")
    return found


def _one_rate_each(lr: float | list[float], count: int) -> list[float]:
    rates = lr if isinstance(lr, list) else [lr] * count
    if len(rates) != count:
        raise ValueError(f"lr is {lr!r}; allowed is one learning rate, or one each for {count}.")
    return rates


def _in_turns(
    runs: dict[int, Iterator[Item]], threads: int, finished: Callable[[int, list[Item]], None]
) -> None:
    """Tells the items of each run. A thread takes the run that has waited longest to its next item.

    So the runs end together, and no core is left alone with the last of them.
    """
    waiting = deque((row, run, list[Item]()) for row, run in runs.items())
    stopped = Event()

    def work() -> None:
        while not stopped.is_set():
            try:
                row, run, items = waiting.popleft()
            except IndexError:  # what is left is in other threads' hands
                return
            for item in run:
                items.append(item)
                waiting.append((row, run, items))
                break
            else:
                finished(row, items)

    with ThreadPoolExecutor(threads) as pool:
        workers = [pool.submit(work) for _ in range(threads)]
        try:
            for worker in as_completed(workers):
                worker.result()
        finally:  # after an error, or by hand: the others stop at their next item
            stopped.set()


def draw_net(
    start: Start,
    sizes: Sequence[int],
    seeds: Iterable[int],
    activation: str = "sigmoid",
    device: str = "cpu",
) -> StackedNet:
    """The untrained networks of one start, one for each seed.

    Weights come from `propagation.draw_weights`, so each layer of a seed has a stream of its own:
    two starts that scale the same bell curve get the same numbers, scaled, and one that draws more
    numbers than another in one layer meets the same in the next. Raises ValueError for bad seeds
    or sizes. Chapter 11.

    >>> from initbook.initializers import zeros
    >>> net = draw_net(Start("zeros", zeros()), (784, 256, 10), seeds=[0, 1, 2])
    >>> [tuple(layer.W.shape) for layer in (net.layers[0], net.layers[-1])]
    [(3, 784, 256), (3, 256, 10)]
    """
    stacks = [
        draw_weights(start.init, sizes, np.random.default_rng([seed, 0]))
        for seed in check_seeds(seeds)
    ]
    weights = [
        torch.from_numpy(np.stack(layer).astype(np.float32)).to(device)
        for layer in zip(*stacks, strict=True)
    ]
    return StackedNet(weights, activation=activation, batch_norm=start.batch_norm)


def minibatches(n: int, batch_size: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Without end: the indices of one minibatch, (batch_size,); each epoch shuffles range(n) anew.

    Raises ValueError for a batch_size larger than n.

    >>> batches = minibatches(6, 3, seed=0)
    >>> sorted([*next(batches), *next(batches)]) == list(range(6))
    True
    """
    if not 1 <= batch_size <= n:
        raise ValueError(f"batch_size is {batch_size}; allowed is 1 to {n}, the number of digits.")
    rng = np.random.default_rng([seed, 1])
    while True:
        order = rng.permutation(n)
        for first in range(0, n - batch_size + 1, batch_size):
            yield order[first : first + batch_size]


def evaluate(net: StackedNet, X: Tensor, y: Tensor) -> tuple[Array, Array]:
    """Accuracy and mean cross-entropy of each network in the stack, on the same X (n, pixels).

    The loss is nan for a network that has diverged; whatever it is shown, it names the first class.
    """
    right, loss = np.zeros(net.copies), np.zeros(net.copies)
    for some_X, some_y in zip(X.split(1_000), y.split(1_000), strict=True):
        logits = net.logits(some_X.expand(net.copies, -1, -1))
        labels = some_y.expand(net.copies, -1)
        right += (logits.argmax(-1) == labels).sum(1).cpu().numpy()
        chosen = torch.log_softmax(logits, -1).gather(2, labels[..., None])
        loss -= chosen.sum((1, 2), dtype=torch.float64).cpu().numpy()
    loss[~np.isfinite(loss)] = np.nan
    return right / len(y), loss / len(y)


def steps_to(accuracy: ArrayLike, steps: ArrayLike, level: float) -> NDArray[np.float64]:
    """For each run, the first of `steps` at which accuracy ≥ level; inf where there is none.

    `accuracy` has the shape (…, evaluations), `steps` (evaluations,), the result (…). The spacing
    of the evaluations rounds it up, and inf says "not within these steps", never "never".

    >>> steps_to([[0.1, 0.8, 0.9], [0.1, 0.1, 0.7]], [0, 50, 100], 0.8)
    array([50., inf])
    """
    reached = np.asarray(accuracy) >= level
    return np.where(reached.any(-1), np.asarray(steps)[reached.argmax(-1)], np.inf)


def median_in_words(reached: ArrayLike, budget: int) -> str:
    """The median over runs of `steps_to`, or "not within N steps" where it is infinite.

    >>> median_in_words([2000, 2100, np.inf], budget=4000)
    '2,100'
    >>> median_in_words([2000, np.inf, np.inf], budget=4000)
    'not within 4,000 steps'
    """
    median = np.median(np.asarray(reached, dtype=float))
    return f"{median:,.0f}" if np.isfinite(median) else f"not within {budget:,} steps"


def in_percent(shares: ArrayLike) -> str:
    """The mean share in percent ± the half-width of its 95 % interval, no finer than that allows.

    `shares` has one number a seed, (seeds,).

    >>> in_percent([0.9571, 0.9602, 0.9586])
    '95.9 ± 0.4%'
    >>> in_percent([0.10, 0.42, 0.31])
    '28 ± 40%'
    """
    mean, half = mean_interval(100 * np.asarray(shares))
    decimals = max(0, -math.floor(math.log10(half))) if half > 0 else 1
    return f"{mean:.{decimals}f} ± {half:.{decimals}f}%"


def _tensors(digits: Labeled) -> tuple[Pair, Pair]:
    """The training set and the test set, each as X, float32, and y, int64."""
    train_set = _pair("train", digits.X_train, digits.y_train)
    return train_set, _pair("test", digits.X_test, digits.y_test, int(train_set[1].max()) + 1)


def _pair(part: str, X: ArrayLike, y: ArrayLike, classes: float = math.inf) -> Pair:
    inputs, labels = np.asarray(X, dtype=np.float32), np.asarray(y)
    if inputs.ndim != 2 or labels.shape != inputs.shape[:1] or not labels.size:
        raise ValueError(
            f"X_{part} has the shape {inputs.shape} and y_{part} {labels.shape}; allowed are "
            "(n, pixels) and (n,), with n at least 1."
        )
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= classes:
        allowed = "of at least 0" if classes == math.inf else f"from 0 to {classes - 1}"
        raise ValueError(
            f"y_{part} has {labels.dtype} labels from {labels.min()} to {labels.max()}; allowed "
            f"are whole numbers {allowed}."
        )
    return torch.from_numpy(inputs), torch.from_numpy(labels.astype(np.int64))


def _stacked_minibatches(
    train_set: Pair, batch_size: int, seeds: Sequence[int]
) -> Iterator[tuple[Tensor, Tensor]]:
    X, y = train_set
    orders = [minibatches(len(X), batch_size, seed) for seed in seeds]
    for rows in zip(*orders, strict=True):
        stack = torch.from_numpy(np.stack(rows)).to(X.device)
        # index_select copies row by row, in half the time that X[stack] takes.
        yield X.index_select(0, stack.flatten()).view(*stack.shape, -1), y[stack]


class _Progress:
    """One line on stderr, rewritten in place."""

    def __init__(self, total: int):
        self.total, self.done = total, 0

    def add(self, steps: int) -> None:
        self.done += steps
        end = "\n" if self.done >= self.total else ""
        print(f"\rtraining: {self.done / self.total:4.0%}", end=end, file=sys.stderr, flush=True)
