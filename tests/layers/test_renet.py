"""ReNet: layers of four sweeps, from images on; its sizes, names, dropout, and the door."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.errors import DTypeError, OptionError, ShapeError
from minigate.layers import Dropout, ReNet, Sweeps


@pytest.fixture
def images(rng):
    return rng.normal(size=(3, 2, 7, 9)).astype("float32")


def test_layers_read_what_the_layer_below_leaves(images):
    net = ReNet(2, [3, 4], patch=[2, (1, 3)], seed=0)
    grid = images.transpose(2, 3, 0, 1)
    first = net.layers[0](grid)
    assert isinstance(net.layers[0], Sweeps) and first.shape == (4, 5, 3, 6)
    expected = net.layers[1](first).data
    assert expected.shape == (4, 2, 3, 8) and net.map_size(7, 9) == (4, 2) and net.output_size == 8
    assert numpy.array_equal(net(images).data, expected)


@pytest.mark.parametrize("options", [{}, {"parallel": True}, {"order": "horizontal-first"}])
def test_the_last_sweeps_are_the_output(images, options):
    net = ReNet(2, [3, 4], seed=0, **options)
    found = net.sweeps(images)
    assert len(found) == 8 and all(name.startswith(f"layers.{j // 4}.") for j, name in enumerate(found))
    last = [y.data for name, y in found.items() if name.startswith("layers.1.")]
    assert numpy.array_equal(numpy.concatenate(last if "parallel" in options else last[2:], -1), net(images).data)


def test_one_number_of_units_is_one_layer_without_a_level_of_names():
    alone, listed = ReNet(1, 3, seed=0), ReNet(1, [3], seed=0)
    assert next(iter(alone.state_dict())) == "vertical.forward.W.candidate"
    assert next(iter(listed.state_dict())) == "layers.0.vertical.forward.W.candidate"
    assert {f"layers.0.{name}" for name in alone.state_dict()} == set(listed.state_dict())
    assert list(alone.sweeps(numpy.ones((1, 1, 4, 4), "float32")))[0] == "vertical.forward"


def test_the_architectures_of_the_paper_have_as_many_parameters():
    """MNIST: two layers of 256, patches of 2 × 2, of which 6 (D·d + d² + d) for every layer of size D and 2d."""
    def count(C, units):
        D, total = 4 * C, 0
        for d in units:
            total += 2 * 3 * (D * d + d * d + d) + 2 * 3 * (2 * d * d + d * d + d)
            D = 4 * 2 * d
        return total

    for C, units in ((1, [256, 256]), (3, [320] * 3)):
        found = sum(p.size for p in ReNet(C, units, seed=0).parameters())
        assert found == count(C, units)
    net = ReNet(1, [256, 256], seed=0)
    assert net.map_size(28, 28) == (7, 7) and net.output_size == 512
    assert ReNet(3, [2, 2, 2]).map_size(32, 32) == (4, 4)


def test_dropout_is_after_every_layer_and_in_training_only(images):
    net, plain = ReNet(2, [3, 4], dropout=0.5, seed=0), ReNet(2, [3, 4], seed=0)
    assert sum(isinstance(m, Dropout) for _, m in net.named_modules()) == 2
    plain.load_state_dict(net.state_dict())
    share = (net(images).data == 0.0).mean()
    assert 0.3 < share < 0.7
    assert numpy.array_equal(net.eval()(images).data, plain(images).data)


def test_any_cell_and_any_gate(images):
    for options in (
        {"cell": mg.cells.LSTM, "peephole": "full"},
        {"gate": mg.gates.KAF(elements=3)},
        {"cell": mg.cells.MinGRU},
        {"cell": mg.cells.ClockworkRNN, "periods": (1, 2)},
    ):
        net = ReNet(2, 4, seed=0, **options)
        y = net(images)
        y.backward(numpy.ones(y.shape, "float32"))
        assert y.shape == (4, 5, 3, 8) and all(numpy.isfinite(p.grad.data).all() for p in net.parameters())


def test_the_same_seed_is_the_same_net_and_no_two_cells_are_alike():
    one, two, other = (ReNet(1, 3, seed=s).state_dict() for s in (0, 0, 1))
    assert all(numpy.array_equal(one[name], two[name]) for name in one)
    names = [name for name in one if name.endswith("U.update")]
    drawn = [one[name] for name in names] + [other[name] for name in names]
    assert all(not numpy.array_equal(a, b) for k, a in enumerate(drawn) for b in drawn[:k])


def test_what_are_no_images_is_told_apart():
    for shape, says in (
        ((3, 28, 28), r"images without an axis of channels[\s\S]*x\[:, None\]"),
        ((3, 28, 28, 1), r"the channels last[\s\S]*x\.transpose\(0, 3, 1, 2\)"),
        ((3, 2, 28, 28), r"expected images x of shape \(N, C=1, Y, X\), got \(3, 2, 28, 28\)[\s\S]*ReNet\(C=2, …\)"),
    ):
        with pytest.raises(ShapeError, match=says):
            ReNet(1, 3, seed=0)(numpy.zeros(shape, "float32"))
    with pytest.raises(ShapeError, match=r"one image[\s\S]*x\[None\]"):
        ReNet(3, 2, seed=0)(numpy.zeros((3, 28, 28), "float32"))
    with pytest.raises(DTypeError, match=r"ReNet.*got uint8[\s\S]*astype"):
        ReNet(1, 3, seed=0)(numpy.zeros((3, 1, 28, 28), "uint8"))
    with pytest.raises(OptionError, match="ReNet: C is the number of channels: expected a whole number C >= 1, got 0"):
        ReNet(0, 3)
    with pytest.raises(OptionError, match=r"the units of one layer or more, got H=\[\]"):
        ReNet(1, [])
    with pytest.raises(OptionError, match=r"a list is one for each layer, a tuple is \(down, across\)"):
        ReNet(1, [2, 2], patch=[2, 2, 2])
