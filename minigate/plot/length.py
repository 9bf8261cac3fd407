"""What a longer sequence costs: the time of each step, which should stay as it is, and the memory beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from minigate.plot.figure import new_axes
from minigate.plot.lines import curves

Array = Any


def cost_of_length(
    T: Array, microseconds: Mapping[str, Array], megabytes: Mapping[str, Array], axes: Any = None
) -> tuple[Any, dict[str, dict[str, Array]]]:
    """Two rows over one logarithmic axis of lengths: time for each step, and memory; a curve for each way.

    **Shapes**: T (n,), each curve (n,). ``axes``, where given, is a pair.
    """
    above, below = new_axes(2, 1, height=5.2, sharex=True) if axes is None else axes
    above.set(xscale="log", ylim=(0.0, 1.15 * max(float(np.max(values)) for values in microseconds.values())))
    _, time = curves(T, microseconds, xlabel="", ylabel="µs for each step", marker="o", axes=above)
    where = "length T of the sequence"
    _, memory = curves(T, megabytes, xlabel=where, ylabel="MB beyond y and dx", yscale="log", marker="o", axes=below)
    return (above, below), {"microseconds": time, "megabytes": memory}
