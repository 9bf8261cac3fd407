"""What the methods of a cell or a gate hand back, looked at once before anything is compared.

A step that forgets the tuple around its state, or a slope of one number too few, would otherwise come to
light somewhere in a loop, in words that its author cannot relate to their own line. Here each method is
called in the way the framework calls it, and what it returns is held to what was promised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from minigate.backend import array_module, asarray, is_array
from minigate.cells import Cell
from minigate.checking.declared import (
    BY_HAND,
    explain_product,
    place_of,
    verify_arguments,
    verify_bounds,
    verify_pair,
    verify_registered,
)
from minigate.checking.sequence import RandomSequence
from minigate.checking.subject import host
from minigate.errors import DTypeError, OptionError, ShapeError, explain
from minigate.gates import Gate
from minigate.tensor import Tensor, no_grad

# ---- cells -----------------------------------------------------------------------------------------

def verify_cell(sequence: RandomSequence) -> list[str]:
    """Run a short sequence, there and back, and look at what each step returns; the states that a step edits.

    **Errors**: :class:`DTypeError` for something that is no state or takes other arguments, :class:`ShapeError` for a
    state of another shape, :class:`OptionError` for a name in ``products`` that there is not.
    """
    cell, edited = sequence.cell, list[str]()
    verify_registered(cell)
    verify_arguments(cell, Cell, ("step", *BY_HAND))
    verify_pair(cell)
    with _watched(cell, edited):
        outputs, subject = sequence.composed_outputs(), sequence.subject()
        for way in subject.ways.values():
            try:
                way(sequence.values, [np.ones_like(out) for out in outputs])
            except KeyError as error:
                explain_product(cell, error)
                raise
    return list(dict.fromkeys(edited))


@contextmanager
def _watched(cell: Any, edited: list[str]) -> Iterator[None]:
    """The cell with its steps wrapped, for as long as the block lasts; each step is a method of this one object.

    States that ``step_forward`` writes into are noted in ``edited``.
    """
    own = {"step": (1, _step), "step_forward": (2, _step_forward), "step_backward": (2, _step_backward)}
    for name, (position, verify) in own.items():
        noted = edited if name == "step_forward" else None
        object.__setattr__(cell, name, _wrapped(getattr(cell, name), cell, position, verify, noted))
    try:
        yield
    finally:
        for name in own:
            object.__delattr__(cell, name)


def _wrapped(
    method: Callable[..., Any], cell: Any, position: int, verify: Callable[..., None], edited: list[str] | None
) -> Callable[..., Any]:
    """The method, and then a look at what it returned; ``position`` is where the state comes in."""

    def call(*given: Any, **named: Any) -> Any:
        state = tuple(given[position])
        before = [None if h is None else tuple(h.shape) for h in state]
        held = [host(h) for h in state] if edited is not None else []
        returned = method(*given, **named)
        verify(place_of(method), cell, returned, before)
        if edited is not None:
            pairs = zip(cell.state_names, state, held, strict=True)
            edited.extend(name for name, h, was in pairs if not np.array_equal(host(h), was, equal_nan=True))
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


def verify_gate(gate: Gate, H: int, rng: np.random.Generator, over_time: bool = True) -> None:
    """Call each method of a gate, with rows and with rows ``over_time``, and look at what it returns.

    **Errors**: :class:`DTypeError` for something that is no array or takes other arguments, :class:`ShapeError` for an
    array of another shape, :class:`OptionError` for bounds that are none and a parameter named s.
    """
    verify_arguments(gate, Gate, ("init", "compose", "forward", "slope", "param_gradients"))
    verify_bounds(gate)
    verify_registered(gate)
    begin = gate.init(H, rng)
    if not isinstance(begin, Mapping):
        raise DTypeError(
            explain("init returns the parameters by name", where=place_of(gate.init), expected='{"name": array, …}',
                    got=_told(begin), remedy="return {} for a gate without parameters")
        )  # fmt: skip
    if "s" in begin:
        raise OptionError(
            explain("a parameter of a gate is not called 's'", where=place_of(gate.init), got="'s'",
                    expected="another name: s is the pre-activation, in every equation and every report")
        )  # fmt: skip
    p = {name: asarray(host(array)) for name, array in begin.items()}
    for shape in ((3, H), (2, 3, H)) if over_time else ((3, H),):
        _verify_methods(gate, asarray(rng.normal(size=shape)), p)


def _verify_methods(gate: Gate, s: Any, p: Mapping[str, Any]) -> None:
    """**Shapes**: s (…, H)."""
    xp = array_module(s)
    with no_grad():
        composed = gate.compose(Tensor(s), {name: Tensor(array) for name, array in p.items()})
    if not isinstance(composed, Tensor):
        raise DTypeError(explain("compose returns a Tensor", where=place_of(gate.compose), got=_told(composed),
                                 expected=f"g, a Tensor {_of(s)}"))  # fmt: skip
    _elementwise(gate.compose, "g", composed.data, s)
    g = gate.forward(xp, s.copy(), p)
    _elementwise(gate.forward, "g", g, s)
    if g.dtype != s.dtype:
        raise DTypeError(explain("g has another dtype than s", where=place_of(gate.forward), expected=str(s.dtype),
                                 got=str(g.dtype)))  # fmt: skip
    _elementwise(gate.slope, "slope", gate.slope(xp, s, g, p), s)
    _verify_gradients(gate, gate.param_gradients(xp, xp.ones_like(g), s, g, p), p, s)


def _of(s: Any) -> str:
    """``(3, H=4)``."""
    return f"({', '.join([*map(str, s.shape[:-1]), f'H={s.shape[-1]}'])})"


def _elementwise(method: Callable[..., Any], label: str, found: Any, s: Any) -> None:
    """One number for each number of s."""
    if not is_array(found):
        raise DTypeError(explain(f"{label} is no array", where=place_of(method), expected=f"an array {s.shape}",
                                 got=_told(found)))  # fmt: skip
    if found.shape != s.shape:
        raise ShapeError(explain(f"{label} has another shape than s", where=place_of(method), expected=str(s.shape),
                                 got=str(found.shape)))  # fmt: skip


def _verify_gradients(gate: Gate, found: Any, p: Mapping[str, Any], s: Any) -> None:
    where, names = place_of(gate.param_gradients), ", ".join(p)
    if not isinstance(found, Mapping):
        raise DTypeError(explain("the gradients come by name", where=where, expected='{"name": array, …}',
                                 got=_told(found)))  # fmt: skip
    for name, array in p.items():
        if name not in found:
            raise DTypeError(explain(f"param_gradients returns nothing for {name!r}", where=where, expected=names,
                                     got=", ".join(found) or "nothing"))  # fmt: skip
        if not (is_array(found[name]) or isinstance(found[name], np.generic)):  # a sum over everything is a number
            raise DTypeError(explain(f"the gradient of {name!r} is no array", where=where, got=_told(found[name]),
                                     expected=f"an array {tuple(array.shape)}"))  # fmt: skip
        if found[name].shape != array.shape:
            more, fewer = found[name].ndim > array.ndim, found[name].ndim < array.ndim
            slip = "the sum over all leading axes is missing" if more else ""
            slip = "the sum is over the leading axes alone, however many: not over the units" if fewer else slip
            raise ShapeError(explain(f"the gradient of {name!r} has another shape", where=where,
                                     expected=str(array.shape), got=f"{found[name].shape} for s {_of(s)}", slip=slip,
                                     remedy=".sum(axis=tuple(range(s.ndim - 1)))" if slip else ""))  # fmt: skip
