"""The contract between a recurrent cell and the loops that carry it through time.

A cell is a pure function of what comes in and a state that is passed in and handed back::

    y_t, state = cell.step(x_t, state)

``step``, written in differentiable operations, is the definition, and is enough: everything in
minigate works with a cell that has nothing else. A cell may add the same step by hand, on arrays.
The loop through time is not its business: it is written once, in :mod:`minigate.bptt`, and calls

==================================  ============================================================
``begin(T, N, state, trace)``       allocate in the trace, pack the recurrent weights; once
``step_forward(t, pre_t, state,     one step; ``pre_t`` is the input's share; writes what backward
trace)``                            needs, and the new state, into the trace at t; returns the new
                                    state
``begin_backward(trace, steps)``    allocate the pre-activation gradients ``da``; once
``factors(trace, t0, t1)``          whatever in a backward step does not depend on the incoming
                                    gradient, for a block of steps at once
``step_backward(t, dy_t, dstate,    one step back; writes ``da`` at t; returns the gradient of the
trace)``                            state before the step; touches no weight
``products``                        weight → (operand, its ``da``): a GEMM over all steps, after
``other_gradients(trace)``          what is not a product (a gate's parameters), after
==================================  ============================================================

Every weight meets the data as ``operand @ W``, the transpose of the papers' W x. That is why its
gradient is one product over all time steps, operandᵀ @ da, and why a step never needs to make it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from minigate import ops
from minigate.backend import array_module, current, default_dtype
from minigate.cells.boundary import at_the_door
from minigate.cells.trace import Trace
from minigate.module import Module
from minigate.module.arguments import check_sizes
from minigate.tensor import Tensor

Array = Any
State = tuple[Any, ...]


class InputPart(NamedTuple):
    """Some columns of the input's share, x W + b. Without a weight, x has no part in them."""

    weight: str | None
    bias: str | None
    width: int


