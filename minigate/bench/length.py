"""``minigate bench length``: what a longer sequence costs, in time and in memory, on each way through time.

Time is that of a training step, divided by T: where it stays the same, the cost is linear. Memory is the most that a
training step holds at once beside x and dy, which were there before; beside it stands what the documentation of each
way promises, added up array by array:

===============  =====================================================================
way              holds
===============  =====================================================================
full             the trace of T steps (y is part of it), dx
truncated(w)     y, dx, the state at each window's start, the trace of w steps
checkpointed()   the same with √T windows: w = √T steps
no gradient      y, the forward half of the trace of a few steps
===============  =====================================================================

Once the trace has been let go there is dx a second time, since the tape hands out a copy. Beside all this there are the
weights' gradients and what is needed for a moment, neither of which grows with T.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy
from tqdm import tqdm

from minigate.backend import generator
from minigate.bench.cells import build, training_step
from minigate.bench.columns import Column, number
from minigate.bench.timing import in_turns
from minigate.bptt import Windows, backward_through_time, checkpointed, forward_through_time, full, truncated
from minigate.bptt.full import STEPS
from minigate.bptt.loop import block_of_steps
from minigate.cells import Cell
from minigate.layers import Recurrent
from minigate.tensor import no_grad

Array = Any

#: A long text on a small network: enough units for products to matter, few enough for a minute in all.
LENGTHS, SIZES, WINDOW = (100, 300, 1000, 3000, 10_000), (8, 16, 64), 100


@dataclass
class Point:
    """One way through time at one length: seconds of a training step, and bytes that it held at most.

    ``in_and_out`` is what y and dx alone need, whatever the way; ``documented`` what the way promises to hold, or None
    for a cell that is composed only.
    """

    way: str
    T: int
    seconds: float
    peak: int
    in_and_out: int
    documented: int | None

    @property
    def ms_per_step(self) -> float:
        """Milliseconds for each time step: the same at every length where the cost is linear."""
        return 1e3 * self.seconds / self.T

    @property
    def beyond(self) -> int:
        """What was held beyond y and dx."""
        return self.peak - self.in_and_out

    @property
    def promised(self) -> int | None:
        """What the documentation lets one expect beyond y and dx."""
        return None if self.documented is None else self.documented - self.in_and_out

    def as_dict(self) -> dict[str, Any]:
        """All that was measured, for ``--json``."""
        names = ("ms_per_step", "beyond", "promised")
        return asdict(self) | {name: getattr(self, name) for name in names}


def cost(
    name: str,
    lengths: Sequence[int] = LENGTHS,
    sizes: tuple[int, ...] = SIZES,
    window: int = WINDOW,
    rounds: int = 3,
    seed: int = 0,
    quiet: bool = False,
) -> list[Point]:
    """Time and peak memory of one cell at every length, on every way.

    **Shapes**: ``sizes`` is (N, D, H); float32 throughout.
    """
    N, D, H = sizes
    cell, points = build(name, D, H, seed), []
    for T in tqdm(lengths, desc=name, unit="length", leave=False, disable=True if quiet else None):
        rng = generator(seed)
        x = rng.standard_normal((T, N, D)).astype("float32")
        dy = (rng.standard_normal((T, N, cell.output_size)) / (T * N)).astype("float32")
        steps = _ways(cell, x, dy, window)
        calls = max(1, min(8, 1000 // T))  # a short sequence is over too soon to be timed once
        seconds = in_turns(steps, rounds, calls, uncounted=0, quiet=True)
        for way, step in steps.items():
            documented = _documented(cell, way, T, N, window) if cell.written_by_hand else None
            in_and_out = 4 * T * N * (cell.output_size + (0 if way == "no gradient" else D))
            points.append(Point(way, T, seconds[way], peak_bytes(step), in_and_out, documented))
    return points


def peak_bytes(call: Callable[[], object]) -> int:
    """The most that a call held at once of what it allocated itself, NumPy's arrays included."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        call()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def trace_bytes(cell: Cell, T: int, N: int, backward: bool = True) -> int:
    """What the trace of T steps holds, from two short ones: beyond a block of steps each step adds the same.

    **Shapes**: the arrays of the trace are (T, N, ·), a few of them only as long as a block.
    """
    block = block_of_steps(N, numpy.empty((1, sum(part.width for part in cell.input_parts))))
    if T <= 2 * block:
        return counted(cell, T, N, backward)
    one, two = counted(cell, block, N, backward), counted(cell, 2 * block, N, backward)
    return two + (T - 2 * block) * (two - one) // block


def counted(cell: Cell, T: int, N: int, backward: bool = True) -> int:
    """The bytes behind all arrays of a real trace; views of one array count once."""
    x = numpy.zeros((T, N, cell.D), dtype="float32")
    state = [h.data for h in cell.initial_state(N, like=x)]
    _, _, trace = forward_through_time(numpy, cell, x, state, None)
    if backward:
        backward_through_time(cell, trace, None, [None] * len(state), None)
    owners = {}
    for array in [*trace.values(), *trace.weights.values()]:
        while getattr(array, "base", None) is not None:
            array = array.base
        owners[id(array)] = int(array.nbytes)
    return sum(owners.values())


def _documented(cell: Cell, way: str, T: int, N: int, window: int) -> int:
    """What the documentation of a way says it holds, in bytes."""
    y, dx = 4 * T * N * cell.output_size, 4 * T * N * cell.D
    if way == "no gradient":
        return y + trace_bytes(cell, min(T, STEPS), N, backward=False)
    through = _through(way, window)
    windows = through.windows(T) if isinstance(through, Windows) else []
    if len(windows) < 2:
        return max(trace_bytes(cell, T, N) + dx, y + 2 * dx)
    starts = len(windows) * sum(int(h.data.nbytes) for h in cell.initial_state(N))
    longest = max(end - start for start, _, end in windows)
    return y + dx + max(starts + trace_bytes(cell, longest, N), dx)


def _ways(cell: Cell, x: Array, dy: Array, window: int) -> dict[str, Callable[[], object]]:
    ways: dict[str, Callable[[], object]] = {}
    for way in ("full", f"truncated({window})", "checkpointed()"):
        ways[way] = training_step(Recurrent(cell, through=_through(way, window)), x, dy)
    layer = Recurrent(cell)

    def read() -> None:
        with no_grad():
            layer(x)

    return ways | {"no gradient": read}


def _through(way: str, window: int) -> Any:
    return {"full": full, "checkpointed()": checkpointed()}.get(way) or truncated(window)


COLUMNS = [
    Column("way", 16, lambda point: point.way),
    Column("T", 8, lambda point: f"{point.T:,}"),
    Column("ms", 9, lambda point: number(1e3 * point.seconds)),
    Column("µs per step", 13, lambda point: number(1e3 * point.ms_per_step)),
    Column("peak MB", 10, lambda point: number(point.peak / 1e6)),
    Column("y, dx MB", 10, lambda point: number(point.in_and_out / 1e6)),
    Column("beyond MB", 11, lambda point: number(point.beyond / 1e6)),
    Column("documented MB", 15, lambda point: number(None if point.promised is None else point.promised / 1e6)),
]
