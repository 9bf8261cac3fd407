"""CIFAR-10's records, in its archive, unpacked, and in files of one's own; and what is no such file."""

import dataclasses
import hashlib
import io
import tarfile

import numpy
import pytest

from minigate.data import as_sequences, cifar10, read_images
from minigate.errors import DataError
from minigate.plot.images import image_sheet

RNG = numpy.random.default_rng(0)
NAMES = (*cifar10.TRAIN, cifar10.TEST)


def records(count: int) -> bytes:
    found = RNG.integers(0, 256, (count, cifar10.RECORD), dtype="uint8")
    found[:, 0] = numpy.arange(count) % 10
    return found.tobytes()


FILES = {name: records(3) for name in NAMES}


def archive(path, files=None):
    with tarfile.open(path, "w:gz") as packed:
        for name, content in (FILES if files is None else files).items():
            member = tarfile.TarInfo(f"{cifar10.FOLDER}/{name}")
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
        packed.addfile(tarfile.TarInfo(f"{cifar10.FOLDER}/readme.html"), io.BytesIO())
    return path


def unpacked(folder, files=None):
    folder.mkdir(exist_ok=True)
    for name, content in (FILES if files is None else files).items():
        (folder / name).write_bytes(content)
    return folder


def test_a_record_is_a_label_and_three_planes(tmp_path):
    image = numpy.zeros((3, 32, 32), dtype="uint8")
    image[0, 0, 1], image[1, 2, 0], image[2, 31, 31] = 10, 20, 30  # red above, green at the left, blue in the corner
    content = bytes([7]) + image.tobytes()
    assert content[1 + 1] == 10 and content[1 + 1024 + 64] == 20 and content[-1] == 30
    found = read_images("cifar10", unpacked(tmp_path, {"train.bin": content * 2, "test.bin": records(2)}))
    assert numpy.array_equal(found.train.pixels[1], image)
    assert found.train.labels.tolist() == [7, 7] and found.classes[7] == "horse"


def test_the_archive_and_its_files_are_the_same(tmp_path):
    archive(tmp_path / "cifar-10-binary.tar.gz")
    packed, loose = read_images("cifar10", tmp_path), read_images("cifar10", unpacked(tmp_path / "files"))
    inner = read_images("cifar10", unpacked(tmp_path / "outer") and unpacked(tmp_path / cifar10.FOLDER).parent)
    assert packed.sha256 == loose.sha256 == inner.sha256
    assert packed.train.pixels.shape == (15, 3, 32, 32) and packed.test.pixels.shape == (3, 3, 32, 32)
    assert packed.train.pixels.dtype == "uint8" and packed.train.labels.dtype == "int64"
    assert packed.train.labels.tolist() == [0, 1, 2] * 5
    assert (packed.largest, packed.held_out, len(packed.classes)) == (255, 3, 10)
    assert packed.classes[0] == "airplane" and packed.classes[-1] == "truck"
    assert packed.name == "images like cifar10"
    assert packed.description.endswith("test_batch.bin): not the whole of CIFAR-10, which has 50,000 + 10,000")


def test_files_of_ones_own(tmp_path):
    found = read_images("cifar10", unpacked(tmp_path, {"train_a.bin": records(7), "train_b.bin": records(4),
                                                       "test_few.bin": records(2), "other.bin": b"?"}))  # fmt: skip
    assert found.description == (
        f"11 + 2 images of 32×32 in CIFAR-10's format, in {tmp_path} (train_a.bin, train_b.bin, test_few.bin): not the "
        "whole of CIFAR-10, which has 50,000 + 10,000"
    )
    assert found.train.labels.tolist() == [*range(7), *range(4)]
    assert (len(found.part("train")), len(found.part("valid"))) == (9, 2)


def test_what_minigate_has_fetched_is_cifar10_or_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIGATE_HOME", str(tmp_path))
    folder = tmp_path / "data" / "cifar10"
    with pytest.raises(DataError, match=r"there is no cifar-10-binary.tar.gz: [\s\S]*minigate data fetch cifar10 "):
        read_images("cifar10")
    folder.mkdir(parents=True)
    path = archive(folder / "cifar-10-binary.tar.gz")
    with pytest.raises(DataError, match=r"not CIFAR-10's archive[\s\S]*minigate data fetch cifar10 --force"):
        read_images("cifar10")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(cifar10, "ARCHIVE", dataclasses.replace(cifar10.ARCHIVE, sha256=sha256))
    found = read_images("cifar10")
    assert (found.name, found.description) == ("cifar10", "CIFAR-10, 15 + 3 images of 32×32, checksum confirmed")


@pytest.mark.parametrize("changed, words", [
    ({"data_batch_4.bin": None}, ["there is no data_batch_4.bin", "--folder"]),
    ({"test_batch.bin": records(3)[:-5]}, ["test_batch.bin does not end where an image does", "multiple of 3,073",
                                           "9,214, which is 3,068 too many", "cut off"]),
    ({"test_batch.bin": bytes(3074 * 2)}, ["CIFAR-100"]),
    ({"data_batch_1.bin": b"\x80\x02}q\x01"}, ["a pickle: it is the binary version that is read"]),
    ({"data_batch_1.bin": b"\x1f\x8b\x08\x00"}, ["an archive: it is read under the name cifar-10-binary.tar.gz"]),
    ({"test_batch.bin": b"\x0a" + records(2)[1:]}, ["the test part", "out of range", "0 … 9", "10 for image 0"]),
    ({"test_batch.bin": b""}, ["there are no images"]),
])  # fmt: skip
def test_files_that_are_no_records(tmp_path, changed, words):
    files = {name: content for name, content in {**FILES, **changed}.items() if content is not None}
    with pytest.raises(DataError) as caught:
        read_images("cifar10", unpacked(tmp_path, files))
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_archives_that_are_damaged_or_others(tmp_path):
    path = archive(tmp_path / "cifar-10-binary.tar.gz")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"cannot be read to its end \([\s\S]*cut off"):
        read_images("cifar10", tmp_path)
    archive(path, {"data_batch_1": b"\x80", "test_batch": b"\x80"})
    with pytest.raises(DataError, match=r"no data_batch_1.bin in cifar-10-binary[\s\S]*got none of them[\s\S]*pickles"):
        read_images("cifar10", tmp_path)


def test_colours_go_through_all_that_there_is_for_images(tmp_path):
    found = read_images("cifar10", unpacked(tmp_path)).test
    assert as_sequences(found.pixels, "row", 255).shape == (32, 3, 96)
    assert as_sequences(found.pixels, "pixel", 255)[33, 1].tolist() == pytest.approx(
        (found.pixels[1, :, 1, 1] / 255).tolist()
    )
    axes, drawn = image_sheet(found.pixels, [cifar10.CLASSES[label] for label in found.labels])
    assert drawn["sheet"].shape[2] == 3
    assert [text.get_text() for text in axes.texts] == ["airplane", "automobile", "bird"]
