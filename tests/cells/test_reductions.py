"""One cell becomes another where its gates stand still: exact zeros and ones come from ``mg.gates.Constant``."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.gates import Constant
from minigate.layers import Recurrent, Stack
from tests.contracts.differences import distance
from tests.contracts.example_gates import ParametricSigmoid
from tests.contracts.subjects import MASK, D, H, K, N, Subject, T, layer_of_registry, sequence

methods = pytest.mark.parametrize("method", ["bptt", "tape"])
masks = pytest.mark.parametrize("masked", [False, True], ids=["all", "mask"])
resets = pytest.mark.parametrize("reset", ["after", "before"])


def subject(cell, backend, method, masked=False) -> Subject:
    mask = MASK if masked else None
    return Subject(Recurrent(cell, method=method), backend, sequence((T, N, D), mask=mask), mask)


def same(one: Subject, other: Subject, names: dict[str, str]) -> None:
    """The same outputs and gradients, where ``names`` says which parameter of one is which of the other."""
    names = {"x": "x", "state.0": "state.0"} | names
    other.values |= {theirs: one.values[ours] for ours, theirs in names.items()}
    for found, expected in zip(one.outputs(), other.outputs(), strict=True):
        assert distance(found, expected) <= 1e-12
    for what, cotangents in one.cotangents().items():
        found, expected = one.gradients(cotangents), other.gradients(cotangents)
        for ours, theirs in names.items():
            assert distance(found[ours], expected[theirs]) <= 1e-12, f"{what}: d{ours}"


@methods
@masks
@resets
def test_a_gru_with_both_gates_open_is_the_tanh_rnn(backend, method, masked, reset):
    gru = mg.cells.GRU(D, H, reset=reset, gate=Constant(1.0), seed=0, dtype="float64")
    rnn = mg.cells.RNN(D, H, seed=0, dtype="float64")
    one, other = subject(gru, backend, method, masked), subject(rnn, backend, method, masked)
    same(one, other, {f"{symbol}.candidate": symbol for symbol in "WUb"})
    gradients = one.gradients(one.cotangents()["all"])
    assert all(not gradients[f"{symbol}.{gate}"].any() for symbol in "WUb" for gate in gru.gate_names)


@methods
@resets
def test_a_gru_that_does_not_update_holds_its_state(backend, method, reset):
    gru = mg.cells.GRU(D, H, reset=reset, gate={"update": Constant(0.0)}, seed=0, dtype="float64")
    one = subject(gru, backend, method)
    y, h = one.outputs()
    assert all(numpy.array_equal(each, one.values["state.0"]) for each in (*y, h))
    cotangents = one.cotangents()["all"]
    gradients = one.gradients(cotangents)
    assert distance(gradients["state.0"], cotangents[0].sum(axis=0) + cotangents[1]) <= 1e-14
    assert not any(gradient.any() for name, gradient in gradients.items() if name != "state.0")


@methods
@resets
def test_a_gru_that_always_resets_and_updates_has_no_memory(backend, method, reset):
    gates = {"update": Constant(1.0), "reset": Constant(0.0)}
    one = subject(mg.cells.GRU(D, H, reset=reset, gate=gates, seed=0, dtype="float64"), backend, method)
    y, h = one.outputs()
    assert distance(y, numpy.tanh(one.values["x"] @ one.values["W.candidate"] + one.values["b.candidate"])) <= 1e-14
    assert not one.gradients(one.cotangents()["all"])["state.0"].any()


@methods
@masks
def test_the_order_of_the_reset_does_not_matter_where_units_read_only_themselves(backend, method, masked):
    """For a diagonal U_h, (r ⊙ h) U_h = r ⊙ (h U_h)."""
    cells = [mg.cells.GRU(D, H, reset=reset, seed=0, dtype="float64") for reset in ("after", "before")]
    one, other = (subject(cell, backend, method, masked) for cell in cells)
    one.values["U.candidate"] = numpy.diag(numpy.arange(1.0, 5.0))
    other.values = one.values
    for found, expected in zip(one.outputs(), other.outputs(), strict=True):
        assert distance(found, expected) <= 1e-12
    found, expected = (each.gradients(one.cotangents()["all"]) for each in (one, other))
    for name in found:
        if name == "U.candidate":  # of U_h only the diagonal, where the two functions are the same
            found[name], expected[name] = numpy.diag(found[name]), numpy.diag(expected[name])
        assert distance(found[name], expected[name]) <= 1e-12, name


@methods
@resets
def test_the_other_convention_of_z_is_the_negated_update_gate(backend, method, reset):
    """h = z ⊙ h_prev + (1 − z) ⊙ h̃, as some frameworks have it, step by step in the test's own words."""
    one = subject(mg.cells.GRU(D, H, reset=reset, seed=0, dtype="float64"), backend, method)
    v, h = one.values, one.values["state.0"]

    def sigma(a):
        return 1.0 / (1.0 + numpy.exp(-a))

    y = []
    for x in v["x"]:
        z = sigma(-(x @ v["W.update"] + h @ v["U.update"] + v["b.update"]))
        r = sigma(x @ v["W.reset"] + h @ v["U.reset"] + v["b.reset"])
        recurrent = r * (h @ v["U.candidate"]) if reset == "after" else (r * h) @ v["U.candidate"]
        h = z * h + (1.0 - z) * numpy.tanh(x @ v["W.candidate"] + recurrent + v["b.candidate"])
        y.append(h)
    assert distance(one.outputs()[0], numpy.array(y)) <= 1e-13


