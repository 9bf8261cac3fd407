"""Which library does an array belong to? Every computation asks its own arrays.

Nothing in minigate's compute packages imports NumPy or CuPy. A function that computes on arrays
begins with ``xp = array_module(x)`` and from there on writes ``xp.tanh``, ``xp.matmul``, …: the same
line runs on the CPU and on the GPU. There is no global switch that an array could disagree with.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy

from minigate.errors import DeviceMixError, explain

Array = Any  # numpy.ndarray | cupy.ndarray: duck-typed on purpose


@dataclass(frozen=True)
class Library:
    """One array library: its module, and the way between its arrays and host memory."""

    name: str
    module: Any
    to_host: Callable[[Any], numpy.ndarray]
    from_host: Callable[[numpy.ndarray], Any]


def _same(array: Any) -> Any:
    return array


_libraries: dict[type, Library] = {numpy.ndarray: Library("numpy", numpy, _same, _same)}


def register_array_type(
    array_type: type,
    module: Any,
    *,
    name: str = "",
    to_host: Callable[[Any], numpy.ndarray] | None = None,
    from_host: Callable[[numpy.ndarray], Any] | None = None,
) -> None:
    """Make arrays of ``array_type`` compute with ``module`` (CuPy comes in this way, once imported).

    ``to_host`` copies such an array into a ``numpy.ndarray`` and ``from_host`` goes the other way; where
    they are left out, ``module.asnumpy`` and ``module.asarray`` are taken, as CuPy calls them.
    """
    _libraries[array_type] = Library(
        name or getattr(module, "__name__", str(module)),
        module,
        to_host or (lambda array: module.asnumpy(array)),
        from_host or (lambda array: module.asarray(array)),
    )


def library_of(array: Any) -> Library | None:
    """The library of one array, or ``None`` for a Python scalar or a list, which have none."""
    library = _libraries.get(type(array))
    if library is not None:
        return library
    if isinstance(array, (numpy.ndarray, numpy.generic)):
        return _libraries[numpy.ndarray]
    cupy = sys.modules.get("cupy")  # an array of CuPy can only exist once CuPy is imported
    if cupy is not None and isinstance(array, getattr(cupy, "ndarray", ())):
        register_array_type(type(array), cupy, name="cupy")
        return _libraries[type(array)]
    return None


def library_named(name: str) -> Library | None:
    """A library that has been registered, by its name; the latest where several have it (a class defined again)."""
    return next((library for library in reversed(_libraries.values()) if library.name == name), None)


def module_of(array: Any) -> Any | None:
    """The module of one array's library, or ``None`` for a Python scalar or a list, which have none."""
    library = library_of(array)
    return None if library is None else library.module


def is_array(value: Any) -> bool:
    """Is this an array of a library that minigate knows?"""
    return not isinstance(value, numpy.generic) and library_of(value) is not None


def array_module(*arrays: Any) -> Any:
    """The one library that all these arrays belong to; Python scalars go along with any.

    **Shapes**: any; only the kind of array is looked at.

    **Errors**: :class:`DeviceMixError` where two libraries meet, naming both and their positions.
    """
    found: Library | None = None
    first = 0
    for position, array in enumerate(arrays):
        if isinstance(array, numpy.generic):
            continue
        library = library_of(array)
        if library is None:
            continue
        if found is None:
            found, first = library, position
        elif library is not found and library.module is not found.module:
            raise DeviceMixError(
                explain(
                    "arrays of two libraries in one operation",
                    expected=f"all of one library: argument {first} is of {found.name}",
                    got=f"argument {position} of {library.name}, shape {array.shape}",
                    slip="one of them was made on the host and never moved",
                    remedy="mg.backend.asarray(x, like=other), or mg.asnumpy(x) to come back to the host",
                )
            )
    return numpy if found is None else found.module
