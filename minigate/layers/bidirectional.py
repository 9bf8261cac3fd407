"""Two readings of one sequence: once from its beginning and once from its end.

What is said of a step then depends on all that came before it and on all that comes after. Nothing new has to
be derived for it: the second reading is a recurrent layer whose input, and whose output, are turned round.
"""

from __future__ import annotations

from typing import Any

from minigate import ops
from minigate.cells import Cell
from minigate.cells.boundary import as_mask
from minigate.errors import OptionError, StateError, explain
from minigate.layers.recurrent import Recurrent, as_layer
from minigate.module import Module
from minigate.tensor import Tensor, as_tensor

Array = Any


class Bidirectional(Module):
    """A layer that reads forward in time and one that reads backward, side by side.

    **Equations**: y→_t = forward(x_1 … x_t); y←_t = backward(x_T … x_t); y_t = [y→_t, y←_t].

    **Shapes**: x (T, N, D) or tokens (T, N); state: a pair, of the forward and of the backward layer, each a tuple of
    arrays (N, H); mask bool (T, N) → y (T, N, H→ + H←) with zeros where a step is not real, and the pair of states:
    the forward one after the last real step, the backward one after the first.

    **Source**: Schuster & Paliwal (1997). The layers share nothing; names are "forward.…" and "backward.…".

    A step that is not real holds the state, so with x and mask turned round the backward layer holds its initial
    state through the padding and begins at each sequence's own last real step. A sequence cannot be read in
    pieces with the state carried over: the end of the second piece comes before the first in the backward reading.

    **Errors**: :class:`OptionError` for what is no recurrent layer or cell, for two input sizes, and for one cell in
    both directions; :class:`StateError` for a state that is no pair.
    """

    #: y_t depends on all of x: the checks do not ask whether it sees the future, or can be read in pieces.
    reads_ahead = True

    def __init__(self, forward: Recurrent | Cell, backward: Recurrent | Cell) -> None:
        super().__init__()
        self.directions = tuple(
            as_layer("Bidirectional", f"{name} direction", layer)
            for name, layer in (("forward", forward), ("backward", backward))
        )
        one, other = (layer.cell for layer in self.directions)
        if one is other:
            raise OptionError(
                explain(
                    "both directions have the same cell",
                    where="Bidirectional",
                    expected="two cells, each with weights of its own",
                    got=f"{one!r} twice",
                    remedy="Bidirectional(GRU(D, H), GRU(D, H))",
                )
            )
        if one.D != other.D:
            raise OptionError(
                explain(
                    "the two directions read the same x",
                    where="Bidirectional",
                    expected=f"a backward layer with D={one.D}",
                    got=repr(other),
                )
            )
        for name, layer in zip(("forward", "backward"), self.directions, strict=True):
            self.child(name, layer)

    @property
    def D(self) -> int:
        """The input size."""
        return self.directions[0].D

    @property
    def output_size(self) -> int:
        """The length of y_t along its last axis: both directions together."""
        return sum(layer.output_size for layer in self.directions)

    def forward(self, x: Any, state: Any = None, mask: Any = None) -> tuple[Tensor, tuple[Any, ...]]:
        """Read the sequence in both directions.

        **Shapes**: x (T, N, D) or tokens (T, N); mask (T, N) → y (T, N, output_size), (state →, state ←).
        """
        with_time, against_time = self.directions
        states, x = self._states(state), as_tensor(x)
        mask = as_mask(mask, x.data)
        y, after = with_time(x, states[0], mask)  # checks what comes in
        y_turned, before = against_time(ops.flip(x, axis=0), states[1], _turned(mask))
        return ops.concat([y, ops.flip(y_turned, axis=0)], axis=-1), (after, before)

    def trace(self, x: Any, state: Any = None, mask: Any = None) -> dict[str, Array]:
        """What :meth:`Recurrent.trace` returns, of both directions, as "forward.<name>" and "backward.<name>".

        What the backward direction leaves is turned round too: each number stands at the step of x that it was made at.

        **Shapes**: x as in a call → name → (T, N, ·).
        """
        with_time, against_time = self.directions
        states, x = self._states(state), as_tensor(x)
        mask = as_mask(mask, x.data)
        found = {f"forward.{name}": array for name, array in with_time.trace(x, states[0], mask).items()}
        turned = against_time.trace(ops.flip(x, axis=0), states[1], _turned(mask))
        return found | {f"backward.{name}": array[::-1] for name, array in turned.items()}

    def _states(self, state: Any) -> Any:
        """The state of each direction, or None for each.

        **Errors**: :class:`StateError` for what is no pair.
        """
        states = (None, None) if state is None else state
        if not isinstance(states, (tuple, list)) or len(states) != 2:
            raise StateError(
                explain(
                    "the state of two directions is a pair of states",
                    where="Bidirectional",
                    expected="(state of forward, state of backward), each a tuple",
                    got=type(states).__name__ + (f" of length {len(states)}" if hasattr(states, "__len__") else ""),
                    remedy="state=None to begin with zeros",
                )
            )
        return states

    def __repr__(self) -> str:
        return f"Bidirectional({self.directions[0]!r}, {self.directions[1]!r})"


def _turned(mask: Array | None) -> Array | None:
    return None if mask is None else mask[::-1]
