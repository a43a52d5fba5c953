"""Gradient flow as a widget: its mathematics against the library's, its program, what is said."""

import re

import numpy as np
import pytest
from scipy.stats import kstest

from initbook.moments import second_moment, second_moment_of_slope
from initbook.propagation import backward, forward
from initbook.widgets import GradientFlow
from initbook.widgets.gradient_flow import layer_widths
from widget_maths import call, printed
from widget_page import (
    CLIPBOARD,
    check_room,
    check_targets,
    copied_program,
    move_to,
    settle,
    stand_in,
    widget,
)

MATHS = "gradient-flow-math.js"
START = {
    "activation": "tanh", "scale": 1, "depth": 30, "width": 100, "profile": "constant",
    "batch": 8, "seed": 0,
}  # fmt: skip
STATE = GradientFlow.settings["state"]
CHAOS = 1e8


def random_states(count, seed=0, **fixed):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        state = {
            "activation": str(rng.choice(list(STATE["activation"]["choices"]))),
            "profile": str(rng.choice(list(STATE["profile"]["choices"]))),
            "scale": float(f"{10 ** rng.uniform(-1, np.log10(5)):.3g}"),
            "depth": int(rng.integers(2, 101)),
            "width": int(rng.integers(16, 201)),
            "seed": int(rng.integers(2**31)),
        }
        yield START | state | fixed


def rms(x):
    most = np.abs(x).max() or 1
    return most * np.sqrt(np.mean((x / most) ** 2))


def relative_rms(measured, expected):
    return rms(np.asarray(measured) - expected) / rms(expected)


def unpacked(state, engine="wasm"):
    """What the page draws and computes, as arrays, and what it measures of each layer."""
    found, layers = call(MATHS, ("unpacked", state), ("flow", state), engine=engine)
    n = found["widths"]
    weights = [
        state["scale"] / np.sqrt(n[k]) * np.reshape(z, (n[k], n[k + 1]))
        for k, z in enumerate(found["weights"])
    ]
    signals, deltas = ([np.array(x) for x in found[name]] for name in ("signals", "deltas"))
    return signals, weights, deltas, np.array(found["top"]), layers


@pytest.mark.parametrize("engine", ["wasm", "javascript"])
@pytest.mark.parametrize("activation", STATE["activation"]["choices"])
@pytest.mark.parametrize("profile", STATE["profile"]["choices"])
@pytest.mark.parametrize("scale", [0.3, 1.0, 2**0.5])
def test_ten_layers_agree_with_numpy_in_both_directions(engine, activation, profile, scale):
    state = START | {
        "activation": activation, "profile": profile, "scale": scale, "depth": 10, "width": 61,
    }  # fmt: skip
    signals, weights, deltas, top, layers = unpacked(state, engine)
    expected, gradients = backward(signals[0], weights, activation, top)
    for k, h in enumerate(forward(signals[0], weights, activation)):
        assert relative_rms(signals[k + 1], h) < 1e-5
        assert relative_rms(deltas[k], expected[k]) < 1e-5
        assert layers[k]["signal"] == pytest.approx(rms(h), rel=1e-5)
        assert layers[k]["delta"] == pytest.approx(rms(expected[k]), rel=1e-5)
        assert layers[k]["gradient"] == pytest.approx(rms(gradients[k]), rel=1e-5)


@pytest.mark.parametrize("activation", STATE["activation"]["choices"])
@pytest.mark.parametrize("profile", STATE["profile"]["choices"])
@pytest.mark.parametrize("scale", [0.1, 1.0, 5.0])
def test_the_lines_are_mean_field_theory(activation, profile, scale):
    state = START | {"activation": activation, "profile": profile, "scale": scale, "depth": 12}
    (layers,) = call(MATHS, ("theory", state))
    n = layer_widths(100, 12, STATE["profile"]["choices"][profile]["shares"])
    second, ups, slopes = 1.0, [1.0], []
    for _ in layers:
        slopes.append(second_moment_of_slope(activation, scale**2 * second))
        second = second_moment(activation, scale**2 * second)
        ups.append(second)
    delta = 1.0
    for k in range(11, -1, -1):
        delta *= slopes[k]
        assert layers[k]["signal"] == pytest.approx(np.sqrt(ups[k + 1]), rel=1e-6)
        assert layers[k]["delta"] == pytest.approx(np.sqrt(delta), rel=1e-6)
        assert layers[k]["gradient"] == pytest.approx(np.sqrt(8 * ups[k] * delta), rel=1e-6)
        delta *= n[k + 1] * scale**2 / n[k]


