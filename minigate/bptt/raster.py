"""The composed way over a grid: row after row, ``step`` at every position, and the tape takes notes.

It is the definition, as :func:`minigate.bptt.tape` is for sequences: the wave by hand is held to it, and a cell of
two dimensions that has no more than ``step`` lives by it.
"""

from __future__ import annotations

from typing import Any

from minigate import ops
from minigate.backend import array_module
from minigate.cells import Cell
from minigate.tensor import Tensor, as_tensor

Array = Any


def raster(cell: Cell, x: Tensor) -> Tensor:
    """The cell over a whole grid, from position (0, 0) on, in differentiable operations.

    **Equations**: (y_ij, state_ij) = step(x_ij, (state_{i−1,j}, state_{i,j−1})), zeros outside the grid.

    **Shapes**: x (I, J, N, D) → y (I, J, N, H).

    **Source**: the equations of the cell's own paper.

    **Errors**: those of the cell's ``step``.
    """
    x = as_tensor(x)
    I, J, N = x.shape[:3]
    outside = cell.initial_state(N, like=x)
    if not I * J:
        return Tensor(array_module(x.data).zeros((I, J, N, cell.output_size), dtype=outside[0].dtype))
    above = [outside] * J
    y = []
    for x_i in ops.unstack(x):
        left = outside
        for j, x_ij in enumerate(ops.unstack(x_i)):
            y_ij, left = cell.step(x_ij, (*above[j], *left))
            above[j] = left
            y.append(y_ij)
    return ops.reshape(ops.stack(y, axis=0), (I, J, N, cell.output_size))
