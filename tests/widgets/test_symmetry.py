"""Symmetry as a widget: its training against NumPy's, its program, twins, what a reader does."""

import re

import numpy as np
import pytest

from initbook.widgets import Symmetry
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

MATHS = "symmetry-math.js"
STATE = Symmetry.settings["state"]
CHANGES = ("nudge", "biases", "dropout", "adam")
START = {
    "step": 2000, "start": "constant", "nudge": "off", "biases": "off", "dropout": "off",
    "adam": "off", "seed": 0,
}  # fmt: skip
X = np.linspace(-2, 2, 41)
WAVE = np.sin(2 * X + 0.5)


def random_states(count, seed=0, **fixed):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        state = {name: str(rng.choice(["off", "on"])) for name in CHANGES}
        state |= {"start": str(rng.choice(list(STATE["start"]["choices"])))}
        state |= {"step": int(rng.integers(2001)), "seed": int(rng.integers(2**31))}
        yield state | fixed


def split(net):
    """w, b, v and c of a net as the page keeps it."""
    values = np.array(net)
    return [values[:8], values[8:16], values[16:24], values[24:]]


def loss(net):
    w, b, v, c = net
    return np.mean((np.tanh(X[:, None] * w + b) @ v + c - WAVE) ** 2) / 2


def gradients(net, kept):
    """Of the loss, by the chapter's formulas."""
    w, b, v, c = net
    h = np.tanh(X[:, None] * w + b)
    e = (h @ (v * kept) + c - WAVE)[:, None]
    back = e * v * kept * (1 - h**2)
    return [np.mean(s, axis=0) for s in (back * X[:, None], back, e * h * kept, e)]


@pytest.mark.parametrize("start", STATE["start"]["choices"])
@pytest.mark.parametrize("changed", [(), ("nudge",), ("biases",), ("dropout",), ("adam",), CHANGES])
def test_the_training_is_the_one_that_numpy_does(start, changed):
    """Golden vectors: every step of 300 from the one before it, and all of them in a row."""
    state = START | dict.fromkeys(changed, "on") | {"start": start, "seed": 7}
    training, uniforms = call(MATHS, ("train", state)) + call("draws.js", ("uniforms", 7, 3, 2400))
    keeps = np.reshape(uniforms, (-1, 8))
    keeps = np.where(keeps < 0.8, 1.25, 0) if "dropout" in changed else np.ones((300, 8))
    net = split(training["nets"][0])
    first, second = [0 * p for p in net], [0 * p for p in net]
    for step in range(1, 301):
        slopes = gradients(net, keeps[step - 1])
        if "adam" in changed:
            first = [0.9 * m + 0.1 * s for m, s in zip(first, slopes, strict=True)]
            second = [0.999 * q + 0.001 * s**2 for q, s in zip(second, slopes, strict=True)]
            moves = [
                0.01 * m / (1 - 0.9**step) / (np.sqrt(q / (1 - 0.999**step)) + 1e-8)
                for m, q in zip(first, second, strict=True)
            ]
        else:
            moves = [0.1 * s for s in slopes]
        net = [p - move for p, move in zip(net, moves, strict=True)]
        ours = split(training["nets"][step])
        error = np.concatenate(ours) - np.concatenate(net)
        assert np.sqrt(np.mean(error**2)) <= 1e-5 * np.sqrt(np.mean(np.concatenate(net) ** 2))
        assert training["losses"][step] == pytest.approx(loss(net), rel=1e-5)
        assert training["gaps"][step] == pytest.approx(
            max(np.ptp(p) for p in ours[:3]), rel=1e-12, abs=0
        )
    assert len(training["gaps"]) == len(training["nets"]) == 2001


