"""Mutants of the tape: what happens to gradients between the rules, and around what was written by hand."""

from __future__ import annotations

import sys
from typing import Any

import numpy

import minigate as mg
from minigate import ops
from minigate.tensor.handwritten import HandNode
from minigate.tensor.record import OpNode
from tests.checking.mutants.mutant import Mutant
from tests.checking.mutants.subjects import OfFunction

REVERSE = sys.modules["minigate.tensor.reverse"]


def doubled_by_hand(x: Any, y: Any) -> list[Any]:
    """Two results of two inputs on one node that was written by hand."""
    a, b = x.data, y.data

    def backward(douts: list[Any]) -> list[Any]:
        d_sum, d_product = (numpy.zeros_like(a) if d is None else d for d in douts)
        return [d_sum + b * d_product, d_sum + a * d_product]

    return mg.by_hand("sum and product", [x, y], [a + b, a * b], backward, "x + y, x * y")


SUBJECTS = {
    "a diamond": OfFunction(lambda x: ops.tanh(x) * ops.exp(x) + x * x, [(3, 4)]),
    "four branches": OfFunction(lambda x: ops.tanh(x) + ops.exp(x) + x * x * x + ops.sigmoid(x), [(3, 4)]),
    "one operand twice": OfFunction(lambda x: x + x, [(3, 4)]),
    "a chain": OfFunction(lambda x, W: ops.tanh(ops.tanh(x @ W) @ W), [(3, 4), (4, 4)]),
    "a sum on the way": OfFunction(lambda x, b: ops.tanh(x * x + b), [(5, 3, 4), (4,)]),
    "several results": OfFunction(lambda x: [a * (k + 2.0) for k, a in enumerate(ops.split(x, [1, 2, 1], axis=1))],
                                  [(3, 4)]),
    "a result that is used again": OfFunction(lambda x, y: [x * y, ops.tanh(x * y), y * 2.0], [(3, 4), (3, 4)]),
    "the same result twice": OfFunction(lambda x: [x * x] * 2, [(3, 4)]),
    "by hand": OfFunction(doubled_by_hand, [(3, 4), (3, 4)]),
    "by hand, in the middle": OfFunction(lambda x, y: ops.tanh(doubled_by_hand(x * x, y)[1]), [(3, 4), (3, 4)]),
}


def of(
    name: str, function: str, line: str, instead: str, kind: str = "", says: str = "", owner: Any = REVERSE
) -> Mutant:
    """A mutant of the tape; what stands before the colon of its name is its subject."""
    return Mutant(name, name.split(":")[0], owner, function, line, instead, kind, says)


