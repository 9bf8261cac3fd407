"""Names, orders and signs between minigate and PyTorch, on arrays small enough to be read.

That the numbers mean the same on both sides is the business of ``tests/contracts/test_torch.py``.
"""

from __future__ import annotations

import subprocess
import sys

import numpy
import pytest

import minigate as mg
from minigate.convert import from_torch, to_torch
from tests.convert.state_dicts import ROWS, theirs


def test_the_rows_of_an_lstm_are_input_forget_candidate_output():
    given = theirs("LSTM")
    found = from_torch(given)
    for k, block in enumerate(("input", "forget", "candidate", "output")):
        rows = slice(2 * k, 2 * k + 2)
        assert numpy.array_equal(found[f"W.{block}"], given["weight_ih_l0"][rows].T)
        assert numpy.array_equal(found[f"U.{block}"], given["weight_hh_l0"][rows].T)
        assert numpy.array_equal(found[f"b.{block}"], given["bias_ih_l0"][rows] + given["bias_hh_l0"][rows])


def test_the_rows_of_a_gru_are_reset_update_candidate_and_the_update_gate_turns_its_sign():
    given = theirs("GRU")
    found = from_torch(given)
    for k, (block, sign) in enumerate({"reset": 1, "update": -1, "candidate": 1}.items()):
        rows = slice(2 * k, 2 * k + 2)
        both = given["bias_ih_l0"][rows] + (given["bias_hh_l0"][rows] if block != "candidate" else 0)
        assert numpy.array_equal(found[f"W.{block}"], sign * given["weight_ih_l0"][rows].T)
        assert numpy.array_equal(found[f"U.{block}"], sign * given["weight_hh_l0"][rows].T)
        assert numpy.array_equal(found[f"b.{block}"], sign * both)
    assert numpy.array_equal(found["b.recurrent"], given["bias_hh_l0"][4:])


def test_gradients_of_the_two_biases_are_the_same_and_not_added():
    for kind, block in (("RNN", ""), ("LSTM", ".forget"), ("GRU", ".reset")):
        given = theirs(kind)
        rows = slice(2, 4) if kind == "LSTM" else slice(0, 2)
        assert numpy.array_equal(from_torch(given, what="gradients")[f"b{block}"], given["bias_ih_l0"][rows])


@pytest.mark.parametrize("kind", ROWS)
@pytest.mark.parametrize(
    "endings", [("_l0",), ("_l0", "_l1", "_l2"), ("_l0", "_l0_reverse"), ("_l0", "_l0_reverse", "_l1", "_l1_reverse")]
)
def test_there_and_back(kind, endings):
    ours = from_torch(theirs(kind, 3, 2, endings))
    again = from_torch(to_torch(ours))
    assert again.keys() == ours.keys() and all(numpy.array_equal(again[name], ours[name]) for name in ours)
    given = theirs(kind, 3, 2, endings)
    back = to_torch(ours)
    assert list(back) == list(given) and all(back[name].shape == given[name].shape for name in given)
    assert all(numpy.array_equal(back[name], given[name]) for name in given if name.startswith("weight"))


@pytest.mark.parametrize("kind", ROWS)
def test_gradients_there_and_back(kind):
    given = theirs(kind)
    candidate = slice(4, 6) if kind == "GRU" else slice(0, 0)
    same = given["bias_ih_l0"].copy()
    same[candidate] = given["bias_hh_l0"][candidate]
    given["bias_hh_l0"] = same  # as PyTorch would have it
    back = to_torch(from_torch(given, what="gradients"), what="gradients")
    assert back.keys() == given.keys() and all(numpy.array_equal(back[name], given[name]) for name in given)


def test_the_names_of_layers_and_directions():
    prefixes = {
        ("_l0",): {""},
        ("_l0", "_l1"): {"layers.0.", "layers.1."},
        ("_l0", "_l0_reverse"): {"forward.", "backward."},
        ("_l0", "_l0_reverse", "_l1", "_l1_reverse"): {
            "layers.0.forward.", "layers.0.backward.", "layers.1.forward.", "layers.1.backward.",
        },
    }  # fmt: skip
    for endings, expected in prefixes.items():
        found = from_torch(theirs("LSTM", endings=endings))
        assert {name.removesuffix("W.forget") for name in found if name.endswith("W.forget")} == expected


