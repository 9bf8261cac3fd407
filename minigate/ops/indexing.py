"""Picking elements, and the gradient of it: putting them back where they came from, added up.

Indexing and ``scatter`` are each other's gradient. An element that was picked twice gets both gradients.
"""

from __future__ import annotations

from typing import Any

from minigate import backend
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
    """
    index = tuple(_plain(i, a) for i in index) if isinstance(index, tuple) else _plain(index, a)
    parts = index if isinstance(index, tuple) else (index,)
    copies = any(isinstance(part, bool) or backend.is_array(part) for part in parts)
    return _gather(a, index=index) if copies else _slice(a, index=index)


def _plain(index: Any, a: Any) -> Any:
    """One part of an index, as the array library wants it."""
    if isinstance(index, Tensor):
        return index.data.copy()  # a later edit of it must not reach the backward pass
    if isinstance(index, list):
        return backend.asarray(index, like=a)
    return index


def _repeats(index: Any) -> bool:
    """May this index name a place twice? Only arrays of integers can."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(backend.is_array(part) and part.dtype.kind in "iu" for part in parts)
