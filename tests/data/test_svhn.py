"""SVHN's files of MATLAB: pixels in another order, 10 for the digit 0, and what is no such file."""

import builtins
import dataclasses
import hashlib

import numpy
import pytest

from minigate.data import read_images, svhn
from minigate.errors import DataError

scipy_io = pytest.importorskip("scipy.io")
RNG = numpy.random.default_rng(0)
NAMES = {part: f"{part}_32x32.mat" for part in ("train", "test", "extra")}


def arrays(count: int, first: int = 0) -> dict[str, numpy.ndarray]:
    X = RNG.integers(0, 256, (6, 5, 3, count), dtype="uint8")
    return {"X": X, "y": ((numpy.arange(count) + first) % 10 + 1).astype("uint8")[:, None]}


FILES = {"train": arrays(24), "test": arrays(4, 7), "extra": arrays(13)}


def write(folder, changed=()):
    folder.mkdir(parents=True, exist_ok=True)
    for part, content in {**FILES, **dict(changed)}.items():
        if isinstance(content, bytes):
            (folder / NAMES[part]).write_bytes(content)
        elif content is not None:
            scipy_io.savemat(folder / NAMES[part], content, do_compression=True)
    return folder


def test_pixels_and_digits(tmp_path):
    found = read_images("svhn", write(tmp_path))
    X = FILES["train"]["X"]
    assert found.train.pixels.shape == (24, 3, 6, 5) and found.train.pixels.dtype == "uint8"
    for n, c, y, x in [(0, 0, 0, 0), (23, 2, 5, 4), (7, 1, 3, 2)]:
        assert found.train.pixels[n, c, y, x] == X[y, x, c, n]
    assert found.test.labels.tolist() == [8, 9, 0, 1]  # 8, 9, 10 and 1 in the file
    assert (found.largest, found.classes, found.held_out) == (255, tuple("0123456789"), 2)
    assert found.description == f"24 + 4 images of 6×5 in SVHN's format, in {tmp_path}: not SVHN, by their checksums"


def test_the_extra_part_comes_first(tmp_path):
    found, usual = (read_images(name, write(tmp_path)) for name in ("svhn-extra", "svhn"))
    assert len(found.train) == 37 and found.description.startswith("13 + 24 + 4 images")
    assert numpy.array_equal(found.train.pixels[13:], usual.train.pixels)
    assert numpy.array_equal(found.part("valid").pixels, usual.train.pixels[-3:])
    assert found.sha256 != usual.sha256 and numpy.array_equal(found.test.pixels, usual.test.pixels)


def test_what_minigate_has_fetched_is_svhn_or_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIGATE_HOME", str(tmp_path))
    with pytest.raises(DataError, match=r"there is no train_32x32.mat[\s\S]*data fetch svhn    \(1,575.6 MB\)"):
        read_images("svhn")
    folder = write(tmp_path / "data" / "svhn")
    with pytest.raises(DataError, match=r"this is no file of SVHN[\s\S]*minigate data fetch svhn --force"):
        read_images("svhn")
    for part, file in svhn.FILES.items():
        sha256 = hashlib.sha256((folder / NAMES[part]).read_bytes()).hexdigest()
        monkeypatch.setitem(svhn.FILES, part, dataclasses.replace(file, sha256=sha256))
    found = read_images("svhn")
    assert (found.name, found.description) == ("svhn", "SVHN, 24 + 4 images of 6×5, checksums confirmed")


@pytest.mark.parametrize("changed, words", [
    ({"test": None}, ["there is no test_32x32.mat", "--folder"]),
    ({"test": {"X": FILES["test"]["X"]}}, ["test_32x32.mat has no y", "format 2"]),
    ({"test": {"digitStruct": numpy.zeros(3)}}, ["has no X and no y"]),
    ({"test": FILES["test"] | {"X": numpy.zeros((4, 3, 6, 5), dtype="uint8")}},
     ["something else in X or y", "X (Y, X, 3, N)", "got X (4, 3, 6, 5) uint8"]),
    ({"test": FILES["test"] | {"X": FILES["test"]["X"] / 255.0}}, ["something else", "float64"]),
    ({"test": FILES["test"] | {"y": numpy.full((4, 1), 2.5)}}, ["something else", "y (4, 1) float64"]),
    ({"test": FILES["test"] | {"y": FILES["test"]["y"][:3]}}, ["not as many labels", "4 labels", "got 3"]),
    ({"test": FILES["test"] | {"y": numpy.array([[1], [0], [11], [3]], dtype="uint8")}},
     ["out of range", "1 … 10", "0 for image 1, and 1 more"]),
    ({"test": arrays(4) | {"X": RNG.integers(0, 256, (5, 5, 3, 4), dtype="uint8")}}, ["two sizes"]),
    ({"test": b"MATLAB 5.0 MAT-file" + bytes(200)}, ["cannot be read as a file of MATLAB", "cut off"]),
    ({"test": b"<html>"}, ["cannot be read as a file of MATLAB"]),
    ({"test": b""}, ["cannot be read as a file of MATLAB"]),
])  # fmt: skip
def test_files_that_are_something_else(tmp_path, changed, words):
    with pytest.raises(DataError) as caught:
        read_images("svhn", write(tmp_path, changed))
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_file_that_was_cut_off(tmp_path):
    path = write(tmp_path) / NAMES["train"]
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(DataError, match=r"train_32x32.mat cannot be read as a file of MATLAB \([\s\S]*cut off"):
        read_images("svhn", tmp_path)


def test_without_scipy(tmp_path, monkeypatch):
    original = builtins.__import__

    def without(name, *arguments):
        if name.startswith("scipy"):
            raise ModuleNotFoundError(name)
        return original(name, *arguments)

    write(tmp_path)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(DataError, match=r"SciPy, which is not installed\n  type: pip install scipy"):
        read_images("svhn", tmp_path)
