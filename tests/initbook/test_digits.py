"""load_digits never returns a wrong array, whatever happens on the way to a right one.

The mirrors are servers on the loopback, and MNIST is four small files of random digits.
"""

import gzip
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest

import mnist_server as on_loopback
from initbook import digits
from mnist_server import Mirror, good

CHILD = """
import hashlib, json, os, signal, sys
from pathlib import Path
from initbook import digits
digits.MIRRORS, digits.FULL = sys.argv[1:2], json.loads(sys.argv[2])
digits.ANSWER_S = digits.SILENCE_S = 60
if sys.argv[3:] == ["killed before its file has its name"]:
    Path.replace = lambda part, path: os.kill(os.getpid(), signal.SIGKILL)
loaded = digits.load_digits()
arrays = loaded.X_train, loaded.y_train, loaded.X_test, loaded.y_test
print(loaded.name, hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest())
"""


def pack(array):
    axes = b"".join(length.to_bytes(4, "big") for length in array.shape)
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + axes + array.tobytes())


@pytest.fixture
def small(monkeypatch, tmp_path):
    """Small arrays in place of MNIST's, as a dict with its packed `files`; an empty cache."""
    rng = np.random.default_rng(1)
    arrays = {}
    for part, count in {"t10k": 10, "train": 20}.items():
        arrays[f"{part}-labels-idx1"] = rng.permutation(count).astype(np.uint8) % 10
        arrays[f"{part}-images-idx3"] = rng.integers(0, 256, (count, 28, 28), np.uint8)
    files = {f"{name}-ubyte.gz": pack(arrays[name]) for name in digits.FULL}
    hashes = {n: hashlib.sha256(files[f"{n}-ubyte.gz"]).hexdigest() for n in digits.FULL}
    monkeypatch.setattr(digits, "FULL", hashes)
    monkeypatch.setattr(digits, "ANSWER_S", 1.5)
    monkeypatch.setattr(digits, "SILENCE_S", 0.5)
    monkeypatch.setattr(digits, "FILE_S", 2.0)
    monkeypatch.setattr(digits, "MAX_BYTES", 2**20)
    monkeypatch.setattr(digits, "MIRRORS", ())
    for name in ("INITBOOK_MNIST", "INITBOOK_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("INITBOOK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return arrays | {"files": files}


@pytest.fixture
def start(small):
    """Start a mirror with the behavior given; all stop at the end."""
    running = []

    def start(answer):
        running.append(Mirror(small["files"], answer).__enter__())
        return running[-1]

    yield start
    for mirror in running:
        mirror.__exit__()


def assert_right(loaded, small):
    assert loaded.name == "full"
    for part, X, y in (
        ("train", loaded.X_train, loaded.y_train),
        ("t10k", loaded.X_test, loaded.y_test),
    ):
        images, labels = small[f"{part}-images-idx3"], small[f"{part}-labels-idx1"]
        assert X.dtype == np.float32 and y.dtype == np.int64
        np.testing.assert_array_equal(np.rint(X * 255), images.reshape(len(images), 784))
        np.testing.assert_array_equal(y, labels)


def assert_embedded(loaded):
    assert loaded.name == "subset"
    assert loaded.X_train.shape == (10_000, 784) and loaded.X_test.shape == (2_000, 784)


def cached():
    """What the cache holds, by name."""
    folder = Path(os.environ["INITBOOK_CACHE"]) / "mnist"
    return {path.name: path.read_bytes() for path in folder.glob("*")}


def load_with_one_sentence(*parts):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        loaded = digits.load_digits()
    assert len(said) == 1
    sentence = str(said[0].message)
    assert all(part in sentence for part in parts), sentence
    assert sentence.endswith(".") and "\n" not in sentence
    assert said[0].filename == __file__  # it points at the line that asked for digits
    return loaded


@pytest.fixture(autouse=True)
def unexpected_warnings_fail():
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        yield


def test_a_mirror_fills_the_cache_and_is_not_asked_again(small, start, monkeypatch):
    server = start(good)
    monkeypatch.setattr(digits, "MIRRORS", (server.url,))
    first = digits.load_digits()
    assert_right(first, small)
    assert first.source == "the full MNIST (20 + 10 digits, downloaded)"
    assert cached() == small["files"]
    second = digits.load_digits()
    assert_right(second, small)
    assert second.source == "the full MNIST (20 + 10 digits, from the cache)"
    assert set(server.asked.values()) == {1}


@pytest.mark.parametrize("fault", on_loopback.FAULTS, ids=lambda fault: fault.__name__)
def test_a_faulty_mirror_is_left_for_the_next_and_for_the_subset(fault, small, start, monkeypatch):
    faulty = start(fault)
    monkeypatch.setattr(digits, "MIRRORS", (faulty.url,))
    host = faulty.url.split("/")[2]
    said = on_loopback.FAULTS[fault]
    assert_embedded(load_with_one_sentence(f"{host} ", said, "so the embedded subset is used"))
    assert faulty.asked.total() == 1 or fault is on_loopback.trickling  # its small files arrive
    assert cached().items() <= small["files"].items()

    monkeypatch.setattr(digits, "MIRRORS", (faulty.url, start(good).url))
    assert_right(load_with_one_sentence(f"{host} ", said, "so another mirror is used"), small)
    assert cached() == small["files"]


def test_a_closed_port_and_a_name_lookup_that_hangs(small, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    monkeypatch.setattr(digits, "MIRRORS", (f"http://127.0.0.1:{port}/",))
    assert_embedded(load_with_one_sentence("ConnectionError"))

    forever = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: forever.wait(30))
    monkeypatch.setattr(digits, "MIRRORS", ("http://mirror.invalid/",))
    assert_embedded(load_with_one_sentence("mirror.invalid sent 0 bytes in"))
    forever.set()


def test_public_mirrors_are_asked_over_https():
    assert len(digits.MIRRORS) == 2
    assert all(url.startswith("https://") and url.endswith("/") for url in digits.MIRRORS)


def test_offline_asks_nobody_and_warns_of_nothing(small, start, monkeypatch):
    server = start(good)
    monkeypatch.setattr(digits, "MIRRORS", (server.url,))
    monkeypatch.setenv("INITBOOK_OFFLINE", "1")
    assert_embedded(digits.load_digits())
    assert not server.asked


@pytest.mark.parametrize("said", ["1", "true", "Yes", " on "])
def test_offline_can_be_said_in_words(said, small, start, monkeypatch):
    server = start(good)
    monkeypatch.setattr(digits, "MIRRORS", (server.url,))
    monkeypatch.setenv("INITBOOK_OFFLINE", said)
    assert_embedded(digits.load_digits())
    assert not server.asked


@pytest.mark.parametrize("said", ["0", "false", "No", "off", ""])
def test_and_so_can_online(said, small, start, monkeypatch):
    monkeypatch.setattr(digits, "MIRRORS", (start(good).url,))
    monkeypatch.setenv("INITBOOK_OFFLINE", said)
    assert_right(digits.load_digits(), small)


def test_an_unclear_offline_is_said_whatever_the_cache_holds(small, start, monkeypatch):
    monkeypatch.setattr(digits, "MIRRORS", (start(good).url,))
    digits.load_digits()
    monkeypatch.setenv("INITBOOK_OFFLINE", "maybe")
    with pytest.raises(ValueError, match="INITBOOK_OFFLINE is 'maybe'; allowed are '1', 'true'"):
        digits.load_digits()


@pytest.mark.parametrize("variable", ["INITBOOK_CACHE", "INITBOOK_MNIST"])
def test_a_tilde_is_the_users_home(variable, small, start, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(variable, "~/digits")
    if variable == "INITBOOK_CACHE":
        monkeypatch.setattr(digits, "MIRRORS", (start(good).url,))
        digits.load_digits()
        folder = tmp_path / "digits" / "mnist"
        assert {path.name for path in folder.iterdir()} == set(small["files"])
    else:
        (tmp_path / "digits").mkdir()
        for name, data in small["files"].items():
            (tmp_path / "digits" / name).write_bytes(data)
    assert_right(digits.load_digits(), small)
    assert not (tmp_path / "~").exists()


@pytest.mark.parametrize("harm", ["truncated", "another file"])
def test_a_harmed_cache_is_mended_and_never_trusted(harm, small, start, monkeypatch):
    monkeypatch.setattr(digits, "MIRRORS", (start(good).url,))
    digits.load_digits()
    path = Path(os.environ["INITBOOK_CACHE"]) / "mnist/train-images-idx3-ubyte.gz"
    if harm == "truncated":
        path.write_bytes(path.read_bytes()[:-100])
    else:
        path.write_bytes(pack(np.zeros((20, 28, 28), np.uint8)))
    monkeypatch.setenv("INITBOOK_OFFLINE", "1")
    assert_embedded(load_with_one_sentence("train-images-idx3-ubyte.gz is damaged"))
    monkeypatch.delenv("INITBOOK_OFFLINE")
    assert_right(load_with_one_sentence("train-images-idx3-ubyte.gz is damaged"), small)
    assert cached() == small["files"]
    assert digits.load_digits().source.endswith("from the cache)")


@pytest.fixture
def read_only_folder():
    """A folder that may be read and not written, without root's privilege to write all the same."""
    with tempfile.TemporaryDirectory() as outer:
        Path(outer).chmod(0o755)
        folder = Path(outer, "cache")
        folder.mkdir(mode=0o555)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        yield folder
        if root:
            os.seteuid(0)
        folder.chmod(0o755)


def test_a_read_only_cache_costs_a_sentence(small, start, monkeypatch, request):
    monkeypatch.setattr(digits, "MIRRORS", (start(good).url,))
    digits.load_digits()  # imports all it needs while every folder can still be read
    folder = request.getfixturevalue("read_only_folder")
    monkeypatch.setenv("INITBOOK_CACHE", str(folder))
    assert_right(load_with_one_sentence("used but not kept", "Permission denied"), small)
    assert not list(folder.iterdir())


def test_a_file_in_the_place_of_the_cache_costs_two_sentences(small, start, monkeypatch, tmp_path):
    (tmp_path / "cache").write_text("not a folder")
    monkeypatch.setattr(digits, "MIRRORS", (start(good).url,))
    with pytest.warns(UserWarning) as said:
        assert_right(digits.load_digits(), small)
    assert "not used as it is" in str(said[0].message)
    assert "not kept" in str(said[1].message)
    assert (tmp_path / "cache").read_text() == "not a folder"


def test_a_user_without_a_home_has_a_cache_in_the_temporary_folder(
    small, start, monkeypatch, tmp_path
):
    def os_cache(project):
        raise RuntimeError("could not determine the home directory")

    monkeypatch.delenv("INITBOOK_CACHE")
    monkeypatch.setattr(digits.pooch, "os_cache", os_cache)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(digits, "MIRRORS", (start(good).url,))
    assert_right(digits.load_digits(), small)
    assert digits.load_digits().source.endswith("from the cache)")
    assert (tmp_path / "initbook/mnist/train-images-idx3-ubyte.gz").exists()


def child(server, *arguments):
    command = [sys.executable, "-c", CHILD, server.url, json.dumps(digits.FULL), *arguments]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def test_four_processes_at_once_all_get_the_same_digits(small, start):
    meeting = threading.Barrier(4, timeout=60)

    def all_together(client, mirror, data):
        meeting.wait()
        good(client, mirror, data)

    server = start(all_together)
    processes = [child(server) for _ in range(4)]
    printed = {process.communicate(timeout=60)[0] for process in processes}
    assert len(printed) == 1 and printed.pop().startswith("full ")
    assert set(server.asked.values()) == {4}
    assert cached() == small["files"]
    assert_right(digits.load_digits(), small)


def test_a_kill_in_mid_download_leaves_nothing_behind(small, start, monkeypatch):
    server = start(on_loopback.stalled)
    process = child(server)
    assert server.half_sent.wait(60)
    process.kill()
    assert process.wait(60) == -signal.SIGKILL
    assert not cached()
    server.answer = good
    monkeypatch.setattr(digits, "MIRRORS", (server.url,))
    assert_right(digits.load_digits(), small)


def test_a_kill_in_mid_write_leaves_nothing_that_is_trusted(small, start, monkeypatch):
    server = start(good)
    process = child(server, "killed before its file has its name")
    assert process.wait(60) == -signal.SIGKILL
    (leftover,) = cached()
    assert leftover.endswith(".part")
    monkeypatch.setattr(digits, "MIRRORS", (server.url,))
    assert_right(digits.load_digits(), small)
    assert cached().items() >= small["files"].items()


def test_a_named_folder_comes_first_and_only_whole(small, monkeypatch, tmp_path):
    folder = tmp_path / "mnist"
    monkeypatch.setenv("INITBOOK_MNIST", str(folder))
    assert_embedded(load_with_one_sentence("INITBOOK_MNIST", str(folder), "is missing"))
    folder.mkdir()
    for name, data in small["files"].items():
        (folder / name).write_bytes(data)
    loaded = digits.load_digits()
    assert_right(loaded, small)
    assert loaded.source == "the full MNIST (20 + 10 digits, from the folder INITBOOK_MNIST)"
    (folder / "t10k-images-idx3-ubyte.gz").write_bytes(b"<html>")
    assert_embedded(load_with_one_sentence("t10k-images-idx3-ubyte.gz is damaged"))


def test_the_source_key_follows_the_digits_on_this_machine(small, start, monkeypatch):
    server = start(good)
    monkeypatch.setattr(digits, "MIRRORS", (server.url,))
    subset = digits.digits_source_key()
    assert subset.startswith("subset:") and not server.asked
    digits.load_digits()
    full = digits.digits_source_key()
    assert full.startswith("full:")
    (Path(os.environ["INITBOOK_CACHE"]) / "mnist/train-labels-idx1-ubyte.gz").write_bytes(b"")
    assert digits.digits_source_key() == subset
    monkeypatch.setattr(digits, "SUBSET", dict.fromkeys(digits.SUBSET, "0" * 64))
    assert digits.digits_source_key() not in (subset, full)


def test_the_embedded_digits_are_balanced_and_stated_as_they_are(small):
    loaded = digits.load_digits()
    assert loaded.source == "the embedded subset (10,000 + 2,000 MNIST digits)"
    for X, y, each in ((loaded.X_train, loaded.y_train, 1000), (loaded.X_test, loaded.y_test, 200)):
        assert X.shape == (10 * each, 784) and X.dtype == np.float32
        assert X.min() == 0 and X.max() == 1
        assert y.shape == (10 * each,) and y.dtype == np.int64
        np.testing.assert_array_equal(np.bincount(y), each)


def test_a_damaged_package_is_said_and_nothing_returned(small, monkeypatch):
    monkeypatch.setattr(digits, "SUBSET", digits.SUBSET | {"train-labels-idx1": "0" * 64})
    with pytest.raises(RuntimeError, match="installed again: .*train-labels.* is damaged"):
        digits.load_digits()


def test_standardized_moves_both_sets_by_the_training_moments(small):
    unit, standardized = digits.load_digits(), digits.load_digits("standardized")
    mean, std = unit.X_train.astype(float).mean(), unit.X_train.astype(float).std()
    np.testing.assert_allclose(standardized.X_train, (unit.X_train - mean) / std, atol=1e-5)
    np.testing.assert_allclose(standardized.X_test, (unit.X_test - mean) / std, atol=1e-5)
    assert (unit.scaling, standardized.scaling) == ("unit", "standardized")
    with pytest.raises(ValueError, match="scaling is 'raw'; allowed are 'unit', 'standardized'"):
        digits.load_digits("raw")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "got ."),
        (b"\x1f\x8b\x08\x00", "got 1f 8b 08 00"),
        (b"\0\0\x0d\1\0\0\0\1\7", "got 00 00 0d 01"),
        (b"\0\0\x08\1\0\0", "got 6"),
        (b"\0\0\x08\1\0\0\0\2\7", r"shape \(2,\) has 10 bytes, got 9"),
        (b"\0\0\x08\1\0\0\0\2\7\7\7", r"shape \(2,\) has 10 bytes, got 11"),
        (b"\0\0\x08\3" + b"\xff" * 12, "got 16"),
    ],
)
def test_an_idx_file_must_be_what_its_header_says(data, message):
    with pytest.raises(ValueError, match=message):
        digits.read_idx(data)


def test_an_idx_files_array_can_be_written_to():
    data = b"\0\0\x08\1\0\0\0\2\7\7"
    array = digits.read_idx(data)
    array[0] = 9
    assert array.tolist() == [9, 7] and digits.read_idx(data).tolist() == [7, 7]
