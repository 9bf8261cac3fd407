"""Every cell computes what its paper says, number for number."""

from __future__ import annotations

import pytest

import minigate as mg
from tests.cells.restatements import RESTATEMENTS
from tests.contracts.subjects import MASK, N, T, recurrent


def test_every_cell_of_the_registry_has_a_second_opinion():
    assert set(RESTATEMENTS) == set(mg.cells.registry)


@pytest.mark.parametrize("name", mg.cells.registry)
@pytest.mark.parametrize("method", ["bptt", "tape"])
@pytest.mark.parametrize("masked", [False, True], ids=["all", "mask"])
def test_a_cell_is_its_restatement(backend, name, method, masked):
    subject = recurrent(name, "none", backend, masked=masked)
    subject.layer.method = method if subject.layer.cell.written_by_hand else "tape"
    y, *final = subject.outputs()
    # The papers' W x is x W here.
    w = {key: subject.values[key].T.tolist() for key, _ in subject.layer.named_parameters()}
    for n in range(N):
        states = [subject.values[f"state.{k}"][n].tolist() for k in range(len(final))]
        for t in range(T):
            if masked and not MASK[t, n]:
                assert not y[t, n].any()
                continue
            y_t, states = RESTATEMENTS[name](w, subject.values["x"][t, n].tolist(), states)
            assert y[t, n].tolist() == pytest.approx(y_t, rel=1e-12, abs=1e-14)
        for state, expected in zip(final, states, strict=True):
            assert state[n].tolist() == pytest.approx(expected, rel=1e-12, abs=1e-14)
