"""An interrupted making goes on; other circumstances make a result again."""

from types import SimpleNamespace

import numpy as np
import pytest

from initbook.initializers import normal
from initbook.training import Start
from makers import results
from makers.results import make

STARTS = [Start("a", normal(0.01))]


class StoppedByHand(Exception):
    pass


def test_making_goes_on_where_it_was_stopped_unless_a_start_or_a_setting_differs(tmp_path):
    file, done = tmp_path / "toy.json", []

    def part(digits, number):
        if number == 3 and not done.count(2) > 1:
            done.append("stopped")
            raise StoppedByHand
        done.append(number)
        return {"square": number**2}

    def attempt(starts=STARTS, **settings):
        toy = SimpleNamespace(name="toy")
        make(file, part, [1, 2, 3], digits=toy, starts=starts, settings=settings)

    for _ in range(2):
        with pytest.raises(StoppedByHand):
            attempt(steps=1)
    assert done == [1, 2, "stopped", "stopped"]
    attempt(steps=2)
    assert done[4:] == [1, 2, 3] and [path.name for path in tmp_path.iterdir()] == ["toy.json"]
    attempt(steps=2)
    assert done[7:] == []
    attempt([Start("a", normal(123.0))], steps=2)  # the old name, another law
    assert done[7:] == [1, 2, 3]


def toy_digits(**changed):
    return results.Digits(
        **{"X_train": np.arange(12.0)[:, None], "y_train": np.arange(12) % 2}
        | {"X_test": np.full((4, 1), 0.5), "y_test": np.zeros(4, dtype=int)}
        | {"name": "toy", "source": "a test", "scaling": "unit"}
        | changed
    )


def test_the_held_out_digits_are_training_digits_that_were_not_trained_on(monkeypatch):
    digits = toy_digits(X_test=np.full((4, 1), np.nan), y_train=np.arange(12))
    seen = []

    def watch(starts, split, **settings):
        seen.append(split)
        return SimpleNamespace(names=())

    monkeypatch.setattr(results, "train", watch)
    results.try_rate(digits, 0.5)
    (split,) = seen
    assert split.y_train.tolist() == list(range(10)) and split.y_test.tolist() == [10, 11]
    assert split.X_train[:, 0].tolist() == split.y_train.tolist()
    assert split.X_test[:, 0].tolist() == split.y_test.tolist()


def test_a_part_has_each_start_under_its_name(monkeypatch):
    few = {"steps": 4, "eval_every": 2, "batch_size": 2, "hidden": [3]}
    monkeypatch.setattr(results, "STARTS", STARTS)
    monkeypatch.setattr(results, "LONG", results.LONG | few)
    monkeypatch.setattr(results, "RATES", results.RATES | few)
    long = results.train_longer(toy_digits(), 0)
    assert long["steps"] == [0, 2, 4] and len(long["accuracy"]["a"]) == len(long["loss"]["a"]) == 3
    assert 0 <= long["final_accuracy"]["a"] <= 1
    assert len(results.try_rate(toy_digits(), 0.1)["held_out_accuracy"]["a"]) == 3  # seeds


def test_the_embedded_subset_overwrites_no_result(monkeypatch):
    few = SimpleNamespace(name="subset", source="the embedded subset")
    monkeypatch.setattr(results, "load_digits", lambda: few)
    with pytest.raises(SystemExit, match="full MNIST; here is the embedded subset"):
        results.main()
