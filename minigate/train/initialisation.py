"""How the weights of a whole model begin, where it is not each layer's own way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy

from minigate.backend import asarray
from minigate.cells import GatedFeedback
from minigate.errors import OptionError, explain
from minigate.module import Module
from minigate.module.initialisers import orthogonal, uniform

Array = Any
Draw = Callable[[Any, tuple[int, ...]], Array]


def _zero(rng: Any, shape: tuple[int, ...]) -> Array:
    return numpy.zeros(shape)


#: How each symbol begins, by the letter that its name has; a peephole V is left as it is where no rule is.
_AUTHOR: dict[str, Draw] = {"W": uniform, "U": orthogonal, "b": _zero}
_UNIFORM: dict[str, Draw] = dict.fromkeys(("W", "W_x", "U", "V", "w", "w_x", "u", "b"), uniform)


def author_initialisation(model: Module, rng: Any) -> None:
    """Draw the weights anew as the first author of Gated-Feedback does in his code; no forget bias of 1.

    A :class:`GatedFeedback` cell is not touched: with ``init="author"`` it has begun so by itself.

    **Equations**: W ~ U(−0.08, 0.08); U orthogonal, one for each gate; b = 0.

    **Shapes**: every parameter keeps its own. A gate's own parameters and peepholes are left as they are.

    **Source**: the code beside Chung et al. (2015); the paper itself does not say.

    **Errors**: :class:`OptionError` for a model that has no such parameter, and for a Gated-Feedback cell in it that
    has begun in another way.
    """
    feedback = [module for _, module in model.named_modules() if isinstance(module, GatedFeedback)]
    for cell in feedback:
        if cell.init != "author":
            raise OptionError(
                explain("this cell has its own way to begin so", where="author_initialisation", got=repr(cell),
                        remedy='GatedFeedback(…, init="author")')
            )  # fmt: skip
    _draw(model, rng, _AUTHOR, [parameter for cell in feedback for parameter in cell.parameters()])


def uniform_initialisation(model: Module, rng: Any) -> None:
    """Draw every weight and every bias anew from one narrow range.

    **Equations**: every parameter ~ U(−0.08, 0.08).

    **Shapes**: every parameter keeps its own. A gate's own parameters are left as they are.

    **Source**: Zaremba & Sutskever (2014), and their code.

    **Errors**: :class:`OptionError` for a model that has no such parameter.
    """
    _draw(model, rng, _UNIFORM, [])


#: What ``init`` can be: by default every layer keeps the weights that it was made with.
INIT: dict[str, Callable[[Module, Any], None]] = {
    "default": lambda model, rng: None,
    "author": author_initialisation,
    "uniform": uniform_initialisation,
}


def initialise(model: Module, init: str, rng: Any) -> None:
    """Let the weights begin by the rule of this name.

    **Shapes**: every parameter keeps its own.

    **Errors**: :class:`OptionError` for a name that is none of :data:`INIT`.
    """
    if init not in INIT:
        raise OptionError(explain("no such init", where="initialise", expected=" | ".join(INIT), got=repr(init)))
    INIT[init](model, rng)


def _draw(model: Module, rng: Any, rules: Mapping[str, Draw], done: list[Any]) -> None:
    begun, found = {id(parameter) for parameter in done}, len(done)
    for name, parameter in model.named_parameters():
        parts = name.split(".")
        symbol = next((part for part in parts if part in rules), "")
        if symbol and "gate" not in parts and id(parameter) not in begun:
            drawn = rules[symbol](rng, tuple(parameter.shape))
            parameter.assign(asarray(drawn, dtype=parameter.dtype, like=parameter.data))
            found += 1
    if not found:
        names = ", ".join(name for name, _ in model.named_parameters())
        raise OptionError(
            explain("nothing here has a name to go by", where="initialisation", expected="W, U, b …", got=names)
        )
