"""The contracts on trial: every broken promise is called by its name, and whoever keeps them all is left alone."""

from __future__ import annotations

import re
import time

import numpy
import pytest

import minigate as mg
from minigate.checking import array_contract, check_cell, check_gate, check_layer
from minigate.checking.cell_contract import cell_contract
from minigate.checking.function import check
from minigate.checking.gate_contract import Bench
from minigate.checking.gate_trial import array_promises
from tests.checking.contract_mutants import MUTANTS_OF_CONTRACTS, SUBJECTS
from tests.checking.contract_subjects import Adding, Counting, Leaky, Rows
from tests.contracts.example_gates import FEW, ComposedSigmoid, ParametricSigmoid, build_cell, cells_and_gates

by_name = pytest.mark.parametrize("mutant", MUTANTS_OF_CONTRACTS, ids=lambda mutant: mutant.name)
seeds = pytest.mark.parametrize("seed", [0, *(pytest.param(s, marks=pytest.mark.slow) for s in range(1, 10))])
full = mg.bptt.full


@pytest.fixture(autouse=True)
def _strict_is_another_library(monkeypatch):
    """Where there is no GPU, the strict double is the array library that everything has to run on as well."""
    monkeypatch.setattr(array_contract, "LIBRARIES", ("numpy", "strict"))


def line(report, name):
    return next(stage for stage in report.stages if stage.name == name)


def unbroken(outcomes):
    assert len(outcomes) > 5 and {stage.status for stage, _ in outcomes} <= {"ok", "-"}, outcomes
    assert all(finding is None for _, finding in outcomes)


# ---- what is broken ------------------------------------------------------------------------------------


@by_name
def test_a_broken_promise_is_called_by_its_name(mutant, monkeypatch):
    mutant.apply(monkeypatch)
    report = SUBJECTS[mutant.subject]()
    assert report.verdict == "FAIL" and not report.reasons, report
    told = [finding for finding in report.findings if finding.kind == mutant.kind]
    assert told and all(finding.advice for finding in told), report
    assert any(mutant.says in finding.text for finding in told), report
    assert any(stage.status == "FAIL" and mutant.says in stage.detail for stage in report.stages), report


def test_most_of_them_have_right_derivatives_so_that_nothing_else_can_see_them(monkeypatch):
    assert len(MUTANTS_OF_CONTRACTS) >= 50 and len({m.name for m in MUTANTS_OF_CONTRACTS}) == len(MUTANTS_OF_CONTRACTS)
    assert len({m.kind for m in MUTANTS_OF_CONTRACTS}) >= 14
    unseen = 0
    for mutant in MUTANTS_OF_CONTRACTS:
        with monkeypatch.context() as patch:
            mutant.apply(patch)
            unseen += SUBJECTS[mutant.subject](contracts=False).verdict == "PASS"
    assert unseen >= 24


def test_chance_ends_the_questions():
    class Noisy(Leaky):
        def step(self, x_t, state):
            h = mg.ops.tanh(self.input_share(x_t, "")) * float(self.rng.random())
            return h, (h,)

    report = check_cell(Noisy(), T=(2,))
    assert report.verdict == "FAIL" and [f.kind for f in report.findings] == ["deterministic"]
    assert [stage.name for stage in report.stages] == ["deterministic", "other contracts"]
    assert [stage.status for stage in report.stages] == ["FAIL", "-"]
    assert "pattern:" not in str(report) and "next:    no random numbers" in str(report)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_tensor_that_stays_behind_with_its_history_is_a_finding_and_no_error(seed):
    class Keeps(Leaky):
        def step(self, x_t, state):
            self.last, _ = super().step(x_t, state)
            return self.last, (self.last,)

    class KeepsToo(mg.gates.Gate):
        def compose(self, s, p):
            self.last = mg.ops.sigmoid(s)
            return self.last

    class Stays(mg.Module):
        def forward(self, x):
            self.last = mg.tensor.as_tensor(x) * 2.0
            return self.last

    x = numpy.random.default_rng(seed).normal(size=(4, 3))
    for report in (check_cell(Keeps(), T=(1,)), check_gate(KeepsToo), check_layer(Stays(), x)):
        assert report.verdict == "FAIL" and "a call changes self.last" in report.diagnosis, report
        assert len(report.findings) == 1


