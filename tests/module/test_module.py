"""The parameter tree: names that stay, parameters that are shared once, and what goes through the whole tree."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.errors import DeviceMixError, OptionError, ShapeError, StateDictError
from minigate.module import Module, Parameter


class Leaf(Module):
    def __init__(self, size: int = 2) -> None:
        super().__init__()
        self.parameter("W.first", numpy.arange(size * 3.0).reshape(size, 3))
        self.parameter("b", numpy.zeros(3))
        self.buffer("mean", numpy.zeros(3))


class Tree(Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = Parameter(numpy.ones(1))
        self.left = Leaf()
        self.child("layers.0", Leaf(4))
        self.child("", Wrapped())


class Wrapped(Module):
    def __init__(self) -> None:
        super().__init__()
        self.parameter("inner", numpy.zeros(2))


NAMES = ["scale", "left.W.first", "left.b", "layers.0.W.first", "layers.0.b", "inner"]


def test_names_are_paths_in_the_order_of_making():
    tree = Tree()
    assert [name for name, _ in tree.named_parameters()] == NAMES
    assert [name for name, _ in tree.named_buffers()] == ["left.mean", "layers.0.mean"]
    assert [path for path, _ in tree.named_modules()] == ["", "left", "layers.0", ""]
    assert list(tree.state_dict()) == [*NAMES, "left.mean", "layers.0.mean"]
    assert list(tree.children()) == ["left", "layers.0", ""]
    assert tree.parameters() == [parameter for _, parameter in tree.named_parameters()]


def test_a_parameter_is_found_under_its_name():
    leaf = Leaf()
    assert leaf["W.first"] is dict(leaf.named_parameters())["W.first"]
    assert "b" in leaf and "W" not in leaf
    assert leaf["b"].requires_grad and leaf["b"].name == "b"
    with pytest.raises(StateDictError) as caught:
        leaf["W.frist"]
    assert str(caught.value) == "Leaf has no parameter 'W.frist' (did you mean 'W.first'?); it has: W.first, b"


@pytest.mark.parametrize("given", [numpy.ones(2), mg.Tensor(numpy.ones(2))], ids=["array", "tensor"])
def test_a_parameter_has_memory_of_its_own(given):
    module = Module()
    for name in ("a", "b"):
        module.parameter(name, given, "float64")
    module["a"].assign(numpy.zeros(2))
    assert module["b"].numpy().tolist() == [1.0, 1.0] == mg.asnumpy(given).tolist()


def test_a_parameter_that_two_modules_share_comes_once():
    one, two = Leaf(), Leaf()
    two.weight = one["W.first"]
    both = Module()
    both.one, both.two = one, two
    names = [name for name, _ in both.named_parameters()]
    assert names == ["one.W.first", "one.b", "two.W.first", "two.b"]
    assert len(both.parameters()) == len({id(p) for p in both.parameters()}) == 4
    assert two.weight is one["W.first"]


def test_a_module_that_is_a_child_already_is_not_registered_again():
    tree, leaf = Module(), Leaf()
    tree.child("layers.0", leaf)
    tree.first = leaf
    assert list(tree.children()) == ["layers.0"] and tree.first is leaf


def test_train_and_eval_reach_every_module():
    tree = Tree()
    assert tree.training and tree.left.training
    assert tree.eval() is tree
    assert not any(module.training for _, module in tree.named_modules())
    tree.train()
    assert all(module.training for _, module in tree.named_modules())
    assert Tree().training, "the class itself is left alone"


def test_zero_grad_reaches_every_parameter():
    tree = Tree()
    sum((p * 2.0).sum() for p in tree.parameters()).backward()
    assert all(numpy.all(p.grad.data == 2.0) for p in tree.parameters())
    tree.zero_grad()
    assert all(p.grad is None for p in tree.parameters())


def test_a_module_is_called_like_its_forward():
    class Double(Module):
        def forward(self, x, times=2):
            return x * times

    assert Double()(3, times=4) == 12
    with pytest.raises(TypeError, match="Tree has no forward: it is not a map from input to output"):
        Tree()(1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_parameters_take_the_default_dtype_or_the_one_that_is_named(dtype):
    with mg.default_dtype(dtype):
        assert Leaf()["b"].dtype == dtype
    module = Module()
    assert module.parameter("w", numpy.zeros(2), dtype).dtype == dtype
    assert module.parameter("v", numpy.zeros(2), numpy.dtype(dtype)).dtype == dtype
    with pytest.raises(OptionError, match="no such dtype for weights"):
        module.parameter("u", numpy.zeros(2), "int64")


def test_the_library_of_new_parameters_is_the_current_one(backend):
    leaf = Leaf()
    assert type(leaf["b"].data) is type(backend.xp.zeros(3))
    assert all(type(array) is numpy.ndarray for array in leaf.state_dict().values())


def test_a_state_dict_is_a_copy_there_and_back(backend):
    tree = Tree()
    saved = tree.state_dict()
    kept = {name: array.copy() for name, array in saved.items()}
    for array in saved.values():
        array += 5.0
    assert all(numpy.array_equal(array, kept[name]) for name, array in tree.state_dict().items() if "mean" not in name)
    arrays = [p.data for p in tree.parameters()]
    tree.load_state_dict(saved)
    assert all(p.data is array for p, array in zip(tree.parameters(), arrays, strict=True)), "the memory stays"
    assert all(numpy.array_equal(array, saved[name]) for name, array in tree.state_dict().items())
    saved["scale"][...] = 77.0
    assert tree.state_dict()["scale"] == 6.0


def test_loading_keeps_the_dtype_and_takes_tensors():
    leaf = Leaf()
    given = {name: mg.Tensor(array.astype("float64") + 1.0) for name, array in leaf.state_dict().items()}
    leaf.load_state_dict(given)
    assert leaf["b"].dtype == "float32" and leaf["b"].data.tolist() == [1.0, 1.0, 1.0]


def test_loading_the_wrong_names_says_all_of_them_and_changes_nothing():
    tree = Tree()
    before, given = tree.state_dict(), {name: array + 1.0 for name, array in tree.state_dict().items()}
    given["left.B"] = given.pop("left.b")
    given["layers.0.W.first"] = given["layers.0.W.first"].T
    given["layers.0.mean"] = numpy.zeros(5)
    del given["inner"]
    given["wholly.else"] = numpy.zeros(1)
    with pytest.raises(StateDictError) as caught:
        tree.load_state_dict(given)
    assert str(caught.value) == """\
Tree.load_state_dict: the names or shapes are not those of the module
  missing: left.b, inner
  unexpected: left.B (did you mean 'left.b'?)
  unexpected: wholly.else
  mis-shaped: layers.0.W.first: expected (4, 3), got (3, 4); transposed? weights are stored as operand @ W
  mis-shaped: layers.0.mean: expected (3,), got (5,)"""
    assert all(numpy.array_equal(array, before[name]) for name, array in tree.state_dict().items())


def test_assigning_another_shape_or_library_is_named():
    from tests.strict_double import strict_xp

    leaf = Leaf()
    with pytest.raises(ShapeError, match="another shape"):
        leaf["b"].assign(numpy.zeros(4))
    with pytest.raises(DeviceMixError):
        leaf["b"].assign(strict_xp.zeros(3))
