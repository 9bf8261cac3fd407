"""The global gates of a Gated-Feedback network over time: which layer listened to which one's past, and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigate.plot.figure import new_axes
from minigate.plot.heatmap import heat_map

Array = Any


def global_gates(
    gates: Array, *, symbols: Sequence[str] | None = None, axes: Any = None
) -> tuple[Any, dict[str, Array]]:
    """One sequence's gates g^{i→j}, a row for each pair of layers, a column for each step, over 0 … 1.

    The layers are counted from 1, as in the paper. The rows stand in the order of the layer j that listens, then of the
    layer i whose past it hears, with a line between one j and the next. Of sequence n of a trace:
    ``global_gates(cell.global_gates(trace)[:, n])``.

    **Shapes**: gates (T, L, L): step, from, to; ``symbols`` T texts. What was drawn: "values" (L·L, T), "mean" (L, L).
    """
    gates = np.asarray(gates, dtype=float)
    steps, L = gates.shape[:2]
    rows = gates.swapaxes(1, 2).reshape(steps, L * L)  # (T, to · from)
    axes = new_axes(height=min(5.0, 1.1 + 0.22 * L * L)) if axes is None else axes
    _, drawn = heat_map(rows, kind="gate", symbols=symbols, order=range(L * L), label="global gate", axes=axes)
    axes.set_yticks(range(L * L), [f"{i + 1} → {j + 1}" for j in range(L) for i in range(L)])
    axes.set_ylabel("from layer → to layer")
    for j in range(1, L):
        axes.axhline(j * L - 0.5, color="white", linewidth=1.5)
    return axes, {"values": drawn["values"], "mean": gates.mean(axis=0)}
