"""Layer normalisation: the numbers of a layer, shifted and scaled to mean 0 and variance 1, and its way back.

It is written twice, as every step of a cell is: composed, and by hand on arrays that are already there.
Gains and biases are the business of the cell.

    â = (a − μ) / √(σ² + ε),   μ = mean(a),  σ² = mean((a − μ)²)

μ and σ² are themselves functions of a, so each number of a has three ways to the result: by itself, through
the mean and through the deviation. With s = 1 / √(σ² + ε), all three together are

    da = s (dâ − mean(dâ) − â mean(dâ ⊙ â))

which is dâ without its share along the ones and along â: the two directions that were normalised away.
"""

from __future__ import annotations

from typing import Any

from minigate import ops
from minigate.cells.trace import Trace
from minigate.tensor import Tensor

Array = Any

#: Added to the variance, so that a layer of equal numbers becomes zeros.
EPSILON = 1e-5


def normalised(a: Tensor) -> Tensor:
    """â over the last axis, in differentiable operations.

    **Shapes**: a (…, K) → (…, K).
    """
    centred = a - ops.mean(a, axis=-1, keepdims=True)
    return centred / ops.sqrt(ops.mean(centred * centred, axis=-1, keepdims=True) + EPSILON)


def averages(trace: Trace, K: int) -> Array:
    """A column of 1/K: the mean of K numbers is their product with it, and a product is the fastest sum there is.

    **Shapes**: (K, 1).
    """
    return trace.xp.full((K, 1), 1.0 / K, dtype=trace.dtype)


def normalise(xp: Any, a: Array, out: Array, scale: Array, work: Array, average: Array) -> Array:
    """â over the last axis, into ``out``; s into ``scale``.

    **Shapes**: a, out, work (…, K), scale (…, 1), average (K, 1).
    """
    xp.matmul(a, average, out=scale)
    xp.subtract(a, scale, out=out)
    xp.multiply(out, out, out=work)
    xp.matmul(work, average, out=scale)
    scale += EPSILON
    xp.sqrt(scale, out=scale)
    xp.reciprocal(scale, out=scale)
    out *= scale
    return out


def normalise_backward(
    xp: Any, d: Array, a_hat: Array, scale: Array, work: Array, mean: Array, average: Array
) -> Array:
    """From dâ to da, both in ``d``.

    **Shapes**: d, a_hat, work (…, K), scale, mean (…, 1), average (K, 1).

    common slip: s ⊙ dâ alone, as if the mean and the deviation were constants.
    """
    xp.multiply(d, a_hat, out=work)
    xp.matmul(work, average, out=mean)
    xp.multiply(a_hat, mean, out=work)
    xp.matmul(d, average, out=mean)
    d -= mean
    d -= work
    d *= scale
    return d
