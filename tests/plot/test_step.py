"""The picture of one step: what stands where, which way back is drawn, what the boxes say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Circle, FancyBboxPatch
from matplotlib.text import Annotation

from minigate import plot

PLACES = {"c_prev": (0, 1), "⊙ f": (1.5, 1), "c": (3, 1), "f": (1.5, 0), "a": (1.5, -1, 4.0)}
ARROWS = [("c_prev", "⊙ f"), ("f", "⊙ f"), ("⊙ f", "c"), ("a", "f"), ("a", "c")]


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


def arrows(axes: Any, colour: str) -> list[Any]:
    """The arrows of one colour: where each starts, where it ends."""
    found = [text for text in axes.texts if isinstance(text, Annotation) and text.arrow_patch is not None]
    found = [text for text in found if to_hex(text.arrow_patch.get_edgecolor()).upper() == colour.upper()]
    return [(text.xyann, text.xy) for text in found]


def test_names_are_boxes_and_signs_are_circles() -> None:
    axes, drawn = plot.step_diagram(PLACES, ARROWS, colours={"f": plot.gate_colour("forget")})
    circles = [patch for patch in axes.patches if isinstance(patch, Circle)]
    boxes = [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    assert [circle.center for circle in circles] == [(1.5, 1)] and len(boxes) == 4
    assert [box.get_width() for box in boxes if box.get_x() == -0.5] == [4.0]
    assert drawn["texts"]["⊙ f"] == ["⊙"] and drawn["texts"]["c_prev"] == ["c_prev"]
    edges = [to_hex(box.get_edgecolor()).upper() for box in boxes]
    assert edges.count(plot.gate_colour("forget")) == 1


def test_every_arrow_has_its_way_back_where_that_is_asked_for() -> None:
    axes, drawn = plot.step_diagram(PLACES, ARROWS)
    assert len(arrows(axes, plot.FORWARD)) == len(ARROWS) and not arrows(axes, plot.BACKWARD)
    assert drawn["backward"] == []
    axes, drawn = plot.step_diagram(PLACES, ARROWS, backward=True)
    assert len(arrows(axes, plot.BACKWARD)) == len(ARROWS)
    assert drawn["backward"] == [(end, start) for start, end in ARROWS]
    axes, drawn = plot.step_diagram(PLACES, ARROWS, backward=[("⊙ f", "c")])
    ((start, end),) = arrows(axes, plot.BACKWARD)
    assert start[0] == 3 and end[0] == 1.5 and drawn["backward"] == [("c", "⊙ f")]
    assert start[1] == end[1] != 1, "beside the arrow forward, not on it"


def test_an_arrow_from_a_wide_box_goes_straight_up() -> None:
    axes, _ = plot.step_diagram(PLACES, ARROWS)
    ends = {round(start[0], 2) for start, _ in arrows(axes, plot.FORWARD) if start[1] == -1}
    assert ends == {1.5, 3.0}


def test_values_and_gradients_stand_in_their_boxes() -> None:
    axes, drawn = plot.step_diagram(PLACES, ARROWS, values={"f": 0.5, "c": 1}, gradients={"f": -2.0, "c_prev": 3})
    assert drawn["texts"]["f"] == ["f = 0.5", "df = -2"]
    assert drawn["texts"]["c"] == ["c = 1"] and drawn["texts"]["c_prev"] == ["c_prev", "dc_prev = 3"]
    below = [text for text in axes.texts if text.get_text() == "df = -2"]
    assert to_hex(below[0].get_color()).upper() == plot.BACKWARD
