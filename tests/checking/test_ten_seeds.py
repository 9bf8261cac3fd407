"""What is right passes at ten seeds, and is never called inconclusive: cells, gates, layers, ways, operations."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.checking import check, check_cell, check_gate, check_layer
from tests.checking.mutants.windows import WAYS
from tests.contracts.example_gates import Algebraic, ComposedSigmoid, ParametricSigmoid, build_cell, cells_and_gates
from tests.ops.test_rules import CASES, IDS

pytestmark = pytest.mark.slow

SEEDS = range(10)
GATES = [*mg.gates.registry.values(), ParametricSigmoid, ComposedSigmoid, Algebraic]


def passes(report):
    assert report, report


@pytest.mark.parametrize("name, choice", cells_and_gates())
def test_a_cell(name, choice):
    for seed in SEEDS:
        passes(check_cell(build_cell(name, choice, seed=seed), seed=seed, T=(1, 2, 3), contracts=False))


@pytest.mark.parametrize("name", mg.cells.registry)
def test_a_cell_of_hard_sigmoids_and_one_that_reads_tokens(name):
    for seed in SEEDS:
        cell = mg.cells.registry[name](D=6, seed=seed)
        passes(check_cell(cell, seed=seed, T=(1, 3), tokens=True, contracts=False))
        if isinstance(cell, mg.cells.GatedCell):
            cell = mg.cells.registry[name](seed=seed, gate=mg.gates.HardSigmoid())
            passes(check_cell(cell, seed=seed, T=(1, 3), contracts=False))


@pytest.mark.parametrize("through", WAYS)
@pytest.mark.parametrize("name", ["GRU-before", "LSTM-peephole", "Clockwork", "MinGRU", "SLSTM"])
def test_a_way_through_time(name, through):
    for seed in SEEDS:
        cell = mg.cells.registry[name](seed=seed)
        passes(check_cell(cell, seed=seed, T=(1, 5), through=WAYS[through](), contracts=False))


@pytest.mark.parametrize("gate", GATES)
def test_a_gate(gate):
    """s / √(1 + s²) is ∞/∞ at its ends, as its range line says: of that one the derivative alone."""
    for seed in SEEDS:
        passes(check_gate(gate(), seed=seed, contracts=gate is not Algebraic))


@pytest.mark.parametrize("name", mg.layers.registry)
def test_a_layer(name):
    for seed in SEEDS:
        passes(check_layer(mg.layers.registry[name](seed=seed), seed=seed, contracts=False))


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_an_operation(case):
    for seed in SEEDS:
        operands = case.operands(numpy.random.default_rng(seed))
        flat = [f"input {k}" for k in range(len(operands))] + ["a"] if case.name == "sign" else []
        passes(check(case.call, *operands, seed=seed, independent=flat))
