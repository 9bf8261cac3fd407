"""Sums and products: the four operations, powers, and the matrix product.

Operands of different shapes are broadcast as in NumPy; the tape sums a gradient over what was broadcast
(``broadcasts=True``). Python numbers never change the dtype.
"""

from __future__ import annotations

from typing import Any

from minigate.ops.elementwise import log
from minigate.ops.selection import where
from minigate.ops.shape import expand_dims, reshape, sum_to, swapaxes
from minigate.tensor import Tensor, op

Array = Any


@op(broadcasts=True)
def add(xp: Any, a: Array, b: Array) -> Array:
    """Sum.

    **Equations**: a + b; da = dout, db = dout.

    **Shapes**: a (…), b (…) broadcast together.
    """
    return a + b


@add.rule("a")
def _(dout: Tensor, out: Any, a: Any, b: Any) -> Tensor:
    return dout


@add.rule("b")
def _(dout: Tensor, out: Any, a: Any, b: Any) -> Tensor:
    return dout


@op(broadcasts=True)
def subtract(xp: Any, a: Array, b: Array) -> Array:
    """Difference.

    **Equations**: a - b; da = dout, db = -dout.

    **Shapes**: a (…), b (…) broadcast together.
    """
    return a - b


@subtract.rule("a")
def _(dout: Tensor, out: Any, a: Any, b: Any) -> Tensor:
    return dout


@subtract.rule("b")
def _(dout: Tensor, out: Any, a: Any, b: Any) -> Tensor:
    return -dout


@op(broadcasts=True)
def multiply(xp: Any, a: Array, b: Array) -> Array:
    """Elementwise product.

    **Equations**: a·b; da = dout·b, db = dout·a.

    **Shapes**: a (…), b (…) broadcast together.
    """
    return a * b


@multiply.rule("a", needs="b")
def _(dout: Tensor, out: Any, a: Any, b: Any) -> Tensor:
    return dout * b


@multiply.rule("b", needs="a")
def _(dout: Tensor, out: Any, a: Any, b: Any) -> Tensor:
    return dout * a


@op(broadcasts=True, slip="a divisor that is 0 or nearly so")
def divide(xp: Any, a: Array, b: Array) -> Array:
    """Quotient.

    **Equations**: a / b; da = dout / b, db = -dout · (a/b) / b.

    **Shapes**: a (…), b (…) broadcast together.
    """
    return a / b


@divide.rule("a", needs="b")
def _(dout: Tensor, out: Any, a: Any, b: Any) -> Tensor:
    return dout / b


@divide.rule("b", needs=("out", "b"))
def _(dout: Tensor, out: Tensor, a: Any, b: Tensor) -> Tensor:
    return -dout * out / b


@op()
def negative(xp: Any, a: Array) -> Array:
    """The other sign.

    **Equations**: -a; da = -dout.

    **Shapes**: a (…).
    """
    return -a


@negative.rule("a")
def _(dout: Tensor, out: Any, a: Any) -> Tensor:
    return -dout


@op(broadcasts=True, slip="0 to a negative power, a negative number to a fractional one, or an overflow")
def power(xp: Any, a: Array, b: Array) -> Array:
    """Power, with a number or a Tensor as the exponent.

    **Equations**: a^b; da = dout · b·a^(b-1), which is 0 for b = 0 also at a = 0; db = dout · a^b·ln a, taken
    as 0 where a = 0.

    **Shapes**: a (…), b (…) broadcast together.
    """
    return a**b


@power.rule("a", needs=("a", "b"))
def _(dout: Tensor, out: Any, a: Any, b: Any) -> Tensor:
    if not isinstance(b, Tensor):
        if b == 0:
            return dout * 0.0
        return dout if b == 1 else dout * (b * a ** (b - 1))
    # where b = 0 the slope is 0, but a^(b-1) would be infinite at a = 0, and 0·∞ is no number
    return dout * b * a ** where(b.data == 0, b + 1.0, b - 1.0)


@power.rule("b", needs=("a", "out"))
def _(dout: Tensor, out: Tensor, a: Any, b: Any) -> Tensor:
    if not isinstance(a, Tensor):
        return dout * out * (log(dout * 0.0 + a) if a != 0 else 0.0)
    return dout * out * log(where(a.data == 0, 1.0, a))


@op()
def matmul(xp: Any, a: Array, b: Array) -> Array:
    """Matrix product, from vectors to stacks of matrices; the axes before the last two are broadcast.

    **Equations**: out[…, n, m] = Σ_k a[…, n, k]·b[…, k, m]; da = dout @ bᵀ, db = aᵀ @ dout.

    **Shapes**: a (…, n, k) or (k,), b (…, k, m) or (k,) -> (…, n, m), without n or m where it was missing.
    """
    if a.ndim > 2 and b.ndim == 2:  # one large product instead of a stack of small ones
        return (a.reshape(_rows(a)) @ b).reshape((*a.shape[:-1], b.shape[1]))
    return xp.matmul(a, b)


@matmul.rule("a", needs="b")
def _(dout: Tensor, out: Any, a: Any, b: Tensor) -> Tensor:
    if a.ndim == 1 and b.ndim == 1:
        return dout * b
    if b.ndim == 1:
        return expand_dims(dout, -1) * b if a.ndim == 2 else sum_to(expand_dims(dout, -1) * b, a.shape)
    if a.ndim == 1:
        return sum_to(reshape(b @ expand_dims(dout, -1), b.shape[:-1]), a.shape)
    return sum_to(dout @ swapaxes(b, -1, -2), a.shape)


@matmul.rule("b", needs="a")
def _(dout: Tensor, out: Any, a: Tensor, b: Any) -> Tensor:
    if a.ndim == 1 and b.ndim == 1:
        return dout * a
    if b.ndim == 1:
        return reshape(dout, (dout.size,)) @ reshape(a, _rows(a))
    if a.ndim == 1:
        return sum_to(expand_dims(a, -1) * expand_dims(dout, -2), b.shape)
    if b.ndim == 2:  # all rows of the stack at once: no stack of gradients that would only be summed
        return swapaxes(reshape(a, _rows(a)), 0, 1) @ reshape(dout, _rows(dout))
    return sum_to(swapaxes(a, -1, -2) @ dout, b.shape)


def _rows(a: Any) -> tuple[int, int]:
    """The shape of a stack of matrices as one matrix; -1 would not do where a length is 0."""
    rows = 1
    for length in a.shape[:-1]:
        rows *= length
    return rows, a.shape[-1]
