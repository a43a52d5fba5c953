"""Stored results belong to the settings in the code, and an interrupted making goes on."""

from types import SimpleNamespace

import numpy as np
import pytest

from initbook import results
from initbook.results import LONG, RATES, STARTS, load_result, make


class StoppedByHand(Exception):
    pass


@pytest.mark.parametrize(
    "name, settings, parts",
    [("mnist-long", LONG, LONG["seeds"]), ("mnist-rates", RATES, RATES["rates"])],
)
def test_what_is_stored_was_made_with_these_settings(name, settings, parts):
    stored = load_result(name)
    assert stored["settings"] == settings and stored["digits"] == "full"
    assert stored["starts"] == [start.name for start in STARTS]
    assert list(stored["parts"]) == [str(part) for part in parts]


def test_making_goes_on_where_it_was_stopped_unless_the_settings_differ(tmp_path):
    digits, file, done = SimpleNamespace(name="toy"), tmp_path / "toy.json", []

    def part(digits, number):
        if number == 3 and not done.count(2) > 1:
            done.append("stopped")
            raise StoppedByHand
        done.append(number)
        return {"square": number**2}

    with pytest.raises(StoppedByHand):
        make(file, digits, {"steps": 1}, [1, 2, 3], part)
    with pytest.raises(StoppedByHand):
        make(file, digits, {"steps": 1}, [1, 2, 3], part)
    assert done == [1, 2, "stopped", "stopped"]
    make(file, digits, {"steps": 2}, [1, 2, 3], part)
    assert done[4:] == [1, 2, 3] and [path.name for path in tmp_path.iterdir()] == ["toy.json"]


def test_the_held_out_digits_are_training_digits_that_were_not_trained_on(monkeypatch):
    digits = results.Digits(
        X_train=np.arange(12.0)[:, None],
        y_train=np.arange(12),
        X_test=np.full((4, 1), np.nan),
        y_test=np.zeros(4, dtype=int),
        name="toy",
        source="a test",
        scaling="unit",
    )
    seen = []

    def watch(starts, split, **settings):
        seen.append(split)
        return SimpleNamespace(final_accuracy=np.zeros((len(starts), 1)))

    monkeypatch.setattr(results, "train", watch)
    results.try_rate(digits, 0.5)
    (split,) = seen
    assert split.y_train.tolist() == list(range(10)) and split.y_test.tolist() == [10, 11]
    assert split.X_train[:, 0].tolist() == split.y_train.tolist()
    assert split.X_test[:, 0].tolist() == split.y_test.tolist()


def test_the_embedded_subset_overwrites_no_result(monkeypatch):
    few = SimpleNamespace(name="subset", source="the embedded subset")
    monkeypatch.setattr(results, "load_digits", lambda: few)
    with pytest.raises(SystemExit, match="full MNIST; here is the embedded subset"):
        results.main()
