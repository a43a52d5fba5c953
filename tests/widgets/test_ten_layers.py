"""The ten layers: checked values, the placeholder, the program, a guess and a pinned stack."""

import json
import re

import numpy as np
import pytest
import torch
import traitlets

from initbook.widgets import TenLayers
from widget_maths import call, printed
from widget_page import (
    CLIPBOARD,
    check_room,
    check_targets,
    copied_program,
    move_to,
    placeholder,
    settle,
    widget,
)

STATE = TenLayers.settings["state"]
START = {name: getattr(TenLayers(), name) for name in STATE}
PROGRAM = "ten-layers-program.js"
VERDICT = (
    r"off by a factor of ([\d.]+) on average, most at layer (\d+): you said (\S+), "
    r"it is (\S+), so yours was too (low|high)"
)
CHAOS = 30  # as in ten-layers-program.js


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"scale": 30}, "scale is 30; allowed is a number from 0 to 25."),
        ({"scale": float("nan")}, "scale is nan; allowed is a number from 0 to 25."),
        ({"width": 1000}, "width is 1000; allowed is a number from 16 to 500."),
        ({"batch": 10}, "batch is 10; allowed is a multiple of 4."),
        ({"seed": -1}, "seed is -1; allowed is a number from 0 to 2147483647."),
        ({"scale": "1.5"}, "scale is '1.5'; allowed is a number from 0 to 25."),
        ({"scale": True}, "scale is True; allowed is a number from 0 to 25."),
        ({"scale": 1j}, "scale is 1j; allowed is a number from 0 to 25."),
        ({"scale": None}, "scale is None; allowed is a number from 0 to 25."),
        ({"width": 64.5}, "width is 64.5; allowed is a whole number."),
        ({"activation": "sine"}, "is 'sine'; allowed are 'tanh', 'relu', 'sigmoid', 'identity', "),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(wrong, said):
    with pytest.raises(traitlets.TraitError, match=said):
        TenLayers(**wrong)
    widget = TenLayers()
    with pytest.raises(traitlets.TraitError, match=said):
        widget.set_trait(*wrong.copy().popitem())


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.array, torch.tensor])
def test_a_number_of_any_kind_is_taken(kind):
    widget = TenLayers(scale=kind(1.5), width=np.int64(64), batch=8.0, seed=torch.tensor(3))
    values = (widget.scale, widget.width, widget.batch, widget.seed)
    assert values == (1.5, 64, 8, 3)
    assert list(map(type, values)) == [float, int, int, int]  # as JSON writes them


def test_a_misspelled_name_is_refused():
    with pytest.raises(TypeError, match="TenLayers has no 'wide'; it has activation, scale, "):
        TenLayers(wide=64)


def test_the_docstring_names_the_limits():
    said = " ".join(TenLayers.__doc__.split())
    for name, before in {"scale": "lies", "width": "widest layer,", "depth": "`depth`"}.items():
        limits = TenLayers.settings["state"][name]
        assert f"{before} between {limits['min']} and {limits['max']}" in said


def test_results_are_for_reading():
    with pytest.raises(traitlets.TraitError, match="stds.* read-only"):
        TenLayers().stds = [1.0]


def test_the_placeholder_holds_the_state_and_a_figure():
    html = placeholder("relu", scale=0.5, seed=7)
    state = json.loads(re.search(r'json">(.*?)</script>', html)[1])
    assert state == {
        "activation": "relu", "scale": 0.5, "depth": 10, "width": 64, "profile": "constant",
        "law": "normal", "norm": "off", "batch": 100, "seed": 7,
        "stds": [], "rms": [], "means": [],
    }  # fmt: skip
    assert 'data-widget="ten-layers"' in html
    spread = re.search(r'aria-label="[^"]* ([\d.]+) at layer 10', placeholder("tanh"))
    assert float(spread[1]) == pytest.approx(0.2285, rel=0.1)  # mean field; one draw of width 64
    assert html.count("<path") == 10 and len(html) < 10_000


def test_a_static_widget_opens_no_channel(monkeypatch):
    """Its state would otherwise be written into the page, the whole module with it."""
    monkeypatch.setenv("INITBOOK_STATIC_WIDGETS", "1")
    assert TenLayers().comm is None


