"""Accuracy for every difficulty, as colours and numbers."""

import numpy
import pytest

from minigate import plot

VALUES = numpy.array([[0.9, 0.501], [0.25, 0.0]])


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_every_cell_says_its_percentage_and_the_colours_go_from_0_to_1():
    axes, drawn = plot.accuracy_map(VALUES, lengths=[1, 2], nestings=[1, 3])
    assert texts(axes) == ["90", "50", "25", "0"]
    assert numpy.array_equal(drawn["values"], VALUES)
    assert axes.images[0].get_clim() == (0.0, 1.0)
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["1", "3"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("nesting", "length")


@pytest.mark.parametrize("largest, reach", [(None, 0.5), (0.8, 0.8)])
def test_a_difference_has_signs_and_colours_that_part_at_0(largest, reach):
    axes, _ = plot.accuracy_map(
        VALUES - 0.5, lengths=[1, 2], nestings=[1, 3], difference=True, largest=largest
    )
    assert axes.images[0].get_clim() == (-reach, reach)
    assert texts(axes) == ["+40.0", "+0.1", "-25.0", "-50.0"]


def test_no_difference_at_all_can_be_drawn():
    axes, _ = plot.accuracy_map(0 * VALUES, lengths=[1, 2], nestings=[1, 3], difference=True)
    assert texts(axes) == ["+0.0"] * 4
