"""How far off a numeric derivative is, against the nudge that it was made with: the V of differences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from minigate.plot.figure import new_axes
from minigate.plot.palette import PAPER, SERIES

Array = Any

NEARLY = 1.5  # a curve that is flat at its best has many best places; this close to it counts


def error_by_nudge(
    nudges: Array, errors: Mapping[str, Array], *, colours: Mapping[str, str] | None = None, axes: Any = None
) -> tuple[Any, dict[str, Array]]:
    """One curve for each way to a derivative, on logarithmic axes, with its name at its best place.

    The best place is marked; where a curve is flat there, at the largest nudge that is nearly as good. An error of 0
    has no place on a logarithmic scale: it is drawn at the bottom, 10⁻¹⁷.

    **Shapes**: nudges (n,) in rising order, each of ``errors`` (n,). What was drawn: the same.
    """
    axes = new_axes(height=3.8) if axes is None else axes
    nudges = np.asarray(nudges)
    drawn = {name: np.maximum(np.asarray(values, dtype=float), 1e-17) for name, values in errors.items()}
    axes.set(xscale="log", yscale="log", xlabel="nudge δ", ylabel="relative error", ylim=(1e-17, 10.0))
    for i, (name, values) in enumerate(drawn.items()):
        colour = (colours or {}).get(name, SERIES[i % len(SERIES)])
        best = np.flatnonzero(values <= NEARLY * values.min())[-1]
        axes.plot(nudges, values, color=colour)
        axes.plot(nudges[best], values[best], "o", color=colour, markersize=5)
        axes.annotate(
            name, (nudges[best], values[best]), xytext=(-7, -7), textcoords="offset points", color=colour, zorder=5,
            ha="right", va="top", bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.85, "pad": 1.0},
        )  # fmt: skip
    return axes, drawn
