"""Every constructor, with every argument wrong in every way: each is answered by an error of minigate's own.

The parameters are read from the signatures, and what is wrong for one follows from its annotation. A new cell, gate or
layer is covered by being public; what it needs to be made stands in ``NEEDS``.
"""

from __future__ import annotations

import inspect

import numpy
import pytest

import minigate as mg
from minigate.errors import MinigateError

NAN, INF = float("nan"), float("inf")
ARRAY = numpy.ones(2)

#: What is wrong for a parameter, by the beginning of its annotation.
WRONG = {
    "int": (None, "a", [3], 2.5, True, 0, -1, NAN, ARRAY),
    "float": ("a", [3], True, NAN, INF, ARRAY, {}),
    "bool": (None, "a", 1, 0.0, [True], ARRAY),
    "str": ("a", 1, True, [], ["tanh"], ARRAY),
    "seed": ("a", 2.5, -1, True, [0.5]),
    "dtype": ("a", "float16", int, 3),
    "gate": ("a", 1, mg.gates.Sigmoid, {"nowhere": mg.gates.Sigmoid()}, {1: 2}, [mg.gates.Sigmoid()]),
    "Pair": (0, -1, 2.5, "a", (1, 2, 3), (), ARRAY),
    "Cell": (None, 5, "GRU", mg.cells.GRU, mg.layers.Linear(2, 2)),
    "Module": (None, 5, "GRU", mg.cells.GRU, mg.layers.Linear(2, 2)),
    "Through": (None, 5, "full", mg.bptt.truncated, mg.bptt.windowed, mg.bptt.checkpointed, mg.bptt.Windows),
    "Recurrent": (None, 5, "GRU", mg.cells.GRU, mg.layers.Linear(2, 2), mg.cells.GRU(3, 2), mg.cells.MDLSTM(2, 2)),
    "Direction": (None, 1, "a", (0, 1), (1,), [1, 1, 1]),
    "Init": (None, "a", 5, ARRAY, ["identity"]),
    "Sequence[int]": (None, 5, "a", [], [0], [2.5], [True], [None]),
    "Sequence[float]": (None, 5, "a", [], [0.0], [NAN], [True], [None]),
    "Sequence[Cell]": (None, 5, "a", [], mg.cells.MDLSTM(2, 2), [mg.cells.GRU(2, 2)] * 4, [5, 6, 7, 8]),
    "Sequence[Module]": (None, 5, "a", [], [None], [5], mg.cells.GRU(2, 2), [mg.cells.GRU(2, 2)],
                         [mg.layers.Grid(mg.cells.MDLSTM(2, 2))], [mg.layers.Recurrent], [mg.layers.Linear(2, 2)]),
    "Callable[..., Cell]": (None, 5, "GRU", mg.cells.GRU(2, 2), lambda: 5, mg.cells.Cell, mg.cells.MDLSTM),
}  # fmt: skip

#: Values that are wrong elsewhere and have a meaning here.
RIGHT = {
    ("Conv2d", "padding"): "0",
    ("EncoderDecoder", "K"): "None",  # the vocabulary of the decoder
    ("EncoderDecoder", "unroll"): "0",  # all the way back
    ("GatedFeedback", "H"): "[3]",
    ("KAF", "gamma"): "1",
    ("MaxPool2d", "padding"): "0",
    ("ReNet", "H"): "[3]",
}

Rec, GRU = mg.layers.Recurrent, mg.cells.GRU
SIZES = {"D": 2, "H": 4, "K": 3, "C": 2}
#: What has to be given besides sizes.
NEEDS = {
    "Bidirectional": {"forward": GRU(2, 3), "backward": GRU(2, 3)},
    "Conv2d": {"size": 2},
    "Constant": {"value": 0.5},
    "EncoderDecoder": {"encoder": GRU(2, 3), "decoder": GRU(2, 3)},
    "FourDirections": {"cells": [mg.cells.MDLSTM(2, 2) for _ in range(4)]},
    "Grid": {"cell": mg.cells.MDLSTM(2, 3)},
    "MaxPool2d": {"size": 2},
    "Recurrent": {"cell": GRU(2, 3)},
    "Stack": {"layers": [Rec(GRU(2, 3)), Rec(GRU(3, 2))]},
}
ABSTRACT = ("GatedCell", "ScannedCell", "Gate")  # have no weights to draw, and no options


