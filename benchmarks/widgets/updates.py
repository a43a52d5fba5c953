"""How long each widget takes for an update, in Chromium.

    python benchmarks/widgets/updates.py

First a table: the 50th and 95th percentile of an update with its drawing and painting, while one
slider moves; ten layers may then compute a part of the batch. Then ten layers with all of it and
without drawing: the ratio to the plain JavaScript fallback and to the loop that one would write
first, ReLU by rescaling, and the share of numpy's speed on one thread for the same matrix products.
All in one run, interleaved where ratios are taken.
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy is loaded

import sys
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
WIDGETS = ROOT / "code" / "initbook" / "widgets"
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "code"))
import chromium  # noqa: E402
from initbook.widgets import (  # noqa: E402
    BatchNormalization,
    Descent,
    GainFinder,
    GradientFlow,
    Symmetry,
    TenLayers,
    VarianceOfASum,
)

SIZES = [(500, 100), (256, 200)]
LAYERS = 10

# A widget with a state, and the setting that moves: a new widget is a line here.
MOVES = [
    *((TenLayers(width=n, batch=b), "scale", 0.3, 2.3) for n, b in SIZES),
    *((TenLayers("gelu", width=n, batch=b), "scale", 0.3, 2.3) for n, b in SIZES),
    (TenLayers("relu", width=500), "scale", 0.3, 2.3),
    (TenLayers(width=500, depth=50), "scale", 0.3, 2.3),
    (TenLayers(width=256, norm="on"), "scale", 0.3, 2.3),
    (VarianceOfASum(), "var_w", 0.001, 1.0),
    (VarianceOfASum(n=256, correlation=0.5), "mean_x", -2.0, 2.0),
    (Symmetry(), "step", 0, 2000),
    (Symmetry(), "seed", 0, 199),
    (Descent(), "start", -3.0, 3.0),
    (GradientFlow(), "scale", 0.5, 3.0),
    (GradientFlow(depth=100, width=200), "scale", 0.5, 3.0),
    (GradientFlow(), "depth", 2, 100),
    (GainFinder(), "gain", 0.5, 3.0),
    (BatchNormalization(), "gamma", 0.2, 3.0),
]


def serve(route):
    name = route.request.url.partition("widgets.test/")[2]
    if name == "":
        style = '<link rel="stylesheet" href="widgets.css">'
        route.fulfill(content_type="text/html", body=f"<!doctype html>{style}<body>")
    else:
        folder = WIDGETS if (WIDGETS / name).exists() else Path(__file__).parent
        route.fulfill(path=folder / name)


def numpy_gflops(width, batch, rounds=7):
    rng = np.random.default_rng(0)
    h = rng.standard_normal((batch, width), dtype=np.float32)
    w = rng.standard_normal((LAYERS, width, width), dtype=np.float32)
    best = min(timed(lambda: [h @ layer for layer in w]) for _ in range(rounds))
    return operations(width, batch) / best / 1e9


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def operations(width, batch):
    return 2 * LAYERS * batch * width**2


def move(page, widget, moved, low, high):
    """Print the line of the table for a widget of which one setting moves."""
    rules = widget.settings["state"]
    default, state = type(widget)(), {name: getattr(widget, name) for name in rules}
    changed = [
        value if isinstance(value, str) else f"{name}={value:g}"
        for name, value in state.items()
        if name == "activation" or value != getattr(default, name)
    ]
    request = {"name": widget._name, "state": state, "moved": moved, "low": low, "high": high}
    request["whole"] = rules[moved].get("multiple") == 1
    p50, p95 = np.percentile(page.evaluate("what => bench.updates(what)", request), [50, 95])
    print(f"{widget._name:20}{moved + ' moves':20}{', '.join(changed):40}{p50:8.1f}{p95:8.1f}")


def report(page, width, batch):
    rounds = page.evaluate("setup => bench.rounds(setup)", {"width": width, "batch": batch})
    wasm, fallback, naive, relu = (
        np.median(rounds[name]) for name in ("wasm", "fallback", "naive", "relu")
    )
    reached = operations(width, batch) / np.min(rounds["products"]) / 1e6
    print(f"{width} × {batch}: ten layers of tanh alone {wasm:.1f} ms; ", end="")
    print(f"fallback {fallback / wasm:.1f}×, naive loop {naive / wasm:.1f}× as long; ", end="")
    print(f"ReLU by rescaling {relu:.2f} ms (medians of {len(rounds['naive'])})")
    print(f"  products {reached:.0f} GF/s, {reached / numpy_gflops(width, batch):.0%} of numpy's")


def main():
    size = (WIDGETS / "maths" / "engine.wasm").stat().st_size
    print(f"engine.wasm {size} bytes")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.find(), args=chromium.ARGUMENTS
        )
        page = browser.new_page()
        page.route("**/*", serve)
        page.goto("http://widgets.test/")
        page.add_script_tag(
            type="module",
            content='import * as bench from "./updates.mjs"; globalThis.bench = bench;',
        )
        page.wait_for_function("globalThis.bench")
        print(f"{'widget':20}{'':20}{'':40}{'p50 ms':>8}{'p95 ms':>8}")
        for line in MOVES:
            move(page, *line)
        for width, batch in SIZES:
            report(page, width, batch)
        browser.close()


if __name__ == "__main__":
    main()
