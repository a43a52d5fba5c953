"""Descent as a widget: its mathematics against NumPy's, its program, and what a reader does."""

import re

import numpy as np
import pytest

from initbook.widgets import Descent
from initbook.widgets.descent import descend
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

SLOPES = {
    "quartic": lambda x: 4 * x**3,
    "bowl": lambda x: 2 * x,
    "valleys": lambda x: 4 * x**3 - 16 * x,
}
BOTTOMS = {"quartic": [0], "bowl": [0], "valleys": [-2, 2]}
START = {
    "curve": "quartic", "start": 10, "rate": 0.1, "clipping": "off", "limit": 100, "decay": "none",
}  # fmt: skip


def random_states(count, seed=0, **fixed):
    rng = np.random.default_rng(seed)
    choices = {name: rule["choices"] for name, rule in Descent.settings["state"].items()
               if "choices" in rule}  # fmt: skip
    for _ in range(count):
        state = {name: str(rng.choice(list(of))) for name, of in choices.items()}
        state |= {
            "start": round(float(rng.uniform(-10, 10)), 2),
            "rate": float(f"{10 ** rng.uniform(-4, np.log10(2)):.3g}"),
            "limit": float(f"{10 ** rng.uniform(-1, 3):.3g}"),
        }
        yield state | fixed


def run_on(state, rate, steps):
    """Plain descent for long: how far from a bottom it ends."""
    slope, x = SLOPES[state["curve"]], state["start"]
    for _ in range(steps):
        x = x - rate * slope(x)
        if abs(x) > 1e12:
            return np.inf
    return min(abs(x - bottom) for bottom in BOTTOMS[state["curve"]])


def test_each_step_is_the_one_that_numpy_takes():
    states = list(random_states(200))
    for state, places in zip(states, call("descent-math.js", *[("descend", s) for s in states]),
                             strict=True):  # fmt: skip
        slope, t = SLOPES[state["curve"]], np.arange(1, len(places))
        sizes = {"none": t**0, "harmonic": 1 / t, "exponential": 0.9 ** (t - 1)}[state["decay"]]
        most = state["limit"] if state["clipping"] == "on" else np.inf
        x = np.array(places)
        clipped = np.clip(slope(x[:-1]), -most, most)
        expected = x[:-1] - state["rate"] * sizes * clipped
        scale = np.abs(x[:-1]) + state["rate"] * sizes * np.abs(clipped)
        assert np.all(np.abs(x[1:] - expected) <= 1e-9 * scale)
        assert len(places) == 41 or abs(places[-1]) > 1e12
        assert np.all(np.abs(x[:-1]) <= 1e12)


def test_the_python_class_walks_the_same_path():
    states = list(random_states(50, seed=1))
    for state, places in zip(states, call("descent-math.js", *[("descend", s) for s in states]),
                             strict=True):  # fmt: skip
        limit = state["limit"] if state["clipping"] == "on" else np.inf
        ours = descend(state["curve"], state["start"], state["rate"], limit, state["decay"])
        assert ours == places


@pytest.mark.parametrize("curve", SLOPES)
def test_below_the_bound_it_settles_and_above_it_does_not(curve):
    """The bound is found again by NumPy; on x⁴ it is the chapter's 1/(2x₀²)."""
    states = [START | {"curve": curve, "start": x} for x in (-10, -3.7, 3.3, 1.1, 0.6)]
    for state, found in zip(states, call("descent-math.js", *[("numbers", s) for s in states]),
                            strict=True):  # fmt: skip
        bound, begin = found["bound"], run_on(state, 0, 0)
        assert run_on(state, 0.98 * bound, 5000) < 0.02 * begin
        assert run_on(state, 1.02 * bound, 5000) > 0.02 * begin
        if curve == "quartic":
            assert bound == pytest.approx(1 / (2 * state["start"] ** 2), rel=1e-12)


def test_the_verdict_is_what_a_long_descent_does():
    plain = list(random_states(120, seed=2, clipping="off", decay="none"))
    verdicts = call("descent-math.js", *[("verdict", s) for s in plain])
    assert {"settles", "diverges", "restless"} == set(verdicts)
    for state, kind in zip(plain, verdicts, strict=True):
        end, after = (run_on(state, state["rate"], steps) for steps in (20_000, 20_001))
        assert np.isinf(end) == (kind == "diverges"), (state, kind)
        if kind != "diverges":
            assert (abs(end - after) <= 1e-3 * max(end, 1e-3)) == (kind == "settles"), (state, kind)


