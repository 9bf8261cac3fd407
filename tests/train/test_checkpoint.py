"""A file that is whole or not there: round trips, every kind of damage, and a disk that refuses."""

import json
import os
import zipfile

import numpy
import pytest

from minigate.errors import CheckpointError
from minigate.train.checkpoint import load_checkpoint, save_checkpoint

ARRAYS = {
    "model.W.update": numpy.arange(8.0, dtype=numpy.float32).reshape(2, 4),
    "optimiser.steps": numpy.array(7),
    "empty": numpy.zeros((0, 3)),
    "flags": numpy.array([True, False]),
    "file": numpy.asfortranarray(numpy.arange(6.0).reshape(2, 3)),
}
META = {"step": 7, "random": {"state": 2**127 + 1}, "best": None, "text": "é \N{GRINNING FACE}"}


@pytest.fixture
def path(tmp_path):
    return save_checkpoint(tmp_path / "run" / "checkpoint.npz", ARRAYS, META)


def test_everything_comes_back_bit_for_bit(path):
    loaded = load_checkpoint(path)
    assert loaded.meta == META
    assert set(loaded.arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert loaded.arrays[name].dtype == array.dtype
        assert loaded.arrays[name].shape == array.shape
        assert loaded.arrays[name].tobytes() == array.tobytes()


def test_the_same_content_is_the_same_file(path, tmp_path):
    again = save_checkpoint(tmp_path / "again.npz", ARRAYS, META)
    assert again.read_bytes() == path.read_bytes()


def test_the_one_before_is_kept(path):
    before = path.read_bytes()
    save_checkpoint(path, ARRAYS, {**META, "step": 8})
    assert load_checkpoint(path).meta["step"] == 8
    assert path.with_name("checkpoint.npz.bak").read_bytes() == before
    assert sorted(os.listdir(path.parent)) == ["checkpoint.npz", "checkpoint.npz.bak"]


@pytest.mark.parametrize("moment", ["write_array", "fsync", "replace"])
def test_a_disk_that_refuses_leaves_the_old_one_and_no_litter(path, monkeypatch, moment):
    def refuse(*_, **__):
        raise OSError(28, "No space left on device")

    before = path.read_bytes()
    monkeypatch.setattr(numpy.lib.format if moment == "write_array" else os, moment, refuse)
    with pytest.raises(CheckpointError, match="No space left"):
        save_checkpoint(path, ARRAYS, {"step": 8})
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert not [name for name in os.listdir(path.parent) if name.endswith("tmp")]


@pytest.mark.parametrize("keep", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_named(path, keep):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(CheckpointError, match=r"checkpoint\.npz is damaged"):
        load_checkpoint(path)


def test_every_flipped_bit_is_seen(path):
    content = bytearray(path.read_bytes())
    for place in range(0, len(content), 3):
        content[place] ^= 1 << place % 8
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match=r"checkpoint\.npz"):
            load_checkpoint(path)
        content[place] ^= 1 << place % 8
    path.write_bytes(content)
    load_checkpoint(path)


def test_a_file_without_the_checksum_at_its_end_is_held_to_that_of_its_arrays(path):
    """As minigate wrote them at first."""
    content = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        comment = len(archive.comment)
    path.write_bytes(content[: -comment - 2] + bytes(2))
    assert load_checkpoint(path).meta == META
    place = content.index(ARRAYS["model.W.update"].tobytes())
    path.write_bytes(content[:place] + b"!" + content[place + 1 : -comment - 2] + bytes(2))
    with pytest.raises(CheckpointError, match="damaged"):
        load_checkpoint(path)


def rewrite(path, change):
    """Write the file again with other arrays, whole as a zip: what only its own description can tell."""
    with numpy.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files}
    change(arrays)
    with path.open("wb") as file:
        numpy.savez(file, allow_pickle=False, **arrays)


def test_other_numbers_shapes_and_names_are_told_apart(path):
    arrays = {name: array for name, array in ARRAYS.items() if name != "file"}  # numpy.savez cannot write that
    for change, words in [
        (lambda a: a.update(flags=~a["flags"]), "SHA-256"),
        (lambda a: a.update(flags=numpy.zeros(3, bool)), "flags is not what it was"),
        (lambda a: a.pop("flags"), "got nothing"),
        (lambda a: a.update(extra=numpy.zeros(1)), "extra is not what it was"),
        (lambda a: a.pop("meta"), "does not describe itself"),
    ]:
        save_checkpoint(path, arrays, META)
        rewrite(path, change)
        with pytest.raises(CheckpointError, match=words):
            load_checkpoint(path)


def test_another_format_is_named(path):
    def change(arrays):
        described = json.loads(arrays["meta"].tobytes())
        described["format"] = 99
        arrays["meta"] = numpy.frombuffer(json.dumps(described).encode(), numpy.uint8)

    save_checkpoint(path, {}, META)
    rewrite(path, change)
    with pytest.raises(CheckpointError, match="expected format 1, got format 99"):
        load_checkpoint(path)


def test_what_minigate_never_writes_is_not_read(tmp_path):
    path = tmp_path / "evil.npz"
    numpy.savez(path, allow_pickle=True, meta=numpy.array([{}], dtype=object))
    with pytest.raises(CheckpointError, match="damaged"):
        load_checkpoint(path)
    numpy.savez_compressed(path, meta=numpy.zeros(10**6))
    with pytest.raises(CheckpointError, match="compressed"):
        load_checkpoint(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("meta.npy", b"not an array")
    with pytest.raises(CheckpointError):
        load_checkpoint(path)


def test_the_older_one_is_offered(path):
    save_checkpoint(path, ARRAYS, META)
    path.write_bytes(b"PK")
    with pytest.raises(CheckpointError, match=r"rename checkpoint\.npz\.bak to checkpoint\.npz"):
        load_checkpoint(path)


@pytest.mark.parametrize("name", ["../up", "a/b", "a..b", "", "a b", ".a", "meta", "é"])
def test_names_are_restricted(tmp_path, name):
    with pytest.raises(CheckpointError, match="is not a name"):
        save_checkpoint(tmp_path / "c.npz", {name: numpy.zeros(1)}, {})
    assert not os.listdir(tmp_path)


def test_what_cannot_be_saved_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="holds object"):
        save_checkpoint(tmp_path / "c.npz", {"a": numpy.array([None])}, {})
    with pytest.raises(CheckpointError, match="not JSON"):
        save_checkpoint(tmp_path / "c.npz", {}, {"best": float("nan")})
    with pytest.raises(CheckpointError, match="no such file"):
        load_checkpoint(tmp_path / "c.npz")
