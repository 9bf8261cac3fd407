"""Going back through a part of time only: truncated, windowed and checkpointed, all one mechanism.

The sequence is read once, and only the state at the start of each window is kept. On the way back a window
is read once more, now with everything that its backward pass needs, and let go again before the next:

    start          first                end       outputs first … end − 1 send their gradient back,
      |  steps that  |  steps whose       |       and it stops at start; what arrives there
      |  carry only  |  outputs count     |       is handed on to the window before, or dropped

======================  =================================  =============================================
way                     windows                            at the start of a window
======================  =================================  =============================================
``checkpointed(s)``     s of equal length, side by side    the gradient is handed on: it is exact
``truncated(window)``   side by side                       it is dropped
``windowed(k1, k2)``    one every k1 steps, k2 long        it is dropped
======================  =================================  =============================================

The price is one forward pass more; the gain is that the trace, which is most of the memory, is never longer
than a window. Where no gradient is wanted there is nothing to save, and the sequence is read as it always is.

A ``step`` that draws by lot, such as dropout along time, has to draw the same at the second reading: a gradient of
other draws would be that of another function.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from minigate.backend import array_module
from minigate.bptt.full import full
from minigate.cells import Cell
from minigate.errors import OptionError, explain
from minigate.module.arguments import is_size
from minigate.tensor import Tensor, by_hand, enable_grad, grad, is_grad_enabled, no_grad

Array = Any
State = tuple[Tensor, ...]
Way = Callable[..., tuple[Tensor, State]]
Window = tuple[int, int, int]  # start, first, end
Draws = dict[str, Any]  # path of a module → where its random stream stands


def truncated(window: int) -> Windows:
    """Truncated BPTT: the state is carried on, its gradient goes back no further than the start of its window.

    **Equations**: ∂h_t/∂h_{t−1} counts as 0 where t − 1 is the last step of a window; all else is exact. The state
    that comes in and the one that is handed back are not cut off: between two calls, ``detach`` is yours to write.

    **Shapes**: a way through time, for ``Recurrent(cell, through=truncated(window))``. Memory: x, y and their
    gradients, a state for each window, the trace of one window. Time: that of full BPTT and one forward pass.

    **Source**: Williams & Peng (1990); as in the training of Chung et al. (2015), section 4.2.

    **Errors**: :class:`OptionError` unless ``window`` is a whole number ≥ 1.
    """
    _at_least_one("truncated", window=window)
    return Windows(f"truncated({window})", lambda T: _side_by_side(T, window), hand_on=False)


def windowed(k1: int, k2: int) -> Windows:
    """BPTT(k2; k1): after every k1 steps, the errors of those k1 steps go back k2 steps.

    Wherever an output stands, its error goes back through at least k2 − k1 + 1 steps, its own included. With
    k1 = 1 it is the gradient that looks back exactly k2 steps; with k1 = k2 it is ``truncated``, where k1 divides T.

    **Equations**: window w ends at e = (w + 1) k1; dy_t for e − k1 ≤ t < e, through steps max(0, e − k2) … e − 1.
    Windows that all begin with the sequence (e ≤ k2) are merged, since their errors take the same way.

    **Shapes**: a way through time, for ``Recurrent(cell, through=windowed(k1, k2))``. Memory: x, y and their
    gradients, a state for each window, the trace of k2 steps. Time: k2/k1 times full BPTT, and one forward pass.

    **Source**: Williams & Peng (1990), BPTT(h; h′) with h = k2, h′ = k1; Sutskever (2013), section 2.8.6.

    **Errors**: :class:`OptionError` unless 1 ≤ k1 ≤ k2, whole numbers.
    """
    _at_least_one("windowed", k1=k1, k2=k2)
    if k2 < k1:
        raise OptionError(
            explain(
                "the error of an output would not even reach the output's own step",
                where="windowed",
                expected="k2 >= k1: go back at least as far as the last window ended",
                got=f"k1={k1}, k2={k2}",
                slip="the two the wrong way round",
                remedy=f"windowed(k1={k2}, k2={k1})",
            )
        )

    def windows(T: int) -> list[Window]:
        ends = [*range(k2 - k2 % k1, T, k1), T] if k2 < T else [T]
        return [(max(0, end - k2), first, end) for first, end in zip([0, *ends], ends, strict=False)]

    return Windows(f"windowed({k1}, {k2})", windows, hand_on=False)


def checkpointed(segments: int | None = None) -> Windows:
    """Full BPTT in little memory: the trace of a segment is computed again when the backward pass reaches it.

    **Equations**: those of full BPTT.

    **Shapes**: a way through time, for ``Recurrent(cell, through=checkpointed())``. At most ``segments`` of equal
    length, the last perhaps shorter; √T of them where None. Memory: x, y and their gradients, a state for each
    segment, the trace of one segment: O(√T) beside what goes in and comes out. Time: that of full BPTT and one
    forward pass.

    **Source**: Griewank & Walther (2000), with one level; Chen et al. (2016).

    **Errors**: :class:`OptionError` unless ``segments`` is None or a whole number ≥ 1.
    """
    if segments is not None:
        _at_least_one("checkpointed", segments=segments)

    def windows(T: int) -> list[Window]:
        return _side_by_side(T, math.ceil(T / min(T, segments or math.isqrt(T))))

    return Windows(f"checkpointed({'' if segments is None else segments})", windows, hand_on=True)


@dataclass(frozen=True)
class Windows:
    """A way through time, window by window: made by ``truncated``, ``windowed`` and ``checkpointed``.

    The gradient reaches x, the state and the cell's parameters, and nothing else that a ``step`` may have read. As
    these are read once more on the way back, they have to stay as they are until then: an edit through a Tensor is
    a :class:`TensorModifiedError`, one of the array behind it is found by ``detect_anomaly``.

    **Shapes**: ``windows(T)`` gives (start, first, end) in the order of time; only the first starts at 0.
    """

    name: str
    windows: Callable[[int], list[Window]]
    hand_on: bool

    def __call__(
        self, cell: Cell, x: Tensor, state: State, mask: Array | None = None, inner: Way = full
    ) -> tuple[Tensor, State]:
        """Carry the cell over a whole sequence; ``inner`` (``full`` or ``tape``) takes it through one window.

        **Shapes**: x (T, N, D) or tokens (T, N); state each (N, ·); mask bool (T, N)
        → y (T, N, output_size), state after the last real step of each sequence.
        """
        T, parameters = x.shape[0], cell.parameters()
        floating = x.dtype.kind == "f"
        inputs = [x, *state, *parameters] if floating else [*state, *parameters]
        recorded = is_grad_enabled() and any(tensor.requires_grad for tensor in inputs)
        windows = self.windows(T) if recorded and T else []
        if len(windows) < 2:
            return inner(cell, x, state, mask)
        starts, draws, ys, final = _read(cell, x, state, mask, windows, inner)
        xp = array_module(x.data)

        def backward(cotangents: list[Array | None]) -> list[Array | None]:
            dy, *dstate = cotangents
            dx = xp.zeros_like(x.data) if floating and x.requires_grad else None
            dparameters: list[Array | None] = [None] * len(parameters)
            for start, first, end in reversed(windows):
                if dy is None and all(d is None for d in dstate):
                    break  # only the final state was asked about, and its gradient has been dropped
                part = Tensor(x.data[start:end], requires_grad=dx is not None)
                before = [Tensor(h, requires_grad=h.dtype.kind == "f") for h in starts[start]]
                with enable_grad(), _second_reading(cell, draws[start]):
                    y, after = inner(cell, part, tuple(before), None if mask is None else mask[start:end])
                    dy_part = None if dy is None else _from(xp, dy[start:end], first - start)
                    wanted = [t for t in (part, *before, *parameters) if t.requires_grad]
                    found = grad([y, *after], wanted, [dy_part, *dstate], unused="zero")
                gradient = {id(t): d.data for t, d in zip(wanted, found, strict=True)}
                if dx is not None:
                    dx[start:end] += gradient[id(part)]
                dparameters = [_add(d, gradient.get(id(p))) for d, p in zip(dparameters, parameters, strict=True)]
                arrived = [gradient.get(id(h)) for h in before]
                dstate = arrived if self.hand_on or start == 0 else [None] * len(state)
            dinitial = [_zeros(xp, h) if d is None else d for h, d in zip(state, dstate, strict=True)]
            return [dx, *dinitial, *dparameters] if floating else [*dinitial, *dparameters]

        outputs = by_hand(
            f"{type(cell).__name__}, {self.name}", inputs, [ys, *final], backward,
            f'Recurrent({type(cell).__name__.lower()}, method="tape", through=mg.bptt.full)',
        )  # fmt: skip
        return outputs[0], tuple(outputs[1:])

    def __repr__(self) -> str:
        return self.name


def _read(
    cell: Cell, x: Tensor, state: State, mask: Array | None, windows: Sequence[Window], inner: Way
) -> tuple[dict[int, list[Array]], dict[int, Draws], Array, list[Array]]:
    """Read the whole sequence without a trace: the state and the random streams at each start, y, the final state."""
    xp, T = array_module(x.data), x.shape[0]
    stops = sorted({start for start, _, _ in windows} | {T})
    starts: dict[int, list[Array]] = {}
    draws: dict[int, Draws] = {}
    ys = None
    with no_grad():
        current = tuple(h.detach() for h in state)
        for start, end in zip(stops, stops[1:], strict=False):
            starts[start] = [h.data for h in current]
            draws[start] = _where_they_stand(cell)
            y, current = inner(cell, Tensor(x.data[start:end]), current, None if mask is None else mask[start:end])
            if ys is None:
                ys = xp.empty((T, *y.shape[1:]), dtype=y.dtype)
            ys[start:end] = y.data
    return starts, draws, ys, [h.data for h in current]


def _where_they_stand(cell: Cell) -> Draws:
    return {path: rng.bit_generator.state for path, rng in cell.random_streams().items()}


@contextmanager
def _second_reading(cell: Cell, draws: Draws) -> Iterator[None]:
    """Draw as at the first reading, and leave streams and buffers (running statistics) as that left them."""
    streams, ahead = cell.random_streams(), _where_they_stand(cell)
    buffers = [(array, array.copy()) for _, array in cell.named_buffers()]
    for path, state in draws.items():
        streams[path].bit_generator.state = state
    try:
        yield
    finally:
        for path, state in ahead.items():
            streams[path].bit_generator.state = state
        for array, before in buffers:
            array[...] = before


def _side_by_side(T: int, length: int) -> list[Window]:
    return [(start, start, min(start + length, T)) for start in range(0, T, length)]


def _from(xp: Any, dy: Array, first: int) -> Array:
    """``dy``, with zeros before ``first``: those outputs send their errors back in a window of their own."""
    if not first:
        return dy
    own = xp.zeros_like(dy)
    own[first:] = dy[first:]
    return own


def _add(total: Array | None, gradient: Array | None) -> Array | None:
    if total is None or gradient is None:
        return gradient if total is None else total
    total += gradient  # both are ours: grad gives every gradient memory of its own
    return total


def _zeros(xp: Any, h: Tensor) -> Array | None:
    return xp.zeros_like(h.data) if h.dtype.kind == "f" else None


def _at_least_one(way: str, **sizes: Any) -> None:
    for name, size in sizes.items():
        if not is_size(size):
            raise OptionError(
                explain(f"{name} is a number of steps" if name != "segments" else "how many segments?", where=way,
                        expected=f"a whole number {name} >= 1", got=repr(size))
            )  # fmt: skip