def constructors():
    for package in (mg.cells, mg.layers, mg.gates):
        for name in package.__all__:
            made = getattr(package, name)
            if isinstance(made, type) and issubclass(made, (mg.Module, mg.gates.Gate)) and name not in ABSTRACT:
                yield pytest.param(made, id=f"{package.__name__.split('.')[-1]}.{name}")


def kind_of(parameter: inspect.Parameter) -> str:
    if parameter.name in ("seed", "dtype", "gate"):
        return parameter.name
    return max((kind for kind in WRONG if parameter.annotation.startswith(kind)), key=len, default="")


@pytest.mark.parametrize("made", list(constructors()))
def test_every_wrong_argument_is_answered_by_an_error_that_says_where(made):
    parameters = inspect.signature(made).parameters
    right = {name: SIZES[name] for name in parameters if name in SIZES} | NEEDS.get(made.__name__, {})
    if made.__name__ == "EncoderDecoder":
        right["K"] = 3
    made(**right)
    accepted, raw = [], []
    for name, parameter in parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            continue
        for wrong in WRONG[kind_of(parameter)]:
            if repr(wrong) == RIGHT.get((made.__name__, name)):
                continue
            try:
                found = made(**right | {name: wrong})
                if hasattr(found, "init") and not isinstance(found, mg.Module):
                    found.init(3, numpy.random.default_rng(0))  # a gate draws in the cell that it stands in
            except MinigateError as error:
                assert ": " in str(error), f"{error} does not say where"
            except Exception as error:
                raw.append(f"{name}={wrong!r}: {type(error).__name__}: {error}")
            else:
                accepted.append(f"{name}={wrong!r}")
    assert not accepted and not raw, "\n".join(["accepted:", *accepted, "raw:", *raw])


X = numpy.zeros((5, 3, 2))
NO_INPUT = {
    "None": None, "text": "a", "a number": 1.5, "a list of texts": ["a", "b"], "objects": numpy.array([None, {}]),
    "a ragged list": [[1.0], [2.0, 3.0]], "booleans": numpy.ones((5, 3, 2), dtype=bool), "no axis": numpy.array(1.0),
    "a vector": numpy.ones(2 + 9), "six axes": numpy.ones((1, 1, 1, 1, 1, 9)), "a function": len,
}  # fmt: skip


@pytest.mark.parametrize("name", mg.layers.registry)
@pytest.mark.parametrize("what", NO_INPUT)
def test_what_is_no_input_is_told_apart_at_the_door(name, what):
    layer, x = mg.layers.registry[name](), NO_INPUT[what]
    with pytest.raises(MinigateError):
        layer(*[x] * (2 if name == "EncoderDecoder" else 1))


def scanned(scan):
    return lambda: scan(numpy.ones((4, 2)), numpy.ones((4, 3)), numpy.ones(2))


def encoder_decoder():
    return mg.layers.registry["EncoderDecoder"]()


