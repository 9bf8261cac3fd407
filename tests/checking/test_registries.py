"""What is right passes: every cell with every kind of gate, every gate, every layer, at several seeds."""

from __future__ import annotations

import pytest

import minigate as mg
from minigate.checking import check_cell, check_gate, check_layer
from tests.contracts.example_gates import ComposedSigmoid, ParametricSigmoid

GATES = {"sigmoid": mg.gates.Sigmoid, "parametric": ParametricSigmoid, "composed": ComposedSigmoid}


def cells():
    for name, build in mg.cells.registry.items():
        gated = isinstance(build(), mg.cells.GatedCell)
        for gate in GATES if gated else ["none"]:
            yield name, gate


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(("name", "gate"), list(cells()))
def test_a_cell_passes(name, gate, seed):
    options = {} if gate == "none" else {"gate": GATES[gate]()}

    def build(D, H, seed, dtype):
        return mg.cells.registry[name](D=D, H=H, seed=seed, dtype=dtype, **options)

    report = check_cell(build, seed=seed, T=(1, 2, 3, 5) if seed == 0 else (1, 4))
    assert report, report
    assert report.coverage["numbers with a gradient"] == report.coverage["numbers"]
    assert {score.verdict for score in (*report.by_gate.values(), *report.by_step.values())} == {"PASS"}


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
