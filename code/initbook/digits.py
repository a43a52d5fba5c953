"""MNIST's handwritten digits, from a folder, the cache, a mirror, or the package itself."""

import gzip
import hashlib
import io
import math
import os
import tempfile
import threading
import time
import uuid
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import numpy as np
import pooch
from numpy.typing import NDArray

from initbook.arguments import check_choice

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable  # Python ≥ 3.11

Scaling = Literal["unit", "standardized"]
Pixels = NDArray[np.float32]
Labels = NDArray[np.int64]
Files = dict[str, bytes]  # the verified files, by their names in FULL

# SHA-256 of NAME-ubyte.gz, smallest file first: a dead mirror is then found out cheaply.
FULL = {
    "t10k-labels-idx1": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    "train-labels-idx1": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "train-images-idx3": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
}
SUBSET = {
    "t10k-labels-idx1": "813e644cd3acd02cb1e549d04038b0412c0e0765ff070daffc3b3ed0537973ed",
    "train-labels-idx1": "f01b28d217c91b0773e2020a5e88e5b89c9a4d0dc28c473f94eddefa8838a0b7",
    "t10k-images-idx3": "c356e63d7cab82574e108bfb2591e6f305985cbe120ab4dadba4860d45ca9ec6",
    "train-images-idx3": "979a36259613f4c23c442a9bec3cbba732fcc07e97d87f3e7492d34a0bc05f24",
}
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
# A mirror is left when it has sent next to nothing by ANSWER_S (looking up its name included),
# pauses for SILENCE_S, takes longer than FILE_S for one file, or sends more than MAX_BYTES.
ANSWER_S = 3.0
SILENCE_S = 10.0
FILE_S = 60.0
MAX_BYTES = 16 * 2**20


@dataclass(frozen=True, eq=False)
class Digits:
    """Training and test digits as arrays, and where they came from.

    `X_train` and `X_test` are float32 arrays, (digits, 784), with one image of 28 × 28 pixels a
    row, row by row from the top left. With the scaling "unit" a pixel runs from 0 (paper) to 1
    (ink). With "standardized" the training pixels have mean 0 and standard deviation 1, and the
    test pixels were moved by the same two numbers. `y_train` and `y_test`, int64, (digits,), hold
    the digit that each row shows, 0 to 9. `name` is "full" or "subset", `source` a phrase such as
    "the embedded subset (10,000 + 2,000 MNIST digits)", `scaling` "unit" or "standardized".
    """

    X_train: Pixels = field(repr=False)
    y_train: Labels = field(repr=False)
    X_test: Pixels = field(repr=False)
    y_test: Labels = field(repr=False)
    name: str
    source: str
    scaling: Scaling


def load_digits(scaling: Scaling = "unit") -> Digits:
    """Return MNIST's digits from the first of four sources that has them unharmed.

    The sources, in order: the folder that the environment variable INITBOOK_MNIST names, the
    cache, two public mirrors, and the subset inside the package. The first three hold all
    60,000 + 10,000 digits. Every file is checked against its SHA-256 at every call; one that
    fails is passed over with a warning of one sentence, so a wrong array is never returned.
    INITBOOK_OFFLINE=1 leaves out the mirrors (so do true, yes and on; 0, false, no, off and nothing
    do not), INITBOOK_CACHE=DIR moves the cache, and a ~ in a folder is the user's home.

    With the `scaling` "unit" pixels p lie in [0, 1]; "standardized" makes them (p − m)/s, with the
    mean m and the standard deviation s of all training pixels.

    Raises ValueError for another scaling or another INITBOOK_OFFLINE, RuntimeError where the
    installed package is damaged and no other source is left. Source: LeCun, Cortes and Burges, the
    MNIST database. Chapter 11.

    >>> digits = load_digits()
    >>> digits.X_train.shape[1], digits.X_train.dtype.name
    (784, 'float32')
    >>> float(digits.X_train.min()), float(digits.X_train.max())
    (0.0, 1.0)
    """
    check_choice("scaling", scaling, ("unit", "standardized"))
    name, source, files = _find_files(_offline())
    arrays = {file: read_idx(gzip.decompress(data)) for file, data in files.items()}
    X_train = _as_rows(arrays["train-images-idx3"])
    X_test = _as_rows(arrays["t10k-images-idx3"])
    if scaling == "standardized":
        mean, std = _moments(X_train)
        for X in (X_train, X_test):
            X -= mean
            X /= std
    return Digits(
        X_train=X_train,
        y_train=arrays["train-labels-idx1"].astype(np.int64),
        X_test=X_test,
        y_test=arrays["t10k-labels-idx1"].astype(np.int64),
        name=name,
        source=source.format(f"{len(X_train):,} + {len(X_test):,}"),
        scaling=scaling,
    )


