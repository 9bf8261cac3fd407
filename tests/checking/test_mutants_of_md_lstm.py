"""Every deliberately wrong backward pass over a grid fails the check of its layer."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.checking import check_layer
from tests.checking.mutants_of_md_lstm import MUTANTS_OF_MD_LSTM


def layer() -> mg.layers.Grid:
    return mg.layers.Grid(mg.cells.MDLSTM(1, 2, seed=0, dtype="float64"))


def gradients() -> list[numpy.ndarray]:
    grid, rng = layer(), numpy.random.default_rng(5)
    for parameter in grid.parameters():
        parameter.assign(parameter.data + 0.5 * rng.normal(size=parameter.shape))
    x = mg.Tensor(rng.normal(size=(2, 4, 3, 1)), requires_grad=True)
    y = grid(x)
    return [g.data for g in mg.grad(y, [x, *grid.parameters()], rng.normal(size=y.shape))]


@pytest.mark.parametrize("mutant", MUTANTS_OF_MD_LSTM, ids=lambda mutant: mutant.name)
def test_a_mutant_fails(mutant, monkeypatch):
    before = gradients()
    mutant.apply(monkeypatch)
    assert any(not numpy.array_equal(a, b) for a, b in zip(before, gradients(), strict=True)), "it changes nothing"
    report = check_layer(layer())
    assert report.verdict == "FAIL", report
    if mutant.says:
        assert {entry.gradient for entry in report.worst} == {mutant.says}, report


def test_without_a_mutant_it_passes():
    report = check_layer(layer())
    assert report, report
