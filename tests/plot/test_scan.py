"""Orders of a scan: every combination is a line from its round to the next, and counted."""

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


def test_rounds_and_combinations_are_drawn_and_counted() -> None:
    ways = {"in order": [[(0, 1)], [(1, 2)], [(2, 3)]], "doubling": [[(0, 1), (1, 2), (2, 3)], [(0, 2), (1, 3)]]}
    axes, drawn = plot.scan_rounds(4, ways)
    assert drawn == {
        "in order": {"rounds": 3, "combinations": 3},
        "doubling": {"rounds": 2, "combinations": 5},
    }
    assert [panel.get_title() for panel in axes] == list(ways)
    lines = [line.get_xydata() for line in axes[1].lines if len(line.get_xydata()) == 2]
    assert any(np.array_equal(line, [[1, 1], [3, 2]]) for line in lines), "from step 1, round 1, to step 3, round 2"


def test_rounds_run_downwards_on_a_shared_scale() -> None:
    axes, _ = plot.scan_rounds(2, {"one": [[(0, 1)]], "none": []})
    assert axes[0].get_ylim() == axes[1].get_ylim() == (1.4, -0.4)
    assert (axes[0].get_xlabel(), axes[0].get_ylabel()) == ("time step t", "round")
