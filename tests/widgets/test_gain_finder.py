"""The gain finder: its mathematics against the library's, its program, and what is said."""

import re

import numpy as np
import pytest

from initbook.activations import ACTIVATIONS, get_activation
from initbook.moments import (
    correlation_map,
    fixed_point,
    gain,
    length_map,
    mean_output,
    second_moment,
    second_moment_of_slope,
)
from initbook.widgets import GainFinder
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

MATHS = "gain-finder-math.js"
STATE = GainFinder.settings["state"]
NAMES = list(STATE["activation"]["choices"])
START = {"activation": "tanh", "std": 1.0, "gain": 5 / 3, "bias": 0.0, "correlation": 0.5}


def random_states(count, seed=0):
    rng = np.random.default_rng(seed)
    for number in range(count):
        yield {
            "activation": NAMES[number % len(NAMES)],
            "std": float(f"{10 ** rng.uniform(-1, np.log10(5)):.3g}"),
            "gain": float(f"{10 ** rng.uniform(-0.5, 0.5):.3g}"),
            "bias": round(float(rng.choice([0, rng.uniform(0, 2)])), 2),
            "correlation": round(float(rng.uniform(-1, 1)), 2),
        }


def test_settings_and_functions_know_every_activation_of_the_library():
    z = [*np.linspace(-9, 9, 73), -40.0, 40.0, 1e-9]
    assert list(ACTIVATIONS) == NAMES
    for name in NAMES:
        (code,) = call("functions.js", ("inPython", name))
        space = {}
        exec(f"import math\nimport numpy as np\n{code}", space)
        act = get_activation(name)
        points = np.array(z)
        assert space["f"](points) == pytest.approx(act(points), rel=1e-9, abs=1e-12)
        assert space["slope"](points) == pytest.approx(act.slope(points), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_moments_and_gains_are_those_of_the_library(name):
    stds = [0.1, 0.6, 1.0, 2.3, 5.0, 12.0]
    calls = [(what, name, std**2) for std in stds for what in ("momentsOf", "gainsOf")]
    answers = call(MATHS, *calls)
    for std, found, gains in zip(stds, answers[::2], answers[1::2], strict=True):
        q = std**2
        assert found["mean"] == pytest.approx(mean_output(name, q), rel=1e-6, abs=1e-9)
        assert found["second"] == pytest.approx(second_moment(name, q), rel=1e-6)
        assert found["slope"] == pytest.approx(second_moment_of_slope(name, q), rel=1e-6)
        assert gains["second"] == pytest.approx(gain(name, q=q), rel=1e-6)
        assert gains["variance"] == pytest.approx(gain(name, by="variance", q=q), rel=1e-6)
        assert gains["gradient"] == pytest.approx(gain(name, "backward", q=q), rel=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_the_maps_are_those_of_the_library(name):
    """The correlation's also where f saturates and its series is long."""
    states = [START | {"activation": name, "std": std, "gain": g, "bias": bias, "correlation": c}
              for std, g, bias in [(1.0, 1.3, 0.2), (0.3, 0.7, 0.0), (4.0, 4.0, 0.0)]
              for c in (-1.0, -0.8, 0.0, 0.5, 0.97, 1.0)]  # fmt: skip
    for state, found in zip(states, call(MATHS, *[("explore", s) for s in states]), strict=True):
        weights, bias, start = state["gain"] ** 2, state["bias"], state["std"] ** 2
        assert found["next_length"] == pytest.approx(length_map(name, start, weights, bias))
        q = found["map"]["q"]
        expected = correlation_map(name, state["correlation"], q, weights, bias)
        assert found["next_correlation"] == pytest.approx(expected, abs=1e-5)
        near = 1 - 1e-7
        slope = (1 - correlation_map(name, near, q, weights, bias)) / 1e-7
        assert found["slope_at_1"] == pytest.approx(slope, rel=2e-3)


def test_lengths_rest_where_the_library_finds_it():
    """Its search begins at the length that an input of second moment 1 has."""
    states = []
    for state in random_states(60, seed=1):
        states.append(state | {"std": float(np.sqrt(state["gain"] ** 2 + state["bias"]))})
    rested = 0
    for state, rest in zip(states, call(MATHS, *[("restOf", s) for s in states]), strict=True):
        try:
            expected = fixed_point(state["activation"], state["gain"] ** 2, state["bias"])
        except ValueError:
            assert rest["kind"] in ("grows", "everywhere"), state
            continue
        if rest["kind"] in ("rests", "stays"):
            assert rest["q"] == pytest.approx(expected, rel=1e-5), state
            rested += 1
        else:
            assert rest["kind"] == "fades" and expected < 1e-5, state
    assert rested > 20


@pytest.mark.parametrize("name", ["tanh", "gelu", "selu", "softsign", "hard_tanh"])
def test_fixed_points_and_their_stability(name):
    """At the gain that keeps q = 1 the chapter's power s says which way q goes."""
    state = START | {"activation": name, "gain": gain(name)}
    (rest,) = call(MATHS, ("restOf", state))
    assert rest == {"kind": "stays", "q": 1}
    (points,) = call(MATHS, ("fixedPoints", state, rest, 2.2))
    near = min(points, key=lambda point: abs(point["at"] - 1))
    up, down = second_moment(name, 1.001), second_moment(name, 1 / 1.001)
    assert near["at"] == pytest.approx(1, rel=1e-6)
    assert near["slope"] == pytest.approx(np.log(up / down) / np.log(1.001**2), rel=1e-4)
    assert (near["slope"] > 1) == (name == "gelu")
    zero = next(point for point in points if point["at"] == 0)
    assert (zero["slope"] < 1) == (name == "gelu")


def test_the_program_prints_the_same_numbers():
    states = [START, START | {"gain": gain("tanh")}, *random_states(20, seed=3)]
    answers = call(MATHS, *[(name, s) for s in states for name in ("numbers", "program")])
    for state, expected, program in zip(states, answers[::2], answers[1::2], strict=True):
        said = printed(program)
        assert said.keys() == expected.keys()
        for name, value in expected.items():
            assert said[name] == pytest.approx(float(value), rel=1e-5, abs=1e-5), (name, state)
        assert len(program.splitlines()) < 75


def result(host):
    return host.locator(".result").inner_text()


def test_what_is_said_is_what_the_engine_computes(open_page):
    page = open_page("/gain-finder.html")
    host = widget(page)
    keys = {name: rule["key"] for name, rule in STATE.items()}
    for state in random_states(15, seed=4):
        address = "&".join(f"{keys[name]}={value}" for name, value in state.items())
        move_to(page, "gain-finder", address)
        (expected,) = call(MATHS, ("explore", state))
        numbers = [
            float(x) for x in re.findall(r"-?\d+\.\d+(?! × )", host.inner_text().replace("−", "-"))
        ]
        for name in ("second", "slope_second", "gain_second", "gain_gradient", "chi"):
            if 1e-3 < expected[name] < 1e4:
                assert any(x == pytest.approx(expected[name], rel=6e-3) for x in numbers), name
        kind = expected["rest"]["kind"]
        words = {"rests": "comes to rest", "fades": "fades to 0", "grows": "grows without bound"}
        assert words[kind] in result(host), state


def test_presets_hold_what_they_say(open_page):
    page = open_page("/gain-finder.html")
    host = widget(page)
    assert "comes to rest at q = 1.18" in result(host) and "χ = 1.21: gradients grow" in result(
        host
    )
    host.get_by_role("button", name="second moment").click()
    settle(page)
    assert "q = 1.00 stays, and lengths near it come to it" in result(host)
    host.get_by_role("radio", name="GELU", exact=True).check()
    host.get_by_role("button", name="second moment").click()
    settle(page)
    assert "q = 1.00 stays, but lengths near it leave: the map’s slope there is 1.14" in result(
        host
    )
    host.get_by_role("radio", name="ReLU", exact=True).check()
    host.get_by_role("button", name="gradient").click()
    settle(page)
    assert "Every length stays as it is." in result(host)
    assert "gradients keep their size" in result(host) and "look alike" in result(host)
    host.get_by_role("radio", name="tanh", exact=True).check()
    host.get_by_role("button", name="gradient").click()
    host.get_by_role("button", name="what q lacks").click()
    settle(page)
    assert "χ = 1.00: gradients keep their size" in result(host)
    assert host.get_by_role("button", name="gradient").get_attribute("aria-pressed") == "true"
    host.get_by_role("button", name="Reset").click()
    settle(page)
    assert "comes to rest at q = 1.18" in result(host)


def test_keyboard_and_mouse_move_the_cobwebs(open_page):
    page = open_page("/gain-finder.html")
    host = widget(page)
    figure, boxes = host.locator("svg[role=img]"), host.get_by_role("spinbutton")
    for label in ("Std σ", "Gain", "Variance of the biases", "Correlation"):
        before = figure.inner_html()
        host.get_by_role("slider", name=label).focus()
        page.keyboard.press("ArrowRight")
        settle(page)
        assert figure.inner_html() != before, label
    said = result(host)
    for wrong in ("13", "", "-1"):
        boxes.nth(1).fill(wrong)
        settle(page)
        assert result(host) == said
    host.get_by_role("slider", name="Std σ").click(position={"x": 2, "y": 10})
    settle(page)
    assert float(boxes.nth(0).input_value()) < 0.2


@pytest.mark.parametrize(
    ("address", "values"),
    [
        ("std=1e9&gain=1e9&bias=1e9&c=9", [5, 12, 4, 1]),
        ("std=-1&gain=0&bias=-1&c=-9", [0.1, 0.1, 0, -1]),
        ("std=NaN&gain=&act=constructor&bias=<b>&c=__proto__", [1, 1.667, 0, 0.5]),
    ],
)
def test_a_hostile_address_is_clamped_or_ignored(open_page, address, values):
    boxes = widget(open_page(f"/gain-finder.html#~gain-finder:{address}")).get_by_role("spinbutton")
    assert [float(boxes.nth(i).input_value()) for i in range(4)] == values


def test_the_copied_program_prints_what_is_shown(open_page):
    page = open_page("/gain-finder.html#~gain-finder:act=selu&bias=0.1&gain=0.75",
                     permissions=CLIPBOARD)  # fmt: skip
    host = widget(page)
    said = printed(copied_program(host))
    assert f"comes to rest at q = {said['rest_length']:.3f}"[:30] in result(host)


@pytest.mark.parametrize("width", [1280, 320])
def test_it_fits_its_room_and_its_labels_stay_inside(open_page, width):
    page = open_page("/gain-finder.html", width=width)
    host = widget(page)
    room = host.bounding_box()["height"]
    for state in (
        "act=gelu_tanh&gain=1.53&bias=0.017&c=-0.77",
        "act=hard_tanh&gain=12&std=0.1&bias=3.9",
        "act=relu&gain=12&std=5&c=-1",
        "act=sigmoid&gain=0.1&std=5",
        "act=tanh&gain=0.1&std=0.1",
        "act=selu&gain=1&std=1&c=0.123",
    ):
        move_to(page, "gain-finder", state)
        check_room(host, room, state)
    check_targets(host)