def test_without_contracts_no_promise_is_asked_about():
    report = check_cell(Leaky(), T=(2,), contracts=False)
    assert report and "contracts" not in report.coverage
    assert not {"causality", "batch independent", "nothing kept"} & {stage.name for stage in report.stages}
    assert check_layer(Rows(), contracts=False) and check_gate(mg.gates.Sigmoid, contracts=False).profile == {}


def test_a_broken_promise_comes_after_a_wrong_gradient_and_leaves_the_scores_alone():
    class Both(mg.cells.RNN):
        def step_backward(self, t, dy_t, dstate, trace):
            (dh,) = super().step_backward(t, dy_t, dstate, trace)
            return (dh.clip(-2.0, 2.0) * 1.5,)

    report = check_cell(Both, T=(1, 2))
    alone = check_cell(Both, T=(1, 2), contracts=False)
    assert [f.kind for f in report.findings][-1] == "linear" and report.findings[0] == alone.findings[0]
    assert report.by_gate == alone.by_gate and report.by_step == alone.by_step and report.worst == alone.worst


def test_an_error_in_the_code_under_check_is_an_error():
    class Typo(Leaky):
        def step(self, x_t, state):
            return x_t @ self["V"], state

    with pytest.raises(mg.errors.StateDictError):
        check_cell(Typo(), T=(1,))


def test_json_has_every_promise():
    report = check_cell(Counting(), T=(2,))
    assert report and report.coverage["contracts"]["causality"] == "ok"
    assert len(report.to_dict()["coverage"]["contracts"]) == 13


KEPT = """
  deterministic ............... ok   two runs on fresh copies, to the bit
  nothing kept ................ ok   no attribute changes, and what was read before does not matter
  inputs untouched ............ ok   inputs, parameters and cotangents
  dtype kept .................. ok   float32 and float64, there and back
  memory layout ............... ok   with gaps, Fortran order, backwards, read-only
  linear in the cotangent ..... ok   g(w + 1000 v) = g(w) + 1000 g(v)
  float32 = float64 ........... ok   _ of the norm (limit 1e-05)
  array libraries ............. ok   numpy and strict
  overflow .................... ok   finite for x of ±1e4, there and back
  batch independent ........... ok   each sequence as if it were alone; gradients add up
  causality ................... ok   y up to t, to the bit, whatever x is after t; dx after t is 0
  splitting ................... ok   at every t with the state carried: outputs and gradients
  padding ..................... ok   NaN in x and dy is not seen, the state is held, y and dx are 0
  by hand"""


def test_the_lines_of_what_is_kept():
    text = re.sub(r"\d+e-0[78] of", "_ of", str(check_cell(mg.cells.RNN(2, 4, seed=0), T=(1,))))
    assert KEPT in text


# ---- what is right ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SUBJECTS)
@seeds
def test_what_the_mutants_are_made_from_is_right(name, seed):
    report = SUBJECTS[name](seed=seed)
    assert report, report


@pytest.mark.parametrize("name, choice", cells_and_gates(FEW))
@pytest.mark.parametrize("tokens", [False, True], ids=["floats", "tokens"])
@seeds
def test_every_cell_keeps_its_contracts(name, choice, tokens, seed):
    cell = build_cell(name, choice, D=6 if tokens else 2, seed=seed)
    cell.eval()
    unbroken(cell_contract(cell, full, tokens=tokens, seed=seed))


@pytest.mark.parametrize("name", mg.layers.registry)
@seeds
def test_every_layer_keeps_its_contracts(name, seed):
    report = check_layer(mg.layers.registry[name](seed=seed), seed=seed)
    assert report, report
    assert line(report, "batch independent").status == "ok"


@pytest.mark.parametrize("gate", [*mg.gates.registry.values(), ParametricSigmoid, ComposedSigmoid])
@seeds
def test_every_gate_keeps_its_contracts(gate, seed):
    made, rng = gate(), numpy.random.default_rng(seed)
    moved = {name: array + 0.3 * rng.normal(size=array.shape) for name, array in made.init(4, rng).items()}
    unbroken(array_promises(Bench(made, 4, {"moved": moved}), seed))


