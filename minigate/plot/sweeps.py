"""Sweeps over an image: where each of them has come to, what it leaves there, and which pixels a place has seen."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minigate.plot.figure import WIDTH, blank, new_axes
from minigate.plot.palette import BACKWARD, MAGNITUDE_MAP, PALE, SIGNED_MAP

Array = Any
DECADES = 4  # of the strongest dependence, that have a colour


def receptive_fields(
    fields: Mapping[str, Mapping[str, Array]], *, place: tuple[float, float] | None = None
) -> tuple[Any, dict[str, Array]]:
    """How strongly one place of a feature map depends on each pixel, a row for each model, a column for each stage.

    The colour is the logarithm of \\|∂feature/∂pixel\\|, from the strongest of a panel down to a ten-thousandth of it;
    where nothing depends on a pixel at all the panel is blank. ``place`` is the pixel, or point between pixels, that
    the place stands over: it is marked. The share of pixels that are seen at all stands above each panel.

    **Shapes**: fields[row][column] (Y, X), not below zero. What was drawn: "seen" (rows, columns), those shares.
    """
    rows = list(fields)
    columns = max((list(stages) for stages in fields.values()), key=len)
    size = WIDTH / max(4, len(columns))
    all_axes = new_axes(len(rows), len(columns), width=WIDTH, height=(size + 0.25) * len(rows) + 0.5, squeeze=False)
    seen = np.full((len(rows), len(columns)), np.nan)
    image = None
    for r, (name, stages) in enumerate(fields.items()):
        for k, axes in enumerate(all_axes[r]):
            if k >= len(stages):
                blank(axes)
                continue
            stage = list(stages)[k]
            field = np.asarray(stages[stage], dtype=float)
            seen[r, k] = (field > 0.0).mean()
            largest = float(field.max()) or 1.0
            shown = np.log10(np.where(field > 0.0, field / largest, np.nan))
            image = axes.imshow(np.maximum(shown, -DECADES), cmap=MAGNITUDE_MAP, vmin=-DECADES, vmax=0.0)
            axes.set_facecolor(PALE)
            if place is not None:
                axes.plot(place[1], place[0], "+", color=BACKWARD, markersize=8, markeredgewidth=1.6)
            axes.set(xticks=[], yticks=[])
            axes.set_title(f"{_beneath(stage)}\nsees {seen[r, k]:.0%}", fontsize=8.5, loc="center")
            if k == 0:
                axes.set_ylabel(name, fontsize=9.5)
    if image is not None:
        ticks = range(-DECADES, 1)
        bar = all_axes[0, 0].figure.colorbar(image, ax=all_axes.ravel().tolist(), fraction=0.03, pad=0.01, ticks=ticks)
        bar.ax.set_yticklabels(["1" if tick == 0 else f"$10^{{{tick}}}$" for tick in ticks])
        bar.set_label("|∂feature/∂pixel|, share of the largest", fontsize=8.5)
        bar.outline.set_visible(False)
    return all_axes[0, 0], {"seen": seen}


def sweep_frames(
    sweeps: Mapping[str, Array], *, moments: int = 4, largest: float | None = None
) -> tuple[Any, dict[str, Array]]:
    """A strip of frames for every sweep: how large its state is where it has been, and blank where it has yet to go.

    A sweep's name says which way it goes: "vertical.forward" down, "vertical.backward" up, "horizontal.forward" to the
    right, "horizontal.backward" to the left. There are not more frames than the longest side has steps.

    **Shapes**: each sweep (I, J), such as the mean of \\|h\\| over the units. What was drawn: name → (moments, I, J),
    NaN where it has not been.
    """
    largest = largest or max(float(np.max(values)) for values in sweeps.values()) or 1.0
    moments = min(moments, max(length for values in sweeps.values() for length in np.shape(values)))
    all_axes = new_axes(len(sweeps), moments, width=WIDTH, height=1.55 * len(sweeps) + 0.4, squeeze=False)
    drawn, image = {}, None
    for r, (name, values) in enumerate(sweeps.items()):
        values = np.asarray(values, dtype=float)
        axis = 0 if "vertical" in name else 1
        T = values.shape[axis]
        frames = []
        for k, axes in enumerate(all_axes[r]):
            t = max(1, round((k + 1) * T / moments))
            been = np.arange(T) >= T - t if name.endswith("backward") else np.arange(T) < t
            frame = np.where(been[:, None] if axis == 0 else been, values, np.nan)
            image = axes.imshow(frame, cmap=MAGNITUDE_MAP, vmin=0.0, vmax=largest)
            axes.set_facecolor(PALE)
            axes.set(xticks=[], yticks=[])
            axes.set_title(f"after {t} of {T} steps", fontsize=8.5, loc="center")
            frames.append(frame)
        all_axes[r, 0].set_ylabel(_beneath(name.removeprefix("layers.0.")), fontsize=9)
        drawn[name] = np.array(frames)
    bar = all_axes[0, 0].figure.colorbar(image, ax=all_axes.ravel().tolist(), fraction=0.03, pad=0.01)
    bar.set_label("mean of |h| over the units")
    bar.outline.set_visible(False)
    return all_axes[0, 0], drawn


def feature_maps(maps: Array, titles: Sequence[str] = (), *, columns: int = 8) -> tuple[Any, dict[str, Array]]:
    """What each unit says at each place of one image, over −1 … 1, or as far as the largest where that is above 1.

    **Shapes**: maps (I, J, F); ``titles`` F words, or none. What was drawn: "maps" (F, I, J).
    """
    drawn = np.moveaxis(np.asarray(maps, dtype=float), -1, 0)
    F, I, J = drawn.shape
    largest = max(1.0, float(np.abs(drawn).max(initial=0.0)))  # what follows a relu has no bound
    columns = max(1, min(columns, F))
    rows = -(-F // columns)
    height = rows * (WIDTH / columns * I / J + (0.25 if titles else 0.1)) + 0.4
    all_axes = new_axes(rows, columns, width=WIDTH, height=height, squeeze=False)
    image = None
    for k, axes in enumerate(all_axes.ravel()):
        if k >= F:
            blank(axes)
            continue
        image = axes.imshow(drawn[k], cmap=SIGNED_MAP, vmin=-largest, vmax=largest)
        axes.set(xticks=[], yticks=[])
        if titles:
            axes.set_title(titles[k], fontsize=8, loc="center")
    ends = [-largest, 0.0, largest]
    bar = all_axes[0, 0].figure.colorbar(image, ax=all_axes.ravel().tolist(), fraction=0.03, pad=0.01, ticks=ends)
    bar.ax.set_yticklabels([f"{end:.3g}" for end in ends])
    bar.set_label("feature")
    bar.outline.set_visible(False)
    return all_axes[0, 0], {"maps": drawn}


def _beneath(name: str) -> str:
    """The parts of a name beneath one another: "layers.0", "vertical", "forward"."""
    return re.sub(r"(?<!layers)\.", "\n", name)
