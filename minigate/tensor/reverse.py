"""Going back: from the gradient of a result to the gradients of everything it was computed from.

A result is always born after its operands, so the nodes in reverse order of birth are in an order in
which every node comes after all nodes that use it: when its turn comes, its gradient is complete. There
is no recursion, so the length of a chain does not matter.

What can meet in one place is added: an operand that is used twice gets the sum of two gradients. (An
engine that forgets this is right about ``b = a + 1; c = b + 1`` and wrong about ``b = a + a; c = b + b``.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigate.backend import array_module, is_array
from minigate.errors import DTypeError, GradientUndefinedError, GraphFreedError, OptionError, ShapeError, explain
from minigate.tensor import anomaly
from minigate.tensor.mode import WATCH_OFF, WATCH_RECORD, mode
from minigate.tensor.tape import Node
from minigate.tensor.tensor import Tensor, result

Place = tuple[Any, int]  # a node and which of its results: where gradients meet


def grad(
    y: Tensor | Sequence[Tensor],
    x: Tensor | Sequence[Tensor],
    cotangent: Any = None,
    create_graph: bool = False,
    retain_graph: bool | None = None,
    unused: str = "error",
) -> Any:
    """The gradient of ``y`` with respect to ``x``, returned; ``.grad`` stays untouched.

    **Equations**: dx = Σ cotangent · ∂y/∂x. With ``create_graph=True`` dx is on the tape itself, so that it
    can be differentiated again.

    **Shapes**: one Tensor for one ``x``, a list for a list, each as its x. ``y`` may be a list, with a list
    of cotangents (None in it: nothing flows); cotangent as y, and not needed where y is one number.

    **Errors**: those of :meth:`Tensor.backward`, and :class:`GradientUndefinedError` where y was not computed
    from x (``unused="zero"`` gives zeros instead, also where y is a constant).

    >>> x = Tensor(2.0, requires_grad=True)
    >>> dx = grad(x * x * x, x, create_graph=True)
    >>> dx.item(), grad(dx, x).item()
    (12.0, 12.0)
    """
    if unused not in ("error", "zero"):
        raise OptionError(explain("no such choice", where="unused=", expected='"error" | "zero"', got=repr(unused)))
    targets = [x] if isinstance(x, Tensor) else list(x)
    for position, target in enumerate(targets):
        if target._node is None:
            raise GradientUndefinedError(
                explain(f"x[{position}] wants no gradient", where=f"grad with respect to {target._called()}",
                        expected="a Tensor with requires_grad=True, or one computed from such",
                        got=f"a constant of shape {target.shape}",
                        slip="a detached Tensor, or a copy of the one y used",
                        remedy="x = mg.Tensor(x, requires_grad=True), and compute y from this x")
            )  # fmt: skip
    single = isinstance(y, Tensor)
    roots: list[Tensor] = [y] if isinstance(y, Tensor) else list(y)
    cotangents = [cotangent] if single else [None] * len(roots) if cotangent is None else list(cotangent)
    if len(cotangents) != len(roots):
        raise ShapeError(explain("one cotangent for each y", expected=str(len(roots)), got=str(len(cotangents))))
    pairs = list(zip(roots, cotangents, strict=True))
    if not single and cotangent is not None:
        pairs = [(root, dy) for root, dy in pairs if dy is not None]
    if unused == "zero":
        pairs = [(root, dy) for root, dy in pairs if root._node is not None]
    places = [(target._node, target._index) for target in targets]
    retain = create_graph if retain_graph is None else retain_graph
    found = run([root for root, _ in pairs], [dy for _, dy in pairs], set(places), retain, create_graph)
    gradients = []
    for position, (target, place) in enumerate(zip(targets, places, strict=True)):
        gradient = found.get(place)
        if gradient is None and unused == "error":
            raise GradientUndefinedError(
                explain(f"y was not computed from x[{position}]", where=f"grad with respect to {target._called()}",
                        slip="a detach or a no_grad on the way, or another Tensor with the same numbers",
                        remedy='mg.grad(y, x, unused="zero") if zeros are meant')
            )  # fmt: skip
        if gradient is None:
            gradient = Tensor(array_module(target._data).zeros_like(target._data))
        elif place in places[:position]:  # the same x twice: two gradients, not one by two names
            gradient = gradient.copy()
        gradients.append(gradient)
    return gradients[0] if isinstance(x, Tensor) else gradients


def backward(
    roots: Sequence[Tensor], cotangents: Sequence[Any], retain_graph: bool = False, create_graph: bool = False
) -> None:
    """Add to ``grad`` of every leaf; all or nothing, an error on the way leaves every ``grad`` as it was."""
    found = run(roots, cotangents, None, retain_graph or create_graph, create_graph)
    for (leaf, _), gradient in found.items():
        tensor = leaf.tensor()
        if tensor is not None:
            _accumulate(tensor, gradient, create_graph)


def run(
    roots: Sequence[Tensor], cotangents: Sequence[Any], targets: set[Place] | None, retain: bool, create_graph: bool
) -> dict[Place, Tensor]:
    """Send the cotangents back; returns what arrived at the targets, or else at the leaves."""
    arrived: dict[Place, Tensor] = {}
    ours: set[Place] = set()  # places whose Tensor is a sum made here, safe to add to in place
    starts = [_cotangent(root, dy, i) for i, (root, dy) in enumerate(zip(roots, cotangents, strict=True))]
    nodes = nodes_of([root._node for root in roots])
    reach = None if targets is None else _reach(nodes, targets)
    found: dict[Place, Tensor] = {}
    before, watched = mode.grad, mode.watch
    mode.grad = create_graph
    mode.watch = WATCH_RECORD if watched and create_graph else WATCH_OFF
    try:
        for root, start in zip(roots, starts, strict=True):
            _arrive(arrived, ours, (root._node, root._index), start, create_graph)
        pop = arrived.pop
        for node in reversed(nodes):
            douts = [pop((node, 0), None)]
            for index in range(1, node.outputs):
                douts.append(pop((node, index), None))
            if targets is not None or node.notes is not None:
                _hand_out(node, douts, targets, found, create_graph)
            wanted = node.wanted if reach is None else _wanted(node, reach)
            if wanted and (douts[0] is not None or any(dout is not None for dout in douts)):
                node.check(wanted)
                if watched:
                    anomaly.before_backward(node)
                gradients = node.pull(douts, wanted, create_graph)
                if watched:
                    anomaly.after_backward(node, douts, gradients)
                for operand, gradient in zip(node.inputs or (), gradients, strict=True):
                    if gradient is not None:
                        _arrive(arrived, ours, (operand._node, operand._index), gradient, create_graph)
            if not retain:
                node.free()
        found.update(arrived)  # what is left has reached the leaves
        return {
            place: dout if place in ours and place in arrived else _own(dout, create_graph)
            for place, dout in found.items()
            if targets is None or place in targets
        }
    finally:
        mode.grad, mode.watch = before, watched


def nodes_of(roots: Sequence[Any]) -> list[Node]:
    """Every operation that the roots were computed with, in order of birth."""
    found: set[Node] = set()
    stack = [node for node in roots if isinstance(node, Node)]
    while stack:
        node = stack.pop()
        if node in found:
            continue
        found.add(node)
        if node.inputs is None:
            raise GraphFreedError(
                explain(
                    "the tape was freed by an earlier backward pass",
                    where=f"backward through {node.name}",
                    slip="two losses that share a part, or a state carried from one window to the next",
                    remedy="(loss1 + loss2).backward() for both at once, state.detach() between windows, "
                    "or retain_graph=True in the first backward",
                )
            )
        for value in node.inputs:
            parent = getattr(value, "_node", None)
            if isinstance(parent, Node) and parent not in found:
                stack.append(parent)
    return sorted(found, key=_order)


def _order(node: Node) -> int:
    return node.order


def _reach(nodes: list[Node], targets: set[Place]) -> set[Any]:
    """The nodes that lie between the targets and the roots: no other rule needs to run."""
    ends = {node for node, _ in targets}
    reach = set(ends)
    for node in nodes:
        if any(getattr(value, "_node", None) in reach for value in node.inputs or ()):
            reach.add(node)
    return reach


def _wanted(node: Node, reach: set[Any]) -> int:
    """One bit for every operand that a gradient is wanted for."""
    bits = sum(1 << i for i, value in enumerate(node.inputs or ()) if getattr(value, "_node", None) in reach)
    return bits & node.wanted


def _arrive(arrived: dict[Place, Tensor], ours: set[Place], place: Place, dout: Tensor, create_graph: bool) -> None:
    """Add a gradient to what has arrived at its place; never into an array that somebody else holds."""
    there = arrived.get(place)
    if there is None:
        arrived[place] = dout
    elif create_graph:
        arrived[place] = there + dout
    elif place in ours:
        there._data += dout._data
    else:
        data = there._data + dout._data
        arrived[place] = result(array_module(there._data).asarray(data), None)
        ours.add(place)


def _hand_out(
    node: Node, douts: Sequence[Tensor | None], targets: set[Place] | None, found: dict[Place, Tensor], copy: bool
) -> None:
    """Give the complete gradients of this node's results to those who asked for them."""
    retained = node.notes.retained if node.notes is not None and targets is None else {}
    for index, dout in enumerate(douts):
        if dout is None:
            continue
        if targets is not None and (node, index) in targets:
            found[node, index] = dout
        tensor = retained[index]() if index in retained else None
        if tensor is not None:
            _accumulate(tensor, _own(dout, copy), copy)


