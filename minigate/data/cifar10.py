"""CIFAR-10: sixty thousand photographs of 32×32 pixels in colour, ten classes, in files of nothing but records.

    bytes     label        one, from 0 to 9
              red          32 × 32, row by row from the top
              green        32 × 32
              blue         32 × 32

3,073 bytes an image, one after the other. Five files to learn from and one to be tested on lie in an archive,
``cifar-10-binary.tar.gz``, which is read as it is.
"""

from __future__ import annotations

import tarfile
import zlib
from pathlib import Path, PurePosixPath

import numpy

from minigate.data.cache import data_folder, is_original
from minigate.data.catalogue import CATALOGUE
from minigate.data.labelled import Images, Labelled, checked, contents, share_of
from minigate.errors import DataError, explain

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SIZE = (3, 32, 32)
RECORD = 1 + 3 * 32 * 32
#: The folder in the archive, and so where it was unpacked.
FOLDER = "cifar-10-batches-bin"
TRAIN = tuple(f"data_batch_{k}.bin" for k in range(1, 6))
TEST = "test_batch.bin"
ARCHIVE = CATALOGUE["cifar10"].files[0]

Parts = dict[str, dict[str, bytes]]  # part → the name of a file → what is in it


def read_cifar10(folder: Path | None = None) -> Images:
    """The images in the archive, or in its files unpacked; the last 1/5 of the training part, 10,000, is held out.

    A ``folder`` of your own may also hold any number of images in the same format, in files ``train*.bin`` and
    ``test*.bin``; the description says then that they are not CIFAR-10, and how many.

    **Errors**: :class:`DataError` for files that are missing, damaged or of another format, and without a ``folder``
    for another archive than CIFAR-10's.
    """
    place = data_folder("cifar10") if folder is None else folder
    archive = place / ARCHIVE.name
    original = archive.is_file() and is_original(archive, ARCHIVE.sha256)
    if archive.is_file() and not original and folder is None:
        raise DataError(
            explain("this is not CIFAR-10's archive", where=str(archive), expected=f"SHA-256 {ARCHIVE.sha256[:8]}…",
                    got="another", remedy="minigate data fetch cifar10 --force")
        )  # fmt: skip
    parts = _in_archive(archive) if archive.is_file() else _in_folder(place)
    train, test = (_records(place, part, files) for part, files in parts.items())
    what = f"{len(train):,} + {len(test):,} images of {train.size}"
    if original:
        name, known = "cifar10", f"CIFAR-10, {what}, checksum confirmed"
    else:
        named = ", ".join(name for files in parts.values() for name in files)
        name = "images like cifar10"
        known = f"{what} in CIFAR-10's format, in {place} ({named}): {_how_many(train, test)}"
    return Images(name, known, contents(train, test), train, test, 255, CLASSES, share_of(train, 5))


def _how_many(train: Labelled, test: Labelled) -> str:
    if (len(train), len(test)) == (50_000, 10_000):
        return "as many as CIFAR-10 has, and not compared with it"
    return "not the whole of CIFAR-10, which has 50,000 + 10,000"


def _in_archive(archive: Path) -> Parts:
    """The files in the archive, by their names, wherever in it they lie."""
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(archive, "r:*") as packed:
            for member in packed:
                name = PurePosixPath(member.name).name
                file = packed.extractfile(member) if name in (*TRAIN, TEST) else None
                if file is not None:
                    found[name] = file.read()
    except (tarfile.TarError, EOFError, zlib.error, OSError) as problem:
        what = f"{archive.name} cannot be read to its end ({problem})"
        raise DataError(explain(what, where=str(archive.parent), slip="a download that was cut off")) from problem
    missing = [name for name in (*TRAIN, TEST) if name not in found]
    if missing:
        raise DataError(
            explain(f"there is no {missing[0]} in {archive.name}", where=str(archive.parent),
                    expected=f"{', '.join((*TRAIN, TEST))}", got=", ".join(found) or "none of them",
                    slip="the archive for Python, whose files are pickles, or that of CIFAR-100",
                    remedy="minigate data fetch cifar10")
        )  # fmt: skip
    return {"train": {name: found[name] for name in TRAIN}, "test": {TEST: found[TEST]}}


def _in_folder(folder: Path) -> Parts:
    """The files by the names that they have in the archive; else ``train*.bin`` and ``test*.bin``."""
    for place in (folder, folder / FOLDER):
        if (place / TRAIN[0]).is_file() or (place / TEST).is_file():
            paths = {"train": [place / name for name in TRAIN], "test": [place / TEST]}
            break
    else:
        paths = {part: sorted(folder.glob(f"{part}*.bin")) for part in ("train", "test")}
    missing = [str(path.name) for each in paths.values() for path in each if not path.is_file()]
    if missing or not all(paths.values()):
        raise DataError(
            explain(f"there is no {missing[0] if missing else ARCHIVE.name}", where="cifar10",
                    expected=f"{ARCHIVE.name}, or {', '.join((*TRAIN, TEST))}, or train*.bin and test*.bin in {folder}",
                    remedy=f"minigate data fetch cifar10    ({CATALOGUE['cifar10'].size / 1e6:.1f} MB), or --folder "
                    "with the folder that you have them in")
        )  # fmt: skip
    return {part: {path.name: path.read_bytes() for path in each} for part, each in paths.items()}


def _records(place: Path, part: str, files: dict[str, bytes]) -> Labelled:
    each = [numpy.frombuffer(_whole(place, name, content), numpy.uint8) for name, content in files.items()]
    records = numpy.concatenate(each).reshape(-1, RECORD)
    pixels = numpy.ascontiguousarray(records[:, 1:]).reshape(-1, *SIZE)
    return checked(f"the {part} part of {place} ({', '.join(files)})", pixels, records[:, 0], len(CLASSES))


def _whole(place: Path, name: str, content: bytes) -> bytes:
    """The file, if it is so many records and nothing more."""
    if len(content) % RECORD == 0:
        return content
    slip = "a download that was cut off"
    if content.startswith(b"\x80"):
        slip = "a file of CIFAR-10 for Python, which is a pickle: it is the binary version that is read"
    elif content.startswith(b"\x1f\x8b"):
        slip = f"an archive: it is read under the name {ARCHIVE.name}"
    elif len(content) % (RECORD + 1) == 0:
        slip = "CIFAR-100, which has two labels for each image"
    raise DataError(
        explain(f"{name} does not end where an image does", where=str(place),
                expected=f"a multiple of {RECORD:,} bytes: a label and 3 × 32 × 32 values",
                got=f"{len(content):,}, which is {len(content) % RECORD:,} too many", slip=slip)
    )  # fmt: skip
