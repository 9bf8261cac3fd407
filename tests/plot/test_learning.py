"""Curves of several runs: what is drawn is what was given."""

from minigate.plot import learning_curves, off_screen


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
