"""minGRU and minLSTM: numbers by hand, what they become where gates stand still, and what is linear in them."""

from __future__ import annotations

from math import log

import numpy
import pytest

import minigate as mg
from minigate.cells import MinGRU, MinLSTM, ScannedCell
from minigate.errors import OptionError
from minigate.gates import Constant
from minigate.layers import Recurrent
from tests.cells.test_by_hand import run, unit
from tests.cells.test_reductions import same, subject
from tests.contracts.differences import distance
from tests.contracts.subjects import HOST, MASK, D, H, N, T
from tests.contracts.test_three_ways import compare

methods = pytest.mark.parametrize("method", ["bptt", "tape"])
masks = pytest.mark.parametrize("masked", [False, True], ids=["all", "mask"])
KINDS = [(cell, candidate) for cell in (MinGRU, MinLSTM) for candidate in ("linear", "positive")]
kinds = pytest.mark.parametrize("cell, candidate", KINDS)


# ---- one unit, two steps, worked by hand; σ(ln a) = a / (1 + a) -----------------------------------


@methods
def test_min_gru(backend, method):
    layer = unit(MinGRU(1, 1, dtype="float64"), method, W_update=log(3), W_candidate=2.0, b_candidate=-1.0)
    # step 1: x = 1, h0 = 4:  z = σ(ln 3) = 3/4,  h̃ = 2 · 1 − 1 = 1    h1 = 1/4 · 4 + 3/4 · 1 = 7/4
    # step 2: x = 0:          z = σ(0) = 1/2,     h̃ = −1               h2 = 1/2 · 7/4 − 1/2 = 3/8
    y, (h,) = run(layer, backend, [1.0, 0.0], [4.0])
    assert y == pytest.approx([7 / 4, 3 / 8], rel=1e-14)
    assert h == y[-1]


@methods
def test_min_gru_with_a_positive_candidate(backend, method):
    layer = unit(
        MinGRU(1, 1, candidate="positive", dtype="float64"), method,
        W_update=log(3), W_candidate=log(4), b_candidate=-log(2),
    )  # fmt: skip
    # step 1: x = 1, h0 = 4:  z = 3/4,  a = ln 2 ≥ 0   h̃ = ln 2 + 1/2         h1 = 1 + 3/4 (ln 2 + 1/2)
    # step 2: x = 0:          z = 1/2,  a = −ln 2 < 0  h̃ = σ(−ln 2) = 1/3     h2 = 1/2 h1 + 1/6
    h1 = 1 + 3 / 4 * (log(2) + 1 / 2)
    y, _ = run(layer, backend, [1.0, 0.0], [4.0])
    assert y == pytest.approx([h1, h1 / 2 + 1 / 6], rel=1e-14)


@methods
def test_min_lstm(backend, method):
    layer = unit(
        MinLSTM(1, 1, dtype="float64"), method,
        W_forget=log(3), W_input=log(2), b_input=-log(3), b_forget=0.0, W_candidate=2.0, b_candidate=1.0,
    )  # fmt: skip
    # step 1: x = 1, h0 = 4:  f = σ(ln 3) = 3/4, i = σ(ln 2/3) = 2/5   f′ = 15/23, i′ = 8/23
    #                         h̃ = 3                                    h1 = (15 · 4 + 8 · 3)/23 = 84/23
    # step 2: x = 0:          f = 1/2, i = σ(−ln 3) = 1/4              f′ = 2/3, i′ = 1/3
    #                         h̃ = 1                                    h2 = 2/3 · 84/23 + 1/3 = 191/69
    y, _ = run(layer, backend, [1.0, 0.0], [4.0])
    assert y == pytest.approx([84 / 23, 191 / 69], rel=1e-14)


