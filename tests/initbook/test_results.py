"""A stored result is what its code makes, and is read for the starts that made it or not at all."""

import json
import subprocess
import sys

import numpy as np
import pytest

from initbook.digits import load_digits
from initbook.initializers import normal
from initbook.results import load_result
from initbook.training import STARTS, Start, train
from makers import few_labels, first_article, mnist, mnist_watched, normalized_net, other_starts
from makers.results import FOLDER, results

STORED = sorted(path.stem for path in FOLDER.glob("*.json"))
KNOWN = {result.name: result for result in results()}


def test_every_stored_result_has_a_maker():
    assert set(STORED) <= set(KNOWN)


@pytest.mark.parametrize("name", STORED)
def test_what_is_stored_was_made_with_these_starts_and_settings(name):
    result = KNOWN[name]
    stored = load_result(name, result.starts, **json.loads(json.dumps(result.settings)))
    assert stored["digits"] == "full"
    names = list(stored["starts"])
    for part in stored["parts"].values():
        for measured in part.values():
            assert isinstance(measured, list | float) or set(measured) <= set(names)


@pytest.fixture(scope="module")
def digits():
    full = load_digits()
    if full.name != "full":
        pytest.skip(f"the stored results are of the full MNIST, and here is {full.source}")
    return full


def first_losses(name, part, digits):
    """Stored and made again: one seed's losses, at the first look or over the first 50 steps."""
    stored = load_result(name)["parts"][part]
    if name == "first-article":
        row, _, seed = part.rpartition(", seed ")
        again = first_article.train_row(digits, row, int(seed), steps=50)["first_losses"]
        return stored["first_losses"], again
    if name == "normalized-net":
        again = normalized_net.train_net(digits, part, steps=50)["first_losses"]
        return stored["first_losses"], again
    if name == "mnist-layers":
        again = mnist_watched.watch(digits, part, steps=50)
        both = set(stored["steps"]) & set(again["steps"])
        return [
            [loss for step, loss in zip(run["steps"], run["loss"], strict=True) if step in both]
            for run in (stored, again)
        ]
    if name == "other-starts":
        again = other_starts.early_losses(digits, *part.split(", ", 1))
        return stored["early_losses"], again
    if name == "pre-training":
        return stored["early_lengths"], few_labels.lengths(few_labels.pre_train(digits, [0], 20))
    if name == "transfer":
        source = few_labels.some_classes(digits, 0, 5)
        again = few_labels.lengths(few_labels.source_parts(source, [0], 20))
        return stored["early_lengths"], again
    settings = KNOWN[name].settings | {"seeds": [0], "steps": KNOWN[name].settings["eval_every"]}
    starts = KNOWN[name].starts
    if name == "mnist-long":
        again = train(starts, digits, **settings | {"seeds": [int(part)]}).loss[:, 0, 1]
        return [curve[1] for curve in stored["loss"].values()], again
    if name == "mnist-inputs":
        digits = mnist_watched.as_input(digits, part)
    elif name != "mnist-many":
        optimizer, *rate = part.split()
        kept = stored.get("lr", {})
        starts = [start for start in starts if start.name in kept or rate]
        settings["lr"] = float(rate[0]) if rate else [kept[start.name] for start in starts]
        settings["optimizer"] = optimizer
    data = mnist.held_out(digits) if "grid" in name else digits
    again = train(starts, data, **settings).loss[:, 0, 1]
    return list(stored["first_loss"].values()), again


@pytest.mark.parametrize("name", [name for name in STORED if name != "mnist-rates"])
def test_a_stored_result_is_made_again_by_its_code(name, digits):
    """Its last part, for a few steps: what a change of the code would change is seen there.

    "mnist-rates" has ends alone, and no early loss to compare.
    """
    *_, part = load_result(name)["parts"]
    stored, again = first_losses(name, part, digits)
    np.testing.assert_allclose(np.array(stored, dtype=float), again, atol=1e-3)


@pytest.mark.parametrize("name", [name for name in STORED if "best" in name])
def test_a_best_rate_is_the_grid_s_and_no_end_of_it(name):
    grid = load_result(name.replace("best", "grid"))["parts"]
    for optimizer, part in load_result(name)["parts"].items():
        rates = mnist.all_rates(grid, optimizer)
        best = mnist.best_rates({rate: grid[f"{optimizer} {rate:g}"] for rate in rates})
        assert part["lr"] == {start: rate for start, (rate, _) in best.items()}
        assert (
            not {rates[0], rates[-1]} & set(part["lr"].values()) or len(rates) >= mnist.MOST_RATES
        )
        assert {len(ends) for ends in part["final_accuracy"].values()} == {len(mnist.BEST_SEEDS)}


@pytest.mark.parametrize(
    ("starts", "settings", "sentence"),
    [
        (
            [Start(s.name, normal(123.0), s.batch_norm) for s in STARTS], {},
            r"made with Start\(name='zeros'.*, and Start\(name='zeros', init=normal\(std=123.0\)",
        ),
        (STARTS[:-1], {}, r"made with Start\(name='small random \+ BN'.*, and no start is asked"),
        ([*STARTS, STARTS[0]], {}, r"made with no start, and Start\(name='zeros'"),
        (STARTS[::-1], {}, "is asked for; `make results`"),
        (None, {"steps": 4000}, "made with steps=12000, and steps=4000 is asked for"),
        (None, {"hidden": (256, 256)}, r"hidden=\[256, 256, 256, 256\], and hidden=\[256, 256\]"),
        (None, {"rate": 1.0}, "made with rate=None, and rate=1.0"),
    ],
)  # fmt: skip
def test_a_stale_result_is_refused(starts, settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        load_result("mnist-long", starts, **settings)


def test_another_name_is_refused():
    with pytest.raises(ValueError, match="name is '../digits'; allowed are .*'mnist-long', 'mnist"):
        load_result("../digits")


def test_reading_a_result_takes_no_torch():
    code = "import sys, initbook.results as r; r.load_result('mnist-long'); print({*sys.modules})"
    loaded = eval(subprocess.check_output([sys.executable, "-c", code], text=True))
    assert "initbook.results" in loaded and not {"torch", "initbook.training"} & loaded
