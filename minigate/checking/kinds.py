"""Which of the checks something goes to, judged by what it is."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from minigate.cells import Cell
from minigate.checking.cell import check_cell
from minigate.checking.function import check, check_layer
from minigate.checking.gate import check_gate
from minigate.checking.report import Report
from minigate.checking.vjp import check_vjp
from minigate.gates import Gate
from minigate.layers import Recurrent
from minigate.module import Module

CHECKS: dict[str, Callable[..., Report]] = {
    "gate": check_gate,
    "cell": check_cell,
    "layer": check_layer,
    "vjp": check_vjp,
    "function": check,
}


def kind_of(what: Any, inputs: Sequence[Any] = ()) -> str:
    """The kind of a gate, cell, layer or function, or of a class of these; "" for anything else.

    A pair of functions is a "vjp". A Recurrent layer is checked as the cell it runs, unless there are inputs.
    """
    kind = what if isinstance(what, type) else type(what)
    if issubclass(kind, Gate):
        return "gate"
    if issubclass(kind, Cell) or (issubclass(kind, Recurrent) and not inputs):
        return "cell"
    if issubclass(kind, Module):
        return "layer"
    if issubclass(kind, tuple) and not isinstance(what, type) and len(what) == 2 and all(map(callable, what)):
        return "vjp"
    return "function" if callable(what) and not isinstance(what, type) else ""


def check_as(kind: str, what: Any, inputs: Sequence[Any], options: dict[str, Any]) -> Report:
    """Call the check of that kind."""
    given = what if kind == "vjp" else (what,)
    return CHECKS[kind](*given, *inputs, **options)


def options_of(kind: str) -> set[str]:
    """The names of the options that the check of that kind takes."""
    return {p.name for p in inspect.signature(CHECKS[kind]).parameters.values() if p.kind is p.KEYWORD_ONLY}
