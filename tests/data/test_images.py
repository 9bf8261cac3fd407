"""Images by their name: what they are, that they are that, and how they are cut into parts."""

import builtins
import gzip

import numpy
import pytest

from minigate.data import mnist, read_images
from minigate.errors import DataError, OptionError
from tests.data.test_idx import idx

RNG = numpy.random.default_rng(0)
FILES = {
    "train-images-idx3-ubyte": RNG.integers(0, 256, (24, 5, 6)),
    "train-labels-idx1-ubyte": RNG.integers(0, 10, 24),
    "t10k-images-idx3-ubyte": RNG.integers(0, 256, (7, 5, 6)),
    "t10k-labels-idx1-ubyte": RNG.integers(0, 10, 7),
}


def write(folder, changed=(), packed=True):
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in {**FILES, **dict(changed)}.items():
        if array is not None:
            path = folder / (f"{name}.gz" if packed else name)
            path.write_bytes(gzip.compress(idx(array)) if packed else idx(array))
    return folder


@pytest.mark.parametrize("packed", [True, False])
def test_the_four_files_of_mnist(tmp_path, packed):
    found = read_images("mnist", write(tmp_path, packed=packed))
    assert numpy.array_equal(found.train.pixels, FILES["train-images-idx3-ubyte"][:, None])
    assert found.train.pixels.dtype == "uint8" and found.test.labels.dtype == "int64"
    assert found.test.labels.tolist() == FILES["t10k-labels-idx1-ubyte"].tolist()
    assert (found.largest, found.classes, found.held_out) == (255, tuple("0123456789"), 2)
    assert found.name == "images like mnist"
    assert found.description == f"24 + 7 images of 5×6 in MNIST's format, in {tmp_path}: not MNIST, by their checksum"


def test_the_parts_are_the_whole_and_in_order(tmp_path):
    found = read_images("mnist", write(tmp_path))
    train, valid, test = (found.part(name) for name in ("train", "valid", "test"))
    assert (len(train), len(valid), len(test)) == (22, 2, 7)
    assert numpy.array_equal(numpy.concatenate([train.labels, valid.labels]), found.train.labels)
    assert numpy.array_equal(valid.pixels, found.train.pixels[-2:])
    with pytest.raises(OptionError, match=r"no such part: expected train \| valid \| test, got 'all'"):
        found.part("all")


def test_what_minigate_has_fetched_is_mnist_or_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIGATE_HOME", str(tmp_path))
    with pytest.raises(DataError, match=r"no train-images-idx3-ubyte.gz[\s\S]*type: minigate data fetch mnist"):
        read_images("mnist")
    write(tmp_path / "data" / "mnist")
    with pytest.raises(DataError, match=r"not MNIST's images[\s\S]*minigate data fetch mnist --force"):
        read_images("mnist")
    monkeypatch.setattr(mnist, "SHA256", read_images("mnist", tmp_path / "data" / "mnist").sha256)
    found = read_images("mnist")
    assert (found.name, found.description) == ("mnist", "MNIST, 24 + 7 images of 5×6, checksum confirmed")


def test_the_checksum_is_of_what_is_in_the_files(tmp_path):
    one, other = write(tmp_path / "one"), write(tmp_path / "other", packed=False)
    assert read_images("mnist", one).sha256 == read_images("mnist", other).sha256
    labels = FILES["t10k-labels-idx1-ubyte"][::-1]
    changed = write(tmp_path / "changed", {"t10k-labels-idx1-ubyte": labels})
    assert read_images("mnist", one).sha256 != read_images("mnist", changed).sha256


@pytest.mark.parametrize("changed, words", [
    ({"t10k-labels-idx1-ubyte": None}, ["there is no t10k-labels-idx1-ubyte.gz", "--folder"]),
    ({"t10k-labels-idx1-ubyte": numpy.zeros(8)}, ["the test part", "not as many labels", "7 labels", "got 8"]),
    ({"train-labels-idx1-ubyte": numpy.arange(24)}, ["out of range", "0 … 9", "10 for image 10, and 13 more"]),
    ({"t10k-images-idx3-ubyte": numpy.zeros((0, 5, 6)), "t10k-labels-idx1-ubyte": numpy.zeros(0)}, ["no images"]),
    ({"t10k-images-idx3-ubyte": numpy.zeros(7)}, ["a file of labels in the place of images"]),
])  # fmt: skip
def test_files_that_do_not_belong_together(tmp_path, changed, words):
    with pytest.raises(DataError) as caught:
        read_images("mnist", write(tmp_path, changed))
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_parts_of_two_sizes_do_not_belong_together(tmp_path):
    changed = {"t10k-images-idx3-ubyte": numpy.zeros((7, 6, 6))}
    with pytest.raises(DataError, match=r"two sizes: expected \(C, Y, X\) = 1 × 5 × 6, as in training, got 1 × 6 × 6"):
        read_images("mnist", write(tmp_path, changed))


def test_the_digits_are_on_board():
    found = read_images("digits")
    assert found.description == "scikit-learn's digits, 1,797 images of 8×8, the last 360 to test"
    assert [len(found.part(name)) for name in ("train", "valid", "test")] == [1137, 300, 360]
    assert found.train.pixels.shape == (1437, 1, 8, 8)
    assert found.train.pixels.max() == found.largest == 16
    assert found.train.labels[:4].tolist() == [0, 1, 2, 3]
    assert read_images().sha256 == found.sha256


def test_the_digits_without_scikit_learn(monkeypatch):
    original = builtins.__import__

    def without(name, *arguments):
        if name.startswith("sklearn"):
            raise ModuleNotFoundError(name)
        return original(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(DataError, match=r'not installed\n  type: pip install "minigate\[lessons\]"'):
        read_images("digits")


def test_options_that_cannot_be_meant(tmp_path):
    with pytest.raises(OptionError, match=r"expected digits \| mnist \| cifar10 \| svhn \| svhn-extra, got 'faces'"):
        read_images("faces")
    with pytest.raises(OptionError, match=r"from no folder[\s\S]*--data mnist"):
        read_images("digits", tmp_path)
