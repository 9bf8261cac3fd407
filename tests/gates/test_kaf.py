"""The flexible gate: what it is number by number, what it reduces to, how it begins, and where it stands."""

from __future__ import annotations

import math

import numpy
import pytest

import minigate as mg
from minigate.gates import KAF, kernel_expansion
from minigate.gates.element_by_element import ElementByElement
from minigate.gates.outward import Outward
from tests.contracts import differences
from tests.contracts.subjects import HOST, Subject, sequence
from tests.contracts.test_three_ways import compare
from tests.gates import restate_kaf

H = 3


def random(seed=0):
    return numpy.random.default_rng(seed)


def sigma(s):
    return 0.5 * numpy.tanh(0.5 * s) + 0.5


def at(gate, s, p):
    """g by hand for the same s (M,) in every unit."""
    return gate.forward(numpy, numpy.repeat(s[:, None], H, axis=1), p)


# ---- what it is ---------------------------------------------------------------------------------------


def is_its_restatement(backend, kernel="gaussian", elements=6, gamma=None, expected_gamma=None):
    """By hand and composed, against Σ α κ in plain Python, with coefficients that differ in every unit."""
    gate = KAF(kernel, elements=elements, reach=3.0, gamma=gamma, init="random")
    spacing = 6.0 / (elements - 1)
    gamma = 1.0 / (6.0 * spacing**2) if expected_gamma is None else expected_gamma
    p = {"alpha": random().normal(size=(H, elements))}
    s = 2.0 * random(1).normal(size=(20, H))
    moved = {"alpha": backend.to(p["alpha"])}
    by_hand = backend.host(gate.forward(backend.xp, backend.to(s), moved))
    composed = backend.host(gate.compose(mg.Tensor(backend.to(s)), {"alpha": mg.Tensor(moved["alpha"])}))
    for found in (by_hand, composed):
        for row, values in zip(s, found, strict=True):
            for k in range(H):
                right = restate_kaf.gate(row[k], p["alpha"][k].tolist(), 3.0, gamma, kernel)
                assert values[k] == pytest.approx(right, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("kernel", ["gaussian", "relu", "softplus"])
@pytest.mark.parametrize("elements", [2, 3, 6])
def test_it_is_its_restatement(backend, kernel, elements):
    is_its_restatement(backend, kernel, elements)


def test_the_bandwidth_has_two_rules_and_may_be_a_number(backend):
    spacing = 6.0 / 5
    is_its_restatement(backend, gamma="paper", expected_gamma=1.0 / (6.0 * spacing**2))
    is_its_restatement(backend, gamma="code", expected_gamma=1.0 / (8.0 * spacing**2))
    is_its_restatement(backend, gamma=0.37, expected_gamma=0.37)
    is_its_restatement(backend, gamma=90.0, expected_gamma=90.0)


def test_worked_by_hand():
    """d = −1, 1 and γ = ¼ ln 2: κ(1, 1) = 1, κ(1, −1) = ½; α = (2, 3): KAF(1) = 4, and the gate σ(2 + ½)."""
    gate = KAF(elements=2, reach=1.0, gamma=0.25 * math.log(2.0), init="random")
    p = {"alpha": numpy.array([[2.0, 3.0]])}
    s = numpy.array([[1.0]])
    g = gate.forward(numpy, s, p)
    assert g[0, 0] == pytest.approx(1.0 / (1.0 + math.exp(-2.5)), rel=1e-14)
    slope = g * (1.0 - g) * 0.5 * (1.0 - 2.0 * 0.25 * math.log(2.0) * 2.0 * 1.0)  # κ′(1, −1) = −2γ · 2 · ½, times α = 2
    assert gate.slope(numpy, s, g, p) == pytest.approx(slope, rel=1e-13)
    found = gate.param_gradients(numpy, numpy.ones((1, 1)), s, g, p)["alpha"]
    assert found == pytest.approx(0.5 * g * (1.0 - g) * numpy.array([[0.5, 1.0]]), rel=1e-13)


# ---- what it reduces to -------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_without_coefficients_it_is_the_logistic_function_of_half_of_s(backend, dtype):
    gate, s = KAF(), backend.to(3.0 * random().normal(size=(50, H)), dtype)
    p = {"alpha": backend.xp.zeros((H, 10), dtype=dtype)}
    g = gate.forward(backend.xp, s, p)
    expected = mg.gates.Sigmoid().forward(backend.xp, s * 0.5, {})
    assert backend.host(g).tobytes() == backend.host(expected).tobytes()
    alone = KAF(residual=False).forward(backend.xp, s, p)
    assert (backend.host(alone) == 0.5).all()


def begins_as_the_logistic_gate():
    """On the dictionary, which the regression sees, and between its elements."""
    gate = KAF()
    p = gate.init(H, random())
    for s in (numpy.array(gate.expansion.dictionary), numpy.linspace(-4.0, 4.0, 161)):
        assert abs(at(gate, s, p) - sigma(s)[:, None]).max() < 1e-3


def test_it_begins_as_the_logistic_gate():
    begins_as_the_logistic_gate()
    gate = KAF()
    far = numpy.array([-30.0, 30.0])
    assert at(gate, far, gate.init(H, random())) == pytest.approx(sigma(0.5 * far)[:, None].repeat(H, 1), rel=1e-12)


def test_the_regression_is_the_one_of_the_paper():
    """(K + ε I) α = d, eq. 9, with ε where it belongs."""
    gate = KAF(elements=5, reach=2.0, epsilon=0.01)
    d = restate_kaf.dictionary(5, 2.0)
    alpha = gate.init(2, random())["alpha"]
    assert numpy.array_equal(alpha[0], alpha[1])
    for i in range(5):
        right = restate_kaf.kaf(d[i], alpha[0].tolist(), 2.0, 1.0 / 6.0) + 0.01 * alpha[0, i]
        assert right == pytest.approx(d[i], abs=1e-12)


def test_it_begins_as_a_given_function_or_at_random():
    gate = KAF(init=numpy.sin, gamma=0.5)
    d = numpy.array(gate.expansion.dictionary)
    assert abs(at(gate, d, gate.init(H, random())) - sigma(0.5 * numpy.sin(d) + 0.5 * d)[:, None]).max() < 1e-3
    alpha = KAF(init="random", deviation=0.5).init(400, random())["alpha"]
    assert abs(alpha.std() - 0.5) < 0.02 and len(numpy.unique(alpha)) == alpha.size
    softplus = KAF("softplus")
    assert abs(at(softplus, d, softplus.init(H, random())) - sigma(d)[:, None]).max() < 0.03


# ---- how it is computed -------------------------------------------------------------------------------


@pytest.mark.parametrize("train_gamma", [False, True])
@pytest.mark.parametrize("elements", [2, 3, 4, 10, 11, 25])
def test_outward_from_the_middle_is_element_by_element(backend, elements, train_gamma):
    """With a number of elements that is even, odd and least, near the dictionary and far from it."""
    gate = KAF(elements=elements, train_gamma=train_gamma, init="random")
    p = {key: backend.to(value) for key, value in gate.init(H, random()).items()}
    if train_gamma:
        p["log_gamma"] += backend.to(numpy.array([-1.0, 0.0, 0.5]))
    s = backend.to(numpy.concatenate([8.0 * random(1).normal(size=(40, H)), [[-1e4, 300.0, 1e4]]]))
    fast = gate.expansion.by_hand(backend.xp, [p])
    assert isinstance(fast, Outward)
    gamma = backend.xp.exp(p["log_gamma"]) if train_gamma else fast.beta / fast.spacing**2
    slow = ElementByElement(gate.expansion.kernel, fast.middle, fast.spacing, p["alpha"].T, gamma, 1e6)
    e = backend.to(random(2).normal(size=(41, H)))
    values = (backend.host(each.value(backend.xp, s)) for each in (fast, slow))
    assert differences.distance(*values) < 1e-13
    for found, expected in zip(fast.value_and_slope(backend.xp, s), slow.value_and_slope(backend.xp, s), strict=True):
        assert differences.distance(backend.host(found), backend.host(expected)) < 1e-13
    found = fast.parameter_gradients(backend.xp, [(s[:20], e[:20]), (s[20:], e[20:])], train_gamma)
    expected = slow.parameter_gradients(backend.xp, [(s, e)], train_gamma)
    for key in expected:
        assert differences.distance(backend.host(found[key]), backend.host(expected[key])) < 1e-12


def test_it_goes_element_by_element_where_powers_would_leave_the_numbers():
    for gate, kind in ((KAF(), Outward), (KAF(gamma=60.0), ElementByElement), (KAF(elements=40), ElementByElement)):
        p = {key: value.astype("float32") for key, value in gate.init(H, random()).items()}
        assert isinstance(gate.expansion.by_hand(numpy, [p]), kind)
    p = {"alpha": numpy.ones((H, 10)), "log_gamma": numpy.array([0.0, -800.0, 800.0])}  # γ = 1, 0 and ∞
    with numpy.errstate(over="ignore"):
        assert isinstance(KAF(train_gamma=True).expansion.by_hand(numpy, [p]), ElementByElement)


@pytest.mark.parametrize("block", [1, 7, 40, 10**6])
def test_blocks_of_any_size_are_the_whole(monkeypatch, block):
    gate = KAF(train_gamma=True)
    p = gate.init(4, random())
    together = gate.prepare(numpy, [p, p])
    s = 2.0 * random(1).normal(size=(6, 2, 5, 4))
    whole = gate.forward(numpy, s, p)
    dp = gate.param_gradients(numpy, s, s, whole, p)
    monkeypatch.setattr(kernel_expansion, "BLOCK", block)
    slope = numpy.empty_like(s)
    assert differences.distance(gate.forward(numpy, s, together, slope=slope), whole) < 1e-14
    assert differences.distance(slope, gate.slope(numpy, s, whole, p)) < 1e-13
    assert differences.distance(gate.forward(numpy, s[0], together), whole[0]) < 1e-14
    assert differences.distance(gate.forward(numpy, s[0, 0], p), whole[0, 0]) < 1e-14
    for key, value in gate.param_gradients(numpy, s, s, whole, p).items():
        assert differences.distance(value, dp[key]) < 1e-12


GATES = {
    "gaussian": KAF,
    "trained": lambda: KAF(train_gamma=True),
    "relu": lambda: KAF("relu", init="random", deviation=0.1),
    "softplus": lambda: KAF("softplus"),
    "narrow": lambda: KAF(gamma=60.0, train_gamma=True),
    "no residual": lambda: KAF(residual=False),
}


@pytest.mark.parametrize("name", GATES)
def test_in_single_precision_it_is_the_same_gate(name):
    """Finite and a gate for any s, and every gradient to 1e-5 that of double precision, in norm."""
    gate = GATES[name]()
    p64 = {key: value.astype("float32").astype("float64") for key, value in gate.init(H, random()).items()}
    found = {}
    s64 = (2.0 * random(1).normal(size=(200, H))).astype("float32").astype("float64")
    for dtype in ("float32", "float64"):
        p, s = {key: value.astype(dtype) for key, value in p64.items()}, s64.astype(dtype)
        far = numpy.concatenate([numpy.geomspace(1.0, 1e4, 200), -numpy.geomspace(1.0, 1e4, 200)]).astype(dtype)
        g = at(gate, far, p)
        assert numpy.isfinite(g).all() and 0.0 <= g.min() <= g.max() <= 1.0
        g = gate.forward(numpy, s, p)
        dg = random(2).normal(size=s.shape).astype(dtype)
        found[dtype] = {"slope": gate.slope(numpy, s, g, p)} | gate.param_gradients(numpy, dg, s, g, p)
    for key, expected in found["float64"].items():
        assert numpy.linalg.norm(found["float32"][key] - expected) <= 1e-5 * numpy.linalg.norm(expected), key


# ---- where it stands ----------------------------------------------------------------------------------

SMALL = KAF(elements=5)
CELLS = {
    f"LSTM {peephole}{' coupled' if coupled else ''}": (mg.cells.LSTM, {"peephole": peephole, "coupled": coupled})
    for peephole in ("none", "diagonal", "full")
    for coupled in (False, True)
} | {
    "GRU before": (mg.cells.GRU, {"reset": "before"}),
    "GRU after": (mg.cells.GRU, {"reset": "after"}),
    "SGU": (mg.cells.SGU, {}),
    "DSGU": (mg.cells.DSGU, {}),
    "gated feedback": (mg.cells.GatedFeedback, {"unit": "tanh"}),
    "gated feedback, LSTM": (mg.cells.GatedFeedback, {"unit": "lstm", "peephole": "diagonal"}),
    "gated feedback, GRU": (mg.cells.GatedFeedback, {"unit": "gru"}),
}


@pytest.mark.parametrize("name", CELLS)
def test_it_is_a_gate_of_every_gated_cell(name):
    """By hand it is the tape, with one gate for all, of which neighbours run together, and with a gate each."""
    build, options = CELLS[name]
    sizes = [2, 2] if build is mg.cells.GatedFeedback else 4
    names = build(2, sizes, **options).gate_names
    for gates in (SMALL, {each: KAF(elements=5, train_gamma=bool(k % 2)) for k, each in enumerate(names)}):
        hand, tape = (
            Subject(
                mg.layers.Recurrent(build(2, sizes, gate=gates, seed=0, dtype="float64", **options), method=method),
                HOST,
                sequence((5, 3, 2)),
            )
            for method in ("bptt", "tape")
        )
        for found, expected in zip(hand.outputs(), tape.outputs(), strict=True):
            assert differences.distance(found, expected) <= 1e-11
        cotangents = hand.cotangents()["all"]
        compare(hand.gradients(cotangents), tape.gradients(cotangents), 1e-10, name)
        assert {key for key in hand.values if key.endswith(".gate.alpha")} == {f"{each}.gate.alpha" for each in names}


@pytest.mark.parametrize("method", ["bptt", "tape"])
def test_it_is_a_gate_of_a_cell_over_images(method):
    """All gates of a diagonal of positions run together; each gate by itself is the same cell."""
    cell = mg.cells.MDLSTM(2, 3, seed=0, dtype="float64", gate=SMALL)
    alone = mg.cells.MDLSTM(2, 3, seed=0, dtype="float64", gate={name: KAF(elements=5) for name in cell.gate_names})
    x = mg.Tensor(sequence((4, 3, 2, 2)), requires_grad=True)
    found = []
    for each in (cell, alone):
        each.load_state_dict(cell.state_dict())
        y = mg.layers.Grid(each, method=method)(x)
        found.append([y.data, *(g.data for g in mg.grad(y, [x, *each.parameters()], numpy.cos(y.data)))])
    assert all(differences.distance(one, other) <= 1e-12 for one, other in zip(*found, strict=True))


def test_second_derivatives_come_from_compose():
    report = mg.check_gate(KAF(train_gamma=True), order=2)
    assert report, report


def test_it_may_have_a_subclass_with_a_constructor_of_its_own():
    class Narrow(mg.gates.KAF):
        def __init__(self):
            super().__init__(reach=2.0)

    assert repr(Narrow()) == "Narrow(reach=2.0)"
    assert mg.cells.GRU(2, 3, gate=Narrow(), seed=0)["update.gate.alpha"].shape == (3, 10)


def test_what_it_is_called():
    assert repr(KAF()) == "KAF()" == repr(KAF(gamma=None))
    assert repr(KAF("relu", init="random")) == "KAF('relu', init='random')"
    assert repr(KAF(elements=7, gamma=2.0, residual=False)) == "KAF(elements=7, gamma=2.0, residual=False)"
