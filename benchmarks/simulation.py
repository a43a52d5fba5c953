"""The five-initialization simulation: `simulate` against the first articles' own script.

    python benchmarks/simulation.py

1000×500 standard normal inputs, ten layers of 500, five starts: means, stds and 50 histograms. Ours
counts saturated, silent and dead units too. For each number of threads a process of its own
measures both in turns, and takes the best of several turns, since other work on the machine only
ever slows one down. Beside the ratio stands the share that the matrix products have of our time.
"""

import io
import os
import subprocess
import sys
import time
from contextlib import redirect_stdout

ROUNDS = 15
WIDTH, DEPTH, BATCH = 500, 10, 1000


def timed(function) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def measure() -> dict[str, float]:
    """Best seconds of each contestant, and of our matrix products alone."""
    import numpy as np
    import seed_simulation as seed

    from initbook.initializers import normal
    from initbook.simulation import simulate

    turn = iter(range(10**6))
    X, W = (np.ones(shape, np.float32) for shape in [(BATCH, WIDTH), (WIDTH, WIDTH)])

    def of_the_script():
        with redirect_stdout(io.StringIO()):
            for edited in seed.EDITED.values():
                Hs, *_ = seed.run(*edited)
                seed.counts(Hs)

    def ours():
        seeds = [next(turn)]
        for nonlinearity, std in seed.EDITED.values():
            simulate(normal(std(WIDTH)), nonlinearity, seeds=seeds)

    def products():
        for _ in range(len(seed.EDITED) * DEPTH):
            X @ W

    contestants = {"script": of_the_script, "ours": ours, "products": products}
    best = {name: timed(function) for name, function in contestants.items()}
    for _ in range(ROUNDS):
        for name, function in contestants.items():
            best[name] = min(best[name], timed(function))
    return best


def main() -> None:
    if len(sys.argv) == 2:
        best = measure()
        print(
            f"{sys.argv[1]} thread(s): the script {1e3 * best['script']:.0f} ms, ours "
            f"{1e3 * best['ours']:.0f} ms: {best['script'] / best['ours']:.1f}×; products take "
            f"{best['products'] / best['ours']:.0%} of our time"
        )
        return
    for threads in sorted({1, min(2, os.cpu_count() or 1)}):
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        environment = os.environ | dict.fromkeys(names, str(threads))
        subprocess.run([sys.executable, __file__, str(threads)], env=environment, check=True)


if __name__ == "__main__":
    main()
