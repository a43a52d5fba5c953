"""Gradescope's harness, run as it runs there: as root in a container of its own."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import jsonschema
import numpy
import pytest
from bad_inputs import SECRET, first, prepare, write
from handing_in import ONE_TAIL, RIGHT, SHARE, notebook

from initbook.cli import main
from initbook.grading.assignment import Assignment
from initbook.grading.gradescope import as_results, student_of
from initbook.grading.marks import Mark, Row

# What Gradescope documents of results.json, for the fields that are written.
VISIBILITY = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
COMMON = {"score": {"type": "number"}, "output": {"type": "string"}, "visibility": VISIBILITY,
          "output_format": {"enum": ["text", "html", "simple_format", "md", "ansi"]}}  # fmt: skip
TEST = {"name": {"type": "string"}, "max_score": {"type": "number"}, **COMMON}
SCHEMA = {
    "type": "object",
    "required": ["score", "tests"],
    "additionalProperties": False,
    "properties": {
        "execution_time": {"type": "number"},
        "tests": {"type": "array", "items": {
            "type": "object", "required": ["name", "score", "max_score"],
            "additionalProperties": False, "properties": TEST}},
        **COMMON,
    },
}  # fmt: skip
SPY = """
found = 0
for top in ("/autograder", "/tmp", "/proc"):
    for place, _, names in os.walk(top):
        for name in names:
            try: found += b"owls" + b" are" in open(os.path.join(place, name), "rb").read(100_000)
            except OSError: pass
for path in ("/autograder/results/results.json", "/autograder/source/secret", "/forged"):
    try: open(path, "w").close()
    except OSError: pass
    else: found += 1000
raise ValueError(found, os.getuid() == 0, os.access("/autograder/source", os.R_OK))
"""


@pytest.fixture(scope="module")
def autograder(tmp_path_factory):
    """A folder as Gradescope makes it from the zip."""
    folder = tmp_path_factory.mktemp("gradescope")
    command = prepare(folder)
    target = str(folder / "hw1.zip")
    assert main(["gradescope", command[1], "--secret", command[4], "--out", target]) == 0
    with zipfile.ZipFile(target) as archive:
        assert {"setup.sh", "run_autograder"} <= set(archive.namelist())
        assert archive.getinfo("run_autograder").external_attr >> 16 == 0o755
        archive.extractall(folder / "autograder" / "source")
    (folder / "autograder" / "source").chmod(0o700)  # as setup.sh does
    return folder / "autograder"


def marked(autograder, content, name="hw1.ipynb"):
    """Run the harness in a container that holds a system, a Python and /autograder."""
    for folder in ("submission", "results"):
        subprocess.run(["rm", "-rf", autograder / folder], check=True)
        (autograder / folder).mkdir()
    if content:
        write(autograder / "submission" / name, content)
    users = {"users": [{"name": "Ann", "email": "ann@example.org"}]}
    write(autograder / "submission_metadata.json", json.dumps(users))
    prefix, site = Path(sys.base_prefix), Path(numpy.__file__).parents[1]
    system = [a for top in ("/usr", "/lib", "/lib64", "/bin") if Path(top).exists()
              for a in ("--ro-bind", top, top)]  # fmt: skip
    python = "/opt/python/bin/python" + sysconfig.get_config_var("py_version_short")
    return subprocess.run(
        ["bwrap", "--die-with-parent", "--unshare-pid", *system,
         "--perms", "0755", "--dir", "/opt", "--ro-bind", prefix, "/opt/python",
         "--ro-bind", site, "/opt/site-packages", "--bind", autograder, "/autograder",
         "--perms", "1777", "--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev",
         "--setenv", "PYTHON", python, "--setenv", "PYTHONPATH", "/opt/site-packages",
         "--", "bash", "/autograder/source/run_autograder"],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def results_of(autograder, content, **name):
    done = marked(autograder, content, **name)
    assert done.returncode == 0, done.stderr
    results = json.loads((autograder / "results" / "results.json").read_text())
    jsonschema.validate(results, SCHEMA)
    return results


def test_the_harness_marks_as_gradescope_reads_it(autograder):
    if os.geteuid() != 0:  # without root it says so, and gives no mark
        assert "needs root" in marked(autograder, notebook(RIGHT)).stderr
        assert not (autograder / "results" / "results.json").exists()
        return
    results = results_of(autograder, notebook([*RIGHT, ONE_TAIL]))
    assert results["score"] == 7
    assert [test["score"] for test in results["tests"]] == [2, 0, 5]
    assert [test["max_score"] for test in results["tests"]] == [2, 3, 5]
    assert "This counts one tail only" in results["tests"][1]["output"]
    assert results_of(autograder, "")["score"] == 0


def test_a_hostile_submission_reads_and_writes_nothing_of_the_harness(autograder):
    if os.geteuid() == 0:
        results = results_of(autograder, first(SPY), name="hw1.py")
        assert results["tests"][0]["output"].startswith(
            "factor_per_layer raised ValueError: (0, False, False)"
        )
        assert results["score"] == 8 and SECRET.decode() not in json.dumps(results)


def test_where_the_harness_lies_open_nothing_is_marked(autograder):
    if os.geteuid() == 0:
        for path in [autograder / "source", *(autograder / "source").rglob("*")]:
            path.chmod(0o755)
        done = marked(autograder, SHARE, name="hw1.py")
        assert done.returncode == 2 and "Not marked: a submission could read" in done.stderr
        assert not (autograder / "results" / "results.json").exists()


def test_results_name_the_student_and_count_the_best_file(tmp_path):
    (tmp_path / "m.json").write_text('{"users": [{"name": "Ann"}]}')
    assert student_of(tmp_path / "m.json") == "Ann"
    assert student_of(tmp_path / "none.json") == ""
    assignment = Assignment("Homework", {"2.1": 2.0})
    rows = [Row(name, "Ann", "", {"2.1": Mark(p, said)}) for name, p, said in (
        ("a.py", 0.0, "Wrong."), ("b.py", 2.0, ""), ("c.py", 2.0, ""))]  # fmt: skip
    results = as_results(rows, assignment, 1.5)
    jsonschema.validate(results, SCHEMA)
    assert (results["score"], results["output"]) == (2, "Marked: b.py")
    assert results["tests"][0]["output"] == "Right."
    assert as_results([], assignment, 0.1)["output"] == "No file was handed in."
