"""The gates between layers: a row for each pair, the layer that listens first, counted from 1."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest

import minigate as mg
from minigate import plot


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


def test_every_pair_of_layers_has_a_row(rng: np.random.Generator) -> None:
    gates = rng.uniform(0, 1, size=(7, 3, 3))
    axes, drawn = plot.global_gates(gates, symbols="letters")
    labels = [tick.get_text() for tick in axes.get_yticklabels()]
    assert labels[:4] == ["1 → 1", "2 → 1", "3 → 1", "1 → 2"] and len(labels) == 9
    np.testing.assert_array_equal(drawn["values"][1], gates[:, 1, 0])
    np.testing.assert_array_equal(drawn["values"][5], gates[:, 2, 1])
    np.testing.assert_allclose(drawn["mean"], gates.mean(axis=0))
    np.testing.assert_array_equal(np.asarray(axes.images[0].get_array()), drawn["values"])
    assert axes.images[0].get_clim() == (0.0, 1.0) and axes.images[0].get_cmap().name == plot.GATE_MAP
    assert [tick.get_text() for tick in axes.get_xticklabels()] == list("letters")


def test_it_takes_what_a_cell_reads_from_a_trace() -> None:
    cell = mg.cells.GatedFeedback(2, [4, 3], unit="gru", seed=0)
    trace = mg.layers.Recurrent(cell).trace(np.zeros((5, 2, 2), dtype="float32"))
    given = plot.new_axes()
    axes, drawn = plot.global_gates(cell.global_gates(trace)[:, 1], axes=given)
    assert axes is given and drawn["values"].shape == (4, 5)
    np.testing.assert_allclose(drawn["values"][2], trace["layers.1.global"][:, 1, 0])
