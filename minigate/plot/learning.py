"""Learning curves of several runs, side by side: what an update is worth, and what a minute is worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from minigate.plot.figure import new_axes
from minigate.plot.lines import name_ends
from minigate.plot.palette import SERIES

Array = Any


def learning_curves(
    named: Mapping[str, tuple[Array, Array, Array]], *, ylabel: str, title: str = "", axes: Any = None
) -> tuple[Any, dict[str, dict[str, Array]]]:
    """The same values twice: on the left against updates, on the right against the minutes that they took.

    A model that learns more from an update may still be the slower one to a given value, so both are shown.

    **Shapes**: each curve is (updates, minutes, values), three arrays (n,) of a length of its own; values that are not
    finite are left out. What was drawn: name → {"updates", "minutes", "values"}. ``axes``, where given, is a pair.
    """
    left, right = new_axes(1, 2, width=9.0, height=3.6, sharey=True) if axes is None else axes
    drawn: dict[str, dict[str, Array]] = {}
    ends = []
    for k, (name, curve) in enumerate(named.items()):
        updates, minutes, values = (np.asarray(each, dtype=float) for each in curve)
        shown = np.isfinite(values)
        drawn[name] = {"updates": updates[shown], "minutes": minutes[shown], "values": values[shown]}
        colour, stroke = SERIES[k % len(SERIES)], ("-", "--", ":")[k // len(SERIES) % 3]
        for panel, along in ((left, "updates"), (right, "minutes")):
            style: dict[str, Any] = {"color": colour, "linestyle": stroke, "marker": "o", "markersize": 3}
            panel.plot(drawn[name][along], drawn[name]["values"], **style)
        ends += [(float(values[shown][-1]), name, colour)] if shown.any() else []
    left.set(xlabel="updates", ylabel=ylabel)
    right.set(xlabel="minutes of training")
    left.set_title(title, loc="left")
    for panel in (left, right):
        panel.grid(True, alpha=0.25)
    low = min((float(each["values"].min()) for each in drawn.values() if len(each["values"])), default=0.0)
    seen = [value for each in drawn.values() for value in each["values"]]
    if len(seen) > 4:  # the first value, before anything was learnt, would press all that matters into a line
        high = float(np.quantile(seen, 0.95))
        left.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low) or None)
    name_ends(right, ends)
    return (left, right), drawn
