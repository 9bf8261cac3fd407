"""The operators and methods of a strict array: each one is the function of ``strict_xp`` of that name."""

from __future__ import annotations

from typing import Any

import numpy

from tests.strict_double.array import StrictArray, unwrap, wrap
from tests.strict_double.module import strict_xp
from tests.strict_double.rules import StrictError

OPERATORS = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide", "floordiv": "floor_divide",
    "mod": "remainder", "pow": "power", "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor",
    "lshift": "left_shift", "rshift": "right_shift",
}  # fmt: skip
COMPARISONS = {
    "eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal",
}  # fmt: skip
UNARY = {"neg": "negative", "pos": "positive", "abs": "absolute", "invert": "invert"}

METHODS = """
    all any argmax argmin argsort clip compress conj cumprod cumsum diagonal dot max mean min nonzero prod ptp ravel
    repeat round searchsorted squeeze std sum swapaxes take trace var
""".split()


def _leaves_it_to(self: StrictArray, other: Any) -> bool:
    """Does the other operand take over? (A Tensor does.) The rule is CuPy's own."""
    if isinstance(other, (StrictArray, numpy.ndarray)):
        return False
    if hasattr(other, "__array_ufunc__"):
        return other.__array_ufunc__ is None
    return getattr(other, "__array_priority__", 0) > self.__array_priority__


def _binary(function: Any) -> Any:
    return lambda self, other: NotImplemented if _leaves_it_to(self, other) else function(self, other)


def _reflected(function: Any) -> Any:
    return lambda self, other: NotImplemented if _leaves_it_to(self, other) else function(other, self)


def _in_place(function: Any) -> Any:
    return lambda self, other: function(self, other, out=self)


def _method(name: str) -> Any:
    return lambda self, *arguments, **options: getattr(strict_xp, name)(self, *arguments, **options)


def _comparison(name: str) -> Any:
    function = getattr(strict_xp, name)

    def compare(self: StrictArray, other: Any) -> Any:
        if other is None and name in ("equal", "not_equal"):
            return wrap(numpy.full(self.shape, name == "not_equal"))
        return NotImplemented if _leaves_it_to(self, other) else function(self, other)

    return compare


def _shape_argument(arguments: tuple[Any, ...]) -> Any:
    return arguments[0] if len(arguments) == 1 and not isinstance(arguments[0], int) else arguments


def reshape(self: StrictArray, *shape: Any, order: str = "C") -> StrictArray:
    return strict_xp.reshape(self, _shape_argument(shape), order)


def transpose(self: StrictArray, *axes: Any) -> StrictArray:
    return wrap(self._host.transpose(*axes))


def flatten(self: StrictArray, order: str = "C") -> StrictArray:
    return wrap(self._host.flatten(order))  # type: ignore[arg-type]


def copy(self: StrictArray, order: str = "C") -> StrictArray:
    return wrap(self._host.copy(order))  # type: ignore[arg-type]


def view(self: StrictArray, dtype: Any = None) -> StrictArray:
    return wrap(self._host.view() if dtype is None else self._host.view(dtype))


def sort(self: StrictArray, axis: int = -1) -> None:
    self._host.sort(axis=axis)


def astype(
    self: StrictArray, dtype: Any, order: str = "K", casting: Any = None, subok: Any = None, copy: bool = True
) -> Any:
    """Convert; a number that the integer type cannot hold comes out otherwise on the GPU, so it is refused."""
    target = numpy.dtype(dtype)
    if self.dtype.kind == "f" and target.kind in "iu" and self.size:
        low, high = numpy.iinfo(target).min, numpy.iinfo(target).max
        if not (numpy.isfinite(self._host).all() and self._host.min() > low - 1 and self._host.max() < high + 1.0):
            raise StrictError(f"floats outside {target}, or not finite: what they become differs on CuPy")
    result = self._host.astype(target, order=order, casting=casting or "unsafe", copy=copy)  # type: ignore[arg-type]
    return self if result is self._host else wrap(result)


def put(self: StrictArray, indices: Any, values: Any) -> None:
    strict_xp.reshape(self, -1)[indices] = values


def set_from_host(self: StrictArray, host: numpy.ndarray) -> None:
    self._host[...] = host


def divmod_(self: StrictArray, other: Any) -> Any:
    return strict_xp.divmod(self, other)


def matmul(self: StrictArray, other: Any) -> Any:
    return NotImplemented if _leaves_it_to(self, other) else strict_xp.matmul(self, other)


def rmatmul(self: StrictArray, other: Any) -> Any:
    return strict_xp.matmul(other, self)


def install() -> None:
    """Give the class its operators and methods."""
    for short, name in OPERATORS.items():
        function = getattr(strict_xp, name)
        setattr(StrictArray, f"__{short}__", _binary(function))
        setattr(StrictArray, f"__r{short}__", _reflected(function))
        setattr(StrictArray, f"__i{short}__", _in_place(function))
    for short, name in COMPARISONS.items():
        setattr(StrictArray, f"__{short}__", _comparison(name))
    for short, name in UNARY.items():
        setattr(StrictArray, f"__{short}__", _method(name))
    for name in METHODS:
        setattr(StrictArray, name, _method(name))
    for function in (reshape, transpose, flatten, copy, view, sort, astype, put):
        setattr(StrictArray, function.__name__, function)
    StrictArray.set = set_from_host  # type: ignore[attr-defined]
    StrictArray.conjugate = StrictArray.conj  # type: ignore[attr-defined]
    StrictArray.__divmod__ = divmod_  # type: ignore[attr-defined]
    StrictArray.__matmul__ = matmul  # type: ignore[attr-defined]
    StrictArray.__rmatmul__ = rmatmul  # type: ignore[attr-defined]


def to_host(array: StrictArray) -> numpy.ndarray:
    return numpy.array(unwrap(array), copy=True)
