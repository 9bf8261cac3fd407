"""The check of layers on trial: a wrong line in any of their backward passes has to fail."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.checking import check_layer
from tests.checking.mutants_of_layers import LAYERS, MUTANTS_OF_LAYERS


def evidence(layer: mg.Module) -> list[numpy.ndarray]:
    """The gradients of a layer: does a mutant change anything?"""
    rng = numpy.random.default_rng(5)
    for parameter in layer.parameters():
        parameter.assign(parameter.data + 0.5 * rng.normal(size=parameter.shape))
    x = mg.Tensor(rng.normal(size=(5, 3, layer.D)), requires_grad=True)
    y = layer(x)
    return [g.data for g in mg.grad(y, [x, *layer.parameters()], rng.normal(size=y.shape))]


@pytest.mark.parametrize("mutant", MUTANTS_OF_LAYERS, ids=lambda mutant: mutant.name)
def test_a_mutant_fails_and_is_named(mutant, monkeypatch):
    before = evidence(LAYERS[mutant.cell]())
    mutant.apply(monkeypatch)
    after = evidence(LAYERS[mutant.cell]())
    assert any(not numpy.array_equal(a, b) for a, b in zip(before, after, strict=True)), "the mutant changes nothing"
    report = check_layer(LAYERS[mutant.cell]())
    assert report.verdict == "FAIL", report
    gradients = next(stage for stage in report.stages if stage.name == "gradient")
    assert gradients.detail.split("   right: ")[0] == mutant.says, report
    if mutant.kind:
        assert report.findings[0].kind == mutant.kind, report


@pytest.mark.parametrize("layer", LAYERS)
def test_without_a_mutant_it_passes(layer):
    assert check_layer(LAYERS[layer]())


def test_no_two_mutants_have_one_name():
    assert len({mutant.name for mutant in MUTANTS_OF_LAYERS}) == len(MUTANTS_OF_LAYERS)
