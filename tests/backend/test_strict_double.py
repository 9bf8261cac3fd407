"""The strict double raises where CuPy would: one line for each way a GPU mistake hides on the CPU."""

from __future__ import annotations

import copy
import math

import numpy
import pytest

from tests.strict_double import (
    MissingInCuPy,
    StrictArray,
    StrictError,
    count_syncs,
    random_strides,
    strict_xp,
    traffic,
)

xp = strict_xp


def strict(*shape: int, dtype: str = "float64") -> StrictArray:
    return xp.asarray(numpy.arange(math.prod(shape), dtype=dtype).reshape(shape))


HOST = numpy.ones((3, 4))

REFUSED = {
    "np.asarray": lambda x: numpy.asarray(x),
    "np.array of a list of them": lambda x: numpy.array([x, x]),
    "np.array of a list of numbers of it": lambda x: numpy.array(list(x[0])),
    "buffer protocol": lambda x: memoryview(x),
    "np.from_dlpack": lambda x: numpy.from_dlpack(x),
    "a NumPy ufunc": lambda x: numpy.tanh(x),
    "a NumPy function": lambda x: numpy.concatenate([x]),
    "a NumPy function by keyword": lambda x: numpy.sum(a=x),
    "strict + host": lambda x: x + HOST,
    "host + strict": lambda x: HOST + x,
    "host @ strict": lambda x: HOST.T @ x,
    "strict @ host": lambda x: x @ HOST.T,
    "host += strict": lambda x: HOST.copy().__iadd__(x) + 0,
    "host[:] = strict": lambda x: HOST.copy().__setitem__(slice(None), x),
    "host[strict]": lambda x: HOST[x],
    "strict += host": lambda x: x.__iadd__(HOST),
    "strict[:] = host": lambda x: x.__setitem__(slice(None), HOST),
    "strict[:] = list": lambda x: x.__setitem__(0, [1.0, 2.0, 3.0, 4.0]),
    "strict == host": lambda x: x == HOST,
    "strict < list": lambda x: x[0] < [1, 2, 3, 4],
    "a list in a ufunc": lambda x: xp.add(x, [1.0, 2.0, 3.0, 4.0]),
    "a host array in a ufunc": lambda x: xp.maximum(x, HOST),
    "a host array as out": lambda x: xp.tanh(x, out=HOST.copy()),
    "a host array in a function": lambda x: xp.sum(HOST),
    "a list in a function": lambda x: xp.sum([1.0, 2.0]),
    "a host array in concatenate": lambda x: xp.concatenate([x, HOST]),
    "a number in stack": lambda x: xp.stack([x[0, 0], 1.0]),
    "a host array in where": lambda x: xp.where(x > 1, x, HOST),
    "a host array in matmul": lambda x: xp.matmul(x, HOST.T),
    "a host array in einsum": lambda x: xp.einsum("ij,ij->i", x, HOST),
    "asarray of a list with one in it": lambda x: xp.asarray([0.0, x[0, 0]]),
    "a list as index": lambda x: x[[0, 1]],
    "a host array as index": lambda x: x[numpy.array([0, 1])],
    "a list within an index": lambda x: x[:, [0, 1]],
    "a strict number in a slice": lambda x: x[: xp.asarray(2)],
    "two boolean arrays as index": lambda x: x[xp.ones(3, dtype=bool), xp.ones(4, dtype=bool)],
    "a float array as index": lambda x: x[xp.ones(2)],
    "an index out of range": lambda x: x[xp.asarray([0, 3])],
    "an index out of range on the second axis": lambda x: x[:, xp.asarray([-5])],
    "an index out of range, in an assignment": lambda x: x.__setitem__(xp.asarray([7]), 0.0),
    "take out of range": lambda x: xp.take(x, xp.asarray([9]), axis=1),
    "an assignment that names a row twice": lambda x: x.__setitem__(xp.asarray([1, 1]), xp.zeros((2, 4))),
    "the same through a negative index": lambda x: x.__setitem__(xp.asarray([2, -1]), xp.zeros((2, 4))),
    "the same with two index arrays": lambda x: x.__setitem__(
        (xp.asarray([0, 0]), xp.asarray([1, 1])), xp.asarray([1.0, 2.0])
    ),
    "x[i] += v with i repeating": lambda x: exec("x[i] += 1.0", {"x": x, "i": xp.asarray([0, 0])}),
    "sum with initial=": lambda x: xp.sum(x, initial=1.0),
    "sum with where=": lambda x: xp.sum(x, where=x > 1),
    "a ufunc with where=": lambda x: xp.exp(x, where=x > 1),
    "maximum.reduce": lambda x: xp.maximum.reduce(x),
    "logical_and.accumulate": lambda x: xp.logical_and.accumulate(x),
    "maximum.at": lambda x: xp.maximum.at(x, xp.asarray([0]), 1.0),
    "add.at out of range": lambda x: xp.add.at(x, xp.asarray([3]), 1.0),
    "add.at on small integers": lambda x: xp.add.at(xp.zeros(3, dtype="int8"), xp.asarray([0]), 1),
    "an axis that is an array": lambda x: xp.sum(x, axis=xp.asarray(0)),
    "range of a strict number": lambda x: range(xp.asarray(3)),
    "objects": lambda x: xp.asarray([None, 1]),
    "text": lambda x: xp.asarray(["a"]),
    "long doubles": lambda x: xp.zeros(3, dtype=numpy.longdouble),
    "a negative float to unsigned": lambda x: (x - 5.0).astype("uint8"),
    "infinity to an integer": lambda x: (x / 0.0 if x.size == 0 else x * math.inf).astype("int64"),
    "hash": lambda x: hash(x),
    "fill with an array": lambda x: x.fill(x),
    "making one directly": lambda x: StrictArray((3, 4)),
}


