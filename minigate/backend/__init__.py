"""The one package that knows NumPy and CuPy.

In reading order: ``arrays`` (an array says which library computes with it), ``selection`` (where new
arrays go), ``gpu`` (CuPy, believed once it has computed), ``transfer`` (there and back, by name),
``precision`` (the dtype of new weights), ``streams`` (random numbers, on the host), ``scatter``
(adding to rows that repeat), ``blas`` and ``description`` (what computes here).
"""

from minigate.backend.arrays import Array, array_module, is_array, module_of, register_array_type
from minigate.backend.description import describe
from minigate.backend.precision import check_dtype, default_dtype
from minigate.backend.scatter import scatter_add
from minigate.backend.selection import current, synchronise, use
from minigate.backend.streams import Streams, draw_seed, generator
from minigate.backend.transfer import asarray, asnumpy

__all__ = [
    "Array",
    "Streams",
    "array_module",
    "asarray",
    "asnumpy",
    "check_dtype",
    "current",
    "default_dtype",
    "describe",
    "draw_seed",
    "generator",
    "is_array",
    "module_of",
    "register_array_type",
    "scatter_add",
    "synchronise",
    "use",
]
