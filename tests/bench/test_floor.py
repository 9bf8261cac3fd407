"""The floor makes exactly the products of the cell: neither fewer nor more."""

from __future__ import annotations

import pytest

from minigate.bench.floor import gemm_floor, recurrent_products
from minigate.cells import registry

T, N, D, H = 5, 3, 2, 4


@pytest.mark.parametrize(
    ("name", "products"),
    [
        ("RNN", [(H, H)]),
        ("LSTM", [(H, 4 * H)]),
        ("LSTM-peephole", [(H, 4 * H)]),
        ("LSTM-peephole-full", [(H, 4 * H), (H, 2 * H), (H, H)]),
        ("LSTM-coupled", [(H, 3 * H)]),
        ("GRU-after", [(H, 3 * H)]),
        ("GRU-before", [(H, 2 * H), (H, H)]),
    ],
)
def test_products_of_a_step(name: str, products: list[tuple[int, int]]) -> None:
    assert recurrent_products(registry[name](D, H)) == products


@pytest.mark.parametrize("name", list(registry))
def test_counts_the_multiplications_of_a_training_step(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three products of equal size for each weight: forward, to the operand, to the weight (b: one row of W)."""
    import numpy

    from minigate.bench import floor

    counted = 0

    class Counting:
        full = staticmethod(numpy.full)

        @staticmethod
        def matmul(a: numpy.ndarray, b: numpy.ndarray, out: numpy.ndarray | None = None) -> numpy.ndarray:
            nonlocal counted
            counted += a.shape[0] * a.shape[1] * b.shape[1]
            return numpy.matmul(a, b, out=out)

    cell = registry[name](D, H)
    monkeypatch.setattr(floor, "numpy", Counting)
    gemm_floor(cell, T, N)()
    weights = dict(cell.named_parameters())
    recurrent = sum(p.size for key, p in weights.items() if key.startswith(("U", "V")) and p.ndim == 2)
    inputs = sum(p.size for key, p in weights.items() if key.startswith("W"))
    biases = sum(p.shape[1] for key, p in weights.items() if key.startswith("W"))  # a row below W, of zeros if need be
    assert counted == T * N * (3 * (recurrent + inputs) + 2 * biases)
