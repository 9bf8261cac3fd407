"""Mutants of the ways that go back window by window: which windows, what is handed on, what comes in where."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import minigate as mg
from tests.checking.mutant import Mutant

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


@dataclass(frozen=True)
class WindowMutant(Mutant):
    """One wrong line in a way through time. Which windows there are is part of the definition: see ``defines``."""

    through: str = "checkpointed(2)"


def of(function: str, through: str, line: str, instead: str, owner: Any = Windows, cell: str = "lstm") -> WindowMutant:
    """A mutant that fails somehow: what is wrong is no line of a cell, and the diagnosis need not name it."""
    return WindowMutant(f"{through}: {instead.strip()}", cell, owner, function, line, instead, "", "", through)


MUTANTS_OF_WINDOWS = [
    # ---- what is handed from a window to the one before it --------------------------------------
    of("__call__", "checkpointed(2)", "arrived if self.hand_on or start == 0 else", "arrived if start == 0 else"),
    of("__call__", "truncated(2)", "arrived if self.hand_on or start == 0 else", "arrived if True else"),
    of("__call__", "windowed(2, 3)", "arrived if self.hand_on or start == 0 else", "arrived if True else"),
    of("__call__", "checkpointed()", "dstate = arrived if", "dstate = [arrived[0], None] if"),
    of("__call__", "checkpointed(2)", "dstate = arrived if", "dstate = arrived[::-1] if"),
    # ---- what comes in at a window --------------------------------------------------------------
    of("__call__", "truncated(2)", "[dy_part, *dstate]", "[dy_part, *cotangents[1:]]"),
    of("__call__", "checkpointed(2)", "[dy_part, *dstate]", "[dy_part, *cotangents[1:]]"),
    of("__call__", "windowed(1, 2)", "[dy_part, *dstate]", "[dy_part, *([None] * len(dstate))]"),
    of("__call__", "windowed(1, 2)", "_from(xp, dy[start:end], first - start)", "dy[start:end]"),
    of("__call__", "windowed(2, 3)", "first - start)", "first - start + 1)"),
    of("__call__", "windowed(2, 3)", "first - start)", "max(0, first - start - 1))"),
    of("__call__", "truncated(2)", "None if dy is None else _from", "None if dy is None or start == 0 else _from"),
    of("_from", "windowed(2, 3)", "own[first:] = dy[first:]", "own[: len(dy) - first] = dy[first:]", WINDOWS),
    # ---- what leaves a window -------------------------------------------------------------------
    of("__call__", "windowed(1, 2)", "dx[start:end] += gradient[id(part)]", "dx[start:end] = gradient[id(part)]"),
    of("__call__", "windowed(2, 3)", "dx[start:end] += gradient[id(part)]",
       "dx[first:end] += gradient[id(part)][first - start:]"),
    of("__call__", "truncated(2)", "_add(d, gradient.get(id(p)))", "gradient.get(id(p))"),
    of("__call__", "checkpointed(2)", "_add(d, gradient.get(id(p)))", "_add(d, 2.0 * gradient.get(id(p)))"),
    of("_add", "checkpointed(2)", "total += gradient", "pass", WINDOWS),
    of("__call__", "checkpointed(2)", "reversed(windows)", "reversed(windows[1:])"),
    of("__call__", "truncated(2)", "_zeros(xp, h) if d is None else d", "_zeros(xp, h)"),
    # ---- where a window begins, and what stands there -------------------------------------------
    of("_read", "checkpointed(2)", "starts[start] = [h.data for h in current]",
       "starts[end] = [h.data for h in current]; starts[0] = [h.data for h in state]", WINDOWS),
    of("_read", "truncated(2)", "starts[start] = [h.data for h in current]",
       "starts[start] = [h.data for h in state]", WINDOWS),
    of("_read", "checkpointed(2)", "None if mask is None else mask[start:end]", "None", WINDOWS),
    of("__call__", "truncated(2)", "None if mask is None else mask[start:end])\n", "None)\n"),
    of("__call__", "checkpointed(2)", "None if mask is None else mask[start:end])\n",
       "None if mask is None else mask[: end - start])\n"),
    of("_read", "windowed(1, 2)", "ys[start:end] = y.data", "ys[start:end] = y.data[::-1]", WINDOWS),
    of("_read", "checkpointed(2)", "ys, [h.data for h in current]", "ys, starts[stops[-2]]", WINDOWS),
]  # fmt: skip

#: Wrong windows still are windows, and a check that is told them by the way itself cannot object: these are
#: caught where the windows are written out (tests/bptt/test_windows.py).
MUTANTS_OF_CUTTING = [
    of("_side_by_side", "truncated(2)", "(start, start, min", "(max(0, start - 1), start, min", WINDOWS),
    of("_side_by_side", "truncated(2)", "range(0, T, length)", "range(0, T, length + 1)", WINDOWS),
    of("windowed", "windowed(1, 2)", "end - k2", "end - k2 - 1", WINDOWS),
    of("windowed", "windowed(1, 2)", "end - k2", "end - k2 + 1", WINDOWS),
    of("windowed", "windowed(2, 3)", "end - k2", "first - k2", WINDOWS),
    of("windowed", "windowed(2, 3)", "k2 - k2 % k1", "k2", WINDOWS),
]
