"""The set-up that finds bugs: what shows only where gates are flat, and functions whose numbers tremble."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.checking import check_cell, check_layer, check_vjp
from tests.checking.plain_cells import PlainRNN

X = numpy.random.default_rng(0).normal(size=(4, 3))


class FloorUnderTheSlope(PlainRNN):
    """1 − h² that never falls below a hundredth: right wherever a unit is not nearly saturated."""

    def step_backward(self, t, dy_t, dstate, trace):
        (dh,) = dstate
        h = trace["h"][t]
        trace["da"][t] = da = (dh + dy_t) * numpy.maximum(1.0 - h * h, 0.01)
        return (da @ self["U"].data.T,)


def test_a_slope_that_is_wrong_only_where_it_is_flat_shows_at_the_saturated_point():
    report = check_cell(FloorUnderTheSlope(2, 4, seed=0, dtype="float64"), contracts=False)
    assert report.verdict == "FAIL"
    failed = [stage.name for stage in report.stages if stage.status == "FAIL"]
    assert "gradient T=3, saturated" in failed, report
    own = check_cell(FloorUnderTheSlope(2, 4, seed=0, dtype="float64"), point="own", contracts=False)
    assert "saturated" not in str(own)  # at somebody's own parameters nothing is scaled


def test_a_layer_has_a_saturated_point_too():
    class Floor(mg.Module):
        def __init__(self):
            super().__init__()
            self.W = mg.Parameter(numpy.random.default_rng(0).normal(size=(3, 2)) * 0.3)
            self.D = 3

        def forward(self, x):
            a = mg.tensor.as_tensor(x) @ self.W
            y = numpy.tanh(0.25 * a.data)
            slope = numpy.maximum(0.25 * (1.0 - y * y), 0.02)
            return mg.by_hand("floor", [a], [y], lambda d: [d[0] * slope], "ops.tanh(0.25 * a)")[0]

    report = check_layer(Floor(), contracts=False)
    lines = {stage.name: stage.status for stage in report.stages}
    assert report.verdict == "FAIL" and lines["gradient"] == "ok" and lines["gradient, saturated"] == "FAIL"
    assert report.worst and report.diagnosis


def tanh_backward(w, x):
    return (w * (1.0 - numpy.tanh(x) ** 2),)


@pytest.mark.parametrize("seed", range(5))
def test_a_function_that_trembles_is_not_taken_for_one_that_was_tested(seed):
    report = check_vjp(lambda x: numpy.tanh(x) + 1e-5 * numpy.sin(1e9 * x), tanh_backward, X, seed=seed)
    assert report.verdict != "PASS"
    if report.verdict == "FAIL":  # by a little more than its error bar: then the report says what it may come from
        assert report.findings[0].kind == "noise", report
    else:
        assert "the function trembles" in report.reasons[0] or "kinks" in report.reasons[0]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_what_is_wrong_by_more_than_the_trembling_does_not_pass(dtype):
    def forward(x):
        return numpy.tanh(x.astype(dtype)).astype("float64")

    report = check_vjp(forward, lambda w, x: (2.0 * tanh_backward(w, x)[0],), X)
    assert report.verdict == "FAIL" if dtype != "float16" else report.verdict != "PASS", report


def test_float32_inside_is_named_as_a_reason():
    report = check_vjp(lambda x: numpy.tanh(x.astype("float32")), tanh_backward, X)
    assert report.verdict == "INCONCLUSIVE" and "float32 or float16 inside?" in report.reasons[0]


def test_a_gradient_that_is_passed_straight_through_a_rounding_is_called_that():
    report = check_vjp(lambda x: numpy.round(4.0 * x) / 4.0, lambda w, x: (w,), X)
    assert report.verdict == "FAIL" and report.findings[0].kind == "flat", report


def test_what_rounding_leaves_of_a_gradient_that_is_nothing_is_not_called_wrong():
    """1 − σ(s) is 0 but for rounding where s is large, and the differences know that it is much less."""
    report = check_layer(mg.layers.registry["Stack-norm"](seed=7), seed=7, contracts=False)
    assert report, report
    tiny = check_vjp(lambda x: 1e-20 * x * x, lambda w, x: (w * 1e-16 * x,), X)
    assert tiny.verdict == "INCONCLUSIVE", tiny  # excused, and not proven
