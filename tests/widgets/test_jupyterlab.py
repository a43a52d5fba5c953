"""The same module in a live kernel: what the reader does in JupyterLab reaches Python."""

import os
import re
import secrets
import subprocess
import sys
import time

import nbformat
import pytest

from widget_page import ROOT

# A widget, what its first slider sets, a value from Python and one from the page (with the slider's
# own position), and a result: in Python and as the page says it.
CASES = {
    "ten-layers": ("TenLayers(width=64)", "scale", 4, 2, "0.3", "w.stds[-1]", r"std ([\d.]+)"),
    "variance-of-a-sum": (
        *("VarianceOfASum()", "n", 50, 144, "144"),
        *("w.measured", r"Mean square of z: ([\d.]+)"),
    ),
    "symmetry": (
        *('Symmetry(start="random")', "step", 100, 600, "600"),
        *("w.losses[w.step]", r"The loss is ([\d.]+?)\.?$"),
    ),
}
PATIENCE = 90  # seconds, for a server and a kernel on a busy machine

KERNEL = "globalThis.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
BOX_SHOWS = "value => document.querySelector('.book-figure input[type=number]').value == value"
RUN = """async (number) => {
  const panel = jupyterapp.shell.currentWidget;
  await panel.sessionContext.session.kernel.info; // has answered, so it listens
  panel.content.activeCellIndex = number;
  await jupyterapp.commands.execute("notebook:run-cell");
}"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab of our own, in a home of its own, with a notebook for each widget."""
    tmp_path = tmp_path_factory.mktemp("lab")
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    for name, (made, setting, of_python, _, _, result, _) in CASES.items():
        cells = [
            f"from initbook.widgets import *\nw = {made}\nw",
            f"w.{setting} = {of_python}",
            f"print(w.{setting}, {result})",
        ]
        sources = [nbformat.v4.new_code_cell(source) for source in cells]
        notebook = nbformat.v4.new_notebook(cells=sources, metadata=kernel)
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    token = secrets.token_hex(16)
    ours = {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT / "code"), "JUPYTER_TOKEN": token}
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "INITBOOK"))}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += ["--ip=127.0.0.1", "--port=0", f"--ServerApp.root_dir={tmp_path}"]
    command += ["--LabApp.expose_app_in_browser=True"]  # as `jupyterapp`
    log = tmp_path / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(command, env=kept | ours, stdout=output, stderr=output)
    try:
        yield f"{address(server, log)}/lab/tree/{{}}.ipynb?reset&token={token}"
    finally:
        server.terminate()
        server.wait(PATIENCE)


def address(server, log):
    end = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < end:
        if found := re.search(r"http://127\.0\.0\.1:\d+", log.read_text()):
            return found[0]
        time.sleep(0.1)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()}")


@pytest.mark.parametrize("name", CASES)
def test_the_slider_reaches_python_and_python_the_slider(browser, lab, name):
    _, _, of_python, of_page, position, _, said_as = CASES[name]
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(1000 * PATIENCE)
    page.goto(lab.format(name))
    page.wait_for_function(KERNEL)

    page.evaluate(RUN, 0)
    widget = page.locator(".book-figure")
    assert widget.get_attribute("data-engine") in {"wasm", None}
    result = widget.locator(".result")
    begun = result.inner_text()

    page.evaluate(RUN, 1)
    page.wait_for_function(BOX_SHOWS, arg=of_python)
    assert result.inner_text() != begun
    widget.get_by_role("slider").first.fill(position)
    page.wait_for_function(BOX_SHOWS, arg=of_page)

    output = page.locator(".jp-CodeCell").nth(2).locator(".jp-OutputArea-output")
    expected, said, end = [of_page], [], time.monotonic() + PATIENCE
    while said != expected and time.monotonic() < end:  # values take their turn on the channel
        page.evaluate(RUN, 2)
        value, found = map(float, output.inner_text().split())
        shown = re.search(said_as, result.inner_text())[1]
        expected = [of_page, float(shown)]
        said = [value, round(found, len(shown.partition(".")[2]))]
    assert said == expected
    page.close()
