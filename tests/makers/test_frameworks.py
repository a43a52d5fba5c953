"""PyTorch, Keras and JAX: one law where they mean the same, and the page's tables elsewhere."""

import csv
import math

import numpy as np
import pytest
from torch import empty, nn

from initbook import initializers as book
from initbook.fans import fans
from makers import frameworks
from makers.frameworks import J, K, by_jax, tables

KINDS = {2: "dense", 3: "convolution", 4: "convolution", 5: "convolution"}
SHAPES = [(300, 500), (5, 200, 300), (3, 4, 30, 50), (3, 2, 4, 20, 30)]

# Named schemes: the book's, torch's function, Keras', JAX's; Var(w) from (fan_in, fan_out).
SCHEMES = {
    "lecun uniform": (book.lecun_uniform(), None, K.LecunUniform, J.lecun_uniform),
    "lecun normal": (book.lecun_normal(), None, K.LecunNormal, J.lecun_normal),
    "xavier uniform": (
        book.xavier_uniform(), nn.init.xavier_uniform_, K.GlorotUniform, J.glorot_uniform,
    ),
    "xavier normal": (
        book.xavier_normal(), nn.init.xavier_normal_, K.GlorotNormal, J.glorot_normal,
    ),
    "he uniform": (book.he_uniform(), nn.init.kaiming_uniform_, K.HeUniform, J.he_uniform),
    "he normal": (book.he_normal(), nn.init.kaiming_normal_, K.HeNormal, J.he_normal),
}  # fmt: skip
VARIANCES = {
    "lecun": lambda fan_in, fan_out: 1 / fan_in,
    "xavier": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "he": lambda fan_in, fan_out: 2 / fan_in,
}


def torch_shape(shape):
    """(*kernel, in, out) as torch has it: (out, in, *kernel)."""
    return (*shape[:-3:-1], *shape[:-2])


def draws(scheme, shape):
    ours, fill, of_keras, of_jax = SCHEMES[scheme]
    yield "book", ours(np.random.default_rng(0), shape)
    if fill:
        yield "torch", fill(empty(torch_shape(shape))).numpy()
    yield "keras", np.asarray(of_keras(seed=1)(shape))
    yield "jax", by_jax(of_jax(), shape)


@pytest.mark.parametrize("shape", SHAPES)
def test_all_count_the_fans_of_plain_layers_alike(shape):
    ours = fans(shape, KINDS[len(shape)])
    assert ours == (math.prod(shape[:-1]), math.prod(shape) / shape[-2])
    assert ours == fans(torch_shape(shape), KINDS[len(shape)], layout="torch")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_scheme_has_one_law_everywhere(scheme, shape):
    """The bound exactly where there is one, the variance within six standard errors."""
    name, distribution = scheme.split()
    variance = VARIANCES[name](*fans(shape, KINDS[len(shape)]))
    kurtosis, bound = (9 / 5, math.sqrt(3 * variance)) if distribution == "uniform" else (3, np.inf)
    for framework, W in draws(scheme, shape):
        error = 6 * math.sqrt((kurtosis - 1) / W.size)
        assert W.var() == pytest.approx(variance, rel=error), framework
        assert abs(W.mean()) < 6 * math.sqrt(variance / W.size), framework
        largest = float(abs(W).max())
        assert largest <= bound * (1 + 1e-6), framework
        if distribution == "uniform":  # 20/N beyond the largest of N: a chance of 2e-9
            assert largest > bound * (1 - 20 / W.size), framework


@pytest.mark.parametrize("mode", ["fan_in", "fan_out"])
def test_he_in_both_directions_and_with_a_leak(mode):
    shape, slope = (300, 500), 0.5
    bound = math.sqrt(6 / (1 + slope**2) / getattr(fans(shape), mode))
    ours = book.he_uniform(mode, slope)(np.random.default_rng(0), shape)
    theirs = nn.init.kaiming_uniform_(empty(torch_shape(shape)), slope, mode).numpy()
    for W in (ours, theirs):
        assert bound * (1 - 20 / W.size) < abs(W).max() <= bound * (1 + 1e-6)


def test_truncation_is_corrected_everywhere_in_variance_scaling():
    shape = (1000, 500)
    arguments = (2.0, "fan_out", "truncated_normal")
    for W in (
        book.variance_scaling(*arguments)(np.random.default_rng(0), shape),
        np.asarray(K.VarianceScaling(*arguments, seed=1)(shape)),
        by_jax(J.variance_scaling(*arguments), shape),
    ):
        assert W.var() == pytest.approx(2 / 500, rel=0.01)
        assert abs(W).max() == pytest.approx(2 / book.CUT_STD * math.sqrt(2 / 500), rel=0.002)


@pytest.mark.parametrize("shape", [(40, 30), (30, 40), (3, 10, 20)])
def test_orthogonal_weights_are_the_same_matrices(shape):
    flat = (math.prod(shape[:-1]), shape[-1])
    for W in (
        book.orthogonal(2.0)(np.random.default_rng(0), shape),
        np.asarray(K.Orthogonal(2.0, seed=1)(shape)),
        by_jax(J.orthogonal(2.0), shape),
        np.moveaxis(nn.init.orthogonal_(empty(torch_shape(shape)), 2.0).numpy(), (0, 1), (-1, -2)),
    ):
        W = W.reshape(flat).astype(float)
        product = W @ W.T if flat[0] < flat[1] else W.T @ W
        assert np.allclose(product, 4 * np.eye(min(flat)), atol=1e-5)


def test_delta_orthogonal_is_jaxs():
    ours = book.delta_orthogonal()(np.random.default_rng(0), (3, 4, 5, 6))
    theirs = by_jax(J.delta_orthogonal(), (3, 4, 5, 6))
    for W in (ours, theirs):
        assert np.argwhere(W.any(axis=(2, 3))).tolist() == [[1, 1]]
        assert np.allclose(W[1, 1] @ W[1, 1].T, np.eye(5), atol=1e-5)


def test_the_tables_of_the_page_are_what_the_frameworks_do():
    for name, lines in tables():
        with (frameworks.FOLDER / f"{name}.csv").open(encoding="utf-8") as file:
            assert lines == list(csv.reader(file)), "python -m makers.frameworks makes it anew"
