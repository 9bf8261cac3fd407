"""A picture of the tape: what was computed from what, with shapes, values and gradients.

The tape does not keep every value, only what the rules need. For a picture the missing ones are computed
again from what is there; gradients come from a backward pass of their own that leaves every ``.grad`` and
the tape as they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from minigate.backend import array_module, is_array
from minigate.errors import GradientUndefinedError, OptionError, explain
from minigate.tensor.record import OpNode
from minigate.tensor.reverse import nodes_of, run
from minigate.tensor.tape import Leaf, Node, Outline
from minigate.tensor.tensor import Tensor

Place = tuple[Any, int]


class GraphDrawing:
    """A drawn graph: notebooks show it, ``print`` prints it, ``save`` writes it to a file."""

    def __init__(self, text: str, svg: str, format: str) -> None:
        self.text = text
        self.svg = svg
        self.format = format

    def _repr_svg_(self) -> str | None:
        return self.svg if self.format == "svg" else None

    def __repr__(self) -> str:
        return self.text

    def save(self, path: str | Path) -> Path:
        """Write the picture (``.svg``) or the text (any other ending) to a file.

        **Errors**: those of writing a file.
        """
        path = Path(path)
        path.write_text(self.svg if path.suffix == ".svg" else self.text + "\n", encoding="utf-8")
        return path


def draw_graph(y: Tensor, format: str = "svg", values: bool = False, gradients: bool = False) -> GraphDrawing:
    """Draw how ``y`` was computed; needs no other program.

    ``values`` writes single numbers into their boxes (of larger arrays the shape is shown); ``gradients`` adds
    dy/d(everything): the number, or the largest magnitude of an array.

    **Shapes**: y (…); with ``gradients`` one number.

    **Errors**: :class:`GradientUndefinedError` where y was not computed on the tape;
    :class:`GraphFreedError` after a backward pass without ``retain_graph=True``; :class:`OptionError` for a
    format other than "svg" and "text".

    >>> x = Tensor([1.0, 2.0], requires_grad=True, name="x")
    >>> print(draw_graph((x * x).sum(), values=True, gradients=True))
    sum () value 5 gradient 1
    └─ multiply (2,) gradient max |·| 1
       ├─ x (2,) gradient max |·| 4
       └─ x (2,) gradient max |·| 4
    """
    from minigate.plot.graph import graph_svg, graph_text

    if format not in ("svg", "text"):
        raise OptionError(explain("no such format", where="draw_graph", expected='"svg" | "text"', got=repr(format)))
    description = describe(y, values=values, gradients=gradients)
    svg = graph_svg(description, title=f"how {y.name or 'y'} was computed")
    return GraphDrawing(graph_text(description), svg, format)


def describe(y: Tensor, values: bool = False, gradients: bool = False) -> dict[str, Any]:
    """The graph of ``y`` as plain data, in the form that :mod:`minigate.plot.graph` draws.

    **Shapes**: y (…); with ``gradients`` one number.

    **Errors**: those of :func:`draw_graph`.
    """
    if not isinstance(y._node, Node):
        raise GradientUndefinedError(
            explain(
                "there is no graph to draw",
                where=f"draw_graph of {y._called()}",
                got="a leaf" if y.requires_grad else "a constant",
                slip="computed under no_grad, or from Tensors without requires_grad=True",
            )
        )
    nodes = nodes_of([y._node])
    known = _values(nodes) if values else {}
    slopes = _gradients(y, nodes) if gradients else {}
    boxes: dict[Any, dict[str, Any]] = {}
    edges: list[tuple[Any, ...]] = []
    for node in nodes:
        for position, operand in enumerate(node.inputs or ()):
            place = (getattr(operand, "_node", None), getattr(operand, "_index", 0))
            if isinstance(place[0], Node):
                boxes[place[0]].setdefault("shape", operand.shape)
                edges.append((place[0], node, *_which(place)))
                continue
            if operand is None:
                continue
            key = place[0] or (id(operand) if isinstance(operand, Tensor) else (node, position))
            if key not in boxes:
                boxes[key] = _source(operand, place, known, slopes)
            edges.append((key, node))
        boxes[node] = {"kind": "op", "op": node.name, "name": node.notes.names.get(0) if node.notes else None}
        if node.outputs == 1:
            boxes[node] |= _numbers((node, 0), known, slopes)
    boxes[y._node] |= {"result": True, "shape": y.shape}
    if y.size == 1 and values:
        boxes[y._node]["value"] = _number(y.data)
    ids = {key: i for i, key in enumerate(boxes)}
    return {
        "nodes": [{"id": ids[key], **box} for key, box in boxes.items()],
        "edges": [(ids[start], ids[end], *what) for start, end, *what in edges],
    }


def _which(place: Place) -> tuple[str, ...]:
    """Of several results, the name or the number of the one that is used."""
    node, index = place
    if node.outputs == 1:
        return ()
    names = node.notes.names if node.notes else {}
    return (names.get(index) or f"[{index}]",)


def _source(operand: Any, place: Place, known: dict[Place, Any], slopes: dict[Place, Any]) -> dict[str, Any]:
    """The box of a leaf, of a constant, or of a plain number."""
    if not isinstance(operand, (Tensor, Outline)):
        return {"kind": "number", "value": f"{operand:.4g}" if isinstance(operand, float) else str(operand)}
    box: dict[str, Any] = {"kind": "constant" if place[0] is None else "leaf", "shape": operand.shape}
    tensor = place[0].tensor() if isinstance(place[0], Leaf) else operand
    box["name"] = getattr(tensor, "name", None) or operand.name
    if known and place[0] is None and isinstance(operand, Tensor) and operand.size == 1:
        box["value"] = _number(operand.data)
    return box | (_numbers(place, known, slopes) if place[0] is not None else {})


def _numbers(place: Place, known: dict[Place, Any], slopes: dict[Place, Any]) -> dict[str, str]:
    found = {}
    if is_array(known.get(place)) and known[place].size == 1:
        found["value"] = _number(known[place])
    if place in slopes:
        found["gradient"] = _number(slopes[place].data)
    return found


def _number(array: Any) -> str:
    if array.size == 1:
        return f"{float(array.reshape(-1)[0]):.4g}"
    return f"max |·| {float(array_module(array).abs(array).max()):.4g}" if array.size else "nothing"


def _gradients(y: Tensor, nodes: list[Node]) -> dict[Place, Tensor]:
    """The gradient of y by every value on its graph."""
    targets: set[Place] = {(node, index) for node in nodes for index in range(node.outputs)}
    for node in nodes:
        for operand in node.inputs or ():
            if isinstance(getattr(operand, "_node", None), Leaf):
                targets.add((operand._node, 0))
    return run([y], [None], targets, retain=True, create_graph=False)


def _values(nodes: list[Node]) -> dict[Place, Any]:
    """Every value on the graph that is kept or can be computed again from those that are."""
    known: dict[Place, Any] = {}
    for node in nodes:
        arrays = [_operand(operand, known) for operand in node.inputs or ()]
        for operand, array in zip(node.inputs or (), arrays, strict=True):
            if array is not None and getattr(operand, "_node", None) is not None:
                known[operand._node, operand._index] = array
        wanting = [a is None and operand is not None for a, operand in zip(arrays, node.inputs or (), strict=True)]
        if not isinstance(node, OpNode) or any(wanting) or not any(is_array(a) for a in arrays):
            continue
        xp = array_module(*(array for array in arrays if is_array(array)))
        outputs = node.op.forward(xp, *arrays, **node.options)
        for index, output in enumerate(outputs if node.op.many_results else [outputs]):
            known[node, index] = xp.asarray(output)
    return known


def _operand(operand: Any, known: dict[Place, Any]) -> Any:
    """The array or number that an operand was, where that can still be told."""
    if isinstance(operand, Tensor):
        return operand.data
    if not isinstance(operand, Outline):
        return operand
    if isinstance(operand._node, Leaf):
        tensor = operand._node.tensor()
        return None if tensor is None else tensor.data
    return known.get((operand._node, operand._index))


