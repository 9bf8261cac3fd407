"""Images with labels, by name: ``read_images("digits")``, which is on board, and ``read_images("mnist")``.

Whatever their file was, images are whole numbers (N, C, Y, X) here, as they were made, with one label each, in a part
to learn from and a part to be tested on. Nothing is scaled before a batch needs it: seventy thousand images of MNIST
take fifty-five megabytes.

A new data set is a function from a folder to :class:`Images`, and a line in ``READERS``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

from minigate.data.cache import data_folder
from minigate.data.catalogue import CATALOGUE
from minigate.data.idx import read_idx
from minigate.errors import DataError, OptionError, explain

Array = Any
#: SHA-256 of MNIST's pixels and labels, unpacked and without their heads, in the order of ``_MNIST``.
_MNIST_SHA256 = "06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16"
_MNIST = {"train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
          "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")}  # fmt: skip
_DIGITS = tuple("0123456789")
_DIGITS_TEST, _DIGITS_VALID = 360, 300


@dataclass(frozen=True, eq=False)
class Labelled:
    """Some images and what they show.

    **Shapes**: pixels (N, C, Y, X) uint8; labels (N,) int64, places in the names of the classes.
    """

    pixels: Array
    labels: Array

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, which: Any) -> Labelled:
        return Labelled(self.pixels[which], self.labels[which])


@dataclass(frozen=True, eq=False)
class Images:
    """A data set: what it is called and is, its two parts, the largest value of a pixel, and the names of its classes.

    The last ``held_out`` images of ``train`` are there to validate on: 1/12 of MNIST's, 5,000, and 300 of the digits.

    **Shapes**: see :class:`Labelled`.
    """

    name: str
    description: str
    sha256: str
    train: Labelled
    test: Labelled
    largest: int
    classes: tuple[str, ...]
    held_out: int

    def part(self, name: str) -> Labelled:
        """``"train"`` without what is held out, ``"valid"``, which is that, or ``"test"``.

        **Errors**: :class:`OptionError` for another name.
        """
        cut = len(self.train) - self.held_out
        parts = {"train": self.train[:cut], "valid": self.train[cut:], "test": self.test}
        if name not in parts:
            raise OptionError(explain("no such part", where="images", expected=" | ".join(parts), got=repr(name)))
        return parts[name]


def read_images(name: str = "digits", folder: str | Path | None = None) -> Images:
    """The images of this name; ``folder`` is where the files of MNIST lie, if minigate has not fetched them.

    MNIST's four files may be compressed (``.gz``) or not. What they hold is compared with MNIST's checksum each time:
    other images in a ``folder`` of your own, in the same format, are read too, and their description says that they
    are others. The digits come with scikit-learn; the last 360 of them are the test part.

    **Errors**: :class:`OptionError` for an unknown name, and a ``folder`` where none is read; :class:`DataError` for
    files that are missing, damaged, of another format, or do not belong together.
    """
    if name not in READERS:
        expected = " | ".join(READERS)
        raise OptionError(explain("no such images", where="read_images", expected=expected, got=repr(name)))
    return READERS[name](None if folder is None else Path(folder).expanduser())


def _mnist(folder: Path | None) -> Images:
    place = data_folder("mnist") if folder is None else folder
    parts = {part: _pair(part, *(_file(place, name) for name in names)) for part, names in _MNIST.items()}
    sha256, N = _checksum(parts), len(parts["train"])
    what = f"{N:,} + {len(parts['test']):,} images of {_size(parts['train'])}"
    if sha256 == _MNIST_SHA256:
        name, known = "mnist", f"MNIST, {what}, checksum confirmed"
    elif folder is None:
        raise DataError(
            explain("these are not MNIST's images", where=str(place), expected=f"SHA-256 {_MNIST_SHA256[:8]}…",
                    got=f"{sha256[:8]}…", slip="a file of another data set, or a damaged one",
                    remedy="minigate data fetch mnist --force; or name the folder, to have them as they are")
        )  # fmt: skip
    else:
        name, known = "images like mnist", f"{what} in MNIST's format, in {folder}: not MNIST, by their checksum"
    return Images(name, known, sha256, parts["train"], parts["test"], 255, _DIGITS, max(1, round(N / 12)))


def _file(folder: Path, name: str) -> Path:
    """The file of this name, or the compressed one."""
    for path in (folder / f"{name}.gz", folder / name):
        if path.is_file():
            return path
    raise DataError(
        explain(
            f"there is no {name}.gz, and no {name}",
            where="mnist",
            expected=f"the four files {', '.join(name for names in _MNIST.values() for name in names)} in {folder}",
            remedy=f"minigate data fetch mnist    ({CATALOGUE['mnist'].size / 1e6:.1f} MB), or --folder with the "
            "folder that you have them in",
        )
    )


def _pair(part: str, images: Path, labels: Path) -> Labelled:
    pixels, names = read_idx(images, 3), read_idx(labels, 1)
    return _checked(f"the {part} part of {images.parent}", pixels[:, None], names.astype(numpy.int64), len(_DIGITS))


def _digits(folder: Path | None) -> Images:
    if folder is not None:
        where = "read_images"
        raise OptionError(explain("the digits come with scikit-learn, from no folder", where=where, got=str(folder)))
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise DataError(
            explain("the digits come with scikit-learn, which is not installed", where="read_images",
                    remedy='pip install "minigate[lessons]"    (or --data mnist, which is fetched)')
        ) from None  # fmt: skip
    found = load_digits()
    pixels, labels = found.images[:, None].astype(numpy.uint8), found.target.astype(numpy.int64)
    every = _checked("digits", pixels, labels, len(_DIGITS))
    parts = {"train": every[:-_DIGITS_TEST], "test": every[-_DIGITS_TEST:]}
    description = f"scikit-learn's digits, {len(every):,} images of {_size(every)}, the last {_DIGITS_TEST} to test"
    return Images("digits", description, _checksum(parts), parts["train"], parts["test"], 16, _DIGITS, _DIGITS_VALID)


def _checked(where: str, pixels: Array, labels: Array, K: int) -> Labelled:
    """Raise unless every image has one label, of one of K classes, and there are two images at least."""
    if len(pixels) != len(labels):
        raise DataError(
            explain("not as many labels as images", where=where, expected=f"{len(pixels):,} labels",
                    got=f"{len(labels):,}", slip="files of two parts, or of two data sets")
        )  # fmt: skip
    if len(pixels) < 2 or not pixels.size:
        got = " × ".join(map(str, pixels.shape))
        raise DataError(explain("there are no images", where=where, expected="two images or more", got=got))
    outside = numpy.flatnonzero((labels < 0) | (labels >= K))
    if len(outside):
        at = int(outside[0])
        raise DataError(
            explain("a label is out of range", where=where, expected=f"0 … {K - 1}",
                    got=f"{labels[at]} for image {at:,}, and {len(outside) - 1:,} more such")
        )  # fmt: skip
    return Labelled(pixels, labels)


def _checksum(parts: dict[str, Labelled]) -> str:
    digest = hashlib.sha256()
    for part in parts.values():
        digest.update(part.pixels.tobytes())
        digest.update(part.labels.astype(numpy.uint8).tobytes())
    return digest.hexdigest()


def _size(part: Labelled) -> str:
    return "×".join(str(length) for length in part.pixels.shape[2:])


#: Name → how to read it, from a folder or from where minigate keeps it.
READERS: dict[str, Callable[[Path | None], Images]] = {"digits": _digits, "mnist": _mnist}
