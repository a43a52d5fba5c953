"""The files around the book: addresses, versions, links and schemas, checked without a network."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from initbook import __version__

ROOT = Path(__file__).parents[1]
BOOK = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]
OWNER, NAME = BOOK["url"].rstrip("/").split("/")[-2:]
PLACEHOLDER = "example" + "-org"

WORD = r"[\w.-]*\w"
ADDRESSES = [
    rf"github\.com/(?P<owner>{WORD})/(?P<name>{WORD})",
    rf"(?P<owner>{WORD})\.github\.io/(?P<name>{WORD})",
    rf"mybinder\.org/v2/gh/(?P<owner>{WORD})/(?P<name>{WORD})/(?P<branch>{WORD})",
    rf"colab\.[\w.]+/github/(?P<owner>{WORD})/(?P<name>{WORD})/blob/(?P<branch>{WORD})",
]
OURS = {"owner": OWNER, "name": NAME, "branch": BOOK["branch"]}
MUST_GIVE_ADDRESS = {"README.md", "CITATION.cff", "pyproject.toml", "_config.yml"}
SCHEMAS = {
    "github-workflows": ".github/workflows/*.yml",
    "github-issue-forms": ".github/ISSUE_TEMPLATE/*.yml",
    "dependabot": ".github/dependabot.yml",
    "citation-file-format": "CITATION.cff",
}


def tracked_files():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    return [name for name in listed.stdout.decode().split("\0") if (ROOT / name).is_file()]


def read(name):
    """A file's text; of a file that is not text, nothing."""
    try:
        return (ROOT / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def lines_matching(names, pattern):
    """Every match as (place, match), with the place as file:line."""
    return [
        (f"{name}:{number}", match)
        for name in names
        for number, line in enumerate(read(name).splitlines(), start=1)
        for match in re.finditer(pattern, line)
    ]


def is_furniture(name):
    """Files that give no address but the book's own; chapters, code and sources cite others'."""
    if name in ("package-lock.json", "references.bib"):
        return False
    folders = (".github/", ".devcontainer/", "binder/", "back/api.md")
    return "/" not in name or name.startswith(folders)


def test_every_address_of_the_repository_is_the_one_in_the_configuration():
    furniture = list(filter(is_furniture, tracked_files()))
    found = [hit for pattern in ADDRESSES for hit in lines_matching(furniture, pattern)]
    stale = [
        f"{place}: {match[0]}"
        for place, match in found
        if any(OURS[part] != value for part, value in match.groupdict().items())
    ]
    assert not stale, f"not {BOOK['url']} on branch {BOOK['branch']}:\n" + "\n".join(stale)
    assert {place.split(":")[0] for place, _ in found} >= MUST_GIVE_ADDRESS


def test_the_address_is_typed_only_where_it_is_compared():
    """Elsewhere it would stay behind when the book moves; what is generated gets it from here."""
    others = [
        name
        for name in tracked_files()
        if not is_furniture(name) and not name.endswith((".ipynb", "handout.json"))
    ]
    address = rf"\b({OWNER}|{PLACEHOLDER})(\.github\.io)?/{NAME}"
    assert [place for place, _ in lines_matching(others, address)] == []


@pytest.mark.parametrize(("schema", "pattern"), SCHEMAS.items())
def test_service_files_are_valid_against_their_schema(schema, pattern):
    files = list(map(str, ROOT.glob(pattern)))
    assert files
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
    checked = subprocess.run([*command, *files], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_pre_commit_configuration_is_valid():
    command = [sys.executable, "-m", "pre_commit", "validate-config", ".pre-commit-config.yaml"]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_version_is_the_same_everywhere():
    cited = yaml.safe_load(read("CITATION.cff"))["version"]
    newest = re.search(r"^## \[([\d.]+)\]", read("CHANGELOG.md"), re.M)[1]
    assert {cited, newest} == {__version__}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_documents_link_only_to_files_that_exist(name):
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", read(name))
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_documents_and_workflows_name_only_commands_of_the_makefile():
    targets = set(re.findall(r"^([a-z][\w-]*):", read("Makefile"), re.M))
    command = r"(?:`|^ {4}|run: |entry: |: \")make ([a-z][\w-]*)"
    named = lines_matching(filter(is_furniture, tracked_files()), command)
    unknown = [f"{place}: {match[0].strip()}" for place, match in named if match[1] not in targets]
    assert named
    assert unknown == []

    (weekly,) = yaml.safe_load(read(".github/workflows/weekly.yml"))["jobs"].values()
    matrix = weekly["strategy"]["matrix"]
    commands = {*matrix["command"], *(extra["command"] for extra in matrix["include"])}
    assert commands <= targets
    assert commands >= {"test", "test-matrix", "fresh-seeds", "bench", "linkcheck"}


def test_no_file_names_the_host_of_a_package_registry():
    hosts = [
        ("registry", "npmjs", "org"),
        ("files", "pythonhosted", "org"),
        ("pypi", "org/simple"),
        ("deb", "debian", "org"),
    ]
    pattern = "|".join(re.escape(".".join(host)) for host in hosts)
    assert [place for place, _ in lines_matching(tracked_files(), pattern)] == []
