"""The sLSTM where its numbers are known; and what its stabiliser must not do, which is anything at all to h."""

from __future__ import annotations

from math import log

import numpy
import pytest

import minigate as mg
from minigate.errors import OptionError
from minigate.gates import Constant
from minigate.layers import Recurrent
from tests.cells.test_by_hand import run, unit
from tests.cells.test_reductions import masks, methods, subject
from tests.contracts.differences import distance
from tests.contracts.subjects import MASK, D, H, N, T, recurrent

names = pytest.mark.parametrize("name", ["SLSTM", "SLSTM-exponential"])
ways_to_forget = pytest.mark.parametrize("forget", ["sigmoid", "exponential"])


def slstm(**options):
    return mg.cells.SLSTM(D, H, seed=0, dtype="float64", **options)


@methods
def test_by_hand(backend, method):
    layer = unit(
        mg.cells.SLSTM(1, 1, dtype="float64"), method,
        W_candidate=0.5 * log(3), W_input=log(4), b_output=log(2),
    )  # fmt: skip
    # step 1: x = 1, nothing stored:  z̃ = tanh(½ ln 3) = 1/2    o = σ(ln 2) = 2/3
    #   m1 = ln 4, i′ = 1             c1 = 1/2    n1 = 1    h1 = 2/3 · 1/2 = 1/3
    # step 2: x = 0:  z̃ = 0, i = 1, f = σ(0) = 1/2
    #   m2 = max(ln 1/2 + ln 4, 0) = ln 2, f′ = 1/2 · 4 / 2 = 1, i′ = 1/2
    #   c2 = 1/2 + 0    n2 = 1 + 1/2 = 3/2    h2 = 2/3 · 1/3 = 2/9
    y, (h, c, n, m) = run(layer, backend, [1.0, 0.0], [0.0, 0.0, 0.0, 0.0])
    assert y == pytest.approx([1 / 3, 2 / 9], rel=1e-14)
    assert (h, c, n, m) == (y[-1], *(pytest.approx(value, rel=1e-14) for value in (1 / 2, 3 / 2, log(2))))


@methods
def test_gates_that_are_all_1_make_a_running_mean(backend, method):
    """f = i = o = 1: h_t = 1/t Σ tanh(x W + h U + b), in the test's own words."""
    one = subject(slstm(forget="exponential", gate=Constant(1.0)), backend, method)
    v = one.values
    for name in v:
        if name.startswith("state") or name.endswith(("input", "forget")):
            v[name][...] = 0.0
    h, total = v["state.0"], 0.0
    for t, y in enumerate(one.outputs()[0]):
        total = total + numpy.tanh(v["x"][t] @ v["W.candidate"] + h @ v["U.candidate"] + v["b.candidate"])
        h = total / (t + 1)
        assert distance(y, h) <= 1e-13


@methods
@masks
def test_without_memory_it_is_a_gated_tanh(backend, method, masked):
    """f = 0: h_t = o_t ⊙ z̃_t, whatever the input gate says."""
    one = subject(slstm(gate=Constant(0.5)), backend, method, masked)
    v = one.values
    v["b.forget"][...] = -1e6
    v["U.candidate"][...] = 0.0
    y = 0.5 * numpy.tanh(v["x"] @ v["W.candidate"] + v["b.candidate"])
    assert distance(one.outputs()[0], numpy.where(MASK[..., None], y, 0.0) if masked else y) <= 1e-13
    gradients = one.gradients(one.cotangents()["last output"])
    assert not any(gradients[name].any() for name in ("state.1", "state.2", "state.3", "W.forget"))


@methods
@masks
@names
def test_another_stabiliser_is_the_same_memory(backend, method, masked, name):
    """(c e^−d, n e^−d, m + d) holds what (c, n, m) holds: y is the same, and c e^m and n e^m are at the end."""
    one = recurrent(name, "none", backend, masked=masked)
    one.layer.method = method
    y, h, c, n, m = one.outputs()
    d = numpy.linspace(-2.0, 3.0, N * H).reshape(N, H)
    c0, n0, m0 = (one.values[f"state.{k}"] for k in (1, 2, 3))
    one.values |= {"state.1": c0 * numpy.exp(-d), "state.2": n0 * numpy.exp(-d), "state.3": m0 + d}
    y_, h_, c_, n_, m_ = one.outputs()
    assert distance(y_, y) <= 1e-13 and distance(h_, h) <= 1e-13
    assert distance(c_ * numpy.exp(m_), c * numpy.exp(m)) <= 1e-12
    assert distance(n_ * numpy.exp(m_), n * numpy.exp(m)) <= 1e-12


@methods
@names
def test_where_only_y_is_asked_for_m_gets_what_c_and_n_get_together(backend, method, name):
    """Along (c e^−d, n e^−d, m + d) y stands still: dm = dc ⊙ c + dn ⊙ n."""
    one = recurrent(name, "none", backend)
    one.layer.method = method
    gradients = one.gradients(one.cotangents()["last output"])
    dc, dn, dm = (gradients[f"state.{k}"] for k in (1, 2, 3))
    assert distance(dm, dc * one.values["state.1"] + dn * one.values["state.2"]) <= 1e-12


