"""The complex step: a derivative without a difference, where the function can be computed with complex numbers.

For a function that is a power series, f(x + i h v) = f(x) + i h f′(x) v − h² …: the imaginary part, over h, is
the derivative along v. Nothing is subtracted, so nothing is lost, and h may be so small (10⁻²⁰) that the next
term of the series is nothing at all: the derivative comes out to the last digit or two.

A program is not always a power series. A magnitude or a cast to float32 loses an imaginary part, and NumPy says
so only sometimes. So the complex step is never believed by itself: it has to agree with the differences, and
then takes their place. Its own bar is what the two differ by: it covers both, whichever is the better one.

**Source**: Lyness & Moler (1967); Squire & Trapp (1998).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigate.checking.numeric import BARS, EPSILON, Array, Derivative

#: h. Its square is far below the last digit of everything.
STEP = 1e-20
#: The differences have to be this good, as a share of the largest derivative, to confirm anything.
CONFIRMS = 1e-2
#: Besides their error bars, the two may lie apart by this share of the largest derivative.
APART = 1e-4
#: By what share the value itself may be another than without the imaginary part.
CLOSE = 1e-9
#: What rounding leaves of a derivative, and of the function's own numbers, in units of the last digit.
ULPS, FLOOR = 256.0, 32.0
#: Differences whose bar is smaller by more than this are not replaced.
WORSE = 8.0


def refined(differences: Derivative, f: Callable[[], NDArray[Any]], centre: Array) -> Derivative | None:
    """The derivative by the complex step, where the differences confirm it; None where f cannot be computed so.

    **Equations**: Im f(x + i h v) / h, for h = 10⁻²⁰; ``f()`` is f(x + i h v), ``centre`` f(x).

    **Shapes**: f returns (M,), complex; centre (M,).
    """
    found = _imaginary(f)
    if found is None or found.shape != centre.shape:
        return None
    value = found.imag / STEP
    if differences.kink == "at" or not (np.all(np.isfinite(found)) and np.all(np.isfinite(differences.value))):
        return differences
    size = float(np.max(np.abs(differences.value), initial=0.0))
    scale = float(np.max(np.abs(centre), initial=1.0))
    apart = np.abs(value - differences.value)
    confirmed = apart <= BARS * differences.error + APART * size
    informed = float(np.max(differences.error, initial=0.0)) <= CONFIRMS * size
    same_place = bool(np.all(np.abs(found.real - centre) <= CLOSE * scale))
    if not (confirmed.all() and same_place and (informed or not value.any())):
        return differences
    error = apart + EPSILON * (ULPS * np.abs(value) + FLOOR * np.maximum(1.0, np.abs(centre)))
    if float(np.max(error, initial=0.0)) > WORSE * float(np.max(differences.error, initial=0.0)) > 0.0:
        return differences  # of a function so small that what rounding leaves of a 1 is much of it
    return replace(differences, value=value, error=error, step=STEP, exact=True, calls=differences.calls + 1)


def _imaginary(f: Callable[[], NDArray[Any]]) -> NDArray[Any] | None:
    """The complex result, or None: code that was written for real numbers may do anything with others."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("error")  # an imaginary part that is thrown away warns
            found = f()
    except Exception:
        return None
    return found if found.dtype.kind == "c" else None
