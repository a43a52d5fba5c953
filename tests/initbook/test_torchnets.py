"""Schemes on torch's layers, held against what the layers compute; and a model read unchanged."""

from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.nn.utils import parametrizations, parametrize

from initbook.fans import fans
from initbook.initializers import (
    constant,
    delta_orthogonal,
    he_normal,
    identity,
    normal,
    orthogonal,
    sparse,
    variance_scaling,
    xavier_uniform,
    zeros,
)
from initbook.torchnets import initialize, read_layers


def rng():
    return np.random.default_rng(0)


def start(layer, init, biases=None, **options):
    initialize(layer, init, rng(), biases=biases, **options)
    return layer


def weight(layer):
    return layer.weight.detach().numpy()


def test_a_linear_layer_computes_the_books_product():
    layer = start(nn.Linear(5, 3, dtype=torch.float64), he_normal(), zeros())
    W, X = he_normal()(rng(), (5, 3)), rng().standard_normal((4, 5))
    assert np.allclose(layer(torch.from_numpy(X)).detach().numpy(), X @ W, rtol=1e-12)


def test_a_recurrent_layer_computes_the_books_products():
    layer = start(nn.RNN(5, 3, dtype=torch.float64), he_normal(), None)
    layer.bias_ih_l0, layer.bias_hh_l0 = (nn.Parameter(torch.zeros(3).double()) for _ in range(2))
    generator, X = rng(), rng().standard_normal((2, 1, 5))  # two steps of one sequence
    W, U = he_normal()(generator, (5, 3)), he_normal()(generator, (3, 3))
    first = np.tanh(X[0] @ W)
    wanted = [first, np.tanh(X[1] @ W + first @ U)]
    assert np.allclose(layer(torch.from_numpy(X))[0].detach().numpy(), wanted, rtol=1e-12)


# A layer, and the (fan_in, fan_out) that one output's sum and one input's uses have.
LAYERS = {
    "linear": (nn.Linear(300, 500), (300, 500)),
    "convolution": (nn.Conv2d(30, 50, 3), (270, 450)),
    "1-d": (nn.Conv1d(200, 300, 5), (1000, 1500)),
    "3-d": (nn.Conv3d(20, 30, (3, 2, 5)), (600, 900)),
    "grouped": (nn.Conv2d(60, 120, 3, groups=3), (180, 360)),
    "depthwise": (nn.Conv2d(2000, 4000, 5, groups=2000), (25, 50)),
    "strided": (nn.Conv2d(30, 50, 4, stride=2), (480, 200)),
    "transposed": (nn.ConvTranspose2d(40, 60, 3), (360, 540)),
    "transposed, strided and grouped": (
        nn.ConvTranspose2d(60, 80, 4, stride=2, groups=2),
        (120, 640),
    ),
    "1-d transposed": (nn.ConvTranspose1d(200, 100, 5), (1000, 500)),
    "3-d transposed": (nn.ConvTranspose3d(30, 20, 3), (810, 540)),
    "embedding": (nn.Embedding(1000, 300), (1, 300)),
    "bag": (nn.EmbeddingBag(1000, 300), (1, 300)),
}


@pytest.mark.parametrize("mode", ["fan_in", "fan_out"])
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_gets_the_variance_of_its_own_fans(name, mode):
    layer, counted = LAYERS[name]
    W = weight(start(layer, variance_scaling(1.0, mode, "uniform")))
    bound = np.sqrt(3 / counted[mode == "fan_out"])
    assert 0.999 * bound < abs(W).max() <= bound * (1 + 1e-6)


@pytest.mark.parametrize("name", [n for n in LAYERS if "embedding" not in n and "bag" not in n])
def test_the_fan_in_is_what_the_layers_output_shows(name):
    """With Var(w) = 1/fan_in and white input, the output's variance is 1 away from the edges."""
    layer = start(deepcopy(LAYERS[name][0]).double(), variance_scaling(1.0, "fan_in", "normal"))
    layer.bias = None
    size = getattr(layer, "in_channels", None)
    space = [] if size is None else [12] * len(layer.kernel_size)
    torch.manual_seed(0)
    with torch.no_grad():
        out = layer(torch.randn(2 if space else 400, size or layer.in_features, *space).double())
    inside = out[(..., *(slice(4, 8) for _ in space))]
    assert float(inside.square().mean()) == pytest.approx(1, abs=0.1)


