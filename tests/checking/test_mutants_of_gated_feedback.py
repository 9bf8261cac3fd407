"""Every deliberately wrong backward pass through layers fails the check, and every other definition its restatement."""

from __future__ import annotations

import numpy
import pytest

from minigate.checking import check_cell
from tests.cells.restatements import RESTATEMENTS
from tests.checking.mutant import evidence
from tests.checking.mutants_of_gated_feedback import LAYERS, MUTANTS_OF_GATED_FEEDBACK, OTHER_DEFINITIONS
from tests.contracts.differences import distance
from tests.contracts.subjects import HOST, recurrent
from tests.contracts.test_three_ways import along_a_direction


@pytest.mark.parametrize("mutant", MUTANTS_OF_GATED_FEEDBACK, ids=lambda mutant: mutant.name)
def test_a_mutant_fails_and_is_named(mutant, monkeypatch):
    before = evidence(LAYERS[mutant.cell]())
    mutant.apply(monkeypatch)
    after = evidence(LAYERS[mutant.cell]())
    assert any(not numpy.array_equal(a, b) for a, b in zip(before, after, strict=True)), "the mutant changes nothing"
    report = check_cell(LAYERS[mutant.cell](), T=(1, 2), contracts=False)
    assert report.verdict == "FAIL", report
    assert report.findings[0].kind == mutant.kind, report
    assert mutant.says in report.diagnosis, report


@pytest.mark.parametrize("cell", LAYERS)
def test_without_a_mutant_it_passes(cell):
    assert check_cell(LAYERS[cell](), T=(1, 2))


def composed(name):
    """The first step of a cell of the registry, composed: y, and what the restatement says it is."""
    subject = recurrent(name, "none", HOST, method="tape", T=2)
    w = {key: subject.values[key].T.tolist() for key, _ in subject.layer.named_parameters()}
    states = [subject.values[key][0].tolist() for key in subject.values if key.startswith("state.")]
    y, _ = RESTATEMENTS[name](w, subject.values["x"][0, 0].tolist(), states)
    return subject, subject.outputs()[0][0, 0], numpy.array(y)


@pytest.mark.parametrize("mutant", OTHER_DEFINITIONS, ids=lambda mutant: mutant.name)
def test_another_definition_has_right_gradients_and_wrong_numbers(mutant, monkeypatch):
    _, found, expected = composed(mutant.cell)
    assert distance(found, expected) <= 1e-12
    mutant.apply(monkeypatch)
    subject, found, expected = composed(mutant.cell)
    assert distance(found, expected) >= 1e-3
    along_a_direction(subject)
