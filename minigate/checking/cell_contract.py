"""Hold a cell to its contracts: by hand and composed, over one random sequence that begins in the middle."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from minigate.backend import asarray, asnumpy, generator
from minigate.bptt import Windows, full, tape
from minigate.cells import Cell
from minigate.checking.array_contract import ARRAYS, OVERFLOW, SAME_AGAIN
from minigate.checking.contract import Outcome, hold
from minigate.checking.copies import random_point
from minigate.checking.sequence import Through
from minigate.checking.sequence_contract import BATCH, MASK, PADDING, TIME
from minigate.checking.subject import Values
from minigate.checking.trial import Arrays, Call, Case, Trial, set_out
from minigate.tensor import as_tensor

PROMISES = [*SAME_AGAIN, *ARRAYS, OVERFLOW, BATCH, *TIME, PADDING]


def cell_contract(
    cell: Cell, through: Through, point: Values | None = None, tokens: bool = False, masked: bool = True, seed: int = 0
) -> list[Outcome]:
    """Every promise of a cell (float64, switched to evaluation), at ``point`` or else at random parameters.

    **Shapes**: x (5, 3, D), or tokens (5, 3); each state as the cell has it.
    """
    rng = generator(np.random.SeedSequence([seed, 11]))
    (T, N), names = MASK.shape, cell.state_names
    x = rng.integers(0, cell.D, size=(T, N)) if tokens else rng.normal(size=(T, N, cell.D))
    start = {f"{name}0": asnumpy(h) for name, h in zip(names, cell.initial_state(N), strict=True)}
    carried = {f"final {name}": f"{name}0" for name in names}
    ways = {"by hand": over_time(through), "composed": over_time(tape)}
    if not cell.written_by_hand:
        ways = {"composed": over_time(partial(through, inner=tape) if isinstance(through, Windows) else tape)}
    trial = Trial(
        cell,
        ways,
        Case(dict(point if point is not None else random_point(cell, rng)), {"x": x, **start}, {}),
        batch={**dict.fromkeys([*carried, *carried.values()], 0), "x": 1, "y": 1, "mask": 1},
        time={"x": 0, "y": 0, "mask": 0},
        carried=carried,
        masked=masked,
        partial=() if goes_all_the_way(through) else (next(iter(ways)),),
        large=("x",),
        initial=_initial_state,
    )
    return list(hold(set_out(trial, rng), PROMISES))


def over_time(through: Through) -> Call:
    """The cell taken through time, from inputs by name to outputs by name."""

    def call(cell: Cell, given: dict[str, Any]) -> list[tuple[str, Any]]:
        state = tuple(as_tensor(given[f"{name}0"]) for name in cell.state_names)
        y, final = through(cell, as_tensor(given["x"]), state, given.get("mask"))
        return [("y", y), *((f"final {name}", h) for name, h in zip(cell.state_names, final, strict=True))]

    return call


def goes_all_the_way(through: Any) -> bool:
    """Is the gradient known to be that of the whole sequence, so that it can be put together from pieces?"""
    return through is full or bool(getattr(through, "hand_on", False))


def _initial_state(cell: Cell, N: int, dtype: str) -> Arrays:
    """The state of a cell of that dtype before it has seen anything.

    **Shapes**: each (N, ·).
    """
    like = asarray(np.zeros((1, 1), dtype=dtype), like=next((p.data for p in cell.parameters()), None))
    return {name: asnumpy(h) for name, h in zip(cell.state_names, cell.initial_state(N, like=like), strict=True)}
