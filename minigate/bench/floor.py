"""The floor under a recurrent layer: exactly the matrix products that it makes, and nothing else.

No arrangement of the pointwise arithmetic can be faster than this, so the distance to it says how much
there is left to win.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy

from minigate.bptt.input_share import reach_of_x
from minigate.cells import Cell

Array = Any
Product = tuple[int, int, int]  # (M, K, C): M rows of K numbers, times a weight (K, C)


@dataclass
class Plan:
    """The products of one training step.

    ``loop``: in the order of time; forward each once, back once with the transposed weight. ``weights``: the gradient
    of each recurrent weight, one product after the loop. ``inputs``: the input's share, its two gradients.
    """

    loop: list[Product]
    weights: list[Product]
    inputs: list[Product]


def recurrent_products(cell: Cell) -> list[tuple[int, int]]:
    """The products of one step, as (rows, columns) of the packed recurrent weights.

    Weights whose operand is the same are one product, as in the loop; so are operands whose products are only added up.
    """
    groups: dict[str, list[tuple[int, int]]] = {}
    results: dict[str, list[str]] = {}
    for weight, (operand, da) in cell.products.items():
        groups.setdefault(operand, []).append(tuple(cell[weight].shape))  # type: ignore[arg-type]
        results.setdefault(operand, []).append(da)
    found: dict[tuple[str, ...], tuple[int, int]] = {}
    for operand, shapes in groups.items():
        added_to = tuple(results[operand])
        rows = found.get(added_to, (0, 0))[0]
        found[added_to] = (rows + shapes[0][0], sum(columns for _, columns in shapes))
    return list(found.values())


def plan(cell: Cell, *sizes: int, tokens: bool = False) -> Plan:
    """What a sequence (T, N) takes: every product at every step, unless the cell's groups of units have periods.

    What a grid (I, J, N) takes: every product on every diagonal, for all positions of it at once. Tokens are looked up,
    and the gradients of their rows added up: no product.
    """
    *where, N = sizes
    groups = _clockwork(cell)
    if groups is not None:
        return _plan_by_the_clock(cell, groups, where[0], N)
    at_once = diagonals(*where) if len(where) == 2 else [1] * where[0]
    shapes, rows = recurrent_products(cell), sum(at_once) * N
    columns = reach_of_x(cell)
    return Plan(
        loop=[(n * N, K, C) for n in at_once for K, C in shapes],
        weights=[(rows, K, C) for K, C in shapes],
        inputs=[] if tokens else [(rows, cell.D + 1, columns)],
    )


def diagonals(I: int, J: int) -> list[int]:
    """How many positions each diagonal of a grid has, from one corner to the other.

    >>> diagonals(2, 3)
    [1, 2, 2, 1]
    """
    return [min(k + 1, I, J, I + J - 1 - k) for k in range(I + J - 1)]


def _clockwork(cell: Any) -> list[tuple[int, slice]] | None:
    """The groups of units with the period of each, for a cell whose groups rest in between."""
    periods = getattr(cell, "periods", None)
    return None if periods is None else list(zip(periods, cell.groups, strict=True))


def _plan_by_the_clock(cell: Cell, groups: list[tuple[int, slice]], T: int, N: int) -> Plan:
    """At each step the groups that work share one product; the rest is made of each group's own steps alone."""
    made = Plan([], [], [])
    for t in range(T):
        working = [group for period, group in groups if t % period == 0]
        if working:
            made.loop.append((N, cell.H - working[0].start, sum(group.stop - group.start for group in working)))
    for period, group in groups:
        rows, columns = -(-T // period) * N, group.stop - group.start
        made.weights.append((rows, cell.H - group.start, columns))
        made.inputs.append((rows, cell.D + 1, columns))
    return made


def gemm_floor(cell: Cell, *sizes: int, dtype: str = "float32", tokens: bool = False) -> Callable[[], None]:
    """A function that makes the matrix products of one training step of ``cell``, alone.

    **Shapes**: over a sequence, ``sizes`` T, N: per step (N, K) @ (K, C) forward and (N, C) @ (C, K) back; once per
    sequence the input's share (T·N, D + 1) @ (D + 1, G·H), its two gradients, and the gradient of every recurrent
    weight. Over a grid, ``sizes`` I, J, N: the same, the n positions of a diagonal being n·N rows.
    """
    return products_alone(plan(cell, *sizes, tokens=tokens), dtype)


def products_alone(made: Plan, dtype: str = "float32") -> Callable[[], None]:
    """A function that makes the products of a plan, each with operands of its own, as in the layer."""

    def array(*shape: int) -> Array:
        return numpy.full(shape, 0.01, dtype=dtype)

    inputs = [(array(M, K), array(K, C), array(C, K - 1), array(M, C)) for M, K, C in made.inputs]  # dx without the 1
    weights = [(array(M, K), array(M, C)) for M, K, C in made.weights]
    forward = list(_over_time(array, made.loop))
    back = list(_over_time(array, [(M, C, K) for M, K, C in made.loop]))

    def products() -> None:
        for x, W, _, _ in inputs:
            numpy.matmul(x, W)
        for operand, U, out in forward:
            numpy.matmul(operand, U, out=out)
        for da, U_T, out in back:
            numpy.matmul(da, U_T, out=out)
        for operand, da in weights:
            numpy.matmul(operand.T, da)
        for x, _, W_T, da in inputs:
            numpy.matmul(x.T, da)
            numpy.matmul(da, W_T)

    return products


def _over_time(array: Callable[..., Array], loop: list[Product]) -> Iterator[tuple[Array, Array, Array]]:
    """Operand, weight and place for the result: the weight is that of all steps, the operand that of one."""
    rows: Counter[tuple[int, int]] = Counter()
    for M, K, C in loop:
        rows[K, C] += M
    operands = {shape: array(count, shape[0]) for shape, count in rows.items()}
    weights = {shape: array(*shape) for shape in rows}
    results = {(M, C): array(M, C) for M, _, C in loop}
    done: Counter[tuple[int, int]] = Counter()
    for M, K, C in loop:
        first = done[K, C]
        done[K, C] += M
        yield operands[K, C][first : first + M], weights[K, C], results[M, C]
