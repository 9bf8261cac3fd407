"""``strict_xp``: the module that goes with strict arrays, as ``cupy`` goes with its own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy

from tests.strict_double import names
from tests.strict_double.array import StrictArray, unwrap, unwrap_operand, wrap
from tests.strict_double.calls import StrictUfunc, strict_function
from tests.strict_double.rules import MissingInCuPy, StrictError, host_waits, traffic


class StrictModule:
    """Behaves as NumPy does where CuPy does too, and raises where it does not."""

    __name__ = "strict_xp"
    ndarray = StrictArray

    def __init__(self) -> None:
        for name in names.UFUNCS:
            setattr(self, name, StrictUfunc(name, getattr(numpy, name)))
        for name in (*names.DTYPES, *names.CONSTANTS, "broadcast_shapes"):
            setattr(self, name, getattr(numpy, name))
        for table, options in (
            (names.CREATION, {"keeps_layout": True}),
            (names.FUNCTIONS, {}),
            (names.WAITING, {"waits": True}),
        ):
            for name, signature in table.items():
                if not hasattr(type(self), name):  # a few are written out below
                    setattr(self, name, strict_function(name, signature, getattr(numpy, name), **options))
        self.linalg = SimpleNamespace(
            **{
                name: strict_function(f"linalg.{name}", signature, getattr(numpy.linalg, name))
                for name, signature in names.LINALG.items()
            }
        )
        view = numpy.lib.stride_tricks.sliding_window_view
        strided = numpy.lib.stride_tricks.as_strided
        self.lib = SimpleNamespace(
            stride_tricks=SimpleNamespace(
                sliding_window_view=strict_function("sliding_window_view", "x! window_shape axis * writeable", view),
                as_strided=strict_function("as_strided", "x! shape strides", strided),
            )
        )

    def __getattr__(self, name: str) -> Any:
        if name in names.MISSING:
            raise MissingInCuPy(f"CuPy has no {name}, or minigate does without: {names.MISSING[name]}")
        if name.startswith("__") or not hasattr(numpy, name):
            raise AttributeError(f"neither NumPy nor the strict double has {name!r}")
        raise MissingInCuPy(
            f"numpy.{name} is not on the list of what CuPy has (tests/strict_double/names.py): "
            "if CuPy has it, add it there with CuPy's signature"
        )

    def __repr__(self) -> str:
        return "<module strict_xp, a NumPy that is as strict as CuPy>"

    # From and to the host.

    def asarray(self, a: Any, dtype: Any = None, order: Any = None, *, copy: bool | None = None) -> StrictArray:
        """As it is where it is an array of the double already; a copy on the device of a host array."""
        if isinstance(a, StrictArray):
            same = dtype is None or a.dtype == dtype
            return a if same and not copy else wrap(a._host.astype(dtype or a.dtype, copy=True))
        if _holds_strict(a):
            raise StrictError("a list with arrays of the device in it: use xp.stack")
        traffic.transfers += 1
        return wrap(numpy.array(a, dtype=dtype, order=order or "C", copy=True))

    def array(self, obj: Any, dtype: Any = None, copy: bool = True, order: str = "C") -> StrictArray:
        """A copy on the device."""
        return self.asarray(obj, dtype=dtype, order=order, copy=copy)

    asanyarray = asarray

    def asnumpy(self, a: Any) -> numpy.ndarray:
        """A copy on the host."""
        host_waits("asnumpy()")
        return numpy.array(unwrap(a), copy=True)

    def get_array_module(self, *arrays: Any) -> Any:
        """This module where one of the arrays is of the double."""
        return self if any(isinstance(array, StrictArray) for array in arrays) else numpy

    # Functions whose arguments do not fit a signature.

    def empty(self, shape: Any, dtype: Any = float, order: str = "C") -> StrictArray:
        """Memory as it is found: NaN (or the type's largest number), so that using it before writing shows."""
        host = numpy.empty(shape, dtype, order)  # type: ignore[call-overload]
        host.fill(numpy.nan if host.dtype.kind in "fc" else True if host.dtype.kind == "b" else numpy.iinfo(dtype).max)
        return wrap(host)

    def empty_like(
        self, prototype: Any, dtype: Any = None, order: str = "K", subok: Any = None, shape: Any = None
    ) -> StrictArray:
        """As :meth:`empty`, with the shape and dtype of another array."""
        if not isinstance(prototype, StrictArray):
            raise StrictError("xp.empty_like takes an array of the double")
        return self.empty(prototype.shape if shape is None else shape, dtype or prototype.dtype)

    def where(self, condition: Any, x: Any = None, y: Any = None) -> Any:
        """Choose, or with the condition alone list the places (for which the host waits)."""
        if x is None and y is None:
            return self.nonzero(condition)
        operands = [unwrap_operand(each, "xp.where") for each in (x, y)]
        return wrap(numpy.where(_array(condition, "xp.where, condition"), *operands))

    def take(self, a: Any, indices: Any, axis: Any = None, out: Any = None) -> Any:
        """``a[..., indices, ...]``, with the same checks as indexing."""
        if not isinstance(a, StrictArray):
            raise StrictError("xp.take takes an array of the double")
        picked = a.reshape(-1)[indices] if axis is None else a[(*[slice(None)] * (axis % a.ndim), indices)]
        if out is None:
            return wrap(picked._host.copy())
        out[...] = picked
        return out

    def einsum(self, subscripts: str, *operands: Any, **options: Any) -> Any:
        """A sum of products, after its subscripts."""
        unknown = set(options) - {"dtype", "optimize"}
        if unknown:
            raise StrictError(f"cupy.einsum has no argument {', '.join(sorted(unknown))}")
        return wrap(numpy.einsum(subscripts, *(_array(each, "xp.einsum") for each in operands), **options))

    def meshgrid(self, *axes: Any, **options: Any) -> list[StrictArray]:
        """Coordinates from axes."""
        return [wrap(each) for each in numpy.meshgrid(*(_array(axis, "xp.meshgrid") for axis in axes), **options)]

    def broadcast_arrays(self, *arrays: Any) -> list[StrictArray]:
        """Each with the shape of all together."""
        host = [_array(each, "xp.broadcast_arrays") for each in arrays]
        return [wrap(each) for each in numpy.broadcast_arrays(*host)]

    def atleast_1d(self, array: Any) -> StrictArray:
        """With one axis at least."""
        return wrap(numpy.atleast_1d(_array(array, "xp.atleast_1d")))

    def atleast_2d(self, array: Any) -> StrictArray:
        """With two axes at least."""
        return wrap(numpy.atleast_2d(_array(array, "xp.atleast_2d")))

    # About arrays and dtypes, without computing.

    def shape(self, a: Any) -> tuple[int, ...]:
        """The shape."""
        return numpy.shape(unwrap(a))

    def ndim(self, a: Any) -> int:
        """How many axes."""
        return int(numpy.ndim(unwrap(a)))

    def size(self, a: Any) -> int:
        """How many numbers."""
        return int(numpy.size(unwrap(a)))

    def isscalar(self, element: Any) -> bool:
        """Is it a Python or NumPy number?"""
        return bool(numpy.isscalar(element))

    def result_type(self, *arrays_and_dtypes: Any) -> numpy.dtype:
        """The dtype that these combine to."""
        return numpy.result_type(*(unwrap(each) for each in arrays_and_dtypes))

    def can_cast(self, from_: Any, to: Any, casting: Any = "safe") -> bool:
        """May one dtype become the other?"""
        return numpy.can_cast(from_.dtype if isinstance(from_, StrictArray) else from_, to, casting)

    promote_types = staticmethod(numpy.promote_types)
    issubdtype = staticmethod(numpy.issubdtype)
    isdtype = staticmethod(numpy.isdtype)

    def shares_memory(self, a: Any, b: Any) -> bool:
        """Do two arrays of the double share memory?"""
        return bool(numpy.shares_memory(_array(a, "xp.shares_memory"), _array(b, "xp.shares_memory")))

    may_share_memory = shares_memory


def _array(value: Any, where: str) -> numpy.ndarray:
    if not isinstance(value, StrictArray):
        raise StrictError(f"{where}: an array of the double, not {type(value).__name__}")
    return value._host


def _holds_strict(value: Any) -> bool:
    if not isinstance(value, (list, tuple)):
        return isinstance(value, StrictArray)
    return any(_holds_strict(each) for each in value)


strict_xp: Any = StrictModule()