@pytest.mark.parametrize(
    ("state", "kinds"),
    [
        ({}, 1),
        ({"start": "zeros"}, 1),
        ({"adam": "on"}, 1),
        ({"start": "zeros", "adam": "on"}, 1),
        ({"start": "zeros", "dropout": "on"}, 1),  # nothing to pause: every v is 0
        ({"nudge": "on"}, 2),
        ({"start": "zeros", "nudge": "on"}, 2),
        ({"dropout": "on"}, 8),
        ({"biases": "on"}, 8),
        ({"start": "zeros", "biases": "on"}, 8),
        ({"start": "random"}, 8),
    ],
)
def test_what_parts_twins_and_what_does_not(state, kinds):
    (found,) = call(MATHS, ("numbers", START | state))
    assert found["kinds"] == kinds
    assert (found["distance"] == 0) == (kinds == 1)  # exactly


def test_zeros_move_c_alone_and_constants_stay_one_unit():
    zeros, constants = call(MATHS, ("train", START | {"start": "zeros"}), ("train", START))
    *units, c = split(zeros["nets"][-1])
    assert not np.any(units)
    assert c == pytest.approx(WAVE.mean(), rel=1e-9)
    assert max(constants["gaps"]) == 0 and constants["losses"][-1] > 0.15


def test_the_program_prints_the_same_numbers():
    states = [START, *random_states(20, seed=3)]
    calls = [(name, state) for state in states for name in ("numbers", "program")]
    answers = call(MATHS, *calls)
    for expected, program in zip(answers[::2], answers[1::2], strict=True):
        said = printed(program)
        assert said.keys() == expected.keys()
        assert said == pytest.approx(expected, rel=1e-5, abs=1e-12), program
        assert len(program.splitlines()) < 65


def test_the_placeholder_holds_the_start():
    html = stand_in(Symmetry("constant"))
    constant = [np.ones(8), np.zeros(8), np.ones(8), 0]
    assert f"the loss is {loss(constant):.3g}." in html
    assert html.count("<circle") == 41
    zeros = [np.zeros(8)] * 3 + [0]
    assert f"the loss is {loss(zeros):.3g}." in stand_in(Symmetry("zeros", nudge="on"))


def result(host):
    return host.locator(".result").inner_text()


def letters(host):
    return "".join(host.locator("svg text.letter").all_text_contents())


def said_number(text):
    found = re.match(r"([\d.]*\d)(?: × 10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?", text)
    exponent = (found[2] or "⁰").translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    return float(found[1]) * 10.0 ** int(exponent)


def test_what_is_said_is_what_is_computed(open_page):
    page = open_page("/symmetry.html")
    host = widget(page)
    for state in random_states(10, seed=4):
        keys = {name: rule["key"] for name, rule in STATE.items()}
        address = "&".join(f"{key}={state[name]}" for name, key in keys.items())
        move_to(page, "symmetry", address)
        page.wait_for_timeout(300)
        (found,) = call(MATHS, ("numbers", state))
        said = result(host)
        assert said.startswith(f"After {state['step']} steps ")
        assert said_number(said.split("loss is ")[1]) == pytest.approx(found["loss"], rel=6e-3)
        assert len(set(letters(host))) == found["kinds"]
        if found["kinds"] == 1:
            assert "all 8 units are twins: their distance is exactly 0" in said
        else:
            gap = said_number(said.split("between two is ")[1])
            assert gap == pytest.approx(found["distance"], rel=6e-3)


def test_a_weight_moved_by_a_millionth_makes_a_unit_of_its_own(open_page):
    page = open_page("/symmetry.html")
    host = widget(page)
    assert result(host) == (
        "Before the first step all 8 units are twins: their distance is exactly 0. "
        "The loss is 15.7."
    )
    assert letters(host) == "AAAAAAAA"
    assert "exactly 0 at every step" in host.locator("svg[role=img]").inner_html()
    host.get_by_role("checkbox", name="one weight moved by 10⁻⁶").check()
    settle(page)
    assert letters(host) == "AAABAAAA"
    assert "7 of the 8 units are twins, and the largest distance between two is 1.00 × 10⁻⁶" in (
        result(host)
    )
    host.get_by_role("slider").focus()
    page.keyboard.press("End")
    settle(page)
    assert result(host).startswith("After 2000 steps 7 of the 8 units are twins")
    host.get_by_role("checkbox", name="one weight moved by 10⁻⁶").focus()
    page.keyboard.press("Space")
    settle(page)
    assert "all 8 units are twins" in result(host)
    host.get_by_role("radio", name="random").check()
    settle(page)
    assert "no two of the 8 units are equal" in result(host) and letters(host) == "ABCDEFGH"
    before = result(host)
    host.get_by_role("button", name="New draw").click()
    settle(page)
    assert result(host) != before
    host.get_by_role("button", name="Reset").click()
    settle(page)
    assert result(host).startswith("Before the first step all 8 units are twins")


