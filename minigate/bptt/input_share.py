"""The input's share of every pre-activation: one product for a whole block of steps, before they are taken.

Two ways in. Floating x gets one more feature that is always 1, and the bias becomes its row of the
packed weight: one product makes x W + b, and on the way back one product makes the gradients of W and
of b. Whole numbers are tokens: a token stands for a one-hot row, so its product with W is a look-up of
a row, and the gradient a sum over the places where that row was picked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigate.backend import scatter_add
from minigate.cells import Cell, Trace
from minigate.cells.clock import Beat

Array = Any

#: Up to this many tokens a product with the one-hot matrix is faster than adding rows one by one.
ONE_HOT_LIMIT = 1024


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


def packed_weight(xp: Any, cell: Cell, x: Array, state: Sequence[Array]) -> Array:
    """W of all blocks side by side, and b below it as one more row, in the dtype that all who meet have in common.

    A cell whose b is no part of the share (``bias_in_share``) has a row of zeros there.

    **Shapes**: (D + 1, G·H).
    """
    names = [f".{block}" if block else "" for block in cell.blocks]
    W = xp.concatenate([cell[f"W{name}"].data for name in names], axis=1)
    b = xp.concatenate([cell[f"b{name}"].data for name in names]) if cell.bias_in_share else xp.zeros_like(W[0])
    packed = xp.concatenate([W, b[None]], axis=0)
    meet = [packed, x, *state]
    return packed.astype(xp.result_type(*(array for array in meet if array.dtype.kind == "f")), copy=False)


def project(xp: Any, x: Array, W: Array, out: Array, beats: Sequence[Beat] = ()) -> None:
    """x W + b for a block of steps, into ``out``; of ``out``, only what ``beats`` say is used.

    **Shapes**: x (B, N, D + 1) or tokens (B, N); W (D + 1, G·H); out (B, N, G·H).
    """
    if is_tokens(x):
        xp.take(W[:-1] + W[-1], x, axis=0, out=out)
        return
    if not beats:
        xp.matmul(x.reshape(-1, x.shape[-1]), W, out=out.reshape(-1, out.shape[-1]))
    for beat in beats:
        own = beat.steps(len(x))
        xp.matmul(x[own], W[:, beat.columns], out=out[own, :, beat.columns])


def input_gradients(cell: Cell, trace: Trace, wants_dx: bool) -> tuple[Array | None, dict[str, Array]]:
    """dx, and the gradients of W and b of every block.

    **Shapes**: dx (T, N, D) or None; W.<block> (D, H), and where it is in the share b.<block> (H,).
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
    gradients: dict[str, Array] = {}
    size = W.shape[1] // len(cell.blocks)
    for k, block in enumerate(cell.blocks):
        own = slice(k * size, (k + 1) * size)
        suffix = f".{block}" if block else ""
        gradients[f"W{suffix}"] = dW[:, own]
        if cell.bias_in_share:
            gradients[f"b{suffix}"] = db[own]
    return dx, gradients


def _rows_by_token(xp: Any, tokens: Array, da: Array, D: int) -> Array:
    """Σ of the rows of ``da`` over the places of each token: the one-hot matrix, transposed, times da."""
    if D <= ONE_HOT_LIMIT:
        one_hot = (xp.arange(D)[:, None] == tokens[None, :]).astype(da.dtype)
        return xp.matmul(one_hot, da)
    total = xp.zeros((D, da.shape[1]), dtype=da.dtype)
    scatter_add(xp, total, tokens, da)
    return total

