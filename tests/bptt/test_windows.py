"""The ways that go back window by window: exact where they say so, and elsewhere what they say they are.

The oracle is written here from the definition: the composed loop, begun anew at the start of every window
from a state that is detached. It shares nothing with the ways under test, which never detach anything.
"""

from __future__ import annotations

from functools import cache

import numpy
import pytest

import minigate as mg
from tests.contracts import differences
from tests.contracts.subjects import HOST, MASK, D, H, K, N, Subject, T, recurrent, sequence
from tests.contracts.test_three_ways import compare

full, tape = mg.bptt.full, mg.bptt.tape
truncated, windowed, checkpointed = mg.bptt.truncated, mg.bptt.windowed, mg.bptt.checkpointed

every_cell = pytest.mark.parametrize("name", mg.cells.registry)
methods = pytest.mark.parametrize("method", ["bptt", "tape"])
inputs = pytest.mark.parametrize(
    "masked, tokens", [(False, False), (True, False), (True, True)], ids=["all", "mask", "mask-tokens"]
)

#: Everything at once, and the two ends of the sequence alone.
PATTERNS = ("all", "last output", "final state")

EXACT = [checkpointed(s) for s in (2, T, None)]  # all of which have windows
SAME = [checkpointed(1), truncated(T), truncated(T + 1), windowed(1, T), windowed(2, T + 1), windowed(T, T)]

#: way → its windows over T = 5 steps, written out: (start, first, end).
INEXACT = {
    truncated(1): [(0, 0, 1), (1, 1, 2), (2, 2, 3), (3, 3, 4), (4, 4, 5)],
    truncated(3): [(0, 0, 3), (3, 3, 5)],
    windowed(1, 2): [(0, 0, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5)],
    windowed(2, 3): [(0, 0, 2), (1, 2, 4), (2, 4, 5)],
    windowed(2, 4): [(0, 0, 4), (1, 4, 5)],
}


def subject_of(name, backend, method, **options) -> Subject:
    subject = recurrent(name, "none", backend, **options)
    if method == "bptt" and not subject.layer.cell.written_by_hand:
        pytest.skip("composed only")
    subject.layer.method = method
    return subject


def begun_anew(windows):
    """The definition: outputs first … end − 1 of each window are computed from its start, which is detached."""

    def way(cell, x, state, mask=None):
        def steps(before, start, end):
            return tape(cell, x[start:end], before, None if mask is None else mask[start:end])

        outputs = []
        for start, first, end in windows:
            before = state if start == 0 else tuple(h.detach() for h in steps(state, 0, start)[1])
            y, final = steps(before, start, end)
            outputs.append(y[first - start :])
        return mg.ops.concat(outputs, axis=0), final

    return way


# A window hands arrays to whatever takes the steps, and knows no more of it. So windows are tried on every array
# library with the cell's own way, and around the tape on the host: what the tape does elsewhere is not theirs.


@every_cell
@inputs
def test_what_is_exact_is_full_backpropagation(backend, name, masked, tokens):
    exact(recurrent(name, "none", backend, masked=masked, tokens=tokens))


@every_cell
@inputs
def test_what_is_exact_is_full_backpropagation_around_the_tape(name, masked, tokens):
    exact(subject_of(name, HOST, "tape", masked=masked, tokens=tokens))


def exact(subject):
    backend = subject.backend
    patterns = {what: c for what, c in subject.cotangents().items() if what in PATTERNS}
    expected = {what: subject.gradients(cotangents) for what, cotangents in patterns.items()}
    outputs = subject.outputs()
    for subject.layer.through in EXACT:
        for found, same in zip(subject.call()[1], outputs, strict=True):
            assert differences.distance(backend.host(found), same) <= 1e-12
        for what, cotangents in patterns.items():
            compare(subject.gradients(cotangents), expected[what], 1e-12, f"{subject.layer.through!r}, {what}")


@every_cell
@inputs
def test_what_is_truncated_is_the_loop_begun_anew(backend, name, masked, tokens):
    subject = recurrent(name, "none", backend, masked=masked, tokens=tokens)
    the_loop_begun_anew(subject, oracle(name, masked, tokens))


@every_cell
@inputs
def test_what_is_truncated_is_the_loop_begun_anew_around_the_tape(name, masked, tokens):
    subject = subject_of(name, HOST, "tape", masked=masked, tokens=tokens)
    the_loop_begun_anew(subject, oracle(name, masked, tokens))


