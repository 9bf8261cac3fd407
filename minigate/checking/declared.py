"""What a gate or a cell declares, looked at before any of it is called.

A method that takes other arguments, a name that is misspelt, a Tensor that nobody who asks for the parameters
finds: each would come to light later, as something else, or not at all.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Sequence
from numbers import Real
from pathlib import Path
from typing import Any

from minigate.cells import Cell
from minigate.errors import DTypeError, OptionError, explain
from minigate.gates import Gate
from minigate.module import Module
from minigate.tensor import Tensor

#: What a cell that is written by hand has to have.
BY_HAND = ("begin", "step_forward", "begin_backward", "step_backward")


def place_of(method: Callable[..., Any]) -> str:
    """A method and the line that it is written in: ``MyCell.step (my_cell.py, line 12)``."""
    code = getattr(inspect.unwrap(getattr(method, "__func__", method)), "__code__", None)
    name = getattr(method, "__qualname__", repr(method)).split("<locals>.")[-1]
    if code is None:
        return name
    place = "notebook cell" if "ipykernel" in code.co_filename else Path(code.co_filename).name
    return f"{name} ({place}, line {code.co_firstlineno})"


def verify_arguments(thing: Any, base: type, names: Sequence[str]) -> None:
    """Each method takes what that of ``base`` takes: in order, and by name what may be left out there."""
    for name in names:
        expected = list(inspect.signature(getattr(base, name)).parameters.values())[1:]
        required = [p.name for p in expected if p.default is p.empty]
        method = getattr(thing, name)
        try:
            taken = inspect.signature(method)
        except (TypeError, ValueError):
            continue
        try:
            taken.bind(*required, **{p.name: None for p in expected if p.default is not p.empty})
        except TypeError as error:
            words = [p.name if p.default is p.empty else f"{p.name}={p.default!r}" for p in expected]
            given = ", ".join(["self", *taken.parameters])
            raise DTypeError(
                explain(f"{name} cannot be called as it will be", where=place_of(method),
                        expected=f"def {name}({', '.join(['self', *words])})", got=f"def {name}({given})")
            ) from error  # fmt: skip


def verify_registered(thing: Any) -> None:
    """No Tensor that wants a gradient is a plain attribute, where nobody who asks for the parameters finds it.

    **Errors**: :class:`OptionError` naming it.
    """
    known = {id(p) for p in thing.parameters()} if isinstance(thing, Module) else set()
    for path, part in thing.named_modules() if isinstance(thing, Module) else [("", thing)]:
        for name, value in vars(part).items():
            if isinstance(value, Tensor) and value.requires_grad and id(value) not in known:
                remedy = f"self.parameter({name!r}, …), and self[{name!r}] where it is used"
                if isinstance(thing, Gate):
                    remedy = f"def init(self, size, rng): return {{{name!r}: …}}, and p[{name!r}] where it is used"
                owner = f"{path}." if path else "self."
                raise OptionError(
                    explain(f"{owner}{name} wants a gradient and is no parameter", where=type(part).__name__,
                            slip="as a plain attribute it is not trained, not saved, and not checked", remedy=remedy)
                )  # fmt: skip


def verify_pair(cell: Cell) -> None:
    """The methods by hand are all there, and ``products`` names weights of the cell."""
    kind = type(cell)
    missing = [name for name in BY_HAND if getattr(kind, name) is getattr(Cell, name)]
    if kind.__dict__.get("step_forward") is Cell.step_forward:
        missing = []  # set back to nothing: it is to be a composed cell, whatever it inherits
    own = set(vars(kind)) - set(vars(Cell))
    if 0 < len(missing) < len(BY_HAND) and kind.written_by_hand is Cell.written_by_hand:  # not a way of its own
        raise DTypeError(
            explain(f"a cell by hand without {', '.join(missing)}", where=kind.__name__, expected=", ".join(BY_HAND),
                    got=", ".join(name for name in BY_HAND if name not in missing),
                    slip=_close_to(missing[0], own) or "all of them, or none: step alone is a whole cell",
                    remedy=signature_of(Cell, missing[0]))
        )  # fmt: skip
    known = dict(cell.named_parameters())
    for weight in cell.products:
        if weight not in known:
            raise OptionError(
                explain(f"products names {weight!r}, which is no parameter", where=kind.__name__,
                        expected=" | ".join(known), got=repr(weight), slip=_close_to(weight, known))
            )  # fmt: skip


def explain_product(cell: Cell, error: KeyError) -> None:
    """Raise a clearer error, if the name that was missing is one that ``products`` looks up in the trace."""
    name = error.args[0] if error.args else None
    for weight, pair in cell.products.items():
        if name in pair:
            operand = name == pair[0]
            what = "operand" if operand else "gradient of the pre-activation"
            raise OptionError(
                explain(f"products: the {what} of {weight} is not in the trace", where=type(cell).__name__,
                        expected='a name that begin enters: trace[name] = …, or trace.state("h", …) for h and h_prev'
                        if operand else "a name that begin_backward enters: trace.pack(…)", got=repr(name))
            ) from error  # fmt: skip


def signature_of(base: type, name: str) -> str:
    """``def step(self, x_t, state)``: how a method of a base class is written."""
    return f"def {name}({', '.join(inspect.signature(getattr(base, name)).parameters)})"


def _close_to(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else ""


def verify_bounds(gate: Gate) -> None:
    """``bounded`` is (low, high)."""
    bounds = gate.bounded
    pair = isinstance(bounds, (tuple, list)) and len(bounds) == 2 and all(isinstance(b, Real) for b in bounds)
    if not pair or not bounds[0] <= bounds[1]:
        raise OptionError(
            explain("what every g lies in", where=f"{type(gate).__name__}.bounded", expected="(low, high), two numbers",
                    got=repr(bounds), remedy='bounded = (0.0, float("inf")) in the class, where there is no upper one')
        )  # fmt: skip