@methods
@masks
def test_an_lstm_with_its_gates_open_adds_up(backend, method, masked):
    """f = i = o = 1 and U_c = 0: c_t = c_0 + Σ tanh(W_c x + b_c) over the real steps, h = tanh(c)."""
    one = subject(mg.cells.LSTM(D, H, gate=Constant(1.0), seed=0, dtype="float64"), backend, method, masked)
    one.values["U.candidate"][...] = 0.0
    v = one.values
    added = numpy.tanh(v["x"] @ v["W.candidate"] + v["b.candidate"])
    if masked:
        added[~MASK] = 0.0
    c = v["state.1"] + added.cumsum(axis=0)
    y, h, last = one.outputs()
    real = MASK if masked else numpy.ones((T, N), dtype=bool)
    assert distance(y, numpy.where(real[..., None], numpy.tanh(c), 0.0)) <= 1e-13
    assert distance(last, c[-1]) <= 1e-13
    assert distance(h, numpy.where(real.any(axis=0)[:, None], numpy.tanh(c[-1]), v["state.0"])) <= 1e-13


@methods
def test_an_lstm_that_forgets_all_and_takes_all_is_a_recurrent_network_of_two_tanhs(backend, method):
    """f = 0, i = o = 1: h = tanh(tanh(x W_c + h U_c + b_c)), and the old c does not matter."""
    gates = {"forget": Constant(0.0), "input": Constant(1.0), "output": Constant(1.0)}
    one = subject(mg.cells.LSTM(D, H, gate=gates, seed=0, dtype="float64"), backend, method)
    v, h = one.values, one.values["state.0"]
    for t, x in enumerate(v["x"]):
        h = numpy.tanh(numpy.tanh(x @ v["W.candidate"] + h @ v["U.candidate"] + v["b.candidate"]))
        assert distance(one.outputs()[0][t], h) <= 1e-13
    assert not one.gradients(one.cotangents()["all"])["state.1"].any()


@methods
def test_an_lstm_whose_output_gate_is_shut_says_nothing_but_remembers(backend, method):
    one = subject(mg.cells.LSTM(D, H, gate={"output": Constant(0.0)}, seed=0, dtype="float64"), backend, method)
    y, h, c = one.outputs()
    assert not y.any() and not h.any() and c.any()


@methods
@pytest.mark.parametrize("cell", [mg.cells.LSTM, mg.cells.GRU])
def test_a_parametric_gate_with_slope_1_and_offset_0_is_the_sigmoid(backend, method, cell):
    one = subject(cell(D, H, gate=ParametricSigmoid(), seed=0, dtype="float64"), backend, method)
    other = subject(cell(D, H, seed=0, dtype="float64"), backend, method)
    for name in one.layer.cell.gate_names:
        one.values[f"{name}.gate.k"][...], one.values[f"{name}.gate.m"][...] = 1.0, 0.0
    same(one, other, {name: name for name in other.values})


@pytest.mark.parametrize("name", mg.cells.registry)
@masks
def test_a_stack_of_one_is_the_layer_itself(backend, name, masked):
    layer = Recurrent(mg.cells.registry[name]())
    mask = MASK if masked else None
    alone = Subject(layer, backend, sequence((T, N, D), mask=mask), mask)

    def renamed(key):
        return key if key == "x" or key.startswith("state.") else f"layers.0.{key}"

    stacked = Subject(Stack([layer]), backend, alone.values["x"], mask)
    stacked.values = {renamed(key): value for key, value in alone.values.items()}
    for found, expected in zip(stacked.outputs(), alone.outputs(), strict=True):
        assert numpy.array_equal(found, expected)
    cotangents = alone.cotangents()["all"]
    found, expected = stacked.gradients(cotangents), alone.gradients(cotangents)
    assert all(numpy.array_equal(found[renamed(key)], expected[key]) for key in expected)


def test_a_stack_is_its_layers_one_after_the_other(backend):
    whole = layer_of_registry("Stack", backend)
    lower, upper = whole.layer.layers
    states = [mg.Tensor(backend.to(whole.values[f"state.{k}"])) for k in range(3)]
    whole.outputs()
    y, h = lower(backend.to(whole.values["x"]), (states[0],))
    y, h_and_c = upper(y, (states[1], states[2]))
    for found, expected in zip(whole.outputs(), [y, *h, *h_and_c], strict=True):
        assert numpy.array_equal(found, backend.host(expected))


def test_an_embedding_is_a_linear_map_of_one_hot_rows_and_so_is_the_first_weight_of_a_cell(backend):
    """Tokens into a cell = Embedding with the cell's W into a cell whose W is the identity."""
    tokens = sequence((T, N), tokens=True)
    direct = Recurrent(mg.cells.RNN(K, H, seed=0, dtype="float64"))
    rows = mg.layers.Embedding(K, H, dtype="float64")
    rows.load_state_dict({"W": direct.state_dict()["W"]})
    after = Recurrent(mg.cells.RNN(H, H, dtype="float64"))
    after.load_state_dict(direct.state_dict() | {"W": numpy.eye(H)})
    found, expected = direct(backend.to(tokens))[0], after(rows(backend.to(tokens)))[0]
    assert distance(backend.host(found), backend.host(expected)) <= 1e-13
