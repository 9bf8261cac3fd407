"""Which library do *new* arrays go to? Only where nothing else says so.

An array that exists already decides for itself (:func:`minigate.backend.array_module`). What is left
is the first array of all: weights, an initial state, a batch read from a file. Those go to the library
chosen by ``mg.use("numpy" | "cupy" | "auto")``, or else by the environment variable
``MINIGATE_BACKEND``, or else to NumPy. The variable is read when it is first needed, not at import.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any

from minigate.backend.arrays import Library, library_named
from minigate.backend.gpu import load_cupy, reason_of
from minigate.errors import BackendError, OptionError, explain

CHOICES = ("numpy", "cupy", "auto")
VARIABLE = "MINIGATE_BACKEND"

_chosen: tuple[Library, str] | None = None  # the library, and who chose it


class Restore:
    """What a setting returns: nothing to do with it, or ``with`` it, to go back to the old value at the end."""

    def __init__(self, put_back: Callable[[], None]) -> None:
        self._put_back = put_back

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._put_back()


def use(name: str) -> Restore:
    """Choose the library of new arrays: ``"numpy"``, ``"cupy"``, or ``"auto"`` (CuPy where it works).

    Takes effect at once and stays; as ``with mg.use("cupy"): …`` it lasts for the block.

    **Errors**: :class:`BackendError` where CuPy is asked for by name and cannot compute, with the reason;
    ``"auto"`` then takes NumPy and says so in one line. :class:`OptionError` for any other name.
    """
    global _chosen
    before = _chosen
    _chosen = (_find(name, where="mg.use"), "mg.use")

    def put_back() -> None:
        global _chosen
        _chosen = before

    return Restore(put_back)


def current() -> Any:
    """The module (``numpy`` or ``cupy``) that new arrays are made with."""
    return current_library().module


def current_library() -> Library:
    """The library of new arrays, with its name and its way to and from the host."""
    return _current()[0]


def synchronise() -> None:
    """Wait until the library of new arrays has done all that was asked of it: before and after what is timed.

    NumPy has, whenever a call returns. CuPy hands its orders to the GPU and goes on.
    """
    cuda = getattr(current(), "cuda", None)
    if cuda is not None:
        cuda.get_current_stream().synchronize()


def chosen_by() -> str:
    """Who chose the library of new arrays: ``"mg.use"``, ``"MINIGATE_BACKEND"`` or ``"default"``."""
    return _current()[1]


def _current() -> tuple[Library, str]:
    global _chosen
    if _chosen is None:
        name = os.environ.get(VARIABLE, "").strip().lower()
        _chosen = (_find(name, where=VARIABLE), VARIABLE) if name else (_find("numpy", where=""), "default")
    return _chosen


def _find(name: str, where: str) -> Library:
    if name == "cupy":
        return load_cupy()
    if name == "auto":
        try:
            return load_cupy()
        except BackendError as error:
            print(f"minigate: backend auto: computing with NumPy, since {reason_of(error)}", file=sys.stderr)
            name = "numpy"
    library = library_named(name)
    if library is None:
        raise OptionError(
            explain(
                "no such backend",
                where=where,
                expected=" | ".join(f'"{choice}"' for choice in CHOICES),
                got=f'"{name}"',
                remedy=f"{VARIABLE}=numpy" if where == VARIABLE else 'mg.use("numpy")',
            )
        )
    return library
