"""The variance of a sum as a widget: its mathematics against NumPy's, and what a reader does."""

import re

import numpy as np
import pytest
from scipy.stats import kstest

from initbook.widgets import VarianceOfASum
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

START = {
    "n": 100, "var_w": 0.01, "mean_w": 0, "var_x": 1, "mean_x": 0, "correlation": 0,
    "law": "normal", "held": "nothing", "unit": 0, "seed": 0,
}  # fmt: skip
KEYS = {name: rule["key"] for name, rule in VarianceOfASum.settings["state"].items()}
PAGE = "/variance-of-a-sum.html"
each_engine = pytest.mark.parametrize("engine", ["wasm", "javascript"])


def maths(*calls, engine="wasm"):
    return call("sum-math.js", *calls, engine=engine)


def random_states(count, seed=0, **fixed):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        state = {
            "n": int(rng.integers(1, 257)),
            "var_w": float(f"{10 ** rng.uniform(-3, 0.5):.3g}"),
            "mean_w": round(float(rng.uniform(-1, 1)), 2),
            "var_x": round(float(rng.uniform(0.05, 4)), 2),
            "mean_x": round(float(rng.uniform(-3, 3)), 1),
            "correlation": round(float(rng.uniform(0, 1)), 2),
            "law": str(rng.choice(["normal", "coin", "heavy"])),
            "held": str(rng.choice(["nothing", "inputs", "weights"])),
            "unit": int(rng.integers(2000)),
            "seed": int(rng.integers(2**31)),
        }
        yield state | fixed


def run(program):
    """What a program leaves: its own draws come from a generator written in NumPy."""
    names = {"print": lambda *_: None}
    exec(program, names)
    return names


def predicted(state, w, x):
    """Mean and second moment of z, by matrices of the moments of x and of w."""
    n, ones = state["n"], np.ones(state["n"])
    C = state["var_x"] * (
        (1 - state["correlation"]) * np.eye(n) + state["correlation"] * np.outer(ones, ones)
    )
    xx = C + state["mean_x"] ** 2 * np.outer(ones, ones)
    ww = state["var_w"] * np.eye(n) + state["mean_w"] ** 2 * np.outer(ones, ones)
    mean_x, mean_w = state["mean_x"] * ones, state["mean_w"] * ones
    if state["held"] == "inputs":
        xx, mean_x = np.outer(x, x), x
    if state["held"] == "weights":
        ww, mean_w = np.outer(w, w), w
    return mean_x @ mean_w, np.sum(xx * ww)


@each_engine
def test_every_sum_is_the_one_that_numpy_draws_and_adds_up(engine):
    states = [START, *random_states(8, seed=1)]
    calls = [(name, state) for state in states for name in ("sample", "program")]
    answers = maths(*calls, engine=engine)
    for state, ours, program in zip(states, answers[::2], answers[1::2], strict=True):
        names = run(program)
        w, x = (np.broadcast_to(names[of], (2000, state["n"])) for of in "wx")
        z, unit = np.sum(w * x, axis=1), state["unit"]
        scale = np.sqrt(np.mean(z**2))
        assert np.abs(np.array(ours["z"]) - z).max() < 1e-4 * scale
        assert np.sqrt(np.mean((np.array(ours["z"]) - z) ** 2)) < 1e-5 * scale
        assert ours["w"] == pytest.approx(w[unit], rel=1e-5, abs=1e-5 * np.std(w))
        assert ours["x"] == pytest.approx(x[unit], rel=1e-5, abs=1e-5 * np.std(x))


def test_the_prediction_is_that_of_the_matrices():
    states = list(random_states(60, seed=2))
    samples = maths(*[("sample", state) for state in states])
    found = maths(*[("numbers", state) for state in states])
    for state, unit, numbers in zip(states, samples, found, strict=True):
        mean, second = predicted(state, np.array(unit["w"]), np.array(unit["x"]))
        assert numbers["predicted"] == pytest.approx(second, rel=1e-9)
        assert numbers["predicted_mean"] == pytest.approx(mean, rel=1e-9, abs=1e-9)


def test_with_weights_of_mean_zero_it_is_the_line_of_the_chapter():
    """n Var(w) E[x²], whatever the correlation: eq-layer-forward, eq-layer-correlation-drops."""
    for correlation in (0, 0.4, 1):
        (numbers,) = maths(("numbers", START | {"mean_x": 2, "correlation": correlation}))
        assert numbers["predicted"] == pytest.approx(100 * 0.01 * (1 + 2**2))


