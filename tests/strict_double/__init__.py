"""A NumPy double that is as strict as CuPy, so that GPU mistakes fail on a machine without a GPU.

``strict_xp`` stands in for ``cupy`` and :class:`StrictArray` for ``cupy.ndarray``: they compute with NumPy
underneath and raise wherever CuPy would. Registered here with minigate's backend, so
``array_module(strict_array)`` is ``strict_xp`` and everything that is written against ``xp`` runs on it.

    rules.py      what is refused, what is counted (host waits, transfers), random strides
    indexing.py   lists, host arrays, indices out of range, places named twice
    array.py      the array
    names.py      what CuPy has, with its signatures
    calls.py      calling a function as its signature allows; ufuncs
    module.py     strict_xp
    operators.py  the array's operators and methods
"""

from minigate.backend.arrays import register_array_type
from tests.strict_double.array import StrictArray
from tests.strict_double.module import strict_xp
from tests.strict_double.operators import install, to_host
from tests.strict_double.rules import MissingInCuPy, StrictError, count_syncs, random_strides, traffic

__all__ = [
    "MissingInCuPy",
    "StrictArray",
    "StrictError",
    "count_syncs",
    "random_strides",
    "strict_xp",
    "to_host",
    "traffic",
]

install()
register_array_type(StrictArray, strict_xp, name="strict", to_host=strict_xp.asnumpy, from_host=strict_xp.asarray)
