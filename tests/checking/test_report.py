"""How a report reads, and what a program gets from it."""

from __future__ import annotations

import json
import re

import numpy
import pytest

import minigate as mg
from minigate.checking import assert_gradients, check, check_cell, check_gate
from minigate.errors import GradientMismatch


def without_chance(report):
    """The text of a report without what random numbers and the last digits of a computation decide."""
    text = re.sub(r"± \S+", "± …", str(report))
    text = re.sub(r"(backward|differences) +-?[\d.e-]+", r"\1 …", text)
    text = re.sub(r"dW\[\d, \d\]", "dW[…]", text)
    return re.sub(r"largest deviation \S+", "largest deviation …", text)


def doubled(x, W):
    y = numpy.tanh(x.data @ W.data)

    def backward(d):
        da = d[0] * (1.0 - y * y)
        return [da @ W.data.T, 2.0 * x.data.T @ da]

    return mg.by_hand("doubled", [x, W], [y], backward, "ops.tanh(x @ W)")[0]


X, W = numpy.array([[1.0, -0.5], [0.25, 2.0]]), numpy.array([[0.5, -1.0, 0.1], [0.3, 0.2, -0.4]])

FAILED = """\
mg.check doubled      seed 0   float64   reference: differences, Richardson; complex step
  deterministic ............... ok
  inputs untouched ............ ok
  control ..................... ok   one number bent by 1 % was noticed in 1 of 1 gradients
  kinks ....................... ok   0 of 7 probes at a kink
  gradient .................... FAIL dW   right: dx

  worst:   dW[…]               backward …   differences … ± …   ratio 2.0000
           dW[…]               backward …   differences … ± …   ratio 2.0000
           dW[…]               backward …   differences … ± …   ratio 2.0000
           (cotangent: all outputs)
  pattern: dW: the whole array is off by the constant factor 2.000000 → counted twice, or a ½ is missing
  next:    the line that makes dW: what comes to it from upstream is right in the others

  covered: 10 of 10 numbers in 2 gradients; 14 comparisons along 7 directions
           cotangents: all outputs; one output number only
           largest deviation …
  FAIL"""

PASSED = """\
mg.check_cell RNN(D=2, H=4)      seed 0   float64   reference: differences, Richardson; complex step
  deterministic ............... ok
  by hand = composed .......... ok   the outputs of the forward pass
  inputs untouched ............ ok
  control ..................... ok   one number bent by 1 % was noticed in 5 of 5 gradients
  kinks ....................... ok   0 of 70 probes at a kink
  gradient T=1 ................ ok   5 of 5 gradients
  gradient T=2 ................ ok   5 of 5 gradients
  gradient T=2, ragged mask ... ok   5 of 5 gradients
  gradient T=2, saturated ..... ok   5 of 5 gradients

  covered: 52 of 52 numbers in 5 gradients; 528 comparisons along 70 directions
           ways: by hand and composed
           cotangents: all outputs; last output only; final h only; one middle step only
           T = 1, 2, N = 3, with and without a ragged mask
           largest deviation …
  PASS"""

UNTESTED = """\
mg.check sigmoid      seed 0   float64   reference: differences, Richardson; complex step
  deterministic ............... ok
  inputs untouched ............ ok
  kinks ....................... ok   0 of 3 probes at a kink
  gradient .................... ?

  covered: 0 of 3 numbers in 1 gradients; 6 comparisons along 3 directions
           cotangents: all outputs; one output number only
           largest deviation …
  reason:  a: no output changes with it, so nothing was tested (saturated? a path that is dead?)
  INCONCLUSIVE"""


def test_a_failure_reads_well():
    assert without_chance(check(doubled, X, W)) == FAILED


def test_a_pass_says_what_was_covered():
    assert without_chance(check_cell(mg.cells.RNN(2, 4, seed=0), T=(1, 2), contracts=False)) == PASSED


def test_what_was_not_tested_is_said():
    assert without_chance(check(mg.ops.sigmoid, numpy.full(3, 900.0))) == UNTESTED


def test_truth_is_pass():
    assert check(mg.ops.tanh, X) and check(mg.ops.tanh, X).passed
    assert not check(doubled, X, W) and not check(mg.ops.sigmoid, numpy.full(3, 900.0))


def test_json_holds_everything():
    report = check_cell(mg.cells.GRU, T=(1, 2))
    read = json.loads(report.to_json())
    assert read["verdict"] == "PASS" and read["title"] == "mg.check_cell GRU(D=2, H=4)" and read["diagnosis"] == ""
    assert set(read["by_gate"]) == {"candidate", "update", "reset"} and set(read["by_step"]) == {"0", "1"}
    assert read["coverage"]["T"] == [1, 2] and read["worst"][0]["error_bar"] > 0.0
    failed = json.loads(check(doubled, X, W).to_json(indent=None))
    assert failed["findings"][0]["kind"] == "factor" and len(failed["worst"][0]["index"]) == 2
    assert "2.000000" in failed["diagnosis"]


def test_json_is_valid_where_numbers_are_not_finite():
    def broken(x):
        return mg.by_hand("broken", [x], [x.data * 2.0], lambda d: [numpy.full_like(d[0], numpy.inf)], "")[0]

    assert json.loads(check(broken, X).to_json())["worst"][0]["analytic"] is None


def test_long_lines_are_wrapped():
    report = check_cell(mg.cells.LSTM(2, 4, seed=0), T=(1, 2))
    assert max(len(line) for line in str(report).splitlines()) <= 120


# ---- as an assertion ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "inputs"),
    [
        (mg.ops.tanh, (X,)),
        (mg.cells.RNN, ()),
        (mg.cells.RNN(2, 4, seed=0), ()),
        (mg.gates.Sigmoid, ()),
        (mg.gates.HardSigmoid(), ()),
        (mg.layers.Linear(2, 4, seed=0), ()),
        (mg.layers.Linear(2, 4, seed=0), (X,)),
        (mg.layers.Recurrent(mg.cells.RNN(2, 4, seed=0)), ()),
    ],
)
def test_what_is_right_returns_its_report(what, inputs):
    assert assert_gradients(what, *inputs).verdict == "PASS"


def test_what_is_wrong_or_untested_raises_with_the_report():
    with pytest.raises(GradientMismatch) as caught:
        assert_gradients(doubled, X, W)
    assert caught.value.report.verdict == "FAIL" and str(caught.value) == str(caught.value.report)
    assert isinstance(caught.value, AssertionError)
    with pytest.raises(GradientMismatch, match="INCONCLUSIVE"):
        assert_gradients(mg.ops.sigmoid, numpy.full(3, 900.0))


def test_a_report_that_there_is_can_be_asserted():
    report = check_gate(mg.gates.Sigmoid)
    assert assert_gradients(report) is report
    with pytest.raises(GradientMismatch):
        assert_gradients(check(doubled, X, W))


def test_options_go_through():
    assert assert_gradients(mg.cells.RNN, T=(2,), N=2, seed=3).coverage["N"] == 2
