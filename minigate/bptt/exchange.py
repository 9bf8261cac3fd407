"""The recurrent layers of a model, and another way through time for as long as a question about them lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from minigate.errors import OptionError, explain
from minigate.module import Module


def recurrent_layers(model: Module, where: str) -> dict[str, Any]:
    """Every layer that takes a cell through time, by its path; the path of a layer by itself is empty.

    **Errors**: :class:`OptionError` where there is none.
    """
    found: dict[str, Any] = {}
    for path, part in model.named_modules():
        if hasattr(part, "through") and not any(part is other for other in found.values()):
            found[path] = part
    if not found:
        raise OptionError(
            explain(
                "nothing in it is carried through time",
                where=where,
                expected="a recurrent layer, or layers of such",
                got=repr(model),
                remedy="mg.layers.Recurrent(cell)",
            )
        )
    return found


@contextmanager
def taken_through(layers: Mapping[str, Any], way: Callable[[str], Any]) -> Iterator[None]:
    """In this block the layer at ``path`` goes through time in the way ``way(path)``; afterwards in its own again."""
    own = {path: layer.through for path, layer in layers.items()}
    try:
        for path, layer in layers.items():
            layer.through = way(path)
        yield
    finally:
        for path, layer in layers.items():
            layer.through = own[path]