@pytest.mark.parametrize("profile", STATE["profile"]["choices"])
def test_wide_layers_come_near_the_lines(profile):
    """Four layers of at most 200, forty fixed draws: mean squares within 15 percent."""
    states = [
        START | {"activation": "relu", "scale": 2**0.5, "depth": 4, "width": 200, "batch": 32,
                 "seed": seed, "profile": profile}
        for seed in range(40)
    ]  # fmt: skip
    measured = call(MATHS, *[("flow", state) for state in states])
    (expected,) = call(MATHS, ("theory", states[0]))
    for k, layer in enumerate(expected):
        for name, value in layer.items():
            square = np.mean([run[k][name] ** 2 for run in measured])
            assert square == pytest.approx(value**2, rel=0.15)


def test_both_sides_have_the_same_widths():
    states = [
        START | {"profile": profile, "width": width, "depth": depth}
        for profile in STATE["profile"]["choices"]
        for width in range(16, 201, 23)
        for depth in range(2, 101, 7)
    ]
    for state, widths in zip(states, call(MATHS, *[("widthsOf", s) for s in states]), strict=True):
        shares = STATE["profile"]["choices"][state["profile"]]["shares"]
        assert layer_widths(state["width"], state["depth"], shares) == widths
        assert min(widths) >= 4 and max(widths) == state["width"]


def test_the_draws_are_standard_normal_and_streams_are_apart():
    """40 000 numbers, each check at α = 1e-9: 6.1 standard errors."""
    n = 40_000
    found = call("draws.js", ("normals", 0, 1, n), ("normals", 0, 2, n), ("normals", 1, 1, n))
    one, *others = map(np.array, found)
    error = 6.1 / np.sqrt(n)
    assert abs(one.mean()) < error and abs(one.var() - 1) < error * np.sqrt(2)
    assert abs(np.mean(one**4) - 3) < error * np.sqrt(96)
    assert kstest(one, "norm").statistic < 3.3 / np.sqrt(n)
    assert all(abs(np.mean(one * other)) < error for other in others)
    assert all(abs(np.mean(one[lag:] * one[:-lag])) < error for lag in (1, 2, 200))


def test_the_program_prints_the_same_numbers():
    """Where rounding does not grow from layer to layer; where it does, the program says so."""
    states = [START, *random_states(20, seed=3)]
    calls = [(name, state) for state in states for name in ("numbers", "program", "roundingGrows")]
    answers, chaotic = call(MATHS, *calls), 0
    for k, state in enumerate(states):
        expected, program, growth = answers[3 * k : 3 * k + 3]
        said = printed(program)
        assert said.keys() == expected.keys()
        assert ("# Rounding errors" in program) == (growth > CHAOS)
        chaotic += growth > CHAOS
        for name, value in expected.items():
            if growth <= CHAOS or "predicted" in name:
                assert said[name] == pytest.approx(value, rel=1e-5), (name, state)
        assert len(program.splitlines()) < 70
    assert chaotic <= 4


def test_the_placeholder_holds_a_figure_of_the_same_stack():
    html = stand_in(GradientFlow("sigmoid", scale=0.1, depth=100, width=64))
    at_layer_1 = re.search(r"at the top and (\S+) at layer 1 \(rings\)", html)
    (expected,) = call(MATHS, ("theory", START | {
        "activation": "sigmoid", "scale": 0.1, "depth": 100, "width": 64,
    }))  # fmt: skip
    assert np.log(float(at_layer_1[1]) / expected[0]["delta"]) == pytest.approx(0, abs=3)
    assert html.count("<circle") == 200


def result(host):
    return host.locator(".result").inner_text()


def number(text):
    """The first number, also one with a power of ten."""
    found = re.search(r"([\d.]+)(?: × 10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?", text)
    exponent = (found[2] or "⁰").translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    return float(found[1]) * 10.0 ** int(exponent)


def said_numbers(text):
    """The gradient's ratio and the signal's rms, each with its prediction."""
    ratio, signal = re.split(r" The signal", text)
    return [number(part) for part in (
        re.split("falls to|grows to|keeps", ratio)[1], ratio.split("predicted")[1],
        signal.split("rms is")[1], signal.split("predicted")[1],
    )]  # fmt: skip


