"""Which layer feeds back into which, and when: the global reset gates of Gated-Feedback over a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigate.errors import ShapeError, explain
from minigate.plot.figure import new_axes
from minigate.plot.heatmap import heat_map

Array = Any


def feedback_map(g: Array, *, symbols: Sequence[str] | None = None, axes: Any = None) -> tuple[Any, dict[str, Array]]:
    """L × L numbers for each step: one heat map for each layer that reads, the top layer at the top.

    In the map of layer j, row i is g^{i→j}: how much of layer i's past goes into its new content. Rows above that of j
    are feedback, from layers above; the row of j itself is its own past. Layers are counted from 0, as in the names
    "layers.2.u.global.from0" of the weights. ``symbols`` writes what was read at each step.

    **Shapes**: g (T, L, L) in 0 … 1, the first L for the source i, the second for the reader j; ``symbols`` T texts.
    What was drawn: "layers.0.global" … → (L, T), top row the top layer. ``axes``, where given, has one for each layer.

    **Errors**: :class:`ShapeError` for an array that is not (T, L, L).
    """
    g = np.asarray(g, dtype=float)
    if g.ndim != 3 or g.shape[1] != g.shape[2]:
        raise ShapeError(
            explain("a number for each pair of layers", where="feedback_map", expected="g (T, L, L)", got=str(g.shape))
        )
    L = g.shape[1]
    if axes is None:
        axes = np.atleast_1d(new_axes(L, 1, height=min(9.0, (0.6 + 0.22 * L) * L + 0.6), sharex=True))
    top_down = list(range(L))[::-1]
    drawn: dict[str, Array] = {}
    for panel, j in zip(axes, top_down, strict=True):
        _, shown = heat_map(g[:, :, j], kind="gate", symbols=symbols, order=top_down, label="g", axes=panel)
        panel.set_yticks(range(L), [f"from{i}" for i in top_down])
        panel.set_ylabel(f"layers.{j}.global")
        drawn[f"layers.{j}.global"] = shown["values"]
        if panel is not axes[-1]:
            panel.set_xlabel("")
            panel.tick_params(labelbottom=False)
    return axes, drawn
