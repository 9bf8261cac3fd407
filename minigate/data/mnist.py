"""MNIST: seventy thousand handwritten digits of 28×28 pixels, in four files of the idx format."""

from __future__ import annotations

from pathlib import Path

from minigate.data.cache import data_folder
from minigate.data.catalogue import CATALOGUE
from minigate.data.digits import DIGITS
from minigate.data.idx import read_idx
from minigate.data.labelled import Images, Labelled, checked, contents, share_of
from minigate.errors import DataError, explain

#: SHA-256 of the pixels and labels, unpacked and without their heads, in the order of ``FILES``.
SHA256 = "06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16"
FILES = {"train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
         "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")}  # fmt: skip


def read_mnist(folder: Path | None = None) -> Images:
    """The images in the four files, each compressed (``.gz``) or not; the last 1/12 of the training part is held out.

    **Errors**: :class:`DataError` for files that are missing, damaged or do not belong together, and without a
    ``folder`` for any other images than MNIST's.
    """
    place = data_folder("mnist") if folder is None else folder
    train, test = (_pair(part, *(_file(place, name) for name in names)) for part, names in FILES.items())
    sha256 = contents(train, test)
    what = f"{len(train):,} + {len(test):,} images of {train.size}"
    if sha256 == SHA256:
        name, known = "mnist", f"MNIST, {what}, checksum confirmed"
    elif folder is None:
        raise DataError(
            explain("these are not MNIST's images", where=str(place), expected=f"SHA-256 {SHA256[:8]}…",
                    got=f"{sha256[:8]}…", slip="a file of another data set, or a damaged one",
                    remedy="minigate data fetch mnist --force; or name the folder, to have them as they are")
        )  # fmt: skip
    else:
        name, known = "images like mnist", f"{what} in MNIST's format, in {folder}: not MNIST, by their checksum"
    return Images(name, known, sha256, train, test, 255, DIGITS, share_of(train, 12))


def _file(folder: Path, name: str) -> Path:
    """The file of this name, or the compressed one."""
    for path in (folder / f"{name}.gz", folder / name):
        if path.is_file():
            return path
    raise DataError(
        explain(
            f"there is no {name}.gz, and no {name}",
            where="mnist",
            expected=f"the four files {', '.join(name for names in FILES.values() for name in names)} in {folder}",
            remedy=f"minigate data fetch mnist    ({CATALOGUE['mnist'].size / 1e6:.1f} MB), or --folder with the "
            "folder that you have them in",
        )
    )


def _pair(part: str, images: Path, labels: Path) -> Labelled:
    pixels, names = read_idx(images, 3), read_idx(labels, 1)
    return checked(f"the {part} part of {images.parent}", pixels[:, None], names, len(DIGITS))
