"""The book's schemes on PyTorch's layers, and statistics read from any PyTorch model.

The book computes `X @ W` with W of shape (fan_in, fan_out); torch keeps most weights the other way
round. So a weight is drawn in the book's layout, by numpy from an explicit generator, and its axes
are moved when it is written into the model. Chapter 7.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, is_dataclass, replace
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.parameter import is_lazy
from torch.nn.utils.parametrize import is_parametrized

from initbook.arguments import check_edges, check_number, check_rng
from initbook.fans import Kind, fans
from initbook.initializers import AnyInitializer, Initializer, as_initializer, constant, zeros
from initbook.layer_statistics import count_bins

Kinds = type[nn.Module] | tuple[type[nn.Module], ...]

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
EMBEDDINGS = (nn.Embedding, nn.EmbeddingBag)
GATES = {
    nn.RNN: 1, nn.LSTM: 4, nn.GRU: 3, nn.RNNCell: 1, nn.LSTMCell: 4, nn.GRUCell: 3,
}  # fmt: skip
FORGET = 1  # torch's order of an LSTM's gates: input, forget, cell, output
ALLOWED = (nn.Linear, *CONVOLUTIONS, *TRANSPOSED, *EMBEDDINGS, nn.MultiheadAttention, *GATES)
# Their scale starts at 1, or at a slope, and their shift at 0: no scheme is meant for them.
KEPT: tuple[type[nn.Module], ...] = (
    nn.modules.batchnorm._NormBase,
    nn.LayerNorm,
    nn.GroupNorm,
    nn.PReLU,
)
if hasattr(nn, "RMSNorm"):
    KEPT = (*KEPT, nn.RMSNorm)


def initialize(
    module: nn.Module,
    init: AnyInitializer,
    rng: Generator,
    *,
    biases: AnyInitializer | None,
    recurrent: AnyInitializer | None = None,
    forget_bias: float | None = None,
    only: Kinds | None = None,
    names: str = "*",
) -> list[str]:
    """Draw the weights of a model's layers anew, in place, and return the parameters' names.

    W ← init(rng, shape, fans), drawn in the book's layout (…kernel, in, out) and written in
    torch's. Weights that torch packs into one parameter are drawn one by one, so their fans are
    the true ones: each group of a grouped convolution, each of the three (E, E) blocks of an
    attention's projection, each gate of an LSTM, a GRU or an RNN. The row at an embedding's
    `padding_idx` is 0. A bias is drawn as biases(rng, (out,), fans), with the fans of its layer's
    weight; None leaves biases as they are.

    In a recurrent layer `init` draws what reads the input, and an LSTM's projection, and
    `recurrent` (by default `init` as well) what reads the last step's state, such as
    `orthogonal()`. torch has two bias vectors there, whose sum counts: `biases` draws both, each
    with the fans of its own weight. `forget_bias` is the sum for an LSTM's forget gate: it goes
    into bias_ih, and that gate's part of bias_hh is 0.

    `only` picks layers by type, `names` by the layer's name, with a pattern such as "encoder.*".
    A parameter that several layers share is drawn once, for the first of them. Normalization
    layers and PReLU keep theirs. The parameters' type, device and `requires_grad` do not change.

    Raises ValueError, before anything is written, for a chosen layer of another kind, one that has
    no shape yet or a weight of another shape than it says, a weight that torch computes from others
    (as `weight_norm` does), a type that cannot hold what is drawn, numbers that are not finite, and
    where no layer is chosen. Source for the forget gate: Jozefowicz et al. 2015. Chapter 7.

    >>> from initbook.initializers import he_normal, orthogonal, zeros
    >>> net = nn.Sequential(nn.Linear(500, 400), nn.ReLU(), nn.Linear(400, 10))
    >>> initialize(net, he_normal(), np.random.default_rng(0), biases=zeros())
    ['0.weight', '0.bias', '2.weight', '2.bias']
    >>> bool(abs(net[0].weight.var() * 500 / 2 - 1) < 0.02)
    True
    >>> rng, lstm = np.random.default_rng(0), nn.LSTM(3, 4)
    >>> initialize(lstm, he_normal(), rng, biases=zeros(), recurrent=orthogonal(), forget_bias=1.0)
    ['weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0', 'bias_hh_l0']
    >>> lstm.bias_ih_l0.reshape(4, 4).mean(dim=1).tolist()
    [0.0, 1.0, 0.0, 0.0]
    """
    check_rng(rng)
    schemes = _Schemes.of(init, biases, recurrent, forget_bias)
    layers = _chosen_layers(module, only, names)
    schemes.check_use([layer for _, layer in layers])
    drawn: dict[int, tuple[str, nn.Parameter, Tensor]] = {}
    for name, layer in layers:
        for part in _parts_of(layer):
            path = f"{name}.{part.key}".lstrip(".")
            if part.bias and schemes.biases is None:
                continue
            parameter = _parameter_of(layer, part, path)
            if parameter is not None and id(parameter) not in drawn:
                values = part.draw(schemes, rng)
                drawn[id(parameter)] = (path, parameter, _as_written(values, parameter, path))
    for layer in module.modules():  # chosen or not: a decoder may share an embedding's weight
        index = getattr(layer, "padding_idx", None)
        if isinstance(layer, EMBEDDINGS) and index is not None and id(layer.weight) in drawn:
            drawn[id(layer.weight)][2][index] = 0
    with torch.no_grad():
        for _, parameter, written in drawn.values():
            parameter.copy_(written)
    return [path for path, *_ in drawn.values()]


@dataclass(frozen=True)
class _Schemes:
    """By what a model is drawn."""

    weights: Initializer
    recurrent: Initializer
    biases: Initializer | None
    forget: float | None
    given: tuple[str, ...]  # the arguments that ask for a recurrent layer

    @classmethod
    def of(
        cls,
        init: AnyInitializer,
        biases: AnyInitializer | None,
        recurrent: AnyInitializer | None,
        forget_bias: float | None,
    ) -> "_Schemes":
        asked = {"recurrent": recurrent, "forget_bias": forget_bias}
        if forget_bias is not None and biases is None:
            raise ValueError(
                f"forget_bias is {forget_bias!r} and biases None; allowed is an initializer for "
                "the other gates' biases, such as zeros()."
            )
        return cls(
            as_initializer(init),
            as_initializer(init if recurrent is None else recurrent),
            None if biases is None else as_initializer(biases),
            None if forget_bias is None else check_number("forget_bias", forget_bias),
            tuple(name for name, value in asked.items() if value is not None),
        )

    def check_use(self, layers: list[nn.Module]) -> None:
        """ValueError for an argument that none of the layers asks for."""
        meant = {"recurrent": tuple(GATES), "forget_bias": (nn.LSTM, nn.LSTMCell)}
        for name in self.given:
            if not any(isinstance(layer, meant[name]) for layer in layers):
                kinds = ", ".join(kind.__name__ for kind in meant[name])
                raise ValueError(
                    f"{name} is given, and no chosen layer is of a kind that it is for: {kinds}."
                )


def _chosen_layers(
    module: nn.Module, only: Kinds | None, names: str
) -> list[tuple[str, nn.Module]]:
    """The layers whose weights are to be drawn, each with its name."""
    _check_module(module)
    wanted = nn.Module if only is None else only
    if not isinstance(names, str):
        raise ValueError(f'names is {names!r}; allowed is a pattern, such as "encoder.*".')
    try:
        isinstance(module, wanted)
    except TypeError:
        raise ValueError(
            f"only is {only!r}; allowed is a type of layer, such as nn.Linear, or a tuple of types."
        ) from None
    layers = [
        (name, layer)
        for name, layer in module.named_modules()
        if isinstance(layer, ALLOWED)
        or (_has_own_weights(name, layer) and not isinstance(layer, KEPT))
    ]
    chosen = [
        (name, layer)
        for name, layer in layers
        if isinstance(layer, wanted) and fnmatchcase(name, names)
    ]
    if not chosen:
        there = ", ".join(f"{name!r} ({type(layer).__name__})" for name, layer in layers)
        raise ValueError(
            f"only is {only!r} and names {names!r}; allowed is what fits a layer with weights, "
            f"and here are {there or 'none'}."
        )
    for name, layer in chosen:
        if not isinstance(layer, ALLOWED):
            allowed = ", ".join(kind.__name__ for kind in ALLOWED)
            raise ValueError(
                f"the layer {name!r} is a {type(layer).__name__}; allowed are {allowed}. "
                "Leave it out with only= or names=."
            )
    return chosen


def _check_module(module: nn.Module) -> None:
    if not isinstance(module, nn.Module):
        raise ValueError(f"module is {module!r}; allowed is an nn.Module.")


@dataclass(frozen=True)
class _Part:
    """One parameter of a layer, and of which weights it is made.

    A block is a weight that no other shares its inputs or outputs with, in the book's layout;
    torch puts the blocks one after the other along the first axis. A bias has the blocks of its
    weight, and its length is theirs together.
    """

    key: str
    blocks: Sequence[tuple[int, ...]]
    kind: Kind = "dense"
    stride: int | tuple[int, ...] = 1
    bias: bool = False
    recurrent: bool = False
    forget: bool = False  # whether it has an LSTM's forget gate
    shape: tuple[int, ...] | None = None  # torch's, where it is more than the blocks say

    def draw(self, schemes: _Schemes, rng: Generator) -> NDArray[np.float64]:
        """The parameter's values in torch's layout."""
        init = schemes.recurrent if self.recurrent else schemes.weights
        gates = [schemes.biases or init if self.bias else init] * len(self.blocks)
        if self.forget and schemes.forget is not None:
            gates[FORGET] = zeros() if self.recurrent else constant(schemes.forget)
        drawn = [
            gate(
                rng, block[-1:] if self.bias else block, fans(block, self.kind, stride=self.stride)
            )
            for gate, block in zip(gates, self.blocks, strict=True)
        ]
        return np.concatenate([self._in_torchs_layout(values) for values in drawn], dtype=float)

    def _in_torchs_layout(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.bias:
            return values
        axes = (-1, -2) if self.kind in ("dense", "convolution") else (-2, -1)  # torch's first two
        return np.moveaxis(values, axes, (0, 1))

    def torch_shape(self) -> tuple[int, ...]:
        """The shape that torch's parameter has, by what the layer says."""
        if self.bias:
            return self.shape or (sum(block[-1] for block in self.blocks),)
        *kernel, n_in, n_out = self.blocks[0]
        first, second = (n_out, n_in) if self.kind in ("dense", "convolution") else (n_in, n_out)
        return (first * len(self.blocks), second, *kernel)


