"""Runs are paired by seed, do not depend on the number of cores, and are summarized honestly."""

import json
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from inspect import signature
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from initbook import training
from initbook.initializers import normal, xavier_normal, zeros
from initbook.propagation import draw_weights
from initbook.threads import keeps_float32
from initbook.training import (
    NO_NUMBER_DEPENDS_ON,
    STARTS,
    Start,
    draw_net,
    evaluate,
    in_percent,
    median_in_words,
    minibatches,
    settings_of,
    steps_to,
    train,
)  # fmt: skip

NORMED = Start("normed", normal(0.1), batch_norm=True)


@pytest.fixture(scope="module")
def blobs():
    """Three clouds of points that a small network tells apart."""
    rng = np.random.default_rng(0)
    y = np.arange(600) % 3
    X = rng.standard_normal((600, 12)) + 3 * np.eye(12)[y]
    return SimpleNamespace(X_train=X[:400], y_train=y[:400], X_test=X[400:], y_test=y[400:])


def compare(starts, digits, **changed):
    settings = dict(seeds=[0, 1], steps=40, lr=0.5, batch_size=20, hidden=(16, 16), eval_every=20)
    return train(starts, digits, **settings | changed)


def test_training_learns_and_reports_every_start_and_seed(blobs):
    starts = [Start("Xavier", xavier_normal()), Start("normed", normal(0.01), batch_norm=True)]
    run = compare(starts, blobs, activation="tanh")
    assert run.names == ("Xavier", "normed") and run.steps.tolist() == [0, 20, 40]
    assert run.accuracy.shape == run.loss.shape == (2, 2, 3)
    assert (run.final_accuracy > 0.9).all() and (run.loss[..., -1] < run.loss[..., 0]).all()
    assert np.array_equal(run.final_accuracy, run.accuracy[..., -1])  # fewer than 2,000 test points


def test_a_run_says_what_made_it_and_gives_its_rows_by_name(blobs):
    starts = [Start("Xavier", xavier_normal()), Start("small", normal(0.01), batch_norm=True)]
    run = compare(starts, blobs, lr=[0.5, 0.1])
    for row, start in enumerate(starts):
        assert np.array_equal(run.at(start.name).accuracy, run.accuracy[row])
        assert np.array_equal(run.at(start.name).loss, run.loss[row])
        assert np.array_equal(run.at(start.name).final_accuracy, run.final_accuracy[row])
    with pytest.raises(ValueError, match="name is 'He'; allowed are 'Xavier', 'small'"):
        run.at("He")
    assert run.laws == tuple(map(repr, starts)) and "normal(std=0.01)" in run.laws[1]
    assert run.settings == settings_of(**run.settings)
    assert set(run.settings) == set(signature(train).parameters) - set(NO_NUMBER_DEPENDS_ON)
    assert json.loads(json.dumps(run.settings)) == run.settings


def test_the_number_of_threads_changes_no_bit(blobs):
    starts = [Start(f"N(0, {std}²)", normal(std), std > 0.3) for std in (0.1, 0.2, 0.4)]
    one, three = (compare(starts, blobs, threads=threads) for threads in (1, 3))
    assert np.array_equal(one.loss, three.loss)
    assert np.array_equal(one.final_accuracy, three.final_accuracy)


def test_torch_splits_no_product_while_the_stacks_run_and_keeps_float32(blobs):
    inside, before = [], torch.get_num_threads()

    def init(rng, shape):
        inside.append(torch.get_num_threads())
        assert keeps_float32(torch.bmm)
        return rng.standard_normal(shape)

    torch.set_num_threads(2)
    try:
        compare([Start("watching", init)], blobs)
        assert set(inside) == {1} and torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_diverging_run_is_recorded_and_the_others_go_on(blobs):
    starts = [Start("good", xavier_normal()), Start("explodes", normal(1e19))]
    run = compare(starts, blobs, activation="relu", lr=0.1)
    assert np.isnan(run.at("explodes").loss[:, 1:]).all()
    assert (run.at("explodes").final_accuracy < 0.5).all()
    assert (run.at("good").final_accuracy > 0.8).all()


