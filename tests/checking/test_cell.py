"""mg.check_cell: what it takes, what it says of cells that are wrong in their own way, and what it covers."""

from __future__ import annotations

import time

import numpy
import pytest

import minigate as mg
from minigate.checking import check_cell
from minigate.errors import OptionError


class Leaky(mg.cells.Cell):
    """A cell with nothing but ``step``: h = h_prev + k (tanh(x W + h_prev U) − h_prev)."""

    def __init__(self, D, H, detach=False):
        super().__init__(D, H)
        rng = numpy.random.default_rng(0)
        self.W = mg.Parameter(rng.normal(size=(D, H)))
        self.U = mg.Parameter(rng.normal(size=(H, H)))
        self.k = mg.Parameter(numpy.full(H, 0.5))
        self.recurrent = [self.U]  # reached by another way than its name
        self.detach = detach

    def step(self, x_t, state):
        (h_prev,) = state
        read = h_prev.detach() if self.detach else h_prev
        h = h_prev + self.k * (mg.ops.tanh(x_t @ self.W + read @ self.recurrent[0]) - h_prev)
        return h, (h,)


def test_it_takes_a_cell_a_class_a_function_and_a_layer():
    assert check_cell(mg.cells.RNN(3, 5, seed=0), T=(2,)).coverage["numbers"] == 15 + 25 + 5 + 18 + 15
    assert check_cell(mg.cells.GRU, T=(2,), D=3, H=2)
    assert check_cell(lambda D, H: mg.cells.GRU(D, H, seed=3), T=(2,))
    assert check_cell(mg.layers.Recurrent(mg.cells.RNN(2, 4)), T=(2,))
    for what in (3, lambda: 3):
        with pytest.raises(OptionError):
            check_cell(what)


@pytest.mark.parametrize("options", [{"T": ()}, {"T": (0, 2)}, {"N": 0}, {"mask": "none"}, {"point": "init"}])
def test_options_that_mean_nothing_are_errors(options):
    with pytest.raises(OptionError):
        check_cell(mg.cells.RNN, **options)


def test_a_cell_with_only_step_goes_through_the_tape():
    report = check_cell(Leaky, T=(1, 2, 3))
    assert report, report
    assert report.coverage["ways"] == ["composed"] and "by hand = composed" not in [s.name for s in report.stages]


def test_a_detach_in_step_is_found():
    report = check_cell(Leaky(2, 4, detach=True), T=(1, 2))
    assert report.verdict == "FAIL" and report.findings[0].kind == "composed"
    assert "detach" in report.findings[0].advice and "only dh0" in report.diagnosis


def test_a_forward_by_hand_that_is_another_one_fails(monkeypatch):
    step = mg.cells.GRU.step_forward

    def other(self, t, pre_t, state, trace):
        (h,) = step(self, t, pre_t, state, trace)
        h *= 1.0 + 1e-9
        return (h,)

    monkeypatch.setattr(mg.cells.GRU, "step_forward", other)
    report = check_cell(mg.cells.GRU, T=(1, 2))
    assert report.verdict == "FAIL" and report.findings[0].kind == "forward"
    assert "T=1: y[0, 0, 0] is" in report.diagnosis


def test_a_rule_of_an_operation_that_is_wrong_shows_as_composed():
    class Wrong(mg.cells.RNN):
        def step(self, x_t, state):
            h, state = super().step(x_t, state)
            bent = mg.by_hand("tanh", [h], [h.data.copy()], lambda d: [1.5 * d[0]], "")[0]
            return bent, (bent,)

    report = check_cell(Wrong, T=(1, 2))
    assert report.verdict == "FAIL" and report.findings[0].kind == "composed"
    assert "the hand-written one right" in report.findings[0].text


