"""Curves on one pair of axes, each with its name beside its end: no looking back and forth to a legend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from minigate.plot.figure import new_axes
from minigate.plot.palette import SERIES

Array = Any


def curves(
    x: Array,
    named: Mapping[str, Array],
    *,
    xlabel: str,
    ylabel: str,
    colours: Mapping[str, str] | None = None,
    yscale: str = "linear",
    marker: str = "",
    axes: Any = None,
) -> tuple[Any, dict[str, Array]]:
    """One line for each name, labelled at its right end in its own colour.

    **Shapes**: x (n,), each curve (n,).
    """
    axes = new_axes() if axes is None else axes
    x, drawn, ends = np.asarray(x), {}, []
    for i, (name, values) in enumerate(named.items()):
        colour = (colours or {}).get(name, SERIES[i % len(SERIES)])
        drawn[name] = np.asarray(values)
        axes.plot(x, drawn[name], color=colour, marker=marker, markersize=4)
        ends.append((float(drawn[name][-1]), name, colour))
    axes.set(xlabel=xlabel, ylabel=ylabel, yscale=yscale)
    name_ends(axes, ends)
    return axes, drawn


def name_ends(axes: Any, ends: list[tuple[float, str, str]]) -> None:
    """Each curve's name to the right of the axes at the height of its end; neighbours are pushed apart.

    **Shapes**: each end is (height in data, name, colour).
    """
    low, high = axes.get_ylim()
    to_axes = axes.transData + axes.transAxes.inverted()
    heights = [(float(to_axes.transform((axes.get_xlim()[0], y))[1]), name, colour) for y, name, colour in ends]
    gap = 0.19 / axes.figure.get_figheight() * len(axes.figure.axes)  # one line of text, as part of the axes
    heights.sort()
    places: list[float] = []
    for height, _, _ in heights:
        places.append(max([height, *(place + gap for place in places[-1:])]))
    for i in reversed(range(len(places))):  # what was pushed out at the top comes down again
        places[i] = min(places[i], 1.0 if i == len(places) - 1 else places[i + 1] - gap)
    for place, (_, name, colour) in zip(places, heights, strict=True):
        axes.text(1.01, place, name, color=colour, va="center", transform=axes.transAxes)
    axes.set_ylim(low, high)
