"""The cells that PyTorch has as well: the same outputs and the same gradients, to 1e-10.

Once against golden arrays that PyTorch made, which runs everywhere, and once live where it is installed.

PyTorch keeps the gates of a cell below one another in one weight (RNN; LSTM: i, f, g, o; GRU: r, z, n) and
multiplies from the left. Its GRU writes h = z h_prev + (1 − z) h̃: its z is 1 minus ours, which is what the
negated weights of that gate give.
"""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from tests.contracts import differences
from tests.contracts.golden.make_golden import FOLDER, GATES, STATES, D, H, reference

BLOCKS = {
    "RNN": {"": 1.0},
    "LSTM": {".input": 1.0, ".forget": 1.0, ".candidate": 1.0, ".output": 1.0},
    "GRU": {".reset": 1.0, ".update": -1.0, ".candidate": 1.0},
}
PARTS = {"W": "weight_ih_l0", "U": "weight_hh_l0", "b": "bias_ih_l0"}
CELLS = {"RNN": mg.cells.RNN, "LSTM": mg.cells.LSTM, "GRU": mg.cells.GRU}

kinds = pytest.mark.parametrize("kind", CELLS)
methods = pytest.mark.parametrize("method", ["bptt", "tape"])


def translated(kind: str, arrays: dict[str, numpy.ndarray], prefix: str = "") -> dict[str, numpy.ndarray]:
    """PyTorch's weights, or with the prefix "d" their gradients, by minigate's names."""
    found = {}
    for symbol, theirs in PARTS.items():
        for (block, sign), rows in zip(BLOCKS[kind].items(), numpy.split(arrays[prefix + theirs], GATES[kind])):
            found[symbol + block] = sign * rows.T
    return found


def compare(kind: str, method: str, arrays: dict[str, numpy.ndarray], backend) -> None:
    cell = CELLS[kind](D, H, dtype="float64")
    cell.load_state_dict(translated(kind, arrays))
    layer = mg.layers.Recurrent(cell, method=method)
    x = mg.Tensor(backend.to(arrays["x"]), requires_grad=True)
    states = [mg.Tensor(backend.to(arrays[f"state.{k}"]), requires_grad=True) for k in range(STATES[kind])]
    y, final = layer(x, tuple(states))
    cotangents = [backend.to(arrays[f"cotangent.{key}"]) for key in ("y", *range(STATES[kind]))]
    expected = {"x": arrays["dx"]} | translated(kind, arrays, "d")
    expected |= {f"state.{k}": arrays[f"dstate.{k}"] for k in range(STATES[kind])}
    inputs = {"x": x} | {f"state.{k}": state for k, state in enumerate(states)} | dict(layer.named_parameters())
    found = dict(zip(inputs, mg.grad([y, *final], list(inputs.values()), cotangents), strict=True))
    assert differences.distance(backend.host(y), arrays["y"]) <= 1e-10
    for k, state in enumerate(final):
        assert differences.distance(backend.host(state), arrays[f"final.{k}"]) <= 1e-10
    assert found.keys() == expected.keys()
    for name, gradient in found.items():
        assert differences.distance(backend.host(gradient), expected[name]) <= 1e-10, f"d{name}"


@kinds
@methods
def test_golden_arrays_made_by_pytorch(backend, kind, method):
    with numpy.load(FOLDER / f"{kind.lower()}.npz", allow_pickle=False) as file:
        arrays = dict(file)
    assert str(arrays.pop("version")).startswith("torch ")
    assert all(array.dtype == "float64" for array in arrays.values())
    compare(kind, method, arrays, backend)


@kinds
@methods
def test_pytorch_itself(backend, kind, method):
    pytest.importorskip("torch")
    compare(kind, method, reference(kind, seed=1), backend)


@kinds
def test_the_golden_arrays_are_those_of_the_script(kind):
    pytest.importorskip("torch")
    made = reference(kind, seed=0)
    with numpy.load(FOLDER / f"{kind.lower()}.npz", allow_pickle=False) as file:
        assert set(file) == set(made)
        for name in set(made) - {"version"}:
            assert differences.distance(file[name], made[name]) <= 1e-12, name
