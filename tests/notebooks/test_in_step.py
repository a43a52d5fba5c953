"""The committed notebooks are those that the sources make."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MADE, COMMITTED = ROOT / "_build" / "notebooks" / "chapters", ROOT / "chapters"


def out_of_step(made, committed):
    """The names of the notebooks that only one of two folders has, or that differ by a byte."""
    here, there = ({p.name: p.read_bytes() for p in d.glob("*.ipynb")} for d in (made, committed))
    return sorted(name for name in here | there if here.get(name) != there.get(name))


def test_committed_notebooks_are_in_step_with_their_chapters():
    assert MADE.is_dir(), "Nothing to compare with: `make book` makes the notebooks."
    different = out_of_step(MADE, COMMITTED)
    assert not different, f"{different} are not what the sources make; run `make notebooks`."


def test_a_stale_a_missing_and_an_orphaned_notebook_are_found(tmp_path):
    made, committed = tmp_path / "made", tmp_path / "committed"
    for folder, names in (made, "same stale missing"), (committed, "same stale orphaned"):
        folder.mkdir()
        for name in names.split():
            text = f"{name} {folder.name}" if name == "stale" else name
            (folder / f"{name}.ipynb").write_text(text)
    assert out_of_step(made, committed) == ["missing.ipynb", "orphaned.ipynb", "stale.ipynb"]
