"""The files of MNIST, made here: what is in them comes out, and whatever else lies there is named."""

import gzip

import numpy
import pytest

from minigate.data.idx import read_idx
from minigate.errors import DataError

IMAGES = numpy.arange(24, dtype="uint8").reshape(2, 3, 4)


def idx(array) -> bytes:
    """An array as such a file."""
    head = bytes((0, 0, 8, array.ndim)) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return head + array.astype("uint8").tobytes()


def test_a_file_byte_by_byte(tmp_path):
    content = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 7, 255, 0, 9])
    (tmp_path / "images").write_bytes(content)
    found = read_idx(tmp_path / "images", 3)
    assert found.tolist() == [[[7, 255]], [[0, 9]]] and found.dtype == "uint8"


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_compressed_or_not(tmp_path, pack):
    (tmp_path / "labels").write_bytes(pack(idx(numpy.array([3, 1, 4]))))
    assert read_idx(str(tmp_path / "labels"), 1).tolist() == [3, 1, 4]
    (tmp_path / "none").write_bytes(pack(idx(numpy.zeros((0, 28, 28)))))
    assert read_idx(tmp_path / "none", 3).shape == (0, 28, 28)


@pytest.mark.parametrize("content, words", [
    (b"", ["does not begin", "expected 0 0 8 3 (unsigned bytes, 3 axes), and 3 sizes", "got an empty file"]),
    (idx(numpy.array([1, 2])), ["got 0 0 8 1", "a file of labels in the place of images"]),
    (b"<html>no such file</html>", ["got 60 104 116 109", "a page of text that a server has sent"]),
    (b"\0\0\x0d\3" + bytes(12), ["got 0 0 13 3"]),
    (idx(IMAGES)[:10], ["does not begin"]),
    (idx(IMAGES)[:-1], ["fewer numbers", "2 × 3 × 4 = 24 bytes after the first 16, got 23", "a download that was cut"]),
    (idx(IMAGES) + b"!", ["more numbers", "got 25"]),
    (gzip.compress(idx(IMAGES))[:-9], ["cannot be read to its end", "a download that was cut off"]),
    (gzip.compress(idx(IMAGES))[:14] + b"\xff\xff\xff" + gzip.compress(idx(IMAGES))[17:], ["cannot be read"]),
], ids="empty labels page another-type no-sizes too-short too-long cut-off damaged".split())  # fmt: skip
def test_whatever_else_it_is_is_named(tmp_path, content, words):
    (tmp_path / "images").write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_idx(tmp_path / "images", 3)
    assert all(word in str(caught.value) for word in (str(tmp_path), *words)), str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="there is no file images"):
        read_idx(tmp_path / "images", 3)
    with pytest.raises(DataError, match="cannot be read"):
        read_idx(tmp_path, 3)
