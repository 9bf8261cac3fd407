"""Many numbers become one: sum, mean, max and min along axes."""

from __future__ import annotations

from typing import Any

from minigate.errors import ShapeError, explain
from minigate.ops.shape import broadcast_to, reshape
from minigate.tensor import Tensor, op

Array = Any
Axis = int | tuple[int, ...] | None


@op()
def sum(xp: Any, a: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Sum along axes (all of them by default).

    **Equations**: out = Σ a; da = dout, spread over what was summed.

    **Shapes**: a (…) -> without the axes, or with length 1 there if ``keepdims``.
    """
    return a.sum(axis=axis, keepdims=keepdims)


@sum.rule("a")
def _(dout: Tensor, out: Any, a: Any, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    return broadcast_to(_restore(dout, a.shape, axis, keepdims), a.shape)


@op()
def mean(xp: Any, a: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Mean along axes (all of them by default).

    **Equations**: out = (1/n) Σ a; da = dout / n, spread.

    **Shapes**: a (…) -> without the axes, or with length 1 there if ``keepdims``.

    **Errors**: :class:`ShapeError` for the mean of nothing.
    """
    _not_empty("mean", a, axis)
    return a.mean(axis=axis, keepdims=keepdims)


@mean.rule("a")
def _(dout: Tensor, out: Any, a: Any, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    return broadcast_to(_restore(dout, a.shape, axis, keepdims) / _count(a.shape, axis), a.shape)


@op()
def max(xp: Any, a: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Largest along axes; those that tie share the gradient equally.

    **Equations**: out = max a; da = dout · [a = out] / (how many are equal).

    **Shapes**: a (…) -> without the axes, or with length 1 there if ``keepdims``.

    **Errors**: :class:`ShapeError` for the largest of nothing.
    """
    _not_empty("max", a, axis)
    return a.max(axis=axis, keepdims=keepdims)


@op()
def min(xp: Any, a: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Smallest along axes; those that tie share the gradient equally.

    **Equations**: out = min a; da = dout · [a = out] / (how many are equal).

    **Shapes**: a (…) -> without the axes, or with length 1 there if ``keepdims``.

    **Errors**: :class:`ShapeError` for the smallest of nothing.
    """
    _not_empty("min", a, axis)
    return a.min(axis=axis, keepdims=keepdims)


def _extreme(dout: Tensor, out: Tensor, a: Tensor, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The rule of max and min: an equal share to everyone who reached the extreme."""
    reached = a.data == _restore(out.detach(), a.shape, axis, keepdims).data
    share = reached.astype(dout.dtype)
    share /= share.sum(axis=axis, keepdims=True)
    return _restore(dout, a.shape, axis, keepdims) * share


max.rule("a", needs=("a", "out"))(_extreme)
min.rule("a", needs=("a", "out"))(_extreme)


def _axes(shape: tuple[int, ...], axis: Axis) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(len(shape)))
    axes = axis if isinstance(axis, tuple) else (axis,)
    return tuple(i % len(shape) for i in axes)


def _count(shape: tuple[int, ...], axis: Axis) -> int:
    count = 1
    for i in _axes(shape, axis):
        count *= shape[i]
    return count


def _restore(a: Tensor, shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Tensor:
    """Give back the axes, with length 1, that a reduction has taken away."""
    if keepdims or not shape:
        return a
    axes = _axes(shape, axis)
    return reshape(a, tuple(1 if i in axes else length for i, length in enumerate(shape)))


def _not_empty(name: str, a: Array, axis: Axis) -> None:
    if not _count(a.shape, axis):
        raise ShapeError(
            explain(
                f"the {name} of nothing is not defined",
                where=name,
                expected=f"at least one number along axis {axis}",
                got=f"shape {a.shape}",
            )
        )
