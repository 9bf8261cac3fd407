"""Images with labels, whatever file they were in: whole numbers (N, C, Y, X), as they were made, and one label each.

Nothing is scaled before a batch needs it: seventy thousand images of MNIST take fifty-five megabytes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy

from minigate.errors import DataError, OptionError, explain

Array = Any


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

    @property
    def size(self) -> str:
        """The size of an image, in words."""
        return "×".join(str(length) for length in self.pixels.shape[2:])


@dataclass(frozen=True, eq=False)
class Images:
    """A data set: what it is called and is, its two parts, the largest value of a pixel, and the names of its classes.

    The last ``held_out`` images of ``train`` are there to validate on: 1/12 of MNIST's, 5,000, and of SVHN's, 6,105;
    1/5 of CIFAR-10's, 10,000; and 300 of the digits.

    **Shapes**: see :class:`Labelled`.

    **Errors**: :class:`DataError` where the images of the two parts differ in size.
    """

    name: str
    description: str
    sha256: str
    train: Labelled
    test: Labelled
    largest: int
    classes: tuple[str, ...]
    held_out: int

    def __post_init__(self) -> None:
        sizes = [" × ".join(map(str, part.pixels.shape[1:])) for part in (self.train, self.test)]
        if sizes[0] != sizes[1]:
            raise DataError(
                explain("the two parts have images of two sizes", where=self.name,
                        expected=f"(C, Y, X) = {sizes[0]}, as in training", got=f"{sizes[1]} to test",
                        slip="files of two data sets")
            )  # fmt: skip

    def part(self, name: str) -> Labelled:
        """``"train"`` without what is held out, ``"valid"``, which is that, or ``"test"``.

        **Errors**: :class:`OptionError` for another name.
        """
        cut = len(self.train) - self.held_out
        parts = {"train": self.train[:cut], "valid": self.train[cut:], "test": self.test}
        if name not in parts:
            raise OptionError(explain("no such part", where="images", expected=" | ".join(parts), got=repr(name)))
        return parts[name]


def checked(where: str, pixels: Array, labels: Array, K: int, first: int = 0) -> Labelled:
    """Images and labels that belong together: one label each, from ``first`` on one of K, and two images at least.

    **Shapes**: see :class:`Labelled`.

    **Errors**: :class:`DataError` otherwise.
    """
    if len(pixels) != len(labels):
        raise DataError(
            explain("not as many labels as images", where=where, expected=f"{len(pixels):,} labels",
                    got=f"{len(labels):,}", slip="files of two parts, or of two data sets")
        )  # fmt: skip
    if len(pixels) < 2 or not pixels.size:
        got = " × ".join(map(str, pixels.shape))
        raise DataError(explain("there are no images", where=where, expected="two images or more", got=got))
    outside = numpy.flatnonzero((labels < first) | (labels >= first + K))
    if len(outside):
        at = int(outside[0])
        raise DataError(
            explain("a label is out of range", where=where, expected=f"{first} … {first + K - 1}",
                    got=f"{labels[at]} for image {at:,}, and {len(outside) - 1:,} more such")
        )  # fmt: skip
    return Labelled(pixels, labels.astype(numpy.int64))


def contents(train: Labelled, test: Labelled) -> str:
    """The SHA-256 of all pixels and labels, whatever files they came in."""
    digest = hashlib.sha256()
    for part in (train, test):
        digest.update(part.pixels.tobytes())
        digest.update(part.labels.astype(numpy.uint8).tobytes())
    return digest.hexdigest()


def share_of(part: Labelled, nth: int) -> int:
    """An ``nth`` of the images, at least one."""
    return max(1, round(len(part) / nth))
