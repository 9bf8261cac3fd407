"""What a wrong gradient looks like next to the right one.

A slip leaves a fingerprint. A sum that was forgotten, an operand taken from the wrong step, a sign: each
turns the right gradient into a wrong one in its own way, and the way can be recognised by undoing it. The
tests here know nothing of cells and time; they get two arrays, and for some questions further arrays that
the wrong one might be (the gradient of another argument, the share of a single sequence or time step).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Two arrays are alike if they differ by this share of the larger one's largest number.
ALIKE = 1e-5
#: What some roundings to float32 leave undone, of the largest number.
SINGLE = 2.0**-22
#: More than this share of all places: what is true of them is true of the gradient (a few may lie at kinks).
NEARLY_ALL = 0.9


@dataclass(frozen=True)
class Pattern:
    """What the wrong gradient is: a ``kind`` for programs, a ``text`` for people."""

    kind: str
    text: str
    factor: float | None = None


def alike(one: Array, other: Array, limit: float | None = None) -> bool:
    """Are these the same gradient, as far as a reference by differences can tell?

    **Shapes**: any; different shapes are not alike.
    """
    if one.shape != other.shape or not (np.all(np.isfinite(one)) and np.all(np.isfinite(other))):
        return False
    if limit is None:
        limit = ALIKE * max(float(np.max(np.abs(a), initial=0.0)) for a in (one, other))
    return bool(np.all(np.abs(one - other) <= limit))


def recognise(
    got: Array, right: Array, axes: Sequence[str] = (), others: Mapping[str, Array] | None = None
) -> Pattern | None:
    """The known way in which ``got`` comes from ``right``, or ``None``.

    ``axes`` names the axes; ``others`` holds more arrays that ``got`` may be, each under the words that
    finish the sentence "this is …".

    **Shapes**: got and right the same.
    """
    if not np.all(np.isfinite(got)):
        return Pattern("not finite", "it holds NaN or infinite numbers")
    if not np.any(got):
        return Pattern("zero", "every number is 0: never written, or the path to it is cut")
    largest = max(float(np.max(np.abs(a), initial=0.0)) for a in (got, right))
    limit = min(ALIKE * largest, 0.01 * float(np.max(np.abs(got - right), initial=0.0)))  # it has to explain the error
    factor = factor_of(got, right, limit)
    if factor == -1.0:
        return Pattern("sign", "the sign is the other way round", factor)
    if factor is not None:
        words = name_factor([(factor, {})])
        return Pattern("factor", f"the whole array is off by the constant factor {words}", factor)
    bad = np.abs(got - right) > limit
    if not np.any(right) or (bad.mean() > NEARLY_ALL and not np.any(np.abs(right[bad]) > limit)):
        return Pattern("flat", "it should be 0, for the function does not change here: is a rounding or a step in it?")
    if float(np.max(np.abs(got - right))) <= SINGLE * float(np.max(np.abs(right))):
        return Pattern("rounded", "it is right to seven digits and no more: something is float32 on the way back")
    names = _names(got, axes)
    placed = _rearranged(got, right, names, limit) or _in_part(got, right, names, limit)
    if placed is not None:
        return placed
    for text, array in (others or {}).items():
        if alike(got, array, limit):
            return Pattern(_kind_of(text), f"this is {text}")
    return _off_by_a_row(got, right, names, limit)


def _rearranged(got: Array, right: Array, names: Sequence[str], limit: float) -> Pattern | None:
    """The right numbers in the wrong places."""
    if got.ndim == 2 and got.shape[0] == got.shape[1] and alike(got, right.T, limit):
        return Pattern("transpose", "it is the transpose of what it should be")
    for axis, name in enumerate(names):
        if got.shape[axis] > 1 and alike(got, np.flip(right, axis), limit):
            return Pattern("flip", f"it is reversed along {name}")
    for axis, name in enumerate(names):
        if got.shape[axis] > 2:
            late, early = np.moveaxis(got, axis, 0), np.moveaxis(right, axis, 0)
            if alike(late[1:], early[:-1], limit) or alike(late[:-1], early[1:], limit):
                return Pattern("shift", f"it is shifted by one along {name}")
    if got.ndim and got.shape[0] > 1 and alike(got, np.broadcast_to(got[:1], got.shape), limit):
        if alike(got[0], right.sum(axis=0), limit):
            return Pattern("sum", f"it was summed over {names[0]} and given to every place along it")
    if got.size > 3 and alike(np.sort(got, axis=None), np.sort(right, axis=None), limit):
        return Pattern("places", "it has the right numbers in the wrong places")
    return None


def _in_part(got: Array, right: Array, names: Sequence[str], limit: float) -> Pattern | None:
    """Right but for places where one of the two is 0, and the other is not."""
    bad = ~(np.abs(got - right) <= limit)
    zero, should_be_zero = np.abs(got[bad]) <= limit, np.abs(right[bad]) <= limit
    where = where_wrong(bad, names)
    if not bad.all() and should_be_zero.all():
        told = f"it should be 0 at {bad.sum()} of {bad.size} places, and is not; right elsewhere"
        return Pattern("leak", told + (f" ({where})" if where else ""))
    if not bad.all() and zero.all() and not where.endswith("is wrong"):  # that is said with the place
        return Pattern("cut", f"it is 0 at {bad.sum()} of {bad.size} places, and should not be; right elsewhere")
    if bad.sum() > 3 and (zero ^ should_be_zero).all() and zero.any() and should_be_zero.any():
        return Pattern("complement", "it is 0 where it should not be, and not 0 where it should")
    return None


def _off_by_a_row(got: Array, right: Array, names: Sequence[str], limit: float) -> Pattern | None:
    """Off by the same amount all along an axis."""
    off = got - right
    for axis, name in reversed(list(enumerate(names))):
        if got.shape[axis] > 2 and got.ndim > 1:
            if alike(off, np.broadcast_to(off.mean(axis=axis, keepdims=True), off.shape), limit):
                return Pattern("row", f"all along {name} it is off by the same amount: a sum or mean is missing")
    return None


def factor_of(got: Array, right: Array, limit: float | None = None) -> float | None:
    """The constant c with got = c · right, if there is one.

    **Shapes**: got and right the same.
    """
    square = float((right * right).sum())
    if square == 0.0:
        return None
    c = float((got * right).sum()) / square
    if c == 0.0 or not alike(got, c * right, limit):
        return None
    return -1.0 if abs(c + 1.0) < 1e-5 else c


def _kind_of(text: str) -> str:
    for word, kind in KINDS.items():
        if word in text:
            return kind
    return "other"


#: A piece of the words for what a gradient is, and the kind that this is.
KINDS = {
    "share of": "sum",
    "gradient of": "swapped",
    "incoming gradient": "slope",
    "right gradient": "terms",
    "and should be": "operand",
}


def _names(array: Array, axes: Sequence[str]) -> list[str]:
    return list(axes) if len(axes) == array.ndim else [f"axis {k}" for k in range(array.ndim)]


def name_factor(factors: Sequence[tuple[float, Mapping[str, int]]]) -> str:
    """Put a factor into words, from its value in several runs with their sizes (T, N, D, H); "" where it is none.

    >>> name_factor([(0.5, {"T": 2, "N": 3}), (1 / 3, {"T": 3, "N": 3})])
    '1/T → a mean over time where a sum belongs'
    >>> name_factor([(2.0, {"T": 1, "N": 3}), (2.0, {"T": 2, "N": 3})])
    '2.000000 → counted twice, or a ½ is missing'
    """
    values = [value for value, _ in factors]
    steady = all(abs(value - values[0]) < 1e-5 * abs(values[0]) for value in values)
    if steady:
        for value, words in CONSTANTS.items():
            if abs(values[0] - value) < 1e-5:
                return f"{value:.6f} → {words}"
    for letter, axis in (("T", "time"), ("N", "the batch"), ("D", "the input"), ("H", "the units")):
        known = [(value, size[letter]) for value, size in factors if size.get(letter, 1) > 1]
        if known and len(known) >= len(factors) - 1:  # where the size is 1 nothing shows
            if all(abs(value * size - 1.0) < 1e-5 for value, size in known):
                return f"1/{letter} → a mean over {axis} where a sum belongs"
            if all(abs(value / size - 1.0) < 1e-5 for value, size in known):
                return f"{letter} → a sum over {axis} where a mean belongs, or one sum too many"
    return _whole(values[0]) if steady else ""


def _whole(value: float) -> str:
    """A factor that is a whole number, or one part in a whole number, is usually the length of an axis."""
    if abs(value - 1.0) < 1e-3:
        rounded = " → a constant that was rounded to float32?" if abs(value - 1.0) < 1e-6 else ""
        return f"1 {'+' if value > 1.0 else '−'} {abs(value - 1.0):.0e}{rounded}"
    n = round(max(value, 1.0 / value)) if value > 0.0 else 0
    if 2 < n < 10_000 and abs(value - n) < 1e-5 * n:
        return f"{value:.6f} → a sum over {n} numbers where a mean belongs, or a factor 1/{n} is missing"
    if 2 < n < 10_000 and abs(value * n - 1.0) < 1e-5:
        return f"{value:.6f} = 1/{n} → a mean over {n} numbers where a sum belongs, or a factor {n} is missing"
    return f"{value:.6f}"


#: Factors that have a usual cause, and that cause.
CONSTANTS = {
    2.0: "counted twice, or a ½ is missing",
    0.5: "a ½ too many, or a mean over 2 numbers where a sum belongs",
    0.25: "¼: a ½ squared, or σ′(0) in place of the slope",
    4.0: "a ½ squared is missing",
}


def where_wrong(bad: NDArray[np.bool_], axes: Sequence[str] = ()) -> str:
    """What the wrong numbers have in common: one place along an axis, all but one; empty where nothing.

    **Shapes**: bad (…), True where a number is wrong.

    >>> where_wrong(np.array([[False, True], [False, True]]), ("d", "unit"))
    'only unit 1 is wrong'
    """
    names = _names(bad.astype(float), axes)
    for axis, name in enumerate(names):
        others = tuple(i for i in range(bad.ndim) if i != axis)
        wrong = np.flatnonzero(bad.any(axis=others))
        length = bad.shape[axis]
        if not 0 < len(wrong) < length:
            continue
        if len(wrong) == 1:
            return f"only {_at(name, wrong)} is wrong"
        if len(wrong) == length - 1 and length > 2:
            return f"only {_at(name, [k for k in range(length) if k not in wrong])} is right"
        if len(wrong) <= 3:
            return f"wrong at {_at(name, wrong)} only"
    return ""


def _at(name: str, places: Sequence[Any] | NDArray[Any]) -> str:
    """Places along an axis: ``t 1, 2``; along one that has but a number for a name, ``index 1, 2 of axis 0``."""
    told = ", ".join(map(str, places))
    return f"index {told} of {name}" if name.startswith("axis ") else f"{name} {told}"