def test_optimizers_schedules_and_clipping_change_the_run(blobs):
    start = [Start("Xavier", xavier_normal())]
    plain = compare(start, blobs, activation="tanh")
    for changed in ({"optimizer": "momentum"}, {"optimizer": "adam", "lr": 0.01},
                    {"schedule": "cosine"}, {"clip_norm": 0.1}):  # fmt: skip
        run = compare(start, blobs, activation="tanh", **changed)
        assert not np.array_equal(run.loss, plain.loss) and (run.final_accuracy > 0.8).all()
    wide = compare(start, blobs, activation="tanh", clip_norm=1e9)  # the gradients, seen on the way
    np.testing.assert_allclose(wide.loss, plain.loss, rtol=1e-5)


def test_early_stopping_looks_at_digits_that_are_kept_back(blobs):
    """Labels of noise: what is kept back gets worse as soon as the rest is learned by heart."""
    rng = np.random.default_rng(0)
    noise = SimpleNamespace(
        X_train=blobs.X_train, y_train=rng.integers(3, size=400),
        X_test=blobs.X_train[-66:], y_test=np.zeros(66, dtype=int),
    )  # fmt: skip
    settings = dict(steps=2000, eval_every=50, activation="tanh", hidden=(64,), lr=0.3)
    run = compare([Start("Xavier", xavier_normal())], noise, patience=3, **settings)
    assert (run.stopped < 1000).all() and np.isinf(compare(
        [Start("Xavier", xavier_normal())], noise, **settings
    ).stopped).all()  # fmt: skip
    after = run.steps > run.stopped.max()
    assert np.ptp(run.loss[..., after], axis=-1).max() == 0  # it stays where it was best


def test_a_finished_stack_is_kept_and_an_interrupted_run_goes_on(blobs, tmp_path, monkeypatch):
    calls, starts = [], [Start("a", xavier_normal()), Start("b", normal(0.1))]

    def watched(start, *rest):
        calls.append(start.name)
        if start.name == "b" and calls.count("b") == 1:
            raise KeyboardInterrupt
        return draw_net(start, *rest)

    monkeypatch.setattr(training, "draw_net", watched)
    with pytest.raises(KeyboardInterrupt):
        compare(starts, blobs, threads=1, eval_every=40, folder=tmp_path)
    (tmp_path / "broken.npy").write_bytes(b"")
    run = compare(starts, blobs, threads=1, eval_every=40, folder=tmp_path)
    assert calls.count("b") == 2 and calls.count("a") <= 2
    again = compare(starts, blobs, eval_every=40, folder=tmp_path)
    assert calls.count("b") == 2 and np.array_equal(again.loss, run.loss)
    for file in tmp_path.glob("*.npy"):
        file.write_bytes(file.read_bytes()[:50])  # cut off: made again
    assert np.array_equal(compare(starts, blobs, eval_every=40, folder=tmp_path).loss, run.loss)
    assert np.array_equal(compare(starts, blobs, eval_every=40).loss, run.loss)
    compare(starts, blobs, eval_every=40, folder=tmp_path, lr=0.1)  # another rate is another run
    assert calls.count("b") == 5


def test_an_executor_gives_the_same_numbers(blobs):
    starts = [Start("Xavier", xavier_normal()), Start("normed", normal(0.1), batch_norm=True)]
    here = compare(starts, blobs)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawn) as executor:
        there = compare(starts, blobs, executor=executor)
    assert np.array_equal(here.loss, there.loss)
    assert np.array_equal(here.final_accuracy, there.final_accuracy)


