"""Layer normalisation, and the LSTM with it: known numbers, what it cannot see, and where it is the LSTM."""

from __future__ import annotations

from math import log, sqrt, tanh

import numpy
import pytest

import minigate as mg
from minigate.cells import Trace
from minigate.cells.normalisation import EPSILON, averages, normalise, normalise_backward, normalised
from minigate.gates import Constant
from minigate.layers import Recurrent
from tests.cells.test_reductions import masks, methods, subject
from tests.contracts.differences import distance
from tests.contracts.subjects import MASK, D, H, N, T, sequence

BLOCKS = ("candidate", "input", "forget", "output")


def cell(**options):
    return mg.cells.LayerNormLSTM(D, H, seed=0, dtype="float64", **options)


def together(values, symbol):
    return numpy.concatenate([values[f"{symbol}.{block}"] for block in BLOCKS], axis=-1)


def layer_norm(a):
    centred = a - a.mean(axis=-1, keepdims=True)
    return centred / numpy.sqrt((centred**2).mean(axis=-1, keepdims=True) + EPSILON)


def by_hand(backend, a):
    """â and its scale, as the cell gets them."""
    a_hat, work, scale = (backend.xp.empty(shape) for shape in (a.shape, a.shape, (*a.shape[:-1], 1)))
    return normalise(backend.xp, backend.to(a), a_hat, scale, work, average(backend, a)), scale


def average(backend, a):
    return averages(Trace(backend.xp, a.dtype), a.shape[-1])


def test_normalising_by_hand_and_composed(backend):
    """There and back; on top, what comes back has no share along the ones, nor (but for ε) along â."""
    rng = numpy.random.default_rng(0)
    a, d = 10.0 * rng.normal(size=(2, 3, 5)) + 4.0, rng.normal(size=(2, 3, 5))
    a_hat, scale = by_hand(backend, a)
    start = mg.Tensor(backend.to(a), requires_grad=True)
    composed = normalised(start)
    assert distance(backend.host(a_hat), layer_norm(a)) <= 1e-14
    assert distance(backend.host(composed), layer_norm(a)) <= 1e-14
    expected = backend.host(mg.grad(composed, start, backend.to(d)))
    work, mean = backend.xp.empty(a.shape), backend.xp.empty((2, 3, 1))
    da = backend.host(normalise_backward(backend.xp, backend.to(d), a_hat, scale, work, mean, average(backend, a)))
    assert distance(da, expected) <= 1e-13
    assert numpy.abs(da.sum(axis=-1)).max() <= 1e-13
    assert numpy.abs((da * layer_norm(a)).sum(axis=-1)).max() <= 1e-5


def test_equal_numbers_become_zeros(backend):
    assert not backend.host(by_hand(backend, numpy.full((3, 4), 7.0))[0]).any()
    assert not backend.host(normalised(mg.Tensor(backend.to(numpy.full((3, 4), 7.0))))).any()


@methods
def test_by_hand(backend, method):
    """Two units. d² = 3 ε makes d / √(d² + ε) = ½ √3 = s of the eight numbers ±d; U is 0, and so is LN(h U)."""
    layer = Recurrent(mg.cells.LayerNormLSTM(1, 2, dtype="float64"), method=method)
    weights = {name: numpy.zeros_like(array) for name, array in layer.state_dict().items()}
    d, s = sqrt(3 * EPSILON), sqrt(3) / 2
    for block, sign in zip(BLOCKS, (1, 1, -1, -1)):
        weights[f"W.{block}"][...] = sign * d
    weights["gain_x.candidate"][...] = 0.5 * log(3) / s, -0.5 * log(3) / s
    weights["gain_x.input"][...] = log(3) / s
    weights["gain_x.forget"][...] = log(3) / s
    weights["b.output"][...] = log(2)
    weights["gain.cell"][...], weights["b.cell"][...] = 2.0, 0.5
    layer.load_state_dict(weights)
    # step 1: x = 1:  z̃ = (1/2, −1/2)    i = σ(ln 3) = 3/4    f = σ(−ln 3) = 1/4    o = 2/3    c0 = (2, 0)
    #   c1 = (1/2 + 3/8, −3/8) = (7/8, −3/8): mean 1/4, deviation 5/8
    # step 2: x = 0:  z̃ = 0, i = f = 1/2: c2 = (7/16, −3/16), deviation 5/16
    y, (h, c) = layer(backend.to([[[1.0]], [[0.0]]]), (backend.to([[0.0, 0.0]]), backend.to([[2.0, 0.0]])))
    for found, q in zip(backend.host(y), (5 / 8, 5 / 16)):
        c_hat = q / sqrt(q * q + EPSILON)
        expected = [2 / 3 * tanh(2 * c_hat + 0.5), 2 / 3 * tanh(-2 * c_hat + 0.5)]
        assert found[0].tolist() == pytest.approx(expected, rel=1e-14)
    assert backend.host(c).ravel().tolist() == pytest.approx([7 / 16, -3 / 16], rel=1e-14)
    assert numpy.array_equal(backend.host(h), backend.host(y)[-1])


