"""Curves over the lag and over the window: what is drawn, what is left out, and that no two names overlap."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

import minigate as mg
from minigate import plot


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


def names_apart(axes: Any) -> None:
    """The names beside the curves: none on another, none outside of the picture."""
    axes.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in axes.texts]
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])
    assert all(box.y0 >= 0 and box.y1 <= axes.figure.bbox.height for box in boxes)


def test_one_line_for_each_curve_on_a_logarithmic_scale() -> None:
    curves = {"RNN h": 0.5 ** np.arange(30), "LSTM c": 0.95 ** np.arange(40)}
    axes, drawn = plot.gradient_flow(curves, title="two cells")
    assert axes.get_yscale() == "log" and axes.get_title(loc="left") == "two cells"
    assert axes.get_xlabel() == "lag k: steps back from the loss" and axes.get_ylabel() == "‖∂loss / ∂state‖"
    for line, (name, curve) in zip(axes.lines, curves.items(), strict=True):
        np.testing.assert_array_equal(line.get_xdata(), np.arange(len(curve)))
        np.testing.assert_array_equal(line.get_ydata(), curve)
        np.testing.assert_array_equal(drawn[name], curve)
    assert [text.get_text() for text in axes.texts] == ["RNN h", "LSTM c"]
    names_apart(axes)


def test_a_length_of_nothing_is_left_out_and_named_where_it_ended() -> None:
    axes, drawn = plot.gradient_flow({"a": [1.0, 0.1, 0.0, 0.0], "b": [0.0, 0.0], "c": []})
    assert np.isnan(axes.lines[0].get_ydata()[2:]).all() and drawn["a"].tolist() == [1.0, 0.1, 0.0, 0.0]
    assert [text.get_text() for text in axes.texts] == ["a"]


@pytest.mark.parametrize("ends", [np.full(20, 1.0), np.linspace(0.9, 1.1, 20), 10.0 ** -np.arange(20.0)])
def test_many_cells_on_one_axis_can_be_told_apart(ends: Any) -> None:
    curves = {f"cell {i}": np.linspace(1.0, end, 10) for i, end in enumerate(ends)}
    axes, _ = plot.gradient_flow(curves)
    looks = {(to_hex(line.get_color()), line.get_linestyle()) for line in axes.lines}
    assert len(looks) == 20
    assert {text.get_text() for text in axes.texts} >= {"cell 0", "cell 8 - -", "cell 16 · ·"}
    names_apart(axes)


def test_a_flow_draws_its_own_lags() -> None:
    layer = mg.layers.Recurrent(mg.cells.LSTM(2, 4, seed=0))
    flow = mg.gradient_flow(layer, np.ones((6, 3, 2), dtype="float32"))
    given = plot.new_axes()
    axes, drawn = flow.plot(title="LSTM", axes=given)
    assert axes is given and list(drawn) == ["h", "c"]
    np.testing.assert_array_equal(drawn["c"], flow.by_lag["c"])


def test_the_bias_has_two_rows_and_a_colour_for_each_gate() -> None:
    layer = mg.layers.Recurrent(mg.cells.LSTM(2, 4, seed=0))
    bias = mg.gradient_bias(layer, np.ones((6, 3, 2), dtype="float32"), windows=(1, 2, 4, 6))
    (above, below), drawn = bias.plot()
    assert (above.get_xscale(), above.get_yscale()) == ("log", "log")
    assert (below.get_xscale(), below.get_yscale()) == ("log", "linear")
    assert [tick.get_text() for tick in below.get_xticklabels()] == ["1", "2", "4", "6"]
    assert "‖g‖" in above.get_ylabel() and "cosine" in below.get_ylabel() and "window" in below.get_xlabel()
    assert len(above.lines) == len(below.lines) == 13
    np.testing.assert_array_equal(below.lines[-1].get_ydata(), bias.cosine["all"])
    assert to_hex(below.lines[-1].get_color()).upper() == plot.INK
    named = {text.get_text(): to_hex(text.get_color()).upper() for text in below.texts}
    gates = ("input", "forget", "output", "candidate")
    assert named == {gate: plot.gate_colour(gate).upper() for gate in gates} | {"all": plot.INK}
    assert np.isnan(above.lines[-1].get_ydata()[-1]), "no error at all has no place on a logarithmic scale"
    assert drawn["windows"].tolist() == [1, 2, 4, 6] and drawn["relative"].keys() == bias.relative.keys()
    for axes in (above, below):
        names_apart(axes)
