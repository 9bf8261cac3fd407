"""Defining an operation: the recipe, what the tape keeps for it, and slips that are caught."""

from __future__ import annotations

import inspect
import time
from typing import Any

import hypothesis.extra.numpy as shapes
import numpy
import pytest
from hypothesis import given

from minigate import ops
from minigate.errors import DeviceMixError, DTypeError, ShapeError, TensorModifiedError
from minigate.tensor import Tensor, grad, op
from minigate.tensor.record import OpNode
from minigate.tensor.tape import Outline
from tests.conftest import Backend


def leaf(value: object) -> Tensor:
    return Tensor(numpy.array(value, dtype="float64"), requires_grad=True)


def test_six_lines_make_an_operation(backend: Backend) -> None:
    @op()
    def cube(xp: Any, a: Any) -> Any:
        return a * a * a

    @cube.rule("a", needs="a")
    def _(dout: Tensor, out: Any, a: Tensor) -> Tensor:
        return dout * (3.0 * a * a)

    x = Tensor(backend.to([1.0, 2.0]), requires_grad=True)
    first = grad(cube(x).sum(), x, create_graph=True)
    second = grad(first.sum(), x, create_graph=True)
    third = grad(second.sum(), x)
    assert [backend.host(g).tolist() for g in (first, second, third)] == [[3.0, 12.0], [6.0, 12.0], [6.0, 6.0]]
    assert repr(cube) == "<op cube(a)>" and cube.__name__ == "cube"
    assert list(inspect.signature(ops.sum).parameters) == ["a", "axis", "keepdims"]


def test_a_value_that_was_not_declared_is_not_there() -> None:
    @op()
    def square(xp: Any, a: Any) -> Any:
        return a * a

    @square.rule("a")
    def _(dout: Tensor, out: Any, a: Any) -> Tensor:
        return dout * 2.0 * a

    with pytest.raises(TensorModifiedError, match='needs="b"'):
        square(leaf([1.0])).sum().backward()


def test_the_tape_keeps_what_rules_need_and_nothing_else() -> None:
    x, w, c = leaf([1.0, 2.0]), leaf([3.0, 4.0]), Tensor(numpy.ones(2))

    def kept(y: Tensor) -> list[bool]:
        node = y._node
        assert isinstance(node, OpNode) and node.inputs is not None
        return [isinstance(value, Tensor) for value in node.inputs] + [node.out is not None]

    assert kept(x + w) == [False, False, False]
    assert kept(x * w) == [True, True, False]
    assert kept(x * c) == [False, True, False]
    assert kept(c * x) == [True, False, False]
    assert kept(x / c) == [False, True, False]
    assert kept(c / x) == [False, True, True]
    assert kept(ops.tanh(x)) == [False, True]
    assert kept(ops.log(x)) == [True, False]
    assert kept(x.sum()) == [False, False]
    assert kept(ops.concat([x, w])) == [False, False, False]


def test_a_rule_sees_shape_and_type_of_what_was_not_kept() -> None:
    outline = (leaf(numpy.ones((2, 3))).sum())._node.inputs[0]  # type: ignore[union-attr, index]
    assert isinstance(outline, Outline)
    assert (outline.shape, outline.ndim, outline.size, outline.dtype) == ((2, 3), 2, 6, numpy.float64)


def test_a_gradient_of_the_wrong_shape_names_the_operation_and_the_operand() -> None:
    @op()
    def scale(xp: Any, a: Any, b: Any) -> Any:
        return a * b

    @scale.rule("b", needs="a")
    def _(dout: Tensor, out: Any, a: Tensor, b: Any) -> Tensor:
        return dout * a

    b = leaf(2.0)
    b.name = "b"
    with pytest.raises(ShapeError, match=r"backward of scale: the rule for 'b'.*expected \(\), got \(3,\)"):
        scale(numpy.ones(3), b).sum().backward()

    @op()
    def join(xp: Any, *parts: Any) -> Any:
        return xp.concatenate(parts)

    @join.rules
    def _(dout: Tensor, out: Any, *parts: Any) -> list[Tensor]:
        return [dout]

    with pytest.raises(ShapeError, match="backward of join: the rules returned another number of gradients"):
        join([leaf([1.0]), leaf([2.0])]).sum().backward()


def test_a_rule_must_not_edit_the_gradient_it_is_given() -> None:
    @op()
    def double(xp: Any, a: Any) -> Any:
        return a * 2

    @double.rule("a")
    def _(dout: Tensor, out: Any, a: Any) -> Tensor:
        dout *= 2.0
        return dout

    with pytest.raises(TensorModifiedError, match=r"backward of double: a rule edited dout(.|\n)*dout = dout \* …"):
        double(leaf([1.0])).backward(numpy.ones(1))


def test_a_rule_may_be_added_later() -> None:
    @op()
    def product(xp: Any, a: Any, b: Any) -> Any:
        return a * b

    @product.rule("a", needs="b")
    def _(dout: Tensor, out: Any, a: Any, b: Any) -> Tensor:
        return dout * b

    a, b = leaf([2.0]), leaf([3.0])
    product(a, b).sum().backward()

    @product.rule("b", needs="a")
    def _(dout: Tensor, out: Any, a: Any, b: Any) -> Tensor:
        return dout * a

    product(a, b).sum().backward()
    assert a.grad is not None and b.grad is not None
    assert (a.grad.item(), b.grad.item()) == (6.0, 2.0)


