"""What a machine allows: memory sets a slope, arithmetic a ceiling, and every computation has a place below them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from minigate.plot.figure import new_axes
from minigate.plot.palette import GREY, INK, PALE, SERIES

Array = Any


def roofline(
    bandwidth: float, peak: float, measured: Mapping[str, tuple[Array, Array]], *, axes: Any = None
) -> tuple[Any, dict[str, Any]]:
    """The roof of one machine, and what was reached below it: one marker and colour for each kind of work.

    Whoever does I operations for each byte that comes from memory gets at most min(peak, I · bandwidth). Where slope
    and ceiling meet is the ridge: left of it the memory is what one waits for, right of it the arithmetic. A point
    above the slope has its numbers in a cache.

    **Shapes**: ``bandwidth`` in GB/s, ``peak`` in GFLOP/s; each of ``measured`` two arrays (n,), operations per byte
    and GFLOP/s. What was drawn: "ridge" in operations per byte, and "share", by name (n,): what part of its roof each
    point has reached.

    **Source**: Williams, Waterman & Patterson (2009).
    """
    axes = new_axes(height=3.6) if axes is None else axes
    points = {name: (np.asarray(x, dtype=float), np.asarray(y, dtype=float)) for name, (x, y) in measured.items()}
    ridge = peak / bandwidth
    all_x = np.concatenate([[ridge], *(x for x, _ in points.values())])
    x = np.array([all_x.min() / 2.0, ridge, all_x.max() * 4.0])
    roof = np.minimum(peak, x * bandwidth)
    lowest = min([roof[0], *(float(y.min()) for _, y in points.values() if len(y))])
    axes.set(xscale="log", yscale="log", xlim=(x[0], x[-1]), ylim=(lowest / 2.0, peak * 6.0))
    axes.fill_between(x, roof, lowest / 2.0, color=PALE, alpha=0.5, linewidth=0.0, zorder=0)
    axes.plot(x, roof, color=INK, zorder=1)
    axes.axvline(ridge, color=GREY, linewidth=0.8, linestyle=":", zorder=1)
    axes.text(x[-1], peak * 2.5, f"arithmetic: {peak:.3g} GFLOP/s  ", ha="right", va="bottom")
    axes.text(x[0] * 1.1, peak * 2.5, f"memory: {bandwidth:.3g} GB/s", ha="left", va="bottom")
    for k, (name, (intensity, rate)) in enumerate(points.items()):
        colour, marker = SERIES[k % len(SERIES)], "os^Dv"[k % 5]
        axes.plot(intensity, rate, color=colour, marker=marker, linestyle="", markersize=6, label=name, zorder=2)
    axes.set(xlabel="operations for each byte (FLOP/B)", ylabel="GFLOP/s")
    if points:
        axes.legend(loc="lower right", frameon=False, fontsize=8.5)
    share = {name: rate / np.minimum(peak, intensity * bandwidth) for name, (intensity, rate) in points.items()}
    return axes, {"ridge": ridge, "share": share}
