"""The picture of an encoder-decoder: what is read where, what is written, and how far a gradient comes."""

import pytest

from minigate import plot

SCRIPT, ANSWER = list("1+2@"), list("3.")


def test_a_box_for_each_step_and_the_symbols_where_they_belong():
    axes, drawn = plot.hand_over(SCRIPT, ANSWER)
    assert drawn["read"] == ["1", "+", "2", "@", "@", "3"]
    assert drawn["written"] == ["3", "."]
    assert drawn["edges"] == [] and drawn["reached"] == [0, 1, 2, 3]
    texts = [(text.get_position(), text.get_text()) for text in axes.texts if text.get_text()]
    assert [symbol for (x, y), symbol in sorted(texts) if y == -0.95] == drawn["read"]
    assert [(x, symbol) for (x, y), symbol in sorted(texts) if y == 0.95] == [(4, "3"), (5, ".")]


@pytest.mark.parametrize(
    "window, edges, reached", [(3, [3], [3]), (4, [4], []), (2, [2, 4], []), (9, [], [0, 1, 2, 3])]
)
def test_windows_stop_the_gradient(window, edges, reached):
    axes, drawn = plot.hand_over(SCRIPT, ANSWER, window=window, backward=True)
    assert (drawn["edges"], drawn["reached"]) == (edges, reached)
    assert len(axes.lines) == len(edges)