def test_attention_gets_three_square_blocks():
    packed = start(nn.MultiheadAttention(200, 4), xavier_uniform(), zeros())
    bound = np.sqrt(6 / 400)  # torch's own draw takes (600, 200) for the fans: √(6 / 800)
    for block in packed.in_proj_weight.detach().chunk(3):
        assert 0.999 * bound < float(block.abs().max()) <= bound * (1 + 1e-6)
    generator = rng()
    drawn = [xavier_uniform()(generator, (200, 200)) for _ in range(3)]
    assert np.allclose(packed.in_proj_weight[200:400].detach().numpy().T, drawn[1], rtol=1e-6)
    separate = nn.MultiheadAttention(20, 4, kdim=30, vdim=50, add_bias_kv=True)
    touched = initialize(separate, orthogonal(), rng(), biases=normal(1.0))
    assert touched[:3] == ["q_proj_weight", "k_proj_weight", "v_proj_weight"]
    assert {"in_proj_bias", "bias_k", "bias_v", "out_proj.weight", "out_proj.bias"} < set(touched)
    K = separate.k_proj_weight.detach().double()  # (20, 30): rows of length 1
    assert torch.allclose(K @ K.T, torch.eye(20).double(), atol=1e-6)


def blocks_of(parameter, gates):
    return parameter.detach().double().chunk(gates)


# A recurrent module, its gates, and for each weight's ending the fans of one gate.
RECURRENT = {
    "RNN": (nn.RNN(300, 200), 1, {"ih_l0": (300, 200), "hh_l0": (200, 200)}),
    "LSTM, two ways, two layers": (
        nn.LSTM(300, 200, num_layers=2, bidirectional=True),
        4,
        {
            "ih_l0": (300, 200), "hh_l0": (200, 200),
            "ih_l0_reverse": (300, 200), "hh_l0_reverse": (200, 200),
            "ih_l1": (400, 200), "hh_l1": (200, 200),
            "ih_l1_reverse": (400, 200), "hh_l1_reverse": (200, 200),
        },
    ),
    "LSTM, projected": (
        nn.LSTM(300, 200, num_layers=2, proj_size=150, bias=False),
        4,
        {"ih_l0": (300, 200), "hh_l0": (150, 200), "ih_l1": (150, 200), "hh_l1": (150, 200)},
    ),
    "GRU": (nn.GRU(300, 200), 3, {"ih_l0": (300, 200), "hh_l0": (200, 200)}),
    "RNN cell": (nn.RNNCell(300, 200), 1, {"ih": (300, 200), "hh": (200, 200)}),
    "LSTM cell": (nn.LSTMCell(300, 200), 4, {"ih": (300, 200), "hh": (200, 200)}),
    "GRU cell": (nn.GRUCell(300, 200, bias=False), 3, {"ih": (300, 200), "hh": (200, 200)}),
}  # fmt: skip


@pytest.mark.parametrize("name", RECURRENT)
def test_each_gate_has_fans_of_its_own(name):
    """Uniform bounds show the fans: the largest of 30,000 numbers lies within .1 % of its bound
    but for a chance of 1e-13."""
    layer, gates, counted = RECURRENT[name]
    layer = deepcopy(layer)
    pytorchs = variance_scaling(1 / 3, "fan_in", "uniform")
    touched = initialize(layer, xavier_uniform(), rng(), biases=pytorchs)
    assert sorted(touched) == sorted(key for key, _ in layer.named_parameters())
    for ending, (n_in, n_out) in counted.items():
        for block in blocks_of(getattr(layer, f"weight_{ending}"), gates):
            bound = np.sqrt(6 / (n_in + n_out))
            assert 0.999 * bound < float(block.abs().max()) <= bound * (1 + 1e-6)
        if layer.bias:
            for block in blocks_of(getattr(layer, f"bias_{ending}"), gates):
                assert 0.9 / np.sqrt(n_in) < float(block.abs().max()) <= 1 / np.sqrt(n_in)
    for level in range(2) if "projected" in name else ():
        P = getattr(layer, f"weight_hr_l{level}").detach()
        assert 0.999 < float(P.abs().max()) / np.sqrt(6 / 350) <= 1 + 1e-6


