"""A sequence read from both of its ends at once, as one node of the tape: what the two readings share is done once.

Each direction is the loop of :mod:`minigate.bptt.loop`, with a trace of its own. The second one reads time turned
round, x_T … x_1, through a view with a negative stride; nothing is copied for it. What they share is x. So before the
loops one product makes the input's share for both, and after them one product makes both gradients of W, and one dx,
in which the two directions add up by themselves.

Where the turning happens::

    in:    the backward reading takes step s from the share of step T − 1 − s
    out:   what it said at its step s belongs to step T − 1 − s
    back:  its dy is turned like its share, and its da is turned back like its y
"""

from __future__ import annotations

from typing import Any

from minigate.backend import array_module
from minigate.bptt.input_share import by_parts, operand, packed_weight
from minigate.bptt.loop import begun, product_gradients, steps_backward, steps_forward
from minigate.cells import Cell
from minigate.tensor import Tensor, by_hand

Array = Any
State = tuple[Tensor, ...]


def both_ways(
    cells: tuple[Cell, Cell], x: Tensor, states: tuple[State, State], mask: Array | None = None
) -> tuple[Tensor, tuple[State, State]]:
    """Two cells over one sequence, the second from its end; the gradient through every step of both.

    **Equations**: y_t = [y→_t, y←_t], y→ the first cell over x_1 … x_T, y← the second over x_T … x_1;
    [a→ a←] = [x 1] [W→ W←] before the loops; [dW→ dW←] = [x 1]ᵀ [da→ da←] and dx = da→ W→ᵀ + da← W←ᵀ after them.

    **Shapes**: x (T, N, D); states two tuples of (N, ·); mask bool (T, N) → y (T, N, H→ + H←), the two final states.

    **Source**: Schuster & Paliwal (1997); each direction as in :func:`minigate.bptt.full`.

    **Errors**: :class:`SecondDerivativeError` on a derivative of the derivative: the composed way has them all.
    """
    xp = array_module(x.data, *(h.data for state in states for h in state))
    named = [dict(cell.named_parameters()) for cell in cells]
    sizes = [len(states[0]), len(states[1])]
    inputs = [x, *states[0], *states[1], *named[0].values(), *named[1].values()]
    traces, y, finals = forward_both_ways(xp, cells, x.data, [[h.data for h in state] for state in states], mask)

    def backward(cotangents: list[Array | None]) -> list[Array | None]:
        dy, *dfinal = cotangents
        split = (dfinal[: sizes[0]], dfinal[sizes[0] :])
        dx, dstates, gradients = backward_both_ways(cells, traces, dy, split, mask, x.requires_grad)
        found = [dx, *dstates[0], *dstates[1]]
        for names, own in zip(named, gradients, strict=True):
            found += [own.get(name) for name in names]
        return [None if d is None else d.astype(value.dtype, copy=False) for value, d in zip(inputs, found, strict=True)]

    composed = 'Recurrent(cell, method="tape") for each direction'
    outputs = by_hand("two directions through time", inputs, [y, *finals[0], *finals[1]], backward, composed)
    return outputs[0], (tuple(outputs[1 : 1 + sizes[0]]), tuple(outputs[1 + sizes[0] :]))


def forward_both_ways(
    xp: Any, cells: tuple[Cell, Cell], x: Array, states: list[list[Array]], mask: Array | None
) -> tuple[list[Any], Array, list[list[Array]]]:
    """One product for both shares, then a loop for each direction.

    **Shapes**: x (T, N, D) → the two traces, y (T, N, H→ + H←), the two final states.
    """
    every = [h for state in states for h in state]
    weights = [packed_weight(xp, cell, x, every) for cell in cells]
    x1 = operand(xp, x, mask)
    T, N, D1 = x1.shape
    W = xp.concatenate(weights, axis=1)
    pre = xp.matmul(x1.reshape(T * N, D1), W).reshape(T, N, W.shape[1])
    first = weights[0].shape[1]
    turned = None if mask is None else mask[::-1]
    shares = (pre[:, :, :first], pre[::-1, :, first:])
    y, traces, finals = [], [], []
    for cell, own, share, state, real, read in zip(
        cells, weights, shares, states, (mask, turned), (x1, x1[::-1]), strict=True
    ):
        trace = begun(xp, cell, read, own, state, real)
        said, final = steps_forward(cell, trace, real, share.__getitem__)
        traces.append(trace)
        y.append(said)
        finals.append(final)
    return traces, xp.concatenate([y[0], y[1][::-1]], axis=-1), finals


def backward_both_ways(
    cells: tuple[Cell, Cell],
    traces: list[Any],
    dy: Array | None,
    dfinals: tuple[Any, Any],
    mask: Array | None,
    wants_dx: bool = True,
) -> tuple[Array | None, list[list[Array | None]], list[dict[str, Array]]]:
    """A loop back for each direction, then one product for both dW and one for dx.

    **Shapes**: dy (T, N, H→ + H←) or None → dx (T, N, D) or None, the gradients of the initial states and, by name, of
    the parameters, each for both directions.

    common slip: leaving the backward direction's da as its loop wrote it: step s of it meets x at T − 1 − s.
    """
    xp, (forward, against) = traces[0].xp, traces
    first, size = forward.weights["W"].shape[1], cells[0].output_size
    dy_forward, dy_against = (None, None) if dy is None else (dy[:, :, :size], dy[::-1, :, size:])
    turned = None if mask is None else mask[::-1]
    dstates = [
        steps_backward(cells[0], forward, dy_forward, dfinals[0], mask),
        steps_backward(cells[1], against, dy_against, dfinals[1], turned),
    ]
    x1 = forward["x"]
    T, N, D1 = x1.shape
    W = xp.concatenate([forward.weights["W"], against.weights["W"]], axis=1)
    da = xp.empty((T, N, W.shape[1]), dtype=W.dtype)
    da[:, :, :first] = forward["da"][:, :, :first]  # a cell may have more gradients of its own behind those of the share
    da[:, :, first:] = against["da"][::-1, :, : W.shape[1] - first]
    flat = da.reshape(T * N, W.shape[1])
    dW = xp.matmul(x1.reshape(T * N, D1).T, flat)
    dx = xp.matmul(flat, W[:-1].T).reshape(T, N, D1 - 1) if wants_dx else None
    gradients = []
    for cell, trace, own in zip(cells, traces, (dW[:, :first], dW[:, first:]), strict=True):
        gradients.append(by_parts(cell, own) | product_gradients(cell, trace) | cell.other_gradients(trace))
    return dx, dstates, gradients
