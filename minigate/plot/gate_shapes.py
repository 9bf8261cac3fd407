"""The shape of gates that units learn for themselves: before and after, over what the units really see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minigate.plot.figure import new_axes
from minigate.plot.palette import FORWARD, GATES, GREY, PALE, SERIES

Array = Any

COLUMNS = 4


def gate_shapes(
    s: Array, before: Array, after: Array, activations: Array, *, most: int = 12, colour: str = GATES["update"],
    axes: Any = None,
) -> tuple[Any, dict[str, Array]]:  # fmt: skip
    """One small picture for each unit: its gate before training, after it, and how often it was asked at each s.

    The units that moved most from the logistic function come first, ``most`` of them; each keeps its number. How far
    is a mean over its own pre-activations: what a gate does where it is never asked does not count.

    **Shapes**: s (S,); before and after (S, H), the gate of each unit at s; activations (M, H), its pre-activations.
    What was drawn: "order", the units in their panels; "moved" (H,); "counts" (H, bins). ``axes``, where given, has
    one for each panel.
    """
    s, before, after, activations = (np.asarray(each, dtype=float) for each in (s, before, after, activations))
    moved = distance_from_logistic(s, after, activations)
    order = np.argsort(-moved, kind="stable")[:most]
    if axes is None:
        columns = min(COLUMNS, len(order))
        rows = -(-len(order) // columns)
        axes = np.atleast_1d(new_axes(rows, columns, height=0.6 + 1.6 * rows, sharex=True, sharey=True)).ravel()
        for spare in axes[len(order) :]:
            spare.set_axis_off()
        for first in axes[::columns]:
            first.set_ylabel("gate")
    edges = np.linspace(s[0], s[-1], 41)
    counts = np.array([np.histogram(column, bins=edges)[0] for column in activations.T])
    for panel, unit in zip(axes, order):
        share = counts[unit] / max(1, counts[unit].max())
        panel.stairs(share, edges, fill=True, color=PALE)
        panel.plot(s, before[:, unit], color=GREY, linestyle="--", linewidth=1.2)
        panel.plot(s, after[:, unit], color=colour)
        panel.set(ylim=(-0.02, 1.02), xlim=(s[0], s[-1]))
        panel.set_title(f"unit {unit}: {moved[unit]:.3f}", fontsize=8.5)
        panel.set_xlabel("s" if unit in order[-COLUMNS:] else "")
    return axes, {"order": order, "moved": moved, "counts": counts}


def distance_from_logistic(s: Array, gates: Array, activations: Array) -> Array:
    """How far the gate of each unit is from σ(s), in the mean over its pre-activations.

    **Shapes**: s (S,), gates (S, H), activations (M, H) → (H,).
    """
    apart = np.abs(gates - (0.5 * np.tanh(0.5 * s) + 0.5)[:, None])
    return np.array([np.interp(seen, s, curve).mean() for seen, curve in zip(activations.T, apart.T, strict=True)])


def units_moved(moved: Mapping[str, Array], *, axes: Any = None) -> tuple[Any, dict[str, Array]]:
    """Which units moved most from the logistic function: of each gate all units, sorted.

    **Shapes**: each moved (H,), as :func:`gate_shapes` returns it. What was drawn: by name, sorted.
    """
    axes = new_axes() if axes is None else axes
    drawn = {}
    for k, (name, each) in enumerate(moved.items()):
        drawn[name] = np.sort(np.asarray(each, dtype=float))[::-1]
        colour = GATES.get(name, SERIES[k % len(SERIES)])
        axes.plot(np.arange(1, len(drawn[name]) + 1), drawn[name], color=colour, marker=".", label=name)
    axes.set(xlabel="units, sorted", ylabel="mean |gate − σ(s)|", ylim=(0.0, None))
    axes.legend()
    return axes, drawn


def random_gates(s: Array, samples: Mapping[str, Array], *, axes: Any = None) -> tuple[Any, dict[str, Array]]:
    """Gates with random coefficients side by side, one panel for each bandwidth: what shapes there are to learn.

    **Shapes**: s (S,), each of samples (S, M), M gates. ``axes``, where given, has one for each.

    **Source**: figure 1 of Scardapane et al. (2018), γ = 1, 0.5 and 0.1.
    """
    if axes is None:
        axes = np.atleast_1d(new_axes(1, len(samples), height=2.6, sharey=True))
    drawn = {}
    for panel, (name, gates) in zip(axes, samples.items(), strict=True):
        drawn[name] = np.asarray(gates, dtype=float)
        for k, gate in enumerate(drawn[name].T):
            panel.plot(s, gate, color=SERIES[k % len(SERIES)], linewidth=1.4)
        panel.set(xlabel="activation s", title=name, ylim=(-0.02, 1.02))
    axes[0].set_ylabel("value of the gate")
    return axes, drawn


def kernel_fit(
    s: Array, fit: Array, target: Array, d: Sequence[float], kernels: Array, *, axes: Any = None
) -> tuple[Any, dict[str, Array]]:
    """How coefficients begin: the sum of kernels over the function that it was fitted to, and the weighted kernels.

    **Shapes**: s (S,), fit and target (S,), d (K,), kernels (S, K) as they are in the sum. ``axes``, where given, is a
    pair.

    **Source**: the last figure of Scardapane et al. (2018).
    """
    above, below = new_axes(2, 1, height=4.4, sharex=True) if axes is None else axes
    above.plot(s, target, color=GREY, linewidth=4.0, alpha=0.5, label="f(s)")
    above.plot(s, fit, color=FORWARD, label="Σ α κ(s, d)")
    at = np.interp(d, s, fit)
    above.plot(d, at, linestyle="", marker="o", markersize=4, color=SERIES[0], label="the dictionary d")
    above.legend()
    for k, each in enumerate(np.asarray(kernels, dtype=float).T):
        below.plot(s, each, color=SERIES[k % len(SERIES)], linewidth=1.2)
    above.set(ylabel="KAF(s)")
    below.set(xlabel="activation s", ylabel="α κ(s, d)")
    return np.array([above, below]), {"fit": np.asarray(fit), "at": at}
