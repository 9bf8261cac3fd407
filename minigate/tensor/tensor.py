"""A Tensor: an array, the gradient that may come back for it, and where on the tape it was made.

    data        the array, of NumPy or CuPy, and everything that the array library can do with it
    grad        what backward has accumulated here (a Tensor), or None
    name        yours to choose; errors and drawings use it

Three kinds look alike. A *constant* wants no gradient. A *leaf* is made by the user and wants one. A
*result* was computed from something that wants one, and knows the operation it came from.

A Tensor shares memory with the array it is made from, as arrays do with each other; pass a copy to
keep yours. Editing in place is a chapter of its own (:mod:`minigate.tensor.editing`).
"""

from __future__ import annotations

import weakref
from typing import Any

from minigate import backend
from minigate.backend import array_module
from minigate.errors import DTypeError, GradientUndefinedError, ShapeError, explain
from minigate.tensor.editing import Editing
from minigate.tensor.operators import Operators
from minigate.tensor.tape import Leaf, Node

Array = Any


class Tensor(Operators, Editing):
    """An array on the tape.

    **Shapes**: data (…) of any shape. An array stays in the library it is of; numbers and lists go to the
    chosen one; of a Tensor the memory is shared, not the history.

    **Errors**: :class:`DTypeError` for data without numbers, and for ``requires_grad`` of integers.

    >>> w = Tensor([1.0, 2.0], requires_grad=True, name="w")
    >>> (w * w).sum().backward()
    >>> w.grad.data.tolist()
    [2.0, 4.0]
    """

    __slots__ = ("__weakref__", "_data", "_index", "_name", "_node", "_version", "grad")

    __array_ufunc__ = None  # array * tensor: the array library stands back and Tensor.__rmul__ is asked
    __array_priority__ = 1000.0

    def __init__(self, data: Any, requires_grad: bool = False, name: str | None = None) -> None:
        self._version: list[int] = [0]
        if isinstance(data, Tensor):
            self._version = data._version
            data = data._data
        self._data: Array = data if backend.is_array(data) else backend.asarray(data)
        self.grad: Tensor | None = None
        self._node: Node | Leaf | None = None
        self._index = 0
        self._name = name
        if requires_grad:
            self.requires_grad = True

    # ---- what it is --------------------------------------------------------------------------

    @property
    def data(self) -> Array:
        """The array itself. Setting it (``t.data -= …`` does too) counts as an edit."""
        return self._data

    @data.setter
    def data(self, array: Array) -> None:
        if not backend.is_array(array):
            array = backend.asarray(array, like=self._data)
        if array.shape != self._data.shape:
            raise ShapeError(
                explain("data of another shape", where=self._called(), expected=str(self.shape), got=str(array.shape),
                        remedy="mg.Tensor(array) for a new Tensor")
            )  # fmt: skip
        self._data = array
        self._version[0] += 1

    @property
    def name(self) -> str | None:
        """The name that errors and drawings use."""
        return self._name

    @name.setter
    def name(self, name: str | None) -> None:
        self._name = name
        if isinstance(self._node, Node):
            self._node.note().names[self._index] = name or ""

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of every axis."""
        return self._data.shape

    @property
    def dtype(self) -> Any:
        """The type of the numbers."""
        return self._data.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._data.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self._data.size

    @property
    def requires_grad(self) -> bool:
        """Does a gradient come back to here? True for leaves that want one and for all that follows from them."""
        return self._node is not None

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if isinstance(self._node, Node):
            if not wanted:
                raise GradientUndefinedError(
                    explain(f"a result of {self._node.name} cannot stop wanting a gradient", where=self._called(),
                            remedy="t = t.detach()")
                )  # fmt: skip
        elif not wanted:
            self._node = None
        elif self._node is None:
            if self._data.dtype.kind != "f":
                raise DTypeError(
                    explain(
                        "only floating numbers have a gradient",
                        where=self._called(),
                        expected="float32 or float64",
                        got=str(self._data.dtype),
                        slip="Python integers make an integer Tensor",
                        remedy="mg.Tensor([1.0, 2.0], requires_grad=True), or array.astype('float32')",
                    )
                )
            self._node = Leaf(self)

    @property
    def is_leaf(self) -> bool:
        """Was it made by the user, not by a recorded operation?"""
        return not isinstance(self._node, Node)

    def __repr__(self) -> str:
        parts = [str(self._data) if self.size <= 100 else f"array of shape {self.shape}", f"dtype={self.dtype}"]
        if self._name:
            parts.append(f"name={self._name!r}")
        if isinstance(self._node, Node):
            parts.append(f"from={self._node.name}")
        elif self._node is not None:
            parts.append("requires_grad=True")
        return f"Tensor({', '.join(parts)})"

    # ---- out of the tape ---------------------------------------------------------------------

    def item(self) -> Any:
        """The one number in here, as a Python number.

        **Errors**: :class:`ShapeError` where there is not exactly one.
        """
        if self.size != 1:
            raise ShapeError(
                explain("one number asked of many", where=self._called(), expected="1 element",
                        got=f"shape {self.shape}", remedy="t.sum().item(), t[0].item(), or t.numpy() for all of them")
            )  # fmt: skip
        return self._data.item()

    def numpy(self) -> Array:
        """The numbers in host memory, off the tape (shares memory where they already are there)."""
        return backend.asnumpy(self._data)

    def detach(self) -> Tensor:
        """The same memory as a constant: nothing flows back through it."""
        constant = Tensor(self)
        constant._name = self._name
        return constant

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __bool__(self) -> bool:
        return bool(self.item())

    def __len__(self) -> int:
        if not self._data.ndim:
            raise TypeError("len() of a Tensor without axes: it is one number")
        return self._data.shape[0]

    __hash__ = object.__hash__

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if self._node is not None:
            raise GradientUndefinedError(
                explain("this would leave the tape unnoticed", where=f"turning {self._called()} into an array",
                        slip="a function of the array library on a Tensor, instead of one of mg.ops",
                        remedy="mg.ops.tanh(t) to stay on the tape, t.numpy() to leave it")
            )  # fmt: skip
        xp = array_module(self._data)
        if xp is not array_module():
            raise TypeError("a Tensor of the GPU becomes a host array only by name: type mg.asnumpy(t)")
        return xp.array(self._data, dtype=dtype, copy=copy)

    def __copy__(self) -> Tensor:
        return self._like(self._data)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if not self.is_leaf:
            raise GradientUndefinedError(
                explain(f"a result of {self._node.name} cannot be copied with its history", where=self._called(),  # type: ignore[union-attr]
                        remedy="copy.deepcopy(t.detach())")
            )  # fmt: skip
        memo[id(self)] = other = self._like(self._data.copy())
        if self.grad is not None:
            other.grad = Tensor(self.grad._data.copy(), name=self.grad.name)
        return other

    def _like(self, data: Array) -> Tensor:
        other = type(self).__new__(type(self))
        Tensor.__init__(other, data, requires_grad=self._node is not None, name=self._name)
        if hasattr(self, "__dict__"):
            other.__dict__.update(self.__dict__)
        return other

    # ---- gradients ---------------------------------------------------------------------------

    def backward(self, cotangent: Any = None, retain_graph: bool = False, create_graph: bool = False) -> None:
        """Go back along the tape and add to ``grad`` of every leaf that this was computed from.

        **Equations**: leaf.grad ← leaf.grad + Σ cotangent · ∂self/∂leaf.

        **Shapes**: cotangent as self; a single number needs none (it is 1).

        **Errors**: :class:`GradientUndefinedError` without a tape, or of many numbers without a cotangent;
        :class:`ShapeError`, :class:`DTypeError` and :class:`DeviceMixError` for a cotangent unlike self;
        :class:`GraphFreedError` the second time, unless ``retain_graph=True`` the first time;
        :class:`TensorModifiedError` where a value that is needed was edited since.
        """
        from minigate.tensor.reverse import backward

        backward([self], [cotangent], retain_graph=retain_graph, create_graph=create_graph)

    def zero_grad(self) -> None:
        """Forget the gradient (it accumulates until then)."""
        self.grad = None

    def retain_grad(self) -> None:
        """Let backward fill ``grad`` here as well, though this is a result and not a leaf."""
        if isinstance(self._node, Node):
            self._node.note().retained[self._index] = weakref.ref(self)


def as_tensor(value: Any) -> Tensor:
    """``value`` itself where it is a Tensor, else a constant that shares its memory.

    **Shapes**: value (…) of any shape -> Tensor of the same shape.
    """
    return value if isinstance(value, Tensor) else Tensor(value)


_new = Tensor.__new__


def result(data: Array, node: Node | None, index: int = 0) -> Tensor:
    """A Tensor for what an operation has computed: the quick way in, for arrays that need no check."""
    tensor = _new(Tensor)
    tensor._data = data
    tensor._version = [0]
    tensor._node = node
    tensor._index = index
    tensor._name = None
    tensor.grad = None
    return tensor
