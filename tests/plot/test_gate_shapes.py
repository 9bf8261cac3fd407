"""The shapes of learned gates: which units come first, what is drawn, and what stands behind it."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest

import minigate as mg
from minigate import plot

S = np.linspace(-6.0, 6.0, 121)
H = 6


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


def sigma(s: np.ndarray) -> np.ndarray:
    return 0.5 * np.tanh(0.5 * s) + 0.5


def test_the_units_that_moved_most_where_they_are_asked_come_first(rng: np.random.Generator) -> None:
    before = np.repeat(sigma(S)[:, None], H, axis=1)
    after = before.copy()
    after[:, 2] = sigma(2.0 * S)
    after[:, 4] = 0.5
    after[S > 5.5, 0] = 0.0  # far from its logistic gate, where it is never asked
    seen = rng.normal(size=(500, H))
    axes, drawn = plot.gate_shapes(S, before, after, seen, most=4)
    assert drawn["order"].tolist()[:2] == [4, 2] and drawn["moved"][[0, 1, 3, 5]].max() < 1e-3
    assert drawn["moved"][4] == pytest.approx(abs(sigma(seen[:, 4]) - 0.5).mean(), abs=1e-3)
    assert drawn["counts"].sum(axis=1).tolist() == [500] * H
    for panel, unit in zip(axes, drawn["order"], strict=True):
        np.testing.assert_array_equal(panel.lines[0].get_ydata(), before[:, unit])
        np.testing.assert_array_equal(panel.lines[1].get_ydata(), after[:, unit])
        assert panel.get_title().startswith(f"unit {unit}:")


def test_it_takes_what_a_cell_with_flexible_gates_has() -> None:
    gate = mg.gates.KAF()
    layer = mg.layers.Recurrent(mg.cells.GRU(2, H, gate=gate, seed=0))
    seen = layer.trace(np.random.default_rng(0).normal(size=(9, 4, 2)).astype("float32"))["a_update"].reshape(-1, H)
    p = {"alpha": layer.cell["update.gate.alpha"].data}
    line = np.repeat(S[:, None], H, axis=1).astype("float32")
    start = gate.forward(np, line, p)
    axes, drawn = plot.gate_shapes(S, start, start, seen)
    assert len(axes) == 8 and drawn["moved"].max() < 1e-3, "it begins as the logistic gate"


def test_units_are_sorted_by_how_far_they_moved() -> None:
    axes, drawn = plot.units_moved({"update": np.array([0.1, 0.3, 0.2]), "reset": np.zeros(3)})
    assert drawn["update"].tolist() == [0.3, 0.2, 0.1]
    assert [line.get_color() for line in axes.lines] == [plot.GATES["update"], plot.GATES["reset"]]


def test_random_gates_have_a_panel_for_each_bandwidth(rng: np.random.Generator) -> None:
    samples = {f"γ = {gamma}": rng.uniform(size=(len(S), 5)) for gamma in (1.0, 0.5, 0.1)}
    axes, drawn = plot.random_gates(S, samples)
    assert [panel.get_title() for panel in axes] == list(samples)
    assert all(len(panel.lines) == 5 for panel in axes) and list(drawn) == list(samples)


def test_the_fit_is_drawn_over_its_target() -> None:
    d = np.linspace(-4.0, 4.0, 5)
    axes, drawn = plot.kernel_fit(S, 2.0 * S, S, d, np.ones((len(S), 5)))
    assert drawn["at"] == pytest.approx(2.0 * d)
    assert len(axes[1].lines) == 5 and axes[0].lines[1].get_ydata().tolist() == (2.0 * S).tolist()
