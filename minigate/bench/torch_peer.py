"""The opponent: PyTorch, holding the same weights. Its built-in layer where it has one, else one step at a time.

PyTorch is not needed for anything else, and is imported only in this function. Before a race both sides have to give
the same output and the same gradient, so that it is the same computation that is timed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from minigate.backend import asnumpy
from minigate.backend.blas import describe_blas
from minigate.bench.torch_gated_feedback import layer_by_layer
from minigate.bench.torch_md_lstm import pixel_by_pixel
from minigate.bench.torch_steps import per_step
from minigate.cells import GRU, LSTM, MDLSTM, RNN, Cell, GatedFeedback
from minigate.errors import BackendError, MinigateError, explain

Array = Any


def import_torch() -> Any:
    """PyTorch, on as many threads as NumPy's products here have, and no more than there are cores to use.

    **Errors**: :class:`BackendError` where it is not installed, with what to type.
    """
    try:
        import torch
    except ImportError as error:
        raise BackendError(
            explain("PyTorch is not installed", where="bench --vs torch", remedy="python -m pip install torch")
        ) from error
    blas = describe_blas()
    torch.set_num_threads(min(blas["threads"], blas["cores"]))
    return torch


def opponent(torch: Any, cell: Cell) -> tuple[str, Any] | None:
    """What a cell is measured against, and its kind; None where nobody has written one.

    "built-in" is PyTorch's own layer, "per-step" the cell as a module written in PyTorch.
    """
    built_in = same_layer(torch, cell)
    if built_in is not None:
        return "built-in", built_in
    if isinstance(cell, MDLSTM):
        written = pixel_by_pixel(torch, cell)
    else:
        written = layer_by_layer(torch, cell) if isinstance(cell, GatedFeedback) else per_step(torch, cell)
    return None if written is None else ("per-step", written)


def same_layer(torch: Any, cell: Cell) -> Any | None:
    """PyTorch's built-in layer with the weights of ``cell``, or None where it has no such cell.

    PyTorch's gate orders are i, f, g, o for the LSTM and r, z, n for the GRU, and its z is our 1 − z: the
    sign of that gate's weights is turned. Its weights meet the data as ``W x``: transposed. Its second bias is
    of no use except inside the GRU's reset product, where it is our ``b.recurrent``.
    """
    orders: tuple[str, ...]
    turned = None
    if type(cell) is LSTM:
        layer, orders = torch.nn.LSTM, ("input", "forget", "candidate", "output")
    elif type(cell) is GRU and cell.reset == "after":
        layer, orders, turned = torch.nn.GRU, ("reset", "update", "candidate"), "update"
    elif type(cell) is RNN:
        layer, orders = torch.nn.RNN, ("",)
    else:
        return None
    ours = {name: asnumpy(p.data) for name, p in cell.named_parameters()}
    second = ours.pop("b.recurrent", None)
    if set(ours) != {f"{symbol}.{block}" if block else symbol for symbol in "WUb" for block in orders}:
        return None  # peepholes, a normalisation, gates with parameters: another cell
    peer = layer(cell.D, cell.H).to(dtype=getattr(torch, str(cell.parameters()[0].dtype)))

    def packed(symbol: str) -> Any:
        parts = [ours[f"{symbol}.{b}" if b else symbol] * (-1 if b == turned else 1) for b in orders]
        return torch.from_numpy(numpy.concatenate(parts, axis=-1).T.copy())

    with torch.no_grad():
        peer.weight_ih_l0.copy_(packed("W"))
        peer.weight_hh_l0.copy_(packed("U"))
        peer.bias_ih_l0.copy_(packed("b"))
        peer.bias_hh_l0.zero_()
        if second is not None:
            peer.bias_hh_l0[2 * cell.H :].copy_(torch.from_numpy(second))
    return peer


def training_step(torch: Any, layer: Any, x: Array, dy: Array) -> Callable[[], tuple[Array, Array]]:
    """Forward and backward of a PyTorch layer; returns y and dx, as host arrays that share its memory.

    **Shapes**: x (T, N, D), dy (T, N, H); or x (I, J, N, D), dy (I, J, N, H). Of tokens (T, N) there is no dx, but a
    gradient of the rows that they pick.
    """
    x_, dy_ = torch.from_numpy(x), torch.from_numpy(dy)
    tokens = x.dtype.kind in "iu"
    x_.requires_grad_(not tokens)

    def step() -> tuple[Array, Array]:
        x_.grad = None
        layer.zero_grad(set_to_none=True)
        found = layer(x_)
        y = found[0] if isinstance(found, tuple) else found
        y.backward(dy_)
        return y.detach().numpy(), layer.gradient_of_input() if tokens else x_.grad.numpy()

    return step


def must_agree(ours: tuple[Array, Array], theirs: tuple[Array, Array], what: str) -> None:
    """Raise unless both sides computed the same y and dx, to double rounding over a sequence.

    **Errors**: :class:`MinigateError` naming the larger of the two distances.
    """
    distances = [float(numpy.linalg.norm(a - b) / numpy.linalg.norm(b)) for a, b in zip(ours, theirs, strict=True)]
    if not max(distances) < 1e-9:
        y, dx = distances
        raise MinigateError(f"{what}: the two sides disagree: y by {y:.1e}, dx by {dx:.1e} (relative)")
