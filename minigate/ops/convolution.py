"""Two-dimensional convolution and pooling, by way of patches.

:func:`patches` lists what every position of a window sees, :func:`overlap_add` puts such a list back and
adds where windows overlap. Both are linear and each is the other's gradient; convolution is a matrix
product in between, and pooling a maximum.

In memory the batch comes last, whatever the order of the axes says: what a window moves over is then as long as the
batch, and not as short as a row of a small image. It is the same product either way, one for the whole batch; and
since pointwise operations leave the layout as they find it, nothing has to be put in order between two convolutions.
"""

from __future__ import annotations

import math
from operator import index
from typing import Any

from minigate.backend import array_module
from minigate.errors import OptionError, ShapeError, explain
from minigate.ops.shape import reshape, swapaxes, transpose
from minigate.tensor import Tensor, op

Array = Any
Pair = int | tuple[int, int]


@op()
def patches(xp: Any, a: Array, *, size: Pair, stride: Pair = 1, padding: Pair = 0) -> Array:
    """What a window of ``size`` sees at every position, the padding being zeros.

    **Equations**: out[n, c, u, v, y, x] = a[n, c, y·sy + u - py, x·sx + v - px]; da = dout, overlapped and added.

    **Shapes**: a (N, C, Y, X) -> (N, C, ky, kx, Y', X') with Y' = (Y + 2·py - ky) // sy + 1, X' likewise.

    **Errors**: :class:`ShapeError` for an image without four axes or smaller than the window.
    """
    (ky, kx), (sy, sx), (py, px) = pair("size", size, 1), pair("stride", stride, 1), pair("padding", padding, 0)
    N, C, Y, X = a.shape
    rows, columns = _positions("patches", a.shape, (ky, kx), (sy, sx), (py, px))
    around = xp.zeros((C, Y + 2 * py, X + 2 * px, N), dtype=a.dtype)
    around[:, py : py + Y, px : px + X] = a.transpose(1, 2, 3, 0)
    out = xp.empty((C, ky, kx, rows, columns, N), dtype=a.dtype)
    for u in range(ky):
        for v in range(kx):
            out[:, u, v] = around[:, u : u + rows * sy : sy, v : v + columns * sx : sx]
    return out.transpose(5, 0, 1, 2, 3, 4)


@patches.rule("a")
def _(dout: Tensor, out: Any, a: Any, *, size: Pair, stride: Pair = 1, padding: Pair = 0) -> Tensor:
    return overlap_add(dout, a.shape, stride, padding)


@op()
def overlap_add(
    xp: Any, a: Array, *, shape: tuple[int, int, int, int], stride: Pair = 1, padding: Pair = 0
) -> Array:
    """Put windows back where :func:`patches` took them from and add where they overlap.

    **Equations**: out[n, c, y·sy + u - py, x·sx + v - px] += a[n, c, u, v, y, x]; da = the patches of dout.

    **Shapes**: a (N, C, ky, kx, Y', X') -> shape = (N, C, Y, X).
    """
    (sy, sx), (py, px) = pair("stride", stride, 1), pair("padding", padding, 0)
    N, C, Y, X = shape
    _, _, ky, kx, rows, columns = a.shape
    a = a.transpose(1, 2, 3, 4, 5, 0)
    out = xp.zeros((C, Y + 2 * py, X + 2 * px, N), dtype=a.dtype)
    for u in range(ky):
        for v in range(kx):
            out[:, u : u + rows * sy : sy, v : v + columns * sx : sx] += a[:, u, v]
    return out[:, py : py + Y, px : px + X].transpose(3, 0, 1, 2)


@overlap_add.rule("a")
def _(dout: Tensor, out: Any, a: Any, *, shape: Any, stride: Pair = 1, padding: Pair = 0) -> Tensor:
    return patches(dout, a.shape[2:4], stride, padding)


@op()
def conv2d(xp: Any, x: Array, w: Array, *, stride: Pair = 1, padding: Pair = 0) -> Array:
    """Convolution as networks mean it: the window is not flipped (strictly, a cross-correlation).

    **Equations**: out[n, k, y, x] = Σ_{c,u,v} w[k, c, u, v] · x[n, c, y·sy + u - py, x·sx + v - px]. With P the
    patches of x as a matrix: out = w P, dw = dout Pᵀ, dx = overlap_add(wᵀ dout).

    **Shapes**: x (N, C, Y, X), w (K, C, ky, kx) -> (N, K, Y', X') with Y' = (Y + 2·py - ky) // sy + 1.

    **Errors**: :class:`ShapeError` for other numbers of axes or channels, or a window larger than the image.
    """
    if x.ndim != 4 or w.ndim != 4 or x.shape[1] != w.shape[1]:
        raise ShapeError(
            explain("wrong shapes", where="conv2d", expected="x (N, C, Y, X) and w (K, C, ky, kx) with the same C",
                    got=f"x {x.shape} and w {w.shape}", slip="channels last",
                    remedy="x.transpose(0, 3, 1, 2) for x (N, Y, X, C)")
        )  # fmt: skip
    seen = patches.forward(xp, x, size=w.shape[2:], stride=stride, padding=padding)
    N, _, _, _, rows, columns = seen.shape
    out = w.reshape(w.shape[0], -1) @ seen.transpose(1, 2, 3, 4, 5, 0).reshape(w[0].size, -1)
    return out.reshape(w.shape[0], rows, columns, N).transpose(3, 0, 1, 2)


