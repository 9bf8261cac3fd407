"""What a mask means: every sequence is what it would be alone, with the steps that are not real left out.

By hand and composed could agree and both be wrong, so this holds them to a run without any mask.
"""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from tests.contracts import differences
from tests.contracts.example_gates import FEW, cells_and_gates
from tests.contracts.subjects import MASK, N, Subject, T, recurrent, sequence

cells = pytest.mark.parametrize("name, choice", cells_and_gates(FEW))
methods = pytest.mark.parametrize("method", ["bptt", "tape"])
inputs = pytest.mark.parametrize("tokens", [False, True], ids=["floats", "tokens"])


def masked_subject(name, choice, backend, method, tokens=False) -> Subject:
    subject = recurrent(name, choice, backend, tokens=tokens, masked=True)
    if method == "bptt" and not subject.layer.cell.written_by_hand:
        pytest.skip("composed only")
    subject.layer.method = method
    return subject


def near(found, expected):
    return differences.distance(found, expected) <= 1e-12


@cells
@methods
@inputs
def test_a_masked_sequence_is_its_real_steps_alone(backend, name, choice, method, tokens):
    subject = masked_subject(name, choice, backend, method, tokens)
    cotangents = subject.cotangents()["all"]
    y, *states = subject.outputs()
    gradients = subject.gradients(cotangents)
    assert not numpy.any(y[~MASK]), "y is 0 where a step is not real"
    if not tokens:
        assert not numpy.any(gradients["x"][~MASK]), "dx is 0 where a step is not real"
    total = {key: numpy.zeros(parameter.shape) for key, parameter in subject.layer.named_parameters()}
    for n in range(N):
        real = MASK[:, n]
        alone = Subject(subject.layer, backend, subject.values["x"][real, n : n + 1])
        for key, value in subject.values.items():
            if key != "x":
                alone.values[key] = value[n : n + 1] if key.startswith("state.") else value
        y_alone, *states_alone = alone.outputs()
        assert near(y_alone[:, 0], y[real, n])
        assert all(near(own[0], state[n]) for own, state in zip(states_alone, states, strict=True))
        if not real.any() and method == "tape":
            continue  # no step, no tape: there is nothing to go back along
        parts = [cotangents[0][real, n : n + 1], *(None if c is None else c[n : n + 1] for c in cotangents[1:])]
        for key, found in alone.gradients(parts).items():
            if key == "x":
                assert near(found[:, 0], gradients["x"][real, n])
            elif key.startswith("state."):
                assert near(found[0], gradients[key][n]), f"d{key} of sequence {n}"
            else:
                total[key] = total[key] + found
    assert all(near(total[key], gradients[key]) for key in total)


@cells
@methods
def test_the_gradient_of_a_state_that_is_held_passes_through(backend, name, choice, method):
    """The sequence without a real step hands the cotangent of its final state to its initial state."""
    subject = masked_subject(name, choice, backend, method)
    cotangents = subject.cotangents()["final state"]
    gradients = subject.gradients(cotangents)
    nothing = int(numpy.flatnonzero(~MASK.any(axis=0))[0])
    for k, cotangent in enumerate(cotangents[1:]):
        if cotangent is not None:
            assert numpy.array_equal(gradients[f"state.{k}"][nothing], cotangent[nothing])


@pytest.mark.parametrize("name", mg.cells.registry)
@methods
@pytest.mark.parametrize("padding", [numpy.nan, numpy.inf, -1e300])
def test_what_stands_in_the_padding_does_not_matter(backend, name, method, padding):
    subject = masked_subject(name, "none", backend, method)
    cotangents = subject.cotangents()["all"]
    results = []
    for value in (0.0, padding):
        subject.values["x"] = numpy.where(MASK[..., None], sequence((T, N, 2)), value)
        cotangents[0] = numpy.where(MASK[..., None], cotangents[0], value)
        results.append([*subject.outputs(), *subject.gradients(cotangents).values()])
    assert all(one.tobytes() == other.tobytes() for one, other in zip(*results, strict=True))


@pytest.mark.parametrize("name", mg.cells.registry)
@methods
@pytest.mark.parametrize("padding", [-1, 99])
def test_a_token_in_the_padding_may_be_outside_of_the_vocabulary(backend, name, method, padding):
    subject = masked_subject(name, "none", backend, method, tokens=True)
    expected = subject.outputs()
    subject.values["x"] = numpy.where(MASK, subject.values["x"], padding)
    assert all(near(one, other) for one, other in zip(subject.outputs(), expected, strict=True))


@pytest.mark.parametrize("name", mg.cells.registry)
@methods
@inputs
def test_a_mask_of_only_real_steps_is_no_mask(backend, name, method, tokens):
    subject = recurrent(name, "none", backend, tokens=tokens)
    if method == "bptt" and not subject.layer.cell.written_by_hand:
        pytest.skip("composed only")
    subject.layer.method = method
    cotangents = subject.cotangents()["all"]
    before = [*subject.outputs(), *subject.gradients(cotangents).values()]
    subject.mask = numpy.ones((T, N), dtype=bool)
    after = [*subject.outputs(), *subject.gradients(cotangents).values()]
    assert all(near(one, other) for one, other in zip(after, before, strict=True))


def test_a_mask_may_be_a_list_or_a_tensor(backend):
    layer = mg.layers.Recurrent(mg.cells.GRU(2, 4, seed=0, dtype="float64"))
    x = backend.to(sequence((T, N, 2)))
    ways = [backend.to(MASK), MASK.tolist(), mg.Tensor(backend.to(MASK))]
    one, two, three = (backend.host(layer(x, mask=mask)[0]) for mask in ways)
    assert numpy.array_equal(one, two) and numpy.array_equal(one, three)