@methods
@masks
def test_what_is_common_to_all_blocks_is_not_seen(backend, method, masked):
    """A number added to a row of W (or of U) in all blocks changes nothing: the gradient of such a row sums to 0."""
    one = subject(cell(), backend, method, masked)
    outputs, gradients = one.outputs(), one.gradients(one.cotangents()["all"])
    for symbol in "WU":
        assert numpy.abs(together(gradients, symbol).sum(axis=-1)).max() <= 1e-12
        for block in BLOCKS:
            one.values[f"{symbol}.{block}"] += numpy.arange(1.0, 1.0 + len(one.values[f"{symbol}.{block}"]))[:, None]
    assert all(distance(a, b) <= 1e-12 for a, b in zip(one.outputs(), outputs, strict=True))


@methods
def test_the_size_of_the_weights_is_seen_only_beside_epsilon(backend, method):
    one = subject(cell(), backend, method)
    outputs = one.outputs()
    for name in one.values:
        if name[0] in "WU":
            one.values[name] *= 1000.0
    assert all(distance(a, b) <= 1e-3 for a, b in zip(one.outputs(), outputs, strict=True))


@methods
@masks
def test_without_the_state_it_is_an_lstm_of_normalised_input(backend, method, masked):
    """g_h = 0: c is that of an LSTM that reads g_x ⊙ LN(x W) and has no U. y says it in another way: tanh(LN(c))."""
    one = subject(cell(), backend, method, masked)
    v = one.values
    for block in BLOCKS:
        v[f"gain_h.{block}"][...] = 0.0
    x = together(v, "gain_x") * layer_norm(numpy.nan_to_num(v["x"]) @ together(v, "W"))
    plain = Recurrent(mg.cells.LSTM(4 * H, H, dtype="float64"), method=method)
    weights = {f"W.{block}": numpy.eye(4 * H)[:, k * H : (k + 1) * H] for k, block in enumerate(BLOCKS)}
    weights |= {f"U.{block}": numpy.zeros((H, H)) for block in BLOCKS}
    weights |= {f"b.{block}": v[f"b.{block}"] for block in BLOCKS}
    plain.load_state_dict(weights)
    mask = backend.to(MASK) if masked else None
    state = tuple(backend.to(v[f"state.{k}"]) for k in range(2))
    _, (_, c) = plain(backend.to(x), state, mask)
    y, _, found = one.outputs()
    assert distance(found, backend.host(c)) <= 1e-12
    if not masked:
        o = 1.0 / (1.0 + numpy.exp(-(x[-1, :, 3 * H :] + v["b.output"])))
        shown = numpy.tanh(v["gain.cell"] * layer_norm(found) + v["b.cell"])
        assert distance(y[-1], o * shown) <= 1e-12
    gradients = one.gradients(one.cotangents()["all"])
    assert not any(gradients[f"U.{block}"].any() for block in BLOCKS)


@methods
def test_before_anything_came_in_there_is_only_the_bias(backend, method):
    """x = 0 and h = 0: both normalised shares are 0 exactly."""
    one = subject(cell(gate=Constant(1.0)), backend, method)
    one.values["x"][...] = one.values["state.0"][...] = 0.0
    one.values["x"] = one.values["x"][:1]
    assert distance(one.outputs()[2], one.values["state.1"] + numpy.tanh(one.values["b.candidate"])) <= 1e-14


@methods
def test_one_unit_has_nothing_to_be_measured_against(backend, method):
    layer = Recurrent(mg.cells.LayerNormLSTM(D, 1, gate=Constant(0.5), seed=0, dtype="float64"), method=method)
    layer.cell["b.cell"].assign(backend.to([0.3]))
    y = backend.host(layer(backend.to(sequence((T, N, D))))[0])
    assert y.ravel().tolist() == pytest.approx([0.5 * tanh(0.3)] * (T * N), rel=1e-12)


@methods
def test_a_bias_far_larger_than_what_comes_in_costs_no_digits(backend, method):
    """The reason why b is no part of the share that is normalised: (x W + b) − b would be left with none."""
    x = 1e-2 * sequence((T, N, D))
    found = []
    for dtype in ("float64", "float32"):
        layer = Recurrent(mg.cells.LayerNormLSTM(D, H, seed=0, dtype=dtype), method=method)
        for block in ("input", "forget"):
            layer.cell[f"b.{block}"].assign(backend.to([1e5] * H, dtype))
        found.append(backend.host(layer(backend.to(x, dtype))[0]))
    assert distance(found[1], found[0]) <= 1e-5


def test_how_it_begins():
    state = mg.cells.LayerNormLSTM(2, 4, forget_bias=3.0).state_dict()
    assert all(numpy.all(array == 1.0) for name, array in state.items() if name.startswith("gain"))
    assert numpy.all(state["b.forget"] == 3.0) and not state["b.cell"].any()
    assert repr(mg.cells.LayerNormLSTM(2, 4)) == "LayerNormLSTM(D=2, H=4)"
