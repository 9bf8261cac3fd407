"""Several arrays become one, and one becomes several.

Taking a sequence apart with :func:`unstack` and putting it together with :func:`stack` is one node of the
tape for all time steps; indexing ``x[t]`` in a loop is one for each, and each gradient is as large as ``x``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigate.errors import ShapeError, explain
from minigate.tensor import Tensor, op

Array = Any


@op()
def concat(xp: Any, *parts: Array, axis: int = 0) -> Array:
    """A list of arrays one after the other along an axis that they have.

    **Equations**: the gradient of each part is its piece of dout.

    **Shapes**: parts (…, nᵢ, …) -> (…, Σ nᵢ, …).
    """
    return xp.concatenate(parts, axis=axis)


@concat.rules
def _(dout: Tensor, out: Any, *parts: Any, axis: int = 0) -> Sequence[Tensor]:
    return split(dout, [part.shape[axis] for part in parts], axis)


@op()
def stack(xp: Any, *parts: Array, axis: int = 0) -> Array:
    """A list of arrays of one shape, next to each other along a new axis.

    **Equations**: the gradient of each part is its slice of dout.

    **Shapes**: n parts (…) -> (…, n, …) with n at ``axis``.
    """
    return xp.stack(parts, axis=axis)


@stack.rules
def _(dout: Tensor, out: Any, *parts: Any, axis: int = 0) -> Sequence[Tensor]:
    return unstack(dout, axis)


@op(results="many", shares_memory=True)
def split(xp: Any, a: Array, *, sizes: int | Sequence[int], axis: int = 0) -> list[Array]:
    """Cut along an axis into pieces: ``sizes`` is a number of equal pieces, or the length of each.

    **Equations**: da = the gradients of the pieces, one after the other.

    **Shapes**: a (…, n, …) -> a list of (…, sizesᵢ, …), Σ sizesᵢ = n.

    **Errors**: :class:`ShapeError` where the pieces do not add up to n.
    """
    length = a.shape[axis]
    if isinstance(sizes, int):
        pieces = [length // sizes] * sizes if sizes > 0 else []
    else:
        pieces = list(sizes)
    total = 0
    cuts = []
    for size in pieces:
        cuts.append(slice(total, total + size))
        total += size
    if total != length or min(pieces, default=0) < 0:
        raise ShapeError(
            explain("the pieces do not add up", where="split", expected=f"{length}, the length of axis {axis}",
                    got=f"{sizes} equal pieces" if isinstance(sizes, int) else f"sizes {pieces}, together {total}",
                    slip="positions to cut at, as in NumPy, instead of lengths")
        )  # fmt: skip
    before = (slice(None),) * (axis % a.ndim)
    return [a[(*before, cut)] for cut in cuts]


@split.rule("a")
def _(dout: list[Tensor], out: Any, a: Any, *, sizes: Any, axis: int = 0) -> Tensor:
    return concat(dout, axis)


@op(results="many", shares_memory=True)
def unstack(xp: Any, a: Array, *, axis: int = 0) -> list[Array]:
    """The slices along an axis, as a list: the other direction of :func:`stack`.

    **Equations**: da = the gradients of the slices, stacked.

    **Shapes**: a (…, n, …) with n at ``axis`` -> n of (…).
    """
    before = (slice(None),) * (axis % a.ndim)
    return [a[(*before, i)] for i in range(a.shape[axis])]


@unstack.rule("a")
def _(dout: list[Tensor], out: Any, a: Any, *, axis: int = 0) -> Tensor:
    return stack(dout, axis)