def test_train_runs_to_the_end_and_can_be_paused(open_page):
    page = open_page("/symmetry.html")
    host = widget(page)
    slider = host.get_by_role("slider")
    host.get_by_role("button", name="Train").click()
    page.wait_for_function("() => document.querySelector('input[type=range]').valueAsNumber > 50")
    host.get_by_role("button", name="Pause").click()
    settle(page)
    paused = slider.input_value()
    assert 50 < int(paused) < 2000
    page.wait_for_timeout(100)
    assert slider.input_value() == paused
    assert host.locator(".result").get_attribute("aria-live") == "polite"
    host.get_by_role("button", name="Train").click()
    page.wait_for_function("() => document.querySelector('input[type=range]').value === '2000'")
    assert host.get_by_role("button", name="Train").is_visible()
    assert host.locator(".result").get_attribute("aria-live") == "polite"
    host.get_by_role("button", name="Train").click()  # from the start again
    page.wait_for_function(
        "() => { const at = document.querySelector('input[type=range]').valueAsNumber;"
        " return at > 50 && at < 1500; }"
    )
    slider.focus()
    page.keyboard.press("Home")
    settle(page)
    page.wait_for_timeout(100)
    assert slider.input_value() == "0"


def test_who_asks_for_less_motion_sees_the_end_at_once(open_page):
    page = open_page("/symmetry.html", reduced_motion="reduce")
    host = widget(page)
    host.get_by_role("button", name="Train").click()
    settle(page)
    assert result(host).startswith("After 2000 steps ")


@pytest.mark.parametrize(
    ("address", "step", "said"),
    [
        ("step=1e9&start=zeros", "2000", "all 8 units are twins"),
        ("step=-5&start=random&seed=-1", "0", "no two of the 8 units"),
        ("step=NaN&start=constructor&nudge=1&adam=__proto__", "0", "all 8 units are twins"),
        ("step=12.6&seed=<b>&biases=ON", "13", "all 8 units are twins"),
    ],
)
def test_a_hostile_address_is_clamped_or_ignored(open_page, address, step, said):
    host = widget(open_page(f"/symmetry.html#~symmetry:{address}"))
    assert host.get_by_role("spinbutton").input_value() == step
    assert said in result(host)


def test_the_copied_program_prints_what_is_shown(open_page):
    page = open_page(
        "/symmetry.html#~symmetry:step=700&nudge=on",
        permissions=CLIPBOARD,
    )
    host = widget(page)
    said = printed(copied_program(host))
    assert said["kinds"] == 2
    gap = said_number(result(host).split("between two is ")[1])
    assert gap == pytest.approx(said["distance"], rel=6e-3)


@pytest.mark.parametrize("width", [1280, 320])
def test_it_fits_its_room_and_its_labels_stay_inside(open_page, width):
    page = open_page("/symmetry.html", width=width)
    host = widget(page)
    room = host.bounding_box()["height"]
    for state in ("step=2000&nudge=on", "start=random&dropout=on&adam=on&biases=on&step=1999",
                  "start=zeros&nudge=on&step=1"):  # fmt: skip
        move_to(page, "symmetry", state)
        page.wait_for_timeout(300)
        check_room(host, room, state)
    check_targets(host)
