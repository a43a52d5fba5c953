"""Batch normalization as a widget: its mathematics against the library's, its program."""

import numpy as np
import pytest

from initbook.activations import get_activation
from initbook.propagation import backward, batch_normalize, batch_normalize_backward, forward
from initbook.widgets import BatchNormalization
from widget_maths import call, printed
from widget_page import (
    CLIPBOARD,
    check_room,
    check_targets,
    copied_program,
    move_to,
    settle,
    widget,
)

MATHS = "batch-normalization-math.js"
SETTINGS = BatchNormalization.settings
STATE, N = SETTINGS["state"], SETTINGS["width"]
START = {
    "activation": "relu", "scale": 1.0, "gamma": 1.0, "beta": 0.0, "batch": 32, "mode": "training",
    "batches": 10, "seed": 0,
}  # fmt: skip


def random_states(count, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield {
            "activation": str(rng.choice(list(STATE["activation"]["choices"]))),
            "scale": float(f"{10 ** rng.uniform(-1, 0.5):.3g}"),
            "gamma": round(float(rng.uniform(0.2, 3)), 2),
            "beta": round(float(rng.uniform(-1, 3)), 2),
            "batch": int(rng.integers(2, 65)),
            "mode": str(rng.choice(["training", "evaluation"])),
            "batches": int(rng.integers(0, 31)),
            "seed": int(rng.integers(2**31)),
        }


def relative_rms(measured, expected):
    scale = np.sqrt(np.mean(np.square(expected))) or 1
    return np.sqrt(np.mean(np.square(np.reshape(measured, np.shape(expected)) - expected))) / scale


def rows(numbers):
    return np.reshape(numbers, (-1, N))


def by_numpy(found, state):
    """The stack with normalization by the library's parts, and what its running averages are."""
    f, (gamma, beta) = get_activation(state["activation"]), (state["gamma"], state["beta"])
    W = [state["scale"] / np.sqrt(N) * rows(w) for w in found["weights"]]
    running = [[np.zeros(N), np.ones(N)] for _ in W]
    for batch in found["batches"][: state["batches"]]:
        h = rows(batch)
        for w, averages in zip(W, running, strict=True):
            averages[0] = 0.9 * averages[0] + 0.1 * (h @ w).mean(axis=0)
            averages[1] = 0.9 * averages[1] + 0.1 * (h @ w).var(axis=0, ddof=1)
            h = f(gamma * batch_normalize(h @ w) + beta)
    training, h = state["mode"] == "training", rows(found["inputs"])
    zs, ys, signals = [], [], []
    for w, (m, v) in zip(W, running, strict=True):
        zs.append(h @ w)
        hat = batch_normalize(zs[-1]) if training else (zs[-1] - m) / np.sqrt(v + 1e-5)
        ys.append(gamma * hat + beta)
        signals.append(h := f(ys[-1]))
    back, deltas = rows(found["top"]), []
    for w, z, y, (_, v) in zip(W[::-1], zs[::-1], ys[::-1], running[::-1], strict=True):
        deltas.insert(0, back * f.slope(y))
        below = (
            batch_normalize_backward(z, deltas[0]) if training else deltas[0] / np.sqrt(v + 1e-5)
        )
        back = gamma * below @ w.T
    return W, running, signals, deltas


@pytest.mark.parametrize("activation", STATE["activation"]["choices"])
@pytest.mark.parametrize(
    "setup",
    [
        {},
        {"gamma": 1.7, "beta": 0.6, "batch": 21, "seed": 3},
        {"batch": 2, "scale": 0.3},
        {"mode": "evaluation", "batches": 7, "gamma": 0.8, "beta": 0.4, "batch": 13},
        {"mode": "evaluation", "batches": 0, "scale": 1.4},
    ],
)
def test_ten_layers_agree_with_numpy_in_both_directions(activation, setup):
    state = START | {"activation": activation} | setup
    (found,) = call(MATHS, ("unpacked", state))
    W, running, signals, deltas = by_numpy(found, state)
    for k in range(10):
        assert relative_rms(found["normal"]["signals"][k], signals[k]) < 1e-5
        assert relative_rms(found["normal"]["deltas"][k], deltas[k]) < 1e-5
        if state["mode"] == "evaluation":
            assert found["kept"][k]["mean"] == pytest.approx(running[k][0], abs=1e-9)
            assert found["kept"][k]["variance"] == pytest.approx(running[k][1], rel=1e-9)
    X, top = rows(found["inputs"]), rows(found["top"])
    expected, _ = backward(X, W, activation, top)
    for k, h in enumerate(forward(X, W, activation)):
        assert relative_rms(found["plain"]["signals"][k], h) < 1e-5
        assert relative_rms(found["plain"]["deltas"][k], expected[k]) < 1e-5


def test_in_a_batch_of_two_an_example_is_told_to_be_the_larger_or_the_smaller():
    (found,) = call(MATHS, ("unpacked", START | {"batch": 2}))
    w = rows(found["weights"][0])[:, 0] / np.sqrt(N)
    z, others = found["inputs"][:N] @ w, [rows(b)[1] @ w for b in found["batches"]]
    assert np.sign(found["answers"]).tolist() == [np.sign(z - other) for other in others]
    assert np.median(np.abs(found["answers"])) > 0.999


def test_the_theory_is_the_chapters():
    (relu, tanh) = call(MATHS, ("theory", START), ("theory", START | {"activation": "tanh"}))
    assert relu["growth"] == pytest.approx(np.pi / (np.pi - 1), rel=1e-9)
    assert relu["normal"][0]["signal"] == pytest.approx(np.sqrt(0.5), rel=1e-9)
    assert tanh["normal"][0]["signal"] == pytest.approx(np.sqrt(0.3942944904), rel=1e-9)


def test_zeros_send_no_gradient_down():
    (found,) = call(MATHS, ("numbers", START | {"scale": 0}))
    assert found["delta_normalized"] == found["delta_plain"] == found["signal_plain"] == 0


def test_the_program_prints_the_same_numbers():
    states = [START, START | {"scale": 0}, START | {"batch": 2}, *random_states(20, seed=3)]
    answers = call(MATHS, *[(name, s) for s in states for name in ("numbers", "program")])
    for state, expected, program in zip(states, answers[::2], answers[1::2], strict=True):
        said = printed(program)
        assert said.keys() == expected.keys()
        for name, value in expected.items():
            assert said[name] == pytest.approx(value, rel=1e-5, abs=1e-12), (name, state)
        assert len(program.splitlines()) < 85


def result(host):
    return host.locator(".result").inner_text()


def test_a_reader_moves_batch_mode_and_zeros(open_page):
    page = open_page("/batch-normalization.html")
    host = widget(page)
    assert "(theory 1.47)" in result(host)
    host.get_by_role("slider", name="Batch size B").focus()
    page.keyboard.press("Home")
    settle(page)
    assert "a unit says from −1.00 to 1.00" in result(host)
    host.get_by_role("radio", name="evaluation").check()
    settle(page)
    assert "a unit says always" in result(host) and "theory" not in result(host)
    host.get_by_role("button", name="zeros").click()
    settle(page)
    assert "rms is 0 with normalization, 0 without" in result(host)
    host.get_by_role("button", name="Reset").click()
    settle(page)
    host.get_by_role("slider", name="Batches in the running averages").focus()
    page.keyboard.press("ArrowRight")
    settle(page)
    assert host.get_by_role("radio", name="evaluation").is_checked()
    host.get_by_role("button", name="New draw").click()
    settle(page)
    assert host.get_by_text("seed 1", exact=True).is_visible()


@pytest.mark.parametrize(
    ("address", "values"),
    [
        ("std=1e9&batch=1e9&gamma=9&beta=9&k=99", [10, 64, 3, 3, 30]),
        ("std=-1&batch=0&gamma=-1&beta=-9&k=-1", [0, 2, 0, -3, 0]),
        ("std=NaN&batch=&gamma=<b>&mode=constructor&act=__proto__", [1, 32, 1, 0, 10]),
    ],
)
def test_a_hostile_address_is_clamped_or_ignored(open_page, address, values):
    page = open_page(f"/batch-normalization.html#~batch-normalization:{address}")
    boxes = widget(page).get_by_role("spinbutton")
    assert [float(boxes.nth(i).input_value()) for i in range(5)] == values


def test_the_copied_program_prints_what_is_shown(open_page):
    page = open_page("/batch-normalization.html", permissions=CLIPBOARD)
    host = widget(page)
    said = printed(copied_program(host))
    assert f"changes by {said['growth_normalized']:.2f} a layer" in result(host)


@pytest.mark.parametrize("width", [1280, 320])
def test_it_fits_its_room_and_its_labels_stay_inside(open_page, width):
    page = open_page("/batch-normalization.html", width=width)
    host = widget(page)
    room = host.bounding_box()["height"]
    for state in ("std=10&act=identity&gamma=3", "std=0&act=sigmoid", "batch=2&act=tanh&std=0.1",
                  "std=10&act=relu&mode=evaluation&k=0&beta=-3&gamma=0"):  # fmt: skip
        move_to(page, "batch-normalization", state)
        check_room(host, room, state)
    check_targets(host)
