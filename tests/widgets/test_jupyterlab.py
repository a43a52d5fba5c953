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

CELLS = [
    "from initbook.widgets import TenLayers\nw = TenLayers(width=64)\nw",
    "w.scale = 4",
    "print(w.scale, *w.stds)",
]
PATIENCE = 90  # seconds, for a server and a kernel on a busy machine

KERNEL = "globalThis.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
RUN = """async (number) => {
  const panel = jupyterapp.shell.currentWidget;
  await panel.sessionContext.session.kernel.info; // has answered, so it listens
  panel.content.activeCellIndex = number;
  await jupyterapp.commands.execute("notebook:run-cell");
}"""


@pytest.fixture
def lab(tmp_path):
    """A JupyterLab of our own, in a home of its own, showing a notebook with a widget."""
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), tmp_path / "try.ipynb")
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
        yield f"{address(server, log)}/lab/tree/try.ipynb?token={token}"
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


def test_the_slider_reaches_python_and_python_the_slider(browser, lab):
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(1000 * PATIENCE)
    page.goto(lab)
    page.wait_for_function(KERNEL)

    page.evaluate(RUN, 0)
    widget = page.locator(".book-figure")
    assert widget.get_attribute("data-engine") == "wasm"
    assert "mean field 0.228" in widget.get_by_role("status").inner_text()

    page.evaluate(RUN, 1)
    page.wait_for_function("document.querySelector('.book-figure input[type=number]').value == 4")
    widget.get_by_role("slider").first.fill("0.3")  # log10 of 2
    page.wait_for_function("document.querySelector('.book-figure input[type=number]').value == 2")
    shown = re.search(r"std ([\d.]+)", widget.get_by_role("status").inner_text())[1]

    output = page.locator(".jp-CodeCell").nth(2).locator(".jp-OutputArea-output")
    said, end = [], time.monotonic() + PATIENCE
    while said != [2, shown] and time.monotonic() < end:  # values take their turn on the channel
        page.evaluate(RUN, 2)
        scale, *stds = map(float, output.inner_text().split())
        said = [scale, f"{stds[-1]:.3f}"]
    assert said == [2, shown]
    assert len(stds) == 10
    page.close()
