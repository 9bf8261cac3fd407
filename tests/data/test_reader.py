"""N readers of one sequence: every target once, windows that continue one another, positions that come back."""

import json

import numpy
import pytest

from minigate.data import StreamReader
from minigate.errors import DataError, OptionError


@pytest.mark.parametrize("M", [4, 16, 17, 18, 19, 100, 101])
@pytest.mark.parametrize("N", [1, 3])
@pytest.mark.parametrize("T", [1, 5, 64])
def test_every_element_but_the_first_is_a_target_exactly_once(M, N, T):
    tokens = numpy.arange(M)
    seen = []
    streams = StreamReader(tokens, N, T)
    for window in streams:
        counted = numpy.ones_like(window.targets, bool) if window.mask is None else window.mask
        assert window.inputs.shape == window.targets.shape == counted.shape
        assert (window.targets[counted] == window.inputs[counted] + 1).all()
        assert window.count == counted.sum()
        seen.extend(window.targets[counted])
    assert sorted(seen) == list(range(1, M))
    assert streams.count == M - 1


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32"])
def test_small_tokens_are_kept_as_they_are_and_windows_are_int64(dtype):
    tokens = numpy.arange(200).astype(dtype)
    streams = StreamReader(tokens, N=3, T=7)
    assert numpy.shares_memory(tokens, streams._tokens)
    for small, large in zip(streams, StreamReader(tokens.astype("int64"), N=3, T=7)):
        assert small.inputs.dtype == small.targets.dtype == "int64"
        assert (small.inputs == large.inputs).all()
        assert (small.targets == large.targets).all()


def test_windows_of_a_stream_continue_one_another():
    windows = list(StreamReader(numpy.arange(31), N=3, T=4))
    assert [window.first for window in windows] == [True, False, False]
    assert [len(window.inputs) for window in windows] == [4, 4, 2]
    assert numpy.concatenate([window.inputs for window in windows])[:, 1].tolist() == list(range(10, 20))


def test_only_the_last_row_is_ever_masked():
    *full, last = StreamReader(numpy.arange(33), N=3, T=4)
    assert all(window.mask is None for window in full)
    assert last.mask is not None
    assert last.mask[:-1].all()
    assert last.mask[-1].tolist() == [True, True, False]


def test_the_position_continues_another_reader_exactly_across_epochs():
    tokens = numpy.arange(50)
    first, second = StreamReader(tokens, 3, 4), StreamReader(tokens, 3, 4)
    for _ in range(7):
        first.next_window()
    second.position = json.loads(json.dumps(first.position))
    assert (first.epoch, first.index) == (1, 2)
    for _ in range(9):
        assert (first.next_window().inputs == second.next_window().inputs).all()


def test_a_position_of_other_streams_is_refused():
    streams = StreamReader(numpy.arange(50), 3, 4)
    with pytest.raises(DataError, match="other streams"):
        streams.position = StreamReader(numpy.arange(60), 3, 4).position


def test_misuse_is_named():
    with pytest.raises(DataError, match="at least N"):
        StreamReader(numpy.arange(3), 3, 4)
    with pytest.raises(OptionError, match="N=0"):
        StreamReader(numpy.arange(3), 0, 4)
    with pytest.raises(DataError, match="float64"):
        StreamReader(numpy.zeros(9), 3, 4)
