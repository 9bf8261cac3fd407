"""The order in which the positions of a grid are computed, as a picture."""

import numpy
import pytest

from minigate import plot
from minigate.errors import ShapeError


def test_a_panel_shows_what_is_done_and_what_is_computed_now():
    steps = numpy.add.outer(range(3), range(4))
    axes, drawn = plot.wavefront(steps, (0, 2))
    assert drawn["now"][0].sum() == 1 and not drawn["done"][0].any()
    assert numpy.array_equal(drawn["now"][1], steps == 2) and numpy.array_equal(drawn["done"][1], steps < 2)
    assert [panel.get_title(loc="center") for panel in axes] == ["step 0: 1 at once", "step 2: 3 at once"]


@pytest.mark.parametrize("towards", [(1, 1), (1, -1), (-1, 1), (-1, -1)])
def test_an_arrow_for_each_of_the_two_predecessors(towards):
    steps = numpy.add.outer(range(3), range(3))[:: towards[0], :: towards[1]]
    axes, _ = plot.wavefront(steps, (0, 1, 4), towards=towards)
    arrows = [[text for text in panel.texts if getattr(text, "arrow_patch", None)] for panel in axes]
    assert [len(found) for found in arrows] == [0, 2, 2]


def test_a_grid_has_two_axes():
    with pytest.raises(ShapeError, match=r"steps of shape \(I, J\)"):
        plot.wavefront(numpy.arange(4), (0,))
