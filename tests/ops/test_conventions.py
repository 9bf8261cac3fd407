"""What finite differences cannot say: ties and kinks, masks, extremes, empty arrays, and second opinions."""

from __future__ import annotations

import itertools
from typing import Any

import numpy
import pytest

from minigate import ops
from minigate.errors import DTypeError, GradientUndefinedError, OptionError, ShapeError
from minigate.tensor import Tensor, grad
from tests.conftest import Backend


def leaf(backend: Backend, value: Any, dtype: str = "float64") -> Tensor:
    return Tensor(backend.to(numpy.array(value, dtype=dtype)), requires_grad=True)


def slope(y: Tensor, x: Tensor) -> Any:
    return grad(y.sum(), x).numpy().tolist()


# ---- ties and kinks --------------------------------------------------------------------------


def test_ties_share_the_gradient(backend: Backend) -> None:
    x = leaf(backend, [[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]])
    third = 1 / 3
    assert slope(ops.max(x, axis=1), x) == [[0.0, 0.5, 0.5], [third, third, third]]
    assert slope(ops.min(x, axis=1), x) == [[1.0, 0.0, 0.0], [third, third, third]]
    assert slope(ops.max(x), x) == [[0.0, 0.5, 0.5], [0.0, 0.0, 0.0]]
    a, b = leaf(backend, [1.0, 2.0, 3.0]), leaf(backend, [2.0, 2.0, 2.0])
    assert slope(ops.maximum(a, b), a) == [0.0, 0.5, 1.0] and slope(ops.maximum(a, b), b) == [1.0, 0.5, 0.0]
    assert slope(ops.minimum(a, b), a) == [1.0, 0.5, 0.0] and slope(ops.minimum(a, b), b) == [0.0, 0.5, 1.0]


def test_pooling_shares_ties_too_and_its_padding_never_wins(backend: Backend) -> None:
    x = leaf(backend, [[[[1.0, 1.0], [0.0, 1.0]]]])
    assert slope(ops.max_pool2d(x, 2), x)[0][0] == [[1 / 3, 1 / 3], [0.0, 1 / 3]]
    negative = leaf(backend, -numpy.ones((1, 1, 2, 2)))
    assert backend.host(ops.max_pool2d(negative, 2, 1, 1)).max() == -1.0


def test_slopes_at_kinks_are_the_documented_ones(backend: Backend) -> None:
    x = leaf(backend, [-1.0, 0.0, 1.0])
    assert slope(ops.relu(x), x) == [0.0, 0.0, 1.0]
    assert slope(ops.abs(x), x) == [-1.0, 0.0, 1.0]
    assert slope(ops.clip(x, -1.0, 0.0), x) == [1.0, 1.0, 0.0]
    assert slope(ops.sign(x), x) == [0.0, 0.0, 0.0]
    assert slope(ops.clip(x), x) == [1.0, 1.0, 1.0]


def test_powers_at_zero(backend: Backend) -> None:
    x = leaf(backend, [0.0, 2.0])
    assert slope(x**0, x) == [0.0, 0.0] and slope(x**1, x) == [1.0, 1.0] and slope(x**2, x) == [0.0, 4.0]
    b = leaf(backend, [0.0, 3.0])
    assert slope(x**b, x) == [0.0, 12.0]
    assert slope(x**b, b) == [0.0, pytest.approx(8 * numpy.log(2))]
    y = x**2
    for expected in ([0.0, 4.0], [2.0, 2.0], [0.0, 0.0]):
        y = grad(y.sum(), x, create_graph=True, unused="zero")
        assert backend.host(y).tolist() == expected


# ---- extremes --------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nothing_overflows(backend: Backend, dtype: str) -> None:
    x = leaf(backend, [-1e4, -100.0, 0.0, 100.0, 1e4], dtype)
    s = ops.sigmoid(x)
    assert backend.host(s).tolist() == pytest.approx([0, 0, 0.5, 1, 1], abs=1e-7)
    assert slope(s, x) == pytest.approx([0, 0, 0.25, 0, 0], abs=1e-7)
    p = ops.softplus(x)
    assert backend.host(p).tolist() == pytest.approx([0, 0, numpy.log(2), 100, 1e4], rel=1e-6, abs=1e-30)
    assert slope(p, x) == pytest.approx([0, 0, 0.5, 1, 1], abs=1e-7)
    logits = leaf(backend, [[-1e4, 0.0, 1e4], [1e4, 1e4, 1e4]], dtype)
    assert backend.host(ops.softmax(logits))[0].tolist() == [0.0, 0.0, 1.0]
    assert backend.host(ops.log_softmax(logits))[0].tolist() == [-2e4, -1e4, 0.0]
    loss = ops.softmax_cross_entropy(logits, backend.to([0, 1]))
    assert loss.item() == pytest.approx((2e4 + numpy.log(3)) / 2)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0)])
