"""Every operation against finite differences, to the second order, on every array library.

The catalogue names every operation that :mod:`minigate.ops` exports; a test holds it complete, so an
operation that is added without a line here fails.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import pytest

from minigate import ops
from minigate.tensor import Op, Tensor, grad
from tests.conftest import Backend


@dataclass
class Case:
    """One way to call an operation: the operands that are differentiated, and how."""

    name: str
    shapes: Sequence[tuple[int, ...]]
    call: Callable[..., Any]
    low: float = -2.0
    high: float = 2.0
    smooth: bool = True  # has a second derivative worth comparing
    gap: float = 0.0  # keep all numbers this far from 0 and from each other (kinks, ties)

    def operands(self, rng: numpy.random.Generator) -> list[numpy.ndarray]:
        """Random operands in float64."""
        arrays = []
        for shape in self.shapes:
            x = rng.uniform(self.low, self.high, shape)
            if self.gap:
                size = int(numpy.prod(shape))
                steps = rng.permutation(size) - (size - 1) / 2 + 0.25
                x = (steps * self.gap * 2 + rng.uniform(-0.1, 0.1, size) * self.gap).reshape(shape)
            arrays.append(x)
        return arrays

    def outputs(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """Run it; operations with many results give them all."""
        out = self.call(*tensors)
        return list(out) if isinstance(out, list) else [out]


A, B, ROW, COLUMN, NONE = (3, 4), (2, 3, 4), (4,), (3, 1), ()
TOKENS = numpy.array([[0, 2, 2], [4, 0, 2]])
CONDITION = numpy.array([[True, False, True, True], [False, False, True, False], [True, True, False, True]])
MASK = numpy.array([[True, True, False], [True, False, False]])
PICK = numpy.array([2, 0, 2, 2])


def _at(x: Tensor, host: numpy.ndarray) -> Any:
    """A constant array in the library of x."""
    from minigate import backend

    return backend.asarray(host, like=x)


CASES = [
    Case("add", [A, ROW], ops.add),
    Case("add", [COLUMN, ROW], ops.add),
    Case("subtract", [ROW, B], ops.subtract),
    Case("multiply", [A, COLUMN], ops.multiply),
    Case("multiply", [A], lambda a: ops.multiply(a, a)),
    Case("multiply", [A, NONE], ops.multiply),
    Case("divide", [A, ROW], ops.divide, low=0.5),
    Case("divide", [A], lambda a: ops.divide(2.0, a), low=0.5),
    Case("negative", [A], ops.negative),
    Case("power", [A], lambda a: ops.power(a, 3)),
    Case("power", [A], lambda a: ops.power(a, -1.5), low=0.5),
    Case("power", [A, ROW], ops.power, low=0.5),
    Case("power", [A], lambda a: ops.power(2.0, a)),
    Case("matmul", [(3, 4), (4, 2)], ops.matmul),
    Case("matmul", [(4,), (4,)], ops.matmul),
    Case("matmul", [(4,), (4, 2)], ops.matmul),
    Case("matmul", [(3, 4), (4,)], ops.matmul),
    Case("matmul", [(2, 3, 4), (4,)], ops.matmul),
    Case("matmul", [(4,), (2, 4, 3)], ops.matmul),
    Case("matmul", [(2, 3, 4), (4, 2)], ops.matmul),
    Case("matmul", [(3, 4), (2, 4, 2)], ops.matmul),
    Case("matmul", [(2, 1, 3, 4), (5, 4, 2)], ops.matmul),
    Case("tanh", [A], ops.tanh),
    Case("sigmoid", [A], ops.sigmoid),
    Case("exp", [A], ops.exp),
    Case("log", [A], ops.log, low=0.5),
    Case("sqrt", [A], ops.sqrt, low=0.5),
    Case("relu", [A], ops.relu, gap=0.1, smooth=False),
    Case("softplus", [A], ops.softplus),
    Case("abs", [A], ops.abs, gap=0.1, smooth=False),
    Case("sign", [A], ops.sign, gap=0.1, smooth=False),
    Case("cast", [A], lambda a: ops.cast(a, "float64")),
    Case("copy", [A], ops.copy),
    Case("where", [A, ROW], lambda a, b: ops.where(_at(a, CONDITION), a * a, b * b)),
    Case("where", [COLUMN], lambda a: ops.where(_at(a, CONDITION), a * a, 0.0)),
    Case("maximum", [A, ROW], ops.maximum, smooth=False),
    Case("minimum", [A, ROW], ops.minimum, smooth=False),
    Case("maximum", [A], lambda a: ops.maximum(0.3, a), gap=0.1, smooth=False),
    Case("clip", [A], lambda a: ops.clip(a, -0.5, 0.55), gap=0.1, smooth=False),
    Case("clip", [A], lambda a: ops.clip(a, high=0.55), gap=0.1, smooth=False),
    Case("sum", [B], ops.sum),
    Case("sum", [B], lambda a: ops.sum(a, 1)),
    Case("sum", [B], lambda a: ops.sum(a, (0, -1))),
    Case("sum", [B], lambda a: ops.sum(a, axis=-1, keepdims=True)),
    Case("mean", [B], ops.mean),
    Case("mean", [B], lambda a: ops.mean(a, (0, 2), keepdims=True)),
    Case("mean", [B], lambda a: ops.mean(a, -2)),
    Case("max", [B], ops.max, gap=0.1, smooth=False),
    Case("max", [B], lambda a: ops.max(a, (0, 2)), gap=0.1, smooth=False),
    Case("min", [B], lambda a: ops.min(a, 1), gap=0.1, smooth=False),
    Case("min", [B], lambda a: ops.min(a, -1, keepdims=True), gap=0.1, smooth=False),
    Case("reshape", [B], lambda a: ops.reshape(a, (4, -1))),
    Case("transpose", [B], ops.transpose),
    Case("transpose", [B], lambda a: ops.transpose(a, (1, -1, 0))),
    Case("swapaxes", [B], lambda a: ops.swapaxes(a, 0, -1)),
    Case("flip", [B], ops.flip),
    Case("flip", [B], lambda a: ops.flip(a, (0, 2))),
    Case("pad", [A], lambda a: ops.pad(a, ((1, 0), (0, 2)), value=3.0)),
    Case("pad", [A], lambda a: ops.pad(a, 1)),
    Case("pad", [A], lambda a: ops.pad(a, (0, 2))),
    Case("concat", [(3, 1), (3, 4), (3, 2)], lambda *parts: ops.concat(parts, axis=1)),
    Case("concat", [(2, 3), (1, 3)], lambda a, b: ops.concat([a, b, a])),
    Case("stack", [A, A], lambda a, b: ops.stack([a, b], axis=1)),
    Case("stack", [A, A], lambda a, b: ops.stack([a, b], axis=-1)),
    Case("split", [B], lambda a: ops.split(a, 2, axis=-1)),
    Case("split", [B], lambda a: ops.split(a, [1, 0, 2], axis=1)),
    Case("unstack", [B], ops.unstack),
    Case("unstack", [B], lambda a: ops.unstack(a, -1)),
    Case("broadcast_to", [COLUMN], lambda a: ops.broadcast_to(a, (2, 3, 4))),
    Case("expand_dims", [A], lambda a: ops.expand_dims(a, (0, -1))),
    Case("squeeze", [(1, 3, 1)], ops.squeeze),
    Case("squeeze", [(1, 3, 1)], lambda a: ops.squeeze(a, -1)),
    Case("sum_to", [B], lambda a: ops.sum_to(a, (3, 1))),
    Case("getitem", [B], lambda a: ops.getitem(a, 1)),
    Case("getitem", [B], lambda a: ops.getitem(a, (slice(None), slice(None, None, -2), None, -1))),
    Case("getitem", [B], lambda a: ops.getitem(a, (..., slice(1, 3)))),
    Case("getitem", [(3, 4)], lambda a: ops.getitem(a, _at(a, PICK))),
    Case("getitem", [(3, 4)], lambda a: ops.getitem(a, [0, 2, 2])),
    Case("getitem", [(3, 4)], lambda a: ops.getitem(a, (_at(a, PICK), _at(a, numpy.array([1, 1, 3, 1]))))),
    Case("getitem", [(3, 4)], lambda a: ops.getitem(a, _at(a, CONDITION))),
    Case("getitem", [(3, 4)], lambda a: ops.getitem(a, (slice(None), _at(a, PICK)))),
    Case("scatter", [(4, 2)], lambda a: ops.scatter(a, _at(a, PICK), (3, 2))),
    Case("scatter", [(2, 4)], lambda a: ops.scatter(a, slice(1, 3), (4, 4))),
    Case("embedding", [(5, 2)], lambda table: ops.embedding(table, _at(table, TOKENS))),
    Case("sum_rows", [(2, 3, 4)], lambda a: ops.sum_rows(a, _at(a, TOKENS), rows=6)),
    Case("softmax", [B], ops.softmax),
    Case("softmax", [B], lambda a: ops.softmax(a, axis=0)),
    Case("log_softmax", [B], ops.log_softmax),
    Case("log_softmax", [B], lambda a: ops.log_softmax(a, 1)),
    Case("softmax_cross_entropy", [(2, 3, 5)], lambda a: ops.softmax_cross_entropy(a, _at(a, TOKENS))),
    Case("softmax_cross_entropy", [(2, 3, 5)], lambda a: ops.softmax_cross_entropy(a, _at(a, TOKENS), _at(a, MASK))),
    Case("patches", [(2, 2, 5, 4)], lambda a: ops.patches(a, (3, 2), stride=(2, 1), padding=(1, 0))),
    Case("overlap_add", [(1, 2, 3, 2, 2, 3)], lambda a: ops.overlap_add(a, (1, 2, 5, 4), (2, 1))),
    Case("conv2d", [(2, 3, 5, 4), (2, 3, 3, 2)], ops.conv2d),
    Case("conv2d", [(2, 1, 5, 5), (3, 1, 3, 3)], lambda x, w: ops.conv2d(x, w, stride=2, padding=1)),
    Case("conv2d", [(1, 2, 4, 6), (2, 2, 2, 3)], lambda x, w: ops.conv2d(x, w, stride=(1, 2), padding=(0, 2))),
    Case("max_pool2d", [(2, 2, 5, 4)], lambda x: ops.max_pool2d(x, 2), gap=0.1, smooth=False),
    Case("max_pool2d", [(1, 2, 5, 4)], lambda x: ops.max_pool2d(x, (3, 2), 1, (1, 0)), gap=0.1, smooth=False),
]
IDS = [f"{case.name}-{i}" for i, case in enumerate(CASES)]


def test_every_operation_is_in_the_catalogue() -> None:
    assert {case.name for case in CASES} == set(ops.__all__)
    assert all(isinstance(getattr(ops, name), Op) for name in ops.__all__ if name != "getitem")


def weigh(outputs: Sequence[Any], cotangents: Sequence[numpy.ndarray]) -> float:
    """Σ cotangent · output: one number whose derivative is what backward must return."""
    return float(sum((numpy.asarray(y) * dy).sum() for y, dy in zip(outputs, cotangents, strict=True)))


def numeric(f: Callable[[], float], x: numpy.ndarray, h: float = 1e-5) -> numpy.ndarray:
    """The derivative of f by every element of x, which f reads, by central differences."""
    slope = numpy.zeros_like(x)
    for place in numpy.ndindex(x.shape):
        value = x[place]
        x[place] = value + h
        above = f()
        x[place] = value - h
        slope[place] = (above - f()) / (2 * h)
        x[place] = value
    return slope


def gradients(
    case: Case, backend: Backend, arrays: Sequence[numpy.ndarray], cotangents: Sequence[numpy.ndarray]
) -> list[numpy.ndarray]:
    """The gradients of all operands, on the host."""
    tensors = [Tensor(backend.to(x), requires_grad=True) for x in arrays]
    outputs = case.outputs(tensors)
    found = grad(outputs, tensors, [backend.to(dy) for dy in cotangents])
    return [backend.host(g) for g in found]


def forward(case: Case, arrays: Sequence[numpy.ndarray]) -> list[numpy.ndarray]:
    return [y.numpy() for y in case.outputs([Tensor(x) for x in arrays])]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_first_order(case: Case, backend: Backend, rng: numpy.random.Generator) -> None:
    arrays = case.operands(rng)
    cotangents = [rng.standard_normal(y.shape) for y in forward(case, arrays)]
    found = gradients(case, backend, arrays, cotangents)
    for x, g in zip(arrays, found, strict=True):
        expected = numeric(lambda: weigh(forward(case, arrays), cotangents), x)
        assert g.dtype == x.dtype
        numpy.testing.assert_allclose(g, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("case", [case for case in CASES if case.smooth], ids=lambda case: case.name)
def test_second_order(case: Case, backend: Backend, rng: numpy.random.Generator) -> None:
    """The gradient of the gradient, by the operands and by the cotangents, against differences of the gradient."""
    arrays = case.operands(rng)
    cotangents = [rng.standard_normal(y.shape) for y in forward(case, arrays)]
    directions = [rng.standard_normal(x.shape) for x in arrays]

    tensors = [Tensor(backend.to(x), requires_grad=True) for x in arrays]
    douts = [Tensor(backend.to(dy), requires_grad=True) for dy in cotangents]
    first = grad(case.outputs(tensors), tensors, douts, create_graph=True)
    live = [(g, v) for g, v in zip(first, directions, strict=True) if g.requires_grad]
    second = grad([g for g, _ in live], [*tensors, *douts], [backend.to(v) for _, v in live], unused="zero")

    def along() -> float:
        host = Backend("numpy", numpy)
        return weigh(gradients(case, host, arrays, cotangents), directions)

    for x, g in zip([*arrays, *cotangents], second, strict=True):
        numpy.testing.assert_allclose(backend.host(g), numeric(along, x), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("case", [case for case in CASES if case.name != "cast"], ids=lambda case: case.name)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype_is_kept(case: Case, dtype: str, backend: Backend, rng: numpy.random.Generator) -> None:
    tensors = [Tensor(backend.to(x.astype(dtype)), requires_grad=True) for x in case.operands(rng)]
    outputs = case.outputs(tensors)
    assert {str(y.dtype) for y in outputs} == {dtype}
    found = grad(outputs, tensors, [backend.to(rng.standard_normal(y.shape).astype(dtype)) for y in outputs])
    assert {str(g.dtype) for g in found} == {dtype}


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_read_only_and_non_contiguous_operands_are_left_alone(case: Case, rng: numpy.random.Generator) -> None:
    arrays = case.operands(rng)
    cotangents = [rng.standard_normal(y.shape) for y in forward(case, arrays)]
    expected = gradients(case, Backend("numpy", numpy), arrays, cotangents)
    strange = []
    for x in arrays:
        roomy = numpy.full((*(2 * n for n in x.shape),), numpy.nan)
        view = roomy[(..., *(slice(None, None, 2) for _ in x.shape))]
        view = view[..., ::-1] if x.ndim else view
        view[...] = x
        view.flags.writeable = False
        strange.append(view)
    tensors = [Tensor(x, requires_grad=True) for x in strange]
    outputs = case.outputs(tensors)
    frozen = [dy.copy() for dy in cotangents]
    for dy in frozen:
        dy.flags.writeable = False
    found = grad(outputs, tensors, frozen)
    for g, right in zip(found, expected, strict=True):
        numpy.testing.assert_allclose(g.numpy(), right, rtol=1e-12, atol=1e-14)
        assert g.data.flags.writeable
        assert not any(numpy.shares_memory(g.data, other) for other in [*frozen, *strange])
    for x, view in zip(arrays, strange, strict=True):
        numpy.testing.assert_array_equal(x, view)


@pytest.mark.parametrize("seed", range(3))
def test_any_memory_layout_of_intermediate_arrays(seed: int, rng: numpy.random.Generator) -> None:
    from tests.strict_double import random_strides, strict_xp

    strict = Backend("strict", strict_xp)
    for case in CASES:
        arrays = case.operands(rng)
        cotangents = [rng.standard_normal(y.shape) for y in forward(case, arrays)]
        expected = gradients(case, Backend("numpy", numpy), arrays, cotangents)
        with random_strides(seed):
            found = gradients(case, strict, arrays, cotangents)
        for g, right in zip(found, expected, strict=True):
            numpy.testing.assert_allclose(g, right, rtol=1e-10, atol=1e-12, err_msg=case.name)
