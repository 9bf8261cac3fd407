"""One node for a whole computation whose backward pass was written by hand.

The tape of a recurrent layer written in ops has some dozens of nodes for every time step. Somebody who
knows the derivative can compute the whole sequence on plain arrays and tell the tape only the ends: what
went in, what came out, and a function that takes the gradients back. To the tape this is one operation.
It cannot be differentiated twice, as the function works on arrays and leaves no tape of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minigate.backend import array_module, is_array
from minigate.errors import DTypeError, SecondDerivativeError, ShapeError, explain
from minigate.tensor import anomaly
from minigate.tensor.mode import mode
from minigate.tensor.tape import Node, Outline, birth, label, modified
from minigate.tensor.tensor import Tensor, result

Array = Any
Backward = Callable[[list[Array | None]], Sequence[Array | None]]


def by_hand(
    name: str, inputs: Sequence[Tensor], outputs: Sequence[Array], backward: Backward, composed: str
) -> list[Tensor]:
    """Put ``outputs``, computed from ``inputs`` outside the tape, on it as one operation.

    ``backward(douts)`` is called at most once per backward pass with one array for each output, None where
    nothing flowed back, and must leave them as they are; it returns one array for each input, None where
    there is no gradient. ``composed`` says what to type for the same thing written in ops.

    **Shapes**: inputs, outputs and their gradients: any; a gradient has the shape and dtype of its value.

    **Errors**: :class:`SecondDerivativeError` in a backward pass with ``create_graph=True``;
    :class:`ShapeError` and :class:`DTypeError` for a gradient unlike its input;
    :class:`TensorModifiedError` if an input or output is edited before the backward pass.
    """
    xp = array_module(*(tensor._data for tensor in inputs), *outputs)
    node = None
    if mode.grad and any(tensor._node is not None for tensor in inputs):
        node = HandNode()
        node.order = birth()
        node.hand = (name, backward, composed)
        node.outputs = len(outputs)
        node.inputs = [Outline(t._data, t._node, t._index, t._name) for t in inputs]
        node.notes = None
        node.wanted = sum(1 << i for i, t in enumerate(inputs) if t._node is not None)
    tensors = [result(xp.asarray(d), node if d.dtype.kind == "f" else None, i) for i, d in enumerate(outputs)]
    if node is not None:
        ends = [(label(t, i), t) for i, t in enumerate(inputs)]
        ends += [(f"output {i}", t) for i, t in enumerate(tensors)]
        node.ends = [(whose, t.shape, t._version, t._version[0]) for whose, t in ends]
        node.watched = [(whose, t._data) for whose, t in ends] if mode.watch else []
    if mode.watch:
        anomaly.after_forward(xp, name, inputs, [t._data for t in inputs], [t._data for t in tensors], node, "")
    return tensors


class HandNode(Node):
    """A computation recorded by :func:`by_hand`."""

    __slots__ = ("ends", "hand", "watched")

    hand: tuple[str, Backward | None, str]
    ends: list[tuple[str, tuple[int, ...], list[int], int]]  # all that went in and came out: shapes and versions
    watched: list[tuple[str, Array]]  # the same with the arrays, while an anomaly is looked for

    @property
    def name(self) -> str:
        """The name that was given to :func:`by_hand`."""
        return self.hand[0]

    def check(self, wanted: int) -> None:
        """What the function uses is not known, so nothing that went in or came out may have been edited."""
        for whose, shape, counter, version in self.ends:
            if counter[0] != version:
                raise modified(self, f"{whose}, shape {shape},", counter[0] - version)

    def kept(self) -> list[tuple[str, Array]]:
        """All that went in and came out."""
        return self.watched

    def pull(self, douts: list[Tensor | None], wanted: int, create_graph: bool) -> Sequence[Any]:
        """Call the function and check that what it returns can be gradients of the inputs."""
        name, backward, composed = self.hand
        if create_graph:
            raise SecondDerivativeError(
                explain(
                    "the backward pass of this computation is written by hand and has no derivative of its own",
                    where=name,
                    slip="create_graph=True through the fast path",
                    remedy=f"{composed}: the composed way can be differentiated to any order",
                )
            )
        assert self.inputs is not None and backward is not None
        arrays = list(backward([None if dout is None else dout._data for dout in douts]))
        if len(arrays) != len(self.inputs):
            raise ShapeError(
                explain("the backward pass returned another number of gradients", where=f"backward of {name}",
                        expected=f"{len(self.inputs)}, one for each input, None where there is none",
                        got=str(len(arrays)))
            )  # fmt: skip
        gradients: list[Tensor | None] = []
        for position, (value, array) in enumerate(zip(self.inputs, arrays, strict=True)):
            if array is None or not wanted >> position & 1:
                gradients.append(None)
                continue
            where = f"backward of {name}, gradient of {label(value, position)}"
            if not value.shape and not is_array(array) and hasattr(array, "dtype"):
                array = array_module(array).asarray(array)  # NumPy's sum over everything is a number, and no array
            if not is_array(array) or array.shape != value.shape:
                got = str(getattr(array, "shape", type(array).__name__))
                raise ShapeError(explain("wrong shape", where=where, expected=str(value.shape), got=got))
            if array.dtype != value.dtype:
                raise DTypeError(explain("wrong dtype", where=where, expected=str(value.dtype), got=str(array.dtype)))
            gradients.append(result(array, None))
        return gradients

    def free(self) -> None:
        """Forget the inputs and the function, and with it all that it holds."""
        self.inputs = None
        self.ends = []
        self.watched = []
        self.hand = (self.hand[0], None, self.hand[2])