@methods
@ways_to_forget
@pytest.mark.parametrize("size", [1e3, -1e3])
def test_it_does_not_matter_how_large_the_input_gates_are(backend, method, forget, size):
    """From nothing, all i times e^size: beyond any floating number, and h is the same. m knows."""
    one = subject(slstm(forget=forget), backend, method)
    for k in range(4):
        one.values[f"state.{k}"][...] = 0.0
    y, *_, m = one.outputs()
    gradients = one.gradients(one.cotangents()["last output"])
    assert numpy.abs(gradients["b.input"]).max() <= 1e-13
    one.values["b.input"] += size
    y_, *_, m_ = one.outputs()
    assert distance(y_, y) <= 1e-11 and distance(m_ - size, m) <= 1e-11
    assert distance(one.gradients(one.cotangents()["last output"])["W.input"], gradients["W.input"]) <= 1e-10


@methods
def test_exponential_forgetting_can_grow_far_beyond_any_number(backend, method):
    """f = e^5 at every step: ĉ would be e^1000. In float32."""
    layer = Recurrent(mg.cells.SLSTM(1, 2, forget="exponential", forget_bias=5.0, seed=0), method=method)
    x = mg.Tensor(backend.to(numpy.random.default_rng(0).normal(size=(200, 1, 1)), "float32"), requires_grad=True)
    y, (_, _, n, m) = layer(x)
    y.sum().backward()
    assert all(numpy.isfinite(backend.host(each)).all() for each in (y, n, m, x.grad))
    assert backend.host(m).min() > 800.0


@methods
@pytest.mark.parametrize("c, m", [(0.0, 0.0), (5.0, 1e3), (-5.0, -1e3)])
def test_where_n_is_0_nothing_is_stored(backend, method, c, m):
    one = subject(slstm(), backend, method)
    one.values |= {"state.1": numpy.full((N, H), c), "state.2": numpy.zeros((N, H)), "state.3": numpy.full((N, H), m)}
    v = one.values
    h = v["state.0"]
    a = {block: v["x"][0] @ v[f"W.{block}"] + h @ v[f"U.{block}"] + v[f"b.{block}"] for block in one.layer.cell.blocks}
    assert distance(one.outputs()[0][0], numpy.tanh(a["candidate"]) / (1.0 + numpy.exp(-a["output"]))) <= 1e-13
    gradients = one.gradients(one.cotangents()["all"])
    assert not any(gradients[f"state.{k}"].any() for k in (1, 2, 3))


@methods
def test_the_sign_of_n_does_not_count(backend, method):
    one = subject(slstm(), backend, method)
    outputs, gradients = one.outputs(), one.gradients(one.cotangents()["all"])
    one.values["state.2"] = -one.values["state.2"]
    assert all(numpy.array_equal(a, b) for a, b in zip(one.outputs(), outputs, strict=True))
    found = one.gradients(one.cotangents()["all"])
    assert numpy.array_equal(found.pop("state.2"), -gradients.pop("state.2"))
    assert all(numpy.array_equal(found[key], gradients[key]) for key in gradients)


@methods
def test_where_both_sides_of_the_maximum_are_equal_its_gradient_goes_to_the_input_gate(backend, method):
    layer = unit(mg.cells.SLSTM(1, 1, forget="exponential", dtype="float64"), method)
    state = [mg.Tensor(backend.to([[value]]), requires_grad=True) for value in (0.0, 0.0, 1.0, 0.0)]
    _, (_, _, _, m) = layer(backend.to([[[0.0]]]), tuple(state))  # ln f + m = 0 and a_i = 0
    m.sum().backward()
    found = {key: float(backend.host(layer.cell[key].grad)[0]) for key in ("b.input", "b.forget")}
    assert found == {"b.input": 1.0, "b.forget": 0.0}


def test_every_number_on_the_way_is_finite(backend):
    """What stands for the logarithm of nothing is a number, so that a search for infinities finds none."""
    layer = Recurrent(slstm(), method="tape")
    x = mg.Tensor(backend.to(numpy.ones((T, N, D))), requires_grad=True)
    with mg.detect_anomaly():
        layer(x)[0].sum().backward()


def test_its_options():
    assert repr(mg.cells.SLSTM(2, 4)) == "SLSTM(D=2, H=4)"
    assert repr(mg.cells.SLSTM(2, 4, forget="exponential")) == "SLSTM(D=2, H=4, forget='exponential')"
    assert numpy.all(mg.cells.SLSTM(2, 4, forget_bias=3.0).state_dict()["b.forget"] == 3.0)
    with pytest.raises(OptionError) as caught:
        mg.cells.SLSTM(2, 4, forget="exp")
    assert str(caught.value) == (
        "SLSTM: what is the forget gate?: expected forget='sigmoid' or 'exponential', got 'exp'"
    )
    with pytest.raises(OptionError) as caught:
        mg.cells.SLSTM(2, 4, gate={"forget": mg.gates.Sigmoid()})
    assert str(caught.value) == "SLSTM: there is no gate 'forget': expected one of output, got 'forget'"
