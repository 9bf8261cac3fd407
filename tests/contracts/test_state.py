"""The state is passed in and handed back, and nothing of it stays in the layer."""

from __future__ import annotations

from inspect import signature

import numpy
import pytest

import minigate as mg
from tests.contracts import differences
from tests.contracts.example_gates import FEW, build_cell, cells_and_gates
from tests.contracts.subjects import H, N, Subject, T, layer_of_registry, recurrent, sequence, split_state

cells = pytest.mark.parametrize("name, choice", cells_and_gates(FEW))
methods = pytest.mark.parametrize("method", ["bptt", "tape"])
masks = pytest.mark.parametrize("masked", [False, True], ids=["all", "mask"])
WITH_STATE = [name for name, build in mg.layers.registry.items() if "state" in signature(build().forward).parameters]
READS_THE_FUTURE = ("Bidirectional",)  # where the end comes first, there are no pieces one after the other


class Segments(mg.Module):
    """A layer that is called on one segment of the sequence after another, the state carried over on the tape."""

    def __init__(self, layer: mg.Module, cuts: list[int]) -> None:
        super().__init__()
        self.child("", layer)
        self.layer, self.ends = layer, [*cuts, None]

    def forward(self, x, state=None, mask=None):
        parts, start = [], 0
        for end in self.ends:
            y, state = self.layer(x[start:end], state, None if mask is None else mask[start:end])
            parts.append(y)
            start = end
        return mg.ops.concat(parts, axis=0), state


def same_as_whole(whole: Subject, *ways: list[int]) -> None:
    """Each way is where the sequence is cut."""
    outputs, patterns = whole.outputs(), whole.cotangents()
    gradients = {what: whole.gradients(patterns[what]) for what in ("all", "final state")}
    parts = Subject(Segments(whole.layer, []), whole.backend, whole.values["x"], whole.mask)
    parts.values = whole.values
    for cuts in ways:
        parts.layer.ends = [*cuts, None]
        for found, expected in zip(parts.outputs(), outputs, strict=True):
            assert differences.distance(found, expected) <= 1e-12, f"cut before {cuts}"
        for what, expected in gradients.items():
            for key, found in parts.gradients(patterns[what]).items():
                assert differences.distance(found, expected[key]) <= 1e-12, f"cut before {cuts}, {what}: d{key}"


@cells
@methods
@masks
def test_splitting_anywhere_with_the_state_carried_is_not_splitting(backend, name, choice, method, masked):
    whole = recurrent(name, choice, backend, masked=masked)
    if method == "bptt" and not whole.layer.cell.written_by_hand:
        pytest.skip("composed only")
    whole.layer.method = method
    same_as_whole(whole, *([t] for t in range(T + 1)))


@pytest.mark.parametrize("name", mg.cells.registry)
@masks
@pytest.mark.parametrize("tokens", [False, True], ids=["floats", "tokens"])
def test_one_step_at_a_time_is_the_whole_sequence(backend, name, masked, tokens):
    same_as_whole(recurrent(name, "none", backend, masked=masked, tokens=tokens), list(range(1, T)))


@pytest.mark.parametrize("name", [name for name in WITH_STATE if name not in READS_THE_FUTURE])
def test_splitting_a_layer_that_has_a_state(backend, name):
    same_as_whole(layer_of_registry(name, backend), [2])


@cells
@methods
def test_no_state_given_is_the_initial_state(backend, name, choice, method):
    layer = mg.layers.Recurrent(build_cell(name, choice), method=None if method == "bptt" else method)
    x = backend.to(sequence((T, N, 2)))
    y, state = layer(x)
    initial = layer.cell.initial_state(N, like=x)
    y_same, state_same = layer(x, initial)
    for one, other in zip([y, *state], [y_same, *state_same], strict=True):
        assert backend.host(one).tobytes() == backend.host(other).tobytes()
    assert isinstance(state, tuple) and len(state) == len(layer.cell.state_names)
    assert all(isinstance(h, mg.Tensor) and h.shape == zero.shape for h, zero in zip(state, initial, strict=True))
    for h in initial:
        assert h.shape[0] == N and not numpy.any(backend.host(h))


@pytest.mark.parametrize("name", mg.layers.registry)
def test_a_layer_keeps_nothing_between_two_calls(backend, name):
    subject = layer_of_registry(name, backend)
    layer, x = subject.layer, backend.to(subject.values["x"])
    layer.eval()

    def everything():
        return {path: sorted(vars(module)) for path, module in layer.named_modules()}, {
            key: array.tobytes() for key, array in layer.state_dict().items()
        }

    before = everything()
    first, second = (backend.host(split_state(layer(x))[0]) for _ in range(2))
    assert first.tobytes() == second.tobytes()
    assert everything() == before


@cells
def test_a_layer_forgets_an_earlier_batch_of_another_size(backend, name, choice):
    layer = mg.layers.Recurrent(build_cell(name, choice))
    x = sequence((T, N, 2))
    before = backend.host(layer(backend.to(x))[0])
    y, state = layer(backend.to(sequence((2, 7, 2))))
    assert y.shape == (2, 7, H) and all(h.shape[0] == 7 for h in state)
    assert numpy.array_equal(backend.host(layer(backend.to(x))[0]), before)


@pytest.mark.parametrize("name", mg.cells.registry)
@methods
def test_a_detached_state_stops_the_gradient(name, method):
    layer = mg.layers.Recurrent(mg.cells.registry[name](), method=method)
    x = sequence((T, N, 2))
    start = mg.Tensor(x, requires_grad=True)
    _, later = layer(x, tuple(h.detach() for h in layer(start)[1]))
    y, _ = layer(x, later)
    assert not mg.grad(y, start, numpy.ones(y.shape), unused="zero").data.any()
    y, _ = layer(x, layer(start)[1])
    assert mg.grad(y, start, numpy.ones(y.shape)).data.any()
