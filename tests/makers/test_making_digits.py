"""The embedded digits are a fixed, even part of MNIST's."""

import gzip
import os
from pathlib import Path

import numpy as np

from initbook import digits
from makers.digits import EACH_CLASS, as_idx, make_subset

REAL_MNIST = os.environ.get("INITBOOK_MNIST")


def test_the_subset_is_every_class_spread_evenly_over_the_file(monkeypatch):
    monkeypatch.setitem(EACH_CLASS, "train", 2)
    monkeypatch.setitem(EACH_CLASS, "t10k", 1)
    labels = np.array([0, 0, 1, 0, 1, 1, 0], np.uint8)
    images = np.arange(7 * 4, dtype=np.uint8).reshape(7, 2, 2)
    packed = {"labels-idx1": labels, "images-idx3": images}
    originals = {
        f"{part}-{kind}": as_idx(array) for part in EACH_CLASS for kind, array in packed.items()
    }
    subset = {name: digits.read_idx(data) for name, data in make_subset(originals).items()}
    for part, kept in {"train": [0, 2, 3, 4], "t10k": [0, 2]}.items():
        np.testing.assert_array_equal(subset[f"{part}-labels-idx1"], labels[kept])
        np.testing.assert_array_equal(subset[f"{part}-images-idx3"], images[kept])


def test_the_embedded_digits_are_those_of_mnist_where_this_machine_has_it():
    folder = Path(digits.__file__).parent / "data/digits"
    embedded, missing, faulty = digits._read_folder(folder, digits.SUBSET)
    assert not missing and not faulty
    if REAL_MNIST:
        originals, missing, faulty = digits._read_folder(Path(REAL_MNIST), digits.FULL)
        assert not missing and not faulty
        subset = make_subset({name: gzip.decompress(data) for name, data in originals.items()})
        assert subset == {name: gzip.decompress(data) for name, data in embedded.items()}
