"""The loop through time, forward and back, written once for every cell that has the pair by hand.

What makes it fast is what it keeps out of the loop. Before it: every array allocated, the recurrent
weights packed. After it: the gradient of every weight, one product over all time. In between a step is a
product, and pointwise arithmetic into arrays that are already there.

Two things are done for a block of steps at once, as many as stay in the processor's cache until the
steps come to use them: forward the input's share of the pre-activations, in one product; backward the part
of every factor that does not depend on the incoming gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigate.bptt.input_share import input_gradients, met_by, operand, packed_weight, project, reach_of_x
from minigate.bptt.scanned import backward_by_scan, forward_by_scan
from minigate.cells import Cell, ScannedCell, Trace
from minigate.cells.clock import Beat

Array = Any

#: How many numbers of one array a block of steps may hold: 2^18 in float32 are 1 MB, a second-level cache.
BLOCK = 1 << 18

#: After so many steps back, what has become too small to matter is set to zero.
SWEEP = 16


def forward_through_time(
    xp: Any, cell: Cell, x: Array, state: Sequence[Array], mask: Array | None
) -> tuple[Array, list[Array], Trace]:
    """Run the cell over a whole sequence; a step that is not real holds the state and gives y = 0.

    **Shapes**: x (T, N, D) or tokens (T, N); state each (N, ·); mask (T, N) or None
    → y (T, N, output_size), the state after each sequence's last real step, the trace.
    """
    W, x = packed_weight(xp, cell, x, state), operand(xp, x, mask)
    trace = Trace(xp, W.dtype)
    trace["x"], trace.weights["W"], trace.mask = x, W, mask
    T, N = x.shape[:2]
    if reach_of_x(cell) < W.shape[1]:
        trace.beats = [Beat(0, 1, 0, reach_of_x(cell))]
    cell.begin(T, N, tuple(state), trace)
    current = tuple(trace[f"{name}_moments"][0] for name in cell.state_names)
    held = None if mask is None else ~mask
    steps = block_of_steps(N, W)
    if isinstance(cell, ScannedCell):
        return *forward_by_scan(cell, trace, mask, steps), trace
    pre, rows = trace.empty(min(steps, T), N, W.shape[1]), met_by(x, W)
    if trace.beats:
        pre[...] = W[-1]  # stays as it is where no part of x comes
    for t in range(T):
        if t % steps == 0:
            project(xp, x[t : t + steps], rows, pre[: min(steps, T - t)], [beat.after(t) for beat in trace.beats])
        after = cell.step_forward(t, pre[t % steps], current, trace)
        if held is not None:
            for new, old in zip(after, current, strict=True):
                xp.copyto(new, old, where=along_rows(held[t], new))
        current = after
    y = cell.outputs(trace)
    if held is not None:
        y = xp.where(held[..., None], 0.0, y)
    return y, [array.copy() for array in current], trace


def backward_through_time(
    cell: Cell,
    trace: Trace,
    dy: Array | None,
    dstate: Sequence[Array | None],
    mask: Array | None,
    wants_dx: bool = True,
) -> tuple[Array | None, list[Array | None], dict[str, Array]]:
    """From the gradients of y and of the final state to those of x, the initial state and every weight.

    **Shapes**: dy (T, N, output_size) or None; dstate each (N, ·) or None
    → dx (T, N, D) or None, the gradient of each initial state (None of whole numbers), name → gradient of each
    parameter.
    """
    xp = trace.xp
    T, N = trace["x"].shape[:2]
    current: tuple[Array | None, ...] = tuple(
        _ours_to_edit(xp, trace[f"{name}_moments"], d) for name, d in zip(cell.state_names, dstate, strict=True)
    )
    held = None if mask is None else ~mask[..., None]
    if dy is None:
        dy = xp.broadcast_to(xp.zeros((1, 1, cell.output_size), dtype=trace.dtype), (T, N, cell.output_size))
    elif held is not None:
        dy = xp.where(held, 0.0, dy)
    steps = block_of_steps(N, trace.weights["W"])
    if isinstance(cell, ScannedCell):
        return backward_by_scan(cell, trace, dy, current[0], mask, steps, wants_dx)
    cell.begin_backward(trace, min(steps, T))
    if trace.keeps_dstate:
        for name, d in zip(cell.state_names, current, strict=True):
            if d is not None:
                trace[f"d{name}"] = trace.empty(*trace[name].shape)
    smallest = float(xp.finfo(trace.dtype).tiny / xp.finfo(trace.dtype).eps)
    for t1 in range(T, 0, -steps):
        t0 = trace.first = max(0, t1 - steps)
        cell.factors(trace, t0, t1)
        for t in range(t1 - 1, t0 - 1, -1):
            if t % SWEEP == 0:
                _sweep(xp, current, smallest)
            if held is None:
                current = cell.step_backward(t, dy[t], current, trace)
            else:
                floating = [d for d in current if d is not None]
                passed = [xp.where(held[t], d, 0.0) for d in floating]  # a held state hands its gradient on
                for d in floating:
                    xp.copyto(d, 0.0, where=held[t])
                current = cell.step_backward(t, dy[t], current, trace)
                for d, around in zip([d for d in current if d is not None], passed, strict=True):
                    d += around
    dx, gradients = input_gradients(cell, trace, wants_dx)
    gradients |= product_gradients(cell, trace)
    gradients |= cell.other_gradients(trace)
    return dx, list(current), gradients


def _sweep(xp: Any, current: Sequence[Array | None], smallest: float) -> None:
    """Set to zero the subnormal numbers that a gradient passes through as it fades over hundreds of steps.

    Below 10⁻³⁸ a float32 loses its digits one by one, and a processor takes many times as long for each such number
    (five times for the whole way back of a fresh GRU over 784 pixels). Numbers below 10⁻³¹ are on their way there;
    beside any gradient above 10⁻²⁴ they are less than its rounding. In float64 it is 10⁻²⁹².
    """
    for d in current:
        if d is not None:
            xp.copyto(d, 0.0, where=xp.abs(d) < smallest)


def along_rows(rows: Array, like: Array) -> Array:
    """One truth value for each sequence, in a shape that meets every number of its row.

    **Shapes**: rows (N,), like (N, …) → (N, 1, …).
    """
    return rows.reshape(-1, *[1] * (like.ndim - 1))


def _ours_to_edit(xp: Any, moments: Array, d: Array | None) -> Array | None:
    """A copy of the gradient of a final state; whole numbers, such as a count of steps, have none."""
    if moments.dtype.kind != "f":
        return None
    return xp.zeros_like(moments[0]) if d is None else d.astype(moments.dtype)


def block_of_steps(N: int, W: Array) -> int:
    """How many steps' pre-activations fit into a block.

    **Shapes**: W (D + 1, G·H).
    """
    return max(1, BLOCK // max(1, N * W.shape[1]))


def product_gradients(cell: Cell, trace: Trace) -> dict[str, Array]:
    """The gradient of every recurrent weight, operandᵀ @ da, one product over all time steps.

    Weights that read the same operand and whose gradients are neighbours share one product.

    **Shapes**: each of the shape of its weight.
    """
    xp, found = trace.xp, {}
    groups: dict[tuple[str, str], list[tuple[int, int, str]]] = {}
    for weight, (name, da) in cell.products.items():
        packed, first, end = trace.columns[da]
        groups.setdefault((name, packed), []).append((first, end, weight))
    for (name, packed), parts in groups.items():
        operand_ = trace[name]
        flat = operand_.reshape(-1, operand_.shape[-1]).T
        da = trace[packed].reshape(-1, trace[packed].shape[-1])
        for run in _neighbours(parts):
            low, high = run[0][0], run[-1][1]
            product = xp.matmul(flat, da[:, low:high])
            for first, end, weight in run:
                found[weight] = product[:, first - low : end - low]
    return found


def _neighbours(parts: list[tuple[int, int, str]]) -> list[list[tuple[int, int, str]]]:
    """The same parts (first column, end, name), in runs without a gap."""
    runs: list[list[tuple[int, int, str]]] = []
    for part in sorted(parts):
        if runs and runs[-1][-1][1] == part[0]:
            runs[-1].append(part)
        else:
            runs.append([part])
    return runs