def test_a_seed_means_the_same_numbers_and_the_same_digits_under_every_start(blobs):
    small, large = (
        draw_net(Start("", normal(std)), (784, 9), seeds=[3, 4]).layers[0].W for std in (0.25, 1)
    )
    assert torch.equal(4 * small, large) and not torch.equal(small[0], small[1])
    run = compare([Start("a", xavier_normal()), Start("b", xavier_normal())], blobs)
    assert np.array_equal(run.loss[0], run.loss[1])
    assert not np.array_equal(run.loss[0, 0], run.loss[0, 1])


def test_a_start_that_draws_more_numbers_meets_the_same_in_the_next_layer():
    """Layers are paired by seed, too: what differs between two starts is the start."""

    def wasteful(rng, shape):
        rng.standard_normal(7 * shape[0])
        return rng.standard_normal(shape)

    def first_apart(rng, shape):
        return wasteful(rng, shape) if shape == (12, 8) else rng.standard_normal(shape)

    nets = [draw_net(Start("", init), (12, 8, 5, 3), [3, 4]) for init in (first_apart, normal(1.0))]
    one, other = ([layer.W for layer in net.layers[::2]] for net in nets)
    assert not torch.equal(one[0], other[0])
    assert torch.equal(one[1], other[1]) and torch.equal(one[2], other[2])
    streams = draw_weights(normal(1.0), (12, 8, 5, 3), np.random.default_rng([4, 0]))
    assert np.array_equal(other[0][1].numpy(), next(streams).astype(np.float32))


def test_an_error_in_one_start_stops_the_others_at_their_next_evaluation(blobs, monkeypatch):
    evaluated = []

    def watch(*arguments):
        evaluated.append(1)
        return evaluate(*arguments)

    def broken(rng, shape):
        raise KeyError("broken")

    monkeypatch.setattr(training, "evaluate", watch)
    starts = [Start("good", xavier_normal()), Start("bad", broken)]
    with pytest.raises(KeyError, match="broken"):
        compare(starts, blobs, steps=4000, eval_every=1, threads=2)
    assert len(evaluated) < 2000


def test_a_seed_trains_alone_as_it_does_in_company(blobs):
    """Bit for bit: so a comparison can be made seed by seed."""
    starts = [Start("Xavier", xavier_normal()), Start("normed", normal(0.1), batch_norm=True)]
    together, alone = compare(starts, blobs, seeds=[4, 7]), compare(starts, blobs, seeds=[7])
    assert np.array_equal(together.loss[:, 1], alone.loss[:, 0])


def test_starts_can_go_to_another_process():
    assert pickle.loads(pickle.dumps(STARTS)) == STARTS


def test_each_start_has_its_own_learning_rate(blobs):
    starts = [Start("still", xavier_normal()), Start("moving", xavier_normal())]
    run = compare(starts, blobs, lr=[0.0, 0.5])
    assert np.ptp(run.loss[0], axis=-1).max() == 0 < np.ptp(run.loss[1], axis=-1).min()


def test_zeros_start_at_the_logarithm_of_the_number_of_classes(blobs):
    net = draw_net(Start("zeros", zeros()), (12, 8, 3), seeds=[0])
    X, y = torch.from_numpy(blobs.X_test).float(), torch.from_numpy(blobs.y_test)
    accuracy, loss = evaluate(net, X, y)
    assert loss == pytest.approx(np.log(3), rel=1e-6)
    assert accuracy == (blobs.y_test == 0).mean()  # of equal logits the first is taken


def test_an_epoch_shows_every_digit_once_and_each_epoch_another_order():
    batches = minibatches(10, 5, seed=0)
    epochs = [np.concatenate([next(batches), next(batches)]).tolist() for _ in range(2)]
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(10)) and epochs[0] != epochs[1]
    other = minibatches(10, 5, seed=1)
    assert np.concatenate([next(other), next(other)]).tolist() != epochs[0]


