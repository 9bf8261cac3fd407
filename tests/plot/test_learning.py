"""Curves of several runs and the map of feedback: what is drawn is what was given."""

import numpy
import pytest

from minigate.errors import ShapeError
from minigate.plot import feedback_map, learning_curves, off_screen


def test_every_run_is_drawn_against_updates_and_against_minutes():
    named = {
        "slow": ([10, 20, 30], [1.0, 2.0, 3.0], [3.0, 2.0, 1.5]),
        "fast": ([10, 20], [0.5, 1.0], [3.0, float("nan")]),
    }
    with off_screen():
        (left, right), drawn = learning_curves(named, ylabel="bits", title="two")
    assert [list(line.get_xdata()) for line in left.lines] == [[10, 20, 30], [10]]
    assert [list(line.get_xdata()) for line in right.lines] == [[1.0, 2.0, 3.0], [0.5]]
    assert list(drawn["slow"]["values"]) == [3.0, 2.0, 1.5]
    assert list(drawn["fast"]["updates"]) == [10]
    assert (left.get_xlabel(), right.get_xlabel(), left.get_ylabel()) == ("updates", "minutes of training", "bits")


def test_a_run_without_a_value_yet_is_no_mistake():
    with off_screen():
        _, drawn = learning_curves({"new": ([], [], [])}, ylabel="bits")
    assert len(drawn["new"]["values"]) == 0


def test_the_reader_is_the_panel_and_the_source_the_row():
    g = numpy.random.default_rng(0).uniform(size=(5, 3, 3))
    with off_screen():
        axes, drawn = feedback_map(g, symbols=list("gates"))
    assert [panel.get_ylabel() for panel in axes] == ["layers.2.global", "layers.1.global", "layers.0.global"]
    for j in range(3):
        numpy.testing.assert_array_equal(drawn[f"layers.{j}.global"], g[:, ::-1, j].T)
    assert [text.get_text() for text in axes[0].get_yticklabels()] == ["from2", "from1", "from0"]
    with pytest.raises(ShapeError, match=r"expected g \(T, L, L\), got \(5, 3\)"):
        feedback_map(g[:, 0])