def test_empty_arrays(backend: Backend, shape: tuple[int, ...]) -> None:
    x = leaf(backend, numpy.zeros(shape))
    y = ops.sigmoid(ops.tanh(x * 2.0 + 1.0)).sum() + ops.softmax(x).sum() + ops.log_softmax(x).sum()
    y = y + ops.concat([x, x]).sum() + ops.stack([x, x]).sum() + x.reshape(-1).sum() + x[:0].sum()
    y.backward()
    assert x.grad is not None and x.grad.shape == shape
    for name in ("mean", "max", "min"):
        with pytest.raises(ShapeError, match=f"{name}: the {name} of nothing is not defined"):
            getattr(ops, name)(x)


@pytest.mark.parametrize(
    ("a", "b"), [((3, 0), (0, 2)), ((2, 3, 0), (0, 2)), ((2, 0, 4), (4, 2)), ((0,), (0, 2)), ((2, 3, 4), (4, 0))]
)
def test_empty_products_are_zeros(backend: Backend, a: tuple[int, ...], b: tuple[int, ...]) -> None:
    x, w = leaf(backend, numpy.zeros(a)), leaf(backend, numpy.zeros(b))
    y = x @ w
    assert y.shape == (*a[:-1], b[1]) and not backend.host(y).any()
    dx, dw = grad(y.sum(), [x, w])
    assert (dx.shape, dw.shape) == (a, b)


# ---- look-up and cross-entropy ---------------------------------------------------------------


def test_embedding_is_the_product_with_one_hot(backend: Backend, rng: numpy.random.Generator) -> None:
    tokens = rng.integers(0, 5, (4, 3))
    table, weights = leaf(backend, rng.standard_normal((5, 2))), rng.standard_normal((4, 3, 2))
    one_hot = backend.to(numpy.eye(5)[tokens])
    looked_up, multiplied = ops.embedding(table, backend.to(tokens)), ops.matmul(one_hot, table)
    numpy.testing.assert_allclose(backend.host(looked_up), backend.host(multiplied))
    one = grad(looked_up, table, backend.to(weights))
    other = grad(multiplied, table, backend.to(weights))
    numpy.testing.assert_allclose(backend.host(one), backend.host(other), rtol=1e-12)


@pytest.mark.parametrize("tokens", [[0, 5], [-1, 2]])
def test_tokens_outside_of_the_table(backend: Backend, tokens: list[int]) -> None:
    table = leaf(backend, numpy.zeros((5, 2)))
    with pytest.raises(OptionError, match=rf"tokens outside of the table: expected 0 … 4 \(K=5\), got {min(tokens)}"):
        ops.embedding(table, backend.to(tokens))
    with pytest.raises(DTypeError, match=r"tokens\.astype\('int64'\)"):
        ops.embedding(table, backend.to([0.0, 1.0]))


def test_cross_entropy_is_the_mean_over_valid_positions(backend: Backend, rng: numpy.random.Generator) -> None:
    logits, targets = rng.standard_normal((4, 3, 5)), rng.integers(0, 5, (4, 3))
    mask = rng.random((4, 3)) < 0.6
    p = numpy.exp(logits) / numpy.exp(logits).sum(-1, keepdims=True)
    surprise = -numpy.log(numpy.take_along_axis(p, targets[..., None], -1)[..., 0])
    x = leaf(backend, logits)
    assert ops.softmax_cross_entropy(x, backend.to(targets)).item() == pytest.approx(surprise.mean())
    loss = ops.softmax_cross_entropy(x, backend.to(targets), mask=backend.to(mask))
    assert loss.item() == pytest.approx(surprise[mask].mean())
    expected = (p - numpy.eye(5)[targets]) * mask[..., None] / mask.sum()
    numpy.testing.assert_allclose(backend.host(grad(loss, x)), expected, atol=1e-15)