def random_states(count, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        names = {k: str(rng.choice(list(STATE[k]["choices"]))) for k in ("activation", "law")}
        yield names | {
            "scale": float(f"{10 ** rng.uniform(-0.5, 0.6):.3g}"),
            "depth": int(rng.integers(2, 51)),
            "width": int(rng.integers(16, 161)),
            "profile": str(rng.choice(list(STATE["profile"]["choices"]))),
            "norm": str(rng.choice(["off", "off", "on"])),
            "batch": 4 * int(rng.integers(1, 51)),
            "seed": int(rng.integers(2**31)),
        }


def test_the_program_prints_the_same_numbers():
    """Where rounding does not grow from layer to layer; where it does, the program says so."""
    states = [START, *random_states(20, seed=3)]
    calls = [(name, state) for state in states for name in ("numbers", "program", "roundingGrows")]
    answers, chaotic = call(PROGRAM, *calls), 0
    for k, state in enumerate(states):
        expected, program, growth = answers[3 * k : 3 * k + 3]
        assert ("# Rounding errors" in program) == (growth > CHAOS)
        chaotic += growth > CHAOS
        said = printed(program)
        assert said.keys() == expected.keys()
        for name, value in expected.items():
            size = expected["rms_" + name.split("_")[1]]
            if growth <= CHAOS and size > 1e-30:  # float32 ends at 1e-38
                assert said[name] == pytest.approx(value, rel=1e-5, abs=1e-5 * size), (name, state)
    assert chaotic <= 8


def test_relu_is_rescaled_to_what_it_would_be():
    """f(s z) = s f(z), so that a moved slider computes nothing."""
    states = [START | {"activation": a, "scale": s} for a in ("relu", "prelu") for s in (0.3, 2.5)]
    direct = [printed(p) for p in call(PROGRAM, *[("program", state) for state in states])]
    for said, ours in zip(direct, call(PROGRAM, *[("numbers", s) for s in states]), strict=True):
        assert ours == pytest.approx(said, rel=1e-5)


def test_a_guess_is_judged_by_its_factors():
    guess = [{"layer": 1, "value": 1}, {"layer": 2, "value": 0.2}, {"layer": 3, "value": 4}]
    layers = [{"std": 0.5}, {"std": 0.2}, {"std": 0.5}]
    (found,) = call("ten-layers-guess.js", ("judge", guess, layers))
    assert found["factor"] == pytest.approx((2 * 1 * 8) ** (1 / 3))
    assert found["worst"]["layer"] == 3 and found["zeros"] == 0
    (found,) = call("ten-layers-guess.js", ("judge", guess, [{"std": 0}, *layers[1:]]))
    assert found["zeros"] == 1 and found["factor"] == pytest.approx(8**0.5)


def result(host):
    return host.locator(".result").inner_text()


def rest(host):
    """Let the frame pass, and the moment after it until the whole batch is computed."""
    settle(host.page)
    host.get_by_text("While you move").wait_for(state="detached")


def open_widget(open_page, address="", **options):
    return widget(open_page(f"/ten-layers.html#~ten-layers:{address}", **options))


def test_a_curve_is_drawn_first_and_then_revealed(open_page):
    host = open_widget(open_page, "std=1&n=100")
    page, figure = host.page, host.locator("svg[role=img]")
    host.get_by_role("button", name="Guess the curve first").click()
    reveal = host.get_by_role("button", name="Reveal")
    reveal.wait_for()
    assert figure.locator("circle.std, path.bars").count() == 0
    assert "0." not in result(host)
    fields = host.get_by_role("group", name="Your std of each layer").get_by_role("spinbutton")
    assert fields.count() == 10

    figure.scroll_into_view_if_needed()
    box = figure.bounding_box()
    page.mouse.move(box["x"] + 50, box["y"] + 230)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 8, box["y"] + 330, steps=40)
    page.mouse.up()
    drawn = [float(fields.nth(i).input_value()) for i in range(10)]
    assert drawn == sorted(drawn, reverse=True) and drawn[0] > 1 and drawn[-1] < 1e-5

    for i in range(10):  # by keyboard
        fields.nth(i).focus()
        page.keyboard.press("Control+A")
        page.keyboard.type("0.05" if i == 9 else "0.5")
    assert "0.05 at layer 10" in figure.get_attribute("aria-label").replace("0.0500", "0.05")
    reveal.focus()
    page.keyboard.press("Enter")
    (numbers,) = call(PROGRAM, ("numbers", START | {"width": 100}))
    stds = [numbers[f"std_{k}"] for k in range(1, 11)]
    factors = np.abs(np.log([0.5 / std for std in stds[:9]] + [0.05 / stds[9]]))
    said = re.search(VERDICT, result(host))
    assert float(said[1]) == pytest.approx(np.exp(factors.mean()), rel=6e-3)
    assert int(said[2]) == 1 + factors.argmax() == 10
    assert float(said[4]) == pytest.approx(stds[9], rel=6e-3) and said[5] == "low"
    assert figure.locator("circle.std").count() == 10 and figure.locator(".guessed").count() == 2
    host.get_by_role("button", name="New draw").click()  # another stack: the guess is gone
    rest(host)
    assert figure.locator(".guessed").count() == 0