def embedded_images() -> dict[str, NDArray[np.uint8]]:
    """Return the images and labels of the subset inside the package, whatever else is here.

    The keys are "train-images", "train-labels", "t10k-images" and "t10k-labels"; images have the
    shape (digits, 28, 28), with 0 for paper and 255 for ink, labels (digits,). Raises RuntimeError
    where the installed package is damaged. Source: the MNIST database. Chapter 11's widget.

    >>> embedded_images()["t10k-images"].shape
    (2000, 28, 28)
    """
    files = _embedded_files()
    return {name[:-5]: read_idx(gzip.decompress(data)) for name, data in files.items()}


def digits_source_key() -> str:
    """Return a short name for the digits that this machine already has.

    It is "full:" or "subset:" and eight hexadecimal digits of the files' SHA-256, and changes
    when `load_digits` would return other digits: a key for stored results. It reads but never
    downloads. Where neither INITBOOK_MNIST nor the cache has all of MNIST it says "subset", even
    if the mirrors can be reached; once `load_digits` has downloaded and cached, it says "full".

    Source: this package. Chapter 11.

    >>> digits_source_key().split(":")[0] in ("full", "subset")
    True
    """
    folders = [folder for folder in (_named_folder(), _cache_folder()) if folder]
    full = any(len(_read_folder(folder, FULL)[0]) == len(FULL) for folder in folders)
    name, hashes = ("full", FULL) if full else ("subset", SUBSET)
    return f"{name}:{hashlib.sha256(''.join(hashes.values()).encode()).hexdigest()[:8]}"


def read_idx(data: bytes) -> NDArray[np.uint8]:
    """Return the uint8 array that the bytes of an IDX file hold, a copy that can be written to.

    The file is 00 00 08 (unsigned bytes) and the number of axes, the length of each axis as a
    big-endian 32-bit integer, then the values, last axis fastest.

    Raises ValueError where the first four bytes are others, or there are more or fewer values than
    the axes say. Source: LeCun, Cortes and Burges, the MNIST database. Chapter 11.

    >>> read_idx(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9])).tolist()
    [7, 0, 9]
    """
    axes = data[3] if len(data) > 3 else 0
    if data[:3] != b"\x00\x00\x08" or axes not in (1, 2, 3):
        raise ValueError(
            f"An IDX file starts with 00 00 08 and 01, 02 or 03, got {data[:4].hex(' ')}."
        )
    header = 4 + 4 * axes
    shape = tuple(int.from_bytes(data[i : i + 4], "big") for i in range(4, header, 4))
    if len(data) != header + math.prod(shape):
        raise ValueError(
            f"An IDX file of shape {shape} has {header + math.prod(shape):,} bytes, "
            f"got {len(data):,}."
        )
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape).copy()


def _as_rows(images: NDArray[np.uint8]) -> Pixels:
    X = images.reshape(len(images), -1).astype(np.float32)
    X /= 255
    return X


def _moments(X: Pixels) -> tuple[np.float32, np.float32]:
    # Row by row: X.std() would hold a second array as large as X, in float64 twice as large.
    mean = X.mean(axis=1, dtype=np.float64).mean()
    second_moment = np.einsum("ij,ij->i", X, X).mean(dtype=np.float64) / X.shape[1]
    return np.float32(mean), np.float32(math.sqrt(second_moment - mean**2))


def _find_files(offline: bool) -> tuple[str, str, Files]:
    """Return the name, the source and the verified files of the first source that has them all."""
    folder = _named_folder()
    if folder:
        files, missing, faulty = _read_folder(folder, FULL)
        if len(files) == len(FULL):
            return "full", "the full MNIST ({} digits, from the folder INITBOOK_MNIST)", files
        warnings.warn(f"INITBOOK_MNIST is passed over: {(faulty + missing)[0]}.", stacklevel=3)
    files, missing, faulty = _read_folder(_cache_folder(), FULL)
    if faulty:
        warnings.warn(f"The cache is not used as it is: {faulty[0]}.", stacklevel=3)
    if len(files) == len(FULL):
        return "full", "the full MNIST ({} digits, from the cache)", files
    if not offline:
        files |= _download([name for name in FULL if name not in files])
        if len(files) == len(FULL):
            return "full", "the full MNIST ({} digits, downloaded)", files
    return "subset", "the embedded subset ({} MNIST digits)", _embedded_files()


def _embedded_files() -> Files:
    files, missing, faulty = _read_folder(resources.files("initbook") / "data/digits", SUBSET)
    if len(files) < len(SUBSET):
        raise RuntimeError(f"initbook must be installed again: {(faulty + missing)[0]}.")
    return files


