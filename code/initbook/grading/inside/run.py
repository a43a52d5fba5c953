"""The process in the sandbox: one function of one submission, on the inputs that it is given.

It reads a line of JSON and the submission's bytes from its input, and writes a line of JSON for
each thing that it has to say. What comes out is believed by nobody: the process may be the
submission's own by then.
"""

import ast
import base64
import contextlib
import errno
import importlib
import json
import os
import re
import reprlib
import sys
import traceback
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from initbook.real_numbers import Array, as_real_numbers

from .submission import Missing, Refused, pieces_for

FUTURE = importlib.import_module("__future__").annotations.compiler_flag
SLOW_TO_LOAD = ("numpy", "scipy", "torch", "initbook")  # and loaded before the clock starts
FRAME = "submission"
SHOWN = (str, bytes, int, float, complex, list, tuple, dict, set, np.ndarray, np.generic)
ADDRESS = r"(0|\.\.)x[0-9a-f]{6,}"  # differs from one time to the next


def main() -> None:
    """Answer what the standard input asks for, on what was the standard output."""
    request = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    lines = os.fdopen(os.dup(1), "w", encoding="ascii")
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)

    def say(**event: Any) -> None:
        lines.write(json.dumps(event) + "\n")
        lines.flush()

    limit(**request["limits"])
    answer(request, content, say)


def answer(request: dict[str, Any], content: bytes, say: Callable[..., None]) -> None:
    """Say how far it is, for the clock outside, and what came of each input."""
    say(stage="begun")
    try:
        pieces = pieces_for(request["function"], request["kind"], content)
        say(stage="read")
        for piece in pieces:
            if piece.is_import:
                preload(piece.statement)
        say(stage="ready")
        sys.modules[FRAME] = types.ModuleType(FRAME)  # data classes look for their module
        namespace = sys.modules[FRAME].__dict__
        for piece in pieces:
            module = ast.Module([piece.statement], [])
            exec(compile(module, f"{FRAME} {piece.place}", "exec", flags=FUTURE), namespace)
    except Refused as refused:
        say(refused=f"the file {refused}", whole=not isinstance(refused, Missing))
    except BaseException as error:
        say(refused=f"what {request['function']} needs {describe(error)}")
    else:
        for case in request["cases"]:
            say(**outcome(namespace[request["function"]], case))
    say(stage="done")


def limit(memory: int, seconds: int) -> None:
    """No new process or thread, no byte into a file, and what a function may use at most."""
    with contextlib.suppress(ImportError):  # Windows has none
        import resource

        for kind, most in (
            (resource.RLIMIT_AS, memory),
            (resource.RLIMIT_CPU, seconds),
            (resource.RLIMIT_NPROC, 0),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_NOFILE, 64),
            (resource.RLIMIT_CORE, 0),
        ):
            with contextlib.suppress(ValueError, OSError):  # the system allows even less
                resource.setrlimit(kind, (most, most))


def preload(statement: Any) -> None:
    """import what is slow to load and can be trusted; what fails will fail again, and be said."""
    name = getattr(statement, "module", None) or statement.names[0].name
    if name.partition(".")[0] in SLOW_TO_LOAD:
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def outcome(function: Any, case: dict[str, Any]) -> dict[str, Any]:
    """A value as plain numbers, or a sentence's end that says what happened instead."""
    try:
        value = function(**decode(case))
        numbers = as_real_numbers(value)
        if numbers is not None:
            return {"value": encode(numbers)}
        if value is None:
            return {"said": "returned None; a return statement may be missing"}
        if type(value) is int:
            return {"said": "returned a whole number that is too large for float64"}
        return {"said": f"returned {shortly(value)}, which is no number or array"}
    except BaseException as error:
        return {"said": describe(error)}


def describe(error: BaseException) -> str:
    """What was raised, and in which of the submission's own lines."""
    try:
        if isinstance(error, NotImplementedError):
            return "is not written yet"
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if frame.filename.startswith(FRAME)]
        place = f"{own[-1].filename[len(FRAME) :]} line {own[-1].lineno}".strip() if own else ""
        return in_words(error) + f" ({place})" * bool(place)
    except BaseException:  # an error class of the submission's own
        return "raised an error that can't be described"


def in_words(error: BaseException) -> str:
    """The error; where a wall of the sandbox is behind it, what was tried."""
    if isinstance(error, BlockingIOError) or "can't start new thread" in str(error):
        return "started a process or a thread, which is not possible here"
    if isinstance(error, MemoryError):
        return "asked for more memory than it may have"
    if getattr(error, "errno", None) == errno.ENETUNREACH or type(error).__name__ == "gaierror":
        return "asked for the network, which is not there"
    if isinstance(error, OSError) and error.errno in (errno.EFBIG, errno.EROFS):
        return "wrote to a file, which is not possible here"
    if isinstance(error, ImportError) and str(error.name).startswith("initbook"):
        return f"imports from {error.name} what is not there when work is marked"
    words = " ".join(f"{type(error).__name__}: {error}".removesuffix(": ").split())[:200]
    words = re.sub(ADDRESS, "0x…", words)
    if isinstance(error, NameError):
        words += "; outside of it only imports, functions, classes and constants are taken"
    return f"raised {words}"


def shortly(value: Any) -> str:
    try:
        shown = " ".join(reprlib.repr(value).split())[:60]
        if isinstance(value, SHOWN) and not re.search(ADDRESS, shown):
            return shown
    except BaseException:  # an object of the submission's own, or a number with too many digits
        pass
    return f"an object of the type {type(value).__name__}"


def encode(value: Any) -> Any:
    """A value as JSON: an array by its type, shape and bytes, a list by its items."""
    if isinstance(value, np.ndarray):
        array = value.astype(float) if value.dtype.itemsize > 8 else value
        data = base64.b64encode(array.tobytes()).decode()
        return {"dtype": array.dtype.str, "shape": array.shape, "data": data}
    if isinstance(value, np.generic):
        return encode(np.asarray(value)) | {"scalar": True}
    if isinstance(value, dict):
        return {"items": {name: encode(item) for name, item in value.items()}}
    if isinstance(value, (list, tuple)):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [encode(item) for item in value]}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"an input is {shortly(value)}; allowed are numbers, text, arrays and lists.")


def decode(value: Any) -> Any:
    """The value that was encoded, anew at each call."""
    if not isinstance(value, dict):
        return value
    if "items" in value:
        return {name: decode(item) for name, item in value["items"].items()}
    if "list" in value:
        return [decode(item) for item in value["list"]]
    if "tuple" in value:
        return tuple(decode(item) for item in value["tuple"])
    array: Array = decode_array(value)
    return array[()] if value.get("scalar") else array


def decode_array(value: Any) -> Array:
    """An array of real numbers from its type, shape and bytes; ValueError where they don't fit."""
    if not re.fullmatch("[<>|][iufb][1248]", value["dtype"]):
        raise ValueError("not an array of plain numbers")
    dtype = np.dtype(value["dtype"])
    data = base64.b64decode(value["data"], validate=True)
    return np.frombuffer(data, dtype).reshape([int(n) for n in value["shape"]]).copy()