def test_what_is_measured_is_what_is_predicted():
    """Means over 2,000 draws, 6.5 of their own standard errors; 120 checks at 1e-10 each."""
    states = list(random_states(60, seed=3, law="normal")) + [
        START | {"law": "coin", "n": 3}, START | {"correlation": 1}, START | {"held": "weights"},
    ]  # fmt: skip
    for state, numbers in zip(states, maths(*[("numbers", s) for s in states]), strict=True):
        error = numbers["half"] / 1.96
        assert abs(numbers["measured"] - numbers["predicted"]) < 6.5 * error, state
        std = np.sqrt((numbers["predicted"] - numbers["predicted_mean"] ** 2) / 2000)
        assert abs(numbers["mean"] - numbers["predicted_mean"]) < 6.5 * std, state


def test_the_laws_are_what_they_are_called():
    laws = {"normal": "norm", "heavy": lambda w: w * 3**0.5, "coin": None}
    for law in laws:
        (program,) = maths(("program", START | {"law": law, "var_w": 1, "correlation": 0.3}))
        names = run(program)
        w = names["w"].ravel()
        if law == "normal":
            assert kstest(w, "norm").statistic < 3.3 / np.sqrt(w.size)
        if law == "heavy":
            assert kstest(w * 3**0.5, "t", args=(3,)).statistic < 3.3 / np.sqrt(w.size)
        if law == "coin":
            assert set(w) == {-1, 1} and abs(w.mean()) < 6.1 / np.sqrt(w.size)
    tied = np.corrcoef(names["x"], rowvar=False)[np.triu_indices(100, 1)]
    assert abs(tied.mean() - 0.3) < 6.1 / np.sqrt(2000)  # more than its own error


def test_draws_of_different_units_have_nothing_to_do_with_each_other():
    (program,) = maths(("program", START | {"n": 256, "var_w": 1}))
    names = run(program)
    for own in (names["w"], names["x"]):
        for shift in (1, 2, 7):
            mean = np.mean(own[shift:] * own[:-shift])
            assert abs(mean) < 6.1 / np.sqrt(own[shift:].size)
    assert abs(np.mean(names["w"] * names["x"])) < 6.1 / np.sqrt(names["w"].size)


def test_the_program_prints_the_same_numbers():
    states = [START, *random_states(20, seed=4)]
    calls = [(name, state) for state in states for name in ("numbers", "program")]
    answers = maths(*calls)
    for expected, program in zip(answers[::2], answers[1::2], strict=True):
        said = printed(program)
        assert said.keys() == expected.keys()
        scale = expected["predicted"] ** 0.5
        for name, value in expected.items():
            assert said[name] == pytest.approx(value, rel=1e-5, abs=1e-5 * scale), (name, program)


def test_the_last_unit_is_the_last_draw():
    settings = VarianceOfASum.settings
    assert settings["state"]["unit"]["max"] == settings["draws"] - 1


def result(host):
    return host.locator(".result").inner_text()


def picture(host):
    return host.locator("svg[role=img]").inner_html()


def numbers_in(text):
    """Measured, half, predicted, and what the opened unit adds up to."""
    text = text.replace("−", "-")
    found = re.search(r"z: (\S+) ± (\S+), predicted (\S+)\. .* (?:to|is) (-?[\d.]+\d)\.$", text)
    return [float(number) for number in found.groups()]


def show(page, state):
    address = "&".join(f"{KEYS[name]}={value}" for name, value in state.items())
    move_to(page, "variance-of-a-sum", address)


def test_what_is_said_is_what_the_engine_computes(open_page):
    page = open_page(PAGE)
    host = widget(page)
    for state in [START, *random_states(8, seed=5, mean_w=0, var_w=0.02, n=60)]:
        show(page, state)
        (expected,) = maths(("numbers", state))
        measured, half, second, opened = numbers_in(result(host))
        assert measured == pytest.approx(expected["measured"], abs=0.06 * half + 1e-2 * measured)
        assert half == pytest.approx(expected["half"], rel=0.06)
        assert second == pytest.approx(expected["predicted"], rel=5e-3)
        assert opened == pytest.approx(expected["opened"], rel=6e-3)
        share = f"{100 * expected['far']:.1f}% lie beyond 3 predicted stds"
        assert share.replace("0.0%", "0%") in result(host)


