"""States or gates over time, one row for each unit, one column for each step, always over the full range of colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigate.plot.figure import new_axes
from minigate.plot.palette import GATE_MAP, SIGNED_MAP

Array = Any

SMALLEST = 4.5  # points: letters smaller than this are no letters any more

RANGES = {"state": (SIGNED_MAP, -1.0, 1.0), "gate": (GATE_MAP, 0.0, 1.0)}


def heat_map(
    values: Array,
    *,
    kind: str = "state",
    symbols: Sequence[str] | None = None,
    order: Sequence[int] | None = None,
    label: str = "",
    xlabel: str = "",
    axes: Any = None,
) -> tuple[Any, dict[str, Array]]:
    """One sequence's ``values`` as a picture: a "state" over −1 … 1, a "gate" over 0 … 1.

    The colours cover the same range in every picture, so that two of them can be compared. Units are
    sorted by their mean over time, or stand in the given ``order``; each keeps its number. ``symbols``
    writes what was read at each step below it, so small that all of it has room; where it could not be read
    any more (more than about 150 characters in a figure as wide as a notebook), the steps are numbered.

    **Shapes**: values (T, H); ``symbols`` T texts. What was drawn: "values" (H, T) in the order of the
    rows, "order" (H,).
    """
    values = np.asarray(values, dtype=float)
    steps, units = values.shape
    colours, low, high = RANGES[kind]
    rows = np.argsort(-values.mean(axis=0), kind="stable") if order is None else np.asarray(order)
    drawn = values.T[rows]
    axes = new_axes(height=min(5.0, 1.1 + 0.2 * units)) if axes is None else axes
    image = axes.imshow(drawn, cmap=colours, vmin=low, vmax=high, aspect="auto", interpolation="nearest")
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)
    axes.set_yticks(range(units), [str(unit) for unit in rows] if units <= 20 else [""] * units)
    size = 0.0 if symbols is None else _size(axes, symbols)
    if symbols is not None and size >= SMALLEST:
        texts = ["↵" if symbol == "\n" else symbol for symbol in symbols]
        axes.set_xticks(range(steps), texts, family="monospace", fontsize=size)
    else:
        axes.set_xticks(range(0, steps, max(1, steps // 12)))
    axes.set(xlabel=xlabel or "time step t", ylabel="unit")
    bar = axes.figure.colorbar(image, ax=axes, pad=0.01, fraction=0.05, ticks=[low, (low + high) / 2, high])
    bar.set_label(label or f"{kind} value")
    bar.outline.set_visible(False)
    return axes, {"values": drawn, "order": rows}


def _size(axes: Any, symbols: Sequence[str]) -> float:
    """The size of letters, in points, at which the widest symbol just fits into its column; 10 at most."""
    widest = max((len(line) for symbol in symbols for line in symbol.split("\n")), default=1)
    column = axes.get_window_extent().width / axes.figure.dpi * 72.0 / max(1, len(symbols))
    return min(10.0, column / (0.62 * max(1, widest)))
