"""What the strict double refuses, and what it counts.

CuPy raises ``TypeError`` where a host array slips into its functions, and ``AttributeError`` for a function
it does not have; the two exceptions here are those, with a text that says what CuPy would do. Waiting for
the device is no error but it is what makes GPU code slow, so it is counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy


class StrictError(TypeError):
    """CuPy would raise here, or give an undefined result."""


class MissingInCuPy(AttributeError):
    """CuPy has no such function or attribute."""


class Traffic:
    """Every time the host waited for the device (``syncs``), and every copy from host to device (``transfers``)."""

    def __init__(self) -> None:
        self.syncs: list[str] = []
        self.transfers: int = 0

    def reset(self) -> None:
        self.syncs.clear()
        self.transfers = 0


traffic = Traffic()


def host_waits(for_what: str) -> None:
    """Note that the host needs a number that is on the device."""
    traffic.syncs.append(for_what)


@contextmanager
def count_syncs() -> Iterator[list[str]]:
    """``with count_syncs() as waits: …``: what the host waited for inside the block, one entry each time."""
    start = len(traffic.syncs)
    waits: list[str] = []
    try:
        yield waits
    finally:
        waits.extend(traffic.syncs[start:])


_layouts: list[numpy.random.Generator | None] = [None]


@contextmanager
def random_strides(seed: int) -> Iterator[None]:
    """Inside the block, computed arrays come back with strides drawn at random: CuPy promises no order either."""
    _layouts.append(numpy.random.default_rng(seed))
    try:
        yield
    finally:
        _layouts.pop()


def with_some_strides(fresh: numpy.ndarray) -> numpy.ndarray:
    """The same numbers, laid out in memory in one of three ways where ``random_strides`` is in force."""
    rng = _layouts[-1]
    if rng is None or fresh.ndim == 0 or fresh.size == 0:
        return fresh
    way = int(rng.integers(3))
    if way == 0:
        return fresh
    if way == 1:
        return numpy.asfortranarray(fresh)
    roomy = numpy.empty((*fresh.shape[:-1], 2 * fresh.shape[-1]), fresh.dtype)[..., ::2]
    roomy[...] = fresh
    return roomy


def check_dtype(host: Any) -> None:
    """CuPy has booleans, integers, floats of 16 to 64 bits and their complex pairs; no objects, text, long doubles."""
    dtype = host.dtype
    if dtype.kind not in "biufc" or dtype.itemsize > (16 if dtype.kind == "c" else 8):
        raise StrictError(f"CuPy has no dtype {dtype}")
