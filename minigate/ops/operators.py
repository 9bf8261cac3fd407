"""The operators of a Tensor, each bound to its operation: ``a + b`` is ``ops.add(a, b)``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from minigate.backend import array_module
from minigate.ops import arithmetic, elementwise, indexing, joining, reduction, shape
from minigate.ops.selection import value
from minigate.tensor import Tensor, register


def _unary(op: Callable[..., Any]) -> Callable[[Tensor], Any]:
    return lambda self: op(self)


def _left(op: Callable[..., Any]) -> Callable[[Tensor, Any], Any]:
    return lambda self, b: op(self, b)


def _right(op: Callable[..., Any]) -> Callable[[Tensor, Any], Any]:
    return lambda self, b: op(b, self)


for name, operation in (
    ("add", arithmetic.add),
    ("sub", arithmetic.subtract),
    ("mul", arithmetic.multiply),
    ("truediv", arithmetic.divide),
    ("pow", arithmetic.power),
    ("matmul", arithmetic.matmul),
):
    register(f"__{name}__", _left(operation))
    register(f"__r{name}__", _right(operation))

register("__neg__", _unary(arithmetic.negative))
register("__pos__", lambda self: self)
register("__abs__", _unary(elementwise.abs))
register("__getitem__", _left(indexing.getitem))


def _iterate(self: Tensor) -> Iterator[Tensor]:
    if not self.ndim:
        raise TypeError("a Tensor without axes is one number and cannot be walked along")
    return iter(joining.unstack(self))


register("__iter__", _iterate)


def _comparison(name: str) -> Callable[[Tensor, Any], Any]:
    def compare(self: Tensor, b: Any) -> Any:
        b = value(b)
        array_module(self.data, b)
        return getattr(self.data, name)(b)

    return compare


for name in ("lt", "le", "gt", "ge", "eq", "ne"):
    register(f"__{name}__", _comparison(f"__{name}__"))


def _reduction(op: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, axis=None, keepdims=False: op(self, axis=axis, keepdims=keepdims)


for operation in (reduction.sum, reduction.mean, reduction.max, reduction.min):
    register(operation.name, _reduction(operation))

for operation in (elementwise.tanh, elementwise.sigmoid, elementwise.exp, elementwise.log, elementwise.copy):
    register(operation.name, _unary(operation))


def _several(values: tuple[Any, ...]) -> Any:
    """``t.reshape(2, 3)`` and ``t.reshape((2, 3))`` are the same."""
    return tuple(values[0]) if len(values) == 1 and isinstance(values[0], (tuple, list)) else values


register("reshape", lambda self, *lengths: shape.reshape(self, shape=_several(lengths)))
register("transpose", lambda self, *axes: shape.transpose(self, axes=_several(axes) or None))
register("swapaxes", lambda self, first, second: shape.swapaxes(self, first=first, second=second))
register("squeeze", lambda self, axis=None: shape.squeeze(self, axis=axis))
register("sum_to", lambda self, lengths: shape.sum_to(self, shape=lengths))
register("astype", lambda self, dtype: elementwise.cast(self, dtype=dtype))
register("T", property(_unary(shape.transpose)))
