"""The training race: its descent against numpy's, its programs, and the race on a page."""

import base64
import contextlib
import io
import re

import numpy as np
import pytest

from initbook.activations import get_activation
from initbook.digits import embedded_images
from initbook.widgets import TrainingRace
from initbook.widgets.training_race import SETTINGS, race_digits, small_digits
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

MATHS = "training-race-math.js"
LETTERS = SETTINGS["racers"]
STATE = TrainingRace.settings["state"]
each_engine = pytest.mark.parametrize("engine", ["wasm", "javascript"])


def state_of(widget):
    return {name: getattr(widget, name) for name in STATE}


def random_states(count, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        racers = [
            (str(rng.choice(list(SETTINGS["starts"]))),
             str(rng.choice(list(SETTINGS["activations"]))),
             float(f"{10 ** rng.uniform(-2, -0.5):.3g}"))
            for _ in LETTERS
        ]  # fmt: skip
        yield state_of(TrainingRace(
            racers, hidden=int(rng.integers(1, 7)), batch=4 * int(rng.integers(1, 33)),
            seed=int(rng.integers(2**31)),
        ))  # fmt: skip


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """The digits as a page without a kernel gets them."""
    path = tmp_path_factory.mktemp("digits") / "race-digits.bin"
    path.write_bytes(race_digits())
    return path


def raced(state, steps, file, engine="wasm"):
    (answer,) = call(MATHS, ("raced", state, steps, {"file": str(file)}), engine=engine)
    assert answer["engine"] == engine
    return answer


def nets_of(answer):
    """For each racer its weights and its biases, layer by layer."""
    for layers in answer["nets"]:
        yield (
            [np.reshape(layer["weights"], (-1, layer["fanOut"])) for layer in layers],
            [np.array(layer["biases"]) for layer in layers],
        )


def descend(W, b, activation, rate, X, t):
    """One step of gradient descent on softmax and cross-entropy."""
    f, H, Z = get_activation(activation), [X], []
    for w, c in zip(W, b, strict=True):
        Z.append(H[-1] @ w + c)
        H.append(f(Z[-1]))
    chances = np.exp(Z[-1][:, :10]) / np.exp(Z[-1][:, :10]).sum(axis=1, keepdims=True)
    delta = np.pad((chances - np.eye(10)[t]) / len(t), [(0, 0), (0, W[-1].shape[1] - 10)])
    for k in reversed(range(len(W))):
        by = H[k].T @ delta, delta.sum(axis=0)
        if k:
            delta = (delta @ W[k].T) * f.slope(Z[k - 1])
        W[k], b[k] = W[k] - rate * by[0], b[k] - rate * by[1]


@each_engine
@pytest.mark.parametrize("activation", SETTINGS["activations"])
def test_ten_steps_agree_with_numpy(file, engine, activation):
    racers = [(start, activation, rate) for start, rate in
              (("xavier", 0.5), ("he", 0.1), ("gain", 0.05), ("small", 1.0))]  # fmt: skip
    state = state_of(TrainingRace(racers, hidden=3, batch=20, seed=7))
    before, after = raced(state, 0, file, engine), raced(state, 10, file, engine)
    pixels, labels = small_digits()
    batches = call("draws.js", *[("uniforms", 7, 16 + step, 20) for step in range(10)])
    runs = zip(nets_of(before), nets_of(after), racers, strict=True)
    for (W, b), (expected_W, expected_b), (_, _, rate) in runs:
        for batch in batches:
            chosen = np.floor(np.array(batch) * SETTINGS["train"]).astype(int)
            descend(W, b, activation, rate, pixels[chosen] / 15, labels[chosen])
        for mine, page in zip(W + b, expected_W + expected_b, strict=True):
            assert np.linalg.norm(mine - page) <= 1e-5 * np.linalg.norm(mine)


def test_both_engines_race_alike(file):
    for state in random_states(3, seed=9):
        one, other = (raced(state, 60, file, engine) for engine in ("wasm", "javascript"))
        for mine, page in zip(one["looks"], other["looks"], strict=True):
            assert [look["step"] for look in mine] == [0, 50, 60]
            assert [look["loss"] for look in mine] == pytest.approx(
                [look["loss"] for look in page], rel=1e-5, nan_ok=True
            )


def test_every_start_has_its_variance_and_one_draw_serves_all(file):
    """4,096 weights of a hidden layer are within 11 % of their variance, α = 1e-6."""
    starts = list(SETTINGS["starts"])
    variances = {"zeros": 0, "small": 1e-4, "lecun": 1 / 64, "xavier": 1 / 64, "he": 2 / 64,
                 "gain": 12.8 / 64, "one": 1}  # fmt: skip
    first = {}
    for four in (starts[:4], starts[3:]):
        state = state_of(TrainingRace([(start, "tanh", 0.1) for start in four]))
        for start, (W, b) in zip(four, nets_of(raced(state, 0, file)), strict=True):
            assert W[1].var() == pytest.approx(variances[start], rel=0.11)
            assert not any(c.any() for c in b)
            first[start] = W[0]
    fan_in, fan_out = 196, 64
    assert first["xavier"] == pytest.approx(first["one"] * np.sqrt(2 / (fan_in + fan_out)))
    assert first["he"] == pytest.approx(first["lecun"] * np.sqrt(2))


def test_the_digits_are_those_of_the_package_made_small(file):
    pixels, labels = small_digits()
    embedded = embedded_images()
    for at, part, place in ((0, "train", 0), (7, "train", 14), (4001, "t10k", 4)):
        large = embedded[f"{part}-images"][place].reshape(14, 2, 14, 2).mean(axis=(1, 3)) / 17
        assert np.abs(pixels[at].reshape(14, 14) - large).max() <= 0.5
        assert labels[at] == embedded[f"{part}-labels"][place]
    assert np.bincount(labels[:4000]).min() > 300 and np.bincount(labels[4000:]).min() > 30
    (unpacked,) = call(MATHS, ("unpack", {"file": str(file)}))
    assert unpacked["pixels"] == pytest.approx(pixels.ravel() / 15)
    assert unpacked["labels"] == labels.tolist()


def programs(name, file, races):
    return call(MATHS, *[(name, state, steps, file.as_uri()) for state, steps in races])


@pytest.fixture(scope="module")
def races(file):
    """Twenty short races, and the loss in the end of each racer that is not chaotic."""
    races = [(state, 1 + 7 * k % 40) for k, state in enumerate(random_states(20, seed=3))]
    runs = [("losses", state, steps, {"file": str(file)}) for state, steps in races]
    chaotic = call(MATHS, *[("chaotic", state) for state, _ in races])
    expected = [
        {f"loss_{a.upper()}": float(x) for a, x in zip(LETTERS, losses, strict=True)
         if a.upper() not in wild}
        for losses, wild in zip(call(MATHS, *runs), chaotic, strict=True)
    ]  # fmt: skip
    assert 60 < sum(map(len, expected)) < 80
    return races, expected


def check_program(program, said, expected):
    assert [name for name in said if name in expected] == list(expected) and len(said) == 4
    assert ("# Rounding errors grow" in program) == (len(expected) < 4)
    found = {name: said[name] for name in expected}
    assert found == pytest.approx(expected, rel=1e-5, nan_ok=True), program


def test_the_program_prints_the_same_losses(file, races):
    for program, expected in zip(programs("program", file, races[0]), races[1], strict=True):
        check_program(program, printed(program), expected)
        assert len(program.splitlines()) < 85


def test_the_torch_program_prints_the_same_losses(file, races):
    for program, expected in zip(programs("torchProgram", file, races[0]), races[1], strict=True):
        with contextlib.redirect_stdout(io.StringIO()) as text:
            exec(program, {})
        said = {name: float(x) for name, x in map(str.split, text.getvalue().splitlines())}
        check_program(program, said, expected)


def test_a_kernel_hands_the_digits_over_when_it_is_asked():
    race = TrainingRace()
    assert race._digits == b""
    race._asked = True
    assert race._digits == race_digits()


def test_another_number_of_racers_is_refused():
    with pytest.raises(ValueError, match="racers are 2; allowed are 4 of them"):
        TrainingRace([("he", "relu", 0.1)] * 2)


def result(host):
    return host.locator(".result").inner_text()


def press(host, name):
    host.get_by_role("button", name=name, exact=True).click()


def wait_for_steps(page, steps):
    page.wait_for_function(
        "steps => Number(/After (\\d+)/.exec(document.querySelector('.result').innerText)?.[1])"
        " >= steps",
        arg=steps,
    )


def steps_said(host):
    return int(re.search(r"After (\d+) steps?:", result(host))[1])


def test_nothing_is_loaded_or_moves_before_the_start(open_page):
    asked = []
    page = open_page("/training-race.html", before=lambda page: page.on(
        "request", lambda request: asked.append(request.url.rsplit("/", 1)[-1])))  # fmt: skip
    host = widget(page)
    assert "race-digits.bin" not in asked and "products.wasm" not in asked
    assert result(host).startswith("At the start line: A: sigmoid, std 0.01, rate 2.00;")
    page.wait_for_timeout(300)
    assert result(host).startswith("At the start line")
    press(host, "One step")
    host.get_by_text("After 1 step:").wait_for()
    assert asked.count("race-digits.bin") == asked.count("products.wasm") == 1


def test_what_is_said_and_drawn_is_what_is_computed(open_page, file):
    page = open_page("/training-race.html#~training-race:layers=2&sa=xavier&ra=0.3&fa=tanh&seed=5")
    host = widget(page)
    host.get_by_role("button", name="Start", exact=True).focus()
    page.keyboard.press("Enter")
    wait_for_steps(page, 100)
    page.keyboard.press("Enter")  # the same button pauses
    host.get_by_role("button", name="Go on").wait_for()
    state = state_of(TrainingRace(
        [("xavier", "tanh", 0.3), ("xavier", "sigmoid", 2), ("gain", "sigmoid", 0.4),
         ("he", "relu", 0.1)], hidden=2, seed=5,
    ))  # fmt: skip
    steps = steps_said(host)
    looks = [looks[-1] for looks in raced(state, steps, file)["looks"]]
    said = re.findall(r"([A-D]) ([\d.]+)[,.](?= |$)", result(host).split("Losses:")[1])
    assert [letter for letter, _ in said] == list("ABCD")
    losses = [look["loss"] for look in looks]
    assert [float(loss) for _, loss in said] == pytest.approx(losses, rel=6e-3)
    picture = host.locator("svg[role=img]")
    assert f"After {steps} steps A is at {looks[0]['accuracy']:.0%}" in picture.get_attribute(
        "aria-label"
    )
    assert picture.locator("path.racer").count() == 8
    assert picture.locator("path.bars").count() == 4 * 2
    assert "crossed the line at step" in result(host)


def test_a_pause_stands_still_and_the_first_slider_changes_the_text_at_once(open_page):
    page = open_page("/training-race.html")
    host = widget(page)
    press(host, "Start")
    wait_for_steps(page, 50)
    press(host, "Pause")
    before, drawn = result(host), host.locator("svg[role=img]").inner_html()
    page.wait_for_timeout(300)
    assert result(host) == before and host.locator("svg[role=img]").inner_html() == drawn
    press(host, "One step")
    settle(page)
    assert steps_said(host) == int(re.search(r"\d+", before)[0]) + 1
    host.locator("input[type=range]").first.focus()
    page.keyboard.press("ArrowRight")
    settle(page)
    assert result(host).startswith("At the start line: A: sigmoid, std 0.01, rate 2.0")
    assert "rate 2.00" not in result(host).split(";")[0]


def test_a_hidden_tab_pauses(open_page):
    page = open_page("/training-race.html")
    host = widget(page)
    press(host, "Start")
    wait_for_steps(page, 50)
    page.evaluate(
        "Object.defineProperty(document, 'hidden', { get: () => true });"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    assert host.get_by_role("button", name="Go on").is_visible()
    before = result(host)
    page.wait_for_timeout(300)
    assert result(host) == before


def test_who_asks_for_less_motion_sees_the_curves_when_it_stops(open_page):
    page = open_page("/training-race.html", reduced_motion="reduce")
    host = widget(page)
    press(host, "Start")
    wait_for_steps(page, 1)
    drawn = host.locator("svg[role=img]").inner_html()
    wait_for_steps(page, 100)
    assert host.locator("svg[role=img]").inner_html() == drawn
    press(host, "Pause")
    assert host.locator("svg[role=img]").inner_html() != drawn


def test_a_racer_whose_loss_is_no_number_is_out(open_page):
    page = open_page("/training-race.html#~training-race:fa=relu&sa=one&ra=10")
    host = widget(page)
    press(host, "Start")
    wait_for_steps(page, 50)
    press(host, "Pause")
    assert "A (out: its loss is no number)" in result(host)


def test_digits_that_do_not_come_can_be_asked_for_again(open_page):
    page = open_page("/training-race.html")
    host = widget(page)
    page.route("**/race-digits.bin", lambda route: route.abort())
    press(host, "Start")
    host.get_by_text("could not be loaded").wait_for()
    page.unroute("**/race-digits.bin")
    press(host, "Start")
    wait_for_steps(page, 1)
    assert open_page.complaints  # the reason is on the console
    open_page.complaints.clear()


def test_in_a_kernel_the_model_brings_the_digits(open_page):
    page = open_page("/training-race.html")
    page.route("**/race-digits.bin", lambda route: route.abort())
    source = TrainingRace()._esm
    page.evaluate(
        """async ([source, state, bytes]) => {
          const listeners = {}, asked = [];
          const model = {
            get: (name) => state[name], save_changes() {}, off() {},
            on: (event, listener) => (listeners[event] = listener),
            set(name, value) {
              state[name] = value;
              if (name !== "_asked") return;
              const file = Uint8Array.from(atob(bytes), c => c.charCodeAt());
              state._digits = new DataView(file.buffer);
              setTimeout(() => listeners["change:_digits"]());
            },
          };
          const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
          const el = document.body.appendChild(document.createElement("div"));
          (await import(url)).default.render({ model, el });
          el.id = "live";
        }""",
        [source, state_of(TrainingRace()), base64.b64encode(race_digits()).decode()],
    )
    live = page.locator("#live")
    press(live, "One step")
    live.get_by_text("After 1 step:").wait_for()


@pytest.mark.parametrize(
    ("address", "boxes"),
    [
        ("ra=1e9&layers=99&batch=1e9", [10, 2, 0.4, 0.1, 6, 128]),
        ("ra=-1&rb=0&layers=-1&batch=0", [0.001, 0.001, 0.4, 0.1, 1, 4]),
        ("ra=NaN&sa=constructor&fa=__proto__&seed=<b>&layers=", [2, 2, 0.4, 0.1, 4, 32]),
    ],
)
def test_a_hostile_address_is_clamped_or_ignored(open_page, address, boxes):
    host = widget(open_page(f"/training-race.html#~training-race:{address}"))
    shown = host.get_by_role("spinbutton").evaluate_all("all => all.map(e => Number(e.value))")
    assert shown == boxes
    assert host.get_by_label("Start of A").input_value() == "small"


def test_the_copied_program_prints_what_is_shown(open_page):
    page = open_page("/training-race.html#~training-race:layers=1", permissions=CLIPBOARD)
    host = widget(page)
    for _ in range(3):
        press(host, "One step")
        settle(page)
    host.get_by_text("After 3 steps:").wait_for()
    said = printed(copied_program(host))  # with the digits from the site
    losses = re.findall(r"[A-D] ([\d.]+)[,.](?= |$)", result(host).split("Losses:")[1])
    assert [float(x) for x in losses] == pytest.approx(list(said.values()), rel=6e-3)
    press(host, "Copy as PyTorch")
    host.get_by_text("Copied: a PyTorch program.").wait_for()
    assert "torch.optim.SGD" in page.evaluate("navigator.clipboard.readText()")


@pytest.mark.parametrize("width", [1280, 320])
def test_it_fits_its_room_and_its_labels_stay_inside(open_page, width):
    page = open_page("/training-race.html", width=width)
    host = widget(page)
    room = host.bounding_box()["height"]
    for state in ("layers=6", "layers=1&fa=relu&sa=one&ra=10", "sa=gain&sb=gain&sc=gain&sd=gain"):
        move_to(page, "training-race", state)
        check_room(host, room, state)
        press(host, "One step")
        host.get_by_text("After 1 step:").wait_for()
        check_room(host, room, state)
    check_targets(host)
