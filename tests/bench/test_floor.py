"""The floor makes exactly the products of the cell: neither fewer nor more."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from minigate.bench import floor
from minigate.bench.floor import gemm_floor, plan, recurrent_products
from minigate.cells import GatedFeedback, InputPart, registry

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
        ("GatedFeedback-tanh", [(H, 9), (H, 1), (1, 5), (H, 2), (2, 4), (H, 1)]),
    ],
)
def test_products_of_a_step(name: str, products: list[tuple[int, int]]) -> None:
    assert recurrent_products(registry[name](D, H)) == products


class Counting:
    """In NumPy's place: counts the multiplications of its products."""

    full = staticmethod(numpy.full)

    def __init__(self) -> None:
        self.multiplications = 0

    def matmul(self, a: numpy.ndarray, b: numpy.ndarray, out: numpy.ndarray | None = None) -> numpy.ndarray:
        self.multiplications += a.shape[0] * a.shape[1] * b.shape[1]
        return numpy.matmul(a, b, out=out)


@pytest.mark.parametrize("name", [name for name, build in registry.items() if not hasattr(build(), "periods")])
def test_counts_the_multiplications_of_a_training_step(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three products of equal size for each weight: forward, to the operand, to the weight (b: one row of W)."""
    cell, counting = registry[name](D, H), Counting()
    monkeypatch.setattr(floor, "numpy", counting)
    gemm_floor(cell, T, N)()
    recurrent = sum(cell[weight].size for weight in cell.products)
    last = max(k for k, part in enumerate(cell.input_parts) if part.weight)
    columns = sum(part.width for part in cell.input_parts[: last + 1])
    assert counting.multiplications == T * N * (3 * (recurrent + D * columns) + 2 * columns)


def test_tokens_are_looked_up_and_make_no_products_but_those_of_the_past() -> None:
    cell = GatedFeedback(D, [3, 1], unit="gru")
    made = plan(cell, T, N, tokens=True)
    assert made.inputs == [] and made.weights == plan(cell, T, N).weights


class ByTheClock:
    """What the floor has to know of a cell whose second group of units works at every other step."""

    D, H, periods, groups = 2, 4, (1, 2), (slice(0, 3), slice(3, 4))


def test_groups_that_rest_make_no_products(monkeypatch: pytest.MonkeyPatch) -> None:
    cell: Any = ByTheClock()
    made = plan(cell, T, N)
    assert made.loop == [(N, 4, 4), (N, 4, 3), (N, 4, 4), (N, 4, 3), (N, 4, 4)]
    assert made.weights == [(5 * N, 4, 3), (3 * N, 1, 1)], "the slow group reads itself alone, in three of five steps"
    assert made.inputs == [(5 * N, D + 1, 3), (3 * N, D + 1, 1)]
    counting = Counting()
    monkeypatch.setattr(floor, "numpy", counting)
    gemm_floor(cell, T, N)()
    inside = 2 * N * 4 * (4 + 3 + 4 + 3 + 4)
    after = N * (5 * 4 * 3 + 3) + N * (3 * D + 2) * (5 * 3 + 3)
    assert counting.multiplications == inside + after


class OverAGrid:
    """What the floor has to know of a cell with two predecessors."""

    D, H, input_parts, products = 2, 4, (InputPart("W.a", "b.a", 4),), {"U.a": ("h_before", "da_a")}

    def __getitem__(self, name: str) -> numpy.ndarray:
        return numpy.zeros({"U.a": (8, 4), "W.a": (2, 4)}[name])


def test_a_diagonal_is_one_product() -> None:
    cell: Any = OverAGrid()
    made = plan(cell, 2, 3, N)
    assert made.loop == [(N, 8, 4), (2 * N, 8, 4), (2 * N, 8, 4), (N, 8, 4)]
    assert made.weights == [(6 * N, 8, 4)] and made.inputs == [(6 * N, D + 1, 4)]
