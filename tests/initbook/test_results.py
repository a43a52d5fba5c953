"""A stored result is read for the starts and settings that made it, or not at all."""

import subprocess
import sys

import pytest

from initbook.initializers import normal
from initbook.results import load_result
from initbook.training import STARTS, Start
from makers.results import LONG, RATES


@pytest.mark.parametrize(
    ("name", "settings", "parts"),
    [("mnist-long", LONG, LONG["seeds"]), ("mnist-rates", RATES, RATES["lr"])],
)
def test_what_is_stored_was_made_with_these_starts_and_settings(name, settings, parts):
    stored = load_result(name, STARTS, **settings)
    assert stored["settings"] == settings and stored["digits"] == "full"
    assert list(stored["starts"]) == [start.name for start in STARTS]
    assert list(stored["parts"]) == [str(part) for part in parts]
    for part in stored["parts"].values():
        for measured in part.values():
            assert isinstance(measured, list) or list(measured) == list(stored["starts"])


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
    with pytest.raises(ValueError, match="name is '../digits'; allowed are 'mnist-long', 'mnist-r"):
        load_result("../digits")


def test_reading_a_result_takes_no_torch():
    code = "import sys, initbook.results as r; r.load_result('mnist-long'); print({*sys.modules})"
    loaded = eval(subprocess.check_output([sys.executable, "-c", code], text=True))
    assert "initbook.results" in loaded and not {"torch", "initbook.training"} & loaded
