"""The node that a call of an operation leaves on the tape, and how its rules are run.

Recording is where a framework spends its time on small arrays, so :func:`record` does as little as it can:
which operands to keep depends only on which of them want a gradient, and is worked out once for each
combination (:meth:`minigate.tensor.operation.Op.plan`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from minigate.backend import array_module
from minigate.errors import ShapeError, TensorModifiedError, explain
from minigate.tensor.tape import Node, Outline, birth, label, modified
from minigate.tensor.tensor import Tensor, result

if TYPE_CHECKING:
    from minigate.tensor.operation import Op

NUMBERS: frozenset[type] = frozenset((float, int, bool, complex, type(None)))
_KEEP: Any = object()
_NONE_OF_THEM = (False,)


def record(
    op: Op[Any], args: Sequence[Any], arrays: Sequence[Any], options: dict[str, Any], wanted: int, data: Any
) -> OpNode | None:
    """Make the node for one call, or none where no gradient can flow; ``wanted`` has a bit for every operand."""
    wanted &= op.ruled
    if not wanted or data.dtype.kind != "f":
        return None
    node = OpNode()
    node.op = op
    node.order = birth()
    node.outputs = 1
    node.wanted = wanted
    node.options = options
    node.notes = node.shapes = node.out = None
    node.stamps = stamps = []
    node.inputs = inputs = []
    if op.shared_rule is not None:
        keep: Sequence[bool] = _NONE_OF_THEM * len(args)
    else:
        keep, keep_out, _ = op.plans.get(wanted) or op.plan(wanted)
        if keep_out:
            node.out = _KEEP
    for value, array, kept in zip(args, arrays, keep):  # noqa: B905 (one of each, and this is the hot path)
        if isinstance(value, Tensor):
            if kept:
                stamps.append((value, value._version[0]))
            else:
                value = Outline(array, value._node, value._index, value._name)
        elif type(array) in NUMBERS:
            value = array
        else:
            value = result(array, None) if kept else Outline(array, None, 0, None)
        inputs.append(value)
    return node


class OpNode(Node):
    """A recorded call of an :class:`Op`."""

    __slots__ = ("op", "options", "out", "shapes", "stamps")

    op: Op[Any]
    options: dict[str, Any]
    out: Any  # (data, version counter, version) where a rule needs the result
    shapes: list[tuple[Any, Any]] | None  # of several results
    stamps: list[tuple[Tensor, int]]  # operands that were kept, with their versions

    @property
    def name(self) -> str:
        """The name of the op."""
        return self.op.name

    def check(self, wanted: int) -> None:
        """Compare the versions of what the wanted rules need with those of the forward pass."""
        for value, version in self.stamps:
            if value._version[0] != version:
                keep = (self.op.plans.get(wanted) or self.op.plan(wanted))[0]
                for position, operand in enumerate(self.inputs or ()):
                    if operand is value and keep[position]:
                        what = f"{label(value, position)}, shape {value.shape},"
                        raise modified(self, what, value._version[0] - version)
        if self.out is not None and self.out[1][0] != self.out[2]:
            if (self.op.plans.get(wanted) or self.op.plan(wanted))[1]:
                raise modified(self, f"the result, shape {self.out[0].shape},", self.out[1][0] - self.out[2])

    def pull(self, douts: list[Tensor | None], wanted: int, create_graph: bool) -> Sequence[Any]:
        """Run the rules of the wanted operands."""
        op, inputs = self.op, self.inputs
        assert inputs is not None
        before = [0 if each is None else each._version[0] for each in douts]
        dout: Any = douts[0] if self.shapes is None else self._fill(douts)
        out = None
        if self.out is not None:
            out = result(self.out[0], self)
            out._version = self.out[1]
        if op.shared_rule is not None:
            found = list(enumerate(op.shared_rule(dout, out, *inputs, **self.options)))
            if len(found) != len(inputs):
                raise ShapeError(
                    explain("the rules returned another number of gradients", where=f"backward of {self.name}",
                            expected=f"{len(inputs)}, one for each operand", got=str(len(found)))
                )  # fmt: skip
        else:
            rules = (op.plans.get(wanted) or op.plan(wanted))[2]
            found = [(position, rule(dout, out, *inputs, **self.options)) for position, rule in rules]
        if any(each is not None and each._version[0] != version for each, version in zip(douts, before)):  # noqa: B905
            raise TensorModifiedError(
                explain("a rule edited dout, which belongs to others too", where=f"backward of {self.name}",
                        slip="`dout *= …` in a rule", remedy="dout = dout * …")
            )  # fmt: skip
        gradients: list[Tensor | None] = [None] * len(inputs)
        for position, gradient in found:
            if wanted >> position & 1:
                operand = inputs[position]
                if not isinstance(gradient, Tensor):
                    gradient = Tensor(gradient)
                if gradient._data.shape != operand.shape:
                    gradient = self._fit(gradient, operand, position)
                if gradient._data.dtype != operand.dtype:
                    gradient = gradient.astype(operand.dtype)
                gradients[position] = gradient
        return gradients

    def _fit(self, gradient: Tensor, operand: Any, position: int) -> Tensor:
        if self.op.broadcasts:
            return gradient.sum_to(operand.shape)
        raise ShapeError(
            explain(
                f"the rule for {label(operand, position)} returned a gradient of another shape",
                where=f"backward of {self.name}",
                expected=str(operand.shape),
                got=str(gradient.shape),
                slip="an operand that was broadcast",
                remedy="@op(broadcasts=True), and the tape sums over what was broadcast",
            )
        )

    def _fill(self, douts: list[Tensor | None]) -> list[Tensor]:
        """Zeros for the results that nothing flowed back to."""
        assert self.shapes is not None
        xp = array_module(next(dout._data for dout in douts if dout is not None))
        return [
            result(xp.zeros(shape, dtype=dtype), None) if dout is None else dout
            for dout, (shape, dtype) in zip(douts, self.shapes, strict=True)
        ]

    def kept(self) -> list[tuple[str, Any]]:
        """The operands that were kept whole, and the result where a rule needs it."""
        inputs = self.inputs or ()
        kept = [(label(value, i), value._data) for i, value in enumerate(inputs) if isinstance(value, Tensor)]
        return kept + ([("the result", self.out[0])] if self.out is not None else [])

    def free(self) -> None:
        """Forget operands, options and result."""
        self.inputs = self.out = None
        self.stamps = []
        self.options = {}
