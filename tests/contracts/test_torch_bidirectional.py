"""Bidirectional layers, alone and in a stack of two, are PyTorch's: outputs and all gradients, to 1e-10.

Once against golden arrays that PyTorch made, which runs everywhere, and once live where it is installed.
"""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.layers import Bidirectional, Recurrent, Stack
from tests.contracts import differences
from tests.contracts.golden.make_bidirectional import FOLDER, KINDS, LAYERS, reference
from tests.contracts.golden.make_golden import STATES, D, H
from tests.contracts.subjects import flat
from tests.contracts.test_torch import CELLS, PARTS, translated

kinds = pytest.mark.parametrize("kind", KINDS)
methods = pytest.mark.parametrize("method", ["bptt", "tape"])
WAYS = {"forward": "", "backward": "_reverse"}


def named(kind: str, arrays: dict[str, numpy.ndarray], layers: int, prefix: str = "") -> dict[str, numpy.ndarray]:
    """PyTorch's weights, or with the prefix "d" their gradients, by the names of a stack of two directions."""
    found = {}
    for j in range(layers):
        for way, suffix in WAYS.items():
            own = {f"{prefix}{p}": arrays[f"{prefix}{p[:-1]}{j}{suffix}"] for p in PARTS.values()}
            found |= {f"layers.{j}.{way}.{key}": array for key, array in translated(kind, own, prefix).items()}
    return found


def by_direction(kind: str, arrays: dict[str, numpy.ndarray], key: str) -> list[numpy.ndarray]:
    """PyTorch's states in minigate's order: for each layer and direction all of its states."""
    each = [arrays[f"{key}.{k}"] for k in range(STATES[kind])]
    return [state[row] for row in range(len(each[0])) for state in each]


def compare(kind: str, method: str, arrays: dict[str, numpy.ndarray], layers: int, backend) -> None:
    cells = [[CELLS[kind](D if j == 0 else 2 * H, H, dtype="float64") for _ in WAYS] for j in range(layers)]
    stack = Stack([Bidirectional(*(Recurrent(cell, method=method) for cell in pair)) for pair in cells])
    stack.load_state_dict(named(kind, arrays, layers))
    x = mg.Tensor(backend.to(arrays["x"]), requires_grad=True)
    states = [mg.Tensor(backend.to(state), requires_grad=True) for state in by_direction(kind, arrays, "state")]
    each = iter(states)
    y, final = stack(x, tuple(tuple(tuple(next(each) for _ in range(STATES[kind])) for _ in WAYS) for _ in cells))
    final = flat(final)
    for found, expected in zip([y, *final], [arrays["y"], *by_direction(kind, arrays, "final")], strict=True):
        assert differences.distance(backend.host(found), expected) <= 1e-10
    cotangents = [backend.to(c) for c in (arrays["cotangent.y"], *by_direction(kind, arrays, "cotangent"))]
    inputs = {"x": x} | {f"state.{k}": state for k, state in enumerate(states)} | dict(stack.named_parameters())
    expected = {"x": arrays["dx"]} | named(kind, arrays, layers, "d")
    expected |= {f"state.{k}": state for k, state in enumerate(by_direction(kind, arrays, "dstate"))}
    assert inputs.keys() == expected.keys()
    for name, gradient in zip(inputs, mg.grad([y, *final], list(inputs.values()), cotangents), strict=True):
        assert differences.distance(backend.host(gradient), expected[name]) <= 1e-10, f"d{name}"


@kinds
@methods
def test_golden_arrays_made_by_pytorch(backend, kind, method):
    with numpy.load(FOLDER / f"bidirectional_{kind.lower()}.npz", allow_pickle=False) as file:
        arrays = dict(file)
    assert str(arrays.pop("version")).startswith("torch ")
    compare(kind, method, arrays, LAYERS, backend)


@kinds
@methods
@pytest.mark.parametrize("layers", [1, 2])
def test_pytorch_itself(backend, kind, method, layers):
    pytest.importorskip("torch")
    compare(kind, method, reference(kind, seed=1, layers=layers), layers, backend)


@kinds
def test_the_golden_arrays_are_those_of_the_script(kind):
    pytest.importorskip("torch")
    made = reference(kind, seed=0)
    with numpy.load(FOLDER / f"bidirectional_{kind.lower()}.npz", allow_pickle=False) as file:
        assert set(file) == set(made)
        for name in set(made) - {"version"}:
            assert differences.distance(file[name], made[name]) <= 1e-12, name


def test_padded_sequences_are_pytorchs_packed_ones():
    """A mask does what ``pack_padded_sequence`` does: the backward reading begins at each sequence's own end."""
    torch = pytest.importorskip("torch")
    arrays, lengths = reference("LSTM", seed=2, layers=1), [5, 3, 1]
    layer = Bidirectional(*(CELLS["LSTM"](D, H, dtype="float64") for _ in WAYS))
    layer.load_state_dict({key.removeprefix("layers.0."): a for key, a in named("LSTM", arrays, 1).items()})
    theirs = torch.nn.LSTM(D, H, bidirectional=True).double()
    with torch.no_grad():
        for name, parameter in theirs.named_parameters():
            parameter.copy_(torch.from_numpy(arrays[name]) if name in arrays else torch.zeros_like(parameter))
        packed = torch.nn.utils.rnn.pack_padded_sequence(torch.from_numpy(arrays["x"]), lengths)
        expected, (h, c) = theirs(packed)
        expected, _ = torch.nn.utils.rnn.pad_packed_sequence(expected)
    mask = numpy.arange(5)[:, None] < numpy.array(lengths)
    y, state = layer(numpy.where(mask[..., None], arrays["x"], numpy.nan), mask=mask)
    assert differences.distance(y.data, expected.numpy()) <= 1e-10
    for way in (0, 1):
        for found, end in zip(state[way], (h[way], c[way]), strict=True):
            assert differences.distance(found.data, end.numpy()) <= 1e-10
