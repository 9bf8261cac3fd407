"""A Tensor as a Python object: numbers in and out, operators, copies, and how it meets NumPy."""

from __future__ import annotations

import copy

import numpy
import pytest

from minigate import ops
from minigate.backend import default_dtype
from minigate.errors import DTypeError, GradientUndefinedError, ShapeError
from minigate.module import Parameter
from minigate.tensor import Tensor, as_tensor, no_grad
from minigate.tensor.operators import Operators
from tests.conftest import Backend


def test_what_it_is_made_of(backend: Backend) -> None:
    array = backend.to([[1.0, 2.0, 3.0]], dtype="float32")
    t = Tensor(array, name="t")
    assert t.data is array
    assert (t.shape, t.ndim, t.size, len(t), str(t.dtype), t.name) == ((1, 3), 2, 3, 1, "float32", "t")
    assert not t.requires_grad and t.is_leaf and t.grad is None
    assert type(t.numpy()) is numpy.ndarray


def test_numbers_and_lists_take_the_default_dtype() -> None:
    assert Tensor(1.5).dtype == numpy.float32 and Tensor([1.0, 2.0]).dtype == numpy.float32
    with default_dtype("float64"):
        assert Tensor([1.0]).dtype == numpy.float64
    assert Tensor([1, 2]).dtype == numpy.int64 and Tensor([True]).dtype == numpy.bool_
    assert Tensor(numpy.array([1.0])).dtype == numpy.float64
    with pytest.raises(DTypeError, match="no array of numbers"):
        Tensor("text")


def test_only_floats_want_a_gradient() -> None:
    with pytest.raises(DTypeError, match="Python integers make an integer Tensor"):
        Tensor([1, 2], requires_grad=True)


def test_requires_grad_can_be_switched_on_a_leaf_only() -> None:
    t = Tensor([1.0])
    t.requires_grad = True
    y = t * 2.0
    with pytest.raises(GradientUndefinedError, match=r"t\.detach\(\)"):
        y.requires_grad = False
    y.requires_grad = True
    t.requires_grad = False
    assert not t.requires_grad and not (t * 2.0).requires_grad


def test_python_numbers_come_out() -> None:
    assert float(Tensor([2.5])) == 2.5 and int(Tensor(3)) == 3 and bool(Tensor([[True]]))
    assert Tensor(numpy.array([[4.0]])).item() == 4.0
    for convert in (float, int, bool):
        with pytest.raises(ShapeError, match="one number asked of many"):
            convert(Tensor([1.0, 2.0]))
    with pytest.raises(TypeError, match="one number"):
        len(Tensor(1.0))
    with pytest.raises(TypeError, match="one number"):
        iter(Tensor(1.0))


