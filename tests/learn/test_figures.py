"""The figures of the lessons: what they return is what they drew, and a gate keeps its colour."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from minigate import plot
from minigate.plot import palette


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def seen_without(cone: str, colour: str) -> np.ndarray:
    """A colour as somebody without one kind of cone sees it (Viénot, Brettel and Mollon 1999), in linear RGB."""
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    red_green = {"red": (0.11238, 0.88762), "green": (0.29275, 0.70725)}[cone]
    mixed = red_green[0] * linear[0] + red_green[1] * linear[1]
    blue = {"red": 0.00401, "green": -0.02234}[cone] * (linear[0] - linear[1]) + linear[2]
    return np.array([mixed, mixed, blue])


@pytest.mark.parametrize("cone", ["red", "green"])
def test_gates_are_told_apart_without_red_or_green_cones(cone: str) -> None:
    names = [name for name in palette.GATES if name != "state"]
    for i, first in enumerate(names):
        for second in names[:i]:
            one, other = (seen_without(cone, palette.GATES[name]) for name in (first, second))
            assert np.abs(one - other).max() > 0.03, (first, second)


def test_a_gate_keeps_its_colour() -> None:
    assert plot.gate_colour("layers.0.update") == plot.gate_colour("update") == palette.GATES["update"]
    assert plot.gate_colour("mine") == plot.gate_colour("mine") != plot.gate_colour("update")
    used = [colour for name, colour in palette.GATES.items() if name != "state"]
    assert len(set(used)) == len(used) and palette.BACKWARD not in used and palette.FORWARD not in used
    assert all(luminance(colour) < 0.62 for colour in used), "readable on white"


def test_curves_name_each_line_without_overlap() -> None:
    axes, drawn = plot.curves([0, 1, 2], {"a": [0, 1, 2], "b": [0, 1, 2.01]}, xlabel="time step t", ylabel="value")
    assert list(drawn) == ["a", "b"] and (axes.get_xlabel(), axes.get_ylabel()) == ("time step t", "value")
    heights = [text.get_position()[1] for text in axes.texts]
    assert abs(heights[0] - heights[1]) > 0.05
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), [0, 1, 2.01])


def test_gated_memory() -> None:
    (above, below), drawn = plot.gated_memory([1, 2, 3], [0, 1, 0], [0, 2, 2])
    assert [bar.get_height() for bar in above.patches] == [0, 1, 0] and above.get_ylim() == (0, 1.05)
    assert below.get_xlabel() == "time step t"
    np.testing.assert_array_equal(drawn["h"], [0, 2, 2])


def test_shapes() -> None:
    axes, drawn = plot.sequence_sheets(5, 3, 2)
    assert drawn == {"shape": (5, 3, 2), "sheets": 5} and len(axes.patches) == 5 * 3 * 2
    terms = [("x", (3, 2), ("N", "D")), ("W", (2, 4), ("D", "H")), ("a", (3, 4), ("N", "H"))]
    axes, drawn = plot.shape_flow(terms, "@=")
    assert drawn["shapes"] == [(3, 2), (2, 4), (3, 4)] and len(axes.patches) == 6 + 8 + 12
    axes, drawn = plot.broadcast_there_and_back([1, 2], [[1, 2], [3, 4], [5, 6]])
    np.testing.assert_array_equal(drawn["sums"], [9, 12])
    assert drawn["copies"].shape == (3, 2)


def test_a_tape_marks_what_is_wrong() -> None:
    axes, drawn = plot.draw_tape(
        {"a": (0, 0), "b = a + a": (1, 0)}, [("a", "b = a + a")] * 2, {"a": 3, "b = a + a": 6},
        {"a": 1, "b = a + a": 1}, sent=[1, 1], right={"a": 2, "b = a + a": 1},
    )  # fmt: skip
    assert drawn["wrong"] == ["a"]
    texts = [text.get_text() for text in axes.texts]
    assert "da = 1 (not 2)" in texts and "db = 1" in texts and texts.count("◂ 1") == 2


def test_the_size_of_a_figure_is_that_of_the_course() -> None:
    axes = plot.new_axes(height=2.0)
    assert axes.figure.dpi == 100 and tuple(axes.figure.get_size_inches()) == (7.5, 2.0)