@pytest.mark.parametrize("attempt", REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_refuses(attempt: object) -> None:
    with pytest.raises((TypeError, AttributeError, BufferError)):
        attempt(strict(3, 4))  # type: ignore[operator]


@pytest.mark.parametrize("name", ["errstate", "block", "insert", "vecdot", "nditer", "random", "geomspace", "float128"])
def test_functions_that_cupy_lacks_are_missing(name: str) -> None:
    with pytest.raises(MissingInCuPy):
        getattr(xp, name)


def test_a_missing_function_says_what_to_do_instead() -> None:
    with pytest.raises(MissingInCuPy, match="cannot overflow"):
        xp.errstate  # noqa: B018


@pytest.mark.parametrize("name", ["array_interface", "array_struct", "buffer", "dlpack", "index", "array_wrap"])
def test_no_protocol_leaks_the_host_array(name: str) -> None:
    assert not hasattr(strict(2), f"__{name}__")


@pytest.mark.parametrize("name", ["ctypes", "tostring", "resize", "newbyteorder", "setflags"])
def test_methods_that_cupy_lacks_are_missing(name: str) -> None:
    assert not hasattr(strict(2), name)


def test_flags_have_no_writeable() -> None:
    assert strict(3, 4).flags.c_contiguous and not hasattr(strict(3, 4).flags, "writeable")


WAITS = {
    "float": lambda x: float(x[0, 1]),
    "int": lambda x: int(x[0, 1]),
    "bool": lambda x: bool(x[0, 1] > 0),
    "if": lambda x: 1 if x.sum() > 0 else 0,
    "item": lambda x: x.sum().item(),
    "tolist": lambda x: x.tolist(),
    "asnumpy": lambda x: xp.asnumpy(x),
    "nonzero": lambda x: xp.nonzero(x),
    "unique": lambda x: xp.unique(x),
    "a boolean mask": lambda x: x[x > 3],
    "formatting": lambda x: f"{x.sum():.3f}",
    "math.sqrt": lambda x: math.sqrt(x[0, 1]),
    "in": lambda x: 0.0 in x[0],
}


@pytest.mark.parametrize("attempt", WAITS.values(), ids=WAITS.keys())
def test_counts_what_the_host_waits_for(attempt: object) -> None:
    with count_syncs() as waits:
        attempt(strict(3, 4))  # type: ignore[operator]
    assert len(waits) == 1, waits


def test_computing_does_not_wait() -> None:
    x = strict(3, 4)
    with count_syncs() as waits:
        y = xp.tanh(x @ x.T) + xp.where(x[:, :3] > 1, x[:, :3], 0.0)
        y += x.sum(axis=1, keepdims=True)
        xp.add.at(y, xp.asarray([0, 0]), y[:2])
        y[y > 3] = 0.0
        for row in y:
            row *= 2.0
    assert waits == []


def test_reductions_and_single_elements_stay_arrays() -> None:
    x = strict(3, 4)
    for value in (x.sum(), x[1, 2], x.max(), xp.mean(x), x[0] @ x[1], xp.tanh(1.0), xp.allclose(x, x)):
        assert isinstance(value, StrictArray) and value.shape == ()


def test_views_share_memory_single_elements_included() -> None:
    x = strict(3, 4)
    x[1][2] = 100.0
    x[0, 0][...] = -1.0
    row = x[2]
    row *= 0.0
    x.reshape(4, 3)[1, 0] = 7.0
    x.T[3, 1] += 1.0
    expected = numpy.arange(12.0).reshape(3, 4)
    expected[1, 2], expected[0, 0], expected[2], expected[0, 3] = 100.0, -1.0, 0.0, 7.0
    expected[1, 3] += 1.0
    numpy.testing.assert_array_equal(xp.asnumpy(x), expected)


def test_out_writes_in_place_and_returns_the_same_array() -> None:
    a, b = strict(3, 4), strict(4, 5)
    product, buffer = xp.zeros((3, 5)), xp.zeros((2, 3, 4))
    assert xp.matmul(a, b, out=product) is product
    assert xp.tanh(a, out=a) is a
    assert xp.add(a, 1.0, out=buffer[1]) is not buffer
    assert xp.sum(b, axis=0, out=product[0]) is not None
    numpy.testing.assert_array_equal(xp.asnumpy(product[0]), xp.asnumpy(b).sum(axis=0))
    numpy.testing.assert_allclose(xp.asnumpy(buffer[1]), numpy.tanh(numpy.arange(12.0).reshape(3, 4)) + 1.0)


def test_python_numbers_are_weak_and_numpy_numbers_are_not() -> None:
    x = strict(3, 4, dtype="float32")
    assert (x * 2.0 + 1).dtype == numpy.float32
    assert (x * numpy.float64(2.0)).dtype == numpy.float64
    assert (x * xp.asarray(2.0)).dtype == numpy.float64


def test_add_at_adds_every_time() -> None:
    target = xp.zeros((3, 2))
    xp.add.at(target, xp.asarray([0, 2, 0]), xp.ones((3, 2)))
    numpy.testing.assert_array_equal(xp.asnumpy(target), [[2, 2], [0, 0], [1, 1]])


def test_one_value_may_be_written_to_repeated_places() -> None:
    x = xp.zeros(3)
    x[xp.asarray([1, 1])] = 5.0
    numpy.testing.assert_array_equal(xp.asnumpy(x), [0, 5, 0])


def test_host_arrays_are_copied_when_moved() -> None:
    host = numpy.zeros(3)
    before = traffic.transfers
    x = xp.asarray(host)
    x += 1.0
    back = xp.asnumpy(x)
    back += 1.0
    assert host.tolist() == [0, 0, 0] and float(x[0]) == 1.0 and traffic.transfers == before + 1


def test_memory_that_was_not_written_shows() -> None:
    assert bool(xp.isnan(xp.empty((2, 3), dtype="float32")).all())
    assert bool(xp.isnan(xp.empty_like(strict(2))).all())


def test_random_strides_change_the_layout_and_not_the_numbers() -> None:
    x = strict(6, 5)
    layouts = set()
    with random_strides(seed=1):
        for _ in range(20):
            y = xp.exp(-x)
            layouts.add(y.strides)
            numpy.testing.assert_array_equal(xp.asnumpy(y), numpy.exp(-numpy.arange(30.0).reshape(6, 5)))
        assert xp.ascontiguousarray(xp.exp(x)).flags.c_contiguous and xp.zeros((6, 5)).flags.c_contiguous
    assert len(layouts) == 3
    assert xp.exp(x).flags.c_contiguous


class TakesOver:
    """As a Tensor does: it wants to handle the operator itself."""

    __array_ufunc__ = None

    def __radd__(self, other: object) -> str:
        return "taken over"

    def __rmatmul__(self, other: object) -> str:
        return "taken over"


def test_another_class_may_take_over_an_operator() -> None:
    assert strict(2) + TakesOver() == "taken over"
    assert strict(2) @ TakesOver() == "taken over"


def test_copies_are_deep() -> None:
    x = strict(3)
    for twin in (x.copy(), copy.copy(x), copy.deepcopy(x), x + 0.0):
        twin += 1.0
    assert x.tolist() == [0, 1, 2]


def test_raises_what_cupy_raises() -> None:
    assert issubclass(StrictError, TypeError) and issubclass(MissingInCuPy, AttributeError)
