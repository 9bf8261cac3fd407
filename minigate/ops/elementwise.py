"""Functions of one number, applied to every number of an array."""

from __future__ import annotations

from typing import Any

from minigate.ops.selection import where
from minigate.tensor import Tensor, op

Array = Any


@op()
def tanh(xp: Any, a: Array) -> Array:
    """Hyperbolic tangent.

    **Equations**: tanh a; da = dout · (1 - out²).

    **Shapes**: a (…).
    """
    return xp.tanh(a)


@tanh.rule("a", needs="out")
def _(dout: Tensor, out: Tensor, a: Any) -> Tensor:
    return dout * (1.0 - out * out)


@op()
def sigmoid(xp: Any, a: Array) -> Array:
    """Logistic sigmoid, without overflow.

    **Equations**: σ(a) = 1 / (1 + e^-a) = ½·tanh(½a) + ½; da = dout · out·(1 - out).

    **Shapes**: a (…).
    """
    return 0.5 * xp.tanh(0.5 * a) + 0.5


@sigmoid.rule("a", needs="out")
def _(dout: Tensor, out: Tensor, a: Any) -> Tensor:
    return dout * (out * (1.0 - out))


@op(slip="an argument above 88 (float32) or 709 (float64)")
def exp(xp: Any, a: Array) -> Array:
    """Exponential.

    **Equations**: e^a; da = dout · out.

    **Shapes**: a (…).
    """
    return xp.exp(a)


@exp.rule("a", needs="out")
def _(dout: Tensor, out: Tensor, a: Any) -> Tensor:
    return dout * out


@op(slip="an argument that is 0 or negative")
def log(xp: Any, a: Array) -> Array:
    """Natural logarithm.

    **Equations**: ln a; da = dout / a.

    **Shapes**: a (…), positive.
    """
    return xp.log(a)


@log.rule("a", needs="a")
def _(dout: Tensor, out: Any, a: Tensor) -> Tensor:
    return dout / a


@op(slip="an argument that is negative")
def sqrt(xp: Any, a: Array) -> Array:
    """Square root.

    **Equations**: √a; da = dout / (2·out).

    **Shapes**: a (…), not negative.
    """
    return xp.sqrt(a)


@sqrt.rule("a", needs="out")
def _(dout: Tensor, out: Tensor, a: Any) -> Tensor:
    return dout * 0.5 / out


@op()
def relu(xp: Any, a: Array) -> Array:
    """Rectifier.

    **Equations**: max(a, 0); da = dout where a > 0, else 0 (also at a = 0).

    **Shapes**: a (…).
    """
    return xp.maximum(a, 0)


@relu.rule("a", needs="out")
def _(dout: Tensor, out: Tensor, a: Any) -> Tensor:
    return where(out.data > 0, dout, 0.0)


@op()
def softplus(xp: Any, a: Array) -> Array:
    """Smooth rectifier, without overflow.

    **Equations**: ln(1 + e^a) = max(a, 0) + ln(1 + e^-|a|); da = dout · σ(a).

    **Shapes**: a (…).
    """
    return xp.maximum(a, 0) + xp.log1p(xp.exp(-xp.abs(a)))


@softplus.rule("a", needs="a")
def _(dout: Tensor, out: Any, a: Tensor) -> Tensor:
    return dout * sigmoid(a)


@op()
def abs(xp: Any, a: Array) -> Array:
    """Magnitude.

    **Equations**: |a|; da = dout · sign(a), which is 0 at a = 0.

    **Shapes**: a (…).
    """
    return xp.abs(a)


@abs.rule("a", needs="a")
def _(dout: Tensor, out: Any, a: Tensor) -> Tensor:
    return dout * sign(a)


@op()
def sign(xp: Any, a: Array) -> Array:
    """-1, 0 or 1.

    **Equations**: sign(a); da = 0.

    **Shapes**: a (…).
    """
    return xp.sign(a)


@sign.rule("a")
def _(dout: Tensor, out: Any, a: Any) -> Tensor:
    return dout * 0.0


@op()
def cast(xp: Any, a: Array, *, dtype: Any) -> Array:
    """The same numbers as another dtype; from floats to integers or booleans it leaves the tape.

    **Equations**: out = a; da = dout, in a's dtype.

    **Shapes**: a (…).
    """
    return a.astype(dtype)


@cast.rule("a")
def _(dout: Tensor, out: Any, a: Any, *, dtype: Any) -> Tensor:
    return cast(dout, a.dtype)


@op()
def copy(xp: Any, a: Array) -> Array:
    """The same numbers in memory of their own.

    **Equations**: out = a; da = dout.

    **Shapes**: a (…).
    """
    return a.copy()


@copy.rule("a")
def _(dout: Tensor, out: Any, a: Any) -> Tensor:
    return dout
