"""The input's share of every pre-activation: one product for a whole block of steps, before they are taken.

Two ways in. Floating x gets one more feature that is always 1, and the bias becomes its row of the
packed weight: one product makes x W + b, and on the way back one product makes the gradients of W and
of b. Whole numbers are tokens: a token stands for a one-hot row, so its product with W is a look-up of
a row, and the gradient a sum over the places where that row was picked.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

from minigate.backend import asnumpy
from minigate.cells import Cell, InputPart, Trace
from minigate.cells.clock import Beat

Array = Any

def is_tokens(x: Array) -> bool:
    """Whole numbers are tokens."""
    return x.dtype.kind in "iu"


def operand(xp: Any, x: Array, mask: Array | None) -> Array:
    """What the packed weight meets: a copy of x with a last feature of ones; steps that are not real are 0.

    **Shapes**: x (T, N, D) → (T, N, D + 1); tokens (T, N) → (T, N).
    """
    if is_tokens(x):
        return xp.where(mask, x, 0) if mask is not None else x.copy()
    with_one = xp.empty((*x.shape[:-1], x.shape[-1] + 1), dtype=x.dtype)
    with_one[..., :-1] = x if mask is None else xp.where(mask[..., None], x, 0.0)  # replaced, never multiplied: NaN
    with_one[..., -1] = 1.0
    return with_one


def reach_of_x(cell: Cell) -> int:
    """The columns that x has a part in are among the first so many; in the others there is b alone."""
    parts = cell.input_parts
    return max(own.stop for part, own in zip(parts, _columns(parts), strict=True) if part.weight)


def packed_weight(xp: Any, cell: Cell, x: Array, state: Sequence[Array]) -> Array:
    """W of all blocks side by side, and b below it as one more row, in the dtype that all who meet have in common.

    What is no part of the share (``input_parts``) is zeros there.

    **Shapes**: (D + 1, G·H).
    """
    parts = cell.input_parts
    dtype = next(cell[part.weight].dtype for part in parts if part.weight)
    packed = xp.zeros((cell.D + 1, sum(part.width for part in parts)), dtype=dtype)
    for part, own in zip(parts, _columns(parts), strict=True):
        if part.weight:
            packed[:-1, own] = cell[part.weight].data
        if part.bias:
            packed[-1, own] = cell[part.bias].data
    meet = [packed, x, *state]
    return packed.astype(xp.result_type(*(array for array in meet if array.dtype.kind == "f")), copy=False)


def met_by(x: Array, W: Array) -> Array:
    """What ``project`` takes: for tokens each row of W with b already in it, for all others W as it is.

    **Shapes**: W (D + 1, G·H) → (D, G·H) or (D + 1, G·H).
    """
    return W[:-1] + W[-1] if is_tokens(x) else W


def project(xp: Any, x: Array, W: Array, out: Array, beats: Sequence[Beat] = ()) -> None:
    """x W + b for a block of steps, into ``out``; of ``out``, only what ``beats`` say is used.

    **Shapes**: x (B, N, D + 1) or tokens (B, N); W as ``met_by`` x; out (B, N, G·H).
    """
    if is_tokens(x):
        xp.take(W, x, axis=0, out=out)
        return
    if not beats:
        xp.matmul(x.reshape(-1, x.shape[-1]), W, out=out.reshape(-1, out.shape[-1]))
    for beat in beats:
        own = beat.steps(len(x))
        xp.matmul(x[own], W[:, beat.columns], out=out[own, :, beat.columns])


def input_gradients(cell: Cell, trace: Trace, wants_dx: bool) -> tuple[Array | None, dict[str, Array]]:
    """dx, and the gradients of the weights and biases that have a part in the share.

    **Shapes**: dx (T, N, D) or None; each weight (D, ·), each bias (·,).
    """
    xp, x, W = trace.xp, trace["x"], trace.weights["W"]
    T, N = x.shape[:2]
    both, dx = xp.empty(W.shape, dtype=W.dtype), None
    dW, db = both[:-1], both[-1]
    for beat in trace.beats or [Beat(0, 1, 0, W.shape[1])]:  # the blocks of the input come first in da
        at, columns = beat.steps(T), beat.columns
        da = trace["da"][at, :, columns]
        flat = da.reshape(-1, da.shape[-1])
        if is_tokens(x):
            dW[:, columns] = _rows_by_token(xp, x[at].reshape(-1), flat, cell.D)
            db[columns] = dW[:, columns].sum(axis=0)  # every step picks one row, so together they hold every step once
            continue
        xp.matmul(x[at].reshape(-1, cell.D + 1).T, flat, out=both[:, columns])
        if wants_dx:
            part = xp.matmul(flat, W[:-1, columns].T).reshape(*da.shape[:2], cell.D)
            if dx is None and len(part) == T:
                dx = part
            else:
                dx = xp.zeros((T, N, cell.D), dtype=W.dtype) if dx is None else dx
                dx[at] += part
    rest = slice(reach_of_x(cell), W.shape[1])
    if rest.start < rest.stop:
        db[rest] = trace["da"][..., rest].sum(axis=(0, 1))
    gradients: dict[str, Array] = {}
    parts = cell.input_parts
    for part, own in zip(parts, _columns(parts), strict=True):
        if part.weight:
            gradients[part.weight] = dW[:, own]
        if part.bias:
            gradients[part.bias] = db[own]
    return dx, gradients


def _columns(parts: Sequence[InputPart]) -> list[slice]:
    """Where each part lies."""
    ends = list(accumulate(part.width for part in parts))
    return [slice(first, end) for first, end in zip([0, *ends], ends, strict=False)]


def _rows_by_token(xp: Any, tokens: Array, da: Array, D: int) -> Array:
    """Σ of the rows of ``da`` over the places of each token: sorted by token they are neighbours, and are added up.

    It is the product of the one-hot matrix, transposed, with ``da``, without its zeros.

    **Shapes**: tokens (M,), da (M, G·H) → (D, G·H).
    """
    order = xp.argsort(tokens, kind="stable")
    starts = asnumpy(xp.searchsorted(tokens[order], xp.arange(D + 1))).tolist()
    total = xp.zeros((D, da.shape[1]), dtype=da.dtype)
    for k, (first, end) in enumerate(pairwise(starts)):
        if first < end:
            xp.sum(da[order[first:end]], axis=0, out=total[k])
    return total