def test_recurrent_weights_have_a_scheme_of_their_own():
    layer = nn.GRU(7, 20, dtype=torch.float64)
    start(layer, normal(0.01), zeros(), recurrent=orthogonal())
    for U in blocks_of(layer.weight_hh_l0, 3):
        assert torch.allclose(U @ U.T, torch.eye(20).double())
    assert 0 < float(layer.weight_ih_l0.detach().abs().max()) < 0.1


@pytest.mark.parametrize("make", [nn.LSTM, nn.LSTMCell])
def test_the_forget_gates_bias_is_what_is_said(make):
    """With all weights and other biases 0, a step keeps σ(forget_bias) of the cell's state."""
    layer = make(3, 4, dtype=torch.float64)
    start(layer, zeros(), zeros(), forget_bias=1.5)
    x, state = torch.randn(1, 3).double(), torch.tensor([[1.0, -2, 3, 4]]).double()
    out = layer(x, (torch.zeros(1, 4).double(), state))
    kept = out[1] if make is nn.LSTMCell else out[1][1]
    assert torch.allclose(kept, torch.sigmoid(torch.tensor(1.5).double()) * state)
    drawn = start(make(3, 4), zeros(), constant(2.0), forget_bias=-1.0)
    ih, hh = (blocks_of(p, 4) for p in list(drawn.parameters())[2:])
    assert [float(g[0]) for g in ih] == [2, -1, 2, 2] and [float(g[0]) for g in hh] == [2, 0, 2, 2]


def test_starts_that_look_at_single_entries_keep_their_meaning():
    """Orthogonal, sparse and identity depend on which axis is which, group by group."""
    x = torch.randn(2, 6, 9, dtype=torch.float64)
    convolution = start(nn.Conv1d(6, 6, 3, padding=1, groups=2).double(), identity(), zeros())
    assert torch.equal(convolution(x), x)
    transposed = nn.ConvTranspose1d(6, 6, 3, padding=1, groups=3).double()
    assert torch.equal(start(transposed, identity(), zeros())(x), x)

    turned = start(nn.Conv2d(3, 5, 3, padding=1).double(), delta_orthogonal(), zeros())
    image = torch.randn(2, 3, 4, 4, dtype=torch.float64)
    assert torch.allclose(turned(image).square().sum(), image.square().sum())

    thin = weight(start(nn.Linear(40, 30), sparse(4)))
    assert (np.count_nonzero(thin, axis=1) == 4).all()  # each output's row in torch
    tall = start(nn.Linear(20, 7).double(), orthogonal(2.0))
    assert np.allclose(weight(tall) @ weight(tall).T, 4 * np.eye(7), atol=1e-12)
    grouped = weight(start(nn.Conv1d(40, 6, 1, groups=2).double(), orthogonal()))[..., 0]
    for group in (grouped[:3], grouped[3:]):
        assert np.allclose(group @ group.T, np.eye(3), atol=1e-12)


def test_only_what_is_named_is_touched_and_biases_only_when_asked():
    net = nn.ModuleDict(
        {
            "encoder": nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 4)),
            "head": nn.Linear(4, 2),
        }
    )
    before = deepcopy(net.state_dict())
    touched = initialize(net, normal(9.0), rng(), biases=None, names="encoder.*", only=nn.Linear)
    assert touched == ["encoder.2.weight"]
    after = net.state_dict()
    changed = [name for name in before if not torch.equal(before[name], after[name])]
    assert changed == touched
    everything = initialize(net, normal(9.0), rng(), biases=zeros())
    assert everything == [
        f"{layer}.{p}" for layer in ("encoder.0", "encoder.2", "head") for p in ("weight", "bias")
    ]
    assert not net["head"].bias.any()