@pytest.mark.parametrize("limit", [3, 40, 100])
def test_clipped_below_the_bound_of_the_note_it_settles_from_any_start(limit):
    """η < ∛(2/c²), said under x⁴ (chapter 9); from ηc/2 a larger step jumps for ever."""
    bound = np.cbrt(2 / limit**2)
    starts = np.append(np.linspace(-10, 10, 81), np.array([0.49, 0.51]) * bound * limit)
    for rate, settles in [(0.99 * bound, True), (1.01 * bound, False)]:
        x = np.append(starts, rate * limit / 2)
        for _ in range(4_000):
            before, x = x, x - rate * np.clip(4 * x**3, -limit, limit)
        assert np.all(np.abs(x - before) <= 1e-3 * np.abs(x)) == settles


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ({}, "diverges"),
        ({"rate": 0.005}, "jumps"),
        ({"rate": 0.0025}, "settles"),
        ({"start": 0}, "still"),
        ({"curve": "valleys", "start": 0}, "still"),
        ({"curve": "valleys", "start": 2}, "still"),
        ({"curve": "bowl", "rate": 1}, "jumps"),
        ({"curve": "valleys", "start": 2.5, "rate": 0.07}, "restless"),
    ],
)
def test_special_starts_and_rates(state, kind):
    assert call("descent-math.js", ("verdict", START | state)) == [kind]


def test_the_program_prints_the_same_numbers():
    states = [START, START | {"start": 0}, *random_states(20, seed=3)]
    calls = [(name, state) for state in states for name in ("numbers", "program")]
    answers = call("descent-math.js", *calls)
    for expected, program in zip(answers[::2], answers[1::2], strict=True):
        said = printed(program)
        assert said.keys() == expected.keys()
        for name, value in expected.items():
            number = float(value)  # also "Infinity"
            assert said[name] == pytest.approx(number, rel=1e-5, abs=1e-12), (name, program)
        assert len(program.splitlines()) < 25


def result(host):
    return host.locator(".result").inner_text()


def picture(host):
    return host.locator("svg[role=img]").inner_html()


def test_from_ten_the_first_step_lands_at_minus_390(open_page):
    host = widget(open_page("/descent.html"))
    assert result(host) == (
        "The first step multiplies 10 by −39, and lands at −390. "
        "Then it diverges: beyond 10¹² at step 3. Stable: η < 0.005."
    )
    assert host.get_by_text("1 − 4ηx² = 1 − 4 · 0.1 · 10² = −39").is_visible()
    assert "to −390" in picture(host)


def test_what_is_said_is_what_the_engine_computes(open_page):
    page = open_page("/descent.html")
    host = widget(page)
    for state in random_states(12, seed=4):
        address = "&".join(
            f"{key}={state[name]}"
            for key, name in [("f", "curve"), ("x", "start"), ("rate", "rate"),
                              ("clip", "clipping"), ("c", "limit"), ("decay", "decay")]
        )  # fmt: skip
        move_to(page, "descent", address)
        (expected,) = call("descent-math.js", ("numbers", state))
        numbers = re.sub(r" × 10\S+", "", result(host)).replace("−", "-")
        said = [float(x) for x in re.findall(r"-?\d+(?:\.\d+)?", numbers)]
        if abs(expected["first"]) < 1e4:
            assert any(x == pytest.approx(expected["first"], rel=1e-3) for x in said)
        if 1e-3 < expected["bound"] < 1e4:
            assert said[-1] == pytest.approx(expected["bound"], rel=1e-3)
        if abs(expected["last"]) > 1e12:
            assert f"beyond 10¹² at step {expected['steps']}." in result(host)
        assert ("clipped to" in result(host)) <= (state["clipping"] == "on")


