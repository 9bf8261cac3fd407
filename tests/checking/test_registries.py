"""What is right passes: every cell with every kind of gate, every gate, every layer.

Every cell of the registry as a user would check it, all lengths and contracts; with gates that have parameters at
another seed and two lengths, the contracts left to test_contracts.py. All kinds of gates at ten seeds are in
test_ten_seeds.py, among the slow tests.
"""

from __future__ import annotations

import pytest

import minigate as mg
from minigate.checking import check_cell, check_gate, check_layer
from tests.contracts.example_gates import ComposedSigmoid, ParametricSigmoid, build_cell, cells_and_gates


def passes_with_every_gradient(report):
    assert report, report
    assert report.coverage["numbers with a gradient"] == report.coverage["numbers"]
    assert {score.verdict for score in (*report.by_gate.values(), *report.by_step.values())} == {"PASS"}


@pytest.mark.parametrize("name", mg.cells.registry)
def test_a_cell_passes(name):
    def build(D, H, seed, dtype):
        return mg.cells.registry[name](D=D, H=H, seed=seed, dtype=dtype)

    passes_with_every_gradient(check_cell(build, T=(1, 2, 3, 5)))


@pytest.mark.parametrize("name, choice", cells_and_gates(("parametric", "composed", "one-of-each")))
def test_a_cell_of_gates_with_parameters_passes(name, choice):
    cell = build_cell(name, choice, seed=1)
    passes_with_every_gradient(check_cell(cell, seed=1, T=(1, 4), contracts=False))


@pytest.mark.slow
@pytest.mark.parametrize("choice", ["parametric", "composed"])
@pytest.mark.parametrize("name", [name for name in mg.cells.registry if name.startswith("GatedFeedback")])
def test_gated_feedback_with_the_same_gate_everywhere_passes(name, choice):
    """What cells_and_gates leaves out for cells of so many gates."""
    passes_with_every_gradient(check_cell(build_cell(name, choice, seed=1), seed=1, T=(1, 4)))


@pytest.mark.parametrize("seed", range(3))
def test_a_cell_with_kinks_passes_and_they_are_counted(seed):
    report = check_cell(mg.cells.GRU(2, 4, seed=seed, gate=mg.gates.HardSigmoid()), seed=seed, T=(1, 3))
    assert report, report


def test_kinks_are_counted():
    reports = [check_cell(mg.cells.LSTM(2, 4, seed=s, gate=mg.gates.HardSigmoid()), seed=s, T=(3,)) for s in range(3)]
    assert all(reports)
    kinks = [next(stage for stage in report.stages if stage.name == "kinks") for report in reports]
    assert any(stage.status.isdigit() and "near one" in stage.detail for stage in kinks)


@pytest.mark.parametrize("name", mg.gates.registry)
@pytest.mark.parametrize("seed", range(3))
def test_a_gate_passes(name, seed):
    report = check_gate(mg.gates.registry[name](), seed=seed)
    assert report, report


@pytest.mark.parametrize("gate", [ParametricSigmoid, ComposedSigmoid])
@pytest.mark.parametrize("seed", range(3))
def test_a_gate_with_parameters_passes(gate, seed):
    report = check_gate(gate, seed=seed)
    assert report, report
    assert {"gradient of k", "gradient of m"} <= {stage.name for stage in report.stages}


@pytest.mark.parametrize("name", mg.layers.registry)
def test_a_layer_passes(name):
    report = check_layer(mg.layers.registry[name]())
    assert report, report


@pytest.mark.parametrize("name", mg.cells.registry)
def test_tokens_pass(name):
    report = check_cell(mg.cells.registry[name], D=6, tokens=True, T=(3,))
    assert report, report
    assert "x" not in report.coverage["gradients"]


def test_it_runs_on_every_array_library(backend):
    assert check_cell(mg.cells.registry["GRU-before"], T=(2,))
    assert check_gate(ParametricSigmoid)
    assert check_layer(mg.layers.registry["Embedding"]())
