"""What an optimiser and a clip can work on: tensors that a gradient moves, each of them once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minigate.errors import OptionError, explain
from minigate.module import Module
from minigate.tensor import Tensor


def trainable(given: Module | Iterable[Tensor], where: str) -> dict[str, Tensor]:
    """The parameters of a module by name, or those of a list by their place in it.

    **Shapes**: any.

    **Errors**: :class:`OptionError` for one Tensor by itself, whose rows would be taken for parameters; for what is no
    Tensor, or one that a gradient does not come to; and for the same one twice, which would be moved twice.
    """
    if isinstance(given, Module):
        return dict(given.named_parameters())
    if isinstance(given, Tensor) or not isinstance(given, Iterable):
        raise _refused("the parameters come as a list", where, got=_told(given), remedy="[w], or the model itself")
    found: dict[str, Tensor] = {}
    places: dict[int, str] = {}
    for place, parameter in enumerate(given):
        if not (isinstance(parameter, Tensor) and parameter.requires_grad and parameter.is_leaf):
            raise _refused(
                f"parameter {place} cannot be trained", where, got=_told(parameter),
                slip="a constant, or the result of an operation",
                remedy="Tensor(array, requires_grad=True), or the model itself",
            )  # fmt: skip
        if id(parameter) in places:
            raise _refused(f"parameter {place} is parameter {places[id(parameter)]} again", where, got=_told(parameter))
        places[id(parameter)] = str(place)
        found[str(place)] = parameter
    return found


def _refused(what: str, where: str, **more: str) -> OptionError:
    return OptionError(explain(what, where=where, expected="different Tensors that require a gradient", **more))


def _told(given: Any) -> str:
    shape = getattr(given, "shape", None)
    return type(given).__name__ + (f" of shape {tuple(shape)}" if shape is not None else "")
