"""A bound on the length of the gradient: what keeps one bad window from throwing the weights away.

Going back through T steps multiplies by T Jacobians, and where their product grows, the gradient grows
with it (Pascanu et al. call it the wall of the error surface). Its direction is still useful; its length is
not. So the whole gradient, all parameters taken as one long vector, is scaled down to a given norm.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Real
from typing import Any

from minigate.backend import array_module
from minigate.errors import OptionError, explain
from minigate.module import Module
from minigate.tensor import Tensor
from minigate.train.trainable import trainable


def gradient_norm(parameters: Module | Iterable[Tensor]) -> float:
    """The Euclidean norm of all gradients taken as one vector.

    ``parameters`` is a Module or a list of Tensors, as an optimiser takes them.

    **Equations**: ‖g‖ = √Σₚ Σₖ gₚ[k]², summed in float64.

    **Shapes**: any; a parameter without a gradient counts as zero.

    **Errors**: :class:`OptionError` for what no optimiser would take.
    """
    return _norm(trainable(parameters, "gradient_norm").values())


def clip_gradient_norm(parameters: Module | Iterable[Tensor], limit: float) -> float:
    """Scale all gradients down together so that their norm is at most ``limit``; returns the norm before.

    ``parameters`` is a Module or a list of Tensors, as an optimiser takes them. A gradient that is not finite is left
    as it is, and so is the norm that comes back: dividing it would spread NaN over every parameter. Look at what is
    returned before taking a step.

    **Equations**: g ← g · min(1, limit / ‖g‖).

    **Shapes**: any; a parameter without a gradient counts as zero.

    **Source**: Pascanu, Mikolov & Bengio (2013), algorithm 1.

    **Errors**: :class:`OptionError` for a limit that is no number above zero, and for what no optimiser would take.
    """
    if not (isinstance(limit, Real) and limit > 0):
        raise OptionError(
            explain(
                "limit is out of range",
                where="clip_gradient_norm",
                expected="limit > 0",
                got=repr(limit),
                remedy="limit=math.inf to measure the norm and clip nothing",
            )
        )
    found = [p for p in trainable(parameters, "clip_gradient_norm").values() if p.grad is not None]
    norm = _norm(found)
    if math.isfinite(norm) and norm > limit:
        for parameter in found:
            assert parameter.grad is not None
            # a new array: the memory of a gradient may be shared, with another gradient or with the user
            parameter.grad = Tensor(parameter.grad.data * (limit / norm), name=parameter.grad.name)
    return norm


def _norm(parameters: Iterable[Tensor]) -> float:
    total: Any = 0.0
    for parameter in parameters:
        if parameter.grad is not None:
            g = parameter.grad.data
            total = total + array_module(g).multiply(g, g, dtype="float64").sum()
    return math.sqrt(float(total)) if math.isfinite(float(total)) else float(total)
