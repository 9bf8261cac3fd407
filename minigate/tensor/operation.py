'''How an operation is defined: the forward pass on arrays, and beside it one rule per operand.

A rule answers: given the gradient ``dout`` of the result, what is the gradient of this operand? It gets
Tensors and is written in ops, so that it can itself be recorded; that is all there is to second and
higher derivatives. A whole operation, in one place:

>>> from minigate.tensor import Tensor, op
>>> @op(broadcasts=True)
... def hypotenuse(xp, a, b):
...     """sqrt(a² + b²)"""
...     return xp.sqrt(a * a + b * b)
>>> @hypotenuse.rule("a", needs=("a", "out"))
... def _(dout, out, a, b):
...     return dout * a / out
>>> @hypotenuse.rule("b", needs=("b", "out"))
... def _(dout, out, a, b):
...     return dout * b / out

>>> x, y = Tensor([3.0, 5.0], requires_grad=True), Tensor(4.0, requires_grad=True)
>>> hypotenuse(x, y)[0].backward()
>>> print(x.grad.data, y.grad.data)
[0.6 0. ] 0.8

- ``xp`` is the array library of the operands: write ``xp.sqrt``, never ``numpy.sqrt``.
- Parameters before ``*`` are operands: Tensors, arrays or Python numbers. Those after ``*`` are options
  and reach the rules as well. ``*operands`` takes a list of any length and has one ``rules`` for all.
- ``needs=`` names what the rule uses the *value* of: operands, or ``"out"`` for the result. It is kept
  until the backward pass, and editing it in between is an error. What is not named arrives as an
  outline with a shape and no numbers. An operand without a rule gets no gradient.
- ``broadcasts=True``: the rules may return the shape of the result; the tape sums over what was
  broadcast.
'''

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Generic, Literal, TypeVar, cast, overload

from minigate import backend
from minigate.backend import array_module
from minigate.errors import DTypeError, MinigateError, ShapeError, explain
from minigate.tensor import anomaly
from minigate.tensor.mode import mode
from minigate.tensor.record import NUMBERS, record
from minigate.tensor.tape import Outline
from minigate.tensor.tensor import Tensor, result

R = TypeVar("R")  # what a call returns: a Tensor, or a list of them
Rule = Callable[..., Any]
Plan = tuple[tuple[bool, ...], bool, tuple[tuple[int, Rule], ...]]  # keep which operands, keep the result, rules


