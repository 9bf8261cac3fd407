"""What an object keeps on itself, as something that can be compared before and after a call."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np

from minigate.backend import asnumpy, is_array
from minigate.module import Module
from minigate.tensor import Tensor

#: What a module has of its own: the tree (walked), and parameters (which a trial sets and looks after).
OWN = ("_parameters", "_children")
DEEPEST = 5


def keepsakes(thing: Any) -> dict[str, Any]:
    """Every attribute and buffer of a module and of those below it (or of any object), by name, as plain data.

    Random streams are left out: see :func:`streams`.
    """
    return {name: _plain(value, [], set()) for name, value in _attributes(thing).items()}


def streams(thing: Any) -> dict[str, Any]:
    """The positions of the random streams in every attribute that holds some."""
    found: dict[str, Any] = {}
    for name, value in _attributes(thing).items():
        positions: list[str] = []
        _plain(value, positions, set())
        found |= {name: positions} if positions else {}
    return found


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names of what is not as it was."""
    return [name for name in {**before, **after} if before.get(name) != after.get(name)]


def _attributes(thing: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path, part in thing.named_modules() if isinstance(thing, Module) else [("", thing)]:
        owner = f"{path}." if path else "self."
        for name, value in getattr(part, "__dict__", {}).items():
            if name == "_buffers":
                found |= {owner + buffer: array for buffer, array in value.items()}
            elif not isinstance(part, Module) or name not in OWN:
                found[owner + name] = value
    return found


def _plain(value: Any, positions: list[str], above: set[int]) -> Any:
    """A value as nested tuples of texts and bytes; functions, classes and modules are taken as they are.

    The position of a random stream goes into ``positions``.
    """
    if isinstance(value, (np.random.Generator, random.Random)):
        positions.append(repr(value.getstate() if isinstance(value, random.Random) else value.bit_generator.state))
        return "a random stream"
    if isinstance(value, Tensor) or is_array(value):
        array = asnumpy(value)
        return array.shape, str(array.dtype), array.tobytes()
    if id(value) in above or len(above) > DEEPEST or isinstance(value, (Module, type)) or callable(value):
        return type(value).__name__
    above = above | {id(value)}
    if isinstance(value, Mapping):
        return tuple((repr(key), _plain(part, positions, above)) for key, part in value.items())
    if isinstance(value, (tuple, list)):
        return tuple(_plain(part, positions, above) for part in value)
    inside = getattr(value, "__dict__", None)
    if inside:
        return tuple((name, _plain(part, positions, above)) for name, part in inside.items())
    return type(value).__name__ if " at 0x" in repr(value) else repr(value)
