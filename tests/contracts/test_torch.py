"""The cells that PyTorch has as well: the same outputs and the same gradients, to 1e-10.

Once against golden arrays that PyTorch made, which runs everywhere, and once live where it is installed. Weights and
gradients come over by ``mg.convert``, so that this is its test as well: a weight in the wrong place gives other
outputs, a gradient in the wrong place is another number.
"""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.layers import Bidirectional, Recurrent, Stack
from tests.contracts import differences
from tests.contracts.golden.make_golden import CASES, FOLDER, Case, D, H, reference
from tests.contracts.subjects import flat, nested

LIVE = CASES | {
    "rnn-stack": Case("RNN", layers=2),
    "lstm-stack": Case("LSTM", layers=2),
    "gru-bidirectional": Case("GRU", both=True),
    "gru-bidirectional-stack": Case("GRU", layers=2, both=True),
}

golden = pytest.mark.parametrize("name", CASES)
live = pytest.mark.parametrize("name", LIVE)
methods = pytest.mark.parametrize("method", ["bptt", "tape"])


def same_model(name: str, method: str) -> tuple[mg.Module, tuple]:
    """What minigate has for a case, and the structure of its state."""
    case = LIVE[name]
    options = {"dtype": "float64"} | ({"recurrent_bias": True} if case.kind == "GRU" else {})

    def cell(layer):
        return getattr(mg.cells, case.kind)(D if layer == 0 else H * (2 if case.both else 1), H, **options)

    one = (None,) * case.states
    if case.both:
        pairs = [
            Bidirectional(*(Recurrent(cell(k), method=method) for _ in ("forward", "backward")))
            for k in range(case.layers)
        ]
        return (pairs[0], (one, one)) if case.layers == 1 else (Stack(pairs), ((one, one),) * case.layers)
    layers = [Recurrent(cell(k), method=method) for k in range(case.layers)]
    return (layers[0], one) if case.layers == 1 else (Stack(layers), (one,) * case.layers)


def compare(name: str, method: str, arrays: dict[str, numpy.ndarray], backend) -> None:
    case = LIVE[name]
    weights = {key: array for key, array in arrays.items() if key.startswith(("weight", "bias"))}
    model, structure = same_model(name, method)
    model.load_state_dict(mg.convert.from_torch(weights))
    gradients = {key: arrays[f"d{key}"] for key in weights}
    expected = {"x": arrays["dx"]} | mg.convert.from_torch(gradients, what="gradients")

    def by_place(what):  # their (places, N, H) for each k; one array for each place and k, in the order of our states
        return [arrays[f"{what}.{k}"][place] for place in range(case.places) for k in range(case.states)]

    x = mg.Tensor(backend.to(arrays["x"]), requires_grad=True)
    states = [mg.Tensor(backend.to(state), requires_grad=True) for state in by_place("state")]
    y, final = model(x, nested(structure, iter(states)))
    assert differences.distance(backend.host(y), arrays["y"]) <= 1e-10
    for found, theirs in zip(flat(final), by_place("final"), strict=True):
        assert differences.distance(backend.host(found), theirs) <= 1e-10
    expected |= {f"state.{k}": dstate for k, dstate in enumerate(by_place("dstate"))}
    inputs = {"x": x} | {f"state.{k}": state for k, state in enumerate(states)} | dict(model.named_parameters())
    cotangents = [backend.to(each) for each in (arrays["cotangent.y"], *by_place("cotangent"))]
    found = dict(zip(inputs, mg.grad([y, *flat(final)], list(inputs.values()), cotangents), strict=True))
    assert found.keys() == expected.keys()
    for key, gradient in found.items():
        assert differences.distance(backend.host(gradient), expected[key]) <= 1e-10, f"d{key}"
    back = mg.convert.to_torch({key: found[key] for key, _ in model.named_parameters()}, what="gradients")
    assert back.keys() == gradients.keys()
    for key, gradient in back.items():
        assert differences.distance(gradient, gradients[key]) <= 1e-10, f"d{key}"


@golden
@methods
def test_golden_arrays_made_by_pytorch(backend, name, method):
    with numpy.load(FOLDER / f"{name}.npz", allow_pickle=False) as file:
        arrays = dict(file)
    assert str(arrays.pop("version")).startswith("torch ")
    assert all(array.dtype == "float64" for array in arrays.values())
    compare(name, method, arrays, backend)


@live
@methods
def test_pytorch_itself(backend, name, method):
    pytest.importorskip("torch")
    compare(name, method, reference(LIVE[name], seed=1), backend)


@golden
def test_the_golden_arrays_are_those_of_the_script(name):
    pytest.importorskip("torch")
    made = reference(LIVE[name], seed=0)
    with numpy.load(FOLDER / f"{name}.npz", allow_pickle=False) as file:
        assert set(file) == set(made)
        for key in set(made) - {"version"}:
            assert differences.distance(file[key], made[key]) <= 1e-12, key


@live
def test_what_goes_to_pytorch_computes_the_same_there(name):
    torch = pytest.importorskip("torch")
    case = LIVE[name]
    model, _ = same_model(name, "bptt")
    rng = numpy.random.default_rng(2)
    model.load_state_dict({key: rng.normal(size=array.shape) for key, array in model.state_dict().items()})
    theirs = getattr(torch.nn, case.kind)(D, H, num_layers=case.layers, bidirectional=case.both).double()
    weights = mg.convert.to_torch(model.state_dict())
    theirs.load_state_dict({key: torch.from_numpy(array) for key, array in weights.items()})
    x = rng.normal(size=(5, 3, D))
    zero = [numpy.zeros((3, H)) for _ in range(case.places * case.states)]
    y, _ = model(x, nested(same_model(name, "bptt")[1], iter(zero)))
    assert differences.distance(y.data, theirs(torch.from_numpy(x))[0].detach().numpy()) <= 1e-12
    again = mg.convert.from_torch(theirs.state_dict(), recurrent_bias=True if case.kind == "GRU" else None)
    assert all(numpy.array_equal(again[key], array) for key, array in model.state_dict().items())


def test_padded_sequences_are_pytorchs_packed_ones():
    """A mask does what ``pack_padded_sequence`` does: the backward reading begins at each sequence's own end."""
    torch = pytest.importorskip("torch")
    lengths = [5, 3, 1]
    layer = Bidirectional(*(mg.cells.LSTM(D, H, seed=seed, dtype="float64") for seed in (0, 1)))
    theirs = torch.nn.LSTM(D, H, bidirectional=True).double()
    weights = mg.convert.to_torch(layer.state_dict())
    theirs.load_state_dict({key: torch.from_numpy(array) for key, array in weights.items()})
    x = numpy.random.default_rng(3).normal(size=(5, 3, D))
    packed = torch.nn.utils.rnn.pack_padded_sequence(torch.from_numpy(x), lengths)
    expected, (h, c) = theirs(packed)
    expected, _ = torch.nn.utils.rnn.pad_packed_sequence(expected)
    mask = numpy.arange(5)[:, None] < numpy.array(lengths)
    y, state = layer(numpy.where(mask[..., None], x, numpy.nan), mask=mask)
    assert differences.distance(y.data, expected.detach().numpy()) <= 1e-10
    for way in (0, 1):
        for found, end in zip(state[way], (h[way], c[way]), strict=True):
            assert differences.distance(found.data, end.detach().numpy()) <= 1e-10