def _offline() -> bool:
    said = os.environ.get("INITBOOK_OFFLINE", "").strip().lower()
    offline, online = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")
    check_choice("INITBOOK_OFFLINE", said, (*offline, *online))
    return said in offline


def _named_folder() -> Path | None:
    folder = os.environ.get("INITBOOK_MNIST")
    return _absolute(folder) if folder else None


def _absolute(folder: str) -> Path:
    return Path(os.path.expanduser(folder)).absolute()


def _cache_folder() -> Path:
    folder = os.environ.get("INITBOOK_CACHE")
    if not folder:
        try:
            folder = pooch.os_cache("initbook")
        except RuntimeError:  # a user without a home folder, as in some containers
            folder = os.path.join(tempfile.gettempdir(), "initbook")
    return _absolute(folder) / "mnist"


def _read_folder(
    folder: "Path | Traversable", hashes: Mapping[str, str]
) -> tuple[Files, list[str], list[str]]:
    """Return the files with the right SHA-256, and sentences on the missing and the faulty."""
    files: Files = {}
    missing: list[str] = []
    faulty: list[str] = []
    for name, sha256 in hashes.items():
        path = folder / f"{name}-ubyte.gz"
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            missing.append(f"{path} is missing")
        except OSError as error:
            faulty.append(f"{path} cannot be read ({error.strerror})")
        else:
            if hashlib.sha256(data).hexdigest() == sha256:
                files[name] = data
            else:
                faulty.append(f"{path} is damaged or another file (its SHA-256 is wrong)")
    return files, missing, faulty


def _download(names: Sequence[str]) -> Files:
    """Return the verified files that the mirrors send, and cache them.

    The first failure of a mirror is its last, so that the wait is bounded for all files together.
    """
    mirrors, unkept = list(MIRRORS), None
    files: Files = {}
    faults: list[str] = []
    for name in names:
        while mirrors and name not in files:
            try:
                files[name] = _fetch(mirrors[0], name)
            except _MirrorFault as fault:
                faults.append(f"{urlsplit(mirrors.pop(0)).netloc} {fault}")
            else:
                unkept = _keep(f"{name}-ubyte.gz", files[name]) or unkept
    if faults:
        remedy = "another mirror" if len(files) == len(names) else "the embedded subset"
        warnings.warn(
            f"When asked for MNIST, {' and '.join(faults)}, so {remedy} is used.", stacklevel=4
        )
    if unkept:
        warnings.warn(
            f"The download is used but not kept: {_cache_folder()} cannot be written ({unkept}).",
            stacklevel=4,
        )
    return files


class _MirrorFault(Exception):
    """What a mirror did wrong, to be read after its name."""


class _Body(io.BytesIO):
    def write(self, chunk: Any) -> int:
        if self.tell() + len(chunk) > MAX_BYTES:
            raise _MirrorFault(f"sent more than {MAX_BYTES:,} bytes")
        return super().write(chunk)


def _fetch(mirror: str, name: str) -> bytes:
    """Return one verified file, read into memory: a killed download leaves nothing on disk."""
    body = _Body()
    errors: list[Exception] = []

    def read() -> None:
        downloader = pooch.HTTPDownloader(
            timeout=(ANSWER_S, SILENCE_S), chunk_size=4096, headers={"Accept-Encoding": "identity"}
        )
        try:
            downloader(f"{mirror}{name}-ubyte.gz", body, None)
        except Exception as error:
            errors.append(error)

    # Neither a name lookup nor a dripping server respects a timeout; a thread can be left behind.
    start = time.monotonic()
    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(ANSWER_S)
    if thread.is_alive() and body.tell():
        thread.join(FILE_S - ANSWER_S)
    if thread.is_alive():
        size = body.tell()
        body.close()  # the thread's next write fails and ends it
        raise _MirrorFault(f"sent {size:,} bytes in {time.monotonic() - start:.0f} s")
    if errors:
        raise _MirrorFault(_reason(errors[0]))
    if hashlib.sha256(body.getvalue()).hexdigest() != FULL[name]:
        raise _MirrorFault(f"sent a wrong file for {name}-ubyte.gz")
    return body.getvalue()


def _reason(error: Exception) -> str:
    if isinstance(error, _MirrorFault):
        return str(error)
    status = getattr(getattr(error, "response", None), "status_code", None)
    return f"answered {status}" if status else f"could not be read ({type(error).__name__})"


def _keep(file: str, data: bytes) -> str | None:
    """Put a file into the cache in one step; return why not where that fails."""
    path = _cache_folder() / file
    part = path.with_name(f"{file}.{uuid.uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        return error.strerror
    return None


if __name__ == "__main__":
    digits = load_digits()
    print(f"{digits.source}, key {digits_source_key()}")
    print("training digits of each class:", *np.bincount(digits.y_train))
    print("test digits of each class:", *np.bincount(digits.y_test))