def test_what_is_said_is_what_is_computed(open_page):
    page = open_page("/gradient-flow.html")
    host = widget(page)
    for state in random_states(8, seed=4):
        keys = {name: rule["key"] for name, rule in STATE.items() if "key" in rule}
        address = "&".join(f"{key}={state[name]}" for name, key in keys.items())
        move_to(page, "gradient-flow", address)
        (found,) = call(MATHS, ("numbers", state))
        if not found["delta_ratio"]:
            continue
        expected = [found[name] for name in (
            "delta_ratio", "delta_ratio_predicted", "signal_top", "signal_predicted",
        )]  # fmt: skip
        assert said_numbers(result(host)) == pytest.approx(expected, rel=6e-3), state


def test_keyboard_and_mouse_move_depth_scale_and_profile(open_page):
    page = open_page("/gradient-flow.html")
    host = widget(page)
    picture = host.locator("svg[role=img]")
    assert picture.locator("circle.dot").count() == picture.locator("circle.ring").count() == 30
    host.get_by_label("Layers", exact=True).focus()
    page.keyboard.press("End")
    settle(page)
    assert picture.locator("circle.ring").count() == 100
    assert "From layer 100 down to layer 1 the gradient falls to" in result(host)
    for preset, word in (("1/√3", "falls to"), ("4", "grows to")):
        host.get_by_role("button", name=preset, exact=True).click()
        settle(page)
        assert f"the gradient {word}" in result(host)
    assert "rounding decides the last digits" in host.locator(".note").inner_text()
    before = picture.inner_html()
    host.get_by_role("radio", name="bottleneck").check()
    settle(page)
    assert picture.inner_html() != before
    assert "here 100, of 25 units at the narrowest" in host.locator(".note").inner_text()
    box = host.get_by_role("spinbutton", name="Layers, as a number")
    for wrong in ("1", "", "101", "-3"):
        box.fill(wrong)
        settle(page)
        assert "From layer 100 down" in result(host)
    box.fill("2")
    settle(page)
    assert "From layer 2 down" in result(host)
    host.get_by_role("button", name="Reset").click()
    settle(page)
    assert "From layer 30 down" in result(host)
    host.get_by_role("button", name="New draw").click()
    settle(page)
    assert host.get_by_text("seed 1", exact=True).is_visible()


def test_a_dead_layer_is_told(open_page):
    """A stack of ReLUs of width 4 at its narrowest, found by trying seeds."""
    states = [
        START
        | {"activation": "relu", "profile": "bottleneck", "width": 16, "depth": 100, "seed": s}
        for s in range(40)
    ]
    found = call(MATHS, *[("numbers", state) for state in states])
    dead = next(s for s, numbers in enumerate(found) if not numbers["delta_bottom"])
    address = f"act=relu&profile=bottleneck&n=16&depth=100&seed={dead}"
    host = widget(open_page(f"/gradient-flow.html#~gradient-flow:{address}"))
    assert "meets a dead layer" in result(host) or "rms is 0: no unit" in result(host)


@pytest.mark.parametrize(
    ("address", "boxes"),
    [
        ("std=1e9&depth=1e9&n=-5", [5, 100, 16]),
        ("std=-1&depth=0&n=1e300", [0.1, 2, 200]),
        ("std=NaN&depth=&n=abc&act=constructor&profile=__proto__&seed=<b>", [1, 30, 100]),
        ("depth=2.4&n=99.6", [1, 2, 100]),
    ],
)
def test_a_hostile_address_is_clamped_or_ignored(open_page, address, boxes):
    host = widget(open_page(f"/gradient-flow.html#~gradient-flow:{address}"))
    shown = host.get_by_role("spinbutton")
    assert [float(shown.nth(i).input_value()) for i in range(3)] == boxes


def test_the_copied_program_prints_what_is_shown(open_page):
    page = open_page(
        "/gradient-flow.html#~gradient-flow:act=sigmoid&depth=12",
        permissions=CLIPBOARD,
    )
    host = widget(page)
    said = printed(copied_program(host))
    names = ("delta_ratio", "delta_ratio_predicted", "signal_top", "signal_predicted")
    assert said_numbers(result(host)) == pytest.approx([said[n] for n in names], rel=6e-3)


@pytest.mark.parametrize("width", [1280, 320])
def test_it_fits_its_room_and_its_labels_stay_inside(open_page, width):
    page = open_page("/gradient-flow.html", width=width)
    host = widget(page)
    room = host.bounding_box()["height"]
    for state in ("depth=100", "act=sigmoid&depth=100", "act=identity&std=5&depth=100",
                  "act=relu&std=0.1&depth=2&n=16&profile=bottleneck"):  # fmt: skip
        move_to(page, "gradient-flow", state)
        check_room(host, room, state)
    check_targets(host)
