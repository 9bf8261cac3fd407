"""The same numbers in another arrangement: every rule here undoes what the operation did.

Most of these give a view of the same memory, so an edit of the one is an edit of the other and counts for
both (``shares_memory=True``).
"""

from __future__ import annotations

from typing import Any

from minigate.tensor import Tensor, op

Array = Any
Shape = tuple[int, ...]


@op(shares_memory=True)
def reshape(xp: Any, a: Array, *, shape: int | Shape) -> Array:
    """Other axes for the same number of elements; -1 stands for what is left.

    **Equations**: da = dout, reshaped back.

    **Shapes**: a (…) -> shape.
    """
    return a.reshape(shape)


@reshape.rule("a")
def _(dout: Tensor, out: Any, a: Any, *, shape: int | Shape) -> Tensor:
    return reshape(dout, a.shape)


@op(shares_memory=True)
def transpose(xp: Any, a: Array, *, axes: Shape | None = None) -> Array:
    """The axes in another order (reversed by default).

    **Equations**: da = dout with the axes put back.

    **Shapes**: a (…) -> its lengths in the order of ``axes``.
    """
    return a.transpose(axes)


@transpose.rule("a")
def _(dout: Tensor, out: Any, a: Any, *, axes: Shape | None = None) -> Tensor:
    if axes is None:
        return transpose(dout)
    forth = [axis % len(axes) for axis in axes]
    return transpose(dout, tuple(forth.index(axis) for axis in range(len(forth))))


@op(shares_memory=True)
def swapaxes(xp: Any, a: Array, *, first: int, second: int) -> Array:
    """Two axes change places.

    **Equations**: da = dout with the same two swapped.

    **Shapes**: a (…, first, …, second, …) -> (…, second, …, first, …).
    """
    return a.swapaxes(first, second)


@swapaxes.rule("a")
def _(dout: Tensor, out: Any, a: Any, *, first: int, second: int) -> Tensor:
    return swapaxes(dout, first, second)


@op(shares_memory=True)
def flip(xp: Any, a: Array, *, axis: int | Shape | None = None) -> Array:
    """In reverse order along axes (all by default).

    **Equations**: da = dout, flipped likewise.

    **Shapes**: a (…) -> the same.
    """
    return xp.flip(a, axis=axis)


@flip.rule("a")
def _(dout: Tensor, out: Any, a: Any, *, axis: int | Shape | None = None) -> Tensor:
    return flip(dout, axis)


@op(shares_memory=True)
def expand_dims(xp: Any, a: Array, *, axis: int | Shape) -> Array:
    """New axes of length 1 at the places ``axis`` of the result.

    **Equations**: da = dout without them.

    **Shapes**: a (…) -> (…, 1, …).
    """
    return xp.expand_dims(a, axis)


@expand_dims.rule("a")
def _(dout: Tensor, out: Any, a: Any, *, axis: int | Shape) -> Tensor:
    return reshape(dout, a.shape)


@op(shares_memory=True)
def squeeze(xp: Any, a: Array, *, axis: int | Shape | None = None) -> Array:
    """Without axes of length 1 (all of them by default).

    **Equations**: da = dout with them.

    **Shapes**: a (…, 1, …) -> (…).
    """
    return xp.squeeze(a, axis=axis)


@squeeze.rule("a")
def _(dout: Tensor, out: Any, a: Any, *, axis: int | Shape | None = None) -> Tensor:
    return reshape(dout, a.shape)


@op(shares_memory=True)
def broadcast_to(xp: Any, a: Array, *, shape: Shape) -> Array:
    """Repeated along new axes and axes of length 1, without using memory for it (the result is read-only).

    **Equations**: da = dout, summed over what was repeated.

    **Shapes**: a (…) -> shape, by NumPy's broadcasting.
    """
    return xp.broadcast_to(a, shape)


@broadcast_to.rule("a")
def _(dout: Tensor, out: Any, a: Any, *, shape: Shape) -> Tensor:
    return sum_to(dout, a.shape)


@op()
def sum_to(xp: Any, a: Array, *, shape: Shape) -> Array:
    """Summed down to a shape that broadcasting could have come from: the other direction of broadcasting.

    **Equations**: out = Σ a over the axes that ``shape`` has not, or has with length 1; da = dout, broadcast.

    **Shapes**: a (…) -> shape.

    >>> sum_to(Tensor([[1.0, 2.0], [3.0, 4.0]]), (2,)).data.tolist()
    [4.0, 6.0]
    """
    new = a.ndim - len(shape)
    axes = tuple(range(new))
    axes += tuple(new + i for i, length in enumerate(shape) if length == 1 and a.shape[new + i] != 1)
    return a.sum(axis=axes).reshape(shape) if axes else a


@sum_to.rule("a")
def _(dout: Tensor, out: Any, a: Any, *, shape: Shape) -> Tensor:
    return broadcast_to(dout, a.shape)


@op()
def pad(xp: Any, a: Array, *, width: Any, value: float = 0.0) -> Array:
    """A margin of ``value`` around: ``width`` is one (before, after) for each axis, or one number for all.

    **Equations**: da = dout without the margin.

    **Shapes**: a (…, n, …) -> (…, before + n + after, …).
    """
    return xp.pad(a, _widths(a.ndim, width), mode="constant", constant_values=value)


@pad.rule("a")
def _(dout: Tensor, out: Any, a: Any, *, width: Any, value: float = 0.0) -> Tensor:
    pairs = zip(a.shape, _widths(a.ndim, width), strict=True)
    return dout[tuple(slice(before, before + length) for length, (before, _after) in pairs)]


def _widths(ndim: int, width: Any) -> tuple[tuple[int, int], ...]:
    if isinstance(width, int):
        return ((width, width),) * ndim
    if len(width) == 2 and isinstance(width[0], int):
        return ((width[0], width[1]),) * ndim
    return tuple((before, after) for before, after in width)
