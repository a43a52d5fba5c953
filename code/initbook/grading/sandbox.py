"""A process of its own for each function that is marked, which can reach nothing and no one.

Three levels. Under bubblewrap: no network, the system read-only, an empty folder to write in, a
user without rights, and none of the instructor's files in sight. In a container, as root where
no namespaces are to be had: a user without rights, from whom the harness and the secret are kept
by their permissions; the network and the container's own files stay in reach. Unsafe: a process
with limits, and nothing else between a submission and whoever marks it. At every level memory,
time, processes, files and output are limited.
"""

import atexit
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from initbook.grading.inside.run import decode_array, encode
from initbook.real_numbers import Array

Level = Literal["bubblewrap", "container", "unsafe"]

PACKAGE = Path(__file__).resolve().parents[1]
NEVER_INSIDE = ("exercises", "grading", "cli.py", "widgets", "data", "__pycache__")
MEMORY = 3 << 30  # bytes of addresses; torch takes less than one GiB of them
OUTPUT = 8_000_000  # bytes that are read of what a process says
TO_LOAD = 30.0  # seconds for Python and numpy to load, and for torch once more
NOBODY = 65534
ROOM = "/sandbox"
BEGIN = """
import sys
sys.path[:0] = sys.argv[1:]
from inside.run import main
main()
"""


class SandboxError(Exception):
    """The machine can't run submissions apart from itself; no submission is to blame."""


@dataclass
class Outcome:
    """What one function did: an array or what happened instead, for each input that it reached."""

    answers: list[Array | str] = field(default_factory=list)
    refused: str = ""  # why it was not called at all, in a sentence
    whole: bool = False  # whether that speaks of the whole file
    ended: str = ""  # how the process ended, where not by itself

    def after(self, event: dict[str, Any]) -> None:
        """Take in one thing that the process said; whatever is no plain answer is a wrong one."""
        if "refused" in event:
            self.refused, self.whole = tidy(event["refused"]), event.get("whole") is True
        elif "value" in event:
            try:
                self.answers.append(decode_array(event["value"]))
            except Exception:
                self.answers.append("returned what is no number or array")
        elif "said" in event:
            self.answers.append(tidy(event["said"]))


def tidy(words: Any) -> str:
    """A sentence's end from inside, as one short line of printable characters."""
    line = " ".join(str(words)[:600].split())
    return "".join(c for c in line if c.isprintable())[:300]


class Sandbox:
    """Runs functions of submissions at a level; made once for a batch.

    `hidden` are files and folders that no submission may read: the secret, the other submissions,
    the marks. Raises SandboxError where the level can't be had on this machine.
    """

    def __init__(self, level: Level = "bubblewrap", hidden: Sequence[Path] = ()) -> None:
        self.level = level
        self.hidden = [path.resolve() for path in (PACKAGE, *hidden)]
        self.folder = Path(tempfile.mkdtemp(prefix="initbook-"))
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        self.folder.chmod(0o755)
        for name, library in (("alone", False), ("library", True)):
            fill_room(self.folder / name, library)
        self.users = itertools.count(60_000)  # in a container each process has a user of its own
        self.site = [p for p in sys.path if Path(p).name in ("site-packages", "dist-packages")]
        if level == "container" and not (hasattr(os, "geteuid") and os.geteuid() == 0):
            raise SandboxError("the second level, in a container, needs root, to drop its rights.")
        if level != "unsafe":
            self.probe()

    def probe(self) -> None:
        """See that a function runs, and that it can't read what it must not."""
        held = [file for path in self.hidden if (file := a_file_of(path))]
        outcome = self.run(".py", PROBE, "probe", [{"paths": [str(path) for path in held]}])
        if outcome.refused or outcome.ended or isinstance(seen := outcome.answers[0], str):
            raise SandboxError(f"the sandbox does not run here: {outcome}.")
        for path, size in zip(held, seen, strict=True):
            if size:
                raise SandboxError(f"a submission could read {path} here, so none was run.")

    def run(
        self,
        kind: str,
        content: bytes,
        function: str,
        cases: Sequence[Any],
        seconds: float = 8,
        library: bool = False,
    ) -> Outcome:
        """Call one function of a submission on each of the inputs.

        `kind` is the suffix of the submission's name. Raises SandboxError where the process does
        not come to the point of reading the submission.
        """
        limits = {"memory": MEMORY, "seconds": int(2 * TO_LOAD + seconds)}
        request = {"kind": kind, "function": function, "cases": [encode(dict(c)) for c in cases]}
        room = self.folder / ("library" if library else "alone")
        with (
            tempfile.TemporaryFile() as asked,
            tempfile.TemporaryFile() as errors,
            tempfile.TemporaryDirectory() as private,
        ):
            asked.write(json.dumps(request | {"limits": limits}).encode() + b"\n" + content)
            asked.seek(0)
            process = subprocess.Popen(
                self.command(room, Path(private)),
                stdin=asked, stdout=subprocess.PIPE, stderr=errors,
                cwd=private, env=ENVIRONMENT, start_new_session=True,
            )  # fmt: skip
            with process:
                try:
                    outcome = listen(process, seconds)
                finally:
                    process.kill()
            if outcome is None:
                errors.seek(0)
                words = tidy(errors.read(600).decode(errors="replace")) or "no word why"
                raise SandboxError(f"the sandbox does not start here: {words}")
            return outcome

    def command(self, room: Path, private: Path) -> list[str]:
        """The command line of one process."""
        seen = ROOM if self.level == "bubblewrap" else str(room)
        python = [os.path.realpath(sys.executable), "-I", "-S", "-B", "-c", BEGIN, seen, *self.site]
        if self.level == "unsafe":
            return python
        if self.level == "container":
            user = next(self.users)
            os.chown(private, user, user)
            return [*drop_to(user), *python]
        if not (bubblewrap := shutil.which("bwrap")):
            raise SandboxError(
                "bubblewrap is not here, which keeps submissions apart from this machine: take the "
                "system's package (apt install bubblewrap), or the container, or say --unsafe."
            )
        drop = drop_to(NOBODY) if os.geteuid() == 0 else []
        return [bubblewrap, *self.walls(room), "--", *drop, *python]

    def walls(self, room: Path) -> Iterator[str]:
        """Bubblewrap's arguments: what the process sees, and what covers what it must not see."""
        for own in ("net", "pid", "ipc", "uts", "cgroup-try"):
            yield f"--unshare-{own}"
        yield from ("--die-with-parent", "--new-session", "--hostname", "sandbox")
        seen = [Path(p) for p in ("/usr", "/lib", "/lib64", "/bin") if Path(p).exists()]
        for path in map(Path, (sys.base_prefix, *self.site)):
            if path.exists() and not any(path.is_relative_to(above) for above in seen):
                for parent in [*reversed(path.parents)][1:]:
                    yield from ("--perms", "0755", "--dir", str(parent))
                seen.append(path)
        for path in seen:
            yield from ("--ro-bind", str(path), str(path))
        for name in ("/etc/alternatives", "/etc/ld.so.cache"):  # where the system's libraries are
            yield from ("--ro-bind-try", name, name)
        for path in [*self.hidden, *(Path(site, "initbook").resolve() for site in self.site)]:
            for above in seen:  # under the name that it has inside, which may be a link's
                if path.exists() and path.is_relative_to(above.resolve()):
                    cover = str(above / path.relative_to(above.resolve()))
                    if path.is_dir():
                        yield from ("--perms", "0755", "--tmpfs", cover, "--remount-ro", cover)
                    else:
                        yield from ("--ro-bind", os.devnull, cover)
        yield from ("--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev")
        yield from ("--perms", "0755", "--dir", ROOM, "--ro-bind", str(room), ROOM)
        yield from ("--size", str(16 << 20), "--perms", "1777", "--tmpfs", "/tmp")
        yield from ("--remount-ro", "/", "--chdir", "/tmp")


ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
}  # no thread can be started inside

