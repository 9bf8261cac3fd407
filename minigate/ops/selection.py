"""Choosing between numbers: where, maximum and minimum, clip.

A choice is not differentiable where it tips over. What the rules say there is a convention, stated with
each operation, and no finite difference will confirm it.
"""

from __future__ import annotations

from typing import Any

from minigate.backend import is_array
from minigate.tensor import Tensor, op

Array = Any


@op(broadcasts=True)
def where(xp: Any, condition: Array, a: Array, b: Array) -> Array:
    """``a`` where the condition holds, ``b`` elsewhere; a NaN in what is not chosen changes nothing.

    **Equations**: out = a if condition else b; da = dout if condition else 0, db = 0 if condition else dout.

    **Shapes**: condition (…) bool, a (…), b (…) broadcast together.
    """
    return xp.where(condition if is_array(condition) else xp.asarray(condition), a, b)


@where.rule("a", needs="condition")
def _(dout: Tensor, out: Any, condition: Any, a: Any, b: Any) -> Tensor:
    return where(condition, dout, 0.0)


@where.rule("b", needs="condition")
def _(dout: Tensor, out: Any, condition: Any, a: Any, b: Any) -> Tensor:
    return where(condition, 0.0, dout)


@op(broadcasts=True)
def maximum(xp: Any, a: Array, b: Array) -> Array:
    """The larger of two; where they are equal, each gets half of the gradient.

    **Equations**: max(a, b); da = dout · ([a > b] + ½[a = b]), db = dout · ([b > a] + ½[a = b]).

    **Shapes**: a (…), b (…) broadcast together.
    """
    return xp.maximum(a, b)


@maximum.rule("a", needs=("a", "b"))
def _(dout: Tensor, out: Any, a: Any, b: Any) -> Tensor:
    return dout * _share(value(a) > value(b), value(a) == value(b), dout)


@maximum.rule("b", needs=("a", "b"))
def _(dout: Tensor, out: Any, a: Any, b: Any) -> Tensor:
    return dout * _share(value(b) > value(a), value(a) == value(b), dout)


@op(broadcasts=True)
def minimum(xp: Any, a: Array, b: Array) -> Array:
    """The smaller of two; where they are equal, each gets half of the gradient.

    **Equations**: min(a, b); da = dout · ([a < b] + ½[a = b]), db = dout · ([b < a] + ½[a = b]).

    **Shapes**: a (…), b (…) broadcast together.
    """
    return xp.minimum(a, b)


@minimum.rule("a", needs=("a", "b"))
def _(dout: Tensor, out: Any, a: Any, b: Any) -> Tensor:
    return dout * _share(value(a) < value(b), value(a) == value(b), dout)


@minimum.rule("b", needs=("a", "b"))
def _(dout: Tensor, out: Any, a: Any, b: Any) -> Tensor:
    return dout * _share(value(b) < value(a), value(a) == value(b), dout)


@op()
def clip(xp: Any, a: Array, *, low: float | None = None, high: float | None = None) -> Array:
    """Cut off below ``low`` and above ``high`` (numbers, or None for no bound).

    **Equations**: min(max(a, low), high); da = dout where low ≤ a ≤ high, else 0.

    **Shapes**: a (…).
    """
    a = a if low is None else xp.maximum(a, low)
    return a if high is None else xp.minimum(a, high)


@clip.rule("a", needs="a")
def _(dout: Tensor, out: Any, a: Tensor, *, low: float | None = None, high: float | None = None) -> Tensor:
    if low is not None:
        dout = where(a.data >= low, dout, 0.0)
    return dout if high is None else where(a.data <= high, dout, 0.0)


def value(a: Any) -> Any:
    """The plain array of a Tensor, or the number that an operand is."""
    return a.data if isinstance(a, Tensor) else a


def _share(chosen: Array, tied: Array, dout: Tensor) -> Array:
    """1 where chosen, ½ where tied, 0 elsewhere, in the dtype of the gradient."""
    return chosen.astype(dout.dtype) + 0.5 * tied.astype(dout.dtype)
