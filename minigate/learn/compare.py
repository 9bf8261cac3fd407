"""Say how two arrays differ, in words that point at the mistake.

"Not close" helps nobody. A difference is described by where it is (the worst element by its axes'
names, and what all the wrong elements have in common: one time step, one unit, everything but the
last step) and by what it looks like (twice too big, the sign, transposed, shifted by one step).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Array = Any

RATIOS = ((2.0, "2"), (0.5, "½"), (3.0, "3"), (1 / 3, "⅓"), (4.0, "4"), (0.25, "¼"))


def as_array(value: Any) -> Array | None:
    """A result as a host array of numbers, or ``None`` where it is not one.

    **Shapes**: kept; a Python number becomes ().
    """
    value = getattr(value, "data", value) if not isinstance(value, (np.ndarray, np.generic)) else value
    if hasattr(value, "get") and not isinstance(value, dict):  # an array on the GPU
        value = value.get()
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        return None
    return array if array.dtype.kind in "fiubc" else None


def letters(shape: Sequence[int], axes: Sequence[str]) -> str:
    """A shape with the names of its axes: ``(n=3, unit=4)``.

    **Shapes**: ``shape`` any; names are used where there are as many as axes.
    """
    if len(axes) != len(shape) or not shape:
        return str(tuple(shape))
    return "(" + ", ".join(f"{axis}={length}" for axis, length in zip(axes, shape)) + ")"


def difference(name: str, expected: Any, got: Any, *, axes: Sequence[str] = (), tolerance: float = 1e-8) -> str:
    """How ``got`` differs from ``expected``; an empty text where it does not.

    Numbers agree where they differ by at most ``tolerance`` of the largest expected one (or of 1,
    whichever is larger).

    **Shapes**: any; ``axes`` names the axes of ``expected`` (``("t", "n", "unit")``).
    """
    expected = as_array(expected)
    if got is None:
        return f"{name} is None: is the return missing?"
    array = as_array(got)
    if array is None:
        return f"{name} is {_kind(got)}, expected an array of shape {letters(expected.shape, axes)}"
    if array.shape != expected.shape:
        return _shape_difference(name, expected, array, axes)
    if not np.all(np.isfinite(array) | ~np.isfinite(expected)):
        bad = np.argwhere(~np.isfinite(array))[0]
        return f"{name} is not finite ({array[tuple(bad)]}) at {_place(bad, axes)}"
    expected, array = expected.astype(np.float64), array.astype(np.float64)
    allowed = tolerance * max(1.0, float(np.abs(expected[np.isfinite(expected)]).max(initial=0.0)))
    same = (array == expected) | (np.isnan(array) & np.isnan(expected))
    distance = np.where(same, 0.0, np.abs(np.where(same, 0.0, array) - np.where(same, 0.0, expected)))
    off = ~(distance <= allowed)
    if not off.any():
        return ""
    worst = tuple(map(int, np.unravel_index(int(np.argmax(distance)), expected.shape)))
    lines = [
        f"{name} differs in {int(off.sum())} of {off.size} numbers"
        + (f"; worst at {_place(worst, axes)}" if expected.ndim else "")
        + f": expected {expected[worst]:.6g}, got {array[worst]:.6g}"
    ]
    lines += [line for line in (_common(off, axes), _looks(expected, array, allowed, axes)) if line]
    return "\n".join(lines)


def _kind(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    return f"{value!r}" if isinstance(value, str) else f"a {type(value).__name__}"


def _place(index: Sequence[int], axes: Sequence[str]) -> str:
    names = axes if len(axes) == len(index) else [f"axis {i}" for i in range(len(index))]
    return "[" + ", ".join(f"{axis}={int(i)}" for axis, i in zip(names, index)) + "]"


def _shape_difference(name: str, expected: Array, got: Array, axes: Sequence[str]) -> str:
    text = f"{name} has shape {got.shape}, expected {letters(expected.shape, axes)}"
    if got.size == expected.size and got.shape == expected.shape[::-1] and got.ndim > 1:
        text += "\nthe axes are the other way round: a transpose is missing, or one too many"
    elif got.ndim == expected.ndim + 1:
        extra = [i for i in range(got.ndim) if got.shape[:i] + got.shape[i + 1 :] == expected.shape]
        if extra:
            text += f"\naxis {extra[0]} (length {got.shape[extra[0]]}) is still there: was it meant to be summed over?"
    return text


def _common(off: Array, axes: Sequence[str]) -> str:
    """What the wrong elements have in common: one place along an axis, or all places but one."""
    names = axes if len(axes) == off.ndim else [f"axis {i}" for i in range(off.ndim)]
    for axis, name in enumerate(names):
        length = off.shape[axis]
        others = tuple(i for i in range(off.ndim) if i != axis)
        bad = np.flatnonzero(off.any(axis=others))
        if length < 2 or len(bad) == length:
            continue
        fine = [i for i in range(length) if i not in bad]
        if len(bad) == 1:
            return f"only {name}={bad[0]} is wrong"
        if len(fine) == 1:
            return f"only {name}={fine[0]} is right"
        return f"wrong at {name}={', '.join(map(str, bad))}; right at {name}={', '.join(map(str, fine))}"
    return ""


def _looks(expected: Array, got: Array, allowed: float, axes: Sequence[str]) -> str:
    """The transformation of the right answer that the wrong one is, if it is a known one."""

    def same(other: Array) -> bool:
        return other.shape == got.shape and bool(np.all(np.abs(other - got) <= allowed))

    if not got.any():
        return "every number is 0"
    if same(-expected):
        return "the sign is the other way round"
    big = np.abs(expected) > 1e3 * allowed
    if big.any():
        ratios = got[big] / expected[big]
        if same(expected * ratios[0]):
            known = [text for ratio, text in RATIOS if abs(ratios[0] - ratio) < 1e-6]
            return f"every number is {known[0] if known else f'{ratios[0]:.6g}'} times what it should be"
    names = axes if len(axes) == got.ndim else [f"axis {i}" for i in range(got.ndim)]
    tries: list[tuple[str, Callable[[], Array]]] = []
    if got.ndim == 2 and got.shape[0] == got.shape[1]:
        tries.append(("it is the transpose of what it should be", lambda: expected.T))
    for axis, name in enumerate(names):
        if got.shape[axis] > 2:
            tries.append((f"it is reversed along {name}", lambda axis=axis: np.flip(expected, axis)))  # type: ignore[misc]
    for text, make in tries:
        if same(make()):
            return text
    for axis, name in enumerate(names):
        if got.shape[axis] > 2:
            early, late = np.moveaxis(expected, axis, 0), np.moveaxis(got, axis, 0)
            if np.all(np.abs(early[:-1] - late[1:]) <= allowed) or np.all(np.abs(early[1:] - late[:-1]) <= allowed):
                return f"it is shifted by one along {name}"
    return ""
