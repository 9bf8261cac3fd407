"""Finding the first value that is not finite: the operation, the line, and whose fault it was."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from minigate import ops
from minigate.errors import NonFiniteError, TensorModifiedError
from minigate.tensor import Tensor, by_hand, detect_anomaly, grad, op
from tests.conftest import Backend


def leaf(backend: Backend, value: Any, name: str | None = None) -> Tensor:
    return Tensor(backend.to(numpy.array(value, dtype="float64")), requires_grad=True, name=name)


def test_the_first_in_the_forward_pass_is_named_with_its_line(backend: Backend) -> None:
    x = leaf(backend, [[1.0, 0.5], [0.0, 2.0]], "x")
    with detect_anomaly(), pytest.raises(NonFiniteError) as caught:
        y = x * 2.0
        bad = ops.log(y)  # the line to be found
        (bad * 0.0).sum()
    text = str(caught.value)
    assert text.startswith("log, forward: the first value that is not finite is infinity at [1, 0] of the result")
    assert "1 of 4 not finite, shape (2, 2), float64" in text
    assert "slip: an argument that is 0 or negative" in text
    assert "test_anomaly.py, line" in text and "bad = ops.log(y)  # the line to be found" in text
    assert "operand 0: shape (2, 2), float64, min 0, max 4" in text


def test_who_only_passes_it_on_is_not_blamed(backend: Backend) -> None:
    x = leaf(backend, [1.0, numpy.nan], "x")
    with detect_anomaly(), pytest.raises(NonFiniteError) as caught:
        x * 2.0
    text = str(caught.value)
    assert "is NaN at [1]" in text and "'x' was not finite before: this operation only passes it on" in text
    assert "'x': shape (2,), float64, min 1, max 1, 1 not finite" in text


def test_a_nan_that_is_not_chosen_is_no_anomaly(backend: Backend) -> None:
    x = leaf(backend, [1.0, numpy.nan])
    with detect_anomaly():
        y = ops.where(backend.to([True, False]), x, 0.0)
        y.sum().backward()
    assert x.grad is not None and backend.host(x.grad).tolist() == [1.0, 0.0]


def test_the_first_in_the_backward_pass_is_named_with_the_line_of_its_forward(backend: Backend) -> None:
    x = leaf(backend, [4.0, 0.0], "x")
    with detect_anomaly(), pytest.raises(NonFiniteError) as caught:
        h = ops.sqrt(x)  # finite, but its slope at 0 is not
        (h * 3.0).sum().backward()
    text = str(caught.value)
    assert text.startswith("sqrt, backward: the first value that is not finite is infinity at [1] of the gradient")
    assert "h = ops.sqrt(x)  # finite, but its slope at 0 is not" in text
    assert "gradient of result 0: shape (2,), float64, min 3, max 3" in text
    assert "the result: shape (2,), float64, min 0, max 2" in text
    assert x.grad is None


def test_a_gradient_that_arrives_broken_blames_the_cotangent(backend: Backend) -> None:
    x = leaf(backend, [1.0])
    with detect_anomaly():
        y = ops.tanh(x)
        with pytest.raises(NonFiniteError, match="gradient of result 0 was not finite before"):
            y.backward(backend.to([numpy.inf]))


def test_handwritten_passes_are_looked_at(backend: Backend) -> None:
    x = leaf(backend, [1.0], "x")
    with detect_anomaly():
        with pytest.raises(NonFiniteError, match=r"layer, forward: .* of the result 1"):
            by_hand("layer", [x], [x.data, x.data / 0.0], lambda douts: [None], composed="")
        (y,) = by_hand("layer", [x], [x.data], lambda douts: [douts[0] * numpy.nan], composed="")
        with pytest.raises(NonFiniteError, match="layer, backward: .* gradient of 'x'"):
            y.sum().backward()


def test_edits_behind_the_tensors_back_are_found_by_checksum(backend: Backend) -> None:
    for edited in ("operand", "result", "constant", "by hand"):
        x = leaf(backend, [1.0, 2.0], "x")
        c = backend.to([3.0, 4.0])
        with detect_anomaly():
            if edited == "by hand":
                (y,) = by_hand("layer", [x], [x.data * 2], lambda douts: [douts[0] * 2], composed="")
            else:
                y = ops.tanh(x) if edited == "result" else x * c if edited == "constant" else ops.log(x)
            loss = y.sum()
            {"operand": x.data, "result": y.data, "constant": c, "by hand": x.data}[edited][0] = 0.5
            with pytest.raises(TensorModifiedError, match="was edited after the tape had taken note of it") as caught:
                loss.backward()
        assert "test_anomaly.py, line" in str(caught.value)


def test_outside_of_it_nothing_is_looked_at(backend: Backend) -> None:
    x = leaf(backend, [1.0])
    with detect_anomaly():
        pass
    with numpy.errstate(all="ignore"):
        ops.log(x * 0.0).sum().backward()
    assert x.grad is not None


def test_it_may_be_entered_twice_and_used_as_a_decorator(backend: Backend) -> None:
    x = leaf(backend, [0.0])
    watch = detect_anomaly()

    @detect_anomaly()
    def f() -> Tensor:
        return ops.log(x)

    with watch:
        with watch:
            pass
        with pytest.raises(NonFiniteError):
            ops.log(x)
    with pytest.raises(NonFiniteError):
        f()


def test_derivatives_of_derivatives_are_looked_at(backend: Backend) -> None:
    x = leaf(backend, [4.0, 0.0])
    with detect_anomaly():
        y = ops.power(x, 1.5)
        first = grad(y.sum(), x, create_graph=True)
        with pytest.raises(NonFiniteError, match="power, backward"):
            grad(first.sum(), x)


def test_operations_of_the_user_are_looked_at(backend: Backend) -> None:
    @op(slip="a gate that never closes")
    def gate(xp: Any, a: Any) -> Any:
        return a / 0.0

    with detect_anomaly(), pytest.raises(NonFiniteError, match=r"gate, forward(.|\n)*slip: a gate that never closes"):
        gate(leaf(backend, [1.0]))


def test_integers_and_empty_arrays_are_fine(backend: Backend) -> None:
    with detect_anomaly():
        ops.embedding(leaf(backend, [[1.0]]), backend.to(numpy.zeros((0,), "int64"))).sum().backward()
        ops.cast(leaf(backend, [1.0]), "int64")