def test_a_pinned_stack_stays_behind_and_takes_the_same_seed(open_page):
    host = open_widget(open_page, "std=1&n=64")
    host.get_by_role("button", name="Pin as A").click()
    host.get_by_label("Activation").select_option("relu")
    for seed in (0, 1):
        rest(host)
        (a, b) = call(
            PROGRAM,
            ("numbers", START | {"width": 64, "seed": seed}),
            ("numbers", START | {"width": 64, "seed": seed, "activation": "relu"}),
        )
        last, before = re.search(
            r"std ([\d.]+).* A ends at layer 10 with std ([\d.]*\d)", result(host)
        ).groups()
        assert float(last) == pytest.approx(b["std_10"], rel=6e-3)
        assert float(before) == pytest.approx(a["std_10"], rel=6e-3)
        host.get_by_role("button", name="New draw").click()
    assert host.locator("svg[role=img] path.pinned").count() == 2
    host.get_by_role("button", name="Unpin A").click()
    assert "A ends" not in result(host) and host.locator(".pinned").count() == 0


def test_a_slow_page_computes_fewer_inputs_until_the_slider_rests(open_page):
    """Its clock jumps 50 ms at every look, so that no batch fits into a frame."""
    slow = "{ let now = 0; performance.now = () => (now += 50); }"
    host = open_widget(open_page, "std=1&n=64", before=lambda page: page.add_init_script(slow))
    host.locator("input[type=range]").first.fill("0.3")
    settle(host.page)
    assert "the first 20 inputs of 100" in host.locator(".note").inner_text()
    host.get_by_text("the first 20 inputs").wait_for(state="detached")
    (numbers,) = call(PROGRAM, ("numbers", START | {"width": 64, "scale": 2.0}))
    said = float(re.search(r"std ([\d.]+)", result(host))[1])
    assert said == pytest.approx(numbers["std_10"], rel=6e-3)


def test_every_setting_can_be_reached_and_reset(open_page):
    host = open_widget(open_page)
    begun, picture = result(host), host.locator("svg[role=img]")
    host.get_by_text("Law, widths, batch").click()
    for name in ("uniform", "bottleneck", "on"):
        before = picture.inner_html()
        host.get_by_role("radio", name=name, exact=True).check()
        rest(host)
        assert picture.inner_html() != before
    host.get_by_label("Layers", exact=True).focus()
    host.page.keyboard.press("End")
    settle(host.page)
    assert result(host).startswith("Layer 50: ")
    check_targets(host)
    host.get_by_role("button", name="Reset").click()
    rest(host)
    assert result(host) == begun


def test_the_copied_program_prints_what_is_shown(open_page):
    host = open_widget(open_page, "act=mish&std=1.5&depth=7&n=60&bn=on", permissions=CLIPBOARD)
    said = printed(copied_program(host))
    assert float(re.search(r"std ([\d.]+)", result(host))[1]) == pytest.approx(
        said["std_7"], rel=6e-3
    )


@pytest.mark.parametrize("width", [1280, 320])
def test_it_fits_its_room_and_its_labels_stay_inside(open_page, width):
    host = open_widget(open_page, width=width)
    room = host.bounding_box()["height"]
    for state in ("depth=50", "act=prelu&std=25&depth=50", "act=gelu&std=0.05&depth=50&n=16",
                  "std=0", "act=softplus&profile=taper&bn=on"):  # fmt: skip
        move_to(host.page, "ten-layers", state)
        rest(host)
        check_room(host, room, state)
