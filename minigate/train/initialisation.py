"""How the weights of a whole model begin, where it is not each layer's own way."""

from __future__ import annotations

from typing import Any

import numpy

from minigate.backend import asarray
from minigate.errors import OptionError, explain
from minigate.module import Module
from minigate.module.initialisers import orthogonal, uniform

Array = Any


def _zero(rng: Any, shape: tuple[int, ...]) -> Array:
    return numpy.zeros(shape)


def _blocks(rng: Any, shape: tuple[int, ...]) -> Array:
    """One orthogonal matrix below the other where U reads the states of more than one layer."""
    rows, H = shape
    blocks = rows // H if rows % H == 0 else 1
    return numpy.concatenate([orthogonal(rng, (rows // blocks, H)) for _ in range(blocks)])


#: How each symbol begins, by the letter that its name has.
_DRAW = {**dict.fromkeys(("W", "W_x", "w", "w_x", "u"), uniform), "U": _blocks, "b": _zero}


def author_initialisation(model: Module, rng: Any) -> None:
    """Draw the weights anew as the first author of Gated-Feedback does in his code; no forget bias of 1.

    **Equations**: W, w, u ~ U(−0.08, 0.08); U orthogonal, one block for each gate and each layer that it reads; b = 0.

    **Shapes**: every parameter keeps its own. A gate's own parameters and peepholes are left as they are.

    **Source**: the code beside Chung et al. (2015); the paper itself does not say.

    **Errors**: :class:`OptionError` for a model that has no such parameter.
    """
    found = 0
    for name, parameter in model.named_parameters():
        parts = name.split(".")
        symbol = next((part for part in parts if part in _DRAW), "")
        if symbol and "gate" not in parts:
            drawn = _DRAW[symbol](rng, tuple(parameter.shape))
            parameter.assign(asarray(drawn, dtype=parameter.dtype, like=parameter.data))
            found += 1
    if not found:
        names = ", ".join(name for name, _ in model.named_parameters())
        raise OptionError(
            explain("nothing here has a name to go by", where="author_initialisation", expected="W, U, b …", got=names)
        )
