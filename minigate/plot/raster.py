"""Who works at which step: one row for each group of units, one column for each step, a mark where a clock ticks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigate.errors import ShapeError, explain
from minigate.plot.figure import new_axes
from minigate.plot.palette import PALE, PAPER, SERIES

Array = Any


def clockwork_raster(
    active: Array, periods: Sequence[int], *, symbols: Sequence[str] | None = None, xlabel: str = "", axes: Any = None
) -> tuple[Any, dict[str, Array]]:
    """The steps at which each group of a Clockwork RNN works; in between it holds its state, drawn pale.

    The fastest group stands at the top, and only reads itself and what is below it. At the right stands how many
    of the steps it works. ``symbols`` writes what was read at each step below it.

    **Shapes**: active (T, g), true where group i works, for g = len(periods); ``symbols`` T texts. What was drawn:
    "active" (g, T) in the order of the rows, "steps" (g,), how many steps each group works.

    **Errors**: :class:`ShapeError` where ``active`` has not one column for each period.
    """
    active = np.asarray(active, dtype=bool)
    if active.ndim != 2 or active.shape[1] != len(periods):
        raise ShapeError(
            explain(
                "one column for each group",
                where="clockwork_raster",
                expected=f"active of shape (T, {len(periods)}), as many columns as periods",
                got=str(active.shape),
                slip="one column for each unit, or a batch of sequences",
                remedy='trace["active"][:, n, [group.start for group in cell.groups]]',
            )
        )
    from matplotlib.colors import to_rgb

    drawn = active.T
    groups, steps = drawn.shape
    colours = np.array([to_rgb(SERIES[k % len(SERIES)]) for k in range(groups)])
    picture = np.where(drawn[..., None], colours[:, None], np.array(to_rgb(PALE)))
    axes = new_axes(height=min(5.0, 0.9 + 0.3 * groups)) if axes is None else axes
    axes.imshow(picture, aspect="auto", interpolation="nearest")
    for side in ("left", "bottom", "top", "right"):
        axes.spines[side].set_visible(False)
    axes.hlines(np.arange(1, groups) - 0.5, -0.5, steps - 0.5, colors=PAPER, linewidth=3.0)
    if steps <= 100:
        axes.vlines(np.arange(1, steps) - 0.5, -0.5, groups - 0.5, colors=PAPER, linewidth=1.0)
    axes.tick_params(length=0)
    axes.set_yticks(range(groups), [f"every {period} steps" if period > 1 else "every step" for period in periods])
    every = 1 if symbols is not None else max(1, steps // 12)
    axes.set_xticks(range(0, steps, every), list(symbols) if symbols is not None else range(0, steps, every))
    axes.set(xlabel=xlabel or "time step t", ylabel="group works")
    for row, count in enumerate(drawn.sum(axis=1)):
        axes.annotate(f"{count} of {steps}", (1.01, row), xycoords=("axes fraction", "data"), va="center")
    return axes, {"active": drawn, "steps": drawn.sum(axis=1)}
