"""A cell over one short random sequence: the setting in which its gradients are checked.

Everything is random and nothing is zero: parameters, input, initial state. The composed loop is here a
second time, with switches: it can be told to forget something on the way back, and so says what the
gradient of a cell that forgets just that would be. Where the way through time drops gradients on purpose,
all of it is held to the function that such a gradient belongs to (:mod:`minigate.checking.held_fixed`).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigate import ops
from minigate.backend import asarray
from minigate.bptt import Windows, full, tape
from minigate.cells import Cell
from minigate.checking.held_fixed import State, Through, cuts, held_fixed, starts_of
from minigate.checking.subject import Array, Subject, host, is_floating, on_the_tape
from minigate.tensor import Tensor


@dataclass(frozen=True)
class Forget:
    """What the composed loop leaves out on the way back."""

    states: tuple[str, ...] = ()  # the gradients of these are not handed from step t + 1 to step t
    initial: bool = False  # nor from the first step to the initial state
    held: bool = False  # a state that the mask holds does not hand its gradient on
    padding: bool = False  # dy at padded steps is taken as if the steps were real
    all_steps_but: int | None = None  # the parameters get the share of this step only


@dataclass
class RandomSequence:
    """A cell (float64, a copy), what goes into it, and the way through time that is checked.

    **Shapes**: x (T, N, D) or tokens (T, N); state each (N, ·); mask (T, N) or None.
    """

    cell: Cell
    point: dict[str, Array]
    x: NDArray[Any]
    state: dict[str, NDArray[Any]]
    mask: NDArray[np.bool_] | None
    through: Through = full
    _starts: dict[int, State] = field(default_factory=dict)

    @property
    def is_cut(self) -> bool:
        """Does the way through time drop a gradient within this sequence?"""
        return cuts(self.through, len(self.x))

    @property
    def values(self) -> dict[str, Array]:
        """Everything that has a gradient, by name: parameters, x, and each state as h0, c0, …"""
        floating = {f"{name}0": array for name, array in self.state.items() if array.dtype.kind == "f"}
        return {**self.point, **({"x": self.x} if self.x.dtype.kind == "f" else {}), **floating}

    @property
    def like(self) -> Any:
        """An array of the library that the cell computes in."""
        return next((p.data for _, p in self.cell.named_parameters()), None)

    def call(self, way: Through) -> Callable[[dict[str, Tensor]], list[tuple[str, Any]]]:
        """The sequence as a function of Tensors by name, its outputs by name."""

        def run(given: dict[str, Tensor]) -> list[tuple[str, Any]]:
            y, final = way(self.cell, *self._entering(given))
            return [("y", y), *((f"final {name}", h) for name, h in zip(self.state, final, strict=True))]

        return run

    def _entering(self, given: dict[str, Tensor]) -> tuple[Tensor, State, Any]:
        like = self.like
        x = given["x"] if "x" in given else Tensor(asarray(self.x, like=like))
        state = tuple(
            given[f"{name}0"] if f"{name}0" in given else Tensor(asarray(array.copy(), like=like))
            for name, array in self.state.items()
        )
        return x, state, None if self.mask is None else asarray(self.mask, like=like)

    def subject(self) -> Subject:
        """What is compared: by hand (where the cell is), and composed."""
        by_hand = self.cell.written_by_hand
        composed = self._on_the_tape(self._as_defined(tape))
        checked = self._on_the_tape(self._way())
        ways = {"by hand": checked, "composed": composed} if by_hand else {"composed": checked}
        moved = self._on_the_tape(self._as_defined(full if by_hand else tape)) if self.is_cut else checked
        subject = replace(moved, ways={name: each.ways["backward"] for name, each in ways.items()})
        subject.edited = checked.edited
        subject.analytic, subject.twice = composed.analytic, composed.twice  # by hand there are neither
        subject.time_axis = {"x": 0}
        subject.axes = {name: self._axes(name, value) for name, value in self.values.items()}
        return subject

    def outputs(self) -> list[Array]:
        """What the way under check gives while the tape takes notes.

        **Shapes**: y (T, N, ·), each final state (N, ·).
        """
        return self._on_the_tape(self._way(), always_record=True).forward(self.values)

    def _way(self) -> Through:
        """The way that is checked: for a cell that has only ``step``, with the tape in every window."""
        if self.cell.written_by_hand:
            return self.through
        return partial(self.through, inner=tape) if isinstance(self.through, Windows) else tape

    def _as_defined(self, inner: Through) -> Through:
        """The function whose gradient the way under check is meant to compute, each window by ``inner``."""
        if not self.is_cut:
            return inner
        assert isinstance(self.through, Windows)
        if not self._starts:
            self.settle()
            self._starts = starts_of(self.through, self.cell, *self._entering({}))
        return held_fixed(self.through, self._starts, inner)

    def composed_outputs(self) -> list[Array]:
        """The outputs of the definition.

        **Shapes**: y (T, N, ·), each final state (N, ·).
        """
        return self._on_the_tape(tape).forward(self.values)

    def gradients(self, cotangents: Sequence[Array | None], forget: Forget) -> dict[str, Array]:
        """The composed gradients, of a cell that is forgetful on the way back.

        **Shapes**: cotangents as the outputs; each gradient as its argument.
        """
        return self._on_the_tape(self._as_defined(_forgetful(forget))).ways["backward"](self.values, cotangents)

    def settle(self) -> None:
        """Give the cell the parameters of this point (a probe leaves it at another one)."""
        for name, parameter in self.cell.named_parameters():
            parameter.data = asarray(self.point[name].copy(), like=parameter.data)

    def _on_the_tape(self, way: Through, always_record: bool = False) -> Subject:
        values = self.values
        like = dict.fromkeys(values, self.like)
        return on_the_tape(values, like, self.call(way), dict(self.cell.named_parameters()), always_record)

    def _axes(self, name: str, value: Array) -> tuple[str, ...]:
        if name == "x":
            return ("t", "n", "d")
        if name in (f"{state}0" for state in self.state):
            return ("n", "unit")
        if value.ndim == 2:
            return ("d" if name.startswith("W") else "from unit", "unit")
        return ("unit",) if value.ndim == 1 else ()


def draw_sequence(
    cell: Cell,
    point: dict[str, Array],
    T: int,
    N: int,
    masked: bool,
    tokens: bool,
    rng: np.random.Generator,
    through: Through = full,
) -> RandomSequence:
    """A random input and initial state for a cell; with a mask, sequences of length T, about half of it, and 1.

    **Shapes**: x (T, N, D), or tokens (T, N).
    """
    x = rng.integers(0, cell.D, size=(T, N)) if tokens else rng.normal(size=(T, N, cell.D))
    state = {}
    for name, zero in zip(cell.state_names, cell.initial_state(N), strict=True):
        array = np.array(host(zero)) if is_floating(zero) else np.array(getattr(zero, "data", zero))
        state[name] = array + 0.7 * rng.normal(size=array.shape) if is_floating(zero) else array
    lengths = np.array([(T, max(1, (T + 1) // 2), 1)[n % 3] for n in range(N)])
    mask = np.arange(T)[:, None] < lengths[None, :] if masked else None
    return RandomSequence(cell, point, x, state, mask, through)


def _forgetful(forget: Forget) -> Through:
    """The composed loop, with what ``forget`` says cut out of the tape."""

    def way(cell: Cell, x: Tensor, state: tuple[Tensor, ...], mask: Any = None) -> tuple[Tensor, tuple[Tensor, ...]]:
        floating = x.dtype.kind == "f"
        if mask is not None:
            real_x = ops.where(mask[..., None] if floating else mask, x, 0.0 if floating else 0)
            x = x + (real_x - x).detach() if forget.padding and floating else real_x
        stranger = cell if forget.all_steps_but is None else copy.deepcopy(cell)  # its parameters are asked for nothing
        outputs = []
        for t in range(x.shape[0]):
            entering = tuple(
                h.detach() if name in forget.states and (t > 0 or forget.initial) else h
                for name, h in zip(cell.state_names, state, strict=True)
            )
            y_t, after = (cell if t == forget.all_steps_but else stranger).step(x[t], entering)
            if mask is not None:
                real = mask[t][:, None]
                y_t = y_t if forget.padding else ops.where(real, y_t, 0.0)
                held = tuple(h.detach() for h in state) if forget.held else state
                after = tuple(
                    ops.where(real if new.ndim > 1 else mask[t], new, old) for new, old in zip(after, held, strict=True)
                )
            outputs.append(y_t)
            state = after
        return ops.stack(outputs, axis=0), tuple(state)

    return way
