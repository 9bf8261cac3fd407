"""A training run on disk: one file that is either whole or not there.

The file is NumPy's ``.npz``, an uncompressed zip of arrays, with one entry of JSON text for all that is
not an array. Nothing in it is code, and reading it runs none: pickle is refused both ways.

Writing never endangers what was there. The new file is written under a temporary name in the same folder,
flushed to the disk, and renamed over the old one, which a second name (``.bak``) has kept; a power cut at any
moment leaves a whole checkpoint. Reading believes nothing: sizes, names, shapes and a checksum over every
array are compared with what the file says about itself, and any difference is an error that names it. The last
bytes of the file, the comment of the zip, are a checksum over all before them: no bit can change unseen.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy

from minigate.errors import CheckpointError, explain

FORMAT = 1
LARGEST = 16 * 2**30  # bytes in all that a checkpoint is believed to have
_META = "meta"
_SEAL = b"sha256 "  # and 64 digits
_UNREADABLE = (OSError, ValueError, LookupError, EOFError, RuntimeError, struct.error, zlib.error, zipfile.BadZipFile)
_NAME = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")

Arrays = dict[str, Any]


@dataclass(frozen=True)
class Checkpoint:
    """What a file held: arrays by name, and everything else as JSON has it.

    **Shapes**: those that the arrays were saved with.
    """

    arrays: Arrays
    meta: dict[str, Any]


def save_checkpoint(path: str | Path, arrays: Mapping[str, Any], meta: Mapping[str, Any], keep: bool = True) -> Path:
    """Write ``arrays`` and ``meta`` so that ``path`` is at every moment a whole checkpoint, old or new.

    The one before is kept beside it, with ``.bak`` at the end of its name, unless ``keep`` is False.

    **Shapes**: any host arrays of numbers; names of letters, digits, ``_`` and dots.

    **Errors**: :class:`CheckpointError` for a name or an array that cannot be stored, for ``meta`` that is not
    JSON, and where the disk refuses; the checkpoint before is untouched then.
    """
    path = Path(path)
    arrays = {name: numpy.asarray(array) for name, array in arrays.items()}
    for name, array in arrays.items():
        if not _NAME.fullmatch(name) or name == _META:
            raise _trouble(path, f"{name!r} is not a name for an array", "letters, digits, _ and single dots")
        if array.dtype.kind not in "biuf":
            raise _trouble(path, f"{name} holds {array.dtype}, not numbers")
    described = {
        "format": FORMAT,
        "arrays": {name: [str(array.dtype), list(array.shape)] for name, array in arrays.items()},
        "sha256": _checksum(arrays),
        "meta": dict(meta),
    }
    try:
        text = json.dumps(described, allow_nan=False).encode()
    except (TypeError, ValueError) as problem:
        raise _trouble(path, f"what is to be saved is not JSON ({problem})") from None
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w+b") as file:
            _write(file, {_META: numpy.frombuffer(text, numpy.uint8), **arrays})
            _seal(file)
            file.flush()
            os.fsync(file.fileno())
        if keep and path.exists():
            _keep(path)
        os.replace(temporary, path)
        _flush_folder(path.parent)
    except OSError as problem:
        raise _trouble(path, f"could not be written ({problem.strerror or problem})") from problem
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return path


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read a checkpoint, believing nothing that its checksum does not confirm.

    **Shapes**: each array as it was saved.

    **Errors**: :class:`CheckpointError` naming the damage, and the older checkpoint beside it if there is one.
    """
    path = Path(path)
    if not path.is_file():
        raise _trouble(path, "there is no such file" if not path.exists() else "is not a file")
    try:
        arrays = _read(path)
    except CheckpointError:
        raise
    except _UNREADABLE as problem:
        raise _trouble(path, f"is damaged ({type(problem).__name__}: {problem})") from problem
    return _confirm(path, arrays)


