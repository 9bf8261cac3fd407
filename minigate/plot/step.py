"""One step of a cell: its values in boxes, what joins them in circles, and beside every arrow the way back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from minigate.plot.figure import WIDTH, blank, new_axes
from minigate.plot.palette import BACKWARD, FORWARD, INK, PAPER

_WIDE, _HIGH, _ROUND = 1.05, 0.56, 0.2  # a box, and the radius of a circle, in the units of the places
_APART = 0.075  # between an arrow forward and its companion back
_SIGNS = "⊙+−@"


def step_diagram(
    places: Mapping[str, tuple[float, ...]],
    arrows: Sequence[tuple[str, str]],
    *,
    colours: Mapping[str, str] | None = None,
    thick: Iterable[tuple[str, str]] = (),
    values: Mapping[str, float] | None = None,
    gradients: Mapping[str, float] | None = None,
    backward: bool | Iterable[tuple[str, str]] = False,
    axes: Any = None,
) -> tuple[Any, dict[str, Any]]:
    """The values of a step where ``places`` puts them, an arrow forward for each use, and beside it its way back.

    A name that begins with a sign (⊙, +, −, @) is an operation and drawn as a circle; what follows the sign only
    tells two of them apart. A box has its value after its name and its gradient below, as far as they are given.
    ``thick`` arrows are the line that the picture is about. ``backward`` draws the way back beside every arrow, or
    beside those that it names.

    **Shapes**: ``places`` name → (x, y), or (x, y, width) for a wide box; ``arrows`` (from, to). What was drawn:
    "forward" and "backward", lists of arrows (from, to), and "texts", what each box says.
    """
    left = min(place[0] - _width(place) / 2 for place in places.values()) - 0.2
    right = max(place[0] + _width(place) / 2 for place in places.values()) + 0.2
    low, high = min(place[1] for place in places.values()) - 0.5, max(place[1] for place in places.values()) + 0.5
    axes = blank(new_axes(height=WIDTH * (high - low) / (right - left)) if axes is None else axes)
    back = list(arrows) if backward is True else list(backward or ())
    strong = set(thick)
    texts, shapes = {}, {}
    for name, place in places.items():
        texts[name] = _texts(name, values or {}, gradients or {})
        shapes[name] = _shape(axes, name, place, texts[name], (colours or {}).get(name, INK))
    for start, end in arrows:
        lane = _APART if (start, end) in back else 0.0
        width = 2.7 if (start, end) in strong else 1.3
        _arrow(axes, places, shapes, start, end, FORWARD, width, lane)
        if lane:
            _arrow(axes, places, shapes, end, start, BACKWARD, width, lane)
    axes.set(xlim=(left, right), ylim=(low, high), aspect="equal")
    return axes, {"forward": list(arrows), "backward": [(end, start) for start, end in back], "texts": texts}


def _width(place: tuple[float, ...]) -> float:
    return place[2] if len(place) > 2 else _WIDE


def _texts(name: str, values: Mapping[str, float], gradients: Mapping[str, float]) -> list[str]:
    """What a box says: its name, with its value; and its gradient."""
    if name[0] in _SIGNS:
        return [name[0]]
    return [f"{name} = {values[name]:g}" if name in values else name] + (
        [f"d{name} = {gradients[name]:g}"] if name in gradients else []
    )


def _shape(axes: Any, name: str, place: tuple[float, ...], texts: Sequence[str], colour: str) -> Any:
    from matplotlib.patches import Circle, FancyBboxPatch

    x, y = place[:2]
    if name[0] in _SIGNS:
        shape = axes.add_patch(Circle((x, y), _ROUND, facecolor=PAPER, edgecolor=INK, zorder=3))
    else:
        wide, high = _width(place), _HIGH
        style = "round,pad=0,rounding_size=0.1"
        box = FancyBboxPatch((x - wide / 2, y - high / 2), wide, high, boxstyle=style, facecolor=PAPER,
                             edgecolor=colour, linewidth=1.0 if colour == INK else 2.4, zorder=3)  # fmt: skip
        shape = axes.add_patch(box)
    for row, text in enumerate(texts):
        height = y + (_HIGH / 4) * (len(texts) - 1) * (1 - 2 * row)
        axes.text(x, height, text, ha="center", va="center", fontsize=9, color=BACKWARD if row else INK, zorder=4)
    return shape


def _arrow(
    axes: Any, places: Mapping[str, tuple[float, ...]], shapes: Mapping[str, Any], start: str, end: str,
    colour: str, width: float, lane: float,
) -> None:  # fmt: skip
    """From shape to shape, straight; each direction keeps to its own left, so that two that meet do not cover."""
    (x0, y0), (x1, y1) = _ends(places[start], places[end])
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5 or 1.0
    dx, dy = -lane * (y1 - y0) / length, lane * (x1 - x0) / length
    head = f"-|>,head_length={0.35 + 0.06 * width},head_width={0.14 + 0.05 * width}"
    arrow = {"arrowstyle": head, "color": colour, "lw": width, "mutation_scale": 10, "shrinkA": 0, "shrinkB": 1}
    arrow |= {"patchA": shapes[start], "patchB": shapes[end]}
    axes.annotate("", (x1 + dx, y1 + dy), (x0 + dx, y0 + dy), arrowprops=arrow, zorder=2)


def _ends(start: tuple[float, ...], end: tuple[float, ...]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Centre to centre; straight up or down where one lies above or below a wide box."""
    x0, x1 = start[0], end[0]
    if len(start) > 2 and abs(x1 - x0) < start[2] / 2:
        x0 = x1
    if len(end) > 2 and abs(x1 - x0) < end[2] / 2:
        x1 = x0
    return (x0, start[1]), (x1, end[1])
