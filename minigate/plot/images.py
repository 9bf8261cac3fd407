"""Many small images on one sheet, each with a few words above it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigate.plot.figure import WIDTH, blank, new_axes

Array = Any


def image_sheet(
    images: Array, titles: Sequence[str], *, largest: float = 255.0, columns: int = 10, axes: Any = None
) -> tuple[Any, dict[str, Array]]:
    """``images`` row by row, in grey (dark is ``largest``, as ink on paper) or, with three channels, in colours.

    **Shapes**: images (N, C, Y, X), C 1 or 3; N titles. What was drawn: "sheet" (rows, columns) of pixels, with a third
    axis of 3 for colours.
    """
    pixels = np.asarray(images, dtype=float) / largest
    N, C, Y, X = pixels.shape
    columns = max(1, min(columns, N))
    rows = max(1, -(-N // columns))
    head, gap = max(2, round(0.35 * Y)), max(1, X // 8)  # room above each for its words, and between two
    sheet = np.full((rows * (Y + head), columns * (X + gap) - gap, C), 0.0 if C == 1 else 1.0)
    places = [(n // columns * (Y + head) + head, n % columns * (X + gap)) for n in range(N)]
    for (top, left), image in zip(places, pixels, strict=True):
        sheet[top : top + Y, left : left + X] = image.transpose(1, 2, 0)
    sheet = sheet[..., 0] if C == 1 else sheet
    if axes is None:
        axes = new_axes(width=WIDTH * columns / 10 + 0.3, height=WIDTH / 10 * rows * (Y + head) / (X + gap) + 0.5)
    blank(axes).imshow(sheet, cmap="Greys", vmin=0.0, vmax=1.0, interpolation="nearest")
    for (top, left), title in zip(places, titles, strict=True):
        axes.text(left + X / 2 - 0.5, top - 0.7, title, ha="center", va="bottom", fontsize=8)
    return axes, {"sheet": sheet}
