"""The MD-LSTM written pixel by pixel in PyTorch computes what ours does, there and back."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.bench.torch_md_lstm import pixel_by_pixel
from tests.contracts.differences import distance

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("input_peepholes", [1, 2])
def test_both_agree(input_peepholes):
    cell = mg.cells.MDLSTM(3, 4, input_peepholes=input_peepholes, seed=0, dtype="float64")
    rng = numpy.random.default_rng(1)
    for parameter in cell.parameters():
        parameter.assign(parameter.data + 0.3 * rng.normal(size=parameter.shape))
    x, dy = rng.normal(size=(5, 6, 2, 3)), rng.normal(size=(5, 6, 2, 4))
    ours, theirs = mg.Tensor(x, requires_grad=True), torch.from_numpy(x).requires_grad_(True)
    y, expected = mg.layers.Grid(cell)(ours), pixel_by_pixel(torch, cell)(theirs)
    assert distance(y.data, expected.detach().numpy()) <= 1e-12
    expected.backward(torch.from_numpy(dy))
    assert distance(mg.grad(y, ours, dy).data, theirs.grad.numpy()) <= 1e-12