def test_biases_can_follow_the_fans_of_their_layer():
    pytorchs = variance_scaling(1 / 3, "fan_in", "uniform")
    layer = start(nn.Linear(400, 3000), pytorchs, pytorchs)
    assert 0.99 / 20 < float(layer.bias.detach().abs().max()) <= 1 / 20 * (1 + 1e-6)


def test_shared_weights_are_drawn_once():
    net = nn.Sequential(nn.Embedding(8, 3), nn.Linear(3, 8, bias=False))
    net[1].weight = net[0].weight
    assert initialize(net, normal(1.0), rng(), biases=zeros()) == ["0.weight"]
    assert np.array_equal(weight(net[1]), np.float32(normal(1.0)(rng(), (8, 3))))


def test_type_and_requires_grad_stay_and_padding_is_zero():
    net = nn.Sequential(nn.Embedding(9, 4, padding_idx=-2), nn.Linear(4, 2)).to(torch.bfloat16)
    net[1].weight.requires_grad_(False)
    parameters = list(net.parameters())
    start(net, normal(1.0), zeros())
    assert all(a is b for a, b in zip(parameters, net.parameters(), strict=True))
    assert {p.dtype for p in net.parameters()} == {torch.bfloat16}
    assert [p.requires_grad for p in net.parameters()] == [True, False, True]
    assert (net[0].weight == 0).all(dim=1).nonzero().flatten().tolist() == [7]


def test_a_padding_row_is_zero_whichever_of_two_layers_comes_first():
    embedding, decoder = nn.Embedding(8, 3, padding_idx=0), nn.Linear(3, 8, bias=False)
    decoder.weight = embedding.weight
    for options in ({}, {"only": nn.Linear}):
        net = nn.ModuleList([decoder, embedding])
        assert initialize(net, normal(1.0), rng(), biases=zeros(), **options) == ["0.weight"]
        assert not weight(embedding)[0].any() and weight(embedding)[1:].all()


@pytest.mark.parametrize(
    ("dtype", "std"), [(torch.float16, 1e-3), (torch.bfloat16, 1e6), (torch.float8_e5m2, 1.0)]
)
def test_a_type_that_rounds_holds_what_is_drawn(dtype, std):
    layer = start(nn.Linear(30, 40).to(dtype), normal(std), constant(0.1))
    wanted = normal(std)(rng(), (30, 40)).T
    rounded = layer.weight.detach().float().numpy()
    assert np.linalg.norm(rounded - wanted) <= np.linalg.norm(wanted) / 8


def reshaped(layer, *shape):
    layer.weight = nn.Parameter(torch.zeros(*shape))
    return layer


def of_wrong_shape(generator, shape, fans=None):
    return np.ones(shape[::-1])


def returning(value):
    return lambda generator, shape, fans: np.full(shape, value)


