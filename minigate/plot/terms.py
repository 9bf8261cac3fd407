"""Which shares of a gradient there are, and how large: the loss of every step against every step before it."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigate.errors import ShapeError, explain
from minigate.plot.figure import new_axes
from minigate.plot.palette import GREY, INK, MAGNITUDE_MAP, PALE

Array = Any


def surviving_terms(
    lengths: Array, *, decades: int = 4, title: str = "", bar: bool = True, axes: Any = None
) -> tuple[Any, dict[str, Array]]:
    """One square for each pair of a loss and a step at or before it, as bright as what goes back from one to the other.

    A share of exactly 0 has been dropped: its square is pale. Above the diagonal there is nothing, as no loss depends
    on a later step. The brightness covers ``decades`` powers of ten below 1 in every picture, so that two
    of them can be compared; what lies outside has the colour of the nearer end.

    **Shapes**: lengths (T, T), entry [t, s] that of what the loss of step t hands back to step s. What was drawn:
    "kept" bool (T, T), "lengths" (T, T).

    **Errors**: :class:`ShapeError` where ``lengths`` is not square.
    """
    lengths = np.asarray(lengths, dtype=float)
    if lengths.ndim != 2 or lengths.shape[0] != lengths.shape[1]:
        raise ShapeError(
            explain(
                "one row for the loss of each step, one column for each step",
                where="surviving_terms",
                expected="lengths of shape (T, T)",
                got=str(lengths.shape),
                slip="one row for each loss, and the gradient of every sequence or number behind it",
                remedy="np.linalg.norm(dx, axis=-1).mean(axis=-1) for each loss",
            )
        )
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap, Normalize

    steps = len(lengths)
    t, s = np.indices(lengths.shape)
    kept = (lengths > 0.0) & (s <= t)
    axes = new_axes(width=4.2, height=3.6) if axes is None else axes
    axes.imshow(np.where(s <= t, 1.0, np.nan), cmap=ListedColormap([PALE]), interpolation="nearest")
    size = np.log10(np.where(kept, lengths, np.nan))
    colours = ListedColormap(colormaps[MAGNITUDE_MAP](np.linspace(0.12, 0.94, 256)))
    image = axes.imshow(size, cmap=colours, norm=Normalize(-decades, 0), interpolation="nearest")
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)
    every = max(1, steps // 6)
    axes.set_xticks(range(0, steps, every))
    axes.set_yticks(range(0, steps, every))
    axes.set(xlabel="step s", ylabel="loss of step t")
    axes.set_title(title, loc="left", fontsize=9.5)
    count, whole = int(kept.sum()), steps * (steps + 1) // 2
    axes.text(steps - 0.6, -0.3, f"{count} of {whole}", ha="right", va="top", fontsize=9, color=INK)
    if bar:
        scale = axes.figure.colorbar(image, ax=axes, fraction=0.05, pad=0.03, ticks=range(-decades, 1))
        scale.ax.set_yticklabels([f"$10^{{{power}}}$" for power in range(-decades, 1)])
        scale.set_label("length of the share")
        scale.outline.set_edgecolor(GREY)
    return axes, {"kept": kept, "lengths": lengths}
