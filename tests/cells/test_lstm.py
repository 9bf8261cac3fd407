"""The LSTM's variants: what a gate with a peephole sees and when, and the two gates of a coupled one."""

from __future__ import annotations

from math import log, tanh

import numpy
import pytest

import minigate as mg
from minigate.errors import OptionError
from minigate.gates import Constant
from minigate.layers import Recurrent
from tests.cells.test_by_hand import run, unit
from tests.contracts.differences import distance
from tests.contracts.example_gates import CHOICES
from tests.contracts.subjects import MASK, D, H, N, Subject, T, sequence
from tests.contracts.test_three_ways import along_a_direction, compare

methods = pytest.mark.parametrize("method", ["bptt", "tape"])
masks = pytest.mark.parametrize("masked", [False, True], ids=["all", "mask"])
peepholes = pytest.mark.parametrize("peephole", ["diagonal", "full"])
every_peephole = pytest.mark.parametrize("peephole", ["none", "diagonal", "full"])


def subject(backend, method="bptt", masked=False, **options) -> Subject:
    mask = MASK if masked else None
    cell = mg.cells.LSTM(D, H, seed=0, dtype="float64", **options)
    return Subject(Recurrent(cell, method=method), backend, sequence((T, N, D), mask=mask), mask)


# ---- numbers worked by hand ----------------------------------------------------------------


@methods
@peepholes
def test_peepholes(backend, method, peephole):
    layer = unit(
        mg.cells.LSTM(1, 1, peephole=peephole, dtype="float64"), method,
        W_candidate=0.5 * log(3), V_input=log(3), V_forget=-log(3), V_output=8 / 5 * log(2),
    )  # fmt: skip
    # step 1: x = 1, h0 = 0, c0 = 1
    #   c̃ = tanh(½ ln 3) = 1/2    i = σ(ln 3 · 1) = 3/4    f = σ(−ln 3 · 1) = 1/4
    #   c1 = 1/4 · 1 + 3/4 · 1/2 = 5/8       o = σ(8/5 ln 2 · 5/8) = σ(ln 2) = 2/3       h1 = 2/3 tanh(5/8)
    # step 2: x = 0
    #   c̃ = 0    f = σ(−5/8 ln 3) = 1 / (1 + 3^⅝)    c2 = 5/8 f    o = σ(ln 2^(8/5 c2)) = a / (1 + a), a = 2^(8/5 c2)
    c2 = 5 / 8 / (1 + 3 ** (5 / 8))
    a = 2 ** (8 / 5 * c2)
    y, (h, c) = run(layer, backend, [1.0, 0.0], [0.0, 1.0])
    assert y == pytest.approx([2 / 3 * tanh(5 / 8), a / (1 + a) * tanh(c2)], rel=1e-14)
    assert (h, c) == (y[-1], pytest.approx(c2, rel=1e-14))


@methods
@peepholes
def test_the_gradient_through_peepholes(backend, method, peephole):
    """The first step above, dh1 = 1. σ′ = σ (1 − σ): o′ = 2/9, i′ = f′ = 3/16; s = 1 − tanh² 5/8.

    da_o = tanh(5/8) · 2/9                       dV_o = da_o · c1 = 5/8 da_o
    dc1 = 2/3 s + da_o · 8/5 ln 2                (the second part is what the output gate's peephole adds)
    da_i = dc1 · 1/2 · 3/16, da_f = dc1 · 1 · 3/16       dV_i = da_i · c0 = 3/32 dc1, dV_f = 3/16 dc1
    dc0 = dc1 · 1/4 + da_i ln 3 − da_f ln 3 = dc1 (1/4 − 3/32 ln 3)
    """
    layer = unit(
        mg.cells.LSTM(1, 1, peephole=peephole, dtype="float64"), method,
        W_candidate=0.5 * log(3), V_input=log(3), V_forget=-log(3), V_output=8 / 5 * log(2),
    )  # fmt: skip
    c0 = mg.Tensor(backend.to([[1.0]]), requires_grad=True)
    y, _ = layer(backend.to([[[1.0]]]), (backend.to([[0.0]]), c0))
    y.sum().backward()
    da_o = tanh(5 / 8) * 2 / 9
    dc1 = 2 / 3 * (1 - tanh(5 / 8) ** 2) + da_o * 8 / 5 * log(2)
    expected = {"V.input": 3 / 32 * dc1, "V.forget": 3 / 16 * dc1, "V.output": 5 / 8 * da_o}
    for name, gradient in expected.items():
        assert backend.host(layer.cell[name].grad).ravel().tolist() == pytest.approx([gradient], rel=1e-14), name
    assert backend.host(c0.grad).ravel().tolist() == pytest.approx([dc1 * (1 / 4 - 3 / 32 * log(3))], rel=1e-14)


