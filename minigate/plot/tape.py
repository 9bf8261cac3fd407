"""A small computation drawn as its tape: values in ink, gradients in vermilion, each number where it belongs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from minigate.plot.figure import blank, new_axes
from minigate.plot.palette import BACKWARD, INK, MISTAKE, PALE, PAPER

_WIDE, _HIGH = 1.5, 0.95  # a box, in the units of the places
_BEND = 0.22


def draw_tape(
    places: Mapping[str, tuple[float, float]],
    edges: Sequence[tuple[str, str]],
    values: Mapping[str, float],
    gradients: Mapping[str, float] | None = None,
    sent: Sequence[float | None] | None = None,
    *,
    right: Mapping[str, float] | None = None,
    title: str = "",
    axes: Any = None,
) -> tuple[Any, dict[str, Any]]:
    """Boxes at ``places``, an arrow for each use of a value, values above and gradients below the line.

    ``sent`` writes on each edge the gradient that went back along it; a gradient that differs from the
    ``right`` one is marked, with the right one beside it.

    **Shapes**: ``places`` name → (column, row); ``edges`` (operand, result), one for each use; ``sent``
    one number for each edge, or None where there is nothing to write.
    """
    if axes is None:
        columns = 1 + max(column for column, _ in places.values())
        axes = new_axes(width=min(7.5, 2.1 * columns), height=2.6)
    axes = blank(axes)
    wrong = {n for n in gradients or () if right is not None and abs((gradients or {})[n] - right[n]) > 1e-9}
    for (start, end), back, bend in zip(edges, sent or [None] * len(edges), _bends(edges)):
        _edge(axes, places[start], places[end], back, bend)
    for name, (column, row) in places.items():
        gradient = None if gradients is None else gradients.get(name)
        mark = f" (not {right[name]:g})" if right is not None and name in wrong else ""
        _box(axes, 2.4 * column, 1.9 * row, name, values.get(name), gradient, mark)
    xs, ys = ([2.4 * c for c, _ in places.values()], [1.9 * r for _, r in places.values()])
    axes.set(xlim=(min(xs) - 1.0, max(xs) + 1.0), ylim=(min(ys) - 0.95, max(ys) + 0.95), aspect="equal")
    axes.set_title(title, loc="left", fontsize=10.5)
    return axes, {"values": dict(values), "gradients": dict(gradients or {}), "wrong": sorted(wrong)}


def _bends(edges: Sequence[tuple[str, str]]) -> list[float]:
    """How far each edge is bent: twins (a value used twice by the same result) go above and below."""
    bends, seen = [], dict.fromkeys(edges, 0)
    for edge in edges:
        twins = edges.count(edge)
        bends.append(0.0 if twins == 1 else (2 * seen[edge] - 1) * _BEND)
        seen[edge] += 1
    return bends


def _box(axes: Any, x: float, y: float, name: str, value: float | None, gradient: float | None, mark: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    corner = (x - _WIDE / 2, y - _HIGH / 2)
    style = "round,pad=0,rounding_size=0.12"
    axes.add_patch(FancyBboxPatch(corner, _WIDE, _HIGH, boxstyle=style, facecolor=PAPER, edgecolor=INK, zorder=3))
    text = name if value is None else f"{name} = {value:g}"
    if gradient is None:
        axes.text(x, y, text, ha="center", va="center", zorder=4)
        return
    axes.plot([x - _WIDE / 2, x + _WIDE / 2], [y, y], color=PALE, linewidth=1, zorder=4)
    axes.text(x, y + _HIGH / 4, text, ha="center", va="center", color=INK, zorder=4)
    colour, letter = MISTAKE if mark else BACKWARD, name.split()[0]
    weight = "bold" if mark else "normal"
    axes.text(x, y - _HIGH / 4, f"d{letter} = {gradient:g}{mark}", ha="center", va="center", color=colour,
              weight=weight, fontsize=8.5 if mark else 10, zorder=4)  # fmt: skip


def _edge(axes: Any, start: tuple[float, float], end: tuple[float, float], back: float | None, bend: float) -> None:
    x0, y0, x1, y1 = 2.4 * start[0], 1.9 * start[1], 2.4 * end[0], 1.9 * end[1]
    rad = -1.6 * bend
    shape = f"arc3,rad={rad}"
    arrow = {"arrowstyle": "-|>", "color": INK, "lw": 1.3, "connectionstyle": shape, "shrinkA": 0, "shrinkB": 0}
    left, right = x0 + _WIDE / 2, x1 - _WIDE / 2
    axes.annotate("", (right, y1 + bend), (left, y0 + bend), arrowprops=arrow, zorder=2)
    if back is not None:  # in the middle of the curve
        x, y = (left + right) / 2 + 0.5 * rad * (y1 - y0), (y0 + y1) / 2 + bend - 0.5 * rad * (right - left)
        paper = {"boxstyle": "round,pad=0.12", "facecolor": PAPER, "edgecolor": "none"}
        axes.text(x, y, f"◂ {back:g}", ha="center", va="center", color=BACKWARD, fontsize=9, bbox=paper, zorder=4)
