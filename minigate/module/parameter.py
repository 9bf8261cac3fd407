"""A Parameter: a leaf of the tape that training moves."""

from __future__ import annotations

from minigate.tensor import Tensor


class Parameter(Tensor):
    """A Tensor that requires a gradient and that a :class:`Module` knows by name.

    **Shapes**: any; it keeps the shape that it is made with.
    """

    def __init__(self, data: object, name: str | None = None) -> None:
        super().__init__(data, requires_grad=True, name=name)
