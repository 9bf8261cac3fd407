"""The raster of a Clockwork RNN: a mark where a group works, pale where it holds, counted at the right."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest

from minigate import plot
from minigate.errors import ShapeError

PERIODS = (1, 2, 4)
ACTIVE = np.arange(10)[:, None] % np.array(PERIODS) == 0


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


def test_a_mark_stands_where_a_group_works_and_nowhere_else() -> None:
    axes, drawn = plot.clockwork_raster(ACTIVE, PERIODS)
    np.testing.assert_array_equal(drawn["active"], ACTIVE.T)
    np.testing.assert_array_equal(drawn["steps"], [10, 5, 3])
    picture = np.asarray(axes.images[0].get_array())
    assert picture.shape == (3, 10, 3)
    pale = picture[1, 1]
    for row in range(3):
        marked = np.any(picture[row] != pale, axis=-1)
        np.testing.assert_array_equal(marked, ACTIVE[:, row])
        assert len(np.unique(picture[row][marked], axis=0)) == 1
    assert len(np.unique(picture[:, 0], axis=0)) == 3, "every group has a colour of its own"


def test_what_is_written_beside_it() -> None:
    axes, _ = plot.clockwork_raster(ACTIVE, PERIODS, symbols="ten letters"[:10])
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["every step", "every 2 steps", "every 4 steps"]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == list("ten letter")
    assert [text.get_text() for text in axes.texts] == ["10 of 10", "5 of 10", "3 of 10"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("time step t", "group works")


def test_many_steps_are_not_all_labelled_and_axes_can_be_given() -> None:
    given = plot.new_axes()
    axes, _ = plot.clockwork_raster(np.ones((300, 1)), (1,), axes=given, xlabel="sample")
    assert axes is given and len(axes.get_xticks()) <= 14 and axes.get_xlabel() == "sample"


def test_a_column_for_each_unit_is_told_what_to_type() -> None:
    with pytest.raises(ShapeError) as caught:
        plot.clockwork_raster(np.ones((10, 7)), PERIODS)
    assert (
        str(caught.value)
        == """\
clockwork_raster: one column for each group: expected active of shape (T, 3), as many columns as periods, got (10, 7)
  likely slip: one column for each unit, or a batch of sequences
  type: trace["active"][:, n, [group.start for group in cell.groups]]"""
    )
