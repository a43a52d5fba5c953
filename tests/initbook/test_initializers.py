"""Every scheme against the exact law that its paper states, and faults planted to see them caught.

The laws, their bounds and their chance of a false alarm stand in laws.py.
"""

import copy
import pickle
from functools import partial

import fresh_seeds
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import LAWS
from numpy.random import Generator
from scipy import stats

from initbook import initializers as init

RNG = np.random.default_rng(0)
SCHEMES = [
    init.normal(1), init.truncated_normal(1), init.uniform(1), init.constant(2), init.zeros(),
    init.lecun_normal(), init.lecun_uniform(), init.xavier_normal(), init.xavier_uniform(),
    init.sigmoid_xavier(), init.he_normal(), init.he_uniform("fan_avg", 0.1), init.orthogonal(),
    init.identity(), init.sparse(2, "outgoing", 0.5),
    init.variance_scaling(3, "fan_out", "uniform"),
]  # fmt: skip
exact = settings(deadline=None, derandomize=True)  # nothing here rests on chance or on time


@pytest.mark.parametrize("name", LAWS)
def test_a_scheme_follows_its_law(name):
    assert LAWS[name](init, np.random.default_rng(0)) == []


def other_fan(change):
    return lambda right: lambda mode, n_in, n_out: change(right, mode, n_in, n_out)


def clipped(rng, shape, std):
    return np.clip(std * rng.standard_normal(shape), -2 * std, 2 * std)


def a_row_once(rng, shape, std):
    return np.broadcast_to(std * rng.standard_normal(shape[1:]), shape)


def haar_by(draw, signs):
    """A QR decomposition's Q, its columns times these signs of R's diagonal."""

    def wrong(rng, rows, columns):
        Q, R = np.linalg.qr(draw(rng, (max(rows, columns), min(rows, columns))))
        Q = Q * signs(np.copysign(1.0, np.diagonal(R)))
        return Q if rows >= columns else Q.T

    return lambda right: wrong


def bell(rng, shape):
    return rng.standard_normal(shape)


