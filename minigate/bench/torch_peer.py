"""The opponent: PyTorch's built-in recurrent layers, holding the same weights.

PyTorch is not needed for anything else, and is imported only here. Before a race both sides have to give
the same output and the same gradient, so that it is the same computation that is timed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from minigate.backend import asnumpy
from minigate.backend.blas import usable_cores
from minigate.cells import GRU, LSTM, RNN, Cell
from minigate.errors import BackendError, MinigateError, explain

Array = Any


def import_torch() -> Any:
    """PyTorch, on as many threads as there are cores to use.

    **Errors**: :class:`BackendError` where it is not installed, with what to type.
    """
    try:
        import torch
    except ImportError as error:
        raise BackendError(
            explain("PyTorch is not installed", where="bench --vs torch", remedy="python -m pip install torch")
        ) from error
    torch.set_num_threads(usable_cores())
    return torch


def same_layer(torch: Any, cell: Cell) -> Any | None:
    """PyTorch's built-in layer with the weights of ``cell``, or None where it has no such cell.

    PyTorch's gate orders are i, f, g, o for the LSTM and r, z, n for the GRU, and its z is our 1 − z: the
    sign of that gate's weights is turned. Its weights meet the data as ``W x``: transposed.
    """
    orders: tuple[str, ...]
    turned = None
    if isinstance(cell, LSTM):
        layer, orders = torch.nn.LSTM, ("input", "forget", "candidate", "output")
    elif isinstance(cell, GRU) and cell.reset == "after":
        layer, orders, turned = torch.nn.GRU, ("reset", "update", "candidate"), "update"
    elif isinstance(cell, RNN):
        layer, orders = torch.nn.RNN, ("",)
    else:
        return None
    peer = layer(cell.D, cell.H).to(dtype=getattr(torch, str(cell.parameters()[0].dtype)))

    def packed(symbol: str) -> Any:
        parts = [asnumpy(cell[f"{symbol}.{b}" if b else symbol].data) * (-1 if b == turned else 1) for b in orders]
        return torch.from_numpy(numpy.concatenate(parts, axis=-1).T.copy())

    with torch.no_grad():
        peer.weight_ih_l0.copy_(packed("W"))
        peer.weight_hh_l0.copy_(packed("U"))
        peer.bias_ih_l0.copy_(packed("b"))
        peer.bias_hh_l0.zero_()
    return peer


def training_step(torch: Any, layer: Any, x: Array, dy: Array) -> Callable[[], tuple[Array, Array]]:
    """Forward and backward of the built-in layer; returns y and dx, as host arrays that share its memory.

    **Shapes**: x (T, N, D), dy (T, N, H).
    """
    x_, dy_ = torch.from_numpy(x).requires_grad_(True), torch.from_numpy(dy)

    def step() -> tuple[Array, Array]:
        x_.grad = None
        layer.zero_grad(set_to_none=True)
        y, _ = layer(x_)
        y.backward(dy_)
        return y.detach().numpy(), x_.grad.numpy()

    return step


def must_agree(ours: tuple[Array, Array], theirs: tuple[Array, Array], what: str) -> None:
    """Raise unless both sides computed the same y and dx, to float32 rounding over a sequence.

    **Errors**: :class:`MinigateError` naming the larger of the two distances.
    """
    distances = [float(numpy.linalg.norm(a - b) / numpy.linalg.norm(b)) for a, b in zip(ours, theirs, strict=True)]
    if not max(distances) < 1e-4:
        y, dx = distances
        raise MinigateError(f"{what}: the two sides disagree: y by {y:.1e}, dx by {dx:.1e} (relative)")
