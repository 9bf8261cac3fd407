"""A recurrent layer: a cell, and the way in which it is taken through time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigate import ops
from minigate.backend import array_module
from minigate.bptt import Windows, checkpointed, forward_through_time, full, tape, truncated, windowed
from minigate.cells import Cell, GatedCell
from minigate.cells.boundary import as_mask, check_input, check_mask, check_method, check_state
from minigate.errors import OptionError, explain
from minigate.module import Module
from minigate.module.arguments import check_choice
from minigate.tensor import Tensor, as_tensor

Array = Any
State = tuple[Tensor, ...]
Through = Callable[[Cell, Tensor, State, Any], tuple[Tensor, State]]


class Recurrent(Module):
    """A cell carried over a sequence. The state is passed in and handed back; nothing is kept here.

    **Equations**: (y_t, state_t) = cell.step(x_t, state_{t−1}), t = 1 … T. Without ``state`` it begins with the
    cell's own initial state, or with ``initial="learned"`` with one that is trained, the same for every sequence.

    **Shapes**: x (T, N, D), or tokens (T, N) of whole numbers below D, which stand for one-hot rows;
    state each (N, H), zeros where None; mask bool (T, N), True where a step is real
    → y (T, N, output_size) with zeros where it is not, and the state after each sequence's last real step.
    With ``initial="learned"`` every floating state has a parameter "initial.<name>" (H,).

    **Source**: ``method="bptt"`` is backpropagation through time by hand (Werbos 1990), ``method="tape"`` the
    composed definition. Both agree to rounding. ``through`` says how far back: ``mg.bptt.full``, ``truncated(window)``,
    ``windowed(k1, k2)``, or all the way in little memory, ``checkpointed()``.

    **Errors**: :class:`ShapeError`, :class:`DTypeError`, :class:`StateError`, :class:`OptionError`, all at the door.
    """

    def __init__(
        self, cell: Cell, *, method: str | None = None, through: Through = full, initial: str = "zeros"
    ) -> None:
        super().__init__()
        if not isinstance(cell, Cell):
            raise OptionError(
                explain(
                    "the layer carries a cell through time",
                    where="Recurrent",
                    expected="a cell, such as mg.cells.GRU(D, H)",
                    got=repr(cell),
                    slip="the class instead of an object of it" if isinstance(cell, type) else "",
                )
            )
        if cell.dimensions != 1:
            raise OptionError(
                explain(
                    f"{type(cell).__name__} reads grids, where a position has two predecessors",
                    where="Recurrent",
                    remedy="mg.layers.Grid(cell)",
                )
            )
        self.method = check_method("Recurrent", cell, method)
        self.through = _check_through(through)
        self.initial = check_choice("Recurrent", "unknown initial state", ("zeros", "learned"), initial=initial)
        self.child("", cell)  # no level of its own: "W.update" stays "W.update"
        self.cell = cell
        if initial == "learned":
            self._begin_with_what_is_learned()

    @property
    def D(self) -> int:
        """The input size."""
        return self.cell.D

    @property
    def output_size(self) -> int:
        """The length of y_t along its last axis."""
        return self.cell.output_size

    def initial_state(self, N: int, like: Any = None) -> State:
        """The state before anything was seen: the cell's own, or what was learnt, the same for all N sequences.

        **Shapes**: each (N, ·), in the order of ``cell.state_names``.
        """
        own = self.cell.initial_state(N, like=like)
        learned = [self._parameters.get(f"initial.{name}") for name in self.cell.state_names]
        return tuple(
            start if h is None else ops.broadcast_to(h, start.shape)  # on the way back a sum over the batch
            for h, start in zip(learned, own, strict=True)
        )

    def forward(self, x: Any, state: Any = None, mask: Any = None) -> tuple[Tensor, State]:
        """Run the sequence.

        **Shapes**: x (T, N, D) or tokens (T, N); state each (N, H); mask (T, N) → y (T, N, output_size), state.
        """
        x, state, mask = self._enter(x, state, mask)
        one = full if self.method == "bptt" else tape
        if isinstance(self.through, Windows):
            return self.through(self.cell, x, state, mask, inner=one)
        return (one if self.through is full else self.through)(self.cell, x, state, mask)

    def trace(self, x: Any, state: Any = None, mask: Any = None) -> dict[str, Array]:
        """Every named array over time that the hand-written forward pass leaves: states and gates, by name.

        **Shapes**: x as in a call → name → (T, N, H); a state of another shape (N, ·) as it is, (T, N, ·).
        """
        if not self.cell.written_by_hand:
            raise OptionError(
                explain(
                    "a composed cell leaves no trace", where=type(self.cell).__name__, slip="step alone keeps no arrays"
                )
            )
        x, state, mask = self._enter(x, state, mask)
        xp = array_module(x.data)
        _, _, trace = forward_through_time(xp, self.cell, x.data, [h.data for h in state], mask)
        states = {each for name in self.cell.state_names for each in (name, f"{name}_prev")}
        sizes = {self.cell.H, *(self.cell.state_size(name) for name in self.cell.state_names)}
        gates = self.cell.gate_names if isinstance(self.cell, GatedCell) else ()
        shapes = [(*x.shape[:2], size) for size in sizes]
        return {
            name: array
            for name, array in trace.items()
            if name in states or name in gates or (array.shape in shapes and name != "x")
        }

    def _enter(self, x: Any, state: Any, mask: Any) -> tuple[Tensor, State, Any]:
        name = type(self.cell).__name__
        x = as_tensor(x)
        if mask is not None and x.ndim >= 2:
            mask = as_mask(mask, x.data)
            check_mask(name, mask, *x.shape[:2])
            array_module(x.data, mask)
        check_input(name, x.data, self.cell.D, mask)
        array_module(x.data, *(p.data for p in self.cell.parameters()[:1]))  # one library, or a clear error
        if state is None:
            state = self.initial_state(x.shape[1], like=x)
        else:
            check_state(self.cell, state, x.shape[1])
            state = tuple(as_tensor(h) for h in state)
        return x, state, mask

    def _begin_with_what_is_learned(self) -> None:
        """A state that is learned begins where the cell's own does; whole numbers (a clock) cannot be learned."""
        own = self.cell.parameters()
        for name, start in zip(self.cell.state_names, self.cell.initial_state(1), strict=True):
            if start.dtype.kind == "f":
                self.parameter(f"initial.{name}", start.data[0], own[0].dtype if own else None)

    def __repr__(self) -> str:
        initial = "" if self.initial == "zeros" else f", initial={self.initial!r}"
        return f"Recurrent({self.cell!r}, method={self.method!r}{initial})"


