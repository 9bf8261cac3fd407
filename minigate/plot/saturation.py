"""What a gate leaves of a gradient: over the size of its input, and over the steps that it has to go back."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from typing import Any

import numpy as np

from minigate.plot.figure import new_axes
from minigate.plot.lines import curves
from minigate.plot.palette import SERIES

Array = Any


def saturation(
    scale: Array, slope: Mapping[str, Array], lag: Array, gradient: Mapping[str, Array], *, axes: Any = None
) -> tuple[Any, dict[str, dict[str, Array]]]:
    """Two rows: the mean slope of each gate against the scale of its input, and the gradient against the lag.

    Both on logarithmic scales; a gradient of 0 has no place there and is left out.

    **Shapes**: scale (S,), each slope (S,); lag (K,), each gradient (K,). ``axes``, where given, is a pair. What was
    drawn: "slope" and "gradient", by name.
    """
    above, below = new_axes(2, 1, height=4.8) if axes is None else axes
    seen = {name: _positive(values) for name, values in slope.items()}
    far = {name: _positive(values) for name, values in gradient.items()}
    colours = dict(zip(dict.fromkeys([*slope, *gradient]), cycle(SERIES)))  # one gate, one colour, in both
    of = "scale of the input, s ~ N(0, scale²)"
    curves(scale, seen, xlabel=of, ylabel="mean |dg/ds|", colours=colours, yscale="log", marker="o", axes=above)
    above.set_xscale("log")
    above.tick_params(which="minor", labelleft=False)
    of, length = "lag k: steps back from the loss", "‖∂loss / ∂h‖, 1 at k = 0"
    curves(lag, far, xlabel=of, ylabel=length, colours=colours, yscale="log", axes=below)
    return np.array([above, below]), {"slope": seen, "gradient": far}


def _positive(values: Array) -> Array:
    """Numbers that a logarithmic scale has a place for; NaN for the others.

    **Shapes**: kept.
    """
    array = np.asarray(values, dtype=float)
    return np.where(array > 0.0, array, np.nan)
