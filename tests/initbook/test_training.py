"""Runs are paired by seed, do not depend on the number of cores, and are summarized honestly."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from initbook.initializers import normal, xavier_normal, zeros
from initbook.training import (
    Start,
    draw_net,
    evaluate,
    in_percent,
    median_in_words,
    minibatches,
    steps_to,
    train,
)  # fmt: skip


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


def test_the_number_of_threads_changes_no_bit(blobs):
    starts = [Start(f"N(0, {std}²)", normal(std), std > 0.3) for std in (0.1, 0.2, 0.4)]
    one, three = (compare(starts, blobs, threads=threads) for threads in (1, 3))
    assert np.array_equal(one.loss, three.loss)


def test_torch_splits_no_product_while_the_stacks_run(blobs):
    inside, before = [], torch.get_num_threads()

    def init(rng, shape):
        inside.append(torch.get_num_threads())
        return rng.standard_normal(shape)

    torch.set_num_threads(2)
    try:
        compare([Start("watching", init)], blobs)
        assert set(inside) == {1} and torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_seed_means_the_same_numbers_and_the_same_digits_under_every_start(blobs):
    small, large = (
        draw_net(Start("", normal(std)), (784, 9), seeds=[3, 4]).layers[0].W for std in (0.25, 1)
    )
    assert torch.equal(4 * small, large) and not torch.equal(small[0], small[1])
    run = compare([Start("a", xavier_normal()), Start("b", xavier_normal())], blobs)
    assert np.array_equal(run.loss[0], run.loss[1])
    assert not np.array_equal(run.loss[0, 0], run.loss[0, 1])


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


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"steps": 30}, "steps is 30; allowed is a multiple of eval_every, 20"),
        ({"batch_size": 500}, "batch_size is 500; allowed is 1 to 400"),
        ({"activation": "sine"}, "activation is 'sine'"),
    ],
)
def test_wrong_settings_are_said_in_a_sentence(blobs, wrong, message):
    with pytest.raises(ValueError, match=message):
        compare([Start("zeros", zeros())], blobs, **wrong)