@pytest.mark.parametrize(
    ("net", "options", "sentence"),
    [
        (nn.Sequential(nn.Bilinear(2, 3, 4)), {}, "0' is a Bilinear; allowed are Linear"),
        (nn.Sequential(nn.LazyLinear(3)), {}, "0.weight' has no values yet"),
        (nn.Linear(2, 3, device="meta"), {}, "weight' has no values yet"),
        (parametrizations.weight_norm(nn.Linear(2, 3)), {}, "weight' is computed from other"),
        (nn.Linear(2, 3), {"names": "encoder.*"}, r"names 'encoder.\*'; .* here are '' \(Linear\)"),
        (nn.Linear(2, 3), {"only": nn.Conv1d}, "only is .*Conv1d"),
        (nn.Sequential(nn.ReLU()), {"names": "*"}, "and here are none"),
        (nn.Linear(2, 3), {"init": of_wrong_shape}, r"the shape \(3, 2\); .* asked for, \(2, 3\)"),
        (nn.Linear(2, 3), {"init": returning(np.nan)}, "returned numbers that are not finite"),
        (nn.Linear(2, 3), {"biases": returning(-np.inf)}, "returned numbers that are not finite"),
        (nn.Linear(2, 3), {"init": constant(1.7e308)}, "which cannot hold weights of up to 1.7e"),
        (nn.Linear(2, 3), {"init": he_normal}, "he_normal is not called"),
        (nn.Linear(2, 3), {"biases": zeros}, "zeros is not called"),
        (nn.LSTM(2, 3), {"recurrent": orthogonal}, "orthogonal is not called"),
        (nn.Linear(2, 3), {"init": returning(1j)}, "returned complex128"),
        (nn.Linear(2, 3), {"init": returning("x")}, "returned <U1"),
        (nn.Linear(2, 3, dtype=torch.complex64), {}, "weight' has the type torch.complex64"),
        (nn.LSTM(2, 3, dtype=torch.complex64), {}, "weight_ih_l0' has the type torch.complex64"),
        (nn.Linear(2, 3, dtype=torch.float16), {"init": normal(1e6)}, "float16, which cannot hold"),
        (nn.Linear(2, 3, dtype=torch.float16), {"init": normal(1e-9)}, "float16, which cannot ho"),
        (nn.Linear(2, 3), {"init": normal(1e300)}, "float32, which cannot hold weights of up to"),
        (nn.Linear(2, 3), {"biases": constant(1e-200)}, "bias' has the type torch.float32"),
        (reshaped(nn.Linear(3, 5), 3, 5), {}, r"has the shape \(3, 5\); its Linear says \(5, 3\)"),
        (reshaped(nn.Conv1d(3, 5, 2), 5, 2, 3), {}, r"its Conv1d says \(5, 3, 2\)"),
        (reshaped(nn.ConvTranspose1d(3, 5, 2), 5, 3, 2), {}, r"ConvTranspose1d says \(3, 5, 2\)"),
        (reshaped(nn.Embedding(3, 5), 5, 3), {}, r"its Embedding says \(3, 5\)"),
        (nn.Linear(2, 3), {"only": "Linear"}, "only is 'Linear'; allowed is a type of layer"),
        (nn.Linear(2, 3), {"only": [nn.Linear]}, "allowed is a type of layer, such as nn.Linear"),
        (nn.Linear(2, 3), {"only": ()}, r"only is \(\) and names"),
        (nn.Linear(2, 3), {"names": nn.Linear}, "names is .*; allowed is a pattern"),
        (nn.Linear(2, 3), {"recurrent": orthogonal()}, "recurrent is given, and no chosen layer"),
        (nn.GRU(2, 3), {"forget_bias": 1.0}, "forget_bias is given, .* is for: LSTM, LSTMCell"),
        (nn.LSTM(2, 3), {"forget_bias": 1.0, "biases": None}, "forget_bias is 1.0 and biases None"),
        (nn.LSTM(2, 3), {"forget_bias": np.nan}, "forget_bias is nan"),
        ([nn.Linear(2, 3)], {}, r"module is \[.*\]; allowed is an nn.Module"),
        (nn.Linear(2, 3), {"rng": 0}, "rng is 0"),
    ],
)
def test_what_cannot_be_initialized_is_said_in_a_sentence(net, options, sentence):
    """And nothing is written, not even to the layer before the one that is refused."""
    whole = nn.Sequential(nn.Linear(2, 3), net) if isinstance(net, nn.Module) else net
    before = deepcopy(whole.state_dict()) if isinstance(net, nn.Module) else {}
    given = {"init": normal(1.0), "biases": zeros(), "rng": rng()} | options
    with pytest.raises(ValueError, match=sentence):
        initialize(net if "only" in options or "names" in options else whole, **given)
    for name, values in before.items():
        if not getattr(values, "is_meta", False) and not is_lazy(values):
            assert torch.equal(values, whole.state_dict()[name]), name


def test_nothing_is_written_where_a_later_layer_cannot_be_drawn():
    net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2))
    before = weight(net[0]).copy()
    with pytest.raises(ValueError, match="connections is 3"):
        start(net, sparse(3))
    assert np.array_equal(weight(net[0]), before)


# --- reading a model -----------------------------------------------------------------------------


def small_net(inplace=False):
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Tanh(), nn.Dropout(0.5), nn.Linear(5, 4),
        nn.ReLU(inplace), nn.Linear(4, 3),
    )  # fmt: skip


