"""The loop over a grid, forward and back: a wave from one corner to the other, a diagonal at a time.

What the loop through time does for a sequence, this does for a cell with two predecessors. All positions of a
diagonal, of all images of a batch, are the rows of one product. What a block of steps is there, a diagonal is
here: it has its input's share made in one product, and stays in the cache until its steps are done. The contract
with the cell is that of :mod:`minigate.cells.cell`, except that ``t`` is the slice of a diagonal's positions:

==========================================  ============================================================
``begin(T, N, longest, trace)``             for T positions, at most ``longest`` of them on a diagonal
``step_forward(t, pre_t, state, after,      ``state``: of the predecessors in the row before, then of those
trace)``                                    in the column before; the new state goes into ``after``
``begin_backward(trace, longest)``          allocate ``da``
``step_backward(t, dy_t, dstate, state,     returns the gradients of the predecessors, in the order of
after, trace)``                             ``state``
``products``, ``other_gradients(trace)``    as for a sequence
==========================================  ============================================================
"""

from __future__ import annotations

from typing import Any

from minigate.backend import array_module
from minigate.bptt.diagonals import Diagonal, Diagonals
from minigate.bptt.input_share import input_gradients, operand, packed_weight, project
from minigate.bptt.loop import product_gradients
from minigate.cells import Cell, Trace
from minigate.tensor import Tensor, as_tensor, by_hand, is_grad_enabled

Array = Any
GridCell = Any  # a Cell whose pair has the signatures above


def wavefront(cell: Cell, x: Tensor) -> Tensor:
    """The cell over a whole grid, from position (0, 0) on, the gradient through every position of it.

    **Equations**: (y_ij, state_ij) = step(x_ij, (state_{i−1,j}, state_{i,j−1})), zeros outside the grid. On the way
    back, what comes to a state from (i + 1, j) and what comes from (i, j + 1) add up.

    **Shapes**: x (I, J, N, D) → y (I, J, N, H).

    Memory: the trace, some (I·J, N, G·H); under ``no_grad`` that of the longest diagonal, and the states.

    **Source**: the equations of the cell's own paper; any order that puts both predecessors first computes them.

    **Errors**: :class:`SecondDerivativeError` on a derivative of the derivative: the composed way has them all.
    """
    x = as_tensor(x)
    xp = array_module(x.data)
    names = [name for name, _ in cell.named_parameters()]
    inputs = [x, *cell.parameters()]
    keep = is_grad_enabled() and any(tensor.requires_grad for tensor in inputs)
    y, trace, diagonals = forward_along_diagonals(xp, cell, x.data, keep)
    if not keep:
        return Tensor(y)

    def backward(cotangents: list[Array | None]) -> list[Array | None]:
        (dy,) = cotangents
        if dy is None:
            return [None for _ in inputs]
        dx, gradients = backward_along_diagonals(cell, trace, diagonals, dy, x.requires_grad)
        found = zip(inputs, [dx, *(gradients[name] for name in names)], strict=True)
        return [None if d is None else d.astype(value.dtype, copy=False) for value, d in found]

    composed = f'Grid({type(cell).__name__.lower()}, method="tape")'
    return by_hand(f"{type(cell).__name__} over a grid", inputs, [y], backward, composed)[0]


def forward_along_diagonals(xp: Any, cell: GridCell, x: Array, keep: bool = True) -> tuple[Array, Trace, Diagonals]:
    """Run the cell over a grid; without ``keep``, what a diagonal leaves in the trace is written over by the next.

    **Shapes**: x (I, J, N, D) → y (I, J, N, H); the trace, arrays (I·J, N, ·) in diagonal order; that order.
    """
    I, J, N = x.shape[:3]
    diagonals = Diagonals(xp, I, J)
    W = packed_weight(xp, cell, x, ())
    trace = Trace(xp, W.dtype)
    trace["x"], trace.weights["W"] = operand(xp, x[diagonals.rows, diagonals.columns], None), W
    for name, outside in zip(cell.state_names, cell.initial_state(N, like=W), strict=True):
        trace[with_border(name)] = xp.zeros((diagonals.P_with_border, *outside.shape), dtype=trace.dtype)
    cell.begin(diagonals.P if keep else diagonals.longest, N, diagonals.longest, trace)
    pre = trace.empty(diagonals.longest, N, W.shape[1])
    for diagonal in diagonals.steps:
        pre_t, t = pre[: diagonal.n], diagonal.here if keep else slice(0, diagonal.n)
        project(xp, trace["x"][diagonal.here], W, out=pre_t)
        state, after = _states(cell, trace, diagonal)
        cell.step_forward(t, pre_t, state, after, trace)
    return trace[with_border("h")][diagonals.rank_with_border], trace, diagonals


def backward_along_diagonals(
    cell: GridCell, trace: Trace, diagonals: Diagonals, dy: Array, wants_dx: bool = True
) -> tuple[Array | None, dict[str, Array]]:
    """From the gradient of y to those of x and of every parameter.

    **Shapes**: dy (I, J, N, H) → dx (I, J, N, D) or None, name → gradient of each parameter.
    """
    xp = trace.xp
    dy = dy[diagonals.rows, diagonals.columns]
    cell.begin_backward(trace, diagonals.longest)
    outside = [trace[with_border(name)][0] for name in cell.state_names]
    d_before = [xp.zeros((diagonals.longest + 1, *zero.shape), dtype=trace.dtype) for zero in outside]
    for diagonal in reversed(diagonals.steps):
        t, n = diagonal.here, diagonal.n
        dstate = tuple(d[diagonal.own] for d in d_before)  # of the last position 0: it has no successor
        state, after = _states(cell, trace, diagonal)
        found = cell.step_backward(t, dy[t], dstate, state, after, trace)
        for d, in_row, in_column in zip(d_before, found, found[len(d_before) :]):
            d[:n] = in_row  # n + 1 predecessors: the first n are those in the row before,
            d[n] = 0.0
            d[1 : n + 1] += in_column  # the last n those in the column before
    dx, gradients = input_gradients(cell, trace, wants_dx)
    gradients |= product_gradients(cell, trace)
    gradients |= cell.other_gradients(trace)
    return None if dx is None else dx[diagonals.rank], gradients


def arrays_over_grid(cell: GridCell, x: Array) -> dict[str, Array]:
    """Every named array that the forward pass leaves, states and gates, back in raster order.

    **Shapes**: x (I, J, N, D) → name → (I, J, N, H).
    """
    _, trace, diagonals = forward_along_diagonals(array_module(x), cell, x)
    found = {name: trace[with_border(name)][diagonals.rank_with_border] for name in cell.state_names}
    for name, array in trace.items():
        if array.shape == (diagonals.P, x.shape[2], cell.H) and name != "x":
            found[name] = array[diagonals.rank]
    return found


def with_border(state: str) -> str:
    """The name in the trace of a state over the grid with its border of zeros."""
    return f"{state} with border"


def _states(cell: Cell, trace: Trace, diagonal: Diagonal) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """The states that a diagonal reads, those in the row before and those in the column before; and those it writes."""
    over_grid = [trace[with_border(name)] for name in cell.state_names]
    before = [states[diagonal.before] for states in over_grid]
    rows, columns = [states[:-1] for states in before], [states[1:] for states in before]
    return (*rows, *columns), tuple(states[diagonal.after] for states in over_grid)