def test_an_operand_without_a_rule_is_a_constant() -> None:
    @op()
    def switch(xp: Any, a: Any, gate: Any) -> Any:
        return a * gate

    @switch.rule("a", needs="gate")
    def _(dout: Tensor, out: Any, a: Any, gate: Any) -> Tensor:
        return dout * gate

    x, gate = leaf([1.0, 2.0]), leaf([0.0, 1.0])
    assert not switch(x.detach(), gate).requires_grad
    switch(x, gate).sum().backward()
    assert x.grad is not None and x.grad.data.tolist() == [0.0, 1.0] and gate.grad is None


def test_operands_and_options_by_position_and_by_name() -> None:
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    assert ops.sum(x, 0, True).shape == ops.sum(a=x, axis=0, keepdims=True).shape == (1, 2)
    assert ops.subtract(x, b=1.0).data.tolist() == ops.subtract(b=1.0, a=x).data.tolist()
    with pytest.raises(TypeError, match=r"subtract\(\) needs a, b; b is missing"):
        ops.subtract(x)
    with pytest.raises(TypeError, match=r"sum\(\) takes a, axis, keepdims; got 4 values"):
        ops.sum(x, 0, True, 1)
    with pytest.raises(TypeError, match="axes"):
        ops.sum(x, axes=0)
    with pytest.raises(ShapeError, match="concat: nothing to put together"):
        ops.concat([])


def test_numbers_alone_become_arrays_of_the_default_dtype() -> None:
    y = ops.exp(0.0)
    assert isinstance(y, Tensor) and y.dtype == numpy.float32 and y.item() == 1.0


def test_arrays_are_taken_as_constants_and_left_alone(backend: Backend) -> None:
    a = backend.to([1.0, 2.0])
    y = ops.multiply(a, a)
    assert isinstance(y, Tensor) and not y.requires_grad and type(y.data) is type(a)
    x = Tensor(a, requires_grad=True)
    (x * a).sum().backward()
    assert x.grad is not None and backend.host(x.grad).tolist() == [1.0, 2.0]


def test_two_libraries_do_not_mix() -> None:
    from tests.strict_double import strict_xp

    x = leaf([1.0, 2.0])
    for call in (lambda b: x + b, lambda b: ops.concat([x, b]), lambda b: ops.where(b > 0, x, 0.0)):
        with pytest.raises(DeviceMixError):
            call(strict_xp.ones(2))


def test_what_leaves_the_floats_leaves_the_tape() -> None:
    x = leaf([1.0, 2.0])
    assert not ops.cast(x, "int64").requires_grad
    with pytest.raises(DTypeError):
        ops.cast(x, "int64").requires_grad = True


def test_several_results_of_which_not_all_are_used() -> None:
    x = leaf(numpy.arange(6.0))
    a, b, c = ops.split(x, 3)
    (b * b).sum().backward()
    assert x.grad is not None and x.grad.data.tolist() == [0.0, 0.0, 4.0, 6.0, 0.0, 0.0]


@given(shapes.mutually_broadcastable_shapes(num_shapes=3, max_dims=4, max_side=4, min_side=0))
def test_the_gradient_of_what_was_broadcast_is_summed(drawn: Any) -> None:
    """Against the definition: broadcast by hand first, so that nothing is left to the engine, and sum by hand."""
    rng = numpy.random.default_rng(len(str(drawn)))
    hosts = [rng.uniform(0.5, 2.0, shape) for shape in drawn.input_shapes]
    weights = rng.standard_normal(drawn.result_shape)
    tensors = [Tensor(host, requires_grad=True) for host in hosts]
    a, b, c = tensors
    y = (a + b * c) / (c - 3.0 * a) - ops.maximum(a, b)
    assert y.shape == drawn.result_shape
    found = grad(y, tensors, weights)
    whole = [Tensor(numpy.broadcast_to(host, drawn.result_shape).copy(), requires_grad=True) for host in hosts]
    a, b, c = whole
    expected = grad((a + b * c) / (c - 3.0 * a) - ops.maximum(a, b), whole, weights)
    for host, one, other in zip(hosts, found, expected, strict=True):
        assert one.shape == host.shape
        total = other.data
        total = total.sum(axis=tuple(range(total.ndim - host.ndim)))
        axes = tuple(i for i, n in enumerate(host.shape) if n == 1 and total.shape[i] != 1)
        numpy.testing.assert_allclose(one.data, total.sum(axis=axes, keepdims=True), rtol=1e-9, atol=1e-12)


def test_recording_costs_microseconds() -> None:
    """A guard against accidents, not a measurement: the bound is ten times what it takes."""
    a, b = leaf(numpy.ones((3, 4))), leaf(numpy.ones((3, 4)))
    best = min(_seconds(lambda: ops.multiply(a, b), 1000) for _ in range(5))
    assert best < 40e-6


def _seconds(f: Any, times: int) -> float:
    start = time.process_time()
    for _ in range(times):
        f()
    return (time.process_time() - start) / times