def _parameter_of(layer: nn.Module, part: _Part, path: str) -> nn.Parameter | None:
    """The parameter of this name, None for a layer without it; ValueError if it can't be set."""
    if part.key not in layer._parameters:
        raise ValueError(
            f"{path!r} is computed from other parameters; initialize it before weight_norm or the "
            "like is put on it."
        )
    parameter = layer._parameters[part.key]
    if parameter is None:
        return None
    if is_lazy(parameter) or parameter.is_meta:
        raise ValueError(
            f"{path!r} has no values yet; run one batch through a lazy model, or move it from the "
            "meta device, and initialize it then."
        )
    if not parameter.is_floating_point():
        raise ValueError(
            f"{path!r} has the type {parameter.dtype}; allowed is a floating-point type."
        )
    if tuple(parameter.shape) != part.torch_shape():
        raise ValueError(
            f"{path!r} has the shape {tuple(parameter.shape)}; its {type(layer).__name__} says "
            f"{part.torch_shape()}."
        )
    return parameter


def _as_written(values: NDArray[np.float64], parameter: nn.Parameter, path: str) -> Tensor:
    """The values in the parameter's type, if it can hold them.

    A type of few bits rounds, by up to 1/8. What it makes infinite, or loses, it cannot hold.
    """
    drawn = torch.from_numpy(np.ascontiguousarray(values)).reshape(parameter.shape)
    written = drawn.to(parameter.dtype)
    held = written.to(torch.float64)
    largest = float(drawn.abs().max()) if drawn.numel() else 0.0
    unit = largest or 1.0  # squares of very small or very large numbers leave float64's range
    lost = ((held - drawn) / unit).norm()
    if not lost <= (drawn / unit).norm() / 8:  # nor is nan, or inf
        raise ValueError(
            f"{path!r} has the type {parameter.dtype}, which cannot hold weights of up to "
            f"{largest:.3g}; allowed are those that it rounds by at most 1/8."
        )
    return written


