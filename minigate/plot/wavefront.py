"""In which step each position of a grid is computed: what is done, what is computed now, what still waits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigate.errors import ShapeError, explain
from minigate.plot.figure import WIDTH, new_axes
from minigate.plot.palette import GREY, INK, PALE, PAPER, SERIES

Array = Any


def wavefront(
    steps: Array, moments: Sequence[int], *, towards: tuple[int, int] = (1, 1), axes: Any = None
) -> tuple[Any, dict[str, Array]]:
    """A panel for each of ``moments``: the positions that are computed in that step in colour, what is done in grey.

    The number of its step stands in each position. Arrows lead to the coloured ones from the two that they need, the
    one in the row before and the one in the column before; ``towards`` says how rows and columns go, as the direction
    of a :class:`~minigate.layers.Grid` does.

    **Shapes**: steps (I, J), whole numbers from 0. What was drawn: "done" and "now" (moments, I, J), true or false.
    ``axes``, where given, are as many as there are moments.

    **Errors**: :class:`ShapeError` for steps without two axes.
    """
    steps = np.asarray(steps)
    if steps.ndim != 2:
        raise ShapeError(
            explain("a step for each position of a grid", where="wavefront", expected="steps of shape (I, J)",
                    got=str(steps.shape), remedy="numpy.add.outer(range(I), range(J)) for diagonals")
        )  # fmt: skip
    from matplotlib.colors import to_rgb

    I, J = steps.shape
    if axes is None:
        axes = new_axes(1, len(moments), width=WIDTH, height=WIDTH / len(moments) * I / J + 0.4, squeeze=False)[0]
    done, now = (np.array([compare(steps, k) for k in moments]) for compare in (np.less, np.equal))
    paper, pale, bright = (np.array(to_rgb(colour)) for colour in (PAPER, PALE, SERIES[4]))
    for panel, k, old, new in zip(axes, moments, done, now, strict=True):
        panel.imshow(np.where(new[..., None], bright, np.where(old[..., None], pale, paper)))
        panel.hlines(np.arange(I + 1) - 0.5, -0.5, J - 0.5, color=GREY, linewidth=0.8)
        panel.vlines(np.arange(J + 1) - 0.5, -0.5, I - 0.5, color=GREY, linewidth=0.8)
        for (i, j), step in np.ndenumerate(steps):
            panel.text(j, i, f"{step}", ha="center", va="center", fontsize=8.5, color=INK if step <= k else GREY)
        for i, j in np.argwhere(new):
            for down, across in ((towards[0], 0), (0, towards[1])):
                if 0 <= i - down < I and 0 <= j - across < J:
                    ends = (j - 0.3 * across, i - 0.3 * down), (j - 0.72 * across, i - 0.72 * down)
                    style = {"arrowstyle": "-|>", "color": INK, "shrinkA": 0, "shrinkB": 0}
                    panel.annotate("", *ends, arrowprops=style)
        panel.set(xticks=[], yticks=[], xlim=(-0.6, J - 0.4), ylim=(I - 0.4, -0.6))
        for side in ("left", "bottom"):
            panel.spines[side].set_visible(False)
        panel.set_title(f"step {k}: {int(new.sum())} at once", fontsize=9, loc="center")
    return axes, {"done": done, "now": now}