@methods
def test_coupled(backend, method):
    layer = unit(
        mg.cells.LSTM(1, 1, coupled=True, dtype="float64"), method,
        W_candidate=0.5 * log(3), W_forget=-log(3), b_output=log(2),
    )  # fmt: skip
    # step 1: x = 1, c0 = 2:  c̃ = 1/2, f = 1/4, i = 3/4:  c1 = 1/2 + 3/8 = 7/8;  o = 2/3
    # step 2: x = 0:          c̃ = 0, f = i = 1/2:         c2 = 7/16
    y, (_, c) = run(layer, backend, [1.0, 0.0], [0.0, 2.0])
    assert y == pytest.approx([2 / 3 * tanh(7 / 8), 2 / 3 * tanh(7 / 16)], rel=1e-14)
    assert c == pytest.approx(7 / 16, rel=1e-14)


# ---- reductions ----------------------------------------------------------------------------


@methods
@masks
@peepholes
@pytest.mark.parametrize("coupled", [False, True])
def test_peepholes_of_weight_0_are_none(backend, method, masked, peephole, coupled):
    plain = subject(backend, method, masked, coupled=coupled)
    one = subject(backend, method, masked, peephole=peephole, coupled=coupled)
    one.values = {name: plain.values.get(name, 0.0 * value) for name, value in one.values.items()}
    assert all(numpy.array_equal(*pair) for pair in zip(one.outputs(), plain.outputs(), strict=True))
    cotangents = plain.cotangents()["all"]
    found, expected = one.gradients(cotangents), plain.gradients(cotangents)
    compare({name: found[name] for name in expected}, expected, 1e-13, "all")


@methods
@masks
@pytest.mark.parametrize("coupled", [False, True])
def test_a_full_peephole_that_is_a_diagonal_is_the_diagonal_one(backend, method, masked, coupled):
    one = subject(backend, method, masked, peephole="full", coupled=coupled)
    other = subject(backend, method, masked, peephole="diagonal", coupled=coupled)
    one.values = {k: numpy.diag(v) if k.startswith("V") else v for k, v in other.values.items()}
    for found, expected in zip(one.outputs(), other.outputs(), strict=True):
        assert distance(found, expected) <= 1e-13
    cotangents = other.cotangents()["all"]
    found = {k: numpy.diag(v) if k.startswith("V") else v for k, v in one.gradients(cotangents).items()}
    compare(found, other.gradients(cotangents), 1e-12, "all")


@methods
@masks
@every_peephole
def test_a_coupled_lstm_is_one_whose_input_gate_is_the_forget_gate_turned_round(backend, method, masked, peephole):
    """1 − σ(a) = σ(−a): W.input = −W.forget, and so on; where a weight has two places its gradients add up."""
    one = subject(backend, method, masked, peephole=peephole, coupled=True)
    other = subject(backend, method, masked, peephole=peephole)
    turned = {name.replace("forget", "input"): -value for name, value in one.values.items() if "forget" in name}
    other.values = one.values | turned
    for found, expected in zip(one.outputs(), other.outputs(), strict=True):
        assert distance(found, expected) <= 1e-13
    cotangents = one.cotangents()["all"]
    whole = other.gradients(cotangents)
    for name in turned:
        whole[name.replace("input", "forget")] -= whole.pop(name)
    compare(one.gradients(cotangents), whole, 1e-12, "all")


@methods
@every_peephole
def test_a_coupled_lstm_that_keeps_all_takes_nothing_in(backend, method, peephole):
    one = subject(backend, method, peephole=peephole, coupled=True, gate={"forget": Constant(1.0)})
    _, _, c = one.outputs()
    assert numpy.array_equal(c, one.values["state.1"])
    gradients = one.gradients(one.cotangents()["all"])
    assert all(not gradients[f"{symbol}.candidate"].any() for symbol in "WUb")


@methods
@every_peephole
def test_a_coupled_lstm_that_keeps_nothing_takes_all_in(backend, method, peephole):
    one = subject(backend, method, peephole=peephole, coupled=True, gate={"forget": Constant(0.0)})
    v, (y, _, c) = one.values, one.outputs()
    h = numpy.concatenate([v["state.0"][None], y[:-1]])
    last = v["x"][-1] @ v["W.candidate"] + h[-1] @ v["U.candidate"] + v["b.candidate"]
    assert distance(c, numpy.tanh(last)) <= 1e-14