@cache
def oracle(name, masked, tokens):
    """The definition of every way: outputs, and gradients for every pattern, once for all that are held to them."""
    subject, found = recurrent(name, "none", HOST, masked=masked, tokens=tokens), {}
    patterns = {what: c for what, c in subject.cotangents().items() if what in PATTERNS}
    for way, windows in INEXACT.items():
        subject.layer.through = begun_anew(windows)
        found[way] = subject.outputs(), {what: subject.gradients(c) for what, c in patterns.items()}
    return found


def the_loop_begun_anew(subject, expected):
    patterns = {what: c for what, c in subject.cotangents().items() if what in PATTERNS}
    for way, (outputs, gradients) in expected.items():
        subject.layer.through = way
        for found, same in zip(subject.call()[1], outputs, strict=True):
            assert differences.distance(subject.backend.host(found), same) <= 1e-12
        for what, cotangents in patterns.items():
            compare(subject.gradients(cotangents), gradients[what], 1e-11, f"{way!r}, {what}")


@every_cell
def test_a_window_that_covers_the_sequence_is_the_sequence(name):
    """Not equal to full backpropagation but that itself: one node, and nothing is read twice."""
    x = mg.Tensor(sequence((T, N, D)), requires_grad=True)
    layer = mg.layers.Recurrent(mg.cells.registry[name]())
    node = layer(x)[0]._node.name
    for layer.through in SAME:
        assert layer(x)[0]._node.name == node


@pytest.mark.parametrize("length", range(1, 14))
def test_the_windows_tile_the_outputs(length):
    ways = [truncated(w) for w in (1, 2, 5, 20)] + [checkpointed(s) for s in (1, 3, 9, None)]
    ways += [windowed(k1, k2) for k2 in range(1, 9) for k1 in range(1, k2 + 1)]
    for way in ways:
        windows = way.windows(length)
        assert [t for _, first, end in windows for t in range(first, end)] == list(range(length)), way
        assert all(start <= first < end for start, first, end in windows)
        assert [start == 0 for start, _, _ in windows] == [True] + [False] * (len(windows) - 1)
    for k1, k2 in [(1, 1), (1, 4), (2, 5), (3, 3), (4, 7)]:
        for start, first, end in windowed(k1, k2).windows(length):
            assert end - start <= k2 and (start == 0 or end - start == k2)
            assert start == 0 or first - start >= k2 - k1, "an error goes back at least k2 − k1 + 1 steps"


@pytest.mark.parametrize("segments, lengths", [(1, [10]), (2, [5, 5]), (3, [4, 4, 2]), (7, [2] * 5), (99, [1] * 10)])
def test_segments_are_as_many_as_asked_at_most(segments, lengths):
    assert [end - start for start, _, end in checkpointed(segments).windows(10)] == lengths
    assert len(checkpointed().windows(100)) == 10


@every_cell
@methods
def test_the_gradient_of_a_window_looks_back_k2_steps_and_no_further(name, method):
    """windowed(1, k2): of an output, its own step and the k2 − 1 before it; exactly 0 beyond, and exact within."""
    subject = subject_of(name, HOST, method)
    k2, last = 3, subject.cotangents()["last output"]
    exact = subject.gradients(last)["x"]
    subject.layer.through = windowed(1, k2)
    found = subject.gradients(last)
    assert not found["x"][: T - k2].any() and found["x"][T - k2 :].any()
    assert differences.distance(found["x"][T - k2 :], exact[T - k2 :]) <= 1e-12
    assert not any(found[key].any() for key in found if key.startswith("state."))


@every_cell
@pytest.mark.parametrize("way", [truncated(2), checkpointed(2)], ids=repr)
@pytest.mark.parametrize("steps, batch", [(0, N), (T, 0), (1, 1)])
def test_no_steps_and_no_sequences(backend, name, way, steps, batch):
    subject = recurrent(name, "none", backend, T=steps, N=batch)
    subject.layer.through = way
    y, *states = subject.outputs()
    assert y.shape[:2] == (steps, batch) and all(len(h) == batch for h in states)
    if steps:
        found = subject.gradients(subject.cotangents()["all"])
        assert all(found[key].shape == subject.values[key].shape for key in found)


@every_cell
def test_it_works_in_a_stack(name):
    """The gradient that a layer hands down within a window is cut off at the same place in the layer below."""
    x, build = sequence((T, N, D)), mg.cells.registry[name]
    layers = [mg.layers.Recurrent(build()), mg.layers.Recurrent(build(D=build().output_size))]
    stack = mg.layers.Stack(layers)
    for way in (checkpointed(2), truncated(3), windowed(2, 3)):
        expected = full if way.hand_on else begun_anew(INEXACT[way] if way in INEXACT else way.windows(T))
        found = []
        for through in (way, expected):
            layers[0].through = layers[1].through = through
            given = mg.Tensor(x, requires_grad=True)
            y, _ = stack(given)
            cotangent = numpy.random.default_rng(0).normal(size=y.shape)
            found.append([g.data for g in mg.grad(y, [given, *stack.parameters()], cotangent)])
        largest = max(float(numpy.abs(g).max()) for g in found[1])  # of a cell that begins at 0 some are 0 but rounding
        for one, other in zip(*found, strict=True):
            assert differences.distance(one, other) <= 1e-12 or numpy.abs(one - other).max() <= 1e-15 * largest