@methods
def test_the_gradient_of_the_min_gru(backend, method):
    """y2 of the first example: keep = (1/4, 1/2), z = (3/4, 1/2), h̃ = (1, −1), h = (7/4, 3/8).

    dh2 = 1, dh1 = keep_2 = 1/2, dh0 = keep_1 keep_2 = 1/8
    dh̃ = dh ⊙ z = (3/8, 1/2)                              dW_h = Σ dh̃ x = 3/8, db_h = 7/8
    dz = dh ⊙ (h̃ − h_prev) = (½ (1 − 4), −1 − 7/4) = (−3/2, −11/4)
    da_z = dz z (1 − z) = (−9/32, −11/16)                  dW_z = −9/32,        db_z = −31/32
    dx = dh̃ · 2 + da_z ln 3 = (3/4 − 9/32 ln 3, 1 − 11/16 ln 3)
    """
    layer = unit(MinGRU(1, 1, dtype="float64"), method, W_update=log(3), W_candidate=2.0, b_candidate=-1.0)
    x = mg.Tensor(backend.to([[[1.0]], [[0.0]]]), requires_grad=True)
    h0 = mg.Tensor(backend.to([[4.0]]), requires_grad=True)
    layer(x, (h0,))[0][1].sum().backward()
    found = {name: float(backend.host(p.grad).ravel()[0]) for name, p in layer.named_parameters()}
    expected = {"W.candidate": 3 / 8, "b.candidate": 7 / 8, "W.update": -9 / 32, "b.update": -31 / 32}
    assert found == pytest.approx(expected, rel=1e-14)
    dx = [3 / 4 - 9 / 32 * log(3), 1 - 11 / 16 * log(3)]
    assert backend.host(x.grad).ravel().tolist() == pytest.approx(dx, rel=1e-14)
    assert backend.host(h0.grad).ravel().tolist() == [1 / 8]


# ---- gates that stand still ----------------------------------------------------------------------

#: Gates that always take the candidate, or never.
TAKES = {MinGRU: {"update": Constant(1.0)}, MinLSTM: {"forget": Constant(0.0), "input": Constant(1.0)}}
HOLDS = {MinGRU: {"update": Constant(0.0)}, MinLSTM: {"forget": Constant(1.0), "input": Constant(0.0)}}


@methods
@masks
@kinds
def test_a_cell_that_takes_all_is_its_candidate(backend, method, masked, cell, candidate):
    one = subject(cell(D, H, candidate=candidate, gate=TAKES[cell], seed=0, dtype="float64"), backend, method, masked)
    a = numpy.nan_to_num(one.values["x"]) @ one.values["W.candidate"] + one.values["b.candidate"]
    expected = a if candidate == "linear" else numpy.where(a >= 0.0, a + 0.5, 1.0 / (1.0 + numpy.exp(-a)))
    real = MASK if masked else numpy.ones((T, N), dtype=bool)
    assert distance(one.outputs()[0], numpy.where(real[..., None], expected, 0.0)) <= 1e-14


@methods
@kinds
def test_a_cell_that_takes_nothing_holds_its_state(backend, method, cell, candidate):
    one = subject(cell(D, H, candidate=candidate, gate=HOLDS[cell], seed=0, dtype="float64"), backend, method)
    y, h = one.outputs()
    assert max(distance(each, one.values["state.0"]) for each in (*y, h)) <= 1e-15
    cotangents = one.cotangents()["all"]
    gradients = one.gradients(cotangents)
    assert distance(gradients["state.0"], cotangents[0].sum(axis=0) + cotangents[1]) <= 1e-14
    assert all(abs(gradient).max() < 1e-28 for name, gradient in gradients.items() if name != "state.0")


@methods
@masks
@pytest.mark.parametrize("candidate", ["linear", "positive"])
def test_a_min_lstm_whose_gates_oppose_each_other_is_a_min_gru(backend, method, masked, candidate):
    """W_i = W_z and W_f = −W_z: f = 1 − i, so that f′ = 1 − z and i′ = z."""
    lstm = subject(MinLSTM(D, H, candidate=candidate, seed=0, dtype="float64"), backend, method, masked)
    gru = subject(MinGRU(D, H, candidate=candidate, seed=0, dtype="float64"), backend, method, masked)
    for symbol in "Wb":
        lstm.values[f"{symbol}.forget"] = -lstm.values[f"{symbol}.input"]
        gru.values[f"{symbol}.update"] = lstm.values[f"{symbol}.input"]
    names = {f"{symbol}.candidate": f"{symbol}.candidate" for symbol in "Wb"}
    same(lstm, gru, names)
    cotangents = lstm.cotangents()["all"]
    found, expected = lstm.gradients(cotangents), gru.gradients(cotangents)
    for symbol in "Wb":  # each of the two gates has its share in what z moves
        assert distance(found[f"{symbol}.input"] - found[f"{symbol}.forget"], expected[f"{symbol}.update"]) <= 1e-12


@methods
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_two_gates_that_are_shut_to_the_last_digit_share_equally(backend, method, dtype):
    layer = unit(MinLSTM(1, 1, dtype=dtype), method, b_forget=-1000.0, b_input=-1000.0, b_candidate=3.0)
    x = mg.Tensor(backend.to([[[0.0]]], dtype), requires_grad=True)
    h0 = mg.Tensor(backend.to([[1.0]], dtype), requires_grad=True)
    y, _ = layer(x, (h0,))
    y.sum().backward()
    assert backend.host(y).ravel().tolist() == [2.0]
    assert float(backend.host(h0.grad)[0, 0]) == 0.5
    assert all(numpy.isfinite(backend.host(p.grad)).all() for p in layer.parameters())


