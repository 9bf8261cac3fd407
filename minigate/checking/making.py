"""From what a file holds to something that runs: the class made, and inputs found for what needs them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from minigate.cells import Cell
from minigate.checking.example import example_input
from minigate.checking.inventory import Item
from minigate.checking.kinds import kind_of
from minigate.errors import OptionError, explain
from minigate.gates import Gate
from minigate.layers import EncoderDecoder
from minigate.module import Module

#: What is handed to a class or a function that makes something, as far as it takes it.
OFFERED = ("D", "H", "seed", "dtype")
OPEN = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@dataclass(frozen=True)
class Made:
    """What is checked, as what, and with which inputs."""

    what: Any
    kind: str
    inputs: tuple[Any, ...] = ()


def make(item: Item, module: ModuleType, sizes: dict[str, Any]) -> Made:
    """Make what ``item`` stands for; a class or a function is called with D, H, seed and dtype as far as it takes them.

    **Errors**: :class:`OptionError` where more than that is needed, or where there are no inputs; whatever the
    file's own code raises.
    """
    if item.kind == "vjp":
        return Made(item.what, "vjp", _inputs(module, item.name.removesuffix("forward"), item))
    if item.kind == "function":
        return Made(item.what, "function", _inputs(module, f"{item.name}_", item))
    called = isinstance(item.what, type) or item.kind == "maker"
    what = item.what(**_arguments(item, sizes)) if called else item.what
    kind = kind_of(what)
    if kind not in ("gate", "cell", "layer"):
        expected, got = "a gate, a cell or a layer", repr(what)[:60]
        raise OptionError(explain(f"{item.name}(…) makes nothing that can be checked", expected=expected, got=got))
    return Made(what, kind, _layer_inputs(what, module, item) if kind == "layer" else ())


def needs(item: Item) -> list[str]:
    """The arguments, besides sizes, seed and dtype, that have to be given to make it."""
    try:
        parameters = inspect.signature(item.what).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.name not in OFFERED and p.default is p.empty and p.kind not in OPEN]


def _arguments(item: Item, sizes: dict[str, Any]) -> dict[str, Any]:
    missing = needs(item)
    if missing:
        values = ", ".join(f"{name}=…" for name in missing)
        sized = "".join(f"{size}, " for size in ("D", "H") if size in inspect.signature(item.what).parameters)
        example = (
            f"gate = {item.name}({values})"
            if item.kind == "gate"
            else (f"def make(D, H): return {item.name}({sized}{values})")
        )
        raise OptionError(
            explain("it cannot be made without more arguments", expected="arguments D, H, seed, dtype, or defaults",
                    got=f"{item.name} needs {', '.join(missing)}",
                    slip="say in the file how to make one", remedy=example)
        )  # fmt: skip
    try:
        parameters = inspect.signature(item.what).parameters
    except (TypeError, ValueError):
        return {}
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return sizes if item.kind != "gate" else {}
    return {name: value for name, value in sizes.items() if name in parameters}


def _layer_inputs(layer: Module, module: ModuleType, item: Item) -> tuple[Any, ...]:
    """Its own ``example_inputs()``; or none, where it says its size and takes no more; or those of the file."""
    own = getattr(layer, "example_inputs", None)
    if callable(own):
        return _as_tuple(own())
    if isinstance(layer, EncoderDecoder) or not _takes_more_than_x(layer):
        try:
            example_input(layer, 0)
            return ()  # the check draws it: of what it has drawn itself it knows where one example follows another
        except OptionError:
            pass
    return _inputs(module, "", item)


def _takes_more_than_x(layer: Module) -> bool:
    parameters = inspect.signature(layer.forward).parameters.values()
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in positional and p.default is p.empty for p in parameters) > 1


def _inputs(module: ModuleType, prefix: str, item: Item) -> tuple[Any, ...]:
    """The arrays to call it with: ``inputs`` or ``example_inputs()`` of the file, its own before everybody's."""
    there = vars(module)
    for start in dict.fromkeys((prefix, "")):
        if callable(there.get(f"{start}example_inputs")):
            return _as_tuple(there[f"{start}example_inputs"]())
        if f"{start}inputs" in there:
            return _as_tuple(there[f"{start}inputs"])
    function = "forward" if item.kind in ("vjp", "layer") else item.name
    raise OptionError(
        explain("there is nothing to call it with",
                expected=f"in the file, inputs = (…) or def example_inputs(): return …, one array for each argument "
                f"of {function}", got="neither",
                slip="a layer with a self.D is given x (T, N, D) by itself" if item.kind == "layer" else "")
    )  # fmt: skip


def _as_tuple(inputs: Any) -> tuple[Any, ...]:
    return tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)


def is_unfinished(item: Item) -> bool:
    """Is this a class without the one method that makes it work, such as one that others are derived from?"""
    base, method = {"gate": (Gate, "compose"), "cell": (Cell, "step"), "layer": (Module, "forward")}.get(
        item.kind, (None, "")
    )
    if base is None or not isinstance(item.what, type):
        return False
    return inspect.isabstract(item.what) or getattr(item.what, method) is getattr(base, method)


def classes_in(what: Any) -> Iterator[type]:
    """The classes that something is made of: its own, those it is derived from, those of its parts and their gates."""
    parts = [part for _, part in what.named_modules()] if isinstance(what, Module) else [what]
    for part in parts:
        yield from type(part).__mro__
        for value in vars(part).values() if isinstance(part, Module) else ():
            for gate in value.values() if isinstance(value, dict) else (value,):
                if isinstance(gate, Gate):
                    yield from type(gate).__mro__
