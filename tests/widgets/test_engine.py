"""The widgets' mathematics against numpy's: compiled and in plain JavaScript, run in Node."""

import base64
import json
import shlex
import subprocess
from functools import cache

import numpy as np
import pytest
from scipy.stats import kstest

from bookbuild.frontend import find_node
from initbook.activations import get_activation
from initbook.moments import mean_output, second_moment
from initbook.widgets import TenLayers
from widget_maths import in_node
from widget_page import ROOT, WIDGETS

ENGINES = ("wasm", "javascript")

each_engine = pytest.mark.parametrize("engine", ENGINES)


@cache
def run(engine, task, **request):
    request = {"engine": engine, "task": task, "folder": str(WIDGETS), **request}
    answer = in_node("engine_run.mjs", request)
    assert answer["engine"] == engine
    return answer["answer"]


def floats(text):
    return np.frombuffer(base64.b64decode(text), "<f4").astype(np.float64)


def activations(text, batch, width):
    """Unpack [batch / 4][stride][4] to (batch, width)."""
    return floats(text).reshape(batch // 4, -1, 4).swapaxes(1, 2).reshape(batch, -1)[:, :width]


def weights(text, width):
    """Unpack [stride / 8][width][8] to (width, width)."""
    return floats(text).reshape(-1, width, 8).swapaxes(0, 1).reshape(width, -1)[:, :width]


@cache
def stack(engine, activation, scale, width=101, batch=20):
    """What the engine drew and computed, and its Z ~ N(0, 1) scaled to weights."""
    answer = run(
        engine, "layers", activation=activation, scale=scale, width=width, batch=batch, seed=5
    )
    X = activations(answer["inputs"], batch, width)
    W = [weights(text, width) * scale / np.sqrt(width) for text in answer["weights"]]
    H = [activations(text, batch, width) for text in answer["outputs"]]
    return X, W, H, answer["statistics"]


def relative_rms(measured, expected):
    return np.sqrt(np.mean((measured - expected) ** 2) / np.mean(expected**2))


def rms(h):
    return np.sqrt(np.mean(h**2))


# Stds 0.02 and 0.01 at a width of 500 are scales of 0.4472 and 0.2236.
MODERATE = [
    ("tanh", 1.0), ("tanh", 0.2236), ("relu", 2**0.5), ("relu", 0.05),
    ("sigmoid", 1.0), ("identity", 1.0), ("identity", 0.5),
]  # fmt: skip


@each_engine
@pytest.mark.parametrize(("activation", "scale"), [*MODERATE, ("tanh", 22.36), ("sigmoid", 25.0)])
def test_each_layer_on_the_same_input_agrees_with_numpy(engine, activation, scale):
    X, W, H, _ = stack(engine, activation, scale)
    f = get_activation(activation)
    for below, w, h in zip([X, *H], W, H, strict=False):
        assert relative_rms(h, f(below @ w)) < 1e-5


@each_engine
@pytest.mark.parametrize(("activation", "scale"), MODERATE)
def test_ten_layers_agree_with_numpy(engine, activation, scale):
    X, W, H, statistics = stack(engine, activation, scale)
    h, f = X, get_activation(activation)
    for w, computed, layer in zip(W, H, statistics, strict=True):
        h = f(h @ w)
        assert relative_rms(computed, h) < 1e-5
        assert layer["std"] == pytest.approx(h.std(), rel=1e-5)
        assert layer["rms"] == pytest.approx(rms(h), rel=1e-5)
        assert layer["mean"] == pytest.approx(h.mean(), abs=1e-5 * rms(h))


@each_engine
def test_a_saturated_stack_agrees_in_its_statistics(engine):
    """At std 1 the map is chaotic and rounding grows tenfold every few layers."""
    X, W, _, statistics = stack(engine, "tanh", 16.0, width=256, batch=100)
    h = X
    for w, layer in zip(W, statistics, strict=True):
        h = np.tanh(h @ w)
        assert layer["std"] == pytest.approx(h.std(), rel=1e-3)
        assert layer["far"] == pytest.approx(np.mean(np.abs(h) > 0.97), abs=5e-3)


@each_engine
@pytest.mark.parametrize(
    ("activation", "scale", "low", "high", "in_rms"),
    [
        ("tanh", 1.0, -1, 1, False), ("tanh", 22.36, -1, 1, False), ("tanh", 0.2236, -1, 1, False),
        ("sigmoid", 1.0, 0, 1, False),
        ("relu", 2**0.5, 0, 4, True), ("identity", 1.0, -4, 4, True),
    ],
)  # fmt: skip
def test_histograms_count_every_activation_once(engine, activation, scale, low, high, in_rms):
    """Shares of 30 bins, h = 1 in the last; a rounded edge may move a few of the 2020 numbers."""
    _, _, H, statistics = stack(engine, activation, scale)
    for h, layer in zip(H, statistics, strict=True):
        unit = rms(h) if in_rms else 1
        drawn = h[h > 0] if activation == "relu" else h
        counts, _ = np.histogram(drawn, 30, (low * unit, high * unit))
        assert np.abs(np.array(layer["bins"]) - counts / h.size).sum() < 4 / h.size
        zeros = np.mean(h <= 0) if activation == "relu" else 0
        assert sum(layer["bins"]) + layer["outside"] + zeros == pytest.approx(1)


@each_engine
@pytest.mark.parametrize(
    ("activation", "scale", "is_far"),
    [
        ("tanh", 3.0, lambda h: np.abs(h) > 0.97),
        ("sigmoid", 10.0, lambda h: (h < 0.015) | (h > 0.985)),
        ("relu", 2**0.5, lambda h: h > 0),
    ],
)
def test_far_units_are_counted(engine, activation, scale, is_far):
    _, _, H, statistics = stack(engine, activation, scale)
    for h, layer in zip(H, statistics, strict=True):
        assert layer["far"] == pytest.approx(np.mean(is_far(h)), abs=1.5 / h.size)


@each_engine
def test_zero_weights_give_exact_zeros(engine):
    _, _, _, statistics = stack(engine, "tanh", 0)
    assert all(layer["std"] == layer["rms"] == 0 for layer in statistics)
    assert statistics[-1]["bins"][15] == 1


def test_the_mean_field_line_of_a_linear_stack_is_a_power():
    layers = run("wasm", "meanField", activation="identity", scale=5)
    assert [layer["rms"] for layer in layers] == pytest.approx([5.0 ** (i + 1) for i in range(10)])


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
@pytest.mark.parametrize("scale", [0.05, 1.0, 2**0.5, 25.0])
def test_the_mean_field_line_agrees_with_quadrature(activation, scale):
    second = 1.0
    for layer in run("wasm", "meanField", activation=activation, scale=scale):
        q = scale**2 * second
        second, first = second_moment(activation, q), mean_output(activation, q)
        assert layer["rms"] == pytest.approx(np.sqrt(second), rel=1e-6)
        assert layer["std"] == pytest.approx(np.sqrt(second - first**2), rel=1e-6)


def test_settings_functions_and_the_library_know_the_same_activations():
    """In one order: it numbers them for the compiled engine."""
    names = run("wasm", "names")
    assert names == list(TenLayers.settings["state"]["activation"]["choices"])
    assert all(get_activation(name).name == name for name in names)


def test_both_engines_draw_the_same_numbers():
    compiled, plain = (
        floats(run(engine, "normals", count=100_000, seed=2**31 - 1, stream=3))
        for engine in ENGINES
    )
    assert np.abs(compiled - plain).max() < 1e-5


def test_the_draws_are_standard_normal_and_independent():
    """A million numbers, each check at α = 1e-9: 6.1 standard errors."""
    n = 1_000_000
    z = floats(run("wasm", "normals", count=n, seed=0, stream=1))
    error = 6.1 / np.sqrt(n)
    assert abs(z.mean()) < error
    assert abs(z.var() - 1) < error * np.sqrt(2)
    assert abs(np.mean(z**3)) < error * np.sqrt(15)
    assert abs(np.mean(z**4) - 3) < error * np.sqrt(96)
    assert kstest(z, "norm").statistic < 3.3 / np.sqrt(n)
    for lag in (1, 2, 4, 8, 500):  # 4 and 8 join a generator's two outputs and its neighbors
        assert abs(np.mean(z[lag:] * z[:-lag])) < error
        assert abs(np.mean((z[lag:] ** 2 - 1) * (z[:-lag] ** 2 - 1))) < 2 * error
    for other in ({"seed": 1, "stream": 1}, {"seed": 0, "stream": 2}):
        assert abs(np.mean(z * floats(run("wasm", "normals", count=n, **other)))) < error


@pytest.mark.parametrize("module", ["engine", "products"])
def test_the_committed_engine_is_what_its_source_compiles_to(tmp_path, module):
    compiler = ROOT / "node_modules" / "assemblyscript" / "bin" / "asc.js"
    assert compiler.exists(), "The AssemblyScript compiler is missing: run `npm ci`."
    script = json.loads((ROOT / "package.json").read_text())["scripts"][f"build:{module}"]
    arguments = shlex.split(script)[1:]
    arguments[arguments.index("--outFile") + 1] = str(tmp_path / "fresh.wasm")
    subprocess.run([find_node(), compiler, *arguments], cwd=ROOT, check=True, timeout=120)
    committed = (WIDGETS / f"{module}.wasm").read_bytes()
    assert (tmp_path / "fresh.wasm").read_bytes() == committed, f"run `npm run build:{module}`"


def test_the_hot_loops_are_small():
    assert sum(file.stat().st_size for file in WIDGETS.glob("*.wasm")) <= 4096