# A function of initializers.py, what stands in its place, and the laws that must notice. Faults of
# arithmetic are left to the tools that make them by the hundred.
MUTANTS = {
    "std × 1.02": ("_fan", other_fan(lambda right, *way: right(*way) / 1.02**2),
                   ["he normal", "he uniform", "truncated, fan_out", "xavier normal",
                    "sigmoid xavier"]),
    "fan_in for fan_out": ("_fan", other_fan(lambda right, mode, n, m: right(mode, m, n)),
                           ["he normal", "lecun uniform", "leaky he, fan_out",
                            "truncated, fan_out", "embedding"]),
    "fan_avg geometric": (
        "_fan", other_fan(lambda right, mode, *n: np.sqrt(n[0] * n[1])
                          if mode == "fan_avg" else right(mode, *n)),
        ["xavier normal", "xavier uniform", "kernel, fan_avg"],
    ),
    "given fans not read": ("check_fans", lambda right: lambda fans: (2.0, 2.0),
                            ["grouped", "transposed", "packed", "embedding"]),
    "√2 forgotten": ("leaky_scale", lambda right: lambda a: right(a) / 2,
                     ["he normal", "he uniform", "leaky he, fan_out"]),
    "leaky slope forgotten": ("leaky_scale", lambda right: lambda a: 2.0,
                              ["leaky he, fan_out", "torch's default"]),
    "√3 forgotten": (
        "_draw_uniform", lambda right: lambda rng, shape, std: right(rng, shape, std / 3**0.5),
        ["he uniform", "xavier uniform", "packed"],
    ),
    "uniform for normal": ("_draw_normal", lambda right: init._draw_uniform,
                           ["normal", "he normal", "xavier normal", "lecun normal", "transposed"]),
    "normal for uniform": ("_draw_uniform", lambda right: init._draw_normal,
                           ["he uniform", "xavier uniform", "lecun uniform", "grouped"]),
    "normal for truncated": ("_draw_truncated_normal", lambda right: init._draw_normal,
                             ["truncated normal", "truncated, fan_out"]),
    "truncation not corrected": (
        "_draw_truncated_normal",
        lambda right: lambda rng, shape, std: right(rng, shape, std * init.CUT_STD),
        ["truncated normal", "truncated, fan_out"],
    ),
    "truncated by clipping": ("_draw_truncated_normal", lambda right: clipped,
                              ["truncated normal", "truncated, fan_out"]),
    "a row drawn once": ("_draw_normal", lambda right: a_row_once, ["normal", "he normal"]),
    "signs not fixed": ("_draw_haar", haar_by(bell, np.ones_like), ["haar"]),
    "the last sign forgotten": ("_draw_haar", haar_by(bell, lambda s: np.append(s[:-1], 1.0)),
                                ["haar"]),
    "QR of a uniform matrix": (
        "_draw_haar", haar_by(lambda rng, shape: rng.uniform(size=shape), lambda s: s), ["haar"]
    ),
    "center beside the center": ("center", lambda right: lambda k: tuple(n // 2 for n in k),
                                 ["delta-orthogonal", "identity"]),
    "outgoing for incoming": (
        "_places", lambda right: lambda rng, dense, axis, n: right(rng, dense, 1 - axis, n),
        ["sparse, incoming", "sparse, outgoing"],
    ),
    "the same places for every unit": (
        "_places",
        lambda right: lambda rng, dense, axis, n: rng.permutation(
            np.indices(dense)[axis] < n, axis=axis),
        ["sparse, incoming", "sparse, outgoing"],
    ),
    "connections by chance": (
        "_places",
        lambda right: lambda rng, dense, axis, n: rng.random(dense) < n / dense[axis],
        ["sparse, incoming", "sparse, outgoing"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", MUTANTS)
def test_a_planted_fault_is_noticed(fault, monkeypatch):
    name, plant, laws = MUTANTS[fault]
    right = getattr(init, name)
    monkeypatch.setattr(init, name, plant(right))
    for key, draw in init.DRAWS.items():
        if draw is right:
            monkeypatch.setitem(init.DRAWS, key, plant(right))
    blind = [law for law in laws if not LAWS[law](init, np.random.default_rng(0))]
    assert not blind, f"{blind} did not notice"


def test_a_scheme_says_what_it_is():
    said = {
        "he_normal(mode='fan_in', negative_slope=0.0)": init.he_normal(),
        "he_uniform(mode='fan_avg', negative_slope=0.5)": init.kaiming_uniform("fan_avg", 0.5),
        "xavier_normal()": init.glorot_normal(),
        "normal(std=1.0)": init.normal(np.float32(1)),
        "sparse(connections=15, direction='incoming', std=1.0)": init.sparse(std=1),
        "zeros()": init.zeros(),
    }
    assert [repr(scheme) for scheme in said.values()] == list(said)
    assert (init.glorot_uniform, init.kaiming_normal) == (init.xavier_uniform, init.he_normal)


@pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
def test_a_scheme_is_the_same_after_a_journey(scheme):
    for other in (
        pickle.loads(pickle.dumps(scheme)),
        copy.deepcopy(scheme),
        eval(repr(scheme), vars(init)),
    ):
        assert other == scheme and hash(other) == hash(scheme) and repr(other) == repr(scheme)
        once, again = (s(np.random.default_rng(3), (4, 4)) for s in (scheme, other))
        assert np.array_equal(once, again)
    assert sum(scheme == other for other in SCHEMES) == 1
    with pytest.raises(AttributeError):
        scheme.name = "another"


def two(rng, shape):
    return rng.standard_normal(shape)


def three(rng, shape, fans):
    return rng.standard_normal(shape) / np.sqrt(fans.fan_in)


def with_dtype(key, shape, dtype=float):
    return key.standard_normal(shape).astype(dtype)


def named(rng, shape, *, fans=None):
    return three(rng, shape, fans)


@pytest.mark.parametrize(
    ("own", "std"),
    [(two, 1), (three, 0.5), (named, 0.5), (with_dtype, 1), (partial(three), 0.5),
     (Generator.standard_normal, 1), (lambda *given: three(*given), 0.5),
     (lambda rng, shape: [[1] * shape[1]] * shape[0], 0)],
)  # fmt: skip
def test_a_function_of_ones_own_is_called_as_it_wants(own, std):
    drawn = init.as_initializer(own)(np.random.default_rng(0), iter([4, 10**5]))
    assert drawn.shape == (4, 10**5) and drawn.dtype == np.float64
    assert drawn.std() == pytest.approx(std, rel=0.02)
    twice = init.as_initializer(init.as_initializer(own))
    assert twice == init.as_initializer(own)


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        (init.he_normal, r"he_normal is not called; allowed is .* he_normal\(\) does"),
        (3, "init is 3; allowed are a scheme"),
        (None, "init is None; allowed are"),
        ("he_normal", "init is 'he_normal'; allowed are"),
        (lambda rng: 0, r"with the arguments \(rng\); allowed are \(rng, shape\)"),
        (lambda a, b, c, d: 0, r"with the arguments \(a, b, c, d\)"),
        (lambda rng, shape: np.zeros(3), r"returned the shape \(3,\); .* \(4, 5\)"),
        (lambda rng, shape: np.full(shape, np.nan), "returned numbers that are not finite"),
        (lambda rng, shape: np.full(shape, 1j), "returned complex128; allowed are finite real"),
        (lambda rng, shape: np.full(shape, "a"), "returned <U1; allowed are finite real"),
    ],
)
def test_what_is_no_initializer_is_said(own, sentence):
    with pytest.raises(ValueError, match=sentence):
        init.as_initializer(own)(np.random.default_rng(0), (4, 5))


@pytest.mark.parametrize(
    "rng", [0, None, np.random.RandomState(0), np.random, np.array([[0], [7]])], ids=type
)
def test_only_a_generator_is_an_rng(rng):
    for scheme in (init.he_normal(), init.as_initializer(two)):
        with pytest.raises(ValueError, match="^rng is .*; allowed is a generator, as np.random"):
            scheme(rng, (4, 5))


def test_the_constant_of_the_cut():
    assert abs(init.CUT_STD / stats.truncnorm(-2, 2).std() - 1) < 1e-14
    assert abs(init.CUT_STD - 0.87962566) < 5e-9  # the frameworks' constant
    assert abs(init.truncated_normal(init.CUT_STD)(RNG, (10**5,))).max() <= 2 * (1 + 1e-12)


def test_fresh_seeds_say_what_broke_and_rerun_one(capsys, monkeypatch):
    one = {"identity": LAWS["identity"]}
    monkeypatch.setattr(fresh_seeds, "LAWS", one)
    assert fresh_seeds.main(["--seeds", "2"]) == 0
    assert "2 of 2 seeds, 0 failed" in capsys.readouterr().out
    one["he normal"] = lambda module, rng: ["std is 2"]
    assert fresh_seeds.main(["--seed", "7"]) == 1
    assert "seed 7: he normal: std is 2\n" in capsys.readouterr().out


SIZES = st.integers(1, 7)
seeds = st.integers(0, 2**32)


@exact
@given(st.sampled_from(SCHEMES), st.lists(SIZES, min_size=2, max_size=5), seeds)
def test_any_scheme_fills_any_shape_with_finite_float64_the_same_for_a_seed(scheme, shape, seed):
    once, again = (scheme(np.random.default_rng(seed), shape) for _ in range(2))
    assert once.shape == tuple(shape) and once.dtype == np.float64 and np.isfinite(once).all()
    assert np.array_equal(once, again)


@exact
@given(
    st.sampled_from(["fan_in", "fan_out", "fan_avg"]), st.sampled_from(list(init.DRAWS)),
    st.floats(1e-6, 1e6), st.lists(SIZES, min_size=2, max_size=5), seeds,
)  # fmt: skip
def test_four_times_the_scale_is_twice_each_weight(mode, distribution, scale, shape, seed):
    one, four = (
        init.variance_scaling(s, mode, distribution)(np.random.default_rng(seed), shape)
        for s in (scale, 4 * scale)
    )
    np.testing.assert_array_equal(four, 2 * one)


@exact
@given(SIZES, SIZES, st.integers(0, 49), st.sampled_from(["incoming", "outgoing"]), seeds)
def test_sparse_counts_in_any_shape(n_in, n_out, some, direction, seed):
    axis, available = (0, n_in) if direction == "incoming" else (1, n_out)
    count = 1 + some % available
    W = init.sparse(count, direction)(np.random.default_rng(seed), (n_in, n_out))
    assert np.all(np.count_nonzero(W, axis=axis) == count)


def test_a_scheme_used_twice_draws_anew_and_takes_the_fans_of_a_bias():
    scheme, rng = init.he_normal(), np.random.default_rng(0)
    assert not np.any(scheme(rng, (30, 20)) == scheme(rng, (30, 20)))
    assert scheme(rng, (10**5,), (50, 1)).std() == pytest.approx(0.2, rel=0.02)
    assert init.normal(0.1)(rng, ()).shape == () and init.uniform(0.1)(rng, (0, 3)).size == 0


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("kernel", [(3,), (4,), (3, 2), (3, 4, 5)])
def test_same_padding_meets_the_center(kernel):
    """torch's own convolution: identity hands an image on, delta-orthogonal keeps its length."""
    convolve = [torch.conv1d, torch.conv2d, torch.conv3d][len(kernel) - 1]
    image = RNG.standard_normal((2, 3, *[6] * len(kernel)))

    def through(scheme, n_out):
        K = np.moveaxis(scheme(RNG, (*kernel, 3, n_out)), [-1, -2], [0, 1])
        return convolve(torch.from_numpy(image), torch.from_numpy(K.copy()), padding="same").numpy()

    np.testing.assert_array_equal(through(init.identity(), 3), image)
    out = through(init.delta_orthogonal(2.0), 5)
    assert np.linalg.norm(out) == pytest.approx(2 * np.linalg.norm(image), rel=1e-12)


def test_a_grouped_identity_is_identities_side_by_side():
    K = np.concatenate([init.identity()(RNG, (3, 2, 2)) for _ in range(3)], axis=-1)
    weight = torch.from_numpy(np.moveaxis(K, [-1, -2], [0, 1]).copy())
    signal = torch.from_numpy(RNG.standard_normal((1, 6, 9)))
    assert torch.equal(torch.conv1d(signal, weight, padding="same", groups=3), signal)


def test_pytorchs_default_is_uniform_on_one_over_root_n():
    """What chapter 2 says of nn.Linear: its variance is a third of 1/n."""
    w = torch.nn.Linear(800, 1250).weight.detach().numpy().astype(float)
    assert abs(w).max() <= (1 + 1e-6) / np.sqrt(800)  # its float32 bound may round up
    assert w.var() * 800 == pytest.approx(1 / 3, rel=0.01)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: init.variance_scaling(-1.0, "fan_in", "normal"), "scale is -1.0; allowed is a fi"),
        (lambda: init.variance_scaling(float("nan"), "fan_in", "normal"), "scale is nan"),
        (lambda: init.variance_scaling(float("inf"), "fan_in", "normal"), "scale is inf"),
        (lambda: init.variance_scaling(True, "fan_in", "normal"), "scale is True"),
        (lambda: init.variance_scaling("2", "fan_in", "normal"), "scale is '2'"),
        (lambda: init.variance_scaling(1.0, "fanin", "normal"), "'fan_in', 'fan_out', 'fan_avg'"),
        (lambda: init.variance_scaling(1.0, ["fan_in"], "normal"), r"mode is \['fan_in'\]"),
        (lambda: init.variance_scaling(1.0, "fan_in", "gauss"), "distribution is 'gauss'"),
        (lambda: init.he_normal("fan_inn"), "mode is 'fan_inn'"),
        (lambda: init.he_uniform(negative_slope=float("nan")), "negative_slope is nan"),
        (lambda: init.normal(-0.1), "std is -0.1"),
        (lambda: init.truncated_normal(None), "std is None"),
        (lambda: init.uniform(-1), "bound is -1; allowed is a finite number of at least 0"),
        (lambda: init.constant(float("inf")), "value is inf; allowed is a finite number."),
        (lambda: init.orthogonal(-1), "gain is -1"),
        (lambda: init.delta_orthogonal("1"), "gain is '1'"),
        (lambda: init.identity(False), "gain is False"),
        (lambda: init.sparse(0), "connections is 0; allowed is a whole number of at least 1"),
        (lambda: init.sparse(1.5), "connections is 1.5"),
        (lambda: init.sparse(3, "in"), "direction is 'in'; allowed are 'incoming', 'outgoing'"),
        (lambda: init.sparse(3, std=-1), "std is -1"),
        (lambda: init.he_normal()(RNG, {4, 5}), r"shape is \{4, 5\}; allowed are whole numbers"),
        (lambda: init.normal(1)(RNG, b"ab"), "shape is b'ab'"),
        (lambda: init.he_normal()(RNG, iter([4, -5])), r"shape is \[4, -5\]"),
        (lambda: init.he_normal()(RNG, (5,)), r"shape is \(5,\); allowed for kind 'dense' are two"),
        (lambda: init.he_normal()(RNG, (0, 5)), r"shape is \(0, 5\)"),
        (lambda: init.he_normal()(RNG, (3, 0, 5)), r"shape is \(3, 0, 5\); .*three or more"),
        (lambda: init.he_normal()(RNG, 5), "shape is 5; allowed are whole numbers"),
        (lambda: init.he_normal()(RNG, (2.0, 3)), r"shape is \(2.0, 3\)"),
        (lambda: init.normal(1)(RNG, "ab"), "shape is 'ab'"),
        (lambda: init.zeros()(RNG, (3, -1)), r"shape is \(3, -1\)"),
        (lambda: init.zeros()(RNG, (True, 2)), r"shape is \(True, 2\)"),
        (lambda: init.he_normal()(RNG, (4, 5), (0, 5)), r"fans is \(0, 5\); allowed are two pos"),
        (lambda: init.he_normal()(RNG, (4, 5), 4), "fans is 4"),
        (lambda: init.he_normal()(RNG, (4, 5), (4,)), r"fans is \(4,\)"),
        (lambda: init.he_normal()(RNG, (4, 5), ("4", 5)), "a fan is '4'"),
        (lambda: init.orthogonal()(RNG, (4,)), r"shape is \(4,\)"),
        (lambda: init.identity()(RNG, (0, 4)), r"shape is \(0, 4\)"),
        (lambda: init.delta_orthogonal()(RNG, (4, 5)), r"shape is \(4, 5\).*\(\*kernel, in, out\)"),
        (lambda: init.delta_orthogonal()(RNG, (3, 5, 4)), r"shape is \(3, 5, 4\).*in at most out"),
        (lambda: init.sparse()(RNG, (10, 20)), "connections is 15; allowed are 1 to 10"),
        (lambda: init.sparse(15, "outgoing")(RNG, (20, 10)), "no more outgoing ones"),
        (lambda: init.sparse(2)(RNG, (3, 4, 5)), r"shape is \(3, 4, 5\); a sparse weight is dense"),
    ],
)
def test_bad_input_gets_one_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence) as raised:
        make()
    assert str(raised.value).endswith(".") and "\n" not in str(raised.value)
