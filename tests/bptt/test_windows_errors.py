"""What the ways window by window refuse: an edit before they read again, a second derivative, a wrong number."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.errors import OptionError, SecondDerivativeError, TensorModifiedError
from tests.contracts.subjects import D, H, N, T, sequence

truncated, windowed, checkpointed = mg.bptt.truncated, mg.bptt.windowed, mg.bptt.checkpointed

methods = pytest.mark.parametrize("method", ["bptt", "tape"])


@methods
@pytest.mark.parametrize("way", [truncated(2), windowed(1, 2), checkpointed(2)], ids=repr)
def test_an_edit_before_the_backward_pass_is_an_error(method, way):
    """What a window is read again with has to be what it was read with."""
    layer = mg.layers.Recurrent(mg.cells.LSTM(D, H, seed=0, dtype="float64"), method=method, through=way)
    x = mg.Tensor(sequence((T, N, D)), requires_grad=True)
    h, c = (mg.Tensor(numpy.ones((N, H)), name=name) for name in "hc")
    for edited in (layer.cell["U.forget"], x, c):
        y, _ = layer(x, (h, c))
        edited.assign(edited.data * 1.01)
        with pytest.raises(TensorModifiedError, match=f"LSTM, {way!r}".replace("(", r"\(").replace(")", r"\)")):
            y.backward(numpy.ones(y.shape))
    layer(x)[0].backward(numpy.ones(y.shape))


def test_an_edit_of_the_array_itself_is_found_where_anomalies_are_looked_for():
    layer, x = mg.layers.Recurrent(mg.cells.GRU(D, H, dtype="float64"), through=checkpointed(2)), sequence((T, N, D))
    with mg.detect_anomaly():
        y, _ = layer(mg.Tensor(x, requires_grad=True))
        x[1] += 1.0
        with pytest.raises(TensorModifiedError, match=r"GRU, checkpointed\(2\)"):
            y.backward(numpy.ones(y.shape))


@methods
def test_a_second_derivative_names_the_composed_way(method):
    layer = mg.layers.Recurrent(mg.cells.GRU(D, H, seed=0, dtype="float64"), method=method, through=truncated(2))
    x = mg.Tensor(sequence((T, N, D)), requires_grad=True)
    y, _ = layer(x)
    with pytest.raises(SecondDerivativeError) as caught:
        mg.grad(y, x, numpy.ones(y.shape), create_graph=True)
    assert "GRU, truncated(2): the backward pass of this computation is written by hand" in str(caught.value)
    assert 'type: Recurrent(gru, method="tape", through=mg.bptt.full)' in str(caught.value)


@pytest.mark.parametrize(
    "make, says",
    [
        (lambda: truncated(0), "truncated: window is a number of steps: expected a whole number window >= 1, got 0"),
        (lambda: truncated(2.0), "got 2.0"),
        (lambda: truncated(True), "got True"),
        (lambda: windowed(0, 3), "windowed: k1 is a number of steps: expected a whole number k1 >= 1, got 0"),
        (lambda: windowed(1, None), "windowed: k2 is a number of steps: expected a whole number k2 >= 1, got None"),
        (lambda: windowed(5, 3), "the wrong way round\n  type: windowed(k1=3, k2=5)"),
        (lambda: checkpointed(0), "checkpointed: how many segments?: expected a whole number segments >= 1, got 0"),
    ],
)
def test_error_texts(make, says):
    with pytest.raises(OptionError) as caught:
        make()
    assert says in str(caught.value)


def test_their_names_are_what_was_typed():
    ways = (truncated(3), windowed(1, 4), checkpointed(2), checkpointed())
    assert [repr(way) for way in ways] == ["truncated(3)", "windowed(1, 4)", "checkpointed(2)", "checkpointed()"]
    layer = mg.layers.Recurrent(mg.cells.RNN(D, H, dtype="float64"), through=truncated(numpy.int64(3)))
    assert layer(mg.Tensor(sequence((T, N, D)), requires_grad=True))[0]._node.name == "RNN, truncated(3)"
