"""An image as a sequence, so that something without eyes can read it: row by row, or pixel by pixel.

    row         T = Y steps of D = C·X numbers: from the top to the bottom, a row at each step
    pixel       T = Y·X steps of D = C: along every row, one pixel at each step
    permuted    the same pixels in an order that has nothing to do with where they lie

Neighbours in an image are close in the first two: a row ends one step before the next begins, and the pixel below
comes X steps later. In the third, anything may be far from anything; only what remembers for long can use it. Its order
is drawn once and for all, and is the same in every run on images of that size.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy

from minigate.backend import generator
from minigate.errors import OptionError, explain

Array = Any
ORDERS = ("row", "pixel", "permuted")
#: The seed of the one permutation; the seed of a run has nothing to do with it.
PERMUTATION_SEED = 92916


@cache
def permutation(places: int) -> Array:
    """The order in which "permuted" reads the pixels of an image: step t reads place ``permutation(T)[t]``.

    **Shapes**: (places,) int64, every number below ``places`` once.
    """
    order = generator(PERMUTATION_SEED).permutation(places)
    order.flags.writeable = False  # it is kept
    return order


def as_sequences(pixels: Array, order: str, largest: int, dtype: Any = "float32") -> Array:
    """Images as sequences of numbers from 0 to 1.

    **Equations**: x = pixel / ``largest``.

    **Shapes**: pixels (N, C, Y, X) → (T, N, D), time first: (Y, N, C·X) for "row", else (Y·X, N, C).

    **Errors**: :class:`OptionError` for another ``order``.
    """
    N, C, Y, X = pixels.shape
    if _known(order) == "row":
        found = pixels.transpose(2, 0, 1, 3).reshape(Y, N, C * X)
    else:
        found = pixels.reshape(N, C, Y * X)
        if order == "permuted":
            found = found[:, :, permutation(Y * X)]
        found = found.transpose(2, 0, 1)
    return numpy.divide(found, largest, dtype=dtype, order="C")


def as_images(sequences: Array, order: str, size: tuple[int, int, int]) -> Array:
    """The way back: what was read at each step, where it lies in the image of ``size`` (C, Y, X).

    Whatever has a number for each step and input can be looked at so, a gradient too.

    **Shapes**: (T, N, D) → (N, C, Y, X).

    **Errors**: :class:`OptionError` for another ``order``.
    """
    C, Y, X = size
    N = sequences.shape[1]
    if _known(order) == "row":
        return sequences.reshape(Y, N, C, X).transpose(1, 2, 0, 3)
    found = sequences.transpose(1, 2, 0)
    if order == "permuted":
        found = found[:, :, numpy.argsort(permutation(Y * X))]
    return found.reshape(N, C, Y, X)


def sizes(order: str, size: tuple[int, int, int]) -> tuple[int, int]:
    """T and D of images of ``size`` (C, Y, X).

    **Errors**: :class:`OptionError` for another ``order``.
    """
    C, Y, X = size
    return (Y, C * X) if _known(order) == "row" else (Y * X, C)


def _known(order: str) -> str:
    if order not in ORDERS:
        raise OptionError(explain("no such order", where="sequences", expected=" | ".join(ORDERS), got=repr(order)))
    return order
