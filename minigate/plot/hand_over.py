"""An encoder-decoder unrolled: one row of boxes that read, then one that writes, and the state handed over between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigate.plot.figure import blank, new_axes
from minigate.plot.palette import BACKWARD, FORWARD, GREY, PAPER, SERIES

READS, WRITES = SERIES[0], SERIES[2]


def hand_over(
    script: Sequence[str],
    answer: Sequence[str],
    *,
    start: str = "@",
    window: int = 0,
    backward: bool = False,
    axes: Any = None,
) -> tuple[Any, dict[str, list[Any]]]:
    """A box for each step: below it the symbol that is read, above it the symbol that should be written.

    What the decoder reads is its own last symbol, or the right one; ``start`` comes first. With a ``window`` a dashed
    line stands at every edge that no gradient crosses, and with ``backward`` the gradient's way is drawn from the
    answer as far as it gets.

    **Shapes**: T and S texts. What was drawn: "read" (T + S texts), "written" (S texts), "edges" (steps before which an
    edge lies), "reached" (the steps of the script to which a gradient comes).
    """
    T, S = len(script), len(answer)
    read = [*script, start, *answer[:-1]]
    edges = list(range(window, T + S, window)) if window else []
    axes = blank(new_axes(height=2.6) if axes is None else axes)
    axes.set(xlim=(-0.7, T + S - 0.3), ylim=(-1.35, 2.15 if backward else 1.5))
    for t, symbol in enumerate(read):
        colour = READS if t < T else WRITES
        box: dict[str, Any] = {"boxstyle": "round,pad=0.35", "facecolor": PAPER, "edgecolor": colour, "linewidth": 1.8}
        axes.text(t, 0, "h" if t < T else "s", ha="center", va="center", color=colour, bbox=box)
        _arrow(axes, (t, -0.72), (t, -0.34), FORWARD)
        axes.text(t, -0.95, symbol, ha="center", va="center", family="monospace", fontsize=11)
        if t >= T:
            _arrow(axes, (t, 0.34), (t, 0.72), FORWARD)
            axes.text(t, 0.95, answer[t - T], ha="center", va="center", family="monospace", fontsize=11)
        if t:
            _arrow(axes, (t - 0.72, 0), (t - 0.28, 0), FORWARD)
    for edge in edges:
        axes.axvline(edge - 0.5, color=GREY, linestyle="--", linewidth=1.2)
    last = max((edge for edge in edges if edge <= T), default=0)
    reached = list(range(last, T)) if S else []
    if backward and S:
        level = 1.45
        for s in range(S):
            stop = max([edge for edge in edges if edge <= T + s], default=0)
            _arrow(axes, (T + s + 0.1, level), (stop - 0.35, level), BACKWARD)
            level += 0.55 / max(1, S - 1)
    axes.text(-0.6, -1.3, "the encoder reads", color=READS, va="bottom", fontsize=9)
    axes.text(T - 0.3, -1.3, "the decoder writes", color=WRITES, va="bottom", fontsize=9)
    return axes, {"read": read, "written": list(answer), "edges": edges, "reached": reached}


def _arrow(axes: Any, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 1.3, "shrinkA": 0,
                                              "shrinkB": 0, "mutation_scale": 9})  # fmt: skip
