"""Where a backward pass cannot begin: a cotangent that does not fit, or no tape to go back along."""

from __future__ import annotations

import numpy
import pytest

from minigate.errors import (
    DeviceMixError,
    DTypeError,
    GradientUndefinedError,
    ShapeError,
)
from minigate.tensor import Tensor, grad, no_grad
from tests.conftest import Backend


def leaf(value: object, name: str | None = None, dtype: str = "float64") -> Tensor:
    return Tensor(numpy.array(value, dtype=dtype), requires_grad=True, name=name)


def test_cotangents_that_do_not_fit_are_refused(backend: Backend) -> None:
    x = Tensor(backend.to([[1.0, 2.0]]), requires_grad=True)
    y = x * 2.0
    with pytest.raises(GradientUndefinedError, match="many numbers have no gradient without a cotangent"):
        y.backward()
    with pytest.raises(ShapeError, match=r"expected \(1, 2\), the shape of y, got \(2,\)"):
        y.backward(backend.to([1.0, 2.0]))
    with pytest.raises(DTypeError, match="expected float64, the dtype of y, got float32"):
        y.backward(backend.to([[1.0, 2.0]], dtype="float32"))
    with pytest.raises(ShapeError, match="one cotangent for each y"):
        grad([y, y], x, [backend.to([[1.0, 2.0]])])
    y.backward([[1.0, 2.0]])
    assert x.grad is not None and backend.host(x.grad).tolist() == [[2.0, 4.0]]


def test_a_cotangent_of_another_library_is_refused() -> None:
    from tests.strict_double import strict_xp

    x = Tensor(strict_xp.ones(2), requires_grad=True)
    with pytest.raises(DeviceMixError):
        (x * 2.0).backward(numpy.ones(2))


@pytest.mark.parametrize("cut", ["constant", "no_grad", "detach"])
def test_there_must_be_a_tape(cut: str) -> None:
    x = leaf([1.0])
    if cut == "constant":
        y = Tensor(numpy.ones(1)) * 2.0
    elif cut == "no_grad":
        with no_grad():
            y = x * 2.0
    else:
        y = (x * 2.0).detach()
    with pytest.raises(GradientUndefinedError, match="no tape to go back along"):
        y.backward()
    with pytest.raises(GradientUndefinedError, match="wants no gradient"):
        grad((x * 2.0).sum(), y)


def test_a_gradient_of_a_wider_operand_is_cast_to_the_narrow_one() -> None:
    narrow, wide = leaf([1.0], dtype="float32"), leaf([2.0])
    (narrow * wide).sum().backward()
    assert narrow.grad is not None and wide.grad is not None
    assert (narrow.grad.dtype, wide.grad.dtype) == (numpy.float32, numpy.float64)
    y = narrow * wide
    g = grad(y.sum(), narrow, create_graph=True)
    assert grad(g.sum(), wide).data.tolist() == [1.0]
