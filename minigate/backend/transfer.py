"""Between host memory and the library that computes: always by name, never in passing.

CuPy refuses to become a NumPy array by itself, on purpose: a hidden copy from the GPU costs more than
most of the work around it. So there is one word for each direction, :func:`asarray` to go there and
:func:`asnumpy` to come back, and nothing else in minigate moves data.
"""

from __future__ import annotations

from typing import Any

import numpy

from minigate.backend.arrays import Array, is_array, library_of
from minigate.backend.precision import default_dtype
from minigate.backend.selection import current_library
from minigate.errors import DTypeError, explain


def asnumpy(x: Any) -> numpy.ndarray:
    """Bring an array or a Tensor of any library to host memory; a NumPy array comes back as it is, uncopied.

    **Shapes**: x (…) of any shape -> numpy.ndarray of the same shape and dtype.

    **Errors**: :class:`DTypeError` for what is no array of numbers.
    """
    x = _raw(x)
    library = library_of(x)
    if library is None or isinstance(x, numpy.generic):
        return _host_array(x)
    return library.to_host(x)


def asarray(data: Any, dtype: Any = None, like: Any = None) -> Array:
    """Make an array of the library of ``like`` (an array or a Tensor), or else of the chosen one.

    Numbers keep the dtype they have; Python floats, which have none, take the default dtype. No copy
    is made where ``data`` is such an array already.

    **Shapes**: data (…) of any shape -> array of the same shape.

    **Errors**: :class:`DTypeError` for text, objects, and ragged lists.
    """
    data = _raw(data)
    source = library_of(data)
    target = current_library() if like is None else (library_of(_raw(like)) or current_library())
    if source is not None and source.module is target.module and is_array(data):
        return data if dtype is None or data.dtype == dtype else data.astype(dtype)
    host = asnumpy(data)
    if dtype is None and source is None and host.dtype == numpy.float64:
        dtype = default_dtype()
    if dtype is not None:
        host = host.astype(dtype, copy=False)
    return target.from_host(host)


def _raw(x: Any) -> Any:
    """The array inside a Tensor (anything whose ``.data`` is an array), or ``x`` itself."""
    if is_array(x):
        return x
    inside = getattr(x, "data", None)
    return inside if inside is not None and is_array(inside) else x


def _host_array(x: Any) -> numpy.ndarray:
    try:
        array = numpy.asarray(x)
    except ValueError as error:  # a list whose rows have different lengths
        raise DTypeError(
            explain(
                "no array of numbers",
                where="asarray",
                got=f"{type(x).__name__} ({error})",
                slip="rows of different lengths",
                remedy="pad the sequences to one length T and pass mask (T, N)",
            )
        ) from error
    if array.dtype.kind not in "biufc":
        raise DTypeError(
            explain(
                "no array of numbers",
                where="asarray",
                expected="floats, integers or booleans",
                got=f"{type(x).__name__} of dtype {array.dtype}",
            )
        )
    return array
