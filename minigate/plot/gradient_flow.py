"""How long a gradient is after so many steps back, and what cutting it off does: curves over the lag and the window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minigate.plot.figure import new_axes
from minigate.plot.lines import name_ends
from minigate.plot.palette import INK, SERIES, gate_colour

Array = Any

STROKES = (("-", ""), ("--", " - -"), (":", " · ·"))  # when the colours are used up: the stroke, and what is said of it


def gradient_flow(named: Mapping[str, Array], *, title: str = "", axes: Any = None) -> tuple[Any, dict[str, Array]]:
    """The length of the gradient against the lag on a logarithmic scale, one line for each layer, state or cell.

    A length of 0 has no place on such a scale and is left out. Curves may be of different lengths.

    **Shapes**: each curve (K,), entry k at lag k. What was drawn: the same.
    """
    axes = new_axes(height=max(3.0, 0.6 + 0.21 * len(named))) if axes is None else axes
    drawn = {name: np.asarray(values, dtype=float) for name, values in named.items()}
    axes.set(xlabel="lag k: steps back from the loss", ylabel="‖∂loss / ∂state‖", yscale="log")
    axes.set_title(title, loc="left", fontsize=10.5)
    ends = []
    for i, (name, values) in enumerate(drawn.items()):
        seen = np.where(values > 0.0, values, np.nan)
        colour, (stroke, mark) = SERIES[i % len(SERIES)], STROKES[i // len(SERIES) % len(STROKES)]
        axes.plot(np.arange(len(seen)), seen, color=colour, linestyle=stroke)
        shown = np.flatnonzero(np.isfinite(seen))
        ends += [(float(seen[shown[-1]]), name + mark, colour)] if len(shown) else []
    name_ends(axes, ends)
    return axes, drawn


def gradient_bias(
    windows: Sequence[int], relative: Mapping[str, Array], cosine: Mapping[str, Array], *, axes: Any = None
) -> tuple[Any, dict[str, Any]]:
    """Two rows over the window: the relative error of truncated gradients, and their cosine with the full one.

    Parameters of one gate (W.update, U.update, b.update) have one colour, named once; "all" is in ink. An error
    of 0 (a window as long as the sequence) has no place on a logarithmic scale and is left out.

    **Shapes**: windows (W,), every curve (W,). ``axes``, where given, is a pair. What was drawn: the same.
    """
    above, below = new_axes(2, 1, height=4.8, sharex=True) if axes is None else axes
    at = np.asarray(windows)
    for panel, curves in ((above, relative), (below, cosine)):
        ends: dict[str, tuple[float, str, str]] = {}
        for name, curve in sorted(curves.items(), key=lambda item: item[0] == "all"):
            values = np.asarray(curve, dtype=float)
            values = np.where(values > 0.0, values, np.nan) if panel is above else values
            block, total = name.rsplit(".", 1)[-1], name == "all"
            colour = INK if total else gate_colour(block)
            panel.plot(at, values, color=colour, marker="o", markersize=3.5, linewidth=2.4 if total else 1.0)
            shown = values[np.isfinite(values)]
            if len(shown) and block not in ends:
                ends[block] = (float(shown[-1]), block, colour)
        panel.set(xscale="log", yscale="log" if panel is above else "linear")
        name_ends(panel, list(ends.values()))
    above.set_ylabel("‖g_w − g‖ / ‖g‖")
    below.set(xlabel="window w of the truncated gradient g_w", ylabel="cosine of g_w and g")
    below.set_xticks(at, [str(window) for window in windows])
    below.minorticks_off()
    return (above, below), {"windows": at, "relative": dict(relative), "cosine": dict(cosine)}
