"""What was taken for what: a table of counts in which only the mistakes have colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigate.plot.figure import new_axes
from minigate.plot.palette import GATE_MAP, INK, PALE, PAPER

Array = Any


def confusion_map(counts: Array, *, classes: Sequence[str], axes: Any = None) -> tuple[Any, dict[str, Array]]:
    """``counts`` of the members of each class (row) by the class that they were taken for (column).

    What is right stands on the diagonal, in grey: nearly everything lies there, and would leave no colour for the rest.
    A cell without a number is 0.

    **Shapes**: counts (K, K). What was drawn: "mistakes" (K, K), the counts with NaN on the diagonal.
    """
    counts = np.asarray(counts)
    K = len(classes)
    mistakes = np.where(np.eye(K, dtype=bool), np.nan, counts.astype(float))
    axes = new_axes(width=1.9 + 0.42 * K, height=1.0 + 0.36 * K) if axes is None else axes
    most = max(1.0, float(np.nanmax(mistakes))) if K > 1 else 1.0
    image = axes.imshow(mistakes, cmap=GATE_MAP, vmin=0.0, vmax=most, aspect="auto")
    axes.set_facecolor(PALE)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)
    axes.set_xticks(range(K), list(classes))
    axes.set_yticks(range(K), list(classes))
    axes.set(xlabel="taken for", ylabel="is")
    for (row, column), count in np.ndenumerate(counts):
        if count or row == column:
            dark = row != column and count < 0.55 * most
            axes.text(column, row, f"{count}", ha="center", va="center", fontsize=8, color=PAPER if dark else INK)
    bar = axes.figure.colorbar(image, ax=axes, pad=0.02, fraction=0.08)
    bar.set_label("mistakes")
    bar.outline.set_visible(False)
    return axes, {"mistakes": mistakes}
