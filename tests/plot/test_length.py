"""Cost against length: a time that is flat looks flat, every way is named at its end, and the lengths are shared."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest

from minigate import plot

T = [100, 1000, 10_000]


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


def test_what_was_given_is_what_is_drawn() -> None:
    time, memory = {"full": [50.0, 51.0, 49.0]}, {"full": [2.0, 20.0, 200.0]}
    (above, below), drawn = plot.cost_of_length(T, time, memory)
    for axes, name, values in ((above, "microseconds", time), (below, "megabytes", memory)):
        np.testing.assert_array_equal(axes.lines[0].get_xdata(), T)
        np.testing.assert_array_equal(axes.lines[0].get_ydata(), values["full"])
        np.testing.assert_array_equal(drawn[name]["full"], values["full"])


def test_time_starts_at_zero_and_the_other_axes_are_logarithmic() -> None:
    flat = {"full": [50.0, 51.0, 49.0], "checkpointed()": [80.0, 70.0, 70.0]}
    (above, below), _ = plot.cost_of_length(T, flat, flat)
    assert above.get_ylim() == (0.0, pytest.approx(92.0)), "so that a flat curve is not made steep"
    assert (above.get_xscale(), below.get_xscale(), below.get_yscale()) == ("log", "log", "log")
    heights = {text.get_text(): text.get_position()[1] for text in above.texts}
    assert heights["full"] == pytest.approx(49.0 / 92.0) and heights["checkpointed()"] == pytest.approx(70.0 / 92.0)
