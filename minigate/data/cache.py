"""Where minigate keeps what it has fetched or made for itself: one folder, the user's own to move.

Nothing is written into the installed package, nor into the current folder without being told to.

A data set has a folder of its own in it. Under a file's own name lies only what was whole when it came;
what is still coming has ``.part`` at the end. Beside a file that had the right checksum lies that checksum, in
``.sha256``, in the form that ``sha256sum -c`` reads: as long as it is newer than the file, nothing has to be read again
to know that the file is whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from pathlib import Path

from minigate.data.catalogue import DataSet, File

VARIABLE = "MINIGATE_HOME"


def cache_folder() -> Path:
    """The folder for data: ``MINIGATE_HOME``, or else ``minigate`` in the platform's folder for caches.

    It need not exist yet; whoever writes into it makes it.
    """
    chosen = os.environ.get(VARIABLE, "").strip()
    if chosen:
        return Path(chosen).expanduser().absolute()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "minigate"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "minigate"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "minigate"


def data_folder(name: str = "") -> Path:
    """The folder of the data set of this name, or the one that holds them all."""
    return cache_folder() / "data" / name


def kept_at(item: DataSet, file: File) -> Path:
    """Where this file of this data set is kept, be it there or not."""
    return data_folder(item.name) / file.name


def part_of(path: Path) -> Path:
    """Where a file lies while it is coming."""
    return path.with_name(path.name + ".part")


def checksum(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_confirmed(path: Path, sha256: str) -> bool:
    """Did the file have this checksum when it was last read, and has it not been written to since?"""
    try:
        note = _note(path)
        return note.stat().st_mtime_ns >= path.stat().st_mtime_ns and note.read_text().split(maxsplit=1)[0] == sha256
    except (OSError, ValueError, IndexError):
        return False


def confirm(path: Path, sha256: str) -> bool:
    """Read the file and compare its checksum; what is found is noted for :func:`is_confirmed`."""
    right = checksum(path) == sha256
    if right:
        note_checksum(path, sha256)
    else:
        with contextlib.suppress(OSError):
            _note(path).unlink(missing_ok=True)
    return right


def is_original(path: Path, sha256: str) -> bool:
    """Has the file this checksum? It is read where nothing is known of it; nothing is noted in a foreign folder."""
    return is_confirmed(path, sha256) or checksum(path) == sha256


def note_checksum(path: Path, sha256: str) -> None:
    """Note that the file as it lies there has this checksum."""
    with contextlib.suppress(OSError):  # a folder that cannot be written to: it is read again the next time
        _note(path).write_text(f"{sha256}  {path.name}\n")


def state(item: DataSet, file: File) -> str:
    """What is there of a file: ``"verified"``, ``"not verified"``, ``"partial"`` or ``"missing"``."""
    path = kept_at(item, file)
    if path.is_file():
        return "verified" if is_confirmed(path, file.sha256) else "not verified"
    return "partial" if part_of(path.with_name(file.fetched.name)).is_file() else "missing"


def _note(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")
