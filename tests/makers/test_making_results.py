"""An interrupted making goes on; other circumstances make a result again; a grid grows."""

from types import SimpleNamespace

import numpy as np
import pytest

from initbook.initializers import normal
from initbook.training import Start
from makers import mnist, results
from makers.results import Result, hash_of, make, status

STARTS = [Start("a", normal(0.01))]
TOY = SimpleNamespace(name="full")


class StoppedByHand(Exception):
    pass


def test_making_goes_on_where_it_was_stopped_unless_its_circumstances_differ(tmp_path):
    done, code = [], tmp_path / "code.py"
    code.write_text('"""Said."""\nx = 1\n', encoding="utf-8")

    def square(number):
        if number == 3 and not done.count(2) > 1:
            done.append("stopped")
            raise StoppedByHand
        done.append(number)
        return {"square": number**2}

    def attempt(starts=STARTS, **settings):
        parts = {str(number): lambda number=number: square(number) for number in (1, 2, 3)}
        toy = Result("toy", starts, settings, [code], lambda digits, folder, done: parts)
        make(toy, TOY, tmp_path / "stored")
        return toy

    for _ in range(2):
        with pytest.raises(StoppedByHand):
            attempt(steps=1)
    assert done == [1, 2, "stopped", "stopped"]
    attempt(steps=2)
    assert done[4:] == [1, 2, 3]
    assert [path.name for path in (tmp_path / "stored").iterdir()] == ["toy.json"]
    toy = attempt(steps=2)
    assert done[7:] == [] and status(toy, tmp_path / "stored").split() == ["toy", "current"]
    code.write_text('"""Better said."""\nx = 1  # the same\n', encoding="utf-8")
    attempt(steps=2)
    assert done[7:] == []
    code.write_text("x = 2\n", encoding="utf-8")
    assert status(toy, tmp_path / "stored").split() == ["toy", "code", "changed"]
    attempt(steps=2)
    assert done[7:] == [1, 2, 3]
    attempt([Start("a", normal(123.0))], steps=2)  # the old name, another law
    assert done[10:] == [1, 2, 3]


def test_a_hash_sees_what_the_code_does(tmp_path):
    file = tmp_path / "code.py"

    def seen(text):
        file.write_text(text, encoding="utf-8")
        return hash_of([file])

    plain = seen("def f(x):\n    'Says.'\n    return x + 1\n")
    assert plain == seen("def f(x):\n    '''Says more.'''\n\n    return (x + 1)  # why\n")
    assert plain != seen("def f(x):\n    'Says.'\n    return x + 2\n")


def outcome(**shares):
    return {"final_accuracy": {name: [share] for name, share in shares.items()}}


def test_a_grid_grows_until_no_start_does_best_at_an_end():
    """a is best at 0.1; b likes the highest rate up to 3; c learns nowhere, and moves nothing."""
    done = {}
    for _ in range(20):
        for optimizer, rate in mnist.grid_parts(done):
            done[f"{optimizer} {rate:g}"] = outcome(
                a=0.9 - abs(np.log10(rate / 0.1)) / 9, b=0.9 if rate == 3 else 0.3 + rate / 99,
                c=0.1,
            )  # fmt: skip
    assert mnist.all_rates(done, "sgd") == [0.03, 0.1, 0.3, 1, 3, 10]
    assert mnist.grid_parts(done) == []
    tried = {rate: done[f"sgd {rate:g}"] for rate in mnist.all_rates(done, "sgd")}
    best = mnist.best_rates(tried)
    assert {name: rate for name, (rate, _) in best.items()} == {"a": 0.1, "b": 3}
    assert [mnist.half_decade(0.3, step) for step in (-2, -1, 1, 2)] == [0.03, 0.1, 1, 3]


def toy_digits(**changed):
    return results.Digits(
        **{"X_train": np.arange(12.0)[:, None] / 12, "y_train": np.arange(12) % 2}
        | {"X_test": np.full((4, 1), 0.5), "y_test": np.zeros(4, dtype=int)}
        | {"name": "toy", "source": "a test", "scaling": "unit"}
        | changed
    )


def test_the_held_out_digits_are_training_digits_that_were_not_trained_on():
    digits = toy_digits(X_test=np.full((4, 1), np.nan), y_train=np.arange(12))
    split = mnist.held_out(digits)
    assert split.y_train.tolist() == list(range(10)) and split.y_test.tolist() == [10, 11]
    assert (12 * split.X_train[:, 0]).round().tolist() == split.y_train.tolist()
    assert (12 * split.X_test[:, 0]).round().tolist() == split.y_test.tolist()


def test_parts_have_each_start_under_its_name(monkeypatch, tmp_path):
    few = {"steps": 4, "eval_every": 2, "batch_size": 2, "hidden": [3]}
    monkeypatch.setattr(mnist, "STARTS", STARTS)
    monkeypatch.setattr(mnist, "COMPARED", {"tanh": [*STARTS, Start("b", normal(1e30))]})
    monkeypatch.setattr(mnist, "LONG", mnist.LONG | few)
    plain = mnist.grid_settings
    monkeypatch.setattr(mnist, "grid_settings", lambda activation: plain(activation) | few)
    long = mnist.train_longer(toy_digits(), 0, tmp_path)
    assert long["steps"] == [0, 2, 4] and len(long["accuracy"]["a"]) == len(long["loss"]["a"]) == 3
    assert 0 <= long["final_accuracy"]["a"] <= 1
    part = mnist.try_rate(toy_digits(), "tanh", "adam", 0.1, tmp_path)
    assert len(part["final_accuracy"]["a"]) == len(part["steps_to_80"]["a"]) == 3  # seeds
    assert part["first_loss"]["a"] > 0 and list(part["first_loss"]) == ["a", "b"]


def test_a_run_that_diverged_is_kept_as_none():
    assert mnist.rounded(np.array([[0.12345, np.nan]])) == [[0.1235, None]]


def test_the_embedded_subset_overwrites_no_result(monkeypatch):
    few = SimpleNamespace(name="subset", source="the embedded subset")
    monkeypatch.setattr(results, "load_digits", lambda: few)
    with pytest.raises(SystemExit, match="full MNIST; here is the embedded subset"):
        results.main([])
    with pytest.raises(SystemExit, match="'mnist' is no result; allowed are mnist-long, "):
        results.main(["mnist"])
