"""Adding into rows that repeat: the gradient of a look-up.

``target[index] += values`` reads, adds and writes back, so of two values for one row only one arrives
(on the GPU, either one). The gradient of an embedding or of indexing needs every one of them.
"""

from __future__ import annotations

from typing import Any

from minigate.backend.arrays import Array


def scatter_add(xp: Any, target: Array, index: Any, values: Array) -> None:
    """Add ``values`` into ``target[index]``, in place, once for every time a place is named.

    **Equations**: target[index[m]] += values[m] for every m, one after the other.

    **Shapes**: target (K, …); index: integers (…) for the first axis, or anything that indexes an array;
    values: the shape of target[index]. Rows of ``target`` may be named any number of times.

    **Source**: on the GPU the additions are atomic and in no fixed order: sums differ in the last bits.
    """
    one_integer_array = getattr(index, "dtype", None) is not None and index.dtype.kind in "iu"
    row = target[0].size if one_integer_array and target.ndim > 1 and target.shape[0] else 1
    if row == 1 or values.size == 0 or not target.flags.c_contiguous:
        xp.add.at(target, index, values)
        return
    # One long row of single numbers: `add.at` has a loop of its own for that, five times as fast as for rows.
    places = index.reshape(-1, 1).astype("int64") * row + xp.arange(row)
    xp.add.at(target.reshape(-1), places.reshape(-1), values.reshape(-1))
