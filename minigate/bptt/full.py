"""Full backpropagation through time: the whole sequence is one node on the tape, its backward by hand."""

from __future__ import annotations

from typing import Any

from minigate.backend import array_module
from minigate.bptt.loop import backward_through_time, forward_through_time
from minigate.cells import Cell
from minigate.tensor import Tensor, by_hand

Array = Any
State = tuple[Tensor, ...]


def full(cell: Cell, x: Tensor, state: State, mask: Array | None = None) -> tuple[Tensor, State]:
    """The cell over a whole sequence, the gradient through every step of it.

    **Equations**: d loss / d h_t = ∂loss/∂y_t + (∂h_{t+1}/∂h_t)ᵀ d loss / d h_{t+1}, from t = T back to 0;
    d loss / dW = Σ_t operand_tᵀ da_t.

    **Shapes**: x (T, N, D) or tokens (T, N); state each (N, H); mask bool (T, N)
    → y (T, N, output_size), state after the last real step of each sequence.

    **Source**: Werbos (1990).

    **Errors**: :class:`SecondDerivativeError` on a derivative of the derivative: the composed way has them all.
    """
    xp = array_module(x.data, *(h.data for h in state))
    y, final, trace = forward_through_time(xp, cell, x.data, [h.data for h in state], mask)
    names, parameters = zip(*cell.named_parameters(), strict=True)
    floating = x.dtype.kind == "f"
    inputs = [x, *state, *parameters] if floating else [*state, *parameters]

    def backward(cotangents: list[Array | None]) -> list[Array | None]:
        dy, *dfinal = cotangents
        dx, dstate, gradients = backward_through_time(cell, trace, dy, dfinal, mask, floating and x.requires_grad)
        found = [*dstate, *(gradients.get(name) for name in names)]
        return [_as(value, d) for value, d in zip(inputs, [dx, *found] if floating else found, strict=True)]

    composed = f'Recurrent({type(cell).__name__.lower()}, method="tape")'
    outputs = by_hand(f"{type(cell).__name__} through time", inputs, [y, *final], backward, composed)
    return outputs[0], tuple(outputs[1:])


def _as(value: Tensor, gradient: Array | None) -> Array | None:
    """A gradient has the dtype of its value, also where float32 weights met float64 input."""
    return None if gradient is None else gradient.astype(value.dtype, copy=False)
