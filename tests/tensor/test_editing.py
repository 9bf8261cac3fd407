"""Edits in place: which are allowed, and which edits the backward pass must notice."""

from __future__ import annotations

from collections.abc import Callable

import numpy
import pytest

from minigate import ops
from minigate.errors import DeviceMixError, ShapeError, TensorModifiedError
from minigate.tensor import Tensor, by_hand, grad, no_grad
from tests.conftest import Backend


def use(_: Tensor) -> None:
    """Drop what an in-place operator returns."""


EDITS: dict[str, Callable[[Tensor], None]] = {
    "assign": lambda t: t.assign(t.data * 2),
    "setitem": lambda t: t.__setitem__(0, 7.0),
    "iadd": lambda t: use(t.__iadd__(1.0)),
    "isub": lambda t: use(t.__isub__(t.detach())),
    "imul": lambda t: use(t.__imul__(2.0)),
    "itruediv": lambda t: use(t.__itruediv__(2.0)),
    "data -=": lambda t: setattr(t, "data", t.data.__isub__(1.0)),
    "data =": lambda t: setattr(t, "data", t.data + 1.0),
}


def leaf(backend: Backend, value: object = (1.0, 2.0), name: str | None = None) -> Tensor:
    return Tensor(backend.to(value), requires_grad=True, name=name)


@pytest.fixture(params=EDITS)
def edit(request: pytest.FixtureRequest) -> Callable[[Tensor], None]:
    """One way to edit a Tensor with two elements, as an optimiser may."""

    def quietly(t: Tensor) -> None:
        with no_grad():
            EDITS[request.param](t)

    return quietly


def test_an_operand_that_a_rule_needs(backend: Backend, edit: Callable[[Tensor], None]) -> None:
    x, w = leaf(backend, name="x"), leaf(backend, name="w")
    y = (x * w).sum()
    edit(w)
    with pytest.raises(TensorModifiedError, match=r"backward of multiply: 'w', shape \(2,\), was edited"):
        y.backward()
    assert x.grad is None and w.grad is None


def test_a_result_that_a_rule_needs(backend: Backend, edit: Callable[[Tensor], None]) -> None:
    x = leaf(backend)
    h = ops.tanh(x)
    y = h.sum()
    edit(h)
    with pytest.raises(TensorModifiedError, match="backward of tanh: the result"):
        y.backward()


def test_a_constant_that_a_rule_needs(backend: Backend, edit: Callable[[Tensor], None]) -> None:
    x, c = leaf(backend), Tensor(backend.to([1.0, 2.0]))
    y = (x * c).sum()
    edit(c)
    with pytest.raises(TensorModifiedError, match="operand 1"):
        y.backward()


def test_what_no_rule_needs_may_be_edited(backend: Backend, edit: Callable[[Tensor], None]) -> None:
    x, w = leaf(backend), leaf(backend)
    h = x + w
    t = ops.tanh(x)
    y = (h + t).sum()
    edit(h)
    edit(w)
    edit(x)  # tanh needs its result, not its operand
    y.backward()
    expected = 2 - numpy.tanh([1.0, 2.0]) ** 2
    assert x.grad is not None
    numpy.testing.assert_allclose(backend.host(x.grad), expected)


def test_an_operand_is_needed_only_for_the_others_gradient(backend: Backend, edit: Callable[[Tensor], None]) -> None:
    x, c = leaf(backend), Tensor(backend.to([3.0, 4.0]))
    y = (x * c).sum()
    edit(x)  # dx = dout · c; nobody wants dc
    y.backward()
    assert x.grad is not None and backend.host(x.grad).tolist() == [3.0, 4.0]
    x, w = leaf(backend), leaf(backend)
    y = (x * w).sum()
    edit(w)
    assert backend.host(grad(y, w)).tolist() == [1.0, 2.0], "dw = dout · x needs x only"


def test_a_view_is_edited_with_its_base(backend: Backend, edit: Callable[[Tensor], None]) -> None:
    x = Tensor(backend.to([1.0, 2.0]))
    w = leaf(backend, [[1.0], [2.0]])
    for view in (x.reshape(2, 1), x[:, None], ops.expand_dims(x, -1), x.detach().reshape(2, 1), x[::-1][:, None]):
        y = (w * view).sum()
        edit(x)
        with pytest.raises(TensorModifiedError):
            y.backward()


def test_a_slice_is_edited_with_its_base_and_the_base_with_the_slice() -> None:
    x = Tensor(numpy.array([1.0, 2.0, 3.0]))
    w = Tensor(numpy.array([1.0, 2.0]), requires_grad=True)
    y = (w * x[1:]).sum()
    x += 1.0
    with pytest.raises(TensorModifiedError):
        y.backward()
    y = (w[0] * x).sum()
    part = x[1:]
    part[0] = 9.0
    assert x.data[1] == 9.0
    with pytest.raises(TensorModifiedError):
        y.backward()


