"""The floor under a cell that is linear in its state: the arrays over time that a training step must touch.

Such a cell makes few products for the numbers that it reads and writes, so that beside the GEMM floor the
memory sets another. Of all arrays over time, with G + 1 blocks (the candidate and G gates), these must pass
between memory and processor, however the arithmetic is arranged:

========  =============================  ==============================================
pass      read                           written
========  =============================  ==============================================
forward   x                              the G + 1 blocks, h
back      x, the G + 1 blocks, h, dy     dx
========  =============================  ==============================================

That is 2 G + 5 arrays (T, N, H) and 3 arrays (T, N, D). Everything else (pre-activations, the coefficients of the
recurrence, their gradients, da) could in principle stay in the cache between being made and being used.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy

from minigate.cells import Cell


def numbers_touched(cell: Cell, T: int, N: int) -> int:
    """How many numbers a training step of such a cell has to read or write."""
    return T * N * ((2 * len(cell.blocks) + 3) * cell.H + 3 * cell.D)


def bandwidth_floor(cell: Cell, T: int, N: int, dtype: str = "float32") -> Callable[[], None]:
    """A function that copies as many bytes as a training step of ``cell`` over a sequence has to touch.

    **Shapes**: half of the numbers are read, and written to the other half.
    """
    half = numbers_touched(cell, T, N) // 2
    source, target = numpy.ones(half, dtype=dtype), numpy.ones(half, dtype=dtype)

    def copy() -> None:
        numpy.copyto(target, source)

    return copy