def _parts_of(layer: nn.Module) -> Iterator[_Part]:
    """A layer's weights, and then its biases."""
    if isinstance(layer, tuple(GATES)):
        yield from _recurrent_parts(layer)
    elif isinstance(layer, nn.MultiheadAttention):
        yield from _attention_parts(layer)
    elif isinstance(layer, EMBEDDINGS):
        shape = (layer.num_embeddings, layer.embedding_dim)
        yield _Part("weight", [shape], "embedding")
    elif isinstance(layer, nn.Linear):
        shape = (layer.in_features, layer.out_features)
        yield from (_Part("weight", [shape]), _Part("bias", [shape], bias=True))
    elif isinstance(layer, (*CONVOLUTIONS, *TRANSPOSED)):
        kind: Kind = "transposed" if isinstance(layer, TRANSPOSED) else "convolution"
        channels = (layer.in_channels // layer.groups, layer.out_channels // layer.groups)
        blocks = [(*layer.kernel_size, *channels)] * layer.groups
        yield _Part("weight", blocks, kind, layer.stride)
        yield _Part("bias", blocks, kind, layer.stride, bias=True)


def _attention_parts(layer: nn.MultiheadAttention) -> Iterator[_Part]:
    """The projections of queries, keys and values; the output's is a Linear of its own."""
    E = layer.embed_dim
    blocks = [(E, E), (layer.kdim or E, E), (layer.vdim or E, E)]
    if layer.in_proj_weight is not None:
        yield _Part("in_proj_weight", blocks)
    else:
        for letter, block in zip("qkv", blocks, strict=True):
            yield _Part(f"{letter}_proj_weight", [block])
    yield _Part("in_proj_bias", blocks, bias=True)
    if layer.bias_k is not None:
        for letter in "kv":
            yield _Part(f"bias_{letter}", [(E, E)], bias=True, shape=(1, 1, E))


def _recurrent_parts(layer: nn.Module) -> Iterator[_Part]:
    """Layer by layer and direction by direction, the gates of an RNN or of its cell.

    The state that comes back has `proj_size` numbers where an LSTM projects, and the layer above
    reads it from both directions.
    """
    gates = next(count for kind, count in GATES.items() if isinstance(layer, kind))
    size: int = layer.hidden_size  # type: ignore[assignment]
    state: int = getattr(layer, "proj_size", 0) or size
    directions = ("", "_reverse") if getattr(layer, "bidirectional", False) else ("",)
    for level in range(getattr(layer, "num_layers", 1)):
        n_in: int = len(directions) * state if level else layer.input_size  # type: ignore[assignment]
        for direction in directions:
            end = f"_l{level}{direction}" if hasattr(layer, "num_layers") else ""
            read = {"ih": [(n_in, size)] * gates, "hh": [(state, size)] * gates}
            for name, blocks in read.items():
                yield _Part(f"weight_{name}{end}", blocks, recurrent=name == "hh")
            if state != size:
                yield _Part(f"weight_hr{end}", [(size, state)])
            for name, blocks in read.items() if layer.bias else ():
                yield _Part(
                    f"bias_{name}{end}", blocks,
                    bias=True, recurrent=name == "hh", forget=gates == GATES[nn.LSTM],
                )  # fmt: skip


@dataclass(frozen=True, eq=False)
class LayerReading:
    """What one call of a layer gave out, h, and what came back to it.

    `name` and `type` are the layer's, `call` counts its calls from 1, `shape` is h's, with the
    batch first. `mean`, `std` and `second_moment`, E[h²], are over all numbers of h; `beyond` is
    the share with |h| > limit, `dead` the share of units that are 0 for every input of the batch,
    where every place behind the batch axis is a unit. `gradient` is the second moment of ∂loss/∂h,
    `weight_gradient` that of ∂loss/∂W over the layer's own weights, all its calls together; nan
    without a loss, or where no gradient gets there. `histogram` counts h between the given edges.
    An h without numbers has nan for all.
    """

    name: str
    type: str
    call: int
    shape: tuple[int, ...]
    mean: float
    std: float
    second_moment: float
    beyond: float
    dead: float
    gradient: float = float("nan")
    weight_gradient: float = float("nan")
    histogram: NDArray[np.int64] | None = None


def read_layers(
    module: nn.Module,
    batch: Any,
    *,
    loss: Callable[[Any], Tensor] | None = None,
    limit: float = 0.97,
    edges: ArrayLike | None = None,
) -> list[LayerReading]:
    """Statistics of every layer of a model on one batch, forward and backward, in calling order.

    A layer is a module without parts, or one with weights of its own; of an output with several
    parts (a tuple, a list, a mapping, a dataclass) the first tensor counts, and an output without
    real floating-point numbers has no row. `batch` is the model's input, or a tuple of its inputs.
    `loss` makes one number of the model's output; without it nothing goes backward. `limit` is that
    of `beyond`: where |h| > 0.97 a tanh has a slope below 6 %. `edges` ask for histograms, whose
    outermost bins take in what lies outside; nan is in none.

    The model runs in the mode that it is in, train or eval, on copies of its parameters and
    buffers: its weights, gradients, running statistics and hooks stay as they were, and so do
    torch's random numbers, also where the model raises.

    Raises ValueError for a limit below 0, edges that do not increase, and where `loss` returns
    anything but one number. Chapter 7.

    >>> net = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    >>> _ = initialize(net, constant(-1.0), np.random.default_rng(0), biases=constant(-1.0))
    >>> for row in read_layers(net, torch.ones(5, 3), loss=torch.sum):
    ...     print(row.name, row.type, row.mean, row.dead, row.gradient)
    0 Linear -4.0 0.0 0.0
    1 ReLU 0.0 1.0 1.0
    """
    _check_module(module)
    reader = _Reader(
        check_number("limit", limit, least=0), None if edges is None else check_edges(edges)
    )
    parameters = {name: _copy(p) for name, p in module.named_parameters()}
    buffers = {name: b.clone() for name, b in module.named_buffers()}
    inputs = [_copy(x) for x in (batch if isinstance(batch, tuple) else (batch,))]
    sources = [x for x in [*parameters.values(), *inputs] if getattr(x, "requires_grad", False)]
    cuda = {x.device.index for x in sources if x.is_cuda}
    # With gradients on, no layer takes a short cut past its parts, as a Transformer's else may.
    with torch.random.fork_rng(devices=cuda), torch.enable_grad():
        with reader.listening_to(module):
            arguments = tuple(x.clone() if isinstance(x, Tensor) else x for x in inputs)
            output = functional_call(module, parameters | buffers, arguments)
        gradients = {} if loss is None else _gradients(loss(output), sources)
    originals = {
        id(p): gradients.get(id(parameters[name])) for name, p in module.named_parameters()
    }
    return reader.finished(originals)


class _Reader:
    """Hooks that read each layer's output, and later the gradient that comes back to it."""

    def __init__(self, limit: float, edges: NDArray[np.float64] | None):
        self.limit, self.edges = limit, edges
        self.rows: list[tuple[nn.Module, LayerReading]] = []
        self.gradients: dict[int, float] = {}

    @contextmanager
    def listening_to(self, module: nn.Module) -> Iterator[None]:
        with ExitStack() as hooks:
            for name, layer in module.named_modules():
                if _is_layer(name, layer):
                    handle = layer.register_forward_hook(partial(self.read, name))
                    hooks.callback(handle.remove)
            yield

    def read(self, name: str, layer: nn.Module, _: Any, output: Any) -> Tensor | None:
        h = _first_tensor(output)
        if h is None or not h.is_floating_point():
            return None
        if h.layout is not torch.strided or h.is_nested:
            return None
        number = len(self.rows)
        call = 1 + sum(row.name == name for _, row in self.rows)
        self.rows.append((layer, self.reading_of(h.detach(), name, type(layer).__name__, call)))
        # The next layer may work in place. It gets a copy, so that h keeps its way back.
        replaced = h is output
        h = h.clone() if replaced else h
        if h.requires_grad:
            h.register_hook(lambda g: self.gradients.__setitem__(number, _second_moment(g)))
        return h if replaced else None

    def reading_of(self, h: Tensor, name: str, kind: str, call: int) -> LayerReading:
        numbers = _in_float64(torch.atleast_1d(h)).numpy()
        histogram = None
        if self.edges is not None:
            histogram = count_bins(numbers[~np.isnan(numbers)], self.edges)
        return LayerReading(
            name, kind, call, tuple(h.shape),
            mean=_mean(numbers),
            std=float(numbers.std()) if numbers.size else float("nan"),
            second_moment=_mean(np.square(numbers)),
            beyond=_mean(np.abs(numbers) > self.limit),
            dead=_mean((numbers == 0).all(axis=0)) if len(numbers) else float("nan"),
            histogram=histogram,
        )  # fmt: skip

    def finished(self, of_parameter: dict[int, Tensor | None]) -> list[LayerReading]:
        rows = []
        for number, (layer, row) in enumerate(self.rows):
            weights = [p for p in layer._parameters.values() if p is not None and p.ndim > 1]
            found = [g for g in (of_parameter[id(p)] for p in weights) if g is not None]
            back = self.gradients.get(number, float("nan"))
            rows.append(replace(row, gradient=back, weight_gradient=_second_moment(*found)))
        return rows


def _is_layer(name: str, module: nn.Module) -> bool:
    if "parametrizations" in name.split("."):
        return False
    return bool(module._parameters) or is_parametrized(module) or not list(module.children())


def _has_own_weights(name: str, module: nn.Module) -> bool:
    """Parametrizations, such as weight_norm's, are a part of the layer that they stand in."""
    return bool(module._parameters) and "parametrizations" not in name.split(".")


def _copy(x: Any) -> Any:
    if not isinstance(x, Tensor):
        return x
    return x.detach().clone().requires_grad_(x.is_floating_point())


def _gradients(value: Tensor, sources: list[Tensor]) -> dict[int, Tensor | None]:
    if not isinstance(value, Tensor) or value.shape != ():
        returned = f"the shape {tuple(value.shape)}" if isinstance(value, Tensor) else repr(value)
        raise ValueError(
            f"loss returned {returned}; allowed is a tensor with one number, shape ()."
        )
    gradients = torch.autograd.grad(value, sources, allow_unused=True)
    return {id(x): g for x, g in zip(sources, gradients, strict=True)}


def _second_moment(*parts: Tensor) -> float:
    """The mean square over all numbers of all parts; nan where there are none."""
    flat = [_in_float64(x).numpy().ravel() for x in parts]
    return _mean(np.square(np.concatenate([np.empty(0), *flat])))


def _mean(numbers: NDArray[Any]) -> float:
    return float(numbers.mean()) if numbers.size else float("nan")


def _in_float64(x: Tensor) -> Tensor:
    # To the CPU first: Apple's GPUs have no float64.
    return x.detach().cpu().to(torch.float64)


def _first_tensor(output: Any, inside: tuple[int, ...] = ()) -> Tensor | None:
    """The first tensor of an output with several parts. A generator is not touched: it is the
    model's, and gives each part once."""
    if isinstance(output, Tensor):
        return output
    if id(output) in inside:  # a list that holds itself
        return None
    if isinstance(output, Mapping):
        parts = list(output.values())
    elif isinstance(output, list | tuple):
        parts = list(output)
    elif is_dataclass(output) and not isinstance(output, type):
        parts = [getattr(output, field.name) for field in fields(output)]
    else:
        return None
    found = (_first_tensor(part, (*inside, id(output))) for part in parts)
    return next((tensor for tensor in found if tensor is not None), None)