# ---- what is special -----------------------------------------------------------------------------


@kinds
@masks
def test_the_state_that_it_begins_with_comes_in_linearly(backend, cell, candidate, masked):
    """h_t(h_0) − h_t(0) = (Π keep) h_0: twice the state, twice the difference."""
    one = subject(cell(D, H, candidate=candidate, seed=0, dtype="float64"), backend, "bptt", masked)
    finals = []
    for times in (0.0, 1.0, 2.0):
        values = one.values | {"state.0": times * one.values["state.0"]}
        finals.append(one.outputs(values)[1])
    assert distance(finals[2] - finals[0], 2.0 * (finals[1] - finals[0])) <= 1e-13


@masks
def test_a_min_lstm_with_a_positive_candidate_is_the_same_both_ways(backend, masked):
    hand, composed = (
        subject(MinLSTM(D, H, candidate="positive", seed=0, dtype="float64"), backend, method, masked)
        for method in ("bptt", "tape")
    )
    for what, cotangents in hand.cotangents().items():
        compare(hand.gradients(cotangents), composed.gradients(cotangents), 1e-12, what)


@kinds
def test_a_positive_candidate_keeps_a_state_positive(backend, cell, candidate):
    one = subject(cell(D, H, candidate=candidate, seed=0, dtype="float64"), backend, "bptt")
    one.values["state.0"] = numpy.abs(one.values["state.0"])
    assert bool((one.outputs()[0] > 0.0).all()) == (candidate == "positive")


@methods
def test_the_positive_candidate_is_continuous_and_has_a_kink(method):
    """g(0) = ½ from both sides; slope ¼ below and 1 above, and 1 at 0 itself."""
    cell = MinGRU(1, 1, candidate="positive", gate=Constant(1.0), dtype="float64")
    layer = unit(cell, method, W_candidate=1.0)
    x = mg.Tensor(numpy.array([[[-1e-9]], [[0.0]], [[1e-9]]]), requires_grad=True)
    y, _ = layer(x)
    y.sum().backward()
    assert y.data.ravel().tolist() == pytest.approx([0.5, 0.5, 0.5], abs=1e-8)
    assert x.grad.data.ravel().tolist() == pytest.approx([0.25, 1.0, 1.0], abs=1e-8)


def test_forget_bias_is_where_the_forget_gate_begins():
    assert MinLSTM(2, 3, forget_bias=-2.0).state_dict()["b.forget"].tolist() == [-2.0] * 3


def test_how_they_present_themselves():
    assert repr(MinGRU(2, 4)) == "MinGRU(D=2, H=4)"
    assert repr(MinLSTM(2, 4, candidate="positive")) == "MinLSTM(D=2, H=4, candidate='positive')"


@pytest.mark.parametrize("cell", [MinGRU, MinLSTM])
def test_another_candidate_is_named(cell):
    with pytest.raises(OptionError) as caught:
        cell(2, 4, candidate="tanh")
    assert str(caught.value) == (
        f"{cell.__name__}: what is the candidate made of?: "
        "expected candidate='linear' (x W + b) or 'positive' (g(x W + b) > 0), got 'tanh'"
    )


def test_every_gate_can_be_read_by_name():
    layer = Recurrent(MinLSTM(D, H, seed=0, dtype="float64"))
    trace = layer.trace(numpy.ones((T, N, D)))
    assert {"h", "h_prev", "candidate", "forget", "input"} == set(trace)


class Leaky(ScannedCell):
    """A cell of this family with nothing but ``step``."""

    gate_names = ("leak",)
    blocks = ("candidate", "leak")

    def step(self, x_t, state):
        h = self.gate("leak", self.input_share(x_t, "leak")) * state[0] + self.input_share(x_t, "candidate")
        return h, (h,)


def test_one_that_is_only_composed_goes_through_the_tape():
    cell = Leaky(D, H, seed=0, dtype="float64")
    assert not cell.written_by_hand and Recurrent(cell).method == "tape"
    assert mg.check_cell(Leaky, T=(3,))
    for method, arguments in (("coefficients", 4), ("coefficients_backward", 5)):
        with pytest.raises(TypeError, match=f"Leaky has no {method}: .* write the pair coefficients / coefficients_b"):
            getattr(cell, method)(*[None] * arguments)


def test_they_run_on_the_host_without_a_tape():
    one = subject(MinGRU(D, H, seed=0, dtype="float64"), HOST, "bptt")
    with mg.no_grad():
        assert not one.call()[1][0].requires_grad
