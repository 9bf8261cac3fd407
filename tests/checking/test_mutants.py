"""The check itself on trial: every deliberately wrong backward pass has to fail, most of them by their right name."""

from __future__ import annotations

import numpy
import pytest

from minigate.checking import check_cell
from tests.checking.mutant import CELLS, evidence
from tests.checking.mutants_of_cells import MUTANTS_OF_CELLS
from tests.checking.mutants_of_clockwork import MUTANTS_OF_CLOCKWORK
from tests.checking.mutants_of_layer_norm import MUTANTS_OF_LAYER_NORM
from tests.checking.mutants_of_loops import MUTANTS_OF_LOOPS
from tests.checking.mutants_of_lstm import MUTANTS_OF_LSTM
from tests.checking.mutants_of_scanned import MUTANTS_OF_SCANNED
from tests.checking.mutants_of_sgu import MUTANTS_OF_SGU
from tests.checking.mutants_of_slstm import MUTANTS_OF_SLSTM

MUTANTS = [
    *MUTANTS_OF_CELLS,
    *MUTANTS_OF_LOOPS,
    *MUTANTS_OF_CLOCKWORK,
    *MUTANTS_OF_SCANNED,
    *MUTANTS_OF_SGU,
    *MUTANTS_OF_SLSTM,
    *MUTANTS_OF_LSTM,
    *MUTANTS_OF_LAYER_NORM,
]

by_name = pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)


@by_name
def test_a_mutant_fails_and_is_named(mutant, monkeypatch):
    before = evidence(CELLS[mutant.cell]())
    mutant.apply(monkeypatch)
    after = evidence(CELLS[mutant.cell]())
    assert any(not numpy.array_equal(a, b) for a, b in zip(before, after, strict=True)), "the mutant changes nothing"
    report = check_cell(CELLS[mutant.cell](), T=(1, 2, 3), contracts=False)
    assert report.verdict == "FAIL", report
    if mutant.kind:
        assert report.findings[0].kind == mutant.kind, report
        assert mutant.says in report.diagnosis, report


@pytest.mark.parametrize("cell", CELLS)
def test_without_a_mutant_it_passes(cell):
    assert check_cell(CELLS[cell](), T=(1, 2, 3))


def test_there_are_enough_mutants_and_most_have_a_name():
    assert len(MUTANTS) >= 80 and len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    assert sum(bool(mutant.kind) for mutant in MUTANTS) >= 0.9 * len(MUTANTS)