def test_one_number_a_thousandth_off_is_found_and_placed(monkeypatch):
    from minigate.bptt import loop

    right = loop.product_gradients

    def bent(cell, trace):
        found = right(cell, trace)
        found["U.reset"] = found["U.reset"].copy()
        found["U.reset"][3, 1] *= 1.001
        return found

    monkeypatch.setattr(loop, "product_gradients", bent)
    report = check_cell(mg.cells.GRU(8, 16, seed=0), T=(1, 3))
    assert report.verdict == "FAIL"
    worst = report.worst[0]
    assert (worst.gradient, worst.index) == ("U.reset", (3, 1)) and worst.ratio == pytest.approx(1.001, rel=1e-6)
    assert {name for name, score in report.by_gate.items() if score.verdict == "FAIL"} == {"reset"}
    assert "dU.reset: only from unit 3 is wrong" in report.diagnosis


def test_one_time_step_wrong_shows_by_step(monkeypatch):
    from minigate.bptt import loop

    right = loop.input_gradients

    def bent(cell, trace, wants_dx):
        dx, found = right(cell, trace, wants_dx)
        dx[1:2] *= 2.0
        return dx, found

    monkeypatch.setattr(loop, "input_gradients", bent)
    report = check_cell(mg.cells.RNN, T=(3,))
    assert [report.by_step[t].verdict for t in range(3)] == ["PASS", "FAIL", "PASS"]
    assert "dx: only t 1 is wrong, and there the whole array is off by the constant factor 2.000000" in report.diagnosis


def test_a_verdict_stands_where_no_cause_is_found(monkeypatch):
    from minigate.checking import cell

    def lost(*arguments):
        raise IndexError("nowhere")

    monkeypatch.setattr(cell, "diagnose", lost)
    report = check_cell(Leaky(2, 4, detach=True), T=(1,))
    assert report.verdict == "FAIL" and report.worst[0].gradient == "h0"
    assert report.diagnosis == "the search for the cause ended in IndexError: nowhere"


def test_a_saturated_cell_is_inconclusive():
    cell = mg.cells.GRU(2, 4, seed=0, dtype="float64")
    for gate in ("update", "reset"):
        cell[f"b.{gate}"].assign(numpy.full(4, -900.0))
    report = check_cell(cell, point="own", T=(1, 2))
    assert report.verdict == "INCONCLUSIVE"
    assert any(reason.startswith("W.update: no output changes with it") for reason in report.reasons)


def test_what_nothing_depends_on_can_be_said():
    def closed(D, H):
        return mg.cells.GRU(D, H, seed=0, gate={"update": mg.gates.Constant(0.7), "reset": mg.gates.Constant(1.0)})

    assert check_cell(closed, T=(1, 2)).verdict == "INCONCLUSIVE"
    assert check_cell(closed, T=(1, 2), independent=["*.update", "*.reset"]).verdict == "PASS"


def test_what_was_covered_is_said():
    report = check_cell(mg.cells.LSTM, T=(1, 2, 3))
    seen = report.coverage
    assert seen["cotangents"] == [
        "all outputs", "last output only", "final h only", "final c only", "one middle step only",
    ]  # fmt: skip
    assert seen["ways"] == ["by hand", "composed"] and seen["T"] == [1, 2, 3] and seen["N"] == 3
    assert seen["cases"] == ["T=1", "T=2", "T=3", "T=2, ragged mask", "T=3, ragged mask", "T=3, saturated"]
    assert {"x", "h0", "c0", "W.forget", "U.output", "b.candidate"} <= set(seen["gradients"])
    for words in (
        "154 of 154 numbers in 15 gradients",
        "final c only",
        "T = 1, 2, 3, N = 3, with and without a ragged mask",
    ):
        assert words in str(report)


def test_the_same_seed_gives_the_same_report():
    assert str(check_cell(mg.cells.RNN, T=(1, 2), seed=5)) == str(check_cell(mg.cells.RNN, T=(1, 2), seed=5))


def test_the_default_check_is_quick():
    cell = mg.cells.GRU(8, 16, seed=0)
    check_cell(cell, T=(1,))
    start = time.process_time()
    assert check_cell(cell)
    assert time.process_time() - start < 3.0
