"""What computes here: the libraries that were found, or why one was not, and what new arrays will be."""

from __future__ import annotations

from typing import Any

import numpy

from minigate.backend.blas import describe_blas
from minigate.backend.gpu import describe_cupy
from minigate.backend.precision import default_dtype
from minigate.backend.selection import VARIABLE, chosen_by, current_library
from minigate.errors import BackendError, OptionError


def describe() -> dict[str, Any]:
    """Describe the array libraries, as plain numbers and text that JSON can hold.

    Looks for a GPU, which takes seconds where CuPy is installed. A bad ``MINIGATE_BACKEND`` is described
    (``"current": None`` and the ``"reason"``) instead of raised, since this is where one looks for it.
    """
    description: dict[str, Any] = {}
    try:
        description["current"] = current_library().name
        description["chosen_by"] = chosen_by()
    except (BackendError, OptionError) as error:
        description["current"] = None
        description["chosen_by"] = VARIABLE
        description["reason"] = str(error).splitlines()[0]
    description["default_dtype"] = default_dtype()
    description["numpy"] = {"version": numpy.__version__, "available": True, "blas": describe_blas()}
    description["cupy"] = describe_cupy()
    return description