def _own(gradient: Tensor, create_graph: bool) -> Tensor:
    """A gradient that shares memory with nothing else: not the cotangent, not another gradient."""
    if create_graph:
        return gradient.copy()
    return result(gradient._data.copy(), None)


def _accumulate(tensor: Tensor, gradient: Tensor, create_graph: bool) -> None:
    if tensor.grad is not None:
        before, mode.grad = mode.grad, create_graph
        try:
            gradient = tensor.grad + gradient
        finally:
            mode.grad = before
    if tensor._name and gradient._name is None:
        gradient._name = f"d{tensor._name}"
    tensor.grad = gradient


def _cotangent(root: Tensor, cotangent: Any, position: int) -> Tensor:
    """Check where the backward pass starts: is there a tape, and is the cotangent like the result?"""
    where = f"backward of {root._called()}" + (f", y[{position}]" if position else "")
    if root._node is None:
        raise GradientUndefinedError(
            explain("there is no tape to go back along", where=where,
                    got=f"a constant of shape {root.shape} and dtype {root.dtype}",
                    slip="no operand has requires_grad=True, or it was computed under no_grad or after detach",
                    remedy="x = mg.Tensor(x, requires_grad=True) before the forward pass")
        )  # fmt: skip
    xp = array_module(root._data)
    if cotangent is None:
        if root.size != 1:
            raise GradientUndefinedError(
                explain("many numbers have no gradient without a cotangent", where=where,
                        expected="one number, or a cotangent", got=f"shape {root.shape}",
                        slip="the loss was not averaged",
                        remedy=f"y.mean().backward(), or y.backward(cotangent) with a cotangent of shape {root.shape}")
            )  # fmt: skip
        return result(xp.ones_like(root._data), None)
    if not isinstance(cotangent, Tensor):
        if not is_array(cotangent):
            cotangent = xp.asarray(cotangent, dtype=root.dtype)
        cotangent = result(cotangent, None)
    array_module(root._data, cotangent._data)
    if cotangent.shape != root.shape:
        raise ShapeError(
            explain("cotangent of another shape", where=where, expected=f"{root.shape}, the shape of y",
                    got=str(cotangent.shape), remedy="mg.ops.broadcast_to(cotangent, y.shape) if that is meant")
        )  # fmt: skip
    if cotangent.dtype != root.dtype:
        raise DTypeError(
            explain("cotangent of another dtype", where=where, expected=f"{root.dtype}, the dtype of y",
                    got=str(cotangent.dtype), remedy="cotangent.astype(y.dtype)")
        )  # fmt: skip
    return cotangent
