"""The committed notebooks are those that the sources make."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MADE = ROOT / "_build" / "notebooks"


HANDOUT = "code/initbook/data/handout.json"
FOLDERS = ("back", "chapters", "deeper")


def out_of_step(made, committed):
    """The notebooks that only one of two folders has, or that differ by a byte."""
    here, there = (
        {
            f"{place}/{p.name}": p.read_bytes()
            for place in FOLDERS
            for p in (top / place).glob("*.ipynb")
        }
        for top in (made, committed)
    )
    return sorted(name for name in here | there if here.get(name) != there.get(name))


def test_committed_notebooks_are_in_step_with_their_pages():
    assert MADE.is_dir(), "Nothing to compare with: `make book` makes the notebooks."
    different = out_of_step(MADE, ROOT)
    assert not different, f"{different} are not what the sources make; run `make notebooks`."


def test_the_exercises_that_are_handed_out_are_in_step_with_their_pages():
    assert (MADE / HANDOUT).read_text() == (ROOT / HANDOUT).read_text(), "run `make notebooks`"


def test_a_stale_a_missing_and_an_orphaned_notebook_are_found(tmp_path):
    made, committed = tmp_path / "made", tmp_path / "committed"
    for folder, names in (made, "same stale missing"), (committed, "same stale orphaned"):
        for place in FOLDERS:
            (folder / place).mkdir(parents=True)
            for name in names.split():
                text = f"{name} {folder.name}" if name == "stale" else name
                (folder / place / f"{name}.ipynb").write_text(text)
    assert out_of_step(made, committed) == [
        f"{place}/{name}.ipynb" for place in FOLDERS for name in ("missing", "orphaned", "stale")
    ]
