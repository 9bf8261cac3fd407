"""How layers are tied together: every option reaches the cells, is counted, and is refused where it means nothing."""

import numpy
import pytest

from minigate.errors import OptionError
from minigate.layers import Stack
from minigate.tensor import no_grad
from minigate.train import CharLMConfig, CharModel, ProgramsConfig, parameter_count
from minigate.train.char_model import build
from minigate.train.program_model import build as build_solver
from minigate.train.wiring import WIRING, check_wiring, wiring_of

K = 7
TOKENS = numpy.arange(12).reshape(4, 3) % K
GATED = {"layers": 3, "feedback": "gated"}
OPTIONS = [
    ("gru", {**GATED, "gate_input": "all_parents"}),
    ("rnn", {**GATED, "gate_bias": True}),
    ("lstm", {**GATED, "unit_gates": "own", "peephole": "diagonal", "gate_bias": True}),
    ("gru", {"layers": 2, "feedback": "open", "unit_gates": "own", "reset": "before"}),
    ("lstm", {**GATED, "skip_input": False}),
    ("gru", {**GATED, "skip_output": False}),
    ("lstm", {"layers": 2, "skip_input": False, "skip_output": False, "peephole": "full"}),
    ("gru", {"layers": 2, "skip_output": False, "reset": "before"}),
    ("lstm", {"layers": 1, "peephole": "diagonal"}),
]  # fmt: skip


def sizes(wiring):
    return {"hidden": 4, "feedback": "none", **wiring}


@pytest.mark.parametrize("cell, wiring", OPTIONS)
def test_every_number_is_counted_and_every_layer_that_is_to_be_read(cell, wiring):
    model = CharModel(K, cell, **sizes(wiring))
    counted = {name: value for name, value in sizes(wiring).items() if name != "reset"}
    assert sum(p.size for p in model.parameters()) == parameter_count(K, cell, **counted)
    read = 4 * (wiring["layers"] if wiring.get("skip_output", True) else 1)
    assert model.linear["W"].shape == (read, K)
    with no_grad():
        scores, _ = model(TOKENS)
    assert scores.shape == (4, 3, K)


@pytest.mark.parametrize("cell, wiring", OPTIONS)
def test_an_option_of_the_configuration_reaches_the_model(cell, wiring):
    config = CharLMConfig(cell=cell, **sizes(wiring))
    model, plain = build(config, K), CharModel(K, cell, **sizes(wiring))
    assert repr(model.recurrent) == repr(plain.recurrent)
    assert {name: value for name, value in wiring_of(config).items() if value != WIRING[name].values[0]} == {
        name: value for name, value in wiring.items() if name in WIRING
    }


def test_the_top_layer_alone_is_the_last_that_gated_feedback_says():
    model = CharModel(K, "gru", **sizes({**GATED, "skip_output": False}))
    with no_grad():
        y, _ = model.recurrent(TOKENS)
        scores, _ = model(TOKENS)
    top = model.recurrent.cell.split(y.numpy())[-1]
    numpy.testing.assert_allclose(scores.numpy(), top @ model.linear["W"].data + model.linear["b"].data, rtol=1e-5)


def test_a_solver_is_wired_in_the_same_way():
    config = ProgramsConfig(cell="lstm", hidden=4, feedback="none", skip_input=False, skip_output=False)
    model = build_solver(config)
    assert isinstance(model.encoder, Stack) and model.encoder.layers[1].D == 4
    assert model.linear["W"].shape[0] == 4
    with pytest.raises(OptionError, match=r"a decoder with feedback is read .* as a whole.*got feedback gated"):
        ProgramsConfig(skip_output=False)


@pytest.mark.parametrize(
    "cell, wiring, says",
    [
        ("gru", {"layers": 2, "gate_input": "all_parents"}, "gate_input='all_parents' with feedback gated"),
        ("gru", {**GATED, "gate_input": "all_parents", "skip_input": False}, "layers ≥ 2 and skip_input"),
        ("gru", {"layers": 2, "feedback": "open", "gate_bias": True}, "gate_bias=True with feedback gated"),
        ("rnn", {**GATED, "unit_gates": "own"}, "cell gru or lstm"),
        ("gru", {"layers": 2, "unit_gates": "own"}, "unit_gates='own' with feedback gated or open"),
        ("gru", {"layers": 1, "skip_input": False}, "skip_input=False with layers ≥ 2"),
        ("gru", {"layers": 1, "skip_output": False}, "skip_output=False with layers ≥ 2"),
        ("gru", {"layers": 1, "peephole": "full"}, "peephole='full' with cell lstm"),
        ("lstm", {**GATED, "peephole": "full"}, "for full feedback none"),
        ("lstm", {"layers": 1, "reset": "before"}, "reset='before' with cell gru"),
        ("gruu", {"layers": 1}, r"no such cell: expected gru \| lstm \| rnn, got 'gruu'"),
        ("gru", {"layers": 1, "feedback": "full"}, r"no such feedback: expected none \| gated \| open, got 'full'"),
        ("gru", {"layers": 1, "reset": "later"}, r"no such reset: expected after \| before, got 'later'"),
        ("gru", {**GATED, "gate_bias": "yes"}, r"no such gate_bias: expected False \| True, got 'yes'"),
        ("gru", {"layers": 0}, "layers are counted: expected a whole number L ≥ 1, got 0"),
        ("gru", {"layers": 2.5}, "got 2.5"),
        ("gru", {"layers": "two"}, "got 'two'"),
        ("gru", {"layers": 1, "init": "autor"}, r"no such init: expected default \| author \| uniform, got 'autor'"),
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused(cell, wiring, says):
    with pytest.raises(OptionError, match=says):
        CharModel(K, cell, **sizes(wiring))


def test_the_configurations_refuse_it_by_their_own_name():
    for config, name in ((CharLMConfig, "charlm"), (ProgramsConfig, "programs")):
        with pytest.raises(OptionError, match=f"{name}: peephole means nothing here.*got cell='gru', layers=2"):
            config(peephole="diagonal")
    check_wiring("here", "lstm", 2, "gated", peephole="diagonal")
