"""The complex step: exact where a program is a power series, and never believed where it is not."""

from __future__ import annotations

import math

import numpy
import pytest

import minigate as mg
from minigate.checking import check, check_cell, check_layer, check_vjp
from minigate.checking.complex_step import STEP, refined
from minigate.checking.numeric import along
from minigate.tensor import Tensor

X = numpy.random.default_rng(0).normal(size=(4, 3))


def differences(f, x):
    return along(lambda e: f(x + e), f(x))


def by_complex_step(f, x):
    return refined(differences(f, x), lambda: f(x + 1j * STEP), f(x))


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (numpy.tanh, lambda x: 1.0 / numpy.cosh(x) ** 2),
        (numpy.exp, numpy.exp),
        (lambda x: numpy.log(2.0 + x * x), lambda x: 2.0 * x / (2.0 + x * x)),
        (lambda x: 1e3 + numpy.sin(30.0 * x), lambda x: 30.0 * numpy.cos(30.0 * x)),
    ],
)
def test_it_knows_a_derivative_to_the_last_digits(f, slope):
    found = by_complex_step(f, X.ravel())
    assert found.exact and found.step == STEP
    assert numpy.all(numpy.abs(found.value - slope(X.ravel())) <= 1e-14 * numpy.abs(slope(X.ravel())) + 1e-15)
    assert numpy.all(numpy.abs(found.value - slope(X.ravel())) <= found.error)


def test_a_magnitude_loses_the_imaginary_part_and_the_differences_stay():
    found = by_complex_step(lambda x: numpy.abs(x) + 0.0 * x, X.ravel() + 3.0)
    assert not found.exact and numpy.allclose(found.value, 1.0)
    assert by_complex_step(numpy.abs, X.ravel()) is None  # nothing imaginary is left at all


def test_a_part_that_is_lost_but_small_stays_within_the_bar():
    """|x| loses its part of the derivative, which is no larger than the bar of the differences."""
    x = X.ravel() + 5.0
    for share in (1e-6, 1e-9, 1e-11, 1e-13):
        found = by_complex_step(lambda x, share=share: numpy.sin(20.0 * x) + share * numpy.abs(x), x)
        assert numpy.all(numpy.abs(found.value - (20.0 * numpy.cos(20.0 * x) + share)) <= 4.0 * found.error)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x.astype("float32").astype("float64") if x.dtype.kind == "f" else x.astype("float32"),
        lambda x: numpy.array([math.sin(value) for value in x]),
        lambda x: x.real.copy(),
    ],
    ids=["a cast that warns", "a function of real numbers", "real again"],
)
def test_what_cannot_be_computed_with_complex_numbers_is_left_to_the_differences(f):
    assert by_complex_step(f, X.ravel()) is None


def test_at_a_kink_there_is_no_derivative_this_way_either():
    def relu(x):
        return numpy.maximum(x, 0.0)

    assert refined(differences(relu, numpy.zeros(1)), lambda: relu(numpy.array([1j * STEP])), numpy.zeros(1)).kink


def test_a_report_says_how_many_derivatives_come_from_it():
    report = check(mg.ops.tanh, X)
    assert report.reference == "differences, Richardson; complex step"
    assert report.coverage["by the complex step"] == report.coverage["probes"]
    report = check(mg.ops.softplus, X)  # it has a magnitude inside
    assert report and report.reference == "differences, Richardson"
    assert check_cell(mg.cells.GRU(2, 4, seed=0), T=(1, 2)).coverage["by the complex step"] > 0
    assert check_layer(mg.layers.registry["LayerNorm"]())


def test_it_notices_what_is_below_the_bar_of_the_differences():
    """A constant that was rounded to float32 in one of two places is 1.5e-8 off."""
    a_tenth = float(numpy.float32(0.1))
    report = check_vjp(lambda x: 0.1 * x * x, lambda w, x: (w * 2.0 * a_tenth * x,), X)
    assert report.verdict == "FAIL" and "ratio 1 + 1e-08" in str(report)
    assert check_vjp(lambda x: 0.1 * abs(x) ** 2, lambda w, x: (w * 2.0 * a_tenth * x,), X)  # the differences alone


def test_it_sees_through_a_detach_as_the_differences_do():
    report = check(lambda x: mg.ops.tanh(x) * mg.ops.tanh(x).detach(), Tensor(X))
    assert report.verdict == "FAIL"


def test_parameters_are_real_again_afterwards():
    cell = mg.cells.RNN(2, 4, seed=0, dtype="float64")
    assert check_cell(cell) and all(p.dtype == numpy.float64 for p in cell.parameters())


def test_it_runs_on_every_array_library(backend):
    report = check_cell(mg.cells.RNN(2, 4, seed=0), T=(2,))
    assert report and report.coverage["by the complex step"] > 0
