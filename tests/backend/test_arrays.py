"""An array says which library computes with it."""

from __future__ import annotations

import numpy
import pytest

from minigate import backend as mb
from minigate.backend import arrays
from minigate.errors import DeviceMixError
from tests.conftest import Backend
from tests.strict_double import strict_xp


def test_the_module_is_that_of_the_arrays(backend: Backend) -> None:
    x = backend.to([[1.0, 2.0]])
    assert mb.array_module(x) is backend.xp
    assert mb.array_module(2.0, x, None, 3) is backend.xp
    assert mb.array_module(numpy.float64(2.0), x) is backend.xp
    assert mb.is_array(x) and mb.module_of(x) is backend.xp


def test_without_an_array_it_is_numpy() -> None:
    assert mb.array_module(1.0, [2.0], numpy.float32(3)) is numpy
    assert not mb.is_array(numpy.float32(3)) and not mb.is_array([1.0]) and mb.module_of([1.0]) is None


def test_subclasses_of_ndarray_compute_with_numpy() -> None:
    assert mb.array_module(numpy.ma.masked_array([1.0])) is numpy


def test_two_libraries_in_one_operation_are_named_with_their_places() -> None:
    with pytest.raises(DeviceMixError) as caught:
        mb.array_module(strict_xp.zeros((3, 2)), 1.0, numpy.zeros((5, 2)))
    text = str(caught.value)
    assert "argument 0 is of strict" in text and "argument 2 of numpy" in text and "(5, 2)" in text
    assert "mg.backend.asarray(x, like=other)" in text and "mg.asnumpy" in text


def test_of_two_kinds_with_one_name_the_latest_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "_libraries", dict(arrays._libraries))
    first, again = (type("Elsewhere", (), {}) for _ in range(2))  # as when a cell of a notebook is run twice
    for kind in (first, again):
        mb.register_array_type(kind, numpy, name="elsewhere", from_host=lambda array, kind=kind: kind())
    with mb.use("elsewhere"):
        assert type(mb.asarray([1.0])) is again
