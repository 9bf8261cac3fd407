"""A figure as the course has them: 100 dots per inch, quiet axes, sizes in inches that fit a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from minigate.plot.palette import GREY, INK

DPI = 100
WIDTH = 7.5  # inches: what a notebook shows without scaling down

STYLE: dict[Any, Any] = {
    "font.size": 10.0,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "savefig.dpi": DPI,
    "figure.dpi": DPI,
}


_windows = True


@contextmanager
def off_screen() -> Iterator[None]:
    """Within the block new axes belong to figures that no window knows of: to be saved, on any machine."""
    global _windows
    before, _windows = _windows, False
    try:
        yield
    finally:
        _windows = before


def new_axes(rows: int = 1, columns: int = 1, *, width: float = WIDTH, height: float = 2.8, **options: Any) -> Any:
    """Fresh axes in the style of the course: one, or an array of them.

    **Shapes**: one row and column give a single Axes; otherwise an object array (rows, columns) with
    axes of length 1 left out.
    """
    if not _windows:
        import matplotlib
        from matplotlib.figure import Figure

        with matplotlib.rc_context(STYLE):
            return Figure((width, height), dpi=DPI, layout="constrained").subplots(rows, columns, **options)
    import matplotlib.pyplot as plt

    with plt.rc_context(STYLE):
        _, axes = plt.subplots(rows, columns, figsize=(width, height), dpi=DPI, layout="constrained", **options)
        interactive = plt.isinteractive()
    if interactive:  # a notebook's backend switches this on with its first figure; leaving the context took it back
        plt.ion()
    return axes


def blank(axes: Any) -> Any:
    """Take the frame and the ticks away: for a picture whose axes measure nothing."""
    axes.set_axis_off()
    return axes