class Op(Generic[R]):
    """An operation that the tape can record; see the module for how to write one."""

    def __init__(
        self, forward: Callable[..., Any], *, broadcasts: bool, shares_memory: bool, results: str, slip: str
    ) -> None:
        self.forward = forward
        self.name = forward.__name__.strip("_")
        self.broadcasts = broadcasts
        self.shares_memory = shares_memory
        self.many_results = results == "many"
        self.slip = slip
        signature = inspect.signature(forward)
        parameters = list(signature.parameters.values())[1:]  # without xp
        self.operands = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        self.options = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
        self.defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
        self.variadic = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), None)
        self.arity = len(self.operands)
        self.own_rules: dict[int, Rule] = {}
        self.ruled = 0  # a bit for every operand that has a rule
        self.shared_rule: Rule | None = None
        self.needs: dict[int, set[str]] = {}
        self.plans: dict[int, Plan] = {}
        self.__doc__ = forward.__doc__
        self.__name__ = self.name
        self.__module__ = forward.__module__
        self.__wrapped__ = forward
        self.__signature__ = signature.replace(parameters=parameters)

    # ---- definition --------------------------------------------------------------------------

    def rule(self, operand: str, *, needs: str | Sequence[str] = ()) -> Callable[[Rule], Rule]:
        """The gradient of one operand: ``rule(dout, out, *operands, **options)``, in the result's or its shape."""
        position = self.operands.index(operand)

        def attach(rule: Rule) -> Rule:
            self.plans.clear()
            self.own_rules[position] = rule
            self.ruled |= 1 << position
            self.needs[position] = {needs} if isinstance(needs, str) else set(needs)
            return rule

        return attach

    def rules(self, function: Rule) -> Rule:
        """One rule for all operands of ``*operands``: ``rules(dout, out, *operands, **options)`` gives a list."""
        self.shared_rule = function
        self.ruled = -1
        return function

    def plan(self, wanted: int) -> Plan:
        """For the operands in ``wanted``: what their rules need, and the rules."""
        positions = [i for i in self.own_rules if wanted >> i & 1]
        names = set().union(*(self.needs[i] for i in positions))
        keep = tuple(name in names for name in self.operands)
        plan = self.plans[wanted] = keep, "out" in names, tuple((i, self.own_rules[i]) for i in positions)
        return plan

    # ---- use ---------------------------------------------------------------------------------

    def __call__(self, *args: Any, **options: Any) -> R:
        """Compute, and record where the tape runs and an operand wants a gradient."""
        if len(args) != self.arity or self.variadic is not None:
            args, options = self._bind(args, options)
        xp = None
        wanted, bit = 0, 1
        arrays = []
        for value in args:
            if isinstance(value, Tensor):
                array = value._data
                if value._node is not None:
                    wanted |= bit
            else:
                array = value
            try:
                module = _library[type(array)]
            except KeyError:
                array = self._operand(value, array)
                module = _library[type(array)]
            if module is not xp and module is not None:
                xp = module if xp is None else array_module(*arrays, array)
            arrays.append(array)
            bit += bit
        if xp is None:
            arrays = [array if array is None else backend.asarray(array) for array in arrays]
            xp = array_module(*arrays)
        try:
            outputs = self.forward(xp, *arrays, **options)
        except ValueError as error:
            raise self._misfit(error, args, arrays) from error
        if self.many_results:
            return cast(R, self._record_many(xp, args, arrays, options, outputs, wanted))
        data = outputs if _library.get(type(outputs)) is xp else xp.asarray(outputs)
        tensor = _new(Tensor)
        tensor._data = data
        tensor._version = [0]
        tensor._index = 0
        tensor._node = tensor._name = tensor.grad = None
        if self.shares_memory and isinstance(args[0], Tensor):
            tensor._version = args[0]._version
        node = None
        if wanted and mode.grad:
            tensor._node = node = record(self, args, arrays, options, wanted, data)
            if node is not None and node.out is not None:
                node.out = (data, tensor._version, tensor._version[0])
        if mode.watch:
            anomaly.after_forward(xp, self.name, args, arrays, (data,), node, self.slip)
        return tensor  # type: ignore[return-value]

    def _record_many(
        self, xp: Any, args: Sequence[Any], arrays: Sequence[Any], options: dict[str, Any], outputs: Any, wanted: int
    ) -> list[Tensor]:
        outputs = [xp.asarray(data) for data in outputs]
        node = record(self, args, arrays, options, wanted, outputs[0]) if wanted and mode.grad and outputs else None
        if node is not None:
            node.outputs = len(outputs)
            node.shapes = [(data.shape, data.dtype) for data in outputs]
        tensors = [result(data, node, index) for index, data in enumerate(outputs)]
        if self.shares_memory and isinstance(args[0], Tensor):
            for tensor in tensors:
                tensor._version = args[0]._version
        if mode.watch:
            anomaly.after_forward(xp, self.name, args, arrays, outputs, node, self.slip)
        return tensors

    def _bind(self, args: tuple[Any, ...], options: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Sort what was passed by position and by name into operands and options."""
        if self.variadic is not None:
            if args and isinstance(args[0], (list, tuple)):
                parts, rest = tuple(args[0]), args[1:]
            else:
                parts, rest = args, ()
            if not parts:
                raise ShapeError(explain("nothing to put together", where=self.name, expected="at least one operand"))
        else:
            parts, rest = args[: self.arity], args[self.arity :]
            for name in self.operands[len(parts) :]:
                if name in options:
                    parts += (options.pop(name),)
                elif name in self.defaults:
                    parts += (self.defaults[name],)
                else:
                    raise TypeError(f"{self.name}() needs {', '.join(self.operands)}; {name} is missing")
        if len(rest) > len(self.options):
            raise TypeError(f"{self.name}() takes {', '.join(self.operands + self.options)}; got {len(args)} values")
        return parts, {**dict(zip(self.options, rest, strict=False)), **options}

    def _operand(self, value: Any, array: Any) -> Any:
        """Anything that is not a Tensor of a known type of array, nor a plain Python number."""
        if isinstance(array, Outline):
            return array.data  # raises, and says what to write
        module = backend.module_of(array)
        if module is not None:
            if not backend.is_array(array):
                return array.item()  # a scalar of NumPy is one number: it must not widen float32
            _library[type(array)] = module
            return array
        if isinstance(array, (float, int)):
            return array + 0
        raise DTypeError(
            explain(
                "not an operand",
                where=self.name,
                expected="a Tensor, an array or a number",
                got=f"{type(value).__name__}",
                slip="a list of Tensors" if isinstance(value, (list, tuple)) else "",
                remedy="mg.Tensor(values), or mg.ops.stack(tensors)" if isinstance(value, (list, tuple)) else "",
            )
        )

    def _misfit(self, error: ValueError, args: Sequence[Any], arrays: Sequence[Any]) -> ValueError:
        """The array library's complaint about shapes, with the name of the operation and all shapes in it."""
        if isinstance(error, MinigateError):  # it says more already
            return error
        names = self.operands or [f"{self.variadic}[{i}]" for i in range(len(arrays))]
        got = []
        for name, value, array in zip(names, args, arrays, strict=True):
            called = getattr(value, "name", None)
            got.append(f"{name} {getattr(array, 'shape', array)}" + (f" ({called!r})" if called else ""))
        turned = len(arrays) == 2 and [getattr(array, "ndim", 0) for array in arrays] == [2, 2]
        turned = turned and self.name == "matmul" and arrays[0].shape[1] == arrays[1].shape[1]
        return ShapeError(
            explain(
                f"operands that do not fit ({error})",
                where=self.name,
                got=", ".join(got),
                slip="weights stored as in the papers: here it is operand @ W" if turned else "",
                remedy="a @ b.T" if turned else "",
            )
        )

    def __repr__(self) -> str:
        return f"<op {self.name}({', '.join(self.operands + ([f'*{self.variadic}'] if self.variadic else []))})>"


_new = Tensor.__new__
_library: dict[type, Any] = dict.fromkeys(NUMBERS)  # of each type of array; None for numbers


@overload
def op(
    *, broadcasts: bool = False, shares_memory: bool = False, results: Literal["one"] = "one", slip: str = ""
) -> Callable[[Callable[..., Any]], Op[Tensor]]: ...
@overload
def op(
    *, broadcasts: bool = False, shares_memory: bool = False, results: Literal["many"], slip: str = ""
) -> Callable[[Callable[..., Any]], Op[list[Tensor]]]: ...
def op(
    *, broadcasts: bool = False, shares_memory: bool = False, results: str = "one", slip: str = ""
) -> Callable[[Callable[..., Any]], Op[Any]]:
    """Make an operation of a function on arrays ``(xp, *operands, *, **options)``.

    ``shares_memory``: the result may be a view of the first operand, so an edit of one is an edit of both.
    ``results="many"``: the function returns a list of arrays; ``dout`` is then a list as well.
    ``slip``: what usually makes the result non-finite, for :class:`detect_anomaly`.
    """

    def define(forward: Callable[..., Any]) -> Op[Any]:
        return Op(forward, broadcasts=broadcasts, shares_memory=shares_memory, results=results, slip=slip)

    return define
