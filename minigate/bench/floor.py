"""The floor under a recurrent layer: exactly the matrix products that it makes, and nothing else.

No arrangement of the pointwise arithmetic can be faster than this, so the distance to it says how much
there is left to win.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from minigate.cells import Cell

Array = Any


def recurrent_products(cell: Cell) -> list[tuple[int, int]]:
    """The products of one step, as (rows, columns) of the packed recurrent weights.

    Weights whose operand is the same are one product, as in the loop.
    """
    groups: dict[str, list[tuple[int, int]]] = {}
    for weight, (operand, _) in cell.products.items():
        groups.setdefault(operand, []).append(tuple(cell[weight].shape))  # type: ignore[arg-type]
    return [(shapes[0][0], sum(columns for _, columns in shapes)) for shapes in groups.values()]


def gemm_floor(cell: Cell, T: int, N: int, dtype: str = "float32") -> Callable[[], None]:
    """A function that makes the matrix products of one training step of ``cell`` over a sequence, alone.

    **Shapes**: per step (N, K) @ (K, C) forward and (N, C) @ (C, K) back; once per sequence the input's share
    (T·N, D + 1) @ (D + 1, G·H), its two gradients, and the gradient of every recurrent weight.
    """

    def array(*shape: int) -> Array:
        return numpy.full(shape, 0.01, dtype=dtype)

    D, columns = cell.D, sum(cell[f"W.{b}" if b else "W"].shape[1] for b in cell.blocks)
    x, W, W_T, da = array(T * N, D + 1), array(D + 1, columns), array(columns, D), array(T * N, columns)
    steps = [
        (array(T, N, K), array(K, C), array(C, K), array(T, N, C), array(N, C), array(N, K))
        for K, C in recurrent_products(cell)
    ]

    def products() -> None:
        numpy.matmul(x, W)
        for operand, U, _, _, forward, _ in steps:
            for t in range(T):
                numpy.matmul(operand[t], U, out=forward)
        for _, _, U_T, da_, _, back in steps:
            for t in range(T):
                numpy.matmul(da_[t], U_T, out=back)
        for operand, _, _, da_, _, _ in steps:
            numpy.matmul(operand.reshape(T * N, -1).T, da_.reshape(T * N, -1))
        numpy.matmul(x.T, da)
        numpy.matmul(da, W_T)

    return products
