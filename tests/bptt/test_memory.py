"""What each way through time holds in memory, as its documentation has it: counted, not believed.

Counted is the largest number of bytes that were in use at once, beyond what was there before, and less y, which is
as long as the sequence in every way. H is small, so that weights and their gradients are nothing.
"""

from __future__ import annotations

import math
import tracemalloc

import numpy
import pytest

import minigate as mg

D, H, N = 3, 16, 4
FLOAT = 8

truncated, windowed, checkpointed = mg.bptt.truncated, mg.bptt.windowed, mg.bptt.checkpointed
by_hand = [name for name, build in mg.cells.registry.items() if build().written_by_hand]


def extra(name, through, T, backward=True):
    """Bytes at the peak of a forward (and backward) pass over T steps, beside x, y and the cotangent."""
    layer = mg.layers.Recurrent(mg.cells.registry[name](D=D, H=H), through=through)
    x = numpy.random.default_rng(0).normal(size=(T, N, D))
    cotangent = numpy.ones((T, N, layer.cell.output_size))
    tracemalloc.start()
    try:
        if backward:
            y, _ = layer(x)
            mg.grad(y, layer.parameters(), cotangent)
        else:
            with mg.no_grad():
                y, _ = layer(x)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return peak - y.data.nbytes


def test_the_measure_sees_a_trace():
    """Full backpropagation keeps at least two arrays (T, N, H) beside y, and almost four times as much for 4 T."""
    one, four = extra("GRU-after", mg.bptt.full, 500), extra("GRU-after", mg.bptt.full, 2000)
    assert one > 2 * 500 * N * H * FLOAT and 3.0 < four / one < 4.2


@pytest.mark.parametrize("name", by_hand)
def test_checkpointed_holds_the_root_of_the_length(name):
    """For 4 T twice as much, and at T = 2000 less than a tenth of what full backpropagation would hold."""
    one, four = extra(name, checkpointed(), 500), extra(name, checkpointed(), 2000)
    assert four < 2.4 * one
    assert four < 0.1 * 4 * extra(name, mg.bptt.full, 500)


@pytest.mark.parametrize("name", ["RNN", "LSTM"])
@pytest.mark.parametrize("way, window", [(truncated(20), 20), (windowed(20, 40), 40), (checkpointed(50), 40)], ids=repr)
def test_the_trace_is_no_longer_than_a_window(name, way, window):
    """A window's trace, as full backpropagation over that many steps has it, and a state for each window."""
    cell = mg.cells.registry[name](D=D, H=H)
    state = sum(h.data.nbytes + 1000 for h in cell.initial_state(N))  # and what NumPy and Python add to an array
    windows = len(way.windows(2000))
    assert extra(name, way, 2000) < 1.5 * extra(name, mg.bptt.full, window) + windows * state


WITHOUT = [(name, mg.bptt.full) for name in by_hand] + [("LSTM", truncated(20)), ("LSTM", checkpointed())]


@pytest.mark.parametrize("name, way", WITHOUT)
def test_without_a_gradient_nothing_grows_with_the_length(name, way):
    short, long = (extra(name, way, T, backward=False) for T in (1000, 5000))
    assert long - short < 50_000  # bytes; one number for each step and sequence would be 128,000


def test_the_length_of_a_segment_is_the_root():
    for T in (100, 1000, 10_000):
        windows = checkpointed().windows(T)
        longest = max(end - start for start, _, end in windows)
        assert longest <= math.sqrt(T) + 2 and len(windows) <= math.sqrt(T)