@pytest.mark.parametrize("through", [mg.bptt.checkpointed(), mg.bptt.truncated(2), mg.bptt.windowed(1, 3)])
@pytest.mark.parametrize("cell", ["GRU-after", "LSTM", "MinGRU"])
def test_every_way_through_time_keeps_them(cell, through):
    outcomes = cell_contract(mg.cells.registry[cell](), through)
    unbroken(outcomes)
    detail = next(stage.detail for stage, _ in outcomes if stage.name == "splitting")
    assert ("a part of time only" in detail) == (not through.hand_on)


def test_a_gate_with_kinks_in_a_cell():
    for seed in range(5):
        unbroken(cell_contract(mg.cells.GRU(2, 4, seed=seed, gate=mg.gates.HardSigmoid()), full, seed=seed))


def test_what_is_kept_once_and_for_all_is_no_state():
    class Remembers(Leaky):
        def step(self, x_t, state):
            if "half" not in vars(self):  # made at the first call, the same ever after
                self.half = 0.5
            h = self.half * state[0] + self.half * mg.ops.tanh(self.input_share(x_t, ""))
            return h, (h,)

    assert line(check_cell(Remembers(), T=(1,)), "nothing kept").status == "ok"


def test_dropout_that_is_off_in_evaluation_is_no_chance():
    stack = mg.layers.Stack(
        [mg.layers.Recurrent(mg.cells.GRU(2, 3, seed=0)), mg.layers.Recurrent(mg.cells.RNN(3, 4, seed=1))],
        dropout=0.5, seed=0,
    )  # fmt: skip
    report = check_layer(stack)
    assert report.verdict == "INCONCLUSIVE" and line(report, "causality").status == "ok"  # in training it is random
    assert [stage.status for stage in report.stages if stage.name == "deterministic"] == ["?"]
    stack.eval()
    assert check_layer(stack)


def test_a_layer_that_reads_ahead_says_so_and_is_not_asked():
    report = check_layer(mg.layers.registry["Bidirectional"]())
    assert [line(report, name).status for name in ("causality", "splitting", "padding")] == ["-", "-", "ok"]


def test_an_input_that_was_given_may_mean_anything():
    class Mean(mg.Module):
        def forward(self, x):
            return mg.tensor.as_tensor(x).mean(axis=1) * 2.0

    report = check_layer(Mean(), numpy.random.default_rng(0).normal(size=(4, 3, 2)))
    assert report and not {"batch independent", "overflow"} & {stage.name for stage in report.stages}
    assert line(report, "memory layout").status == "ok"


def test_a_layer_with_a_state_that_needs_more_than_x_is_taken_as_it_is():
    class Attending(mg.Module):
        def forward(self, x, memory, state=None):
            return x * memory.mean(axis=0), (memory,)

    x = numpy.random.default_rng(0).normal(size=(4, 3, 2))
    report = check_layer(Attending(), x, x[:2] + 1.0)
    assert report and "causality" not in [stage.name for stage in report.stages]


def test_a_gate_that_breaks_a_promise_has_that_in_its_score():
    class Counting(mg.gates.Sigmoid):
        def forward(self, xp, s, p, out=None):
            self.calls = vars(self).get("calls", 0) + 1
            return super().forward(xp, s, p, out)

    report = check_gate(Counting)
    assert report.verdict == report.by_gate["Counting"].verdict == "FAIL" and report.worst == []
    assert report.diagnosis == "by hand only: a call changes self.calls"


def test_a_layer_of_several_inputs():
    class Both(mg.Module):
        def forward(self, x, pair, times=2.0, flag=True):
            return {"a": x * pair[0] * times, "b": pair[1] @ x}

    x = numpy.random.default_rng(0).normal(size=(3, 3))
    report = check_layer(Both(), x, (x + 1.0, x - 1.0))
    assert report, report


def test_a_plain_function_has_no_contracts():
    assert "memory layout" not in [stage.name for stage in check(mg.ops.tanh, numpy.ones(3)).stages]


def test_it_runs_on_every_array_library(backend):
    unbroken(cell_contract(mg.cells.registry["GRU-before"](), full))
    unbroken(cell_contract(Counting(), full))
    assert check_layer(Adding())


def test_the_contracts_are_quick():
    cell = mg.cells.GRU(8, 16, seed=0, dtype="float64")
    cell_contract(cell, full)
    start = time.process_time()
    cell_contract(cell, full)
    assert time.process_time() - start < 1.0