def test_n_multiplies_and_correlation_drops_out(open_page):
    page = open_page(PAGE)
    host = widget(page)
    n = host.get_by_label("Inputs n", exact=True)
    n.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    settle(page)
    assert host.get_by_role("spinbutton").first.input_value() == "103"
    assert "E[z²] = n Var(w) E[x²] = 103 · 0.01 · 1 = 1.03" in host.inner_text()
    assert numbers_in(result(host))[2] == 1.03
    before = picture(host)
    host.get_by_label("Correlation of x, as a number").fill("1")
    settle(page)
    assert numbers_in(result(host))[2] == 1.03 and picture(host) != before
    assert "The correlation is not in the formula" in host.locator(".note").inner_text()
    host.get_by_role("button", name="1/n", exact=True).click()
    settle(page)
    assert numbers_in(result(host))[2] == 1


def test_a_mean_of_the_weights_adds_what_the_deeper_page_says(open_page):
    page = open_page(PAGE)
    host = widget(page)
    show(page, START | {"mean_w": 0.1, "mean_x": 1, "var_x": 0})
    assert "E[z²] = n Var(w) E[x²] + E[w]² E[s²] = 100 · 0.01 · 1 + 100 = 101" in host.inner_text()
    assert numbers_in(result(host))[2] == 101


def test_holding_weights_makes_correlation_count(open_page):
    page = open_page(PAGE)
    host = widget(page)
    host.get_by_role("radio", name="weights").check()
    settle(page)
    first = numbers_in(result(host))[2]
    host.get_by_label("Correlation of x, as a number").fill("1")
    settle(page)
    assert numbers_in(result(host))[2] != first
    host.get_by_role("button", name="Next unit").click()
    settle(page)
    assert "Unit 2: its 100 products" in result(host)
    (expected,) = maths(("numbers", START | {"held": "weights", "correlation": 1, "unit": 1}))
    assert numbers_in(result(host))[2] == pytest.approx(expected["predicted"], rel=5e-3)


def test_the_opened_unit_shows_its_products(open_page):
    page = open_page(PAGE)
    host = widget(page)
    for n in (1, 5, 256):
        show(page, START | {"n": n})
        assert host.locator("svg[role=img] .sticks").get_attribute("d").count("M") == n
    show(page, START | {"var_x": 0})
    assert "All are the same: z = 0." in picture(host)
    assert "± 0, predicted 0" in result(host)


def test_a_new_draw_changes_what_is_measured_and_not_what_is_predicted(open_page):
    page = open_page(PAGE)
    host = widget(page)
    before = numbers_in(result(host))
    host.get_by_role("button", name="New draw").click()
    settle(page)
    after = numbers_in(result(host))
    assert after[0] != before[0] and after[2] == before[2]
    host.get_by_role("radio", name="heavy tails").check()
    settle(page)
    assert "no fourth moment" in host.locator(".note").inner_text()
    host.get_by_role("button", name="Reset").click()
    settle(page)
    assert numbers_in(result(host)) == before


@pytest.mark.parametrize(
    ("address", "n", "var_w"),
    [
        ("n=1e9&vw=-3&rho=7", 256, 0),
        ("n=0&vw=99&mw=1e300&mx=-1e300", 1, 4),
        ("n=2.6&vw=0.5&unit=-4&seed=NaN&law=constructor", 3, 0.5),
        ("n=&vw=x&held=__proto__&unit=1e99", 100, 0.01),
    ],
)
def test_a_hostile_address_is_clamped_or_ignored(open_page, address, n, var_w):
    host = widget(open_page(f"{PAGE}#~variance-of-a-sum:{address}"))
    boxes = host.get_by_role("spinbutton")
    assert [float(boxes.nth(i).input_value()) for i in (0, 1)] == [n, var_w]
    assert "NaN" not in host.inner_text() + picture(host)


def test_the_copied_program_prints_what_is_shown(open_page):
    page = open_page(f"{PAGE}#~variance-of-a-sum:n=20&law=heavy&unit=9", permissions=CLIPBOARD)
    host = widget(page)
    said = printed(copied_program(host))
    measured, half, second, opened = numbers_in(result(host))
    assert said["measured"] == pytest.approx(measured, abs=0.06 * half)
    assert said["opened"] == pytest.approx(opened, rel=6e-3)
    assert said["predicted"] == pytest.approx(second, rel=5e-3)


@pytest.mark.parametrize("width", [1280, 320])
def test_it_fits_its_room_and_its_labels_stay_inside(open_page, width):
    page = open_page(PAGE, width=width)
    host = widget(page)
    room = host.bounding_box()["height"]
    worst = {"law": "heavy", "correlation": 0.93, "mean_w": -0.27, "mean_x": -2.7, "n": 256}
    for state in [{}, worst, worst | {"held": "weights"}, {"var_w": 0, "n": 1}, {"var_x": 0.05}]:
        show(page, START | state)
        check_room(host, room, state)
    check_targets(host)
