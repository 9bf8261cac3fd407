"""Pictures of shapes: a sequence as a pile of sheets, a product of matrices to scale, broadcasting there and back.

Each function takes plain arrays or sizes and returns the axes and what it drew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigate.plot.figure import blank, new_axes
from minigate.plot.palette import BACKWARD, GREY, INK, PALE, PAPER, SERIES

Array = Any


def _grid(axes: Any, x: float, y: float, rows: int, columns: int, cell: float, fill: str, edge: str = INK) -> None:
    """A matrix of empty cells with its upper left corner at (x, y)."""
    from matplotlib.patches import Rectangle

    for row in range(rows):
        for column in range(columns):
            corner = (x + column * cell, y - (row + 1) * cell)
            axes.add_patch(Rectangle(corner, cell, cell, facecolor=fill, edgecolor=edge, linewidth=0.8))


def _sides(axes: Any, x: float, y: float, rows: int, columns: int, cell: float, letters: Sequence[str]) -> None:
    """The letters of a matrix on its left and upper sides, with the lengths."""
    left, top = (f"{letter}={length}" for letter, length in zip(letters, (rows, columns)))
    if letters[0]:
        axes.text(x - 0.1, y - rows * cell / 2, left, ha="right", va="center", rotation=90, fontsize=9)
    axes.text(x + columns * cell / 2, y + 0.1, top, ha="center", va="bottom", fontsize=9)


def sequence_sheets(steps: int, batch: int, size: int, axes: Any = None) -> tuple[Any, dict[str, Any]]:
    """A batch of sequences, time first, as one (N, D) sheet for each time step.

    **Shapes**: the picture is of x (T, N, D) with T = ``steps``, N = ``batch``, D = ``size``.
    """
    axes = blank(new_axes(height=2.5) if axes is None else axes)
    cell, gap = 0.5, 0.75
    for t in range(steps):
        x = t * (size * cell + gap)
        _grid(axes, x, 0.0, batch, size, cell, SERIES[0] + "30")
        axes.text(x + size * cell / 2, -batch * cell - 0.12, f"x[{t}]", ha="center", va="top", family="monospace")
    _sides(axes, 0.0, 0.0, batch, size, cell, ("N", "D"))
    width = steps * (size * cell + gap) - gap
    arrow = {"arrowstyle": "->", "color": INK, "lw": 1.4}
    below = -batch * cell - 0.65
    axes.annotate("", (width, below), (0.0, below), arrowprops=arrow)
    axes.text(width / 2, below - 0.1, f"time step t, T = {steps}", ha="center", va="top")
    axes.set(xlim=(-0.6, width + 0.3), ylim=(below - 0.6, 0.6), aspect="equal")
    return axes, {"shape": (steps, batch, size), "sheets": steps}


def shape_flow(
    terms: Sequence[tuple[str, tuple[int, int], tuple[str, str]]], signs: Sequence[str], axes: Any = None
) -> tuple[Any, dict[str, Any]]:
    """Matrices in a row, to scale, with what stands between them: (N, D) @ (D, H) + … = (N, H).

    **Shapes**: each term is (name, (rows, columns), (letter of the rows, letter of the columns)); a
    ``signs[i]`` stands after term i.
    """
    axes = blank(new_axes(height=2.3) if axes is None else axes)
    cell, x = 0.36, 0.0
    for i, (name, (rows, columns), letters) in enumerate(terms):
        last = i == len(terms) - 1
        # What is multiplied from the right is data; what multiplies it, or is only added, is a parameter.
        colour = BACKWARD if last else SERIES[0] if signs[i] == "@" else SERIES[1]
        _grid(axes, x, rows * cell / 2, rows, columns, cell, colour + "30")
        _sides(axes, x, rows * cell / 2, rows, columns, cell, letters)
        axes.text(x + columns * cell / 2, -1.05, name, ha="center", va="top", family="monospace")
        x += columns * cell
        if not last:
            axes.text(x + 0.42, 0.0, signs[i], ha="center", va="center", fontsize=14)
            x += 1.25
    axes.set(xlim=(-0.5, x + 0.1), ylim=(-1.5, 1.2), aspect="equal")
    return axes, {"names": [name for name, _, _ in terms], "shapes": [shape for _, shape, _ in terms]}


def _numbers(axes: Any, x: float, y: float, numbers: Array, fill: str, text: str, faded: bool = False) -> None:
    from matplotlib.patches import Rectangle

    for row, line in enumerate(numbers):
        for column, number in enumerate(line):
            corner = (x + column, y - row - 1)
            edge = GREY if faded else INK
            axes.add_patch(Rectangle(corner, 1, 1, facecolor=fill, edgecolor=edge, linewidth=0.8,
                                     linestyle=":" if faded else "-"))  # fmt: skip
            axes.text(corner[0] + 0.5, corner[1] + 0.5, f"{number:g}", ha="center", va="center",
                      color=GREY if faded else text)  # fmt: skip


def broadcast_there_and_back(small: Array, dy: Array, axes: Any = None) -> tuple[Any, dict[str, Array]]:
    """On the left a row b (H,) stretched to (N, H); on the right its gradient: the columns of dy summed.

    **Shapes**: small (H,), dy (N, H). What was drawn: the copies (N, H) and the sums (H,).
    """
    small, dy = np.asarray(small, dtype=float), np.asarray(dy, dtype=float)
    rows, columns = dy.shape
    axes = blank(new_axes(height=3.0) if axes is None else axes)
    copies, sums = np.broadcast_to(small, dy.shape), dy.sum(axis=0)
    right = columns + 4.2
    arrow = {"arrowstyle": "->", "lw": 1.6}
    _numbers(axes, 0, 2.2, small[None], SERIES[0] + "30", INK)
    _numbers(axes, 0, 0, copies[:1], SERIES[0] + "30", INK)
    _numbers(axes, 0, -1, copies[1:], PAPER, INK, faded=True)
    axes.annotate("", (columns / 2, 0.1), (columns / 2, 1.1), arrowprops={**arrow, "color": INK})
    axes.text(columns / 2 + 0.2, 0.62, f"used {rows} times", va="center")
    _numbers(axes, right, 0, dy, PALE, BACKWARD)
    _numbers(axes, right, 2.2, sums[None], BACKWARD + "30", INK)
    axes.annotate("", (right + columns / 2, 1.1), (right + columns / 2, 0.1), arrowprops={**arrow, "color": BACKWARD})
    axes.text(right + columns / 2 + 0.2, 0.62, "summed over n", va="center", color=BACKWARD)
    labels = ((0, 1.7, "b (H,)"), (0, -rows / 2, "b, as the sum\nwith (N, H) sees it"))
    for x, y, text in (*labels, (right, 1.7, "db (H,)"), (right, -rows / 2, "dy (N, H)")):
        axes.text(x - 0.25, y, text, ha="right", va="center", fontsize=9)
    axes.text(columns / 2, 2.5, "forward: copies", ha="center", va="bottom", fontsize=10.5)
    axes.text(right + columns / 2, 2.5, "backward: a sum", ha="center", va="bottom", fontsize=10.5, color=BACKWARD)
    axes.set(xlim=(-3.2, right + columns + 0.4), ylim=(-rows - 0.2, 3.2), aspect="equal")
    return axes, {"copies": copies, "sums": sums}