def test_keyboard_and_mouse_move_the_step_and_the_start(open_page):
    page = open_page("/descent.html")
    host = widget(page)
    rate, start = (host.get_by_role("spinbutton").nth(i) for i in (0, 1))
    host.get_by_role("button", name="half the bound").click()
    settle(page)
    assert rate.input_value() == "0.0025"
    assert "lands at 0. After 40 steps it is on the bottom." in result(host)
    assert "exactly 0 from step 1 on" in picture(host)
    host.get_by_role("button", name="the bound", exact=True).click()
    settle(page)
    assert "It ends jumping between 10 and −10." in result(host)
    before = picture(host)
    host.get_by_label("Start x₀", exact=True).focus()
    page.keyboard.press("ArrowLeft")
    settle(page)
    assert start.input_value() == "9.9" and picture(host) != before
    assert "It settles" in result(host)
    for wrong in ("11", "", "-20"):
        start.fill(wrong)
        settle(page)
        assert "multiplies 9.9 by" in result(host)


def test_clipping_makes_it_jump_and_decay_stops_that(open_page):
    page = open_page("/descent.html#~descent:x=7")
    host = widget(page)
    host.get_by_role("radio", name="at c").check()
    settle(page)
    assert "The slope 1372 is clipped to 100: the first step leads from 7 to −3." in result(host)
    assert "It ends jumping between 7 and −3." in result(host)
    assert "from any start while η < ∛(2/c²) = 0.05848" in host.locator(".note").inner_text()
    host.get_by_role("radio", name="0.9ᵗ⁻¹ η").check()
    settle(page)
    assert "jumping" not in result(host) and "Stable without clipping and decay" in result(host)
    host.get_by_role("radio", name="off").check()
    settle(page)
    host.get_by_label("Clipped at c", exact=True).focus()
    page.keyboard.press("ArrowLeft")
    settle(page)
    assert host.get_by_role("radio", name="at c").is_checked()


def test_between_two_valleys_the_slope_is_zero(open_page):
    page = open_page("/descent.html#~descent:f=valleys&x=0")
    assert result(widget(page)) == "At 0 the slope is 0, so nothing moves."


def test_reset_returns_to_the_page_and_not_to_the_address(open_page):
    page = open_page("/descent.html#~descent:f=bowl&x=3&rate=0.3&clip=on&c=2&decay=harmonic")
    host = widget(page)
    assert "lands at" in result(host) or "leads from" in result(host)
    host.get_by_role("button", name="Reset").click()
    settle(page)
    assert "lands at −390" in result(host)
    assert host.get_by_role("radio", name="x⁴").is_checked()
    page.wait_for_function("location.hash.includes('f=quartic&x=10&rate=0.1&clip=off')")


@pytest.mark.parametrize(
    ("address", "rate", "start"),
    [
        ("rate=1e9&x=-1e9", 2, -10),
        ("rate=0&x=99", 0.0001, 10),
        ("rate=&x=NaN&f=constructor&clip=2&c=-1", 0.1, 10),
        ("rate=%00&x=<b>&decay=__proto__&f=sine", 0.1, 10),
    ],
)
def test_a_hostile_address_is_clamped_or_ignored(open_page, address, rate, start):
    boxes = widget(open_page(f"/descent.html#~descent:{address}")).get_by_role("spinbutton")
    assert [float(boxes.nth(i).input_value()) for i in (0, 1)] == [rate, start]


def test_the_copied_program_prints_what_is_shown(open_page):
    page = open_page("/descent.html#~descent:rate=0.004", permissions=CLIPBOARD)
    host = widget(page)
    said = printed(copied_program(host))
    assert said["first"] == pytest.approx(-6)
    assert f"after 40 steps it is {said['distance']:.4g} from the bottom" in result(host)


def test_without_a_clipboard_the_program_is_shown(open_page):
    page = open_page(
        "/descent.html",
        before=lambda page: page.add_init_script(
            "Object.defineProperty(navigator, 'clipboard', { value: undefined })"
        ),
    )
    host = widget(page)
    host.get_by_role("button", name="Copy as code").click()
    shown = host.get_by_role("textbox", name="The program")
    assert printed(shown.input_value())["first"] == -390


@pytest.mark.parametrize("width", [1280, 320])
def test_it_fits_its_room_and_its_labels_stay_inside(open_page, width):
    page = open_page("/descent.html", width=width)
    host = widget(page)
    room = host.bounding_box()["height"]
    for state in [
        "x=10&rate=0.1",
        "x=7&clip=on",
        "f=valleys&x=3&rate=0.07",
        "f=bowl&rate=0.9",
        "x=0.1&rate=2&clip=off",
        "f=valleys&x=10&rate=2&decay=harmonic&clip=on&c=0.1",
    ]:
        move_to(page, "descent", state)
        check_room(host, room, state)
    check_targets(host)
