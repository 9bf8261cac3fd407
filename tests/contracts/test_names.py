"""Names in a ``state_dict`` are promises: checkpoints, reports and other people's scripts hold them."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.cells import GatedCell
from minigate.errors import StateDictError
from tests.contracts.example_gates import build_cell, cells_and_gates
from tests.contracts.subjects import layer_of_registry, recurrent

WEIGHTS = {"W": (2, 4), "U": (4, 4), "b": (4,)}

WITHOUT_U = {"W": (2, 4), "b": (4,)}


def blocks(*names: str, prefix: str = "", sizes: dict[str, tuple[int, ...]] = WEIGHTS) -> dict[str, tuple[int, ...]]:
    """W, U and b of every block, in that order."""
    return {f"{prefix}{symbol}.{name}".removesuffix("."): shape for name in names for symbol, shape in sizes.items()}


def md_lstm(H: int) -> dict[str, tuple[int, ...]]:
    """The names of an MD-LSTM, whose U has a row for each unit of both predecessors."""
    gates = ("input", "forget_row", "forget_column", "output")
    own = blocks("candidate", *gates, sizes={"W": (2, H), "U": (2 * H, H), "b": (H,)})
    return own | {f"V.{gate}": (H,) for gate in gates}


def feedback(
    sizes: tuple[int, ...], *gates: str, V: bool = False, b: bool = False, w_x: bool = False, own: bool = False
) -> dict[str, tuple[int, ...]]:
    """The names of a Gated-Feedback cell, D = 2: of each layer its blocks, peepholes, and gates from every layer."""
    found: dict[str, tuple[int, ...]] = {}
    for j, H in enumerate(sizes):
        below, skips = sizes[j - 1] if j else 2, j > 0 and not own
        for block in ("candidate", *gates):
            found[f"layers.{j}.W.{block}"] = (below, H)
            found |= {f"layers.{j}.W_x.{block}": (2, H)} if skips else {}
            if block == "candidate":
                found |= {f"layers.{j}.U.candidate.from{i}": (size, H) for i, size in enumerate(sizes)}
            else:
                found[f"layers.{j}.U.{block}"] = (H if own else sum(sizes), H)
            found[f"layers.{j}.b.{block}"] = (H,)
        found |= {f"layers.{j}.V.{gate}": (H,) for gate in gates if V}
        for i in range(len(sizes)):
            found[f"layers.{j}.w.global.from{i}"] = (below, 1)
            found[f"layers.{j}.u.global.from{i}"] = (sum(sizes), 1)
            found |= {f"layers.{j}.w_x.global.from{i}": (2, 1)} if skips and w_x else {}
            found |= {f"layers.{j}.b.global.from{i}": (1,)} if b else {}
    return found


GRU = blocks("candidate", "update", "reset")
LSTM = blocks("candidate", "input", "forget", "output")

#: Every entry of the registries: a new one is pinned by a line here.
CELLS = {
    "RNN": WEIGHTS,
    "LSTM": LSTM,
    "LSTM-peephole": LSTM | {f"V.{gate}": (4,) for gate in ("input", "forget", "output")},
    "LSTM-peephole-full": LSTM | {f"V.{gate}": (4, 4) for gate in ("input", "forget", "output")},
    "LSTM-coupled": blocks("candidate", "forget", "output"),
    "GRU-after": GRU,
    "GRU-before": GRU,
    "MinGRU": blocks("candidate", "update", sizes=WITHOUT_U),
    "MinGRU-positive": blocks("candidate", "update", sizes=WITHOUT_U),
    "MinLSTM": blocks("candidate", "forget", "input", sizes=WITHOUT_U),
    "Clockwork": {"W": (2, 4), "U.group0": (4, 2), "U.group1": (2, 1), "U.group2": (1, 1), "b": (4,)},
    "LeakyRNN": WEIGHTS,
    "SGU": blocks("deep", "update"),
    "DSGU": blocks("deep", "update") | {"U.out": (4, 4)},
    "SLSTM": blocks("candidate", "input", "forget", "output"),
    "SLSTM-exponential": blocks("candidate", "input", "forget", "output"),
    "LSTM-layer-norm": blocks(
        "candidate", "input", "forget", "output", sizes=WEIGHTS | {"gain_x": (4,), "gain_h": (4,)}
    )
    | {"gain.cell": (4,), "b.cell": (4,)},
    "GRU-recurrent-bias": GRU | {"b.recurrent": (4,)},
    "GatedFeedback-tanh": feedback((1, 2, 1)),
    "GatedFeedback-LSTM": feedback((3, 1), "input", "forget", "output", V=True, b=True),
    "GatedFeedback-GRU": feedback((1, 3), "update", "reset", b=True, w_x=True),
    "GatedFeedback-GRU-before": feedback((2, 2), "update", "reset", own=True),
}

#: The size of a gate where it is not H = 4.
GATE_SIZES = {
    "GatedFeedback-tanh": {"layers.0.global": 3, "layers.1.global": 3, "layers.2.global": 3},
    "GatedFeedback-LSTM": {
        "layers.0.input": 3, "layers.0.forget": 3, "layers.0.output": 3, "layers.0.global": 2,
        "layers.1.input": 1, "layers.1.forget": 1, "layers.1.output": 1, "layers.1.global": 2,
    },
    "GatedFeedback-GRU": {
        "layers.0.update": 1, "layers.0.reset": 1, "layers.0.global": 2,
        "layers.1.update": 3, "layers.1.reset": 3, "layers.1.global": 2,
    },
    "GatedFeedback-GRU-before": {
        "layers.0.update": 2, "layers.0.reset": 2, "layers.0.global": 2,
        "layers.1.update": 2, "layers.1.reset": 2, "layers.1.global": 2,
    },
}  # fmt: skip
HIGHWAY = {"W.candidate": (4, 4), "b.candidate": (4,), "W.transform": (4, 4), "b.transform": (4,)}
SMALL = {"W": (2, 3), "U": (3, 3), "b": (3,)}


def sweeps(first: tuple[str, int], second: tuple[str, int], H: int, *gates: str) -> dict[str, tuple[int, ...]]:
    return {
        name: shape
        for half, D in (first, second)
        for way in ("forward", "backward")
        for name, shape in blocks(*gates, prefix=f"{half}.{way}.", sizes={"W": (D, H), "U": (H, H), "b": (H,)}).items()
    }


LAYERS = {
    "Linear": {"W": (2, 4), "b": (4,)},
    "Embedding": {"W": (7, 4)},
    "Recurrent": GRU,
    "Stack": blocks("candidate", "update", "reset", prefix="layers.0.", sizes=SMALL)
    | blocks("candidate", "input", "forget", "output", prefix="layers.1.", sizes={"W": (3, 4), "U": (4, 4), "b": (4,)}),
    "Stack-skips": blocks("candidate", "update", "reset", prefix="layers.0.", sizes=SMALL)
    | blocks("candidate", "input", "forget", "output", prefix="layers.1.", sizes={"W": (5, 1), "U": (1, 1), "b": (1,)}),
    "Stack-norm": blocks("candidate", "update", "reset", prefix="layers.0.", sizes=SMALL)
    | blocks("candidate", "input", "forget", "output", prefix="layers.1.", sizes={"W": (3, 4), "U": (4, 4), "b": (4,)})
    | {"layer_norm.0.g": (3,), "layer_norm.0.b": (3,)},
    "Recurrent-learned": {"initial.h": (4,), "initial.c": (4,)} | blocks("candidate", "input", "forget", "output"),
    "Bidirectional": blocks("candidate", "update", "reset", prefix="forward.", sizes=SMALL)
    | blocks("candidate", "input", "forget", "output", prefix="backward.", sizes={"W": (2, 1), "U": (1, 1), "b": (1,)}),
    "EncoderDecoder": {
        name: shape
        for part in ("encoder.", "decoder.")
        for name, shape in blocks("candidate", "update", "reset", prefix=part, sizes=SMALL).items()
    }
    | {"linear.W": (3, 4), "linear.b": (4,)},
    "LayerNorm": {"g": (4,), "b": (4,)},
    "BatchNorm": {"g": (4,), "b": (4,), "mean": (4,), "variance": (4,)},
    "Highway": HIGHWAY,
    "Highway-tanh": HIGHWAY,
    "NAC": {"W_hat": (2, 4), "M_hat": (2, 4)},
    "NALU": {"W_hat": (2, 4), "M_hat": (2, 4), "G": (2, 4)},
    "KAF": {"alpha": (4, 6)},
    "KAF-trained": {"alpha": (4, 5), "log_gamma": (4,)},
    "KAF-softplus": {"alpha": (4, 3)},
    "KAF2D": {"alpha": (4, 4, 4)},
    "Grid": md_lstm(4),
    "Conv2d": {"W": (4, 2, 2, 3), "b": (4,)},
    "Conv2d-stride": {"W": (4, 2, 3, 3)},
    "MaxPool2d": {},
    "MaxPool2d-overlap": {},
    "FourDirections": {f"directions.{k}.{name}": shape for k in range(4) for name, shape in md_lstm(1).items()},
    "ReNet": {
        f"layers.{j}.{name}": shape
        for j, (D, H) in enumerate([(8, 1), (4, 2)])
        for name, shape in sweeps(("vertical", D), ("horizontal", 2 * H), H, "").items()
    },
    "Sweeps": sweeps(("vertical", 4), ("horizontal", 4), 2, "candidate", "update", "reset"),
    "Sweeps-horizontal": sweeps(("horizontal", 4), ("vertical", 4), 1, ""),
}
GATES = {
    "Sigmoid": {},
    "HardSigmoid": {},
    "HardSigmoid-sixth": {},
    "Constant": {},
    "SlopeSigmoid": {"k": (4,)},
    "KAF": {"alpha": (4, 10)},
    "KAF-trained": {"alpha": (4, 7), "log_gamma": (4,)},
    "KAF-narrow": {"alpha": (4, 10), "log_gamma": (4,)},
    "KAF-relu": {"alpha": (4, 10)},
    "KAF-softplus": {"alpha": (4, 5)},
    "KAF-no-residual": {"alpha": (4, 10)},
}


def shapes(module: mg.Module) -> dict[str, tuple[int, ...]]:
    return {name: array.shape for name, array in module.state_dict().items()}


@pytest.mark.parametrize("name", mg.cells.registry)
def test_the_names_of_a_cell(backend, name):
    cell = mg.cells.registry[name]()
    assert list(shapes(cell).items()) == list(CELLS[name].items())
    assert [key for key, _ in mg.layers.Recurrent(cell).named_parameters()] == list(CELLS[name])


@pytest.mark.parametrize("name", mg.layers.registry)
def test_the_names_of_a_layer(backend, name):
    assert list(shapes(mg.layers.registry[name]()).items()) == list(LAYERS[name].items())


@pytest.mark.parametrize("name", mg.gates.registry)
def test_the_names_of_a_gate(name):
    p = mg.gates.registry[name]().init(4, numpy.random.default_rng(0))
    assert {key: numpy.shape(value) for key, value in p.items()} == GATES[name]


@pytest.mark.parametrize("name", [name for name, build in mg.cells.registry.items() if isinstance(build(), GatedCell)])
def test_the_names_of_gate_parameters(backend, name):
    cell = build_cell(name, "parametric")
    sizes = GATE_SIZES.get(name, dict.fromkeys(cell.gate_names, 4))
    assert set(sizes) == set(cell.gate_names)
    own = {f"{gate}.gate.{key}": (sizes[gate],) for gate in cell.gate_names for key in ("k", "m")}
    assert list(shapes(cell).items()) == list((CELLS[name] | own).items())


def test_every_entry_of_the_registries_is_pinned():
    assert (set(CELLS), set(LAYERS), set(GATES)) == (
        set(mg.cells.registry), set(mg.layers.registry), set(mg.gates.registry)
    )  # fmt: skip


@pytest.mark.parametrize("name, choice", cells_and_gates())
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_saving_and_loading_a_cell(backend, name, choice, dtype):
    source = recurrent(name, choice, backend, dtype=dtype)
    saved = source.layer.state_dict()
    assert all(type(array) is numpy.ndarray and array.dtype == dtype for array in saved.values())
    target = recurrent(name, choice, backend, dtype=dtype, seed=1)
    target.layer.load_state_dict(saved)
    x = backend.to(source.values["x"])
    assert backend.host(target.layer(x)[0]).tobytes() == backend.host(source.layer(x)[0]).tobytes()
    for array in saved.values():
        array[...] = 99.0  # what was saved, and what was loaded, are copies
    for layer in (source.layer, target.layer):
        assert all(not numpy.any(array == 99.0) for array in layer.state_dict().values())


@pytest.mark.parametrize("name", mg.layers.registry)
def test_saving_and_loading_a_layer(backend, name):
    source, target = layer_of_registry(name, backend), mg.layers.registry[name](seed=5)
    target.load_state_dict(source.layer.state_dict())
    loaded = target.state_dict()
    assert all(array.tobytes() == loaded[key].tobytes() for key, array in source.layer.state_dict().items())


@pytest.mark.parametrize("name", mg.cells.registry)
def test_the_same_seed_draws_the_same_weights_in_every_dtype_and_on_every_library(backend, name):
    wide, narrow, other = (
        mg.cells.registry[name](dtype=dtype, seed=seed).state_dict()
        for dtype, seed in (("float64", 3), ("float32", 3), ("float64", 4))
    )
    with mg.use("numpy"):
        host = mg.cells.registry[name](dtype="float64", seed=3).state_dict()
    assert all(numpy.array_equal(narrow[key], wide[key].astype("float32")) for key in wide)
    assert all(numpy.array_equal(host[key], wide[key]) for key in wide)
    assert any(not numpy.array_equal(other[key], wide[key]) for key in wide)


@pytest.mark.parametrize("name", mg.cells.registry)
def test_loading_the_wrong_names_lists_them_all_and_changes_nothing(backend, name):
    cell = mg.cells.registry[name]()
    before, given = cell.state_dict(), cell.state_dict()
    weight, bias = next(key for key, array in given.items() if array.shape[0] != array.shape[-1]), list(given)[-1]
    shape = given[weight].shape
    del given[bias]
    given[weight] = given[weight].T.copy()
    given[f"{bias}s"] = numpy.zeros(4)
    for key in given.keys() - {weight, f"{bias}s"}:
        given[key] = given[key] + 1.0
    with pytest.raises(StateDictError) as caught:
        cell.load_state_dict(given)
    assert str(caught.value) == f"""\
{type(cell).__name__}.load_state_dict: the names or shapes are not those of the module
  missing: {bias}
  unexpected: {bias}s (did you mean {bias!r}?)
  mis-shaped: {weight}: expected {shape}, got {shape[::-1]}; transposed? weights are stored as operand @ W"""
    assert all(numpy.array_equal(array, before[key]) for key, array in cell.state_dict().items())


def test_loading_what_are_no_numbers_changes_nothing():
    cell = mg.cells.RNN(2, 4, seed=0)
    before, given = cell.state_dict(), cell.state_dict()
    given["W"] = given["W"] + 1.0
    given["b"] = numpy.array(["a", "b", "c", "d"])
    with pytest.raises(StateDictError, match=r"mis-shaped: b: expected \(4,\), got <U1"):
        cell.load_state_dict(given)
    assert all(numpy.array_equal(array, before[key]) for key, array in cell.state_dict().items())
