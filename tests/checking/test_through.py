"""The check of a cell on every way through time: what a truncated gradient is held to, and what is said of it."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.checking import check_cell
from tests.checking.mutants import SUBJECTS
from tests.checking.mutants.windows import WAYS
from tests.checking.plain_cells import PlainLSTM


@pytest.mark.parametrize("through", WAYS)
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_without_a_mutant_it_passes(cell, through):
    report = check_cell(SUBJECTS[cell].build(), T=(1, 5), through=WAYS[through]())
    assert report, report
    assert report.coverage["ways"] == ["by hand", "composed"]


@pytest.mark.parametrize("through", WAYS)
def test_a_cell_that_has_only_a_step_passes(through):
    class Composed(mg.cells.Cell):
        def __init__(self, D, H):
            super().__init__(D, H)
            rng = numpy.random.default_rng(0)
            self.W, self.U = mg.Parameter(rng.normal(size=(D, H))), mg.Parameter(rng.normal(size=(H, H)))

        def step(self, x_t, state):
            h = mg.ops.tanh(x_t @ self.W + state[0] @ self.U)
            return h, (h,)

    assert check_cell(Composed, T=(1, 5), through=WAYS[through]())


def test_a_wrong_cell_is_named_through_a_window_too():
    """The diagnosis compares with what the truncated gradient should be, and still names the line."""
    cell = PlainLSTM(2, 4, seed=0, dtype="float64")
    cell.products |= {"U.forget": ("h_prev", "da_input")}
    for through in ("truncated(2)", "checkpointed(2)"):
        report = check_cell(cell, T=(1, 5), through=WAYS[through]())
        assert report.verdict == "FAIL" and "dU.forget: this is the gradient of U.input" in report.diagnosis


def test_the_report_says_what_a_truncated_gradient_was_held_to():
    lines = {stage.name: stage for stage in check_cell(SUBJECTS["rnn"].build(), through=mg.bptt.truncated(2)).stages}
    assert lines["truncated"].status == "ok"
    assert "truncated(2) cuts T = 3, 5: there no differences of the whole sequence apply" in lines["truncated"].detail
    assert "hold the state at the start of each window fixed" in lines["truncated"].detail
    lines = {stage.name: stage for stage in check_cell(SUBJECTS["rnn"].build(), through=mg.bptt.truncated(9)).stages}
    assert (lines["truncated"].status, lines["truncated"].detail) == ("?", "truncated(9) cuts none of these lengths")
    for exact in (mg.bptt.full, mg.bptt.checkpointed(2)):
        report = check_cell(SUBJECTS["rnn"].build(), T=(1, 2), through=exact)
        assert "truncated" not in [stage.name for stage in report.stages]


def test_a_layer_brings_its_own_way():
    layer = mg.layers.Recurrent(mg.cells.RNN(2, 4, seed=0), through=mg.bptt.truncated(2))
    assert "truncated(2) cuts T = 3" in str(check_cell(layer, T=(3,)))
