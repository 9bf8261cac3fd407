"""The images on board: handwritten digits of 8×8 pixels, from 0 to 16, that come with scikit-learn."""

from __future__ import annotations

from pathlib import Path

import numpy

from minigate.data.labelled import Images, checked, contents
from minigate.errors import DataError, OptionError, explain

DIGITS = tuple("0123456789")
_TEST, _VALID = 360, 300


def read_digits(folder: Path | None = None) -> Images:
    """Scikit-learn's digits; the last 360 are the test part, and of the others the last 300 are held out.

    **Errors**: :class:`OptionError` for a folder, where none is read; :class:`DataError` without scikit-learn.
    """
    if folder is not None:
        raise OptionError(
            explain("the digits come with scikit-learn, from no folder", where="read_images", got=str(folder),
                    slip="a folder of other images", remedy="--data mnist (or cifar10, svhn, svhn-extra) as well")
        )  # fmt: skip
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise DataError(
            explain("the digits come with scikit-learn, which is not installed", where="read_images",
                    remedy='pip install "minigate[lessons]"    (or --data mnist, which is fetched)')
        ) from None  # fmt: skip
    found = load_digits()
    every = checked("digits", found.images[:, None].astype(numpy.uint8), found.target, len(DIGITS))
    train, test = every[:-_TEST], every[-_TEST:]
    description = f"scikit-learn's digits, {len(every):,} images of {every.size}, the last {_TEST} to test"
    return Images("digits", description, contents(train, test), train, test, 16, DIGITS, _VALID)