def _write(file: BinaryIO, arrays: Arrays) -> None:
    """One ``.npy`` entry for each array, as ``numpy.savez`` does, but with any name that is ours to give."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                numpy.lib.format.write_array(entry, array, allow_pickle=False)
        archive.comment = _SEAL + bytes(64)  # room for it


def _seal(file: BinaryIO) -> None:
    """Put the checksum of all that comes before it at the end of the file."""
    file.seek(-64, os.SEEK_END)
    length = file.tell()
    file.seek(0)
    digest = _digest(file, length)
    file.seek(length)
    file.write(digest)


def _digest(file: BinaryIO, length: int) -> bytes:
    digest = hashlib.sha256()
    while length > 0:
        piece = file.read(min(length, 2**20))
        if not piece:
            break
        digest.update(piece)
        length -= len(piece)
    return digest.hexdigest().encode()


def _read(path: Path) -> Arrays:
    """Every entry of the archive, once its sizes are seen to be possible."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise _trouble(path, "has compressed entries, which minigate never writes")
        if sum(entry.file_size for entry in entries) > min(LARGEST, path.stat().st_size):
            raise _trouble(path, "says that it is larger than it is")
        found = {
            entry.filename.removesuffix(".npy"): numpy.lib.format.read_array(
                io.BytesIO(archive.read(entry)), allow_pickle=False
            )
            for entry in entries
        }
        sealed = archive.comment
    if sealed:  # a file without one is held to its arrays alone
        with path.open("rb") as file:
            digest = _digest(file, path.stat().st_size - 64)
        if sealed != _SEAL + digest:
            raise _trouble(path, "is damaged: its bytes are not those that were saved (SHA-256 differs)")
    return found


def _confirm(path: Path, arrays: Arrays) -> Checkpoint:
    """Compare what was read with what the file says about itself."""
    try:
        described = json.loads(arrays.pop(_META).tobytes().decode())
        version, names, checksum, meta = (described[key] for key in ("format", "arrays", "sha256", "meta"))
    except (KeyError, ValueError, TypeError) as problem:
        raise _trouble(path, f"does not describe itself, so it is no checkpoint ({problem!r})") from None
    if version != FORMAT:
        raise _trouble(path, "is of another format", f"format {FORMAT}", f"format {version}, of another minigate")
    found = {name: [str(array.dtype), list(array.shape)] for name, array in arrays.items()}
    for name in sorted({*names, *found}):
        if names.get(name) != found.get(name):
            raise _trouble(
                path, f"is damaged: {name} is not what it was", str(names.get(name)), str(found.get(name, "nothing"))
            )
    if _checksum(arrays) != checksum:
        raise _trouble(path, "is damaged: the numbers are not those that were saved (SHA-256 differs)")
    return Checkpoint(arrays, meta)


def _checksum(arrays: Mapping[str, Any]) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def backup_of(path: Path) -> Path:
    """Where the checkpoint before this one is kept."""
    return path.with_name(path.name + ".bak")


def _keep(path: Path) -> None:
    """Give the present file its second name. A hard link costs nothing; where there are none, copy."""
    spare = path.with_name(f".{path.name}.{os.getpid()}.bak.tmp")
    try:
        spare.unlink(missing_ok=True)
        try:
            os.link(path, spare)
        except OSError:
            shutil.copyfile(path, spare)
        os.replace(spare, backup_of(path))
    finally:
        with contextlib.suppress(OSError):
            spare.unlink(missing_ok=True)


def _flush_folder(folder: Path) -> None:
    """A rename is on the disk once its folder is; Windows has no such call and needs none."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _trouble(path: Path, what: str, expected: str = "", got: str = "") -> CheckpointError:
    older = backup_of(path)
    remedy = f"rename {older.name} to {path.name}: the checkpoint before it" if older.is_file() else ""
    return CheckpointError(explain(f"{path} {what}", where="checkpoint", expected=expected, got=got, remedy=remedy))
