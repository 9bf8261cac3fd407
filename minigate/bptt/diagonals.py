"""A grid, one anti-diagonal after the other: the order in which a cell with two predecessors can be computed.

A position (i, j) needs (i − 1, j) and (i, j − 1), and both lie on the diagonal before its own. So all positions
of a diagonal can be computed at once, in I + J − 1 steps instead of I·J. The positions are put into that order,
so that a diagonal is a slice of every array::

    raster order      by diagonals      with a border of zeros, by diagonals

                                            ·  ·  ·  ·  ·
    0  1  2  3        0  1  3  6            ·  0  1  3  6
    4  5  6  7        2  4  7  9            ·  2  4  7  9
    8  9 10 11        5  8 10 11            ·  5  8 10 11

With a row and a column of zeros in front of it the grid is one row and one column larger, and taken by diagonals
itself. There the predecessors of a diagonal of n positions are n + 1 neighbours: those above are the first n of
them, those to the left the last n. The diagonal 3 4 5 has the predecessors · 1 2 ·: above it lie · 1 2, to its
left 1 2 ·.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Array = Any


@dataclass(frozen=True)
class Diagonal:
    """One diagonal of n positions, as slices of arrays in diagonal order."""

    n: int
    here: slice  # its positions
    before: slice  # the n + 1 predecessors, in the grid with border
    after: slice  # its positions, in the grid with border
    own: slice  # its positions, among the predecessors of the next diagonal


class Diagonals:
    """The diagonals in the order in which they are computed, and the way from raster order and back.

    **Shapes**: for P = I·J positions: ``rows``, ``columns`` (P,), the place of each position in the grid; the other
    way round ``rank`` (I, J), the number of each place, and ``rank_with_border`` (I, J), that in the grid with border.
    """

    def __init__(self, xp: Any, I: int, J: int) -> None:
        self.P, self.P_with_border = I * J, (I + 1) * (J + 1)
        self.rows, self.columns, self.rank = _by_diagonals(xp, I, J)
        self.rank_with_border = _by_diagonals(xp, I + 1, J + 1)[2][1:, 1:]
        lengths, with_border = _lengths(I, J), _slices(_lengths(I + 1, J + 1))
        self.longest = max(lengths, default=0)
        self.steps = []
        for k, (n, here) in enumerate(zip(lengths, _slices(lengths))):
            border = 1 if k + 1 < J else 0  # does the next diagonal reach the first row, with a zero above it?
            start = with_border[k + 2].start + border
            before, after, own = with_border[k + 1], slice(start, start + n), slice(border, border + n)
            self.steps.append(Diagonal(n, here, before, after, own))


def _by_diagonals(xp: Any, I: int, J: int) -> tuple[Array, Array, Array]:
    """Row and column of every position in diagonal order, and the number of every place of the grid."""
    i, j = (axis.reshape(-1) for axis in xp.indices((I, J)))
    order = xp.argsort((i + j) * (I + 1) + i)
    return i[order], j[order], xp.argsort(order).reshape(I, J)


def _lengths(I: int, J: int) -> list[int]:
    return [min(k + 1, I, J, I + J - 1 - k) for k in range(I + J - 1)] if I and J else []


def _slices(lengths: list[int]) -> list[slice]:
    found, start = [], 0
    for n in lengths:
        found.append(slice(start, start + n))
        start += n
    return found