def halved_square(out):
    return out.square().sum() / 2


def test_the_readings_are_what_autograd_and_numpy_say():
    net = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3)).double()
    X = torch.randn(50, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    rows = read_layers(net, X, loss=halved_square, limit=0.5, edges=np.linspace(-0.5, 0.5, 5))
    assert [(row.name, row.type, row.call) for row in rows] == [
        ("0", "Linear", 1), ("1", "Tanh", 1), ("2", "Linear", 1),
    ]  # fmt: skip
    layers = [X]
    for layer in net:
        layers.append(layer(layers[-1]))
        layers[-1].retain_grad()
    halved_square(layers[-1]).backward()
    for row, layer, h in zip(rows, net, layers[1:], strict=True):
        values = h.detach().numpy()
        assert row.shape == values.shape
        assert row.mean == pytest.approx(values.mean(), rel=1e-12)
        assert row.std == pytest.approx(values.std(), rel=1e-12)
        assert row.second_moment == pytest.approx(np.mean(values**2), rel=1e-12)
        assert row.beyond == np.mean(abs(values) > 0.5)
        assert row.gradient == pytest.approx(float(h.grad.square().mean()), rel=1e-12)
        assert row.histogram.sum() == values.size
        assert row.histogram[0] == np.sum(values < -0.25)
        if isinstance(layer, nn.Linear):
            expected = float(layer.weight.grad.square().mean())
            assert row.weight_gradient == pytest.approx(expected, rel=1e-12)
        else:
            assert np.isnan(row.weight_gradient)


def test_a_dead_unit_is_zero_for_every_input():
    net = nn.Sequential(nn.Linear(1, 4), nn.ReLU())
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([[1.0], [-1.0], [1.0], [0.0]]))
        net[0].bias.copy_(torch.tensor([0.0, 0.0, -9.0, -1.0]))
    _, relu = read_layers(net, torch.tensor([[1.0], [-1.0]]))
    assert relu.dead == 0.5
    assert np.isnan(relu.gradient)


def state_of(net):
    return {
        "values": deepcopy(net.state_dict()),
        "parameters": [id(p) for p in net.parameters()],
        "buffers": [id(b) for b in net.buffers()],
        "versions": [x._version for x in (*net.parameters(), *net.buffers())],
        "grads": [
            (id(p.grad), None if p.grad is None else p.grad.clone()) for p in net.parameters()
        ],
        "requires": [p.requires_grad for p in net.parameters()],
        "modes": [m.training for m in net.modules()],
        "hooks": [
            (len(m._forward_hooks), len(m._backward_hooks), len(m._forward_pre_hooks))
            for m in net.modules()
        ],
        "random": torch.get_rng_state(),
        "enabled": torch.is_grad_enabled(),
    }


def same(a, b):
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


class Faulty(nn.Module):
    def forward(self, h):
        raise RuntimeError("this layer is broken")


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("fault", ["none", "in the model", "in the loss"])
def test_the_model_is_left_as_it_was(training, fault):
    net = small_net()
    net.append(Faulty() if fault == "in the model" else nn.Identity()).train(training)
    net[4].weight.requires_grad_(False)
    net[0].weight.grad = torch.full((5, 6), 7.0)
    before = state_of(net)
    X = torch.randn(20, 6, generator=torch.Generator().manual_seed(0))

    def loss(out):
        return out if fault == "in the loss" else halved_square(out)

    with torch.no_grad():
        before["enabled"] = False
        if fault == "none":
            rows = read_layers(net, X, loss=loss)
            assert all(np.isfinite(row.gradient) for row in rows)
        else:
            with pytest.raises((RuntimeError, ValueError), match="is broken|loss returned"):
                read_layers(net, X, loss=loss)
        assert same(before, state_of(net))
    assert not X.requires_grad


def test_a_graph_that_is_still_needed_stays_usable():
    """BatchNorm keeps its running mean for the way back: no buffer may have been written to."""
    net, X = small_net().eval(), torch.randn(5, 6)
    loss = halved_square(net(X))
    read_layers(net.train(), X, loss=halved_square)
    loss.backward()


