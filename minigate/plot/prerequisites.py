"""What has to come before what: boxes in layers, an arrow from each to those that need it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from minigate.plot.figure import blank, new_axes
from minigate.plot.layered import layout
from minigate.plot.palette import GREY, INK, PAPER, SERIES

_LETTERS, _LETTER, _LINE, _SIZE = 16, 4.6, 9.5, 7.5  # of a box: letters in a line, and their measures in points
_GAP = (10.0, 24.0)


def prerequisites(
    titles: Mapping[str, str], needs: Mapping[str, Sequence[str]], *, axes: Any = None
) -> tuple[Any, dict[str, Any]]:
    """A box for each name with its title; arrows run down, from what is needed to what needs it.

    An arrow that a longer way says already is left out: who needs B needs also what B needs. Three or more that need
    the same, and that nothing needs, stand in one box below one another.

    **Shapes**: ``needs`` name → the names before it, without a cycle. What was drawn: "needs" (as given), "boxes" (the
    names in each), "arrows" (from name to name, the first of its box), "levels" (box's first name → its row, 0 on top).
    """
    direct = _arrows(needs)
    boxes = _together(needs, direct)
    first = {name: box[0] for box in boxes for name in box}
    arrows = list(dict.fromkeys((start, first[end]) for start, end in direct))
    texts = {box[0]: _lines(box, titles) for box in boxes}
    sizes: dict[Any, tuple[float, float]] = {
        name: (_LETTER * max(map(len, lines)) + 12.0, _LINE * len(lines) + 8.0) for name, lines in texts.items()
    }
    found = layout(sizes, arrows, gap=_GAP)
    if axes is None:
        axes = new_axes(width=(found.width + 8) / 72, height=(found.height + 8) / 72)
    axes = blank(axes)
    axes.set(xlim=(-2, found.width + 2), ylim=(found.height + 2, -2))
    highest: dict[float, float] = {}  # the height of each row, by the place of its middle
    for name, (_, y) in found.centres.items():
        highest[y] = max(highest.get(y, 0.0), sizes[name][1])
    for start, end in arrows:
        route = found.routes[start, end]
        room = tuple(highest[found.centres[name][1]] for name in (start, end))
        _arrow(axes, route, (sizes[start][1], sizes[end][1]), room)
    for box in boxes:
        _box(axes, found.centres[box[0]], sizes[box[0]], texts[box[0]], several=len(box) > 1)
    rows = sorted({round(y, 3) for _, y in found.centres.values()})
    levels = {name: rows.index(round(y, 3)) for name, (_, y) in found.centres.items()}
    given = {name: list(before) for name, before in needs.items()}
    return axes, {"needs": given, "boxes": boxes, "arrows": arrows, "levels": levels}


def _together(needs: Mapping[str, Sequence[str]], arrows: Sequence[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Every name alone, and three or more leaves with the same arrows into them as one."""
    leaves: dict[tuple[str, ...], list[str]] = {}
    for name in needs:
        if not any(start == name for start, _ in arrows):
            leaves.setdefault(tuple(start for start, end in arrows if end == name), []).append(name)
    groups = [tuple(names) for names in leaves.values() if len(names) > 2]
    grouped = {name: group for group in groups for name in group}
    return list(dict.fromkeys(grouped.get(name, (name,)) for name in needs))


def _lines(box: Sequence[str], titles: Mapping[str, str]) -> list[str]:
    if len(box) == 1:
        return [box[0], *textwrap.wrap(titles[box[0]], _LETTERS)]
    return [f"{name}  {textwrap.shorten(titles[name], 2 * _LETTERS, placeholder=' …')}" for name in box]


def _arrows(needs: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """The pairs (needed, needing) that no longer way connects."""
    before: dict[str, set[str]] = {}

    def all_before(name: str) -> set[str]:
        if name not in before:
            before[name] = set(needs[name]).union(*(all_before(each) for each in needs[name]))
        return before[name]

    return [
        (each, name) for name, direct in needs.items() for each in direct
        if not any(each in all_before(other) for other in direct)
    ]  # fmt: skip


def _box(
    axes: Any, centre: tuple[float, float], size: tuple[float, float], lines: Sequence[str], several: bool
) -> None:
    from matplotlib.patches import FancyBboxPatch

    (x, y), (width, height) = centre, size
    look: dict[str, Any] = {"boxstyle": "round,pad=0,rounding_size=4", "facecolor": PAPER, "edgecolor": SERIES[0]}
    axes.add_patch(FancyBboxPatch((x - width / 2, y - height / 2), width, height, zorder=3, **look))
    left, align = (x - width / 2 + 6.0, "left") if several else (x, "center")
    for row, line in enumerate(lines):
        place = y + (row - (len(lines) - 1) / 2) * _LINE
        axes.text(left, place, line, ha=align, va="center", fontsize=_SIZE, color=INK, zorder=4,
                  weight="bold" if row == 0 and not several else "normal")  # fmt: skip


def _arrow(
    axes: Any, route: Sequence[tuple[float, float]], own: tuple[float, float], room: tuple[float, ...]
) -> None:
    """From the lower edge of one box to the upper edge of the other: straight within the two rows, bent between them.

    **Shapes**: own, the heights of the two boxes; room, those of their rows, in which taller boxes may stand.
    """
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    (x0, y0), *stops, (x1, y1) = route
    corners = [(x0, y0 + own[0] / 2), (x0, y0 + room[0] / 2), *stops, (x1, y1 - room[1] / 2), (x1, y1 - own[1] / 2)]
    points = list(dict.fromkeys(corners))  # a piece of no length has no direction, and no head
    places, codes = [points[0]], [Path.MOVETO]
    for (a, b), (c, d) in zip(points, points[1:], strict=False):
        bend = (d - b) / 2
        places += [(a, b + bend), (c, d - bend), (c, d)]
        codes += [Path.CURVE4] * 3
    axes.add_patch(FancyArrowPatch(path=Path(places, codes), arrowstyle="-|>", mutation_scale=7, color=GREY,
                                   linewidth=1.0, shrinkA=0, shrinkB=0, zorder=2))  # fmt: skip
