"""How long the ten-layer widget takes for an update, in Chromium.

    python benchmarks/widgets/ten_layers.py

Prints the 50th and 95th percentile of an update with its drawing and painting, the ratio to the
plain JavaScript fallback and to the loop that one would write first, and the share of numpy's speed
on one thread for the same matrix products. All in one run, interleaved where ratios are taken.
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
import chromium  # noqa: E402

SETUPS = [(500, 100), (256, 200)]
LAYERS = 10


def serve(route):
    name = route.request.url.rsplit("/", 1)[-1]
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


def report(page, width, batch):
    updates = page.evaluate("setup => bench.updates(setup)", {"width": width, "batch": batch})
    rounds = page.evaluate("setup => bench.rounds(setup)", {"width": width, "batch": batch})
    p50, p95 = np.percentile(updates, [50, 95])
    wasm, fallback, naive = (np.median(rounds[name]) for name in ("wasm", "fallback", "naive"))
    product = np.min(rounds["products"])
    reached = operations(width, batch) / product / 1e6
    print(f"{width} × {batch}: update with drawing p50 {p50:.1f} ms, p95 {p95:.1f} ms")
    print(f"  computing alone {wasm:.1f} ms; fallback {fallback / wasm:.1f}×, ", end="")
    print(f"naive loop {naive / wasm:.1f}× as long (medians of {len(rounds['naive'])})")
    print(f"  products {reached:.0f} GF/s, {reached / numpy_gflops(width, batch):.0%} of numpy's")


def main():
    size = (WIDGETS / "engine.wasm").stat().st_size
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
            content='import * as bench from "./ten_layers.mjs"; globalThis.bench = bench;',
        )
        page.wait_for_function("globalThis.bench")
        for width, batch in SETUPS:
            report(page, width, batch)
        browser.close()


if __name__ == "__main__":
    main()