LSTM, TWO = mg.cells.LSTM(2, 4, seed=0, dtype="float64"), NEEDS["Stack"]["layers"]
FEEDBACK = mg.cells.GatedFeedback(2, [2, 3], seed=0, dtype="float64")
CALLS = {
    "no state of no sequences": lambda: LSTM.initial_state("a"),
    "a fraction of a sequence": lambda: LSTM.initial_state(2.5),
    "a state that is text": lambda: Rec(LSTM)(X, "hc"),
    "a state of texts": lambda: Rec(LSTM)(X, ("h", "c")),
    "a mask that is text": lambda: Rec(LSTM)(X, mask="yes"),
    "a mask that is a number": lambda: Rec(LSTM)(X, mask=1),
    "a trace of no state": lambda: mg.layers.Stack(TWO).trace(X, 5),
    "a trace of one state": lambda: mg.layers.Stack(TWO).trace(X, (None,)),
    "a trace of one direction": lambda: mg.layers.registry["Bidirectional"]().trace(X, (None,)),
    "a y of another width": lambda: FEEDBACK.split(numpy.ones((5, 3, 4))),
    "a y that is none": lambda: FEEDBACK.split([1.0]),
    "a trace that is empty": lambda: FEEDBACK.global_gates({}),
    "a trace that is none": lambda: FEEDBACK.global_gates(None),
    "a state_dict that is a list": lambda: LSTM.load_state_dict([]),
    "a state_dict that is none": lambda: LSTM.load_state_dict(None),
    "a state_dict of lists": lambda: LSTM.load_state_dict({name: [1.0] for name in LSTM.state_dict()}),
    "a state_dict of nothing": lambda: LSTM.load_state_dict(dict.fromkeys(LSTM.state_dict())),
    "a state_dict of texts": lambda: LSTM.load_state_dict({k: a.astype(str) for k, a in LSTM.state_dict().items()}),
    "a scan of two shapes": scanned(mg.bptt.scan),
    "steps of two shapes": scanned(mg.bptt.step_by_step),
    "logarithms of two shapes": scanned(mg.bptt.log_scan),
    "a scan of Tensors": lambda: mg.bptt.scan(mg.Tensor(X), mg.Tensor(X), mg.Tensor(X[0])),
    "a scan of whole numbers": lambda: mg.bptt.scan(*(a.astype(int) for a in (X, X, X[0]))),
    "a scan of numbers": lambda: mg.bptt.scan(1.0, 1.0, 1.0),
    "a step from a bare state": lambda: LSTM.step(X[0], numpy.ones((2, 4))),
    "a step from one state of two": lambda: LSTM.step(X[0], (numpy.ones((3, 4)),)),
    "a step of text": lambda: LSTM.step("a", LSTM.initial_state(3)),
    "a step of nothing": lambda: LSTM.step(None, LSTM.initial_state(3)),
    "a step over a grid from one side": lambda: mg.cells.MDLSTM(2, 4).step(X[0], LSTM.initial_state(3)),
    "no windows": lambda: mg.gradient_bias(Rec(LSTM), X, windows=[]),
    "windows that are one": lambda: mg.gradient_bias(Rec(LSTM), X, windows=5),
    "windows that are none": lambda: mg.gradient_bias(Rec(LSTM), X, windows=None),
    "answers of a cell": lambda: mg.layers.greedy(LSTM, X, start=0, stop=1),
    "no start": lambda: mg.layers.greedy(encoder_decoder(), X, start=None, stop=1),
    "half a limit": lambda: mg.layers.greedy(encoder_decoder(), X, start=0, stop=1, limit=2.5),
    "half a path": lambda: mg.layers.beam(encoder_decoder(), X[:, :1], start=0, stop=1, width=2.5),
    "true for a stop": lambda: mg.layers.beam(encoder_decoder(), X[:, :1], start=0, stop=True),
    "options of another cell": lambda: mg.layers.ReNet(1, 4, peephole="full"),
    "a gate of a cell that has none": lambda: mg.layers.ReNet(1, 4, cell=mg.cells.RNN, gate=mg.gates.Sigmoid()),
    "a cell without a seed": lambda: mg.layers.Sweeps(1, 4, cell=lambda D, H: GRU(D, H)),
    "a beginning that is text": lambda: GRU(2, 3, gate=mg.gates.KAF(init=lambda d: "x")),
    "a beginning of one number": lambda: GRU(2, 3, gate=mg.gates.KAF(init=lambda d: 1.0)),
}


@pytest.mark.parametrize("what", CALLS)
def test_what_makes_no_sense_is_an_error_of_minigate(what):
    with pytest.raises(MinigateError):
        CALLS[what]()


def test_a_step_takes_arrays_lists_and_tensors_alike():
    for cell in (LSTM, mg.cells.registry["Clockwork"](), FEEDBACK):
        state = cell.initial_state(3)
        y, after = cell.step(mg.Tensor(X[0]), state)
        for x_t, before in ((X[0], tuple(h.data for h in state)), (X[0].tolist(), list(state))):
            other_y, other = cell.step(x_t, before)
            assert all(numpy.array_equal(a.data, b.data) for a, b in zip((y, *after), (other_y, *other), strict=True))
