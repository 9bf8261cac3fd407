"""Full backpropagation through time: the whole sequence is one node on the tape, its backward by hand."""

from __future__ import annotations

from typing import Any

from minigate.backend import array_module
from minigate.bptt.loop import backward_through_time, forward_through_time
from minigate.cells import Cell
from minigate.tensor import Tensor, as_tensor, by_hand, is_grad_enabled

Array = Any
State = tuple[Tensor, ...]

#: How many steps are read at a time where no gradient is wanted: the longest trace that then exists.
STEPS = 64


def full(cell: Cell, x: Tensor, state: State, mask: Array | None = None) -> tuple[Tensor, State]:
    """The cell over a whole sequence, the gradient through every step of it.

    **Equations**: d loss / d h_t = ∂loss/∂y_t + (∂h_{t+1}/∂h_t)ᵀ d loss / d h_{t+1}, from t = T back to 0;
    d loss / dW = Σ_t operand_tᵀ da_t.

    **Shapes**: x (T, N, D) or tokens (T, N); state each (N, H); mask bool (T, N)
    → y (T, N, output_size), state after the last real step of each sequence.

    Memory: the trace, some (T, N, G·H); none that grows with T under ``no_grad``, but y itself.

    **Source**: Werbos (1990).

    **Errors**: :class:`SecondDerivativeError` on a derivative of the derivative: the composed way has them all.
    """
    x, state = as_tensor(x), tuple(as_tensor(h) for h in state)
    xp = array_module(x.data, *(h.data for h in state))
    named = dict(cell.named_parameters())
    names, parameters = list(named), list(named.values())
    floating = x.dtype.kind == "f"
    inputs = [x, *state, *parameters] if floating else [*state, *parameters]
    initial = [h.data for h in state]
    if not (is_grad_enabled() and any(tensor.requires_grad for tensor in inputs)):
        y, final = _without_a_trace(xp, cell, x.data, initial, mask)
        return Tensor(y), tuple(Tensor(h) for h in final)
    y, final, trace = forward_through_time(xp, cell, x.data, initial, mask)

    def backward(cotangents: list[Array | None]) -> list[Array | None]:
        dy, *dfinal = cotangents
        dx, dstate, gradients = backward_through_time(cell, trace, dy, dfinal, mask, floating and x.requires_grad)
        found = [*dstate, *(gradients.get(name) for name in names)]
        return [_as(value, d) for value, d in zip(inputs, [dx, *found] if floating else found, strict=True)]

    composed = f'Recurrent({type(cell).__name__.lower()}, method="tape")'
    outputs = by_hand(f"{type(cell).__name__} through time", inputs, [y, *final], backward, composed)
    return outputs[0], tuple(outputs[1:])


def _without_a_trace(
    xp: Any, cell: Cell, x: Array, state: list[Array], mask: Array | None
) -> tuple[Array, list[Array]]:
    """Nobody will go back: the sequence is read some steps at a time, and what they leave behind is let go.

    **Shapes**: x (T, N, D) or tokens (T, N) → y (T, N, output_size), the final state.
    """
    T = x.shape[0]
    whole = None
    for t in range(0, max(T, 1), STEPS):
        now = slice(t, t + STEPS)
        y, state = forward_through_time(xp, cell, x[now], state, None if mask is None else mask[now])[:2]
        if T <= STEPS:
            return y, state
        whole = xp.empty((T, *y.shape[1:]), dtype=y.dtype) if whole is None else whole
        whole[now] = y
    return whole, state


def _as(value: Tensor, gradient: Array | None) -> Array | None:
    """A gradient has the dtype of its value, also where float32 weights met float64 input."""
    return None if gradient is None else gradient.astype(value.dtype, copy=False)
