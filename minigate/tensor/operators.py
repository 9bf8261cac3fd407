"""The operators and methods of a Tensor, by name: their meaning comes from :mod:`minigate.ops`.

The tensor package knows how to record an operation but no operation. When :mod:`minigate.ops` is
imported it fills in everything listed here with :func:`register`; the list is for readers and type
checkers, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from minigate.tensor.tensor import Tensor


class Operators:
    """What a Tensor can do beyond holding a value; ``a`` is the Tensor, ``b`` a Tensor, array or number."""

    __slots__ = ()

    if TYPE_CHECKING:
        # arithmetic: each gives a new Tensor; with `b` on the left too (b + a, b @ a, …)
        def __add__(self, b: Any) -> Tensor: ...
        def __radd__(self, b: Any) -> Tensor: ...
        def __sub__(self, b: Any) -> Tensor: ...
        def __rsub__(self, b: Any) -> Tensor: ...
        def __mul__(self, b: Any) -> Tensor: ...
        def __rmul__(self, b: Any) -> Tensor: ...
        def __truediv__(self, b: Any) -> Tensor: ...
        def __rtruediv__(self, b: Any) -> Tensor: ...
        def __pow__(self, b: Any) -> Tensor: ...
        def __rpow__(self, b: Any) -> Tensor: ...
        def __matmul__(self, b: Any) -> Tensor: ...
        def __rmatmul__(self, b: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __pos__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...

        # indexing and walking along the first axis
        def __getitem__(self, index: Any) -> Tensor: ...
        def __iter__(self) -> Iterator[Tensor]: ...

        # comparisons: plain arrays of booleans, they have no derivative
        def __lt__(self, b: Any) -> Any: ...
        def __le__(self, b: Any) -> Any: ...
        def __gt__(self, b: Any) -> Any: ...
        def __ge__(self, b: Any) -> Any: ...
        def __eq__(self, b: object) -> Any: ...
        def __ne__(self, b: object) -> Any: ...

        # reductions: (axis=None, keepdims=False)
        sum: Callable[..., Tensor]
        mean: Callable[..., Tensor]
        max: Callable[..., Tensor]
        min: Callable[..., Tensor]

        # shape
        reshape: Callable[..., Tensor]  # (2, 3) or ((2, 3))
        transpose: Callable[..., Tensor]  # (1, 0), ((1, 0)) or () for the reverse order
        swapaxes: Callable[[int, int], Tensor]
        squeeze: Callable[..., Tensor]  # (axis=None)
        sum_to: Callable[[tuple[int, ...]], Tensor]
        T: Tensor  # all axes reversed

        # elementwise
        tanh: Callable[[], Tensor]
        sigmoid: Callable[[], Tensor]
        exp: Callable[[], Tensor]
        log: Callable[[], Tensor]
        copy: Callable[[], Tensor]
        astype: Callable[[Any], Tensor]


def register(name: str, method: Callable[..., Any] | property) -> None:
    """Give every Tensor the operator or method ``name``."""
    setattr(Operators, name, method)
