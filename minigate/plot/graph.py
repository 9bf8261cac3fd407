"""A computation graph as text and as SVG, drawn here: no graphviz, no browser, no other program.

A graph comes as plain data: ``{"nodes": [...], "edges": [(from, to), ...]}``, operands before results. A node
is a dictionary with an ``id`` and a ``kind`` ("leaf", "constant", "number" or "op"), and what there is of
``op`` (its name), ``name``, ``shape``, ``value`` and ``gradient`` (texts), and ``result`` (True for what was
asked to be drawn). An edge may have a third part: what to write on it.
"""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from minigate.plot.layered import layout
from minigate.plot.palette import BACKWARD, INK

Description = Mapping[str, Any]
Point = tuple[float, float]
Row = tuple[str, str, bool]  # text, colour, bold

FONT = 12.0
LINE = 16.0
FILLS = {"leaf": "#e3eefb", "constant": "#f3f3f3", "number": "#f3f3f3", "op": "#ffffff", "result": "#fdf1d6"}
EDGES = {"leaf": "#4a7ebb", "constant": "#a0a0a0", "number": "#a0a0a0", "op": "#555555", "result": "#c08a1e"}


def graph_text(description: Description) -> str:
    """The graph as an indented tree, results first; what is used more than once is written out once.

    >>> graph = {"nodes": [{"id": 0, "kind": "leaf", "name": "x", "shape": (3,)},
    ...                    {"id": 1, "kind": "op", "op": "tanh", "shape": (3,), "result": True}],
    ...          "edges": [(0, 1)]}
    >>> print(graph_text(graph))
    tanh (3,)
    └─ x (3,)
    """
    nodes = {node["id"]: node for node in description["nodes"]}
    operands: defaultdict[Any, list[tuple[Any, str]]] = defaultdict(list)
    uses: defaultdict[Any, int] = defaultdict(int)
    for start, end, *what in description["edges"]:
        operands[end].append((start, what[0] if what else ""))
        uses[start] += 1
    numbers: dict[Any, int] = {}
    for node in description["nodes"]:
        if uses[node["id"]] > 1 and operands[node["id"]]:
            numbers[node["id"]] = len(numbers) + 1
    lines: list[str] = []
    written: set[Any] = set()
    roots = [key for key, node in nodes.items() if node.get("result") or not uses[key]]
    stack = [(root, "", "", "") for root in reversed(roots)]
    while stack:
        key, first, rest, what = stack.pop()
        mark = f"[{numbers[key]}] " if key in numbers else ""
        text = first + mark + " ".join(_words(nodes[key])) + (f" {what}" if what else "")
        if key in written and operands[key]:
            lines.append(text + " (above)")
            continue
        lines.append(text)
        written.add(key)
        below = operands[key]
        for i, (operand, label) in reversed(list(enumerate(below))):
            last = i == len(below) - 1
            stack.append((operand, rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  "), label))
    return "\n".join(lines)


def graph_svg(description: Description, title: str = "computation graph") -> str:
    """The graph as an SVG picture: operands above, arrows in the direction of the computation.

    Boxes with round ends are leaves (blue) and constants (grey), square ones are operations; a second line
    has the name and shape of the result, a third its gradient, in the colour of the way back.
    """
    nodes = description["nodes"]
    lines = {node["id"]: _lines(node) for node in nodes}
    sizes = {key: _size(rows) for key, rows in lines.items()}
    arrows = [(start, end) for start, end, *_ in description["edges"]]
    places = layout(sizes, arrows)
    width, height = places.width + 24, places.height + 24
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="-12 -12 {width:.0f} {height:.0f}" role="img" '
        f'style="max-width:100%;height:auto;background:#ffffff;font-family:sans-serif;font-size:{FONT:.0f}px">',
        f"<title>{html.escape(title)}</title>",
        '<defs><marker id="minigate-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0,0.5 L8,4 L0,7.5 z" fill="#777777"/></marker></defs>',
    ]
    for points, what in _arrows(description["edges"], places.routes, sizes):
        parts.append(f'<path d="{_curve(points)}" fill="none" stroke="#777777" marker-end="url(#minigate-arrow)"/>')
        if what:
            x, y = points[-1]
            parts.append(_text(x + (5 if x >= points[-2][0] else -5), y - 9, what, "#777777", size=10,
                               anchor="start" if x >= points[-2][0] else "end"))  # fmt: skip
    for node in nodes:
        parts += _box(node, places.centres[node["id"]], sizes[node["id"]], lines[node["id"]])
    return "\n".join([*parts, "</svg>"])


def _words(node: Mapping[str, Any]) -> list[str]:
    """What there is to say of a node, on one line."""
    if node["kind"] == "number":
        return [str(node["value"])]
    words = []
    if node.get("name"):
        words.append(f"{node['name']} =" if node.get("op") else str(node["name"]))
    words.append(str(node.get("op", "" if node.get("name") else node["kind"])))
    words.append(_shape(node.get("shape")))
    if node.get("value") is not None:
        words.append(f"value {node['value']}")
    if node.get("gradient") is not None:
        words.append(f"gradient {node['gradient']}")
    return [word for word in words if word]


def _lines(node: Mapping[str, Any]) -> list[Row]:
    """The same in a box: (text, colour, bold) line by line."""
    if node["kind"] == "number":
        return [(str(node["value"]), INK, False)]
    head = str(node.get("op") or node.get("name") or node["kind"])
    name = f"{node['name']} " if node.get("op") and node.get("name") else ""
    rows = [(head, INK, True)]
    second = (name + _shape(node.get("shape"))).strip()
    if node.get("value") is not None:
        second = f"{name}= {node['value']}" if name else str(node["value"])
    if second:
        rows.append((second, "#555555", False))
    if node.get("gradient") is not None:
        rows.append((f"∂ {node['gradient']}", BACKWARD, False))
    return rows


def _shape(shape: Sequence[int] | None) -> str:
    return "" if shape is None else str(tuple(shape))


def _size(rows: Sequence[Row]) -> tuple[float, float]:
    longest = max(len(text) * FONT * (0.62 if bold else 0.56) for text, _, bold in rows)
    return max(longest + 18, 34.0), LINE * len(rows) + 9


def _box(node: Mapping[str, Any], centre: Point, size: tuple[float, float], rows: Sequence[Row]) -> list[str]:
    kind = "result" if node.get("result") else node["kind"]
    (x, y), (width, height) = centre, size
    radius = 4 if node["kind"] == "op" else min(height, 30) / 2
    parts = [
        f'<rect x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'rx="{radius:.0f}" fill="{FILLS[kind]}" stroke="{EDGES[kind]}"/>'
    ]
    for i, (text, colour, bold) in enumerate(rows):
        parts.append(_text(x, y + (i - (len(rows) - 1) / 2) * LINE, text, colour, bold=bold))
    return parts


def _text(
    x: float, y: float, text: str, colour: str, anchor: str = "middle", size: float = FONT, bold: bool = False
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" dominant-baseline="central" '
        f'font-size="{size:.0f}"{weight} fill="{colour}">{html.escape(text)}</text>'
    )


def _arrows(
    edges: Sequence[tuple[Any, ...]], routes: Mapping[Any, list[Point]], sizes: Mapping[Any, tuple[float, float]]
) -> list[tuple[list[Point], str]]:
    """Every arrow from the lower edge of its first box to the upper edge of its last, side by side in order.

    An operand that is used twice has two arrows: that is where two gradients are added.
    """
    lines = [list(routes[start, end]) for start, end, *_ in edges]
    for end, which in ((0, 0), (1, -1)):  # where arrows leave, then where they arrive
        meeting: defaultdict[Any, list[int]] = defaultdict(list)
        for number, edge in enumerate(edges):
            meeting[edge[end]].append(number)
        for box, numbers in meeting.items():
            width, height = sizes[box]
            numbers.sort(key=lambda number: lines[number][1 if which == 0 else -2][0])
            step = min(14.0, width / (len(numbers) + 1)) if which == -1 else min(5.0, width / (len(numbers) + 1))
            for k, number in enumerate(numbers):
                x, y = lines[number][which]
                x += (k - (len(numbers) - 1) / 2) * step
                lines[number][which] = (x, y + height / 2 if which == 0 else y - height / 2 - 1)
    return [(line, edge[2] if len(edge) > 2 else "") for line, edge in zip(lines, edges, strict=True)]


def _curve(points: Sequence[Point]) -> str:
    """A smooth line that leaves and arrives vertically at every point."""
    path = f"M{points[0][0]:.1f},{points[0][1]:.1f}"
    for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
        bend = (y1 - y0) / 2
        if x0 == x1:
            path += f" L{x1:.1f},{y1:.1f}"
        else:
            path += f" C{x0:.1f},{y0 + bend:.1f} {x1:.1f},{y1 - bend:.1f} {x1:.1f},{y1:.1f}"
    return path
