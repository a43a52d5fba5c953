"""Each scheme against the exact law that its formula states, tight enough to kill usual slips.

n = 10⁶ samples, a chance of 1e-9 a check for a correct program to fail. A uniform law has a smaller
kurtosis than a normal one, and so a tighter bound on its std.
"""

import numpy as np
import pytest
import torch
from scipy import stats

from initbook import initializers as init

ALPHA = 1e-9
FAN_IN, FAN_OUT = 800, 1250  # rectangular: swapped fans are off by a quarter
N = FAN_IN * FAN_OUT
NORMAL, UNIFORM = stats.norm(), stats.uniform(-np.sqrt(3), 2 * np.sqrt(3))
CUT = stats.truncnorm(-2, 2, scale=1 / stats.truncnorm(-2, 2).std())

LAWS = {
    "normal .02": (init.normal(0.02), NORMAL, 0.02),
    "lecun": (init.lecun_normal(), NORMAL, np.sqrt(1 / FAN_IN)),
    "xavier normal": (init.xavier_normal(), NORMAL, np.sqrt(2 / (FAN_IN + FAN_OUT))),
    "xavier uniform": (init.xavier_uniform(), UNIFORM, np.sqrt(2 / (FAN_IN + FAN_OUT))),
    "sigmoid xavier": (init.sigmoid_xavier(), NORMAL, 3.5777087639996634 / np.sqrt(FAN_IN)),
    "he normal": (init.he_normal(), NORMAL, np.sqrt(2 / FAN_IN)),
    "he uniform": (init.he_uniform(), UNIFORM, np.sqrt(2 / FAN_IN)),
    "truncated, fan_out": (
        init.variance_scaling(2.0, "fan_out", "truncated_normal"), CUT, np.sqrt(2 / FAN_OUT)
    ),
}  # fmt: skip

MUTANTS = {
    "std × 1.02": (lambda rng, shape: 1.02 * init.he_normal()(rng, shape), "he normal"),
    "fans swapped": (init.variance_scaling(2.0, "fan_out", "normal"), "he normal"),
    "√2 forgotten": (init.lecun_normal(), "he normal"),
    "uniform for normal": (init.he_uniform(), "he normal"),
    "normal for uniform": (init.he_normal(), "he uniform"),
    "std for variance": (init.normal(2 / FAN_IN), "he normal"),
    "√3 forgotten": (
        lambda rng, shape: rng.uniform(-1, 1, shape) * np.sqrt(2 / FAN_IN), "he uniform"
    ),
    "cut not corrected": (
        lambda rng, shape: init.CUT_STD
        * init.variance_scaling(2.0, "fan_out", "truncated_normal")(rng, shape),
        "truncated, fan_out",
    ),
    "mean not 0": (lambda rng, shape: init.he_normal()(rng, shape) + 5e-4, "he normal"),
}  # fmt: skip


def follows(initializer, law, std, seed=0):
    """Mean, std and Kolmogorov–Smirnov distance within what chance allows."""
    w = initializer(np.random.default_rng(seed), (FAN_IN, FAN_OUT)).ravel() / std
    z = NORMAL.isf(ALPHA / 2)
    kurtosis = float(law.stats("k")) + 3
    mean_fits = abs(w.mean()) < z / np.sqrt(N)
    std_fits = abs(w.std() - 1) < z * np.sqrt((kurtosis - 1) / (4 * N))
    distance = stats.kstest(w, law.cdf).statistic
    return mean_fits and std_fits and distance < stats.kstwobign.isf(ALPHA) / np.sqrt(N)


@pytest.mark.parametrize("name", LAWS)
def test_a_scheme_follows_its_law(name):
    initializer, law, std = LAWS[name]
    assert law.std() == pytest.approx(1)
    assert follows(initializer, law, std)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_usual_slips_are_caught(mutant):
    initializer, name = MUTANTS[mutant]
    _, law, std = LAWS[name]
    assert not follows(initializer, law, std)


def test_pytorchs_default_is_uniform_on_one_over_root_n():
    """What chapter 2 says of nn.Linear: its variance is a third of 1/n."""
    w = torch.nn.Linear(FAN_IN, FAN_OUT).weight.detach().numpy().astype(float)
    assert abs(w).max() <= 1 / np.sqrt(FAN_IN)
    assert w.var() * FAN_IN == pytest.approx(1 / 3, rel=0.01)


def test_zeros_are_zero_and_a_seed_draws_the_same_twice():
    rng = np.random.default_rng(0)
    assert not init.zeros()(rng, (3, 4)).any()
    twice = [init.he_normal()(np.random.default_rng(7), (30, 20)) for _ in range(2)]
    assert np.array_equal(*twice)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: init.variance_scaling(-1.0, "fan_in", "normal"), "scale is -1.0"),
        (lambda: init.variance_scaling(float("nan"), "fan_in", "normal"), "scale is nan"),
        (lambda: init.variance_scaling(1.0, "fanin", "normal"), "'fan_in', 'fan_out', 'fan_avg'"),
        (lambda: init.variance_scaling(1.0, "fan_in", "gauss"), "distribution is 'gauss'"),
        (lambda: init.normal(-0.1), "std is -0.1"),
        (lambda: init.he_normal()(np.random.default_rng(0), (5,)), r"shape is \(5,\)"),
        (lambda: init.he_normal()(np.random.default_rng(0), (0, 5)), r"shape is \(0, 5\)"),
    ],
)
def test_bad_input_gets_one_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()
