"""The size of a model: counted by hand for one, and the trace against what is really kept."""

import numpy
import pytest

from minigate.cells import GRU, LSTM, RNN
from minigate.layers import KAF, NAC, NALU, Embedding, Linear, Recurrent, ReNet, Stack
from minigate.module import Module
from minigate.train import CharModel, summary


def test_a_character_model_counted_by_hand():
    found = summary(CharModel(K=7, cell="gru", hidden=4), T=5, N=3)
    recurrent, out = 3 * 4 * 4, 4 * 7
    assert found.parameters == 3 * (7 * 4 + 4 * 4 + 4) + 4 * 7 + 7
    assert found.parameter_bytes == 4 * found.parameters
    assert found.flops_forward == 2 * (recurrent + out)  # its input is looked up
    assert found.flops_training == 3 * found.flops_forward
    assert found.rows["linear.W"] == ((4, 7), "float32")


def test_without_tokens_the_input_is_multiplied_too():
    layer = Recurrent(LSTM(2, 4))
    assert summary(layer).flops_forward == 2 * 4 * (2 * 4 + 4 * 4)
    assert summary(layer, tokens=True).flops_forward == 2 * 4 * (4 * 4)


def test_a_table_of_rows_costs_no_product():
    class Two(Module):
        def __init__(self) -> None:
            super().__init__()
            self.rows = Embedding(9, 2)
            self.linear = Linear(2, 4)

    assert summary(Two()).flops_forward == 2 * 2 * 4


def test_what_has_two_axes_and_is_no_matrix_is_not_counted():
    D, H = 2, 4
    assert summary(NAC(D, H)).flops_forward == 2 * D * H  # Ŵ and M̂ are one matrix
    assert summary(NALU(D, H)).flops_forward == 2 * 3 * D * H  # a sum, a product, a gate
    assert summary(KAF(H)).flops_forward == 0


@pytest.mark.parametrize("cell", [RNN, GRU, LSTM])
def test_the_trace_is_as_large_as_the_arrays_it_holds(cell):
    layer = Recurrent(cell(2, 4, dtype="float64"))
    T, N = 6, 3
    kept = layer.trace(numpy.zeros((T, N, 2)))
    owners = {}
    for array in kept.values():
        while array.base is not None:
            array = array.base
        owners[id(array)] = array.nbytes
    assert summary(layer, T, N).trace_bytes == pytest.approx(sum(owners.values()), rel=0.35)
    once, twice, thrice = (summary(layer, k * T, N).trace_bytes for k in (1, 2, 3))
    assert thrice - twice == twice - once > 0.7 * once
    assert summary(layer, T, 2 * N).trace_bytes == 2 * summary(layer, T, N).trace_bytes


def test_the_table_shows_every_parameter_and_the_totals():
    text = str(summary(CharModel(K=104, hidden=256), T=100, N=32))
    for words in ("linear.W", "(256, 104)", "26,624", "total", "MFLOP", "GFLOP for T=100, N=32", "trace"):
        assert words in text
    assert len({len(line) for line in text.splitlines()[2:5]}) == 1


def test_layers_on_layers_only_the_first_looks_up():
    stack = Stack([Recurrent(GRU(7, 4)), Recurrent(GRU(4, 4))])
    assert summary(stack, tokens=True).flops_forward == 2 * (3 * 16 + 3 * (16 + 16))


def test_of_a_model_that_reads_images_the_parameters_alone_are_counted():
    found = summary(ReNet(1, [2, 2], seed=0))
    assert found.images and (found.flops_forward, found.trace_bytes) == (0, 0)
    assert found.parameters == sum(p.size for p in ReNet(1, [2, 2]).parameters())
    assert "follows from the size of the image" in str(found) and "per step" not in str(found)
