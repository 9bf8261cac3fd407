"""Picking elements, and the gradient of it: putting them back where they came from, added up.

Indexing and ``scatter`` are each other's gradient. An element that was picked twice gets both gradients.
"""

from __future__ import annotations

from typing import Any

from minigate import backend
from minigate.errors import ShapeError, explain
from minigate.tensor import Tensor, op

Array = Any


@op(shares_memory=True)
def _slice(xp: Any, a: Array, *, index: Any) -> Array:
    """Numbers, slices, None and … : a view of the same memory.

    **Equations**: out = a[index]; da = zeros with dout at the places it came from.

    **Shapes**: a (…) -> a[index].
    """
    return a[index]


@op()
def _gather(xp: Any, a: Array, *, index: Any) -> Array:
    """Arrays of integers, which may repeat, and masks: a copy.

    **Equations**: out = a[index]; da = Σ of dout at the places they came from.

    **Shapes**: a (…) -> a[index].
    """
    return a[index]


@_slice.rule("a")
@_gather.rule("a")
def _(dout: Tensor, out: Any, a: Any, *, index: Any) -> Tensor:
    return scatter(dout, index, a.shape)


@op()
def scatter(xp: Any, a: Array, *, index: Any, shape: tuple[int, ...]) -> Array:
    """Zeros of ``shape``, with ``a`` added in at ``index``; what meets in one place is summed.

    **Equations**: out[index] += a; da = dout[index].

    **Shapes**: a of the shape of out[index] -> shape.
    """
    out = xp.zeros(shape, dtype=a.dtype)
    if _repeats(index):
        backend.scatter_add(xp, out, index, a)
    else:
        out[index] = a
    return out


@scatter.rule("a")
def _(dout: Tensor, out: Any, a: Any, *, index: Any, shape: tuple[int, ...]) -> Tensor:
    return getitem(dout, index)


def getitem(a: Any, index: Any) -> Tensor:
    """``a[index]``: numbers, slices, None, …, integer arrays (also repeating) and masks, as in NumPy.

    **Equations**: out = a[index]; da = Σ of dout at the places they came from.

    **Shapes**: a (…) -> a[index].

    **Errors**: :class:`ShapeError` where an array of integers points outside of its axis: a GPU would wrap around.
    """
    index = tuple(_plain(i, a) for i in index) if isinstance(index, tuple) else _plain(index, a)
    parts = index if isinstance(index, tuple) else (index,)
    copies = any(isinstance(part, bool) or backend.is_array(part) for part in parts)
    if copies:
        _check_range(tuple(a.shape), parts)
    return _gather(a, index=index) if copies else _slice(a, index=index)


def _plain(index: Any, a: Any) -> Any:
    """One part of an index, as the array library wants it."""
    if isinstance(index, Tensor):
        return index.data.copy()  # a later edit of it must not reach the backward pass
    if isinstance(index, list):
        return backend.asarray(index, dtype=None if index else "int64", like=a)
    return index


def _check_range(shape: tuple[int, ...], parts: tuple[Any, ...]) -> None:
    """Raise where an array of integers names a place that its axis has not got."""
    used = sum(_axes(part) for part in parts)
    axis = 0
    for part in parts:
        length = shape[axis] if axis < len(shape) else 0
        if backend.is_array(part) and part.dtype.kind in "iu" and part.size:
            low, high = int(part.min()), int(part.max())
            if low < -length or high >= length:
                raise ShapeError(
                    explain(
                        "an index points outside",
                        where=f"t[…] of a Tensor of shape {shape}",
                        expected=f"{-length} … {length - 1} along axis {axis}",
                        got=f"{low} … {high}",
                    )
                )
        axis += len(shape) - used if part is Ellipsis else _axes(part)


def _axes(part: Any) -> int:
    """How many axes one part of an index stands for; … takes what is left."""
    if part is None or part is Ellipsis or isinstance(part, bool):
        return 0
    return part.ndim if backend.is_array(part) and part.dtype.kind == "b" else 1


def _repeats(index: Any) -> bool:
    """May this index name a place twice? Only arrays of integers can."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(backend.is_array(part) and part.dtype.kind in "iu" for part in parts)
