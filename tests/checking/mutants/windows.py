"""Mutants of the ways that go back window by window: which windows, what is handed on, what comes in where."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import minigate as mg
from tests.checking.mutants.mutant import Mutant
from tests.checking.mutants.subjects import OfCell

WINDOWS = sys.modules["minigate.bptt.windows"]
Windows = mg.bptt.Windows

#: The ways by name, made when they are asked for: a mutant may be of the function that makes them.
WAYS: dict[str, Callable[[], Windows]] = {
    "checkpointed(2)": lambda: mg.bptt.checkpointed(2),
    "checkpointed()": lambda: mg.bptt.checkpointed(),
    "truncated(2)": lambda: mg.bptt.truncated(2),
    "windowed(1, 2)": lambda: mg.bptt.windowed(1, 2),
    "windowed(2, 3)": lambda: mg.bptt.windowed(2, 3),
}

SUBJECTS = {
    through: OfCell(lambda: mg.cells.LSTM(2, 4, seed=0, dtype="float64"), way, (1, 2, 5), (1, 2, 5)) for through,
                    way in WAYS.items()
}


def of(
    function: str, through: str, line: str, instead: str, kind: str = "", says: str = "", owner: Any = Windows
) -> Mutant:
    """A mutant of a way; where a state is wrong that a window begins with, the diagnosis need not know."""
    return Mutant(f"{through}: {instead.strip()}", through, owner, function, line, instead, kind, says)


MUTANTS = [
    # ---- what is handed from a window to the one before it --------------------------------------
    of("__call__", "checkpointed(2)", "arrived if self.hand_on or start == 0 else", "arrived if start == 0 else",
       "carry", "the gradient that goes from step t + 1 to step t"),
    of("__call__", "truncated(2)", "arrived if self.hand_on or start == 0 else", "arrived if True else", "window",
       "the way back is cut or bent"),
    of("__call__", "windowed(2, 3)", "arrived if self.hand_on or start == 0 else", "arrived if True else", "window",
       "the way back is cut or bent"),
    of("__call__", "checkpointed()", "dstate = arrived if", "dstate = [arrived[0], None] if", "window",
       "the way back is cut or bent"),
    of("__call__", "checkpointed(2)", "dstate = arrived if", "dstate = arrived[::-1] if", "carry",
       "the gradient that goes from step t + 1 to step t"),
    # ---- what comes in at a window --------------------------------------------------------------
    of("__call__", "truncated(2)", "[dy_part, *dstate]", "[dy_part, *cotangents[1:]]", "window",
       "the way back is cut or bent"),
    of("__call__", "checkpointed(2)", "[dy_part, *dstate]", "[dy_part, *cotangents[1:]]", "carry",
       "the gradient that goes from step t + 1 to step t"),
    of("__call__", "windowed(1, 2)", "[dy_part, *dstate]", "[dy_part, *([None] * len(dstate))]", "cotangent",
       "the gradient of the final state is ignored"),
    of("__call__", "windowed(1, 2)", "_from(xp, dy[start:end], first - start)", "dy[start:end]", "window",
       "the way back is cut or bent"),
    of("__call__", "windowed(2, 3)", "first - start)", "first - start + 1)", "window", "the way back is cut or bent"),
    of("__call__", "windowed(2, 3)", "first - start)", "max(0, first - start - 1))", "window",
       "the way back is cut or bent"),
    of("__call__", "truncated(2)", "None if dy is None else _from", "None if dy is None or start == 0 else _from",
       "window", "the way back is cut or bent"),
    of("_from", "windowed(2, 3)", "own[first:] = dy[first:]", "own[: len(dy) - first] = dy[first:]", "window",
       "the way back is cut or bent", owner=WINDOWS),
    # ---- what leaves a window -------------------------------------------------------------------
    of("__call__", "windowed(1, 2)", "dx[start:end] += gradient[id(part)]", "dx[start:end] = gradient[id(part)]",
       "window", "the way back is cut or bent"),
    of("__call__", "windowed(2, 3)", "dx[start:end] += gradient[id(part)]",
       "dx[first:end] += gradient[id(part)][first - start:]", "window", "the way back is cut or bent"),
    of("__call__", "truncated(2)", "_add(d, gradient.get(id(p)))", "gradient.get(id(p))", "time sum",
       "the sum over time steps"),
    of("__call__", "checkpointed(2)", "_add(d, gradient.get(id(p)))", "_add(d, 2.0 * gradient.get(id(p)))", "factor",
       "constant factor 2.000000"),
    of("_add", "checkpointed(2)", "total += gradient", "pass", "time sum", "the sum over time steps", owner=WINDOWS),
    of("__call__", "checkpointed(2)", "reversed(windows)", "reversed(windows[1:])", "sum",
       "everything but the share of time step 0"),
    of("__call__", "truncated(2)", "_zeros(xp, h) if d is None else d", "_zeros(xp, h)", "zero", "every number is 0"),
    # ---- where a window begins, and what stands there -------------------------------------------
    of("_read", "checkpointed(2)", "starts[start] = [h.data for h in current]",
       "starts[end] = [h.data for h in current]; starts[0] = [h.data for h in state]", owner=WINDOWS),
    of("_read", "truncated(2)", "starts[start] = [h.data for h in current]",
       "starts[start] = [h.data for h in state]", owner=WINDOWS),
    of("_read", "checkpointed(2)", "None if mask is None else mask[start:end]", "None", "forward", "by hand",
       owner=WINDOWS),
    of("__call__", "truncated(2)", "None if mask is None else mask[start:end])\n", "None)\n", "mask",
       "right without a mask, wrong with one"),
    of("__call__", "checkpointed(2)", "None if mask is None else mask[start:end])\n",
       "None if mask is None else mask[: end - start])\n", "mask", "right without a mask, wrong with one"),
    of("_read", "windowed(1, 2)", "ys[start:end] = y.data", "ys[start:end] = y.data[::-1]", "forward", "by hand",
       owner=WINDOWS),
    of("_read", "checkpointed(2)", "ys, [h.data for h in current]", "ys, starts[stops[-2]]", "forward", "by hand",
       owner=WINDOWS),
    # ---- where a window begins: before the sequence does ---------------------------------------
    of("windowed", "windowed(1, 2)", "end - k2", "end - k2 - 1", "window", "the way back is cut or bent",
       owner=WINDOWS),
    of("windowed", "windowed(2, 3)", "end - k2", "first - k2", "window", "the way back is cut or bent", owner=WINDOWS),
]  # fmt: skip
