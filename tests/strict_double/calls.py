"""Calling a NumPy function the way CuPy lets it be called.

A signature such as ``"a! axis dtype out? keepdims"`` says what CuPy's function of that name accepts, in its
order: ``a!`` must be an array of the double, ``out?`` may be one, or a number, or ``None``; ``arrays+`` is a
list or tuple of them; a plain name is a Python value (an axis, a shape). A lone ``*`` stands before the
names that go by keyword only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from tests.strict_double.array import StrictArray, unwrap, unwrap_operand, wrap
from tests.strict_double.rules import StrictError, host_waits, with_some_strides


def strict_function(
    name: str, signature: str, function: Callable[..., Any], *, waits: bool = False, keeps_layout: bool = False
) -> Callable[..., Any]:
    """``function`` of NumPy, callable only as ``signature`` allows, with strict arrays in and out."""
    names = signature.split()
    positional = names[: names.index("*")] if "*" in names else names
    kinds = {each.rstrip("!?+"): each[-1] if each[-1] in "!?+" else "" for each in names if each != "*"}
    order = [each.rstrip("!?+") for each in positional]
    where = {each: f"xp.{name}, argument {each}" for each in kinds}

    def call(*arguments: Any, **options: Any) -> Any:
        if len(arguments) > len(order):
            raise StrictError(f"xp.{name} takes {len(order)} arguments by position ({', '.join(order)})")
        unknown = options.keys() - kinds.keys()
        if unknown:
            raise StrictError(f"cupy.{name} has no argument {', '.join(sorted(unknown))}; it has {', '.join(kinds)}")
        given = dict(zip(order, arguments, strict=False)) | options
        host = {each: _convert(value, kinds[each], where[each]) for each, value in given.items()}
        if waits:
            host_waits(f"xp.{name}")
        by_position = [host.pop(each) for each in order[: len(arguments)]]
        result = function(*by_position, **host)
        out = options.get("out", given.get("out"))
        return out if isinstance(out, StrictArray) else _wrap_result(result, keeps_layout)

    call.__name__ = name
    call.__doc__ = f"numpy.{name}, as cupy.{name} can be called: {signature}"
    return call


class StrictUfunc:
    """A ufunc on strict arrays and numbers; of its methods only those that CuPy has."""

    def __init__(self, name: str, ufunc: numpy.ufunc) -> None:
        self.__name__ = name
        self._where = f"xp.{name}"
        self._ufunc = ufunc

    def __repr__(self) -> str:
        return f"<strict ufunc {self.__name__!r}>"

    def __call__(self, *operands: Any, out: Any = None, **options: Any) -> Any:
        unknown = options.keys() - {"dtype", "casting"}
        if unknown:
            raise StrictError(f"ufuncs of CuPy have no argument {', '.join(sorted(unknown))}: xp.{self.__name__}")
        if len(operands) > self._ufunc.nin:
            operands, given = operands[: self._ufunc.nin], operands[self._ufunc.nin :]
            out = given[0] if len(given) == 1 else given
        host = [unwrap_operand(operand, self._where) for operand in operands]
        outputs = () if out is None else (out if isinstance(out, tuple) else (out,))
        for output in outputs:
            if output is not None and not isinstance(output, StrictArray):
                raise StrictError(f"xp.{self.__name__}: out must be an array of the double")
        if outputs:
            options["out"] = tuple(unwrap(output) for output in outputs)
        result = self._ufunc(*host, **options)
        if outputs and all(output is not None for output in outputs):
            return outputs[0] if self._ufunc.nout == 1 else outputs
        return _wrap_result(result, keeps_layout=False)

    def at(self, array: Any, index: Any, values: Any = None) -> None:
        """Add into places that may repeat; CuPy has this for ``add``, on floats and on 32 and 64 bit integers."""
        if self.__name__ != "add":
            raise StrictError(f"CuPy has no {self.__name__}.at for every dtype: only add.at")
        if not isinstance(array, StrictArray):
            raise StrictError("add.at adds into an array of the double")
        if array.dtype.kind not in "iuf" or (array.dtype.kind in "iu" and array.itemsize < 4):
            raise StrictError(f"CuPy has no add.at for {array.dtype}")
        array[index]  # the checks of reading: kinds and range
        parts = tuple(unwrap(part) for part in (index if isinstance(index, tuple) else (index,)))
        numpy.add.at(array._host, parts, unwrap_operand(values, "add.at"))

    def outer(self, a: Any, b: Any, **options: Any) -> Any:
        """All pairs."""
        shape = (*a.shape, *([1] * b.ndim))
        return self(wrap(unwrap(a).reshape(shape)), b, **options)

    def reduce(self, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        """Sum or product; CuPy reduces with no other ufunc."""
        return self._over("reduce", array, axis=axis, dtype=dtype, out=out, keepdims=keepdims)

    def accumulate(self, array: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
        """Running sum or product; CuPy accumulates with no other ufunc."""
        return self._over("accumulate", array, axis=axis, dtype=dtype, out=out)

    def _over(self, method: str, array: Any, **options: Any) -> Any:
        if self.__name__ not in ("add", "multiply"):
            raise StrictError(f"CuPy has no {self.__name__}.{method}: only add and multiply; use xp.max, xp.any, …")
        signature = "array! axis dtype out? keepdims"
        return strict_function(f"{self.__name__}.{method}", signature, getattr(self._ufunc, method))(array, **options)


def _convert(value: Any, kind: str, where: str) -> Any:
    if kind == "!":
        if not isinstance(value, StrictArray):
            raise StrictError(f"{where}: CuPy takes its own array here, not {type(value).__name__}")
        return value._host
    if kind == "?":
        return None if value is None else unwrap_operand(value, where)
    if kind == "+":
        if not isinstance(value, (list, tuple)):
            raise StrictError(f"{where}: a list or tuple of arrays, not {type(value).__name__}")
        return [_convert(each, "!", where) for each in value]
    if isinstance(value, (StrictArray, numpy.ndarray)):
        raise StrictError(f"{where}: a Python value, not an array")
    return value


def _wrap_result(result: Any, keeps_layout: bool) -> Any:
    if result is None:  # copyto, fill_diagonal, …: what they do, they do in place
        return None
    if isinstance(result, (tuple, list)):
        return type(result)(_wrap_result(each, keeps_layout) for each in result) if type(result) in (tuple, list) else (
            tuple(_wrap_result(each, keeps_layout) for each in result)  # the named tuples of unique and linalg
        )
    if isinstance(result, numpy.ndarray) and result.base is None and not keeps_layout:
        result = with_some_strides(result)
    return wrap(result)
