"""The bias of truncation: the numbers are those of the gradients themselves, and end at none."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.errors import OptionError
from tests.contracts.subjects import MASK, D, H, N, T, sequence

Recurrent = mg.layers.Recurrent


def gradients(layer, x, dy, mask, through):
    own, layer.through = layer.through, through
    y, _ = layer(x, mask=mask)
    found = mg.grad(y, layer.parameters(), dy)
    layer.through = own
    return dict(zip(dict(layer.named_parameters()), (d.data.ravel() for d in found), strict=True))


@pytest.mark.parametrize("method", ["bptt", "tape"])
@pytest.mark.parametrize("mask", [None, MASK], ids=["all", "mask"])
def test_it_is_the_distance_and_the_angle_of_two_gradients(method, mask):
    layer = Recurrent(mg.cells.LSTM(D, H, seed=0, dtype="float64"), method=method)
    x, dy = sequence((T, N, D)), numpy.random.default_rng(0).normal(size=(T, N, H))
    bias = mg.gradient_bias(layer, x, dy, windows=(1, 3), mask=mask)
    exact = gradients(layer, x, dy, mask, mg.bptt.full)
    assert list(bias.relative) == ["all", *exact] == list(bias.cosine)
    for k, window in enumerate((1, 3)):
        cut = gradients(layer, x, dy, mask, mg.bptt.truncated(window))
        for gradient in (exact, cut):
            gradient["all"] = numpy.concatenate([gradient[n] for n in bias.relative if n != "all"])
        for name, g in exact.items():
            length = numpy.linalg.norm
            assert bias.relative[name][k] == pytest.approx(length(cut[name] - g) / length(g), rel=1e-9)
            assert bias.cosine[name][k] == pytest.approx(cut[name] @ g / length(g) / length(cut[name]), rel=1e-9)


@pytest.mark.parametrize("name", mg.cells.registry)
def test_a_window_that_covers_the_sequence_has_none(backend, name):
    bias = mg.gradient_bias(Recurrent(mg.cells.registry[name]()), backend.to(sequence((T, N, D))), windows=(1, T, 99))
    assert bias.windows == (1, T, 99)
    assert bias.relative["all"][0] > 1e-3 and bias.cosine["all"][0] < 1.0
    for parameter, relative in bias.relative.items():
        assert relative[1:] == pytest.approx([0.0, 0.0], abs=1e-12, nan_ok=True), parameter
    assert bias.cosine["all"][1:] == pytest.approx([1.0, 1.0])


def test_longer_windows_are_closer():
    layer = Recurrent(mg.cells.GRU(D, 16, seed=0, dtype="float64"))
    bias = mg.gradient_bias(layer, sequence((40, 8, D)), windows=(1, 4, 10, 20))
    assert all(numpy.diff(bias.relative["all"]) < 0) and all(numpy.diff(bias.cosine["all"]) > 0)


def test_a_gradient_of_nothing_has_no_bias_to_speak_of():
    layer = Recurrent(mg.cells.GRU(D, H, seed=0, dtype="float64", gate={"reset": mg.gates.Constant(1.0)}))
    bias = mg.gradient_bias(layer, sequence((T, N, D)), windows=(1,))
    assert numpy.isnan(bias.relative["W.reset"]).all() and numpy.isnan(bias.cosine["W.reset"]).all()
    assert numpy.isfinite(bias.relative["all"]).all()


def test_all_layers_are_truncated_alike_and_are_afterwards_as_they_were():
    ways = (mg.bptt.checkpointed(2), mg.bptt.full)
    stack = mg.layers.Stack([Recurrent(mg.cells.RNN(D, D, seed=k, dtype="float64"), through=ways[k]) for k in (0, 1)])
    x = sequence((T, N, D))
    dy = numpy.random.default_rng(0).normal(size=(T, N, D))
    with mg.no_grad():
        bias = mg.gradient_bias(stack, x, dy, windows=(2,))
    assert tuple(layer.through for layer in stack.layers) == ways and all(p.grad is None for p in stack.parameters())
    found = []
    for way in (mg.bptt.full, mg.bptt.truncated(2)):
        for layer in stack.layers:
            layer.through = way
        found.append(numpy.concatenate([d.data.ravel() for d in mg.grad(stack(x)[0], stack.parameters(), dy)]))
    distance = numpy.linalg.norm(found[1] - found[0]) / numpy.linalg.norm(found[0])
    assert bias.relative["all"][0] == pytest.approx(distance, rel=1e-9)
    with pytest.raises(OptionError, match="window >= 1"):
        mg.gradient_bias(stack, x, dy, windows=(0,))
