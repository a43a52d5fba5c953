"""Fans against the sums themselves: a layer of ones adds up as many ones as it has terms."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from initbook import fans as module
from initbook.fans import Fans, fans

exact = settings(deadline=None, derandomize=True)
CONVOLVE = [torch.conv1d, torch.conv2d, torch.conv3d]
TRANSPOSE = [torch.conv_transpose1d, torch.conv_transpose2d, torch.conv_transpose3d]


def counted(layer, signal, window, back):
    """The mean output of a layer of ones, and the mean gradient of one input, over a window."""
    signal = torch.ones(signal, dtype=torch.float64, requires_grad=True)
    out = layer(signal)
    (gradient,) = torch.autograd.grad(out.sum(), signal)
    return out[window].mean().item(), gradient[back].mean().item()


def middle(dimensions, start, size):
    return (slice(None), slice(None), *[slice(start, start + size)] * dimensions)


CONVOLUTIONS = [  # kernel, in, out, groups, stride
    ((3,), 4, 6, 1, 1),
    ((3, 3), 16, 64, 2, 1),
    ((2, 3, 4), 2, 3, 1, 1),
    ((3, 3), 8, 8, 8, 1),  # depthwise
    ((3, 2), 4, 12, 4, 1),  # depthwise, three outputs a channel
    ((5,), 6, 4, 2, 2),
    ((4, 2), 3, 5, 1, (2, 3)),
    ((1, 1), 7, 9, 1, 1),
]


@pytest.mark.parametrize(("kernel", "n_in", "n_out", "groups", "stride"), CONVOLUTIONS)
def test_a_convolution_adds_up_its_fan_in_and_its_gradient_its_fan_out(
    kernel, n_in, n_out, groups, stride
):
    W = torch.ones(n_out, n_in // groups, *kernel, dtype=torch.float64)
    n = len(kernel)
    found = counted(
        lambda x: CONVOLVE[n - 1](x, W, stride=stride, groups=groups),
        (1, n_in, *[18] * n), middle(n, 2, 2), middle(n, 6, 6),
    )  # fmt: skip
    options = {"groups": groups, "stride": stride}
    assert fans(W.shape, "convolution", layout="torch", **options) == found
    assert fans((*kernel, n_in // groups, n_out), "convolution", **options) == found


@pytest.mark.parametrize(("kernel", "n_in", "n_out", "groups", "stride"), CONVOLUTIONS)
def test_a_transposed_convolution_adds_up_its_fan_in_and_its_gradient_its_fan_out(
    kernel, n_in, n_out, groups, stride
):
    W = torch.ones(n_in, n_out // groups, *kernel, dtype=torch.float64)
    n = len(kernel)
    found = counted(
        lambda x: TRANSPOSE[n - 1](x, W, stride=stride, groups=groups),
        (1, n_in, *[12] * n), middle(n, 6, 6), middle(n, 4, 2),
    )  # fmt: skip
    options = {"groups": groups, "stride": stride}
    assert fans(W.shape, "transposed", layout="torch", **options) == found
    assert fans((*kernel, n_in, n_out // groups), "transposed", **options) == found


def test_a_dense_layer_an_embedding_and_a_packed_weight():
    def times(W):
        return lambda x: x @ W

    W = torch.ones(30, 20, dtype=torch.float64)
    assert fans((30, 20)) == counted(times(W), (1, 30), ..., ...) == (30, 20)
    assert fans((20, 30), layout="torch") == (30, 20)  # torch keeps Wᵀ: confusion 23

    def lookup(x):  # the row that x picks out, as the product it is
        return (x * torch.nn.functional.one_hot(torch.tensor([17]), 30)) @ W

    out, gradient = counted(lookup, (1, 30), ..., (slice(None), 17))
    for layout in ("book", "torch"):
        assert fans((30, 20), "embedding", layout=layout) == (out, gradient) == (1, 20)

    packed = torch.ones(8, 24, dtype=torch.float64)
    query = counted(lambda x: (x @ packed)[:, :8], (1, 8), ..., ...)
    assert fans((8, 24), packed=3) == fans((24, 8), packed=3, layout="torch") == query == (8, 8)


def test_the_answer_is_a_named_pair_of_whole_numbers_where_no_stride_parts_them():
    assert fans(np.array([784, 256])) == Fans(fan_in=784, fan_out=256)
    for pair in [fans((3, 3, 8, 4), "convolution", stride=3), fans((np.int64(5), 4))]:
        assert all(type(n) is int for n in pair)
    assert fans((3, 8, 4), "convolution", stride=2) == (24, 6)
    assert fans((3, 8, 5), "convolution", stride=2) == (24, 7.5)


SIZES = st.integers(1, 9)
kernels = st.lists(SIZES, min_size=1, max_size=3)


@exact
@given(kernels, SIZES, SIZES, SIZES, SIZES)
def test_to_transpose_a_layer_is_to_swap_its_fans(kernel, n_in, n_out, groups, stride):
    assert fans((n_in, n_out)) == fans((n_out, n_in))[::-1]
    forward = fans((*kernel, n_in, groups * n_out), "convolution", groups=groups, stride=stride)
    back = fans((*kernel, groups * n_out, n_in), "transposed", groups=groups, stride=stride)
    assert forward == back[::-1]


@exact
@given(kernels, SIZES, SIZES, SIZES)
def test_both_layouts_say_the_same_and_a_group_is_a_layer_of_its_own(kernel, n_in, n_out, groups):
    cases = [
        ("convolution", (*kernel, n_in, groups * n_out), [-1, -2]),
        ("transposed", (*kernel, groups * n_in, n_out), [-2, -1]),
    ]
    for kind, shape, first in cases:
        torchs = np.moveaxis(np.empty(shape, dtype=bool), first, [0, 1]).shape
        one = fans((*kernel, n_in, n_out), kind)
        assert fans(shape, kind, groups=groups) == one
        assert fans(torchs, kind, groups=groups, layout="torch") == one


@exact
@given(SIZES, SIZES, SIZES)
def test_a_packed_weight_has_the_fans_of_its_parts(n_in, n_out, packed):
    assert fans((n_in, packed * n_out), packed=packed) == fans((n_in, n_out))


EXPECTED = {  # shape and options: fans, counted above
    ((3, 3, 8, 64), "convolution", (("groups", 2),)): (72, 288),
    ((3, 3, 8, 64), "convolution", (("stride", 2),)): (72, 144),
    ((64, 8, 3, 3), "convolution", (("groups", 2), ("layout", "torch"))): (72, 288),
    ((4, 4, 64, 32), "transposed", (("groups", 2), ("stride", 2))): (128, 512),
    ((64, 32, 4, 4), "transposed", (("layout", "torch"),)): (1024, 512),
    ((20, 30), "dense", (("layout", "torch"),)): (30, 20),
    ((8, 24), "dense", (("packed", 3),)): (8, 8),
    ((30, 20), "embedding", ()): (1, 20),
}  # fmt: skip

# What stands in the place of a function of fans.py, made of the true one.
MUTANTS = {
    "groups, packed ignored": ("_share", lambda right: lambda name, parts, what, number: number),
    "stride ignored": ("_ratio", lambda right: lambda number, steps: number),
    "stride once for two dimensions": (
        "_steps", lambda right: lambda stride, kernel: right(stride, kernel[:1])
    ),
    "kernel ignored": ("_read", lambda right: lambda *weight: ([], *right(*weight)[1:])),
    "layout ignored": ("_read", lambda right: lambda shape, kind, _: right(shape, kind, "book")),
    "in and out swapped": (
        "_read", lambda right: lambda *weight: (right(*weight)[0], *right(*weight)[:0:-1])
    ),
}  # fmt: skip


def wrong_in(count):
    """The cases of EXPECTED that this count of fans misses, or refuses."""

    def right(shape, kind, options):
        try:
            return count(shape, kind, **dict(options)) == EXPECTED[shape, kind, options]
        except ValueError:
            return False

    return [case for case in EXPECTED if not right(*case)]


@pytest.mark.parametrize("fault", MUTANTS)
def test_the_expected_fans_are_found_and_every_planted_fault_is_noticed(fault, monkeypatch):
    assert wrong_in(fans) == []
    name, plant = MUTANTS[fault]
    monkeypatch.setattr(module, name, plant(getattr(module, name)))
    assert wrong_in(fans)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: fans((5,)), r"shape is \(5,\); allowed for kind 'dense' are two positive dim"),
        (lambda: fans((3, 4, 5)), r"shape is \(3, 4, 5\); .* \(in, out\) in layout 'book'"),
        (lambda: fans((0, 5)), r"shape is \(0, 5\)"),
        (lambda: fans(()), r"shape is \(\)"),
        (lambda: fans(5), "shape is 5; allowed are whole numbers"),
        (lambda: fans((2.5, 3)), r"shape is \(2.5, 3\)"),
        (lambda: fans((True, 3)), r"shape is \(True, 3\)"),
        (lambda: fans("34"), "shape is '34'"),
        (lambda: fans((float("nan"), 3)), r"shape is \(nan, 3\)"),
        (lambda: fans((3, 4), "convolution", layout="torch"), r"\(out, in/groups, \*kernel\)"),
        (lambda: fans((3, 4), "transposed"), r"\(\*kernel, in, out/groups\) in layout 'book'"),
        (lambda: fans((3, 4, 5), "embedding"), r"two positive dimensions, \(rows, width\)"),
        (lambda: fans((3, 4), "conv"), "kind is 'conv'; allowed are 'dense', 'convolution'"),
        (lambda: fans((3, 4), layout="keras"), "layout is 'keras'; allowed are 'book', 'torch'"),
        (lambda: fans((3, 4, 6), "convolution", groups=4), "groups is 4; .* the 6 output channels"),
        (lambda: fans((3, 4, 6), "transposed", groups=3), "groups is 3; .* the 4 input channels"),
        (lambda: fans((3, 4, 6), "convolution", groups=0), "groups is 0; allowed is a whole num"),
        (lambda: fans((3, 4, 6), "convolution", groups=True), "groups is True"),
        (lambda: fans((3, 4), packed=3), "packed is 3; allowed is a divisor of the 4 outputs"),
        (lambda: fans((3, 4), packed="2"), "packed is '2'"),
        (
            lambda: fans((3, 4), stride=np.array([1, 1])),
            r"stride is array\(\[1, 1\]\); allowed is 1",
        ),
        (lambda: fans((3, 4), groups=2), "groups is 2; allowed is 1, for kind 'dense' has none"),
        (lambda: fans((3, 4), groups=True), "groups is True; allowed is 1"),
        (lambda: fans((3, 4), "embedding", packed=2), "packed is 2; allowed is 1"),
        (lambda: fans((3, 4, 6), "convolution", stride=0), "stride is 0"),
        (lambda: fans((3, 4, 6), "convolution", stride=(1, 2)), r"stride is \(1, 2\); .* here 1"),
        (lambda: fans((3, 4, 6), "convolution", stride="2"), "stride is '2'"),
    ],
)
def test_bad_input_gets_one_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence) as raised:
        make()
    assert str(raised.value).endswith(".") and "\n" not in str(raised.value)
