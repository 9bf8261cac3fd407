"""An array that can do what a CuPy array can, and nothing that only a NumPy array can.

It holds a NumPy array and never lets go of it: no ``__array__``, no ``__array_interface__``, no buffer,
no ``__getattr__`` that would pass such names through. Everything it computes goes through
:mod:`tests.strict_double.calls`, which checks the operands.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy

from tests.strict_double.indexing import check_assignment, host_index, reads_a_mask
from tests.strict_double.rules import MissingInCuPy, StrictError, check_dtype, host_waits


class StrictArray:
    """The strict double's array. Made by ``strict_xp.asarray``, ``zeros`` and their like, never directly."""

    __slots__ = ("_host", "__weakref__")
    __array_ufunc__ = None  # so that `host_array + strict` comes to the reflected operator here, which refuses
    __array_priority__ = 100
    __hash__ = None  # type: ignore[assignment]

    _host: numpy.ndarray

    def __init__(self, *arguments: Any) -> None:
        raise StrictError("make arrays with xp.zeros, xp.empty or xp.asarray")

    # What an array knows about itself.

    @property
    def shape(self) -> tuple[int, ...]:
        return self._host.shape

    @shape.setter
    def shape(self, shape: Any) -> None:
        self._host = self._host.reshape(shape, copy=False)

    ndim = property(lambda self: self._host.ndim)
    size = property(lambda self: self._host.size)
    dtype = property(lambda self: self._host.dtype)
    itemsize = property(lambda self: self._host.itemsize)
    nbytes = property(lambda self: self._host.nbytes)
    strides = property(lambda self: self._host.strides)
    T = property(lambda self: wrap(self._host.T))
    mT = property(lambda self: wrap(self._host.mT))
    real = property(lambda self: wrap(self._host.real))
    imag = property(lambda self: wrap(self._host.imag))
    base = property(lambda self: None if self._host.base is None else wrap(numpy.asarray(self._host.base)))
    data = property(lambda self: SimpleNamespace(ptr=self._host.ctypes.data))  # on CuPy a pointer into device memory

    @property
    def flags(self) -> Any:
        """Three flags, as on CuPy: there is no ``writeable``."""
        flags = self._host.flags
        return SimpleNamespace(
            c_contiguous=flags.c_contiguous, f_contiguous=flags.f_contiguous, owndata=flags.owndata
        )

    def __getattr__(self, name: str) -> Any:
        if hasattr(numpy.ndarray, name) and not name.startswith("__"):
            raise MissingInCuPy(f"cupy.ndarray has no .{name} (or the double does not have it yet)")
        raise AttributeError(f"StrictArray has no attribute {name!r}")

    # Reading and writing.

    def __getitem__(self, index: Any) -> StrictArray:
        parts = host_index(self._host.shape, index, unwrap)
        reads_a_mask(parts)
        found = self._host[parts]
        if isinstance(found, numpy.generic):  # CuPy gives a view without axes, not a number
            found = self._host[(*(part for part in parts if part is not Ellipsis), ...)]
        return wrap(found)

    def __setitem__(self, index: Any, value: Any) -> None:
        parts = host_index(self._host.shape, index, unwrap)
        value = unwrap_operand(value, "assignment")
        check_assignment(self._host.shape, parts, value)
        self._host[parts] = value

    def __len__(self) -> int:
        return len(self._host)

    def __iter__(self) -> Any:
        if self._host.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return (self[position] for position in range(len(self)))

    def fill(self, value: Any) -> None:
        if not numpy.isscalar(value):
            raise StrictError("fill takes a number")
        self._host.fill(value)

    # Leaving the device: by these words only, and every one is counted.

    def get(self) -> numpy.ndarray:
        host_waits("get()")
        return self._host.copy()

    def item(self, *where: int) -> Any:
        host_waits("item()")
        return self._host.item(*where)

    def tolist(self) -> Any:
        host_waits("tolist()")
        return self._host.tolist()

    def __bool__(self) -> bool:
        host_waits("bool()")
        return bool(self._host)

    def __float__(self) -> float:
        host_waits("float()")
        return float(self._host)

    def __int__(self) -> int:
        host_waits("int()")
        return int(self._host)

    def __complex__(self) -> complex:
        host_waits("complex()")
        return complex(self._host)

    def __repr__(self) -> str:
        return f"strict {self._host!r}"

    def __str__(self) -> str:
        return str(self._host)

    def __format__(self, how: str) -> str:
        host_waits("format()")
        return format(self._host[()], how)

    def __copy__(self) -> StrictArray:
        return wrap(self._host.copy())

    def __deepcopy__(self, memo: Any) -> StrictArray:
        return wrap(self._host.copy())

    # NumPy asking for its contents.

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise StrictError("implicit conversion to a NumPy array: use minigate.asnumpy")

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        name = function.__name__
        raise StrictError(f"numpy.{name} was given an array of the strict double: use xp.{name}")


def wrap(host: Any) -> StrictArray:
    """A strict array around this NumPy array (sharing its memory) or NumPy number."""
    host = numpy.asarray(host)
    check_dtype(host)
    array = object.__new__(StrictArray)
    array._host = host
    return array


def unwrap(value: Any) -> Any:
    """The NumPy array inside a strict array; anything else as it is."""
    return value._host if isinstance(value, StrictArray) else value


def unwrap_operand(value: Any, where: str) -> Any:
    """The NumPy side of an operand: a strict array or a number, and nothing else."""
    if isinstance(value, StrictArray):
        return value._host
    if isinstance(value, (bool, int, float, complex, numpy.generic)):
        return value
    kind = f"{type(value).__module__}.{type(value).__name__}"
    raise StrictError(f"{where}: CuPy takes its own arrays and numbers, not {kind}")
