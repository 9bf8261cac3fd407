"""There and back: what moves, what is copied, what dtype it has."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from minigate import backend as mb
from minigate.errors import DTypeError, OptionError
from tests.conftest import Backend
from tests.strict_double import strict_xp


class Boxed:
    """Anything whose ``.data`` is an array, as a Tensor is."""

    def __init__(self, data: Any) -> None:
        self.data = data


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool"])
def test_there_and_back_keeps_numbers_shape_and_dtype(backend: Backend, dtype: str) -> None:
    host = numpy.arange(6).reshape(2, 3).astype(dtype)
    moved = mb.asarray(host)
    assert mb.module_of(moved) is backend.xp
    back = mb.asnumpy(moved)
    assert type(back) is numpy.ndarray and back.dtype == host.dtype
    numpy.testing.assert_array_equal(back, host)


def test_a_tensor_is_taken_by_its_array(backend: Backend) -> None:
    boxed = Boxed(backend.to([1.0, 2.0]))
    assert mb.asnumpy(boxed).tolist() == [1.0, 2.0]
    assert mb.asarray(boxed) is boxed.data
    assert mb.module_of(mb.asarray([1.0], like=boxed)) is backend.xp


def test_like_decides_and_not_the_chosen_backend() -> None:
    with mb.use("strict"):
        assert type(mb.asarray([1.0], like=numpy.zeros(2))) is numpy.ndarray
    assert mb.module_of(mb.asarray(numpy.zeros(2), like=strict_xp.zeros(1))) is strict_xp
    assert type(mb.asarray(strict_xp.zeros(2))) is numpy.ndarray


def test_no_copy_where_none_is_needed(backend: Backend) -> None:
    x = backend.to([1.0, 2.0])
    assert mb.asarray(x) is x and mb.asarray(x, dtype="float64") is x
    assert mb.asarray(x, dtype="float32") is not x
    host = numpy.zeros(3)
    assert mb.asnumpy(host) is host


@pytest.mark.parametrize("order", ["transposed", "strided", "read-only", "empty"])
def test_arrays_of_every_layout(backend: Backend, order: str) -> None:
    host = numpy.arange(12.0).reshape(3, 4)
    host = {"transposed": host.T, "strided": host[::2, ::-1], "read-only": host, "empty": host[:0]}[order]
    host.flags.writeable = order != "read-only"
    numpy.testing.assert_array_equal(mb.asnumpy(mb.asarray(host)), host)


def test_python_floats_take_the_default_dtype_and_arrays_keep_theirs() -> None:
    assert mb.asarray([1.0, 2.0]).dtype == numpy.float32
    assert mb.asarray(numpy.array([1.0])).dtype == numpy.float64
    assert mb.asarray(numpy.float64(1.0)).dtype == numpy.float64
    assert mb.asarray([1, 2]).dtype == numpy.int64
    with mb.default_dtype("float64"):
        assert mb.asarray([1.0, 2.0]).dtype == numpy.float64


@pytest.mark.parametrize("data", [["a"], [None], {"a": 1}, object()])
def test_only_numbers(data: object) -> None:
    with pytest.raises(DTypeError, match="no array of numbers"):
        mb.asarray(data)
    with pytest.raises(DTypeError):
        mb.asnumpy(data)


def test_rows_of_different_lengths_are_told_of_the_mask() -> None:
    with pytest.raises(DTypeError, match=r"mask \(T, N\)"):
        mb.asarray([[1.0, 2.0], [3.0]])


def test_default_dtype_stays_or_lasts_for_the_block() -> None:
    assert mb.default_dtype() == "float32"
    with mb.default_dtype(numpy.float64):
        assert mb.default_dtype() == "float64"
    mb.default_dtype(numpy.dtype("float64"))
    assert mb.default_dtype() == "float64"


@pytest.mark.parametrize("name", ["float16", "int64", "double precision", 64, numpy.int32])
def test_other_dtypes_are_refused(name: object) -> None:
    with pytest.raises(OptionError, match='expected "float32" | "float64"'):
        mb.default_dtype(name)


INDICES = {
    "rows": ([0, 2, 0, 0], (4, 3)),
    "negative rows": ([-1, 4, -5, 0], (4, 3)),
    "a table of rows": ([[0, 1], [1, 1]], (2, 2, 3)),
    "no rows": ([], (0, 3)),
}


@pytest.mark.parametrize("index, shape", INDICES.values(), ids=INDICES.keys())
@pytest.mark.parametrize("layout", ["contiguous", "transposed"])
def test_scatter_add_adds_every_time(
    backend: Backend, rng: numpy.random.Generator, index: list[int], shape: tuple[int, ...], layout: str
) -> None:
    rows, values = numpy.array(index, dtype="int64"), rng.normal(size=shape)
    start = rng.normal(size=(5, 3))
    expected = start.copy()
    numpy.add.at(expected, rows, values)
    target = backend.to(start) if layout == "contiguous" else backend.to(start.T.copy()).T
    mb.scatter_add(backend.xp, target, backend.to(rows), backend.to(values))
    numpy.testing.assert_allclose(backend.host(target), expected, rtol=1e-14)


def test_scatter_add_with_several_indices_and_in_one_dimension(backend: Backend) -> None:
    target, line = backend.to(numpy.zeros((3, 2))), backend.to(numpy.zeros(3))
    first, second = backend.to([0, 0, 2]), backend.to([1, 1, 0])
    mb.scatter_add(backend.xp, target, (first, second), backend.to([1.0, 2.0, 4.0]))
    mb.scatter_add(backend.xp, line, first, backend.to([1.0, 2.0, 4.0]))
    assert backend.host(target).tolist() == [[0, 3], [0, 0], [4, 0]] and backend.host(line).tolist() == [3, 0, 4]
