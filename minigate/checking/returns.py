"""What the methods of a cell or a gate hand back, looked at once before anything is compared.

A step that forgets the tuple around its state, or a slope of one number too few, would otherwise come to
light somewhere in a loop, in words that its author cannot relate to their own line. Here each method is
called in the way the framework calls it, and what it returns is held to what was promised.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from minigate.backend import array_module, asarray, is_array
from minigate.checking.sequence import RandomSequence
from minigate.errors import DTypeError, ShapeError, explain
from minigate.gates import Gate
from minigate.tensor import Tensor, no_grad


def place_of(method: Callable[..., Any]) -> str:
    """A method and the line that it is written in: ``MyCell.step (my_cell.py, line 12)``."""
    code = getattr(inspect.unwrap(getattr(method, "__func__", method)), "__code__", None)
    name = getattr(method, "__qualname__", repr(method)).split("<locals>.")[-1]
    if code is None:
        return name
    place = "notebook cell" if "ipykernel" in code.co_filename else Path(code.co_filename).name
    return f"{name} ({place}, line {code.co_firstlineno})"


# ---- cells -----------------------------------------------------------------------------------------


def verify_cell(sequence: RandomSequence) -> None:
    """Run a short sequence, there and back, and look at what each step returns.

    **Errors**: :class:`DTypeError` for something that is no state, :class:`ShapeError` for one of another shape.
    """
    with _watched(sequence.cell):
        outputs, subject = sequence.composed_outputs(), sequence.subject()
        for way in subject.ways.values():
            way(sequence.values, [np.ones_like(out) for out in outputs])


@contextmanager
def _watched(cell: Any) -> Iterator[None]:
    """The cell with its steps wrapped, for as long as the block lasts; each step is a method of this one object."""
    own = {"step": (1, _step), "step_forward": (2, _step_forward), "step_backward": (2, _step_backward)}
    for name, (position, verify) in own.items():
        object.__setattr__(cell, name, _wrapped(getattr(cell, name), cell, position, verify))
    try:
        yield
    finally:
        for name in own:
            object.__delattr__(cell, name)


def _wrapped(method: Callable[..., Any], cell: Any, position: int, verify: Callable[..., None]) -> Callable[..., Any]:
    """The method, and then a look at what it returned; ``position`` is where the state comes in."""

    def call(*given: Any, **named: Any) -> Any:
        before = [None if h is None else tuple(h.shape) for h in given[position]]  # a state may be edited in place
        returned = method(*given, **named)
        verify(place_of(method), cell, returned, before)
        return returned

    return call


def _step(where: str, cell: Any, returned: Any, shapes: list[Any]) -> None:
    names = _tuple_of(cell.state_names)
    if not isinstance(returned, tuple) or len(returned) != 2:
        raise DTypeError(
            explain("step returns two things", where=where, expected=f"y_t, {names}", got=_told(returned),
                    remedy=f"return y_t, {names}")
        )  # fmt: skip
    y_t, state = returned
    _state(where, "the state", cell.state_names, state, shapes, Tensor)
    N = next((shape[0] for shape in shapes if shape), 0)
    if not isinstance(y_t, Tensor):
        raise DTypeError(explain("y_t is no Tensor", where=where, expected=f"a Tensor (N={N}, ·)", got=_told(y_t)))
    if tuple(y_t.shape) != (N, cell.output_size):
        raise ShapeError(
            explain("y_t has another shape", where=where, expected=f"(N={N}, output_size={cell.output_size})",
                    got=str(tuple(y_t.shape)),
                    remedy="" if y_t.ndim != 2 else "output_size = … in the class, where y_t is no state")
        )  # fmt: skip


def _step_forward(where: str, cell: Any, returned: Any, shapes: list[Any]) -> None:
    _state(where, "the new state", cell.state_names, returned, shapes, None)


def _step_backward(where: str, cell: Any, returned: Any, shapes: list[Any]) -> None:
    _state(where, "the gradient of the old state", [f"d{name}" for name in cell.state_names], returned, shapes, None)


def _state(where: str, what: str, names: Sequence[str], state: Any, shapes: list[Any], kind: type | None) -> None:
    """One array (or Tensor) for each name, of the shape that came in."""
    if not isinstance(state, (tuple, list)) or len(state) != len(names):
        counts = isinstance(state, (tuple, list))
        raise DTypeError(
            explain(f"{what} is a tuple, also where it is a single array", where=where, expected=_tuple_of(names),
                    got=f"{len(state)} things" if counts else _told(state),
                    slip="state_names lists every array of the state" if counts else "")
        )  # fmt: skip
    for name, value, shape in zip(names, state, shapes, strict=True):
        if value is None and shape is None:
            continue
        if not (isinstance(value, kind) if kind else is_array(value)):
            slip = "the .data of a Tensor has left the tape: no gradient comes back through it" if kind else ""
            expected = "a Tensor" if kind else "an array"
            raise DTypeError(explain(f"{name} in {what}", where=where, expected=expected, got=_told(value), slip=slip))
        if shape is not None and tuple(value.shape) != shape:
            raise ShapeError(
                explain(f"{name} in {what} has another shape", where=where, expected=str(shape),
                        got=str(tuple(value.shape)))
            )  # fmt: skip


def _tuple_of(names: Sequence[str]) -> str:
    return f"({', '.join(names)}{',' if len(names) == 1 else ''})"


def _told(value: Any) -> str:
    """What came instead, in a few words."""
    if isinstance(value, Tensor):
        return f"a Tensor {tuple(value.shape)}"
    if is_array(value):
        return f"an array {tuple(value.shape)}"
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    return "None: is a return missing?" if value is None else f"{type(value).__name__} {value!r:.40}"


# ---- gates -----------------------------------------------------------------------------------------


def verify_gate(gate: Gate, H: int, rng: np.random.Generator) -> None:
    """Call each method of a gate once, and look at what it returns.

    **Errors**: :class:`DTypeError` for something that is no array, :class:`ShapeError` for one of another shape.
    """
    begin = gate.init(H, rng)
    if not isinstance(begin, Mapping):
        raise DTypeError(
            explain("init returns the parameters by name", where=place_of(gate.init), expected='{"name": array, …}',
                    got=_told(begin), remedy="return {} for a gate without parameters")
        )  # fmt: skip
    s = asarray(rng.normal(size=(3, H)))
    xp, p = array_module(s), {name: asarray(array) for name, array in begin.items()}
    with no_grad():
        composed = gate.compose(Tensor(s), {name: Tensor(array) for name, array in p.items()})
    if not isinstance(composed, Tensor):
        raise DTypeError(explain("compose returns a Tensor", where=place_of(gate.compose), got=_told(composed),
                                 expected=f"g, a Tensor (3, H={H})"))  # fmt: skip
    _elementwise(gate.compose, "g", composed.data, s)
    g = gate.forward(xp, s.copy(), p)
    _elementwise(gate.forward, "g", g, s)
    _elementwise(gate.slope, "slope", gate.slope(xp, s, g, p), s)
    _verify_gradients(gate, gate.param_gradients(xp, xp.ones_like(g), s, g, p), p)


def _elementwise(method: Callable[..., Any], label: str, found: Any, s: Any) -> None:
    """One number for each number of s."""
    if not is_array(found):
        raise DTypeError(explain(f"{label} is no array", where=place_of(method), expected=f"an array {s.shape}",
                                 got=_told(found)))  # fmt: skip
    if found.shape != s.shape:
        raise ShapeError(explain(f"{label} has another shape than s", where=place_of(method), expected=str(s.shape),
                                 got=str(found.shape)))  # fmt: skip


def _verify_gradients(gate: Gate, found: Any, p: Mapping[str, Any]) -> None:
    where, names = place_of(gate.param_gradients), ", ".join(p)
    if not isinstance(found, Mapping):
        raise DTypeError(explain("the gradients come by name", where=where, expected='{"name": array, …}',
                                 got=_told(found)))  # fmt: skip
    for name, array in p.items():
        if name not in found:
            raise DTypeError(explain(f"param_gradients returns nothing for {name!r}", where=where, expected=names,
                                     got=", ".join(found) or "nothing"))  # fmt: skip
        if not is_array(found[name]):
            raise DTypeError(explain(f"the gradient of {name!r} is no array", where=where, got=_told(found[name]),
                                     expected=f"an array {tuple(array.shape)}"))  # fmt: skip
        if found[name].shape != array.shape:
            slip = "the sum over all leading axes is missing" if found[name].ndim > array.ndim else ""
            raise ShapeError(explain(f"the gradient of {name!r} has another shape", where=where,
                                     expected=str(array.shape), got=str(found[name].shape), slip=slip))  # fmt: skip