def test_what_a_handwritten_pass_has_taken_or_given(backend: Backend, edit: Callable[[Tensor], None]) -> None:
    for edited in ("input", "output"):
        x = leaf(backend, name="x")
        (y,) = by_hand("twice", [x], [x.data * 2], lambda douts: [douts[0] * 2], composed="")
        loss = y.sum()
        edit(x if edited == "input" else y)
        with pytest.raises(TensorModifiedError, match="'x'" if edited == "input" else "output 0"):
            loss.backward()


def test_an_edit_before_the_forward_pass_is_no_edit(backend: Backend, edit: Callable[[Tensor], None]) -> None:
    x, w = leaf(backend), leaf(backend)
    for _ in range(3):
        edit(w)
        h = ops.tanh(x * w).sum()
        h.backward()
    assert w.grad is not None


def test_an_optimisers_step_between_two_uses_of_one_graph(backend: Backend) -> None:
    w = leaf(backend, name="w")
    loss = (w * w).sum()
    loss.backward(retain_graph=True)
    assert w.grad is not None
    w.assign(w.data - 0.1 * w.grad.data)
    with pytest.raises(TensorModifiedError, match="'w'.*edited.*once|'w'.*1 time"):
        loss.backward()


def test_on_the_tape_an_edit_is_an_error_that_says_what_to_write(backend: Backend) -> None:
    w = leaf(backend, name="w")
    h = w * 2.0
    for t in (w, h):
        with pytest.raises(TensorModifiedError, match=r"type: t = t \+ v"):
            t += 1.0
        with pytest.raises(TensorModifiedError, match=r"mg\.ops\.stack\(parts\)"):
            t[0] = 1.0
    constant = Tensor(backend.to([1.0, 2.0]))
    with pytest.raises(TensorModifiedError, match="a constant, with a value that is on the tape"):
        constant[0] = h[0]
    with pytest.raises(TensorModifiedError):
        constant *= h
    constant[0] = 5.0
    constant[Tensor(backend.to([False, True]))] = 6.0
    constant += Tensor(backend.to([1.0, 1.0]))
    assert backend.host(constant).tolist() == [6.0, 7.0]


def test_edits_that_do_not_fit() -> None:
    t = Tensor(numpy.ones((2, 3)), name="t")
    with pytest.raises(ShapeError, match=r"Tensor 't': assigned another shape: expected \(2, 3\), got \(3, 2\)"):
        t.assign(numpy.ones((3, 2)))
    with pytest.raises(ShapeError, match="data of another shape"):
        t.data = numpy.ones(6)
    from tests.strict_double import strict_xp

    with pytest.raises(DeviceMixError):
        t.assign(strict_xp.ones((2, 3)))
    with pytest.raises(TensorModifiedError, match=r"mg\.Tensor\(t\.data\.copy\(\)\)"):
        Tensor(numpy.broadcast_to(1.0, (2, 3))).assign(numpy.ones((2, 3)))


def test_a_broadcast_array_is_not_written_to(backend: Backend) -> None:
    shown_twice = backend.xp.broadcast_to(backend.to([[1.0], [2.0]]), (2, 3))
    t = Tensor(shown_twice)
    with pytest.raises(TensorModifiedError, match=r"read-only\s+likely slip: a broadcast array"):
        t[0, 1] = 5.0
    assert backend.host(shown_twice).tolist() == [[1.0] * 3, [2.0] * 3]


def test_assign_keeps_memory_and_dtype() -> None:
    array = numpy.zeros(2, dtype="float32")
    t = Tensor(array)
    t.assign(numpy.array([1.0, 2.0]))
    assert t.data is array and array.tolist() == [1.0, 2.0] and t.dtype == numpy.float32
    t.assign(Tensor([3.0, 4.0]))
    assert array.tolist() == [3.0, 4.0]


def test_an_integer_index_is_safe_from_later_edits() -> None:
    x = Tensor(numpy.arange(3.0), requires_grad=True)
    index = Tensor([0, 2])
    y = x[index].sum()
    index[0] = 1
    y.backward()
    assert x.grad is not None and x.grad.data.tolist() == [1.0, 0.0, 1.0]


def test_tokens_edited_between_forward_and_backward() -> None:
    table, tokens = Tensor(numpy.ones((3, 2)), requires_grad=True), Tensor([0, 1])
    y = ops.embedding(table, tokens).sum()
    tokens[0] = 2
    with pytest.raises(TensorModifiedError, match="backward of embedding"):
        y.backward()