@methods
@peepholes
def test_what_gates_that_stand_still_see_does_not_matter(backend, method, peephole):
    one = subject(backend, method, peephole=peephole, gate=Constant(0.5))
    other = subject(backend, method, gate=Constant(0.5))
    other.values = {name: one.values[name] for name in other.values}
    assert all(numpy.array_equal(*pair) for pair in zip(one.outputs(), other.outputs(), strict=True))
    gradients = one.gradients(one.cotangents()["all"])
    assert all(not gradient.any() for name, gradient in gradients.items() if name.startswith("V"))


# ---- both at once, which the registry does not have ----------------------------------------


@peepholes
@masks
@pytest.mark.parametrize("choice", CHOICES)
def test_coupled_with_peepholes(backend, peephole, masked, choice):
    options = {"peephole": peephole, "coupled": True, "gate": CHOICES[choice](("forget", "output"))}
    hand, composed = (subject(backend, method, masked, **options) for method in ("bptt", "tape"))
    for found, expected in zip(hand.outputs(), composed.outputs(), strict=True):
        assert distance(found, expected) <= 1e-12
    for what, cotangents in composed.cotangents().items():
        compare(hand.gradients(cotangents), composed.gradients(cotangents), 1e-10, what)
    if choice == "one-of-each":
        along_a_direction(hand)


# ---- what is special about it --------------------------------------------------------------


@every_peephole
@pytest.mark.parametrize("coupled", [False, True])
@pytest.mark.parametrize("steps", [2, 5])
def test_every_gate_can_be_read_by_its_name(backend, peephole, coupled, steps):
    cell = mg.cells.LSTM(D, H, peephole=peephole, coupled=coupled, seed=0, dtype="float64")
    trace = Recurrent(cell).trace(backend.to(sequence((steps, N, D))))
    assert set(trace) == {"h", "h_prev", "c", "c_prev", "candidate", "input", "forget", "output", "tanh_c"}
    i, f, c, c_prev = (backend.host(trace[name]) for name in ("input", "forget", "c", "c_prev"))
    assert distance(c, f * c_prev + i * backend.host(trace["candidate"])) <= 1e-14
    assert not coupled or numpy.array_equal(i, 1.0 - f)


@pytest.mark.parametrize("coupled, early", [(False, 2), (True, 1)])
def test_the_output_gate_opens_when_c_is_known(coupled, early):
    seen = []

    class Counted(mg.gates.Sigmoid):
        def forward(self, xp, s, p, out=None):
            seen.append(len(s))
            return super().forward(xp, s, p, out)

    cell = mg.cells.LSTM(2, 4, peephole="diagonal", coupled=coupled, gate=Counted(), seed=0)
    Recurrent(cell)(numpy.ones((3, 2, 2), dtype="float32"))
    assert seen == [early, 1] * 3


@peepholes
def test_with_the_same_seed_it_begins_as_the_lstm_without(peephole):
    plain, own = (mg.cells.LSTM(2, 4, seed=3, **options).state_dict() for options in ({}, {"peephole": peephole}))
    assert all(numpy.array_equal(own[name], array) for name, array in plain.items())
    assert all(not own[name].any() for name in own.keys() - plain.keys())


def test_what_an_lstm_is_called():
    assert repr(mg.cells.LSTM(2, 4)) == "LSTM(D=2, H=4)"
    both = mg.cells.LSTM(2, 4, peephole="full", coupled=True)
    assert repr(both) == "LSTM(D=2, H=4, peephole='full', coupled=True)"


ERRORS = {
    "another peephole": ({"peephole": "some"}, """\
LSTM: what do the gates see of the cell state?: expected peephole='none' or 'diagonal' (each unit its own c: c ⊙ V) \
or 'full' (c V), got 'some'"""),
    "a peephole or none": ({"peephole": True}, """\
'full' (c V), got True
  type: peephole="diagonal", the peephole of the papers"""),
    "coupled to what": ({"coupled": "input"}, """\
LSTM: is the input gate 1 − the forget gate?: expected coupled=True or False, got 'input'"""),
    "a gate that is not there": ({"coupled": True, "gate": {"input": Constant(1.0)}}, """\
LSTM: there is no gate 'input': expected one of forget, output, got 'input'"""),
}  # fmt: skip


@pytest.mark.parametrize("case", ERRORS)
def test_errors(case):
    options, text = ERRORS[case]
    with pytest.raises(OptionError) as caught:
        mg.cells.LSTM(2, 4, **options)
    assert text in str(caught.value)