def as_layer(where: str, name: str, layer: Any, kinds: tuple[type[Module], ...] = (Recurrent,), slip: str = "") -> Any:
    """The layer that is called ``name`` there; a cell is put into one.

    **Errors**: :class:`OptionError` for what is neither a cell nor of these kinds.
    """
    if isinstance(layer, Cell):
        return Recurrent(layer)
    if not isinstance(layer, kinds):
        names = ["a cell", *(f"a {kind.__name__}" for kind in kinds)]
        expected = f"{', '.join(names[:-1])} or {names[-1]}"
        slip = "the class instead of an object of it" if isinstance(layer, type) else slip
        what = f"the {name} is no recurrent layer"
        raise OptionError(explain(what, where=where, expected=expected, got=repr(layer), slip=slip))
    return layer


def _check_through(through: Any) -> Through:
    """Raise unless this can take a cell through time; what only makes such a way has to be called first."""
    factories = {truncated: "truncated(100)", windowed: "windowed(10, 100)", checkpointed: "checkpointed()"}
    made = next((call for factory, call in factories.items() if through is factory), "")
    if made or not callable(through) or isinstance(through, type):
        raise OptionError(
            explain(
                "through= is a way through time",
                where="Recurrent",
                expected="mg.bptt.full, truncated(window), windowed(k1, k2) or checkpointed()",
                got=repr(through),
                slip="the function that makes one, not called" if made else "",
                remedy=f"through=mg.bptt.{made or 'full'}",
            )
        )
    return through
