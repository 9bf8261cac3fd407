"""A recurrent network unrolled over time: forward in ink from left to right, gradients in vermilion on the way back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from minigate.plot.figure import blank, new_axes
from minigate.plot.palette import BACKWARD, FORWARD, GREY, PALE, PAPER

Array = Any

_STEP = 1.55  # from one state to the next
_RISE = 1.3  # from a state up to its output, and down to its input
_WIDE, _HIGH = 0.8, 0.56  # a box
_APART = 0.1  # between an arrow forward and its companion back
_THIN, _THICK = 0.4, 4.2  # points: the weakest and the strongest gradient
_FOLDED = 2.9  # room for the folded network on the left


def unrolled(
    steps: int,
    flow: Mapping[str, Array] | None = None,
    *,
    backward: bool = False,
    folded: bool = False,
    axes: Any = None,
) -> tuple[Any, dict[str, Array]]:
    """The graph of a recurrent network over ``steps`` time steps; ``folded`` draws the loop that it is beside it.

    ``backward`` adds an arrow for every gradient, with its name. ``flow`` gives the gradients themselves:
    "dy", what each output sends to its state, and "dh_prev", what step t hands back to the state before
    it. Their arrows are as thick as they are long (the mean over the batch), with the number beside them,
    and an arrow of length 0 is not drawn.

    **Shapes**: ``flow`` "dy" and "dh_prev" (T, N, H) with T = ``steps``. What was drawn: the lengths (T,).
    """
    axes = blank(new_axes(height=3.4 if backward or flow else 2.9) if axes is None else axes)
    lengths = {name: _length(values) for name, values in (flow or {}).items()}
    largest = max((float(norms.max()) for norms in lengths.values()), default=1.0) or 1.0
    for t in range(steps + 1):
        _state(axes, t)
    for t in range(steps):
        _forward(axes, t, named=not flow, lane=_APART if backward or flow else 0.0)
        for name in ("dy", "dh_prev", *(() if flow else ("dx",))) if backward or flow else ():
            length = float(lengths[name][t]) if name in lengths else None
            if length != 0.0 and (name in lengths or not flow):
                _back(axes, t, name, length, largest)
    if folded:
        _loop(axes)
    left = -_FOLDED if folded else -0.55
    axes.set(xlim=(left, steps * _STEP + 0.6), ylim=(-_RISE - 0.7, _RISE + 0.45), aspect="equal")
    return axes, {"steps": np.arange(steps), **lengths}


def _length(values: Array) -> Array:
    """The length of each row, averaged over the batch: (T, N, H) → (T,)."""
    return np.linalg.norm(np.asarray(values, dtype=float), axis=-1).mean(axis=-1)


def _box(axes: Any, x: float, y: float, text: str, fill: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    corner = (x - _WIDE / 2, y - _HIGH / 2)
    style = "round,pad=0,rounding_size=0.12"
    axes.add_patch(FancyBboxPatch(corner, _WIDE, _HIGH, boxstyle=style, facecolor=fill, edgecolor=FORWARD, zorder=3))
    axes.text(x, y, text, ha="center", va="center", family="monospace", fontsize=9.5, zorder=4)


def _state(axes: Any, t: int) -> None:
    """The state h[t]; every state but the first has read an input and gives an output."""
    x = t * _STEP
    _box(axes, x, 0.0, f"h[{t}]", PALE)
    if t:
        _box(axes, x, -_RISE, f"x[{t - 1}]", PAPER)
        axes.text(x, _RISE, f"y[{t - 1}]", ha="center", va="center", family="monospace", fontsize=9.5)
        axes.text(x, -_RISE - 0.52, f"t = {t - 1}", ha="center", va="center", color=GREY, fontsize=9)


def _arrow(axes: Any, start: tuple[float, float], end: tuple[float, float], colour: str, width: float) -> None:
    style = f"-|>,head_length={0.35 + 0.06 * width},head_width={0.14 + 0.05 * width}"
    arrow = {"arrowstyle": style, "color": colour, "lw": width, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 10}
    axes.annotate("", end, start, arrowprops=arrow, zorder=2)


def _forward(axes: Any, t: int, named: bool, lane: float) -> None:
    """From h[t] and x[t] into h[t + 1], and out to y[t]; in their own lane where gradients run beside them."""
    x = (t + 1) * _STEP
    _arrow(axes, (x - _STEP + _WIDE / 2, lane), (x - _WIDE / 2, lane), FORWARD, 1.3)
    _arrow(axes, (x - lane, -_RISE + _HIGH / 2), (x - lane, -_HIGH / 2), FORWARD, 1.3)
    _arrow(axes, (x - lane, _HIGH / 2), (x - lane, _RISE - 0.2), FORWARD, 1.3)
    if named:
        axes.text(x - _STEP / 2, lane + 0.07, "U", ha="center", va="bottom", fontsize=9)
        axes.text(x - lane - 0.08, -_RISE / 2, "W", ha="right", va="center", fontsize=9)


def _back(axes: Any, t: int, name: str, length: float | None, largest: float) -> None:
    """One gradient on its way back, with its name or, where it is known, its length."""
    width = 1.5 if length is None else _THIN + (_THICK - _THIN) * length / largest
    x = (t + 1) * _STEP
    label = f"{name}[{t}]" if length is None else f"{length:.2g}"
    font = {"color": BACKWARD, "fontsize": 8.5}
    if name == "dy":
        _arrow(axes, (x + _APART, _RISE - 0.2), (x + _APART, _HIGH / 2), BACKWARD, width)
        axes.text(x + _APART + 0.08, (_RISE + _HIGH / 2) / 2, label, ha="left", va="center", **font)
    elif name == "dx":
        _arrow(axes, (x + _APART, -_HIGH / 2), (x + _APART, -_RISE + _HIGH / 2), BACKWARD, width)
        axes.text(x + _APART + 0.08, -_RISE / 2, label, ha="left", va="center", **font)
    else:
        _arrow(axes, (x - _WIDE / 2, -_APART), (x - _STEP + _WIDE / 2, -_APART), BACKWARD, width)
        text = "dh_prev" if length is None else label
        axes.text(x - _STEP / 2, -_APART - 0.16, text, ha="center", va="top", **font)


def _loop(axes: Any) -> None:
    """The same network before it is unrolled: one state that feeds itself."""
    x = -_FOLDED + 0.65
    _box(axes, x, 0.0, "h", PALE)
    _box(axes, x, -_RISE, "x", PAPER)
    axes.text(x, _RISE, "y", ha="center", va="center", family="monospace", fontsize=9.5)
    _arrow(axes, (x, -_RISE + _HIGH / 2), (x, -_HIGH / 2), FORWARD, 1.3)
    _arrow(axes, (x, _HIGH / 2), (x, _RISE - 0.2), FORWARD, 1.3)
    loop = {"arrowstyle": "-|>", "color": FORWARD, "lw": 1.3, "connectionstyle": "arc3,rad=-2.6"}
    axes.annotate("", (x + _WIDE / 2, -0.14), (x + _WIDE / 2, 0.14), arrowprops={**loop, "shrinkA": 0, "shrinkB": 0})
    axes.text(x + _WIDE / 2 + 0.44, 0.0, "U", ha="left", va="center", fontsize=9)
    axes.text(x - 0.08, -_RISE / 2, "W", ha="right", va="center", fontsize=9)
    axes.text(-0.78, 0.0, "=", ha="center", va="center", fontsize=16)