@conv2d.rule("x", needs="w")
def _(dout: Tensor, out: Any, x: Any, w: Tensor, *, stride: Pair = 1, padding: Pair = 0) -> Tensor:
    N, K, rows, columns = dout.shape
    _, C, ky, kx = w.shape
    seen = swapaxes(reshape(w, (K, C * ky * kx)), 0, 1) @ _matrix(dout, 1)
    return overlap_add(_batch_first(reshape(seen, (C, ky, kx, rows, columns, N))), x.shape, stride, padding)


@conv2d.rule("w", needs="x")
def _(dout: Tensor, out: Any, x: Tensor, w: Any, *, stride: Pair = 1, padding: Pair = 0) -> Tensor:
    seen = _matrix(patches(x, w.shape[2:], stride, padding), 3)
    turned = seen @ swapaxes(_matrix(dout, 1), 0, 1)  # P doutᵀ, which is faster: the long matrix stands first
    return reshape(swapaxes(turned, 0, 1), w.shape)


def _matrix(a: Tensor, rows: int) -> Tensor:
    """The first ``rows`` axes after the batch become one, and what is left another, the batch its last part."""
    lengths = a.shape[1 : rows + 1]
    return reshape(transpose(a, (*range(1, a.ndim), 0)), (math.prod(lengths), a.size // max(1, math.prod(lengths))))


def _batch_first(a: Tensor) -> Tensor:
    """(…, N) → (N, …)."""
    return transpose(a, (a.ndim - 1, *range(a.ndim - 1)))


@op()
def max_pool2d(xp: Any, x: Array, *, size: Pair, stride: Pair | None = None, padding: Pair = 0) -> Array:
    """The largest number in every window; numbers that tie share the gradient equally, as in :func:`max`.

    The padding never wins. ``stride`` is ``size`` by default, so that windows lie side by side; rows and
    columns left over at the end belong to no window.

    **Equations**: out[n, c, y, x] = max_{u,v} x[n, c, y·sy + u - py, x·sx + v - px]; dx = Σ over the windows of
    dout · [x = out] / (how many are equal).

    **Shapes**: x (N, C, Y, X) -> (N, C, Y', X') with Y' = (Y + 2·py - ky) // sy + 1.

    **Errors**: :class:`ShapeError` for an image without four axes or smaller than the window;
    :class:`OptionError` for a padding as wide as the window.
    """
    return _windows(xp, x, size, stride, padding).max(axis=(2, 3))


@max_pool2d.rule("x", needs=("x", "out"))
def _(dout: Tensor, out: Tensor, x: Tensor, *, size: Pair, stride: Pair | None = None, padding: Pair = 0) -> Tensor:
    windows = _windows(array_module(x.data), x.data, size, stride, padding)
    largest = (windows == out.data[:, :, None, None]).astype(dout.dtype)
    each = dout / largest.sum(axis=(2, 3))  # first, where there are few numbers
    spread = reshape(each, (*each.shape[:2], 1, 1, *each.shape[2:])) * largest
    return overlap_add(spread, x.shape, size if stride is None else stride, padding)


def _windows(xp: Any, x: Array, size: Pair, stride: Pair | None, padding: Pair) -> Array:
    """The patches of x, the padding being smaller than every number."""
    stride = size if stride is None else stride
    (ky, kx), (py, px) = pair("size", size, 1), pair("padding", padding, 0)
    if py >= ky or px >= kx:
        raise OptionError(
            explain("windows would lie in the padding alone", where="max_pool2d",
                    expected=f"padding below size {(ky, kx)}", got=str((py, px)))
        )  # fmt: skip
    _positions("max_pool2d", x.shape, (ky, kx), pair("stride", stride, 1), (py, px))
    if py or px:
        x = xp.pad(x, ((0, 0), (0, 0), (py, py), (px, px)), mode="constant", constant_values=-xp.inf)
    return patches.forward(xp, x, size=size, stride=stride, padding=0)


def pair(name: str, value: Pair, least: int) -> tuple[int, int]:
    """One number for both directions, or (down, across)."""
    try:
        both = tuple(index(n) for n in (value if isinstance(value, (tuple, list)) else (value, value)))
    except TypeError:  # no whole numbers
        both = ()
    if len(both) != 2 or min(both) < least:
        raise OptionError(
            explain("no such choice", where=f"{name}=", expected=f"one or two integers ≥ {least}", got=repr(value))
        )
    return both[0], both[1]


def _positions(
    where: str, shape: tuple[int, ...], size: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]
) -> tuple[int, int]:
    """How many positions the window has, down and across."""
    if len(shape) != 4 or shape[2] + 2 * padding[0] < size[0] or shape[3] + 2 * padding[1] < size[1]:
        raise ShapeError(
            explain("no place for the window", where=where, got=str(shape),
                    expected=f"an image (N, C, Y, X), Y and X of at least {size}",
                    slip="a missing axis: (Y, X) needs x[None, None]" if len(shape) != 4 else "")
        )  # fmt: skip
    rows = (shape[2] + 2 * padding[0] - size[0]) // stride[0] + 1
    columns = (shape[3] + 2 * padding[1] - size[1]) // stride[1] + 1
    return rows, columns