@pytest.mark.parametrize("cell", ["RNN", "LSTM", "GRU-recurrent-bias"])
def test_what_comes_over_loads_and_what_is_loaded_is_a_copy(backend, cell):
    kind = cell.split("-")[0]
    given = theirs(kind, 2, 4)
    model = mg.cells.registry[cell]()
    model.load_state_dict(from_torch(given))
    back = to_torch(model.state_dict())
    assert numpy.array_equal(back["weight_hh_l0"], given["weight_hh_l0"])
    assert all(not numpy.shares_memory(a, b) for a in from_torch(given).values() for b in given.values())
    ours = model.state_dict()
    assert all(not numpy.shares_memory(a, b) for a in to_torch(ours).values() for b in ours.values())


def test_the_names_of_a_cell_have_no_number():
    given = theirs("LSTM", endings=("",))
    assert set(given) == {"weight_ih", "weight_hh", "bias_ih", "bias_hh"}
    assert from_torch(given).keys() == from_torch(theirs("LSTM")).keys()


def test_dtypes_stay():
    given = {name: array.astype("float32") for name, array in theirs("GRU").items()}
    assert all(array.dtype == "float32" for array in from_torch(given).values())
    assert all(array.dtype == "float32" for array in to_torch(from_torch(given)).values())


class Foreign:
    """All that is asked of a tensor of another framework."""

    def __init__(self, array):
        self.array = array

    def detach(self):
        return self

    def cpu(self):
        return self

    def numpy(self):
        return self.array


def test_tensors_come_to_the_host():
    given = theirs("GRU")
    found = from_torch({name: Foreign(array) for name, array in given.items()})
    assert all(numpy.array_equal(found[name], array) for name, array in from_torch(given).items())


def test_arrays_of_every_library_and_tensors_of_ours_go_to_pytorch(backend):
    ours = from_torch(theirs("GRU"))
    for moved in ({k: backend.to(v) for k, v in ours.items()}, {k: mg.Tensor(backend.to(v)) for k, v in ours.items()}):
        found = to_torch(moved)
        assert all(type(array) is numpy.ndarray for array in found.values())
        assert all(numpy.array_equal(found[name], array) for name, array in to_torch(ours).items())


def test_without_biases_they_are_zero_and_their_gradients_are_left_out():
    given = {name: array for name, array in theirs("GRU").items() if name.startswith("weight")}
    found = from_torch(given)
    assert not any(found[f"b.{block}"].any() for block in ("reset", "update", "candidate"))
    assert "b.recurrent" not in found and not from_torch(given, recurrent_bias=True)["b.recurrent"].any()
    gradients = from_torch(given, what="gradients", recurrent_bias=True)
    assert not any(name.startswith("b") for name in gradients)
    assert to_torch(gradients, what="gradients").keys() == given.keys()


def test_the_recurrent_bias_is_kept_where_it_is_not_zero_or_asked_for():
    given = theirs("GRU")
    given["bias_hh_l0"][4:] = 0.0
    assert "b.recurrent" not in from_torch(given)
    assert not from_torch(given, recurrent_bias=True)["b.recurrent"].any()
    assert numpy.array_equal(from_torch(given)["b.candidate"], given["bias_ih_l0"][4:])
    assert "b.recurrent" not in from_torch(theirs("GRU"), what="gradients", recurrent_bias=False)
    one_of_two = theirs("GRU", endings=("_l0", "_l1"))
    one_of_two["bias_hh_l0"][4:] = 0.0
    assert {"layers.0.b.recurrent", "layers.1.b.recurrent"} <= set(from_torch(one_of_two))


def test_pytorch_is_not_imported():
    code = "import sys, numpy, minigate as mg; mg.convert.from_torch({'weight_ih_l0': numpy.ones((3, 1)), "
    code += "'weight_hh_l0': numpy.ones((3, 1))}); assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
