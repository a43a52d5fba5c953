"""How many steps of the training race a browser takes in a second.

    python benchmarks/widgets/training_race.py

A step is one of each of the four racers. Prints what Chromium does on a page, with its time slices
and drawing, and what the kernels do alone: compiled, and in plain JavaScript.
"""

import re
import sys
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
WIDGETS = ROOT / "code" / "initbook" / "widgets"
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "code")]
import chromium  # noqa: E402
from initbook.widgets.training_race import TrainingRace, race_digits  # noqa: E402

SECONDS = 15
ALONE = """async ([state, compiled]) => {
  const { Race, prepare, unpack } = await import("./maths/training-race-math.js");
  const source = await prepare(compiled ? undefined : new Uint8Array(1));
  const file = new Uint8Array(await (await fetch("./race-digits.bin")).arrayBuffer());
  const race = new Race(state, unpack(file), source), end = performance.now() + 5000;
  const start = performance.now();
  while (performance.now() < end) race.step();
  return [source.name, (1000 * race.steps) / (performance.now() - start)];
}"""


def serve(route):
    name = route.request.url.partition("//")[2].partition("/")[2]
    if name == "":
        style = '<link rel="stylesheet" href="widgets.css">'
        route.fulfill(content_type="text/html", body=f"<!doctype html>{style}<body>")
    elif name == "race-digits.bin":
        route.fulfill(body=race_digits())
    else:
        route.fulfill(path=WIDGETS / name)


def main():
    race = TrainingRace()
    state = {name: getattr(race, name) for name in race.settings["state"]}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.find(), args=chromium.ARGUMENTS
        )
        page = browser.new_page()
        page.route("**/*", serve)
        page.goto("http://widgets.test/")
        for compiled in (True, False):
            name, speed = page.evaluate(ALONE, [state, compiled])
            print(f"{name} alone: {speed:.0f} steps/s")
        page.evaluate(
            """async (state) => {
              const widget = (await import("./training-race.js")).default;
              const model = { get: (name) => state[name], set() {}, on() {}, save_changes() {} };
              widget.render({ model, el: document.body });
            }""",
            state,
        )
        page.get_by_role("button", name="One step").click()
        page.get_by_text("After 1 step").wait_for()
        start = time.perf_counter()
        page.get_by_role("button", name="Go on").click()
        page.wait_for_timeout(1000 * SECONDS)
        page.get_by_role("button", name="Pause").click()
        taken = time.perf_counter() - start
        steps = int(re.search(r"After (\d+)", page.locator(".result").inner_text())[1])
        speed = steps / taken
        print(f"on a page, with drawing: {speed:.0f} steps/s, {60 * speed:.0f} a minute")
        browser.close()


if __name__ == "__main__":
    main()
