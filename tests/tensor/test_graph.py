"""Drawing the tape: what is on the picture, and that drawing changes nothing."""

from __future__ import annotations

import xml.etree.ElementTree as xml
from pathlib import Path

import numpy
import pytest

from minigate import ops
from minigate.errors import GradientUndefinedError, GraphFreedError, OptionError
from minigate.plot.graph import graph_svg
from minigate.tensor import Tensor, by_hand, draw_graph, no_grad
from minigate.tensor.graph import describe
from tests.conftest import Backend


def expression() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    a, b, c = (Tensor(v, requires_grad=True, name=n) for v, n in ((2.0, "a"), (-3.0, "b"), (10.0, "c")))
    e = a * b
    e.name = "e"
    y = ops.tanh((e + c) * 0.5) * e
    y.name = "y"
    return y, a, b, c


EXPECTED = """\
y = multiply () value -5.784 gradient 1
├─ tanh () value 0.964 gradient -6
│  └─ multiply () value 2 gradient -0.4239
│     ├─ add () value 4 gradient -0.212
│     │  ├─ [1] e = multiply () value -6 gradient 0.7521
│     │  │  ├─ a () value 2 gradient -2.256
│     │  │  └─ b () value -3 gradient 1.504
│     │  └─ c () value 10 gradient -0.212
│     └─ 0.5
└─ [1] e = multiply () value -6 gradient 0.7521 (above)"""


def test_the_text_has_names_shapes_values_and_gradients() -> None:
    y, a, *_ = expression()
    drawing = draw_graph(y, values=True, gradients=True)
    assert drawing.text == repr(drawing) == EXPECTED
    assert a.grad is None
    y.backward()  # the picture has not used up the tape
    assert a.grad is not None and a.grad.item() == pytest.approx(-2.256, abs=1e-3)


def test_without_values_and_gradients_there_are_shapes(backend: Backend) -> None:
    x = Tensor(backend.to(numpy.ones((3, 2))), name="x")
    w = Tensor(backend.to(numpy.ones((2, 4))), requires_grad=True, name="w")
    text = draw_graph(ops.sigmoid(x @ w).sum()).text
    expected = ["sum ()", "└─ sigmoid (3, 4)", "   └─ matmul (3, 4)", "      ├─ x (3, 2)", "      └─ w (2, 4)"]
    assert text.splitlines() == expected
    text = draw_graph(ops.sigmoid(x @ w).sum(), values=True, gradients=True).text
    assert "w (2, 4) gradient max |·| 0.315" in text


def test_the_picture_is_valid_svg_and_text_is_escaped(tmp_path: Path) -> None:
    y, a, *_ = expression()
    a.name = "<a & b>"
    drawing = draw_graph(y, values=True, gradients=True)
    root = xml.fromstring(drawing.svg)
    texts = [element.text for element in root.iter() if element.text and element.text.strip()]
    assert "<a & b>" in texts and "y = -5.784" in texts and "∂ -2.256" in texts
    assert drawing._repr_svg_() == drawing.svg and draw_graph(y, format="text")._repr_svg_() is None
    assert drawing.save(tmp_path / "graph.svg").read_text(encoding="utf-8") == drawing.svg
    assert drawing.save(tmp_path / "graph.txt").read_text(encoding="utf-8") == drawing.text + "\n"


def boxes_of(svg: str) -> list[tuple[float, float, float, float]]:
    rectangles = [element for element in xml.fromstring(svg).iter() if element.tag.endswith("rect")]
    return [tuple(float(r.attrib[k]) for k in ("x", "y", "width", "height")) for r in rectangles]  # type: ignore[misc]


def test_no_box_lies_on_another_and_all_lie_on_the_page() -> None:
    h = Tensor(numpy.zeros((3, 4)), requires_grad=True, name="h")
    w = [Tensor(numpy.zeros((4, 4)), requires_grad=True, name=f"w{i}") for i in range(4)]
    y = h
    for i in range(8):
        y = ops.sigmoid(y @ w[i % 4]) * h + ops.tanh(y)
    svg = draw_graph(y.sum(), gradients=True).svg
    boxes = boxes_of(svg)
    assert len(boxes) == 1 + 4 + 8 * 5 + 1
    for i, (x, top, width, height) in enumerate(boxes):
        for other_x, other_top, other_width, other_height in boxes[i + 1 :]:
            apart = x + width <= other_x or other_x + other_width <= x
            assert apart or top + height <= other_top or other_top + other_height <= top
    left, upper, width, height = (float(n) for n in xml.fromstring(svg).attrib["viewBox"].split())
    assert all(left <= x and upper <= t and x + w <= left + width and t + h <= upper + height for x, t, w, h in boxes)


def test_arrows_run_downwards_from_operand_to_result() -> None:
    y, *_ = expression()
    description = describe(y)
    assert all(start < end for start, end in description["edges"])
    assert len(description["edges"]) == 9
    boxes = boxes_of(graph_svg(description))
    for start, end in description["edges"]:
        assert boxes[start][1] + boxes[start][3] < boxes[end][1]


def test_several_results_are_told_apart() -> None:
    x = Tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True, name="x")
    left, right = ops.split(x, 2)
    right.name = "right"
    text = draw_graph(left * right, format="text").text
    assert "split (2,) [0]" in text and "split (2,) right" in text


def test_handwritten_computations_are_one_box() -> None:
    x = Tensor([1.0], requires_grad=True, name="x")
    (y,) = by_hand("GRU (bptt)", [x], [x.data * 2], lambda douts: [douts[0] * 2], composed="")
    text = draw_graph(y.sum(), values=True, gradients=True).text
    assert text.splitlines() == [
        "sum () value 2 gradient 1",
        "└─ GRU (bptt) (1,) gradient 1",
        "   └─ x (1,) value 1 gradient 2",
    ]


def test_what_cannot_be_drawn() -> None:
    x = Tensor([1.0], requires_grad=True)
    with no_grad(), pytest.raises(GradientUndefinedError, match="no graph to draw"):
        draw_graph(x * 2.0)
    with pytest.raises(GradientUndefinedError, match="got a leaf"):
        draw_graph(x)
    y = (x * x).sum()
    with pytest.raises(OptionError, match='"svg" \\| "text"'):
        draw_graph(y, format="png")
    y.backward()
    with pytest.raises(GraphFreedError):
        draw_graph(y)
