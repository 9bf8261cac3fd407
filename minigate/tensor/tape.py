"""What the tape is made of: one node for each operation, linked to the nodes of its operands.

The tape is not a list. Every result points to the :class:`Node` of the operation that made it, and
the node points to the operands: a graph that grows while the program runs ("define by run") and that
disappears, link by link, when the last result that needs it is dropped. A node does not point to its
own result, so there is no cycle and no work for the garbage collector.

What a node keeps is exactly what its rules need (:mod:`minigate.tensor.operation`): operands whose values
matter stay whole, of the others an :class:`Outline` is enough, shape and type but no numbers.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from minigate.errors import TensorModifiedError, explain

if TYPE_CHECKING:
    from minigate.tensor.tensor import Tensor

birth = itertools.count(1).__next__  # a result is always born after its operands


class Leaf:
    """Where the tape begins: the mark that a Tensor made by the user wants a gradient.

    It knows its Tensor only weakly: who drops the Tensor does not want the gradient either.
    """

    __slots__ = ("__weakref__", "order", "tensor")

    def __init__(self, tensor: Tensor) -> None:
        self.order = 0  # before every operation
        self.tensor = weakref.ref(tensor)


class Outline:
    """An operand without its numbers: all that is left of a value that no rule needs."""

    __slots__ = ("_index", "_node", "dtype", "name", "shape")

    def __init__(self, array: Any, node: Any, index: int, name: str | None) -> None:
        self.shape: tuple[int, ...] = array.shape
        self.dtype: Any = array.dtype
        self.name = name
        self._node = node
        self._index = index

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        size = 1
        for length in self.shape:
            size *= length
        return size

    @property
    def data(self) -> NoReturn:
        """There are no numbers here; asking for them is a slip in a rule's ``needs=``."""
        raise TensorModifiedError(
            explain(
                "a rule uses the value of an operand that the tape was not told to keep",
                got=f"an outline of shape {self.shape}",
                slip="needs= of the rule does not name this operand",
                remedy='@operation.rule("a", needs="b") for a rule that uses the value of b',
            )
        )


class Notes:
    """What only some nodes carry."""

    __slots__ = ("checksums", "line", "names", "retained")

    def __init__(self) -> None:
        self.line = ""  # of the program, while an anomaly is looked for
        self.checksums: list[tuple[str, Any, int]] = []  # of kept arrays, likewise
        self.names: dict[int, str] = {}  # of results
        self.retained: dict[int, weakref.ref[Tensor]] = {}  # results that want their gradient


class Node:
    """One operation that was recorded.

    A node made by an op and a node with a backward pass written by hand differ only in ``name`` and
    ``pull``; the backward pass (:mod:`minigate.tensor.reverse`) knows no other difference.
    """

    __slots__ = ("__weakref__", "inputs", "notes", "order", "outputs", "wanted")

    inputs: Sequence[Any] | None  # Tensors, Outlines, scalars; None once the graph is freed
    outputs: int
    order: int
    wanted: int  # one bit for every operand that a gradient can go to
    notes: Notes | None

    @property
    def name(self) -> str:
        """What this operation is called in errors and drawings."""
        raise NotImplementedError

    def note(self) -> Notes:
        """This node's notes, to write on."""
        if self.notes is None:
            self.notes = Notes()
        return self.notes

    def pull(self, douts: list[Tensor | None], wanted: int, create_graph: bool) -> Sequence[Any]:
        """From the gradients of the results to those of the operands whose bit is set in ``wanted``."""
        raise NotImplementedError

    def check(self, wanted: int) -> None:
        """Raise where something that ``pull`` is going to need was edited since it was kept."""
        raise NotImplementedError

    def kept(self) -> list[tuple[str, Any]]:
        """The arrays that ``pull`` will read, with what errors call them."""
        raise NotImplementedError

    def free(self) -> None:
        """Forget operands and values; a second backward pass then finds ``inputs is None``."""
        raise NotImplementedError


def label(value: Any, position: int) -> str:
    """How errors call an operand: by its name where it has one, else by its place."""
    name = getattr(value, "name", None)
    return f"{name!r}" if name else f"operand {position}"


def modified(node: Node, what: str, times: int) -> TensorModifiedError:
    """The error for a kept value that was edited through its Tensor before the backward pass."""
    line = f", recorded at {node.notes.line}" if node.notes and node.notes.line else ""
    return TensorModifiedError(
        explain(
            f"{what} was edited after the tape had taken note of it{line}",
            where=f"backward of {node.name}",
            expected="the value of the forward pass",
            got=f"one that was edited {times} time{'s' if times != 1 else ''} since",
            slip="an optimiser step, a load, `t += v` or `t[...] = v` between forward and backward",
            remedy="y.backward() before the edit, or edit a copy: t = mg.Tensor(t.data.copy())",
        )
    )