def test_working_in_place_changes_no_reading():
    X = torch.randn(20, 6, generator=torch.Generator().manual_seed(0))
    plain, inplace = (
        read_layers(small_net(inplace).eval(), X, loss=halved_square) for inplace in (False, True)
    )
    for a, b in zip(plain, inplace, strict=True):
        assert (a.second_moment, a.gradient, a.dead) == (b.second_moment, b.gradient, b.dead)
    view = nn.Sequential(nn.Conv1d(2, 3, 1), nn.Flatten(), nn.ReLU(True), nn.Linear(12, 1))
    first = nn.Sequential(nn.ReLU(True), nn.Linear(6, 1))
    for net, batch in ((view, torch.randn(5, 2, 4)), (first, X)):
        kept = batch.clone()
        rows = read_layers(net, batch, loss=torch.sum)
        assert all(np.isfinite(row.gradient) for row in rows)
        assert torch.equal(batch, kept)


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.shared = nn.Linear(4, 4)

    def forward(self, x, scale):
        return {"out": self.shared(torch.tanh(self.shared(x))) * scale}


def test_a_module_called_twice_has_two_readings():
    net = Twice()
    rows = read_layers(net, (torch.randn(7, 4), 2.0), loss=lambda out: out["out"].sum())
    assert [(row.name, row.call) for row in rows] == [("shared", 1), ("shared", 2)]
    assert rows[1].gradient == 4.0
    assert rows[0].gradient != 4.0
    assert rows[0].weight_gradient == rows[1].weight_gradient > 0


def test_outputs_in_several_parts_and_whole_transformers():
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    layer.eval().requires_grad_(False)  # torch would take a path past the parts
    rows = read_layers(layer, torch.randn(3, 5, 8), loss=halved_square)
    kinds = [row.type for row in rows]
    assert kinds.count("Linear") == 2
    attention = rows[kinds.index("MultiheadAttention")]
    assert attention.shape == (3, 5, 8)
    assert attention.gradient > 0 and attention.weight_gradient > 0
    (lstm,) = read_layers(nn.LSTM(3, 4), torch.randn(5, 2, 3), loss=lambda out: out[0].sum())
    assert lstm.shape == (5, 2, 4)
    assert lstm.gradient == 1.0


def test_other_kinds_of_model():
    tokens = torch.tensor([[1, 2], [3, 0]])
    words = nn.Sequential(nn.Embedding(5, 3, padding_idx=0, max_norm=0.1), nn.Linear(3, 2))
    before = words[0].weight.detach().clone()
    rows = read_layers(words, tokens, loss=torch.sum)
    assert [row.name for row in rows] == ["0", "1"]
    assert torch.equal(words[0].weight, before)  # max_norm writes into the weight it looks up
    normed = nn.Sequential(parametrizations.weight_norm(nn.Linear(3, 2, bias=False)))
    rows = read_layers(normed, torch.randn(4, 3), loss=torch.sum)
    assert [(row.name, row.type) for row in rows] == [("0", "ParametrizedLinear")]
    assert parametrize.is_parametrized(normed[0])
    half = nn.Sequential(nn.Linear(3, 2), nn.Softmax(-1)).to(torch.bfloat16)
    rows = read_layers(half, torch.randn(4, 3, dtype=torch.bfloat16))
    assert rows[1].mean == pytest.approx(0.5, abs=0.01)
    tied = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False))
    tied[1].weight = tied[0].weight
    rows = read_layers(tied, torch.randn(4, 3), loss=torch.sum)
    assert rows[0].weight_gradient == rows[1].weight_gradient > 0


class HalfFrozen(nn.Module):
    def __init__(self):
        super().__init__()
        self.below, self.above = nn.Linear(3, 3), nn.Linear(3, 2)

    def forward(self, x):
        with torch.no_grad():
            h = self.below(x)
        return self.above(h)


def test_where_no_gradient_gets_the_reading_says_nan():
    below, above = read_layers(HalfFrozen(), torch.randn(4, 3), loss=torch.sum)
    assert np.isnan(below.gradient) and np.isnan(below.weight_gradient)
    assert above.gradient == 1.0


