"""Every gate over time, by name, under the text that was read: heat maps above one another, one time axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minigate.plot.figure import new_axes
from minigate.plot.heatmap import heat_map

Array = Any


def gate_maps(
    trace: Mapping[str, Array],
    names: Sequence[str],
    *,
    sequence: int = 0,
    symbols: Sequence[str] | None = None,
    axes: Any = None,
) -> tuple[Any, dict[str, Array]]:
    """The gates ``names`` of one sequence of a trace, one heat map above the other.

    The units stand in the same order in every map, sorted by the mean of the first, so that a row is one unit
    all the way down; each keeps its number. ``symbols`` writes what was read at each step below the last map:
    ``gate_maps(rec.trace(x), rec.cell.gate_names, symbols=text)``.

    **Shapes**: each trace[name] (T, N, H); ``symbols`` T texts. What was drawn: name → (H, T), and "order" (H,).
    ``axes``, where given, has one for each name.
    """
    gates = {name: np.asarray(trace[name], dtype=float)[:, sequence] for name in names}
    if axes is None:
        units = next(iter(gates.values())).shape[1]
        height = min(3.2, 0.5 + 0.17 * units) * len(gates) + 0.5
        axes = np.atleast_1d(new_axes(len(gates), 1, height=min(9.0, height), sharex=True))
    order: Any = None
    drawn: dict[str, Array] = {}
    for panel, (name, values) in zip(axes, gates.items(), strict=True):
        _, shown = heat_map(values, kind="gate", symbols=symbols, order=order, label=name, axes=panel)
        order, drawn[name] = shown["order"], shown["values"]
        if panel is not axes[-1]:
            panel.set_xlabel("")
            panel.tick_params(labelbottom=False)
    return axes, {**drawn, "order": order}
