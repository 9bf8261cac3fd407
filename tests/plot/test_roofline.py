"""The roof of a machine: a slope, a ceiling, a ridge between them, and points that know their part of it."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest

from minigate import plot


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


def test_the_roof_is_the_lower_of_slope_and_ceiling() -> None:
    axes, drawn = plot.roofline(10.0, 100.0, {"sums": ([0.1, 1.0], [0.5, 10.0]), "products": ([50.0], [80.0])})
    assert drawn["ridge"] == 10.0
    np.testing.assert_allclose(drawn["share"]["sums"], [0.5, 1.0])
    np.testing.assert_allclose(drawn["share"]["products"], [0.8])
    x, roof = axes.lines[0].get_data()
    np.testing.assert_allclose(roof, np.minimum(100.0, 10.0 * np.asarray(x)))
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")


def test_every_kind_of_work_is_in_the_legend_and_in_sight() -> None:
    axes, _ = plot.roofline(10.0, 100.0, {"sums": ([0.1], [0.001]), "products": ([1e3], [80.0])})
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["sums", "products"]
    assert axes.get_xlim()[0] < 0.1 and axes.get_xlim()[1] > 1e3 and axes.get_ylim()[0] < 0.001


def test_a_machine_without_points() -> None:
    axes, drawn = plot.roofline(20.0, 40.0, {})
    assert drawn == {"ridge": 2.0, "share": {}} and axes.get_legend() is None