def test_what_stands_under_the_mask_changes_nothing(backend: Backend, rng: numpy.random.Generator) -> None:
    logits, targets, mask = rng.standard_normal((2, 3)), numpy.array([1, 2]), numpy.array([True, False])
    clean = leaf(backend, logits)
    logits[1], targets[1] = numpy.nan, -1
    dirty = leaf(backend, logits)
    for order in range(2):
        results = []
        for x, t in ((clean, [1, 2]), (dirty, targets)):
            loss = ops.softmax_cross_entropy(x, backend.to(t), backend.to(mask))
            g = grad(loss, x, create_graph=True)
            results.append(backend.host(g if order == 0 else grad((g * g).sum(), x)))
        numpy.testing.assert_array_equal(results[0], results[1])
        assert not results[1][1].any()


def test_cross_entropy_refuses_what_has_no_meaning(backend: Backend) -> None:
    logits = leaf(backend, numpy.zeros((2, 3, 5)))
    targets, nothing = backend.to(numpy.zeros((2, 3), "int64")), backend.to(numpy.zeros((2, 3), bool))
    with pytest.raises(GradientUndefinedError, match="mask False everywhere"):
        ops.softmax_cross_entropy(logits, targets, nothing)
    with pytest.raises(GradientUndefinedError, match="no valid position"):
        ops.softmax_cross_entropy(logits[:0], targets[:0])
    with pytest.raises(ShapeError, match=r"targets\.argmax\(axis=-1\)"):
        ops.softmax_cross_entropy(logits, backend.to(numpy.zeros((2, 3, 5), "int64")))
    with pytest.raises(ShapeError, match=r"mask of another shape.*mask \(2, 3\)"):
        ops.softmax_cross_entropy(logits, targets, nothing[0])
    with pytest.raises(DTypeError, match=r"mask\.astype\(bool\)"):
        ops.softmax_cross_entropy(logits, targets, targets)
    with pytest.raises(DTypeError, match="targets are numbers of rows"):
        ops.softmax_cross_entropy(logits, backend.to(numpy.zeros((2, 3))))
    with pytest.raises(OptionError, match="targets outside of the table"):
        ops.softmax_cross_entropy(logits, targets + 5)


def test_a_nan_that_where_does_not_choose_changes_nothing(backend: Backend) -> None:
    x = leaf(backend, [1.0, numpy.nan])
    mask = backend.to([True, False])
    y = ops.where(mask, x, 0.0)
    assert backend.host(y).tolist() == [1.0, 0.0]
    assert slope(y * y, x) == [2.0, 0.0]


# ---- second opinions -------------------------------------------------------------------------


