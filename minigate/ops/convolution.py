"""Two-dimensional convolution and pooling, by way of patches.

:func:`patches` lists what every position of a window sees, :func:`overlap_add` puts such a list back and
adds where windows overlap. Both are linear and each is the other's gradient; convolution is a matrix
product in between, and pooling a maximum.
"""

from __future__ import annotations

from typing import Any

from minigate.backend import array_module
from minigate.errors import OptionError, ShapeError, explain
from minigate.ops.shape import reshape, swapaxes
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
    if py or px:
        a = xp.pad(a, ((0, 0), (0, 0), (py, py), (px, px)), mode="constant", constant_values=0)
    out = xp.empty((N, C, ky, kx, rows, columns), dtype=a.dtype)
    for u in range(ky):
        for v in range(kx):
            out[:, :, u, v] = a[:, :, u : u + rows * sy : sy, v : v + columns * sx : sx]
    return out


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
    out = xp.zeros((N, C, Y + 2 * py, X + 2 * px), dtype=a.dtype)
    for u in range(ky):
        for v in range(kx):
            out[:, :, u : u + rows * sy : sy, v : v + columns * sx : sx] += a[:, :, u, v]
    return out[:, :, py : py + Y, px : px + X]


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
    out = w.reshape(w.shape[0], -1) @ seen.reshape(N, w[0].size, rows * columns)
    return out.reshape(N, w.shape[0], rows, columns)


@conv2d.rule("x", needs="w")
def _(dout: Tensor, out: Any, x: Any, w: Tensor, *, stride: Pair = 1, padding: Pair = 0) -> Tensor:
    N, K, rows, columns = dout.shape
    _, C, ky, kx = w.shape
    seen = swapaxes(reshape(w, (K, C * ky * kx)), 0, 1) @ reshape(dout, (N, K, rows * columns))
    return overlap_add(reshape(seen, (N, C, ky, kx, rows, columns)), x.shape, stride, padding)


@conv2d.rule("w", needs="x")
def _(dout: Tensor, out: Any, x: Tensor, w: Any, *, stride: Pair = 1, padding: Pair = 0) -> Tensor:
    N, K, rows, columns = dout.shape
    _, C, ky, kx = w.shape
    seen = reshape(patches(x, (ky, kx), stride, padding), (N, C * ky * kx, rows * columns))
    each = reshape(dout, (N, K, rows * columns)) @ swapaxes(seen, 1, 2)
    return reshape(each.sum(axis=0), w.shape)


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
    share = (windows == out.data[:, :, None, None]).astype(dout.dtype)
    share /= share.sum(axis=(2, 3), keepdims=True)
    spread = reshape(dout, (*dout.shape[:2], 1, 1, *dout.shape[2:])) * share
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
    both = (value, value) if isinstance(value, int) else tuple(value)
    if len(both) != 2 or any(not isinstance(n, int) or n < least for n in both):
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
