"""A wrong gradient beside the right one: what is returned is what was drawn, in ranges that can be compared."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from minigate import plot


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


RIGHT = np.array([[1.0, -2.0], [0.5, 4.0]])


def test_written_and_right_share_one_range_of_colours() -> None:
    got = RIGHT.copy()
    got[0, 1] = -5.0
    axes, drawn = plot.residual_map(got, RIGHT, bad=got != RIGHT, name="dW", names=("d", "unit"), told="T=1")
    ranges = [one.images[0].get_clim() for one in axes]
    assert ranges == [(-5.0, 5.0), (-5.0, 5.0), (0.0, 3.0)]
    assert drawn["difference"].tolist() == [[0.0, 3.0], [0.0, 0.0]]
    assert [text.get_text() for text in axes[0].texts] == ["1", "-5", "0.5", "4"]
    assert axes[0].figure.get_suptitle() == "T=1" and len(axes[2].patches) == 1


def test_rounding_does_not_fill_the_range_of_the_difference() -> None:
    got = RIGHT + 1e-12
    got[1, 1] = 5.0
    axes, _ = plot.residual_map(got, RIGHT, bad=np.abs(got - RIGHT) > 1e-9)
    assert axes[2].images[0].get_clim() == (0.0, 1.0)


def test_further_axes_run_down_in_blocks() -> None:
    right = np.arange(24.0).reshape(2, 3, 4)
    axes, drawn = plot.residual_map(-right, right, bad=right != 0.0, names=("t", "n", "unit"))
    assert drawn["got"].shape == (6, 4) and axes[0].get_xlabel() == "unit"
    assert axes[0].get_ylabel() == "t  (rows within: n)" and axes[0].get_yticks().tolist() == [1.0, 4.0]


def test_what_is_not_finite_has_the_colour_of_a_mistake() -> None:
    from matplotlib.colors import to_hex

    got = RIGHT.copy()
    got[0] = np.nan, np.inf
    axes, _ = plot.residual_map(got, RIGHT, bad=~np.isfinite(got))
    image = axes[0].images[0]
    assert image.get_clim() == (-4.0, 4.0) and image.get_array().mask.tolist() == [[True, True], [False, False]]
    assert to_hex(image.cmap.get_bad()) == plot.MISTAKE.lower()


def test_a_curve_is_ordered_and_its_wrong_places_marked() -> None:
    x = np.array([3.0, 1.0, 2.0])
    axes, drawn = plot.residual_curve(x, 2.0 * x, x + (x < 3.0) * x, bad=x == 3.0, name="dg/ds")
    assert drawn["x"].tolist() == [1.0, 2.0, 3.0] and drawn["difference"].tolist() == [0.0, 0.0, 3.0]
    assert [line.get_label() for line in axes[0].lines] == ["as it should be", "written, right", "written, wrong"]
    assert axes[0].lines[2].get_xdata().tolist() == [3.0]


def test_deviations_show_what_is_beyond_its_limit() -> None:
    axes, drawn = plot.deviations({"W": 1e-9, "U": 1.0, "b": 0.0, "V": np.inf}, dict.fromkeys("WUbV", 1e-7))
    assert drawn["deviation"].tolist() == [1e-9, 1.0, 0.0, np.inf]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["limit", "deviation", "beyond its limit"]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["dW", "dU", "db", "dV"]


def test_off_screen_figures_are_known_to_no_window() -> None:
    import matplotlib.pyplot as plt

    with plot.off_screen():
        axes, _ = plot.residual_map(2.0 * RIGHT, RIGHT, bad=RIGHT != 0.0)
        assert plt.get_fignums() == []
    plot.residual_map(2.0 * RIGHT, RIGHT, bad=RIGHT != 0.0)
    assert len(plt.get_fignums()) == 1
    assert plot.residual_size((4, 3))[1] < plot.residual_size((40, 3))[1] == plot.residual_size((400, 3))[1]
