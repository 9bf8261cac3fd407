"""What comes before what: arrows that say something, and boxes below what they need."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import pytest

from minigate import plot

NEEDS = {"00": [], "01": ["00"], "02": ["00", "01"], "03": ["01", "00"], "08": ["00", "01", "03"], "15": ["02", "08"]}
TITLES = {name: f"Lesson {name} with quite a long title" for name in NEEDS}


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


def test_an_arrow_that_others_imply_is_left_out() -> None:
    _, drawn = plot.prerequisites(TITLES, NEEDS)
    expected = [("00", "01"), ("01", "02"), ("01", "03"), ("03", "08"), ("02", "15"), ("08", "15")]
    assert drawn["arrows"] == expected and drawn["needs"] == NEEDS
    assert all(drawn["levels"][start] < drawn["levels"][end] for start, end in expected)


def test_every_box_has_its_name_and_its_title() -> None:
    given = plot.new_axes()
    axes, _ = plot.prerequisites(TITLES, NEEDS, axes=given)
    texts = [text.get_text() for text in axes.texts]
    assert axes is given and set(NEEDS) <= set(texts) and texts.count("quite a long") == 6
    assert len(axes.patches) == 6 + 6


def test_three_that_need_the_same_and_that_nothing_needs_share_a_box() -> None:
    needs = NEEDS | {"11": ["08"], "12": ["03", "08"], "13": ["08"], "20": ["02", "08"]}
    axes, drawn = plot.prerequisites({name: f"Title of {name}" for name in needs}, needs)
    assert ("11", "12", "13") in drawn["boxes"] and ("15",) in drawn["boxes"], "15 and 20 are only two"
    assert [arrow for arrow in drawn["arrows"] if arrow[1] in ("11", "12", "13")] == [("08", "11")]
    assert "12  Title of 12" in [text.get_text() for text in axes.texts]


def test_one_box_alone() -> None:
    _, drawn = plot.prerequisites({"00": "Orientation"}, {"00": []})
    assert drawn == {"needs": {"00": []}, "boxes": [("00",)], "arrows": [], "levels": {"00": 0}}
