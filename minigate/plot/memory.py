"""A gated memory over time: what comes in, how far the gate is open, what is kept."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigate.plot.figure import new_axes
from minigate.plot.palette import GREY, gate_colour

Array = Any


def gated_memory(x: Array, g: Array, h: Array, gate: str = "update", axes: Any = None) -> tuple[Any, dict[str, Array]]:
    """Two rows over one time axis: the gate g in [0, 1]; and the input x with the memory h that it left.

    **Shapes**: x, g, h all (T,). ``axes``, where given, is a pair.
    """
    x, g, h = (np.asarray(series, dtype=float) for series in (x, g, h))
    steps = np.arange(len(x))
    above, below = new_axes(2, 1, height=3.6, sharex=True, height_ratios=(1, 2)) if axes is None else axes
    above.bar(steps, g, color=gate_colour(gate), width=0.85)
    above.set(ylim=(0, 1.05), ylabel="gate value g", yticks=(0, 0.5, 1))
    below.plot(steps, x, "o", color=GREY, markersize=4, label="input x")
    below.plot(steps, h, color=gate_colour("state"), drawstyle="steps-mid", label="memory h")
    below.set(xlabel="time step t", ylabel="value")
    low, high = below.get_ylim()
    below.set_ylim(low, high + 0.18 * (high - low))  # room for the legend
    below.legend(loc="upper right", ncols=2)
    return (above, below), {"x": x, "g": g, "h": h}
