"""Gates by name under the text: one order of units, one time axis, and symbols that are legible or not there."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest

import minigate as mg
from minigate import plot

T, N, H = 11, 2, 5
TEXT = "hello\nworld"


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture
def trace(rng: np.random.Generator) -> dict[str, np.ndarray]:
    return {name: rng.uniform(0, 1, size=(T, N, H)) for name in ("update", "reset", "h")}


def test_every_gate_has_a_map_and_all_have_one_order(trace: dict[str, np.ndarray]) -> None:
    axes, drawn = plot.gate_maps(trace, ["update", "reset"], sequence=1, symbols=TEXT)
    assert list(drawn) == ["update", "reset", "order"]
    order = np.argsort(-trace["update"][:, 1].mean(axis=0))
    assert drawn["order"].tolist() == order.tolist()
    for panel, name in zip(axes, ("update", "reset"), strict=True):
        np.testing.assert_array_equal(drawn[name], trace[name][:, 1].T[order])
        np.testing.assert_array_equal(np.asarray(panel.images[0].get_array()), drawn[name])
        assert panel.images[0].get_clim() == (0.0, 1.0) and panel.images[0].get_cmap().name == plot.GATE_MAP
        assert panel.get_ylabel() == "unit"
        assert [tick.get_text() for tick in panel.get_yticklabels()] == [str(unit) for unit in order]
    bars = [each.get_ylabel() for each in axes[0].figure.axes if each not in list(axes)]
    assert bars == ["update", "reset"]


def test_the_text_stands_below_the_last_map_only(trace: dict[str, np.ndarray]) -> None:
    axes, _ = plot.gate_maps(trace, ["update", "reset"], symbols=TEXT)
    axes[0].figure.canvas.draw()
    shown = [[tick.get_text() for tick in panel.get_xticklabels() if tick.get_visible()] for panel in axes]
    assert shown[1] == list("hello↵world") and not any(shown[0])
    assert [panel.get_xlabel() for panel in axes] == ["", "time step t"]


def test_it_takes_what_a_layer_traces() -> None:
    tokens = np.array([[ord(letter) % 7] for letter in TEXT])
    layer = mg.layers.Recurrent(mg.cells.LSTM(7, H, seed=0))
    found = layer.trace(tokens)
    axes, drawn = plot.gate_maps(found, layer.cell.gate_names, symbols=TEXT)
    assert len(axes) == 3 and list(drawn)[:3] == ["input", "forget", "output"]
    np.testing.assert_allclose(drawn["forget"], found["forget"][:, 0].T[drawn["order"]])


def test_one_gate_is_one_map_and_axes_can_be_given(trace: dict[str, np.ndarray]) -> None:
    given = plot.new_axes(1, 2)
    axes, _ = plot.gate_maps(trace, ["reset", "update"], axes=given)
    assert axes is given
    axes, drawn = plot.gate_maps(trace, ["reset"])
    assert len(axes) == 1 and list(drawn) == ["reset", "order"]


@pytest.mark.parametrize("symbols", ["x" * 10, "m" * 60, "w" * 140, ["10", "200", "3"] * 10, ["0\ne"] * 28])
def test_no_symbol_reaches_into_its_neighbours_column(symbols: list[str]) -> None:
    axes, _ = plot.heat_map(np.full((len(symbols), 3), 0.5), kind="gate", symbols=symbols)
    axes.figure.canvas.draw()
    labels = axes.get_xticklabels()
    assert [label.get_text() for label in labels] == list(symbols)
    boxes = [label.get_window_extent() for label in labels]
    assert all(a.x1 <= b.x0 + 0.5 for a, b in zip(boxes, boxes[1:], strict=False))
    assert labels[0].get_fontsize() >= 4.5


def test_more_symbols_than_can_be_read_are_step_numbers() -> None:
    axes, _ = plot.heat_map(np.full((400, 3), 0.5), kind="gate", symbols="a" * 400)
    assert [tick.get_text() for tick in axes.get_xticklabels()][:2] == ["0", "33"]
