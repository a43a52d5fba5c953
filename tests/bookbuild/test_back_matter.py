"""The claims and the confusions are complete: each entry has all of its parts."""

import re
from collections import Counter

import pytest

from building import ROOT

CLAIMS = (ROOT / "back" / "claims.md").read_text(encoding="utf-8")
CONFUSIONS = (ROOT / "back" / "confusions.md").read_text(encoding="utf-8")
CELL = "```{code-cell} ipython3\n"
VERDICTS = ("true", "mended", "false")
KNOWN = 28  # confusions that were known when the book was planned


def entries(page):
    """The text below each heading of the third level, by heading, with the section's opening."""
    found = {}
    for section in re.split(r"^## ", page, flags=re.M)[1:]:
        opening, *below = re.split(r"^(?:\([\w-]+\)=\n)?### ", section, flags=re.M)
        for entry in below:
            heading, text = entry.split("\n", 1)
            assert heading not in found, f"two entries are called {heading!r}"
            found[heading] = (opening, text)
    return found


def lacks_of_claim(opening, text):
    """What an entry lacks: its source, what they say, what we find and where, a verdict."""
    parts = dict(re.findall(r"^\*\*(They say|We find|Verdict)\b:?([^\n]*)", text, flags=re.M))
    lacks = [part for part in ("They say", "We find", "Verdict") if part not in parts]
    if "{cite" not in opening + text:
        lacks.append("a source")
    if CELL not in text and not re.search(r"\{(?:ref|numref|eq|glue:text)\}|S\d\.\d", text):
        lacks.append("a measurement")
    if not re.match(rf" (?:{'|'.join(VERDICTS)})\.\*\*", parts.get("Verdict", "")):
        lacks.append("one of the verdicts")
    return lacks


def lacks_of_confusion(text):
    """What an entry lacks: the thread, a demonstration that runs, an answer."""
    asked = re.search(r"^\*Asked in\*.*\]\(https://", text, flags=re.M)
    shown = re.search(rf"{re.escape(CELL)}.*?print\(.*?^```", text, flags=re.M | re.S)
    answer = re.search(r"^\*\*Answer\.\*\* .{40}", text, flags=re.M)
    parts = {"a thread": asked, "a demonstration": shown, "an answer": answer}
    return [name for name, found in parts.items() if not found]


@pytest.mark.parametrize("heading", entries(CLAIMS))
def test_a_claim_has_source_measurement_and_verdict(heading):
    assert lacks_of_claim(*entries(CLAIMS)[heading]) == []


def test_claims_are_numbered_in_order():
    numbers = [re.match(r"(S\d|P)\.(\d+) ", heading).groups() for heading in entries(CLAIMS)]
    counts = Counter()
    for source, number in numbers:
        counts[source] += 1
        assert int(number) == counts[source], f"{source}.{number} is out of order"
    labels = re.findall(r"^\(claim-([\w-]+)\)=$", CLAIMS, flags=re.M)
    assert labels == [f"{source.lower()}-{number}" for source, number in numbers]


def test_the_table_counts_the_verdicts():
    counted = {source: Counter() for source in ("S1", "S2", "S3", "S4", "P")}
    for heading, (_, text) in entries(CLAIMS).items():
        verdict = re.search(r"^\*\*Verdict: (\w+)", text, flags=re.M)[1]
        counted[heading.split(".")[0]][verdict] += 1
    printed = re.findall(r"^\| (S\d|P), .*? \| (\d+) \| (\d+) \| (\d+) \|$", CLAIMS, flags=re.M)
    assert {source: tuple(map(int, row)) for source, *row in printed} == {
        source: tuple(count[verdict] for verdict in VERDICTS) for source, count in counted.items()
    }


@pytest.mark.parametrize("heading", entries(CONFUSIONS))
def test_a_confusion_has_thread_demonstration_and_answer(heading):
    assert lacks_of_confusion(entries(CONFUSIONS)[heading][1]) == []


def test_every_known_confusion_is_there_once():
    numbers = sorted(int(heading.split(".")[0]) for heading in entries(CONFUSIONS))
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) >= KNOWN


def test_an_entry_without_a_part_is_found():
    cell = f"{CELL}print(1)\n```\n"
    whole = f"**They say.** A.\n\n{cell}\n**We find.** B.\n\n**Verdict: true.**\n"
    assert lacks_of_claim("{cite:t}`one`", whole) == []
    for part in ("They say", "We find", "Verdict"):
        assert part in lacks_of_claim("{cite:t}`one`", whole.replace(f"**{part}", "**Else"))
    assert lacks_of_claim("", whole) == ["a source"]
    assert lacks_of_claim("{cite:t}`one`", whole.replace(cell, "")) == ["a measurement"]
    assert lacks_of_claim("{cite:t}`one`", whole.replace("true", "open")) == ["one of the verdicts"]
    whole = f"*Asked in* [one](https://one).\n\n{cell}\n**Answer.** {'So it is. ' * 9}\n"
    assert lacks_of_confusion(whole) == []
    assert lacks_of_confusion(whole.replace("https", "see")) == ["a thread"]
    assert lacks_of_confusion(whole.replace(cell, "")) == ["a demonstration"]
    assert lacks_of_confusion(whole.replace("Answer", "Else")) == ["an answer"]