def test_walking_along_the_first_axis(backend: Backend) -> None:
    x = Tensor(backend.to(numpy.arange(6.0).reshape(3, 2)), requires_grad=True)
    rows = list(x)
    assert [backend.host(row).tolist() for row in rows] == [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
    (rows[0] * rows[2]).sum().backward()
    assert x.grad is not None and backend.host(x.grad).tolist() == [[4.0, 5.0], [0.0, 0.0], [0.0, 1.0]]


def test_operators_from_both_sides(backend: Backend) -> None:
    a = backend.to([[1.0, 2.0], [3.0, 4.0]])
    t, host = Tensor(a, requires_grad=True), numpy.array([[1.0, 2.0], [3.0, 4.0]])
    cases = [
        (t + 1, host + 1), (1 + t, 1 + host), (t - 1, host - 1), (1 - t, 1 - host), (t * 3, host * 3),
        (3 * t, 3 * host), (t / 2, host / 2), (2 / t, 2 / host), (t**2, host**2), (2**t, 2**host), (-t, -host),
        (+t, host), (abs(-t), host), (t @ t, host @ host), (a @ t, host @ host), (t @ a, host @ host),
        (a + t, host + host), (a - t, host - host), (a * t, host * host), (a / t, host / host), (t.T, host.T),
    ]  # fmt: skip
    for found, expected in cases:
        assert isinstance(found, Tensor) and found.requires_grad
        numpy.testing.assert_allclose(backend.host(found), expected)


def test_scalars_of_numpy_do_not_widen() -> None:
    t = Tensor(numpy.ones(2, dtype="float32"))
    for number in (numpy.float64(2.0), numpy.sqrt(2.0), numpy.int64(2), 2.0, 2, True):
        assert (t * number).dtype == numpy.float32 and (number * t).dtype == numpy.float32
        assert isinstance(number * t, Tensor)


def test_comparisons_are_plain_arrays(backend: Backend) -> None:
    t = Tensor(backend.to([1.0, 2.0, 3.0]), requires_grad=True)
    for found, expected in [
        (t > 2, [False, False, True]), (t >= 2, [False, True, True]), (t < 2.0, [True, False, False]),
        (t <= t, [True, True, True]), (t == 2, [False, True, False]), (t != t.data, [False, False, False]),
        (2 < t, [False, False, True]),
    ]:  # fmt: skip
        assert type(found) is type(t.data)
        assert backend.host(found).tolist() == expected


def test_it_can_be_a_key() -> None:
    a, b = Tensor([1.0]), Tensor([1.0])
    assert len({a, b}) == 2 and {a: "a"}[a] == "a"


def test_reading_methods() -> None:
    t = Tensor(numpy.arange(6.0).reshape(1, 2, 3), requires_grad=True)
    assert t.reshape(3, 2).shape == t.reshape((3, 2)).shape == (3, 2)
    assert t.transpose().shape == (3, 2, 1) and t.transpose(1, 0, 2).shape == t.transpose((1, 0, 2)).shape == (2, 1, 3)
    assert t.swapaxes(0, 2).shape == (3, 2, 1) and t.squeeze(0).shape == t.squeeze().shape == (2, 3)
    assert t.sum().item() == 15.0 and t.mean(axis=2).shape == (1, 2) and t.max(-1, keepdims=True).shape == (1, 2, 1)
    assert t.min().item() == 0.0 and t.astype("float32").dtype == numpy.float32
    for name in ("tanh", "sigmoid", "exp", "copy"):
        numpy.testing.assert_array_equal(getattr(t, name)().data, getattr(ops, name)(t).data)
    assert (t + 1.0).log().requires_grad


def test_every_operator_that_is_promised_is_registered() -> None:
    promised = [name for name in Operators.__dict__ if name.startswith("__") and name in OPERATORS]
    assert sorted(promised) == sorted(OPERATORS)
    for name in METHODS:
        assert name in Operators.__dict__, name


OPERATORS = [f"__{side}{name}__" for name in "add sub mul truediv pow matmul".split() for side in ("", "r")]
OPERATORS += [f"__{name}__" for name in "neg pos abs getitem iter lt le gt ge eq ne".split()]
METHODS = "sum mean max min reshape transpose swapaxes squeeze sum_to tanh sigmoid exp log astype copy T".split()


def test_numpy_functions_do_not_leave_the_tape_unnoticed() -> None:
    t = Tensor([1.0], requires_grad=True)
    with pytest.raises(TypeError, match="__array_ufunc__"):
        numpy.tanh(t)
    with pytest.raises(GradientUndefinedError, match=r"mg\.ops\.tanh\(t\)"):
        numpy.asarray(t)
    constant = numpy.asarray(t.detach())
    assert constant.dtype == numpy.float32 and constant.tolist() == [1.0]


def test_what_is_no_operand_is_refused() -> None:
    t = Tensor([1.0])
    with pytest.raises(DTypeError, match="add: not an operand"):
        t + "text"
    with pytest.raises(DTypeError, match=r"mg\.ops\.stack\(tensors\)"):
        t + [1.0]


def test_detach_shares_memory_and_drops_history() -> None:
    t = Tensor([1.0, 2.0], requires_grad=True, name="t")
    y = t * 2.0
    d = y.detach()
    assert d.data is y.data and not d.requires_grad
    assert t.detach().name == "t" and Tensor(t).data is t.data


def test_as_tensor() -> None:
    t = Tensor([1.0])
    assert as_tensor(t) is t and isinstance(as_tensor([1.0]), Tensor)


def test_results_under_no_grad_are_constants() -> None:
    t = Tensor([1.0], requires_grad=True)

    @no_grad()
    def f() -> Tensor:
        return t * 2.0

    outer = no_grad()
    with outer, outer:
        assert not (t * 2.0).requires_grad
    assert not f().requires_grad and (t * 2.0).requires_grad


def test_other_threads_keep_their_tape() -> None:
    import threading

    t = Tensor([1.0], requires_grad=True)
    found: list[bool] = []
    with no_grad():
        thread = threading.Thread(target=lambda: found.append((t * 2.0).requires_grad))
        thread.start()
        thread.join()
    assert found == [True]


@pytest.mark.parametrize("kind", [Tensor, Parameter])
def test_copies(kind: type[Tensor]) -> None:
    t = Parameter(numpy.array([1.0, 2.0]), name="w") if kind is Parameter else Tensor([1.0, 2.0], True, "w")
    (t * 2.0).sum().backward()
    deep, shallow = copy.deepcopy(t), copy.copy(t)
    assert type(deep) is kind and deep.requires_grad and deep.name == "w"
    assert not numpy.shares_memory(deep.data, t.data) and shallow.data is t.data
    assert deep.grad is not None and t.grad is not None and deep.grad is not t.grad
    t.zero_grad()
    (deep * 3.0).sum().backward()
    assert t.grad is None and deep.grad.data.tolist() == [5.0, 5.0]
    twice = copy.deepcopy([t, t])
    assert twice[0] is twice[1]
    with pytest.raises(GradientUndefinedError, match="copied with its history"):
        copy.deepcopy(t * 2.0)


def test_repr() -> None:
    t = Tensor([1.0, 2.0], requires_grad=True, name="w")
    assert repr(t) == "Tensor([1. 2.], dtype=float32, name='w', requires_grad=True)"
    assert repr(ops.tanh(t * 0.0)) == "Tensor([0. 0.], dtype=float32, from=tanh)"
    assert repr(Tensor(numpy.zeros((20, 20)))) == "Tensor(array of shape (20, 20), dtype=float64)"