class Cell(Module):
    """What every recurrent cell is: sizes, named states, a step.

    **Equations**: (y_t, state_t) = step(x_t, state_{t−1}).

    **Shapes**: x_t (N, D) or int (N,); each state (N, H); y_t (N, output_size).

    **Source**: the signature is the mathematical one; see each cell for its paper.

    **Errors**: :class:`OptionError` for sizes that are not positive whole numbers.
    """

    #: The arrays that the future depends on, in the order in which they are passed and returned.
    state_names: tuple[str, ...] = ("h",)

    #: The blocks of the input's share: ``W.<block>`` and ``b.<block>``, in packed column order.
    blocks: tuple[str, ...] = ()

    #: Does the input's share have b in it? Not in a cell that does something to x W first and adds b afterwards.
    bias_in_share: bool = True

    #: weight → (operand, pre-activation gradient), for the recurrent weights.
    products: dict[str, tuple[str, str]] = {}

    #: How many predecessors a position has: 1 in a sequence, 2 in a grid.
    dimensions: int = 1

    def __init_subclass__(cls, **options: Any) -> None:
        """Every ``step`` is entered through a door, so that none has to look at what it is given."""
        super().__init_subclass__(**options)
        if "step" in vars(cls):
            cls.step = at_the_door(cls.step)  # type: ignore[method-assign]

    def __init__(self, D: int, H: int) -> None:
        super().__init__()
        name = type(self).__name__
        self.D, self.H = check_sizes(name, D=D, H=H, remedy=f"{name}(D=28, H=100)")

    @property
    def output_size(self) -> int:
        """The length of y_t along its last axis."""
        return self.H

    @property
    def written_by_hand(self) -> bool:
        """Does this cell have the hand-written pair beside ``step``?"""
        return type(self).step_forward is not Cell.step_forward

    @property
    def input_parts(self) -> tuple[InputPart, ...]:
        """The input's share of the pre-activations, from the first column to the last: W and b of every block."""
        names = [f".{block}" if block else "" for block in self.blocks]
        return tuple(InputPart(f"W{name}", f"b{name}" if self.bias_in_share else None, self.H) for name in names)

    def state_size(self, name: str) -> int:
        """The length of the state ``name`` along its last axis: H, but for a cell of several layers."""
        return self.H

    def initial_state(self, N: int, like: Any = None) -> State:
        """The state before anything was seen: zeros, of the library and dtype of ``like``.

        **Shapes**: each (N, H), in the order of ``state_names``.

        **Errors**: :class:`OptionError` for an N that is no whole number.
        """
        (N,) = check_sizes(type(self).__name__, least=0, N=N)
        like = like.data if isinstance(like, Tensor) else like  # an array of NumPy has a .data of its own
        floating = like is not None and like.dtype.kind == "f"
        own = self.parameters()
        xp = array_module(like) if like is not None else array_module(own[0].data) if own else current()
        dtype = like.dtype if floating else own[0].dtype if own else default_dtype()
        return tuple(Tensor(xp.zeros((N, self.state_size(name)), dtype=dtype)) for name in self.state_names)

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """One step, in differentiable operations: the definition of the cell.

        **Shapes**: x_t (N, D), state each (N, H) → y_t (N, output_size), state.
        """
        raise TypeError(f"{type(self).__name__} is not a cell yet: write step(self, x_t, state) in minigate.ops")

    def input_share(self, x_t: Tensor, block: str) -> Tensor:
        """x_t W + b of one block; a whole number stands for the row of W that it picks, as if one-hot.

        **Shapes**: x_t (N, D) or int (N,) → (N, H).
        """
        x_W = self.reads(x_t, f"W.{block}" if block else "W")
        return x_W + self[f"b.{block}" if block else "b"] if self.bias_in_share else x_W

    def reads(self, x_t: Tensor, weight: str) -> Tensor:
        """x_t W of one weight, without a bias.

        **Shapes**: x_t (N, D) or int (N,), W (D, H) → (N, H).
        """
        return ops.embedding(self[weight], x_t) if x_t.dtype.kind in "iu" else x_t @ self[weight]

    def forward(self, *args: Any, **options: Any) -> Any:
        """A cell is one step, and no map of a sequence: ``Recurrent(cell)`` is.

        **Errors**: ``TypeError`` naming both.
        """
        raise TypeError(
            f"{type(self).__name__} is a single step. Type mg.layers.Recurrent(cell)(x) for a sequence x (T, N, D), "
            f"or cell.step(x_t, state) for one step"
        )

    # ---- by hand; a cell that has these overrides all of them -----------------------------------

    def begin(self, T: int, N: int, state: State, trace: Trace) -> None:
        """Allocate what the steps will fill, pack the recurrent weights, enter the initial state.

        **Shapes**: state each (N, H).
        """
        raise TypeError(self._only_composed("begin"))

    def step_forward(self, t: int, pre_t: Array, state: State, trace: Trace) -> State:
        """One step on arrays; the new state is written into the trace at t and returned.

        **Shapes**: pre_t (N, G·H), the columns in the order of ``blocks``; state each (N, H).
        """
        raise TypeError(self._only_composed("step_forward"))

    def outputs(self, trace: Trace) -> Array:
        """y over time, from a filled trace.

        **Shapes**: (T, N, output_size).
        """
        return trace["h"]

    def begin_backward(self, trace: Trace, steps: int) -> None:
        """Allocate ``da`` for all time and the factors of ``steps`` time steps."""
        raise TypeError(self._only_composed("begin_backward"))

    def factors(self, trace: Trace, t0: int, t1: int) -> None:
        """Compute, for steps t0 … t1 − 1 at once, what does not depend on the incoming gradient."""

    def step_backward(self, t: int, dy_t: Array, dstate: State, trace: Trace) -> State:
        """One step back; may overwrite ``dstate``, never ``dy_t``.

        **Shapes**: dy_t (N, output_size); dstate each (N, H).
        """
        raise TypeError(self._only_composed("step_backward"))

    def other_gradients(self, trace: Trace) -> dict[str, Array]:
        """Gradients of the parameters that are no weight of a product, for all steps at once.

        **Shapes**: each of the shape of its parameter.
        """
        return {}

    def _only_composed(self, method: str) -> str:
        return (
            f"{type(self).__name__} has no {method}: it is composed only. "
            f'Type Recurrent(cell, method="tape"), or write the pair step_forward / step_backward.'
        )

    def packed(self, symbol: str, blocks: Sequence[str]) -> Array:
        """The weights ``symbol.block`` side by side, so that one product serves them all.

        **Shapes**: each (·, H) → (·, G·H).
        """
        arrays = [self[f"{symbol}.{block}"].data for block in blocks]
        return array_module(*arrays).concatenate(arrays, axis=-1)

    def extra_repr(self) -> str:
        """What tells this cell from another of its class."""
        return f"D={self.D}, H={self.H}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.extra_repr()})"
