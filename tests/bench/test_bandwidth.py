"""The bandwidth floor moves exactly the bytes that its table counts."""

from __future__ import annotations

import numpy
import pytest

from minigate.bench import bandwidth
from minigate.cells import registry

T, N, D, H = 5, 3, 2, 4


@pytest.mark.parametrize(("name", "per_unit"), [("MinGRU", 7), ("MinGRU-positive", 7), ("MinLSTM", 9)])
def test_counts_the_arrays_over_time(name: str, per_unit: int) -> None:
    """minGRU: z, h̃ and h written and read, dy read: 7. minLSTM has one gate more: 9. And x twice, dx once."""
    assert bandwidth.numbers_touched(registry[name](D, H), T, N) == T * N * (per_unit * H + 3 * D)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_copies_half_of_them_onto_the_other_half(dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = 0

    class Counting:
        ones = staticmethod(numpy.ones)

        @staticmethod
        def copyto(target: numpy.ndarray, source: numpy.ndarray) -> None:
            nonlocal moved
            moved += source.nbytes + target.nbytes
            numpy.copyto(target, source)

    cell = registry["MinGRU"](D, H)
    monkeypatch.setattr(bandwidth, "numpy", Counting)
    bandwidth.bandwidth_floor(cell, T, N, dtype)()
    assert moved == bandwidth.numbers_touched(cell, T, N) * numpy.dtype(dtype).itemsize
