"""A state, whatever it is made of: one cell's tuple of arrays, or a stack's tuple of such tuples.

What is done to a state is done to every array in it, and the tuples stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from minigate import ops
from minigate.tensor import Tensor, as_tensor

Array = Any
Function = Callable[..., Any]


def map_state(function: Function, state: Any, *others: Any) -> Any:
    """``function`` of every array of ``state``, and of those in the same places of the ``others``.

    **Shapes**: the tuples of ``state``, and what ``function`` makes of each array.
    """
    if isinstance(state, (tuple, list)):
        return tuple(map_state(function, *parts) for parts in zip(state, *others, strict=True))
    return function(state, *others)


def leaves(state: Any) -> Iterator[Any]:
    """The arrays of a state, one after the other.

    **Shapes**: each as it is.
    """
    if isinstance(state, (tuple, list)):
        for part in state:
            yield from leaves(part)
    else:
        yield state


def detached(state: Any) -> Any:
    """The same values without their history: no gradient goes back through them.

    **Shapes**: as ``state``.
    """
    return map_state(lambda h: as_tensor(h).detach(), state)


def chosen(state: Any, rows: Array) -> Any:
    """The state of some sequences, in another order or several times: how a search keeps the paths that it follows.

    **Shapes**: each (N, ·), rows (M,) int → each (M, ·).
    """
    return map_state(lambda h: as_tensor(h)[rows], state)


def where_state(condition: Array, state: Any, other: Any) -> Any:
    """Of every sequence the one state or the other.

    **Shapes**: condition (N,) bool; each (N, ·).
    """

    def one(h: Tensor, g: Tensor) -> Tensor:
        here = condition.reshape((-1,) + (1,) * (h.ndim - 1))
        return ops.where(here, h, g)

    return map_state(one, state, other)
