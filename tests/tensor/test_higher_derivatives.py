"""Derivatives of derivatives: the rules are written in operations, so the tape can record them too."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from minigate import ops
from minigate.tensor import Tensor, grad, is_grad_enabled, op


def leaf(value: object, name: str | None = None, dtype: str = "float64") -> Tensor:
    return Tensor(numpy.array(value, dtype=dtype), requires_grad=True, name=name)


def test_derivatives_of_any_order() -> None:
    a = leaf(0.7)
    d: list[Tensor] = [ops.tanh(a)]
    for _ in range(3):
        d.append(grad(d[-1], a, create_graph=True))
    t = numpy.tanh(0.7)
    s = 1 - t * t
    expected = [t, s, -2 * t * s, -2 * s * s + 4 * t * t * s]
    numpy.testing.assert_allclose([float(value) for value in d], expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("f", "third"),
    [
        (ops.exp, lambda x: numpy.exp(x)),
        (ops.log, lambda x: 2 / x**3),
        (ops.sqrt, lambda x: 3 / 8 * x**-2.5),
        (lambda x: x**5, lambda x: 60 * x**2),
        (lambda x: 1.0 / x, lambda x: -6 / x**4),
        (lambda x: 2.0**x, lambda x: numpy.log(2) ** 3 * 2**x),
        (lambda x: x * x * x * x, lambda x: 24 * x),
        (lambda x: ops.softplus(x), lambda x: (s := 1 / (1 + numpy.exp(-x))) * (1 - s) * (1 - 2 * s)),
    ],
)
def test_third_derivatives(f: object, third: object) -> None:
    x = leaf([0.6, 1.3, 2.0])
    y = f(x)  # type: ignore[operator]
    for _ in range(3):
        y = grad(y.sum(), x, create_graph=True)
    numpy.testing.assert_allclose(y.data, third(x.data), rtol=1e-10)  # type: ignore[operator]


def test_a_hessian_is_symmetric() -> None:
    rng = numpy.random.default_rng(0)
    x, w = leaf(rng.standard_normal((3, 4))), leaf(rng.standard_normal((4, 2)))
    y = ops.softmax(ops.tanh(x @ w))[:, 0].sum()
    gx, gw = grad(y, [x, w], create_graph=True)
    u, v = rng.standard_normal(x.shape), rng.standard_normal(w.shape)
    one = grad((gx * u).sum(), w, retain_graph=True).data
    other = grad((gw * v).sum(), x).data
    assert (one * v).sum() == pytest.approx((other * u).sum(), rel=1e-12)


def test_create_graph_puts_the_gradient_itself_on_the_tape() -> None:
    x = leaf([2.0])
    (x * x * x).sum().backward(create_graph=True)
    assert x.grad is not None
    x2, x.grad = x.grad, None
    x2.sum().backward()
    assert x.grad is not None and x.grad.data.tolist() == [12.0]


def test_the_rules_of_a_first_order_pass_leave_no_tape() -> None:
    x = leaf([2.0])
    g = grad((x * x).sum(), x)
    assert not g.requires_grad

    @op()
    def watched(xp: Any, a: Any) -> Any:
        return a + 0.0

    seen: list[bool] = []

    @watched.rule("a")
    def _(dout: Tensor, out: Any, a: Any) -> Tensor:
        seen.append(is_grad_enabled())
        return dout * 1.0

    grad(watched(x).sum(), x)
    grad(watched(x).sum(), x, create_graph=True)
    assert seen == [False, True] and is_grad_enabled()
