"""Gates by name over a text, for every kind of model: what is shown is what the model computed."""

import numpy
import pytest

from minigate.data import Vocabulary
from minigate.errors import DataError
from minigate.tensor import no_grad
from minigate.train import CharModel, feedback_over, gates_over, gradient_over, trace_over

TEXT = "gates open"
VOCABULARY = Vocabulary("abcdefghijklmnopqrstuvwxyz ")
K = len(VOCABULARY)


@pytest.mark.parametrize(
    ("cell", "wiring", "expected"),
    [
        ("gru", {}, ["update", "reset"]),
        ("rnn", {}, []),
        ("gru", {"layers": 2}, ["layers.0.update", "layers.0.reset", "layers.1.update", "layers.1.reset"]),
        ("rnn", {"layers": 2, "feedback": "gated"}, ["layers.0.global", "layers.1.global"]),
        ("lstm", {"layers": 1, "feedback": "open"}, ["layers.0.input", "layers.0.forget", "layers.0.output"]),
    ],
)
def test_gates_come_by_name_one_row_for_each_character(cell, wiring, expected):
    trained = (CharModel(K, cell, hidden=4, **wiring), VOCABULARY)
    gates = gates_over(trained, TEXT)
    assert list(gates) == expected
    for name, array in gates.items():
        assert array.shape == (len(TEXT), wiring["layers"] if name.endswith("global") else 4)
        assert ((array > 0) & (array < 1)).all()


@pytest.mark.parametrize("wiring", [{"layers": 3}, {"layers": 3, "feedback": "gated"}])
def test_the_states_are_those_that_the_softmax_reads(wiring):
    model = CharModel(K, "gru", hidden=4, dropout=0.5, **wiring)
    trace = trace_over((model, VOCABULARY), TEXT)
    assert model.training
    seen = numpy.concatenate([trace[f"layers.{j}.h"] for j in range(3)], axis=-1)
    with no_grad():
        y, _ = model.recurrent(VOCABULARY.encode(TEXT)[:, None].astype("int64"))
    numpy.testing.assert_allclose(seen, y.numpy()[:, 0], rtol=1e-5, atol=1e-6)


def test_feedback_is_indexed_by_source_and_reader():
    model = CharModel(K, "gru", hidden=4, layers=3, feedback="gated")
    g, gates = feedback_over((model, VOCABULARY), TEXT), gates_over((model, VOCABULARY), TEXT)
    assert g.shape == (len(TEXT), 3, 3)
    for j in range(3):
        numpy.testing.assert_array_equal(g[:, :, j], gates[f"layers.{j}.global"])
    with pytest.raises(DataError, match="no feedback gates"):
        feedback_over((CharModel(K, "gru", hidden=4), VOCABULARY), TEXT)


def test_the_gradient_reaches_back_to_the_first_character_in_every_layer():
    for wiring in ({"layers": 2}, {"layers": 2, "feedback": "gated"}):
        curves = gradient_over((CharModel(K, "lstm", hidden=4, **wiring), VOCABULARY), TEXT)
        assert set(curves) == {"layers.0.h", "layers.0.c", "layers.1.h", "layers.1.c"}
        assert all(curve.shape == (len(TEXT) + 1,) for curve in curves.values())


def test_a_text_that_cannot_be_read_is_named():
    trained = (CharModel(K, "gru", hidden=4), VOCABULARY)
    with pytest.raises(DataError, match="the text has characters that the model has never seen"):
        gates_over(trained, "Gates")
    with pytest.raises(DataError, match="the text is empty"):
        gradient_over(trained, "")