@pytest.mark.parametrize(
    ("loss", "sentence"),
    [
        (lambda out: out, r"the shape \(4, 2\)"),
        (lambda out: 3.0, "loss returned 3.0; allowed is a tensor with one number"),
    ],
)
def test_a_loss_is_one_number(loss, sentence):
    with pytest.raises(ValueError, match=sentence):
        read_layers(nn.Linear(3, 2), torch.ones(4, 3), loss=loss)


def test_fans_agree_with_the_layers_own_weights():
    """The layout that torch keeps says the same fans as the blocks that are drawn."""
    for name in ("linear", "convolution", "transposed", "embedding"):
        layer, counted = LAYERS[name]
        kind = {"linear": "dense"}.get(name, name)
        assert fans(layer.weight.shape, kind, layout="torch") == counted


@dataclass
class Parts:
    name: str
    out: torch.Tensor


class Returning(nn.Module):
    def __init__(self, make):
        super().__init__()
        self.make = make

    def forward(self, x):
        return self.make(x)


ITSELF = ["a"]
ITSELF.append(ITSELF)


@pytest.mark.parametrize(
    ("make", "rows"),
    [
        (lambda x: "text", 0),
        (lambda x: ["a", b"b"], 0),
        (lambda x: ITSELF, 0),
        (lambda x: None, 0),
        (lambda x: x.to(torch.complex64), 0),
        (lambda x: {"note": "text", "out": x}, 1),
        (lambda x: ("a", [3, x]), 1),
        (lambda x: Parts("a", x), 1),
    ],
)
def test_an_output_may_hold_what_is_no_number(make, rows):
    assert len(read_layers(Returning(make), torch.ones(2, 3))) == rows


def test_a_generator_keeps_its_items():
    class Sum(nn.Module):
        def __init__(self):
            super().__init__()
            self.parts = Returning(lambda x: (k * x for k in (1, 10)))
            self.end = nn.Identity()

        def forward(self, x):
            return self.end(sum(self.parts(x)))

    (row,) = read_layers(Sum(), torch.ones(2, 3))
    assert row.mean == 11.0


def test_an_output_without_numbers_has_a_row_of_nans():
    row, _ = read_layers(nn.Sequential(nn.Linear(3, 2), nn.ReLU()), torch.ones(0, 3))
    numbers = row.mean, row.std, row.second_moment, row.beyond, row.dead
    assert row.shape == (0, 2) and np.isnan(numbers).all()


def test_nothing_becomes_float64_on_the_device(monkeypatch):
    """Apple's GPUs have no float64. Stands for one: a tensor that has not been on the CPU yet."""
    to, cpu = torch.Tensor.to, torch.Tensor.cpu
    fetched = []

    def careful(x, *types, **options):
        assert torch.float64 not in types or id(x) in map(id, fetched)
        return to(x, *types, **options)

    def fetch(x):
        fetched.append(cpu(x).clone())
        return fetched[-1]

    def refuse(x):
        raise AssertionError("float64 on the device")

    monkeypatch.setattr(torch.Tensor, "to", careful)
    monkeypatch.setattr(torch.Tensor, "cpu", fetch)
    monkeypatch.setattr(torch.Tensor, "double", refuse)
    rows = read_layers(small_net(), torch.randn(5, 6), loss=halved_square)
    assert all(np.isfinite(row.gradient) for row in rows)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"edges": [0.0]}, "edges is"),
        ({"edges": [1, 0]}, "edges is"),
        ({"edges": [0, np.nan, 1]}, "edges is"),
        ({"limit": -1}, "limit is -1"),
        ({"limit": "0.97"}, "limit is '0.97'"),
    ],
)
def test_wrong_arguments_of_a_reading_are_said_in_a_sentence(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        read_layers(nn.Linear(3, 2), torch.ones(4, 3), **options)


def test_infinite_edges_count_everything_in_its_place():
    (row,) = read_layers(
        nn.Identity(), torch.tensor([[-1.0, 0.2, 0.7, 9.0]]), edges=[0, 0.5, 1, np.inf]
    )
    assert row.histogram.tolist() == [2, 1, 1]