@every_cell
@pytest.mark.parametrize("way", [truncated(2), windowed(1, 2), checkpointed(2)], ids=repr)
def test_a_state_carried_from_call_to_call(name, way):
    """Detached, nothing comes back through it; carried on the tape, its gradient does."""
    layer = mg.layers.Recurrent(mg.cells.registry[name](), through=way)
    x = mg.Tensor(sequence((2 * T, N, D)), requires_grad=True)
    _, state = layer(x[:T])
    for carried, comes_back in ((state, True), (tuple(h.detach() for h in state), False)):
        y, _ = layer(x[T:], carried)
        dx = mg.grad(y, x, numpy.ones(y.shape), retain_graph=True).data
        assert dx[T:].any() and bool(dx[:T].any()) == comes_back
    whole, _ = mg.layers.Recurrent(layer.cell)(x)
    assert differences.distance(y.data, whole.data[T:]) <= 1e-12


def test_a_final_state_alone_needs_the_last_window_only():
    """Everything before it is dropped, and so is not even read again."""
    layer, read = mg.layers.Recurrent(mg.cells.GRU(D, H, seed=0, dtype="float64"), through=truncated(2)), []

    def counted(cell, x, state, mask=None):
        read.append(x.shape[0])
        return full(cell, x, state, mask)

    x = mg.Tensor(sequence((9, N, D)), requires_grad=True)
    state = tuple(mg.Tensor(h.data, requires_grad=True) for h in layer.cell.initial_state(N))
    _, (h,) = layer.through(layer.cell, x, state, inner=counted)
    assert read == [2, 2, 2, 2, 1]
    dx, dh = mg.grad(h, [x, *state], numpy.ones(h.shape))
    assert read[5:] == [1] and dx.data[8].any() and not dx.data[:8].any() and not dh.data.any()


def test_a_backward_pass_may_be_run_twice():
    layer = mg.layers.Recurrent(mg.cells.LSTM(D, H, seed=0, dtype="float64"), through=checkpointed(2))
    x = mg.Tensor(sequence((T, N, D)), requires_grad=True)
    y, _ = layer(x)
    first, second = (
        mg.grad(y, [x, *layer.parameters()], numpy.ones(y.shape), retain_graph=True) for _ in range(2)
    )  # fmt: skip
    assert all(numpy.array_equal(a.data, b.data) for a, b in zip(first, second, strict=True))


def test_the_vocabulary_and_the_mask_of_these_tests_have_every_case():
    assert MASK.any(axis=0).tolist() == [True, True, False] and K > D


class Dropped(mg.cells.Cell):
    """A tanh unit with dropout along time, and a running mean of what it has seen: chance and a buffer in a step."""

    state_names = ("h",)

    def __init__(self) -> None:
        super().__init__(D, H)
        rng = numpy.random.default_rng(0)
        self.parameter("W", rng.normal(size=(D, H)), "float64")
        self.parameter("U", rng.normal(size=(H, H)), "float64")
        self.dropout = mg.layers.Dropout(0.4, seed=3)
        self.buffer("seen", numpy.zeros(H))

    def step(self, x_t, state):
        h = mg.ops.tanh(x_t @ self["W"] + self.dropout(state[0]) @ self["U"])
        self._buffers["seen"] += h.data.mean(axis=0)
        return h, (h,)


@pytest.mark.parametrize("way", [checkpointed(2), checkpointed(T)], ids=repr)
def test_chance_falls_the_same_at_the_second_reading(way):
    found = {}
    for through in (full, way):
        layer = mg.layers.Recurrent(Dropped(), through=through)
        x = mg.Tensor(sequence((T, N, D)), requires_grad=True)
        y, _ = layer(x)
        gradients = mg.grad(y, [x, *layer.parameters()], numpy.cos(numpy.arange(y.size)).reshape(y.shape))
        after, _ = layer(x)  # the streams go on where one reading left them
        found[through] = [y, after, *gradients, mg.Tensor(layer.state_dict()["seen"])]
    for one, other in zip(found[full], found[way], strict=True):
        assert numpy.allclose(one.data, other.data, rtol=1e-12, atol=1e-14)
