"""The composed way through time: call ``step`` again and again, and let the tape take notes.

It is slower, and it is the definition: every cell by hand is held to it, and a cell that has no more
than ``step`` lives by it. Derivatives of any order go through it.
"""

from __future__ import annotations

from typing import Any

from minigate import ops
from minigate.backend import array_module
from minigate.bptt.loop import along_rows
from minigate.cells import Cell
from minigate.tensor import Tensor, as_tensor

Array = Any
State = tuple[Tensor, ...]


def tape(cell: Cell, x: Tensor, state: State, mask: Array | None = None) -> tuple[Tensor, State]:
    """The cell over a whole sequence, in differentiable operations.

    **Equations**: (y_t, state_t) = step(x_t, state_{t−1}) for t = 1 … T; where the mask is False, y_t = 0 and
    state_t = state_{t−1}.

    **Shapes**: x (T, N, D) or tokens (T, N); state each (N, H); mask bool (T, N)
    → y (T, N, output_size), state after the last real step of each sequence.

    **Source**: the equations of the cell's own paper.

    **Errors**: those of the cell's ``step``.
    """
    x, state = as_tensor(x), tuple(as_tensor(h) for h in state)
    floating = x.dtype.kind not in "iu"  # what is no token: float, and complex where a check makes it so
    if mask is not None:
        valid = mask[..., None] if floating else mask
        x = ops.where(valid, x, 0.0 if floating else 0)
    outputs = []
    for t, x_t in enumerate(ops.unstack(x)):
        y_t, after = cell.step(x_t, state)
        if mask is not None:
            y_t = ops.where(mask[t][:, None], y_t, 0.0)
            after = tuple(ops.where(along_rows(mask[t], new), new, old) for new, old in zip(after, state, strict=True))
        outputs.append(y_t)
        state = after
    if not outputs:  # T = 0: nothing was read, and the state is as it was
        xp = array_module(state[0].data)
        return Tensor(xp.zeros((0, x.shape[1], cell.output_size), dtype=state[0].dtype)), tuple(state)
    return ops.stack(outputs, axis=0), tuple(state)