@pytest.mark.parametrize(("stride", "padding"), [((1, 1), (0, 0)), ((2, 1), (1, 2)), ((2, 3), (0, 1))])
def test_convolution_and_pooling_are_their_definitions(
    stride: tuple[int, int], padding: tuple[int, int], backend: Backend, rng: numpy.random.Generator
) -> None:
    (N, C, Y, X), (K, ky, kx) = (2, 3, 5, 6), (4, 3, 3)
    x, w = rng.standard_normal((N, C, Y, X)), rng.standard_normal((K, C, ky, kx))
    around = numpy.pad(x, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2))
    walled = numpy.pad(x, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2), constant_values=-numpy.inf)
    rows, columns = ((n + 2 * p - k) // s + 1 for n, p, k, s in zip((Y, X), padding, (ky, kx), stride, strict=True))
    out, pooled = numpy.zeros((N, K, rows, columns)), numpy.zeros((N, C, rows, columns))
    for n, y, z in itertools.product(range(N), range(rows), range(columns)):
        window = (n, slice(None), slice(y * stride[0], y * stride[0] + ky), slice(z * stride[1], z * stride[1] + kx))
        for k in range(K):
            out[n, k, y, z] = (around[window] * w[k]).sum()
        pooled[n, :, y, z] = walled[window].max(axis=(1, 2))
    found = ops.conv2d(backend.to(x), backend.to(w), stride=stride, padding=padding)
    numpy.testing.assert_allclose(backend.host(found), out, atol=1e-12)
    found = ops.max_pool2d(backend.to(x), (ky, kx), stride, padding)
    numpy.testing.assert_array_equal(backend.host(found), pooled)


def test_convolution_of_one_pixel_is_a_matrix_product(backend: Backend, rng: numpy.random.Generator) -> None:
    x, w = rng.standard_normal((2, 3, 4, 5)), rng.standard_normal((6, 3))
    found = ops.conv2d(backend.to(x), backend.to(w[:, :, None, None]))
    numpy.testing.assert_allclose(backend.host(found), numpy.einsum("kc,ncyx->nkyx", w, x), atol=1e-13)


def test_windows_that_do_not_fit(backend: Backend) -> None:
    x = leaf(backend, numpy.zeros((1, 2, 4, 4)))
    with pytest.raises(ShapeError, match=r"x\.transpose\(0, 3, 1, 2\)"):
        ops.conv2d(x, leaf(backend, numpy.zeros((1, 3, 2, 2))))
    with pytest.raises(ShapeError, match=r"Y and X of at least \(5, 5\)"):
        ops.conv2d(x, leaf(backend, numpy.zeros((1, 2, 5, 5))))
    with pytest.raises(ShapeError, match=r"x\[None, None\]"):
        ops.max_pool2d(x[0, 0], 2)
    with pytest.raises(OptionError, match="windows would lie in the padding alone"):
        ops.max_pool2d(x, 2, padding=2)
    for option in ({"stride": 0}, {"padding": -1}, {"stride": (1, 2, 3)}):
        with pytest.raises(OptionError, match="one or two integers"):
            ops.conv2d(x, leaf(backend, numpy.zeros((1, 2, 2, 2))), **option)


def test_duplicate_indices_accumulate(backend: Backend) -> None:
    x = leaf(backend, [1.0, 2.0, 3.0])
    index = backend.to([2, 0, 2, 2])
    assert slope(x[index], x) == [1.0, 0.0, 3.0]
    assert slope(x[index] * x[index], x) == [2.0, 0.0, 18.0]


def test_an_index_that_points_outside_is_an_error_on_every_library(backend: Backend) -> None:
    x = leaf(backend, [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    columns = backend.to([0, 3])
    for index, axis in ((columns, 0), ((slice(None), columns), 1), ((..., columns), 1), ((None, 0, columns), 1)):
        with pytest.raises(ShapeError, match=rf"an index points outside.* along axis {axis}.*got 0 … 3"):
            x[index]
    with pytest.raises(ShapeError, match="got -3 … 0"):
        x[backend.to([-3, 0])]
    assert x[..., backend.to([-3, 2])].numpy().tolist() == [[1.0, 3.0], [4.0, 6.0]]
    assert x[[]].shape == (0, 3)


def test_a_condition_may_be_one_truth_value(backend: Backend) -> None:
    x = leaf(backend, [1.0, 2.0])
    assert ops.where(True, x, 0.0).numpy().tolist() == [1.0, 2.0]
    assert slope(ops.where(False, x, 2.0 * x), x) == [2.0, 2.0]


def test_indexing_gives_a_view_or_a_copy_as_the_array_does(backend: Backend) -> None:
    x = Tensor(backend.to([[1.0, 2.0], [3.0, 4.0]]))
    part, copied = x[:, 1], x[backend.to([0, 1])]
    x[0, 1] = 9.0
    assert backend.host(part).tolist() == [9.0, 4.0] and backend.host(copied).tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_splitting_undoes_joining(backend: Backend, rng: numpy.random.Generator) -> None:
    x = backend.to(rng.standard_normal((4, 6)))
    for sizes, axis in ((3, 1), ([1, 2, 3], 1), ([4, 0], 0), (2, -1)):
        parts = ops.split(x, sizes, axis)
        numpy.testing.assert_array_equal(backend.host(ops.concat(parts, axis)), backend.host(x))
    numpy.testing.assert_array_equal(backend.host(ops.stack(ops.unstack(x, 1), 1)), backend.host(x))
    for wrong in (4, [1, 2], [7, -1], 0):
        with pytest.raises(ShapeError, match="split: the pieces do not add up"):
            ops.split(x, wrong, 1)


def test_a_stack_of_rows_times_a_matrix_is_one_product(rng: numpy.random.Generator) -> None:
    x, w = Tensor(rng.standard_normal((5, 3, 4)), requires_grad=True), Tensor(rng.standard_normal((4, 2)), True)
    numpy.testing.assert_allclose((x @ w).data, x.data @ w.data)
    loss = (x @ w).sum()
    dx, dw = grad(loss, [x, w])
    assert dw.shape == (4, 2) and dx.shape == (5, 3, 4)


def test_inputs_are_never_modified(rng: numpy.random.Generator) -> None:
    x = rng.standard_normal((3, 4))
    before = x.copy()
    for f in (ops.softmax, ops.log_softmax, ops.sigmoid, ops.softplus, lambda a: ops.sum_to(a, (3, 4))):
        y = f(x)
        assert not numpy.shares_memory(y.data, x) or f not in (ops.softmax, ops.log_softmax)
        numpy.testing.assert_array_equal(x, before)
