"""Editing the numbers of a Tensor in place: where it is allowed, and how the tape notices.

The tape keeps values without copying them, so an edit between the forward and the backward pass would give
a gradient that belongs to neither. Two things stand against that. Where the tape runs and the Tensor is on
it, an edit is an error that says what to write instead. And every edit that goes through a Tensor counts up
a version that it shares with all its views: a node of the tape notes the versions of what it keeps and
compares them when the gradient comes back. An edit of something that no rule needs is allowed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minigate.backend import array_module
from minigate.errors import ShapeError, TensorModifiedError, explain
from minigate.tensor.mode import mode

if TYPE_CHECKING:
    from minigate.tensor.tensor import Tensor

Array = Any


class Editing:
    """The part of :class:`Tensor` that changes numbers where they are."""

    __slots__ = ()

    _data: Array
    _node: Any
    _version: list[int]

    def assign(self, array: Any) -> None:
        """Replace all numbers, in the memory where they are: what optimisers and loading do.

        **Shapes**: array as self.

        **Errors**: :class:`ShapeError` for another shape; :class:`DeviceMixError` for another library;
        :class:`TensorModifiedError` for memory that is read-only.
        """
        array = _plain(array)
        shape = getattr(array, "shape", ())
        if shape != self._data.shape:
            expected = str(self._data.shape)
            raise ShapeError(explain("assigned another shape", where=self._called(), expected=expected, got=str(shape)))
        self._edit(array, lambda data: data.__setitem__(..., array))

    def __setitem__(self, index: Any, value: Any) -> None:
        self._may_edit("t[...] = v", value, "collect the parts and mg.ops.stack(parts), or mg.ops.where(mask, v, t)")
        index = tuple(_plain(part) for part in index) if isinstance(index, tuple) else _plain(index)
        value = _plain(value)
        self._edit(value, lambda data: data.__setitem__(index, value))

    def __iadd__(self, value: Any) -> Tensor:
        return self._update("+", "__iadd__", value)

    def __isub__(self, value: Any) -> Tensor:
        return self._update("-", "__isub__", value)

    def __imul__(self, value: Any) -> Tensor:
        return self._update("*", "__imul__", value)

    def __itruediv__(self, value: Any) -> Tensor:
        return self._update("/", "__itruediv__", value)

    def _update(self, sign: str, method: str, value: Any) -> Tensor:
        self._may_edit(f"t {sign}= v", value, f"t = t {sign} v")
        value = _plain(value)
        self._edit(value, lambda data: getattr(data, method)(value))
        return self  # type: ignore[return-value]

    def _edit(self, value: Any, change: Callable[[Array], Any]) -> None:
        array_module(self._data, value)
        if not getattr(self._data.flags, "writeable", True) or _stands_for_many(self._data):
            raise TensorModifiedError(
                explain(
                    "the memory is read-only",
                    where=self._called(),
                    slip="a broadcast array, or one that somebody protects",
                    remedy="t = mg.Tensor(t.data.copy())",
                )
            )
        change(self._data)
        self._version[0] += 1

    def _may_edit(self, what: str, value: Any, rewrite: str) -> None:
        if mode.grad and (self._node is not None or getattr(value, "_node", None) is not None):
            raise TensorModifiedError(
                explain(
                    f"`{what}` would edit a value in place, and the tape could not follow",
                    where=self._called() + ("" if self._node else " (a constant, with a value that is on the tape)"),
                    slip="in-place arithmetic in a forward pass",
                    remedy=f"{rewrite}; or, for a step of an optimiser: with mg.no_grad(): {what}",
                )
            )

    def _called(self) -> str:
        name = getattr(self, "name", None)
        return f"Tensor {name!r}" if name else "Tensor"


def _plain(value: Any) -> Any:
    """The array of a Tensor, or whatever else it is."""
    return value._data if isinstance(value, Editing) else value


def _stands_for_many(array: Array) -> bool:
    """Is one number in memory shown at several places, as in a broadcast array? NumPy protects it, CuPy does not."""
    return any(stride == 0 and length > 1 for stride, length in zip(array.strides, array.shape, strict=True))