PROBE = b"""
def probe(paths):
    return [bytes_of(path) for path in paths]

def bytes_of(path):
    try:
        return len(open(path, "rb").read(1))
    except OSError:
        return 0
"""


def a_file_of(path: Path) -> Path | None:
    """The path itself, or some file below it, that is not empty."""
    files = (path,) if path.is_file() else path.rglob("*")
    return next((file for file in files if file.is_file() and file.stat().st_size), None)


def drop_to(user: int) -> list[str]:
    """The command that gives up root's rights for good."""
    if not shutil.which("setpriv"):
        raise SandboxError("setpriv is not here, which drops root's rights; it is in util-linux.")
    ids = ("--reuid", str(user), "--regid", str(user), "--clear-groups")
    return ["setpriv", *ids, "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]


def fill_room(room: Path, library: bool) -> None:
    """A folder with all that stands beside a submission: our runner, and of initbook what it may
    call."""
    hidden = shutil.ignore_patterns(*NEVER_INSIDE)
    if library:
        shutil.copytree(PACKAGE, room / "initbook", ignore=hidden)
    else:
        (room / "initbook").mkdir(parents=True)
        for name in ("__init__.py", "real_numbers.py"):
            shutil.copy(PACKAGE / name, room / "initbook")
    shutil.copytree(PACKAGE / "grading" / "inside", room / "inside", ignore=hidden)
    for path in [room, *room.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


def listen(process: subprocess.Popen[bytes], seconds: float) -> Outcome | None:
    """What the process says, no longer and no more than it may; None where it never began."""
    assert process.stdout
    outcome, total, late = Outcome(), 0, threading.Event()
    stages = {"": TO_LOAD, "begun": seconds, "read": TO_LOAD, "ready": seconds, "done": seconds}
    stage, *ahead = stages  # each with the time that it may take

    def stop() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(stages[stage], stop)
    timer.start()
    while total < OUTPUT and (line := process.stdout.readline(OUTPUT - total)):
        total += len(line)
        event = parse(line)
        outcome.after(event)
        if event.get("stage") in ahead:  # never back: that would give more time
            stage = event["stage"]
            ahead = ahead[ahead.index(stage) + 1 :]
            if stage == "done":
                break
            timer.cancel()
            timer = threading.Timer(stages[stage], stop)
            timer.start()
    timer.cancel()
    if stage == "":
        return None
    if total >= OUTPUT:
        outcome.ended = "wrote more than is read"
    elif late.is_set():
        outcome.ended = {
            "begun": "stands in a file that takes too long to read",
            "read": "needs modules that take too long to load",
        }.get(stage, f"did not end within {seconds:g} s")
    elif stage != "done":
        outcome.ended = "ended its own process without an answer"
    return outcome


def parse(line: bytes) -> dict[str, Any]:
    """One thing that the process said; nothing where it is no such thing."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}
