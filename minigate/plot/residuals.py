"""A wrong gradient beside the right one, and the difference: where in the array it is wrong, and by how much.

An array of any number of axes is shown as a table: the last axis runs to the right, all others run down, the
first of them the slowest. As written and as it should be share one range of colours, so that what looks alike
is alike; what is not finite has the colour of a mistake.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minigate.plot.figure import new_axes
from minigate.plot.palette import BACKWARD, GREY, INK, MAGNITUDE_MAP, MISTAKE, PALE, PAPER, SIGNED_MAP

Array = Any

MOST_NUMBERS = 64  # as many cells still have room for their number
MOST_COLUMNS = 6
MOST_FRAMES = 200


def residual_size(shape: Sequence[int]) -> tuple[float, float]:
    """Width and height, in inches, that suit a residual map of an array of this shape."""
    rows, columns = math.prod(shape[:-1]), shape[-1] if shape else 1
    return (10.0 if columns > 3 or rows > 12 else 8.0), min(9.0, max(2.0 if rows > 1 else 1.5, 1.1 + 0.26 * rows))


def residual_map(
    got: Array,
    right: Array,
    *,
    bad: Array,
    name: str = "",
    names: Sequence[str] = (),
    told: str = "",
    axes: Any = None,
) -> tuple[Any, dict[str, Array]]:
    """Three tables: the gradient as written, as it should be, and |written − right| with the wrong cells framed.

    ``names`` are those of the array's axes, ``told`` a line above it all; ``axes`` may be three Axes, or one for
    the difference alone.

    **Shapes**: got, right and bad the same, any. What was drawn: "got", "right", "difference" as tables.
    """
    shape = np.shape(got)
    if axes is None:
        width, height = residual_size(shape)
        axes = new_axes(1, 3, width=width, height=height + (0.3 if told else 0.0))
        axes[0].figure.suptitle(told, x=0.01, ha="left", fontsize=9, color=GREY)
    three = list(np.ravel(axes)) if np.size(axes) > 1 else [axes]
    got, right, bad = (_table(array) for array in (got, right, bad))
    with np.errstate(invalid="ignore"):
        difference = np.abs(got - right)
    finite = np.abs(np.concatenate([got, right])[np.isfinite(np.concatenate([got, right]))])
    most = float(finite.max(initial=0.0)) or 1.0
    # What was compared and differs by rounding alone is not to fill the range of colours.
    largest = float(difference[np.isfinite(difference) & bad].max(initial=0.0)) or 1.0
    tables = [
        ("as written", got, SIGNED_MAP, -most, most),
        ("as it should be", right, SIGNED_MAP, -most, most),
        ("|written − right|", difference, MAGNITUDE_MAP, 0.0, largest),
    ]
    for one, (title, table, colours, low, high) in zip(three, tables[-len(three) :], strict=True):
        _show(one, table, colours, low, high)
        one.set_title(f"{name} {title}".strip(), loc="left")
        _name_axes(one, shape, names, first=one is three[0])
    _frame(three[-1], bad)
    return axes, {"got": got, "right": right, "difference": difference}


def residual_curve(
    x: Array, got: Array, right: Array, *, bad: Array, name: str = "", xlabel: str = "s", axes: Any = None
) -> tuple[Any, dict[str, Array]]:
    """A derivative that is a function of one number: as written and as it should be, and the difference below.

    ``axes`` may be two Axes, or one for the difference alone.

    **Shapes**: x, got, right, bad (M,), in any order. What was drawn: all four, ordered by x.
    """
    x, got, right, bad = (np.ravel(array) for array in (x, got, right, bad))
    order = np.argsort(x, kind="stable")
    x, got, right, bad = x[order], got[order], right[order], bad[order]
    axes = new_axes(2, 1, height=4.4, sharex=True, height_ratios=(2, 1)) if axes is None else axes
    both = list(np.ravel(axes)) if np.size(axes) > 1 else [axes]
    with np.errstate(invalid="ignore"):
        difference = np.abs(got - right)
    if len(both) == 2:
        both[0].plot(x, right, "o", color=INK, markersize=3, label="as it should be")
        both[0].plot(x[~bad], got[~bad], "o", color=GREY, markersize=5, fillstyle="none", label="written, right")
        both[0].plot(x[bad], got[bad], "o", color=MISTAKE, markersize=5, fillstyle="none", label="written, wrong")
        both[0].set(ylabel=name)
        both[0].legend(loc="upper right", frameon=False)
    low = both[-1]
    low.vlines(x[bad], 0.0, difference[bad], color=MISTAKE, linewidth=1.2)
    low.plot(x[~bad], difference[~bad], "o", color=GREY, markersize=2)
    low.set(xlabel=xlabel, ylabel="|written − right|")
    return axes, {"x": x, "got": got, "right": right, "difference": difference}


def deviations(
    deviation: Mapping[str, float], limit: Mapping[str, float], *, axes: Any = None
) -> tuple[Any, dict[str, Array]]:
    """One row a gradient: how far it is from the differences, and how far it may be, both as shares of its size.

    **Shapes**: one number a name. What was drawn: "deviation" and "limit" (G,), in the order of the rows.
    """
    names = list(deviation)
    found, allowed = np.array([deviation[n] for n in names]), np.array([limit[n] for n in names])
    floor = 1e-17  # a deviation of exactly nothing has a place on a logarithmic scale too
    shown = np.where(np.isfinite(found), np.maximum(found, floor), 1e3)
    rows = np.arange(len(names))
    axes = new_axes(height=min(9.0, 1.2 + 0.24 * len(names))) if axes is None else axes
    beyond = ~(found <= allowed)
    axes.hlines(rows, floor, allowed, color=PALE, linewidth=7, zorder=1)
    axes.scatter(allowed, rows, marker="|", s=120, color=INK, zorder=2, label="limit")
    for chosen, colour, label in ((~beyond, BACKWARD, "deviation"), (beyond, MISTAKE, "beyond its limit")):
        if chosen.any():
            axes.scatter(shown[chosen], rows[chosen], s=22, color=colour, zorder=3, label=label)
    axes.set(xscale="log", xlabel="deviation from the differences, as a share of the gradient")
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(floor / 3.0, 10.0 * max(float(np.max(array, initial=floor)) for array in (shown, allowed)))
    axes.set_yticks(rows, [f"d{name}" for name in names])
    axes.tick_params(axis="y", length=0)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    return axes, {"deviation": found, "limit": allowed}


def _table(array: Array) -> Array:
    """**Shapes**: (…, M) → (R, M)."""
    array = np.asarray(array)
    return array.reshape(-1, array.shape[-1]) if array.ndim else array.reshape(1, 1)


def _show(axes: Any, table: Array, colours: str, low: float, high: float) -> None:
    import matplotlib

    with_mistakes = matplotlib.colormaps[colours].with_extremes(bad=MISTAKE)
    shown = np.ma.masked_invalid(table)
    small = table.size <= 900
    image = axes.imshow(
        shown, cmap=with_mistakes, vmin=low, vmax=high, aspect="auto",
        interpolation="nearest" if small else "auto",
    )  # fmt: skip
    bar = axes.figure.colorbar(image, ax=axes, pad=0.02, fraction=0.08, ticks=[low, (low + high) / 2.0, high])
    bar.ax.set_yticklabels([f"{tick:.2g}" for tick in (low, (low + high) / 2.0, high)])
    bar.outline.set_visible(False)
    if table.size > MOST_NUMBERS or table.shape[1] > MOST_COLUMNS:
        return
    for (i, j), value in np.ndenumerate(table):
        red, green, blue, _ = with_mistakes((value - low) / (high - low)) if np.isfinite(value) else (0, 0, 0, 1)
        dark = 0.3 * red + 0.6 * green + 0.1 * blue < 0.5
        axes.text(j, i, f"{value:.2g}", ha="center", va="center", fontsize=7, color=PAPER if dark else INK)


def _name_axes(axes: Any, shape: Sequence[int], names: Sequence[str], first: bool) -> None:
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)
    rows, columns = math.prod(shape[:-1]), shape[-1] if shape else 1
    axes.set_xticks(_every(columns, 10))
    if shape:
        axes.set_xlabel(names[-1] if names else "last axis" if len(shape) > 1 else "index")
    if len(shape) < 2:
        axes.set_yticks([])
        return
    if len(shape) == 2:
        axes.set_yticks(_every(rows, 16))
        ylabel = names[0] if names else "first axis"
    else:  # one tick in the middle of each block of rows that belong to one index of the first axis
        block = rows // shape[0] if shape[0] else 1
        chosen = _every(shape[0], 16)
        axes.set_yticks([k * block + (block - 1) / 2.0 for k in chosen], [str(k) for k in chosen])
        for k in range(1, shape[0]):
            axes.axhline(k * block - 0.5, color=PAPER, linewidth=2)
        inner = ", ".join(names[1:-1]) if names else "further axes"
        ylabel = f"{names[0] if names else 'first axis'}  (rows within: {inner})"
    axes.set_ylabel(ylabel if first else "")


def _every(count: int, most: int) -> list[int]:
    return list(range(0, count, max(1, -(-count // most))))


def _frame(axes: Any, bad: Array) -> None:
    """Frames around the wrong cells, where they are few among many."""
    from matplotlib.patches import Rectangle

    if 0 < bad.sum() < bad.size and bad.sum() <= MOST_FRAMES:
        for i, j in np.argwhere(bad):
            axes.add_patch(Rectangle((j - 0.5, i - 0.5), 1.0, 1.0, fill=False, edgecolor=MISTAKE, linewidth=1.5))
