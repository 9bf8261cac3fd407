"""Functions as somebody else writes them: nothing returned, complex, tiny, close to an edge."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.checking import check, check_vjp
from minigate.errors import DTypeError, OptionError

X = numpy.random.default_rng(11).normal(size=(3, 2))


def test_a_list_of_outputs_is_as_good_as_a_tuple():
    report = check_vjp(lambda x: [numpy.tanh(x), x.sum()], lambda d, x: d[0] * (1.0 - numpy.tanh(x) ** 2) + d[1], X)
    assert report, report


WORTHLESS = {
    "no forward": ((lambda x: None, lambda d, x: d), DTypeError, "got None: is a return missing?"),
    "complex": ((lambda x: x * 1j, lambda d, x: d), DTypeError, "got complex numbers"),
    "no backward": ((lambda x: x, lambda d, x: None), OptionError, "one gradient for each of x, got None: is a"),
}


@pytest.mark.parametrize("what", WORTHLESS)
def test_what_is_no_derivation(what):
    pair, error, text = WORTHLESS[what]
    with pytest.raises(error) as caught:
        check_vjp(*pair, X)
    assert text in str(caught.value)


def test_a_forward_that_edits_its_argument_is_seen():
    report = check_vjp(lambda x: numpy.multiply(x, x, out=x), lambda d, x: 2.0 * d * x, X)
    assert report.verdict == "FAIL" and report.findings[0].text == "changed in place: x"


NOTHING = {
    "no output": (lambda x: None, (X,), "no floating output (is a return missing?)"),
    "whole numbers": (lambda k: k * 1.0, (numpy.arange(3),), "of whole numbers: array.astype(float)"),
    "a step": (lambda x: mg.Tensor((x.data > 0.0) * 1.0), (X,), "x: no output changes with it"),
    "an edge": (mg.ops.sqrt, (numpy.zeros(3),), "or where the function is not defined on both sides"),
}


@pytest.mark.parametrize("what", NOTHING)
def test_the_reason_why_nothing_was_tested(what):
    f, inputs, text = NOTHING[what]
    report = check(f, *inputs)
    assert report.verdict == "INCONCLUSIVE" and text in " ".join(report.reasons), report


@pytest.mark.parametrize("size", [1e-12, 1e-6, 1e8])
def test_a_small_function_is_as_good_as_a_large_one(size):
    assert check(lambda x: size * mg.ops.tanh(x), X)
    doubled = check_vjp(lambda x: size * numpy.tanh(x), lambda d, x: 2.0 * size * d * (1.0 - numpy.tanh(x) ** 2), X)
    assert doubled.verdict == "FAIL"


def test_close_to_the_edge_of_a_logarithm_a_right_gradient_passes_without_a_warning():
    assert check(mg.ops.log, numpy.array([1e-3, 0.2]))
    assert check_vjp(numpy.log, lambda d, x: 2.0 * d / x, numpy.array([1e-3])).verdict == "FAIL"
