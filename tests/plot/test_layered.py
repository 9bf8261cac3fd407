"""Places for the boxes of a graph: layers, order, distances."""

from __future__ import annotations

import itertools

import hypothesis.strategies as st
import pytest
from hypothesis import given

from minigate.plot.layered import layout

SIZE = (60.0, 30.0)


@given(st.data())
def test_arrows_run_down_and_boxes_keep_their_distance(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 14))
    pairs = list(itertools.combinations(range(count), 2))
    arrows = data.draw(st.lists(st.sampled_from(pairs), max_size=20)) if pairs else []
    sizes = {box: (20.0 + 13.0 * (box % 5), 20.0 + 7.0 * (box % 3)) for box in range(count)}
    found = layout(sizes, arrows, gap=(10.0, 20.0))
    assert set(found.centres) == set(range(count)) and set(found.routes) == set(arrows)
    for start, end in arrows:
        bottom, top = found.centres[start][1] + sizes[start][1] / 2, found.centres[end][1] - sizes[end][1] / 2
        assert top - bottom >= 20.0 - 1e-9
        route = found.routes[start, end]
        assert route[0] == found.centres[start] and route[-1] == found.centres[end]
        assert all(y0 <= y1 for (_, y0), (_, y1) in itertools.pairwise(route))
    for one, other in itertools.combinations(range(count), 2):
        (x0, y0), (x1, y1) = found.centres[one], found.centres[other]
        if abs(y0 - y1) < 1e-9:
            assert abs(x0 - x1) >= (sizes[one][0] + sizes[other][0]) / 2 + 10.0 - 1e-9
    for box, (x, y) in found.centres.items():
        assert sizes[box][0] / 2 - 1e-9 <= x <= found.width - sizes[box][0] / 2 + 1e-9
        assert sizes[box][1] / 2 - 1e-9 <= y <= found.height - sizes[box][1] / 2 + 1e-9


def test_an_order_without_crossings_is_found() -> None:
    arrows = [("a", "y"), ("b", "x"), ("c", "z"), ("x", "end"), ("y", "end"), ("z", "end")]
    found = layout({box: SIZE for box in ("a", "b", "c", "x", "y", "z", "end")}, arrows)
    place = {box: centre[0] for box, centre in found.centres.items()}
    for one, other in itertools.combinations([("a", "y"), ("b", "x"), ("c", "z")], 2):
        assert (place[one[0]] < place[other[0]]) == (place[one[1]] < place[other[1]])


def test_a_chain_is_straight_and_a_source_lies_just_above_its_use() -> None:
    found = layout({box: SIZE for box in "abcds"}, [("a", "b"), ("b", "c"), ("c", "d"), ("s", "d")])
    assert found.centres["a"][0] == pytest.approx(found.centres["b"][0], abs=1.0)
    assert found.centres["s"][1] == found.centres["c"][1]


def test_nothing_at_all() -> None:
    assert layout({}, []).centres == {}
