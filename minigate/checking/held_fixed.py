"""What a truncated gradient is the gradient of.

A gradient that stops at the start of a window is no derivative of the sequence's outputs, so differences of
them do not apply. It is the derivative of another function, which has the same value: every window is read
from a start that is a constant, the state as it was found at the point of the check. Of that function there
are differences, and its tape needs no rule about where a gradient stops: a constant has none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from minigate import ops
from minigate.bptt import Windows, tape
from minigate.cells import Cell
from minigate.tensor import Tensor, no_grad

State = tuple[Tensor, ...]
Through = Callable[..., tuple[Tensor, State]]


def cuts(through: Through, T: int) -> bool:
    """Does this way drop a gradient on the way back through T steps?"""
    return isinstance(through, Windows) and not through.hand_on and len(through.windows(T)) > 1


def starts_of(through: Windows, cell: Cell, x: Tensor, state: State, mask: Any) -> dict[int, State]:
    """The state at the start of each window, as constants.

    **Shapes**: x (T, N, D) or tokens (T, N); state each (N, ·); mask (T, N) or None.
    """
    found, t = {}, 0
    with no_grad():
        for start, _, _ in through.windows(x.shape[0]):
            part = None if mask is None else mask[t:start]
            _, state = tape(cell, x[t:start], state, part)
            found[start], t = tuple(h.detach() for h in state), start
    return found


def held_fixed(through: Windows, starts: Mapping[int, State], inner: Through) -> Through:
    """The way through time that reads every window from its own constant start, the first from the initial state.

    **Shapes**: as of every way: x (T, N, D) or tokens (T, N) → y (T, N, output_size), the final state.
    """

    def way(cell: Cell, x: Tensor, state: State, mask: Any = None) -> tuple[Tensor, State]:
        ys, final = [], state
        for start, first, end in through.windows(x.shape[0]):
            before = starts[start] if start else state
            y, final = inner(cell, x[start:end], before, None if mask is None else mask[start:end])
            ys.append(y[first - start :])
        return ops.concat(ys, axis=0), final

    return way
