"""A whole computation as one node: what it is given, what it may return, and where it ends."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from minigate import ops
from minigate.errors import DTypeError, GraphFreedError, SecondDerivativeError, ShapeError
from minigate.tensor import Tensor, by_hand, grad, no_grad
from tests.conftest import Backend


def product(x: Tensor, w: Tensor, calls: list[Any] | None = None) -> list[Tensor]:
    """x·w and x + w, with the backward pass by hand."""

    def backward(douts: list[Any]) -> list[Any]:
        if calls is not None:
            calls.append(douts)
        dproduct, dsum = douts
        dx, dw = 0.0 * x.data, 0.0 * w.data
        if dproduct is not None:
            dx, dw = dx + dproduct * w.data, dw + dproduct * x.data
        if dsum is not None:
            dx, dw = dx + dsum, dw + dsum
        return [dx, dw]

    return by_hand("product", [x, w], [x.data * w.data, x.data + w.data], backward, composed="x * w, x + w")


@pytest.mark.parametrize("used", ["both", "product", "sum"])
def test_it_agrees_with_ops(used: str, backend: Backend) -> None:
    hosts = numpy.array([1.0, 2.0]), numpy.array([3.0, 4.0])
    results = []
    for fast in (True, False):
        x, w = (Tensor(backend.to(host), requires_grad=True) for host in hosts)
        p, s = product(ops.tanh(x), w) if fast else (ops.tanh(x) * w, ops.tanh(x) + w)
        y = {"both": p * s, "product": p * 2.0, "sum": s * s}[used].sum()
        y.backward()
        assert x.grad is not None and w.grad is not None
        results.append((backend.host(x.grad), backend.host(w.grad)))
    for one, other in zip(*results, strict=True):
        numpy.testing.assert_allclose(one, other, rtol=1e-14)


def test_backward_is_called_once_with_none_for_what_nothing_flowed_to() -> None:
    calls: list[Any] = []
    x, w = Tensor([1.0], requires_grad=True), Tensor([2.0], requires_grad=True)
    p, s = product(x, w, calls)
    (p * p + p).sum().backward()
    assert len(calls) == 1 and calls[0][1] is None and calls[0][0].tolist() == [5.0]
    p, s = product(x, w, calls)
    (p * s).sum().backward()
    assert len(calls) == 2 and [d.tolist() for d in calls[1]] == [[3.0], [2.0]]


def test_constants_come_out_where_no_gradient_is_wanted() -> None:
    calls: list[Any] = []
    x, w = Tensor([1.0], requires_grad=True), Tensor([2.0], requires_grad=True)
    with no_grad():
        p, s = product(x, w, calls)
    assert not p.requires_grad and not s.requires_grad
    p, s = product(x.detach(), w.detach(), calls)
    assert not p.requires_grad


def test_integer_outputs_and_inputs_are_constants() -> None:
    x, steps = Tensor([1.0], requires_grad=True), Tensor([3])
    y, n = by_hand("count", [x, steps], [x.data * 2, steps.data + 1], lambda d: [d[0] * 2, None], composed="")
    assert y.requires_grad and not n.requires_grad
    y.sum().backward()
    assert x.grad is not None and x.grad.data.tolist() == [2.0]


def test_the_second_derivative_is_refused_and_says_what_to_type() -> None:
    x, w = Tensor([1.0], requires_grad=True), Tensor([2.0], requires_grad=True)
    p, _ = product(x, w)
    with pytest.raises(SecondDerivativeError, match=r"type: x \* w, x \+ w: the composed way"):
        grad(p.sum(), x, create_graph=True)


def test_it_is_freed_like_everything_else() -> None:
    x, w = Tensor([1.0], requires_grad=True), Tensor([2.0], requires_grad=True)
    p, s = product(x, w)
    p.sum().backward()
    with pytest.raises(GraphFreedError, match="backward through product"):
        s.sum().backward()


@pytest.mark.parametrize(
    ("returned", "error", "text"),
    [
        ([numpy.ones(1)], ShapeError, "another number of gradients: expected 2, one for each input"),
        ([numpy.ones(2), None], ShapeError, r"gradient of 'x': wrong shape: expected \(1,\), got \(2,\)"),
        ([1.0, None], ShapeError, r"gradient of 'x': wrong shape: expected \(1,\), got float"),
        ([numpy.ones(1, "float64"), None], DTypeError, "gradient of 'x': wrong dtype: expected float32, got float64"),
    ],
)
def test_gradients_that_cannot_be_right(returned: Any, error: type[Exception], text: str) -> None:
    x, w = Tensor([1.0], requires_grad=True, name="x"), Tensor([2.0], requires_grad=True)
    (y,) = by_hand("odd", [x, w], [x.data], lambda douts: returned, composed="")
    with pytest.raises(error, match=text):
        y.sum().backward()
    assert x.grad is None


def test_none_is_no_gradient_and_unwanted_gradients_are_dropped() -> None:
    x, c = Tensor([1.0], requires_grad=True), Tensor([2.0])
    (y,) = by_hand("odd", [x, c], [x.data], lambda douts: [None, numpy.ones(7)], composed="")
    y.sum().backward()
    assert x.grad is None and c.grad is None


def test_what_is_returned_is_copied_before_anyone_keeps_it() -> None:
    buffer = numpy.ones(2)
    x = Tensor(numpy.zeros(2), requires_grad=True)
    (y,) = by_hand("buffered", [x], [x.data + 1], lambda douts: [buffer], composed="")
    y.sum().backward()
    assert x.grad is not None and not numpy.shares_memory(x.grad.data, buffer)
