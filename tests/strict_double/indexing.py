"""Indices that NumPy takes and CuPy takes otherwise, or not at all.

Three differences matter to a library of recurrent networks. A list or a host array as index is a hidden
copy to the device. An integer array that points outside wraps around in silence. And where an assignment
names one place twice, which of the two values stays is undefined: on NumPy it is the last, so the mistake
passes every test on the CPU.
"""

from __future__ import annotations

from typing import Any

import numpy

from tests.strict_double.rules import StrictError, host_waits

#: What needs no look at all: it goes into an index as it is. These are most parts of most indices.
AS_IT_IS = {int, bool, type(None), type(Ellipsis)}


def host_index(shape: tuple[int, ...], index: Any, unwrap: Any) -> tuple[Any, ...]:
    """The index with its arrays as NumPy arrays, after every check that does not depend on a value."""
    parts = index if isinstance(index, tuple) else (index,)
    found = tuple([part if type(part) in AS_IT_IS else _part(part, unwrap) for part in parts])
    if not _has_arrays(found):
        return found
    masks = [part for part in found if _is(part, "b")]
    if len(masks) > 1:
        raise StrictError("CuPy does not index with more than one boolean array")
    _check_range(shape, found)
    return found


def check_assignment(shape: tuple[int, ...], index: tuple[Any, ...], value: Any) -> None:
    """Refuse to write several values through an index that names a place more than once."""
    if not _has_arrays(index) or numpy.size(value) <= 1:
        return
    named = [part for part in index if _is(part, "iu")]
    if not named:
        return
    lengths = _axis_lengths(shape, index)
    places = [part % length for part, length in zip(index, lengths, strict=True) if _is(part, "iu") and length]
    rows = numpy.stack([place.ravel() for place in numpy.broadcast_arrays(*places)], axis=1) if places else None
    if rows is not None and len(numpy.unique(rows, axis=0)) < len(rows):
        raise StrictError(
            "an assignment names one place twice: which value stays is undefined on CuPy. "
            "To add them up: backend.scatter_add(xp, target, index, values)"
        )


def reads_a_mask(index: tuple[Any, ...]) -> None:
    """Reading through a boolean array makes the host wait: the size of the result is on the device."""
    if _has_arrays(index) and any(_is(part, "b") and part.ndim > 0 for part in index):
        host_waits("reading through a boolean array")


def _has_arrays(index: tuple[Any, ...]) -> bool:
    for part in index:
        if isinstance(part, numpy.ndarray):
            return True
    return False


def _part(part: Any, unwrap: Any) -> Any:
    if part is None or part is Ellipsis or isinstance(part, (bool, int, numpy.integer, numpy.bool_)):
        return part
    if isinstance(part, slice):
        for bound in (part.start, part.stop, part.step):
            if not (bound is None or isinstance(bound, (int, numpy.integer))):
                raise StrictError(f"a slice needs Python integers, not {type(bound).__name__}")
        return part
    if isinstance(part, (list, numpy.ndarray)):
        raise StrictError(f"a {type(part).__name__} as index is a hidden copy from the host: use backend.asarray first")
    array = unwrap(part)
    if not isinstance(array, numpy.ndarray) or array.dtype.kind not in "biu":
        raise StrictError(f"an index must be of integers or booleans, not {type(part).__name__}")
    return array


def _is(part: Any, kinds: str) -> bool:
    return isinstance(part, numpy.ndarray) and part.dtype.kind in kinds


def _axis_lengths(shape: tuple[int, ...], index: tuple[Any, ...]) -> list[int]:
    """For each part of the index, the length of the axis it acts on (0 where it acts on none)."""
    used = sum(part.ndim if _is(part, "b") else 1 for part in index if part is not None and part is not Ellipsis)
    lengths, axis = [], 0
    for part in index:
        if part is Ellipsis:
            axis += len(shape) - used
            lengths.append(0)
        elif part is None or isinstance(part, (bool, numpy.bool_)):
            lengths.append(0)
        else:
            lengths.append(shape[axis] if axis < len(shape) else 0)
            axis += part.ndim if _is(part, "b") else 1
    return lengths


def _check_range(shape: tuple[int, ...], index: tuple[Any, ...]) -> None:
    for part, length in zip(index, _axis_lengths(shape, index), strict=True):
        if _is(part, "iu") and part.size and (part.min() < -length or part.max() >= length):
            raise StrictError(
                f"an index array reaches from {part.min()} to {part.max()} on an axis of length {length}: "
                "CuPy wraps around in silence. Check the range on the host"
            )