def test_a_level_counts_when_it_is_met_and_a_run_that_misses_it_is_censored():
    accuracy = np.array([[[0.1, 0.8, 0.7], [0.1, 0.2, 0.9]], [[0.1] * 3, [0.9] * 3]])
    assert steps_to(accuracy, [0, 50, 100], 0.8).tolist() == [[50, 100], [np.inf, 0]]
    assert median_in_words([50, np.inf, 1250], 3000) == "1,250"
    assert median_in_words([50, np.inf], 3000) == "not within 3,000 steps"


def test_a_mean_is_printed_no_finer_than_its_interval():
    assert in_percent([0.9571, 0.9602, 0.9586]) == "95.9 ± 0.4%"
    assert in_percent([0.9749, 0.9750, 0.9751]) == "97.50 ± 0.02%"
    assert in_percent([0.1, 0.1]) == "10.0 ± 0.0%"


def with_labels(digits, **labels):
    return SimpleNamespace(**vars(digits) | labels)


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"steps": 30}, "steps is 30; allowed is a multiple of eval_every, 20"),
        ({"steps": 0}, "steps is 0; allowed is a whole number of at least 1"),
        ({"eval_every": 0}, "eval_every is 0; allowed is a whole number of at least 1"),
        ({"eval_digits": 0}, "eval_digits is 0"),
        ({"batch_size": 500}, "batch_size is 500; allowed is 1 to 400"),
        ({"batch_size": 2.0}, "batch_size is 2.0; allowed is a whole number"),
        ({"batch_size": 1, "starts": [NORMED]}, "a minibatch has 1 digit; batch normalization"),
        ({"activation": "sine"}, "activation is 'sine'; allowed are 'sigmoid', 'tanh', 'relu'"),
        ({"hidden": (16, 0)}, "hidden is 0; allowed is a whole number of at least 1"),
        ({"lr": [0.1, 0.2]}, r"lr is \[0.1, 0.2\]; allowed is one learning rate, or one each"),
        ({"lr": []}, r"lr is \[\]; allowed is one learning rate"),
        ({"lr": np.nan}, "lr is nan; allowed is a finite number of at least 0"),
        ({"lr": "0.1"}, "lr is '0.1'; allowed is a finite number"),
        ({"lr": [0.1, None]}, "lr is None"),
        ({"threads": 0}, "threads is 0"),
        ({"seeds": []}, "seeds"),
        ({"seeds": [-1]}, "-1"),
        ({"seeds": [0.5]}, "0.5"),
        ({"seeds": [True]}, "True"),
        ({"seeds": 3}, "3"),
        ({"starts": []}, r"starts is \[\]; allowed is one Start or more"),
        ({"starts": NORMED}, "starts is Start.*; allowed is one Start or more"),
        ({"starts": ["zeros"]}, r"starts is \['zeros'\]; allowed is one Start or more"),
        ({"starts": [NORMED, NORMED]}, "each with its name"),
    ],
)
def test_wrong_settings_are_said_in_a_sentence(blobs, wrong, message):
    starts = wrong.pop("starts", [Start("zeros", zeros())])
    with pytest.raises(ValueError, match=message):
        compare(starts, blobs, **wrong)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"y_train": np.full(400, -1)}, "y_train has int64 labels from -1 to -1"),
        ({"y_train": np.full(400, 0.5)}, "y_train has float64 labels from 0.5 to 0.5"),
        ({"y_test": np.full(200, 3)}, "y_test .* to 3; allowed are whole numbers from 0 to 2"),
        ({"y_test": np.zeros(3, int)}, r"X_test has the shape \(200, 12\) and y_test \(3,\)"),
        ({"X_train": np.zeros((0, 12)), "y_train": np.zeros(0, int)}, "with n at least 1"),
    ],
)
def test_wrong_digits_are_said_in_a_sentence(blobs, labels, message):
    with pytest.raises(ValueError, match=message):
        compare([Start("zeros", zeros())], with_labels(blobs, **labels))