MUTANTS = [
    # ---- where gradients meet ------------------------------------------------------------------------
    of("a diamond: the second gradient replaces the first", "_arrive", "data = there._data + dout._data",
       "data = dout._data"),
    of("a diamond: the first gradient stays alone", "_arrive", "data = there._data + dout._data",
       "data = there._data"),
    of("a diamond: the mean of what meets", "_arrive", "data = there._data + dout._data",
       "data = 0.5 * (there._data + dout._data)"),
    of("a diamond: the product of what meets", "_arrive", "data = there._data + dout._data",
       "data = there._data * dout._data"),
    of("four branches: the third is lost", "_arrive", "there._data += dout._data", "pass"),
    of("four branches: the third takes all", "_arrive", "there._data += dout._data", "there._data[...] = dout._data"),
    of("four branches: a difference", "_arrive", "there._data += dout._data", "there._data -= dout._data"),
    of("one operand twice: once", "_arrive", "data = there._data + dout._data", "data = there._data", "factor",
       "constant factor 0.500000"),
    of("one operand twice: added into what belongs to others", "_arrive", "elif place in ours:", "elif True:",
       "edited", "changed in place: the cotangent"),
    # ---- the order of the nodes ------------------------------------------------------------------------
    of("a diamond: in order of birth", "run", "reversed(nodes)", "nodes", "zero", "every number is 0"),
    of("a chain: half of the way", "run", "reversed(nodes)", "reversed(nodes[len(nodes) // 2 :])", "zero",
       "every number is 0"),
    of("a chain: a node left out", "nodes_of", "sorted(found, key=_order)", "sorted(found, key=_order)[1:]", "zero",
       "every number is 0"),
    of("a diamond: only what was computed first is followed", "nodes_of", "stack.append(parent)\n",
       "stack[:] = [parent]\n"),
    of("a chain: targets of the last node only", "_reach", "reach.add(node)", "pass", "zero", "every number is 0"),
    of("a chain: only the first operand is wanted", "_wanted", "return bits & node.wanted",
       "return bits & node.wanted & 1", "zero", "every number is 0"),
    of("a result that is used again: operands change places", "run", "zip(node.inputs or (), gradients, strict=True)",
       "zip(node.inputs or (), gradients[::-1] if all(d is not None for d in gradients) else gradients, strict=True)",
       "terms", "the right gradient times x / y: one stands where the other belongs"),
    # ---- what comes in ---------------------------------------------------------------------------------
    of("a chain: the cotangent ignored", "_cotangent", "array_module(root._data, cotangent._data)",
       "cotangent = result(xp.ones_like(root._data), None)", "ignores cotangent", "the incoming gradient is ignored"),
    of("the same result twice: the second cotangent takes all", "run",
       "_arrive(arrived, ours, (root._node, root._index), start, create_graph)",
       "arrived[root._node, root._index] = start"),
    of("a result that is used again: one cotangent for all", "grad",
       "run([root for root, _ in pairs], [dy for _, dy in pairs]",
       "run([root for root, _ in pairs], [pairs[0][1] for _ in pairs]"),
    of("a result that is used again: cotangents in another order", "grad", "[dy for _, dy in pairs]",
       "[dy for _, dy in pairs[::-1]]"),
    of("a result that is used again: the first result only", "grad",
       "run([root for root, _ in pairs], [dy for _, dy in pairs]",
       "run([root for root, _ in pairs][:1], [dy for _, dy in pairs][:1]"),
    of("a result that is used again: gradients in another order", "grad", "else gradients\n",
       "else gradients[::-1]\n", "swapped", "the gradient of y"),
    # ---- a node of an operation ----------------------------------------------------------------------
    of("a sum on the way: a mean over what was broadcast", "_fit", "gradient.sum_to(operand.shape)",
       "gradient.sum_to(operand.shape) / (gradient.size / operand.size)", "factor", "constant factor 0.066667 = 1/15",
       owner=OpNode),
    of("a sum on the way: only the first of what was broadcast", "_fit", "gradient.sum_to(operand.shape)",
       "gradient[(0,) * (gradient.ndim - operand.ndim)]", owner=OpNode),
    of("several results: nothing flows back to the last", "_fill",
       "for dout, (shape, dtype) in zip(douts, self.shapes, strict=True)",
       "for dout, (shape, dtype) in zip([*douts[:-1], None], self.shapes, strict=True)", "place",
       "only axis 1 3 is wrong, and there every number is 0: never written, or the path", owner=OpNode),
    of("several results: the results from the second on forgotten", "run", "douts.append(pop((node, index), None))",
       "pop((node, index), None); douts.append(None)", "cut", "places, and should not be"),
    # ---- a node written by hand ------------------------------------------------------------------------
    of("by hand: nothing flows back to the second result", "pull",
       "[None if dout is None else dout._data for dout in douts]",
       "[None if dout is None or k else dout._data for k, dout in enumerate(douts)]", owner=HandNode),
    of("by hand: cotangents in another order", "pull", "for dout in douts]", "for dout in douts[::-1]]",
       owner=HandNode),
    of("by hand: gradients in another order", "pull", "if len(arrays) !=", "arrays.reverse()\n    if len(arrays) !=",
       "swapped", "the gradient of y", owner=HandNode),
    of("by hand, in the middle: the first input only", "pull", "not wanted >> position & 1", "position > 0", "zero",
       "every number is 0", owner=HandNode),
    of("by hand, in the middle: the gradient of the first result to all", "run",
       "douts.append(pop((node, index), None))",
       "douts.append(pop((node, 0), None))", "zero", "every number is 0"),
]  # fmt: skip
