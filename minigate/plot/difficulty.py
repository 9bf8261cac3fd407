"""How often the answer is right, for every difficulty: and how much more often with one model than with another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigate.plot.figure import new_axes
from minigate.plot.palette import GATE_MAP, INK, PAPER, SIGNED_MAP

Array = Any


def accuracy_map(
    values: Array,
    *,
    lengths: Sequence[int],
    nestings: Sequence[int],
    label: str = "right symbols",
    difference: bool = False,
    largest: float | None = None,
    axes: Any = None,
) -> tuple[Any, dict[str, Array]]:
    """Shares as a table of colours, each cell with its number in percent: over 0 … 1, so that two can be compared.

    With ``difference`` the values are one model's shares less another's, in colours that part at 0; they reach as far
    as the largest of them, or to ``largest``.

    **Shapes**: values (lengths, nestings). What was drawn: "values", the same.

    **Source**: figure 3 of Chung et al. (2015), with the length downwards and the nesting to the right.
    """
    values = np.asarray(values, dtype=float)
    wide, high = 1.9 + 0.75 * len(nestings), 1.2 + 0.36 * len(lengths)
    axes = new_axes(width=max(3.6, wide), height=high) if axes is None else axes
    if difference:
        reach = float(np.abs(values).max() if largest is None else largest) or 0.01
        colours, bottom, top = SIGNED_MAP, -reach, reach
    else:
        colours, bottom, top = GATE_MAP, 0.0, 1.0
    image = axes.imshow(values, cmap=colours, vmin=bottom, vmax=top, aspect="auto")
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)
    axes.set_xticks(range(len(nestings)), [str(n) for n in nestings])
    axes.set_yticks(range(len(lengths)), [str(length) for length in lengths])
    axes.set(xlabel="nesting", ylabel="length")
    for (row, column), value in np.ndenumerate(values):
        share = (value - bottom) / (top - bottom)
        dark = share < 0.55 if not difference else abs(share - 0.5) > 0.33
        text = f"{100 * value:+.1f}" if difference else f"{100 * value:.0f}"
        axes.text(column, row, text, ha="center", va="center", fontsize=9, color=PAPER if dark else INK)
    bar = axes.figure.colorbar(image, ax=axes, pad=0.02, fraction=0.08)
    bar.set_label(label)
    bar.outline.set_visible(False)
    return axes, {"values": values}
