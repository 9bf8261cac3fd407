"""The parameter tree: modules that hold parameters and other modules, each under a name that stays.

A name is a promise: ``"layers.0.W.update"`` is the same array in the source, in a checkpoint, in an
error message and in a gradient report.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from minigate import backend
from minigate.errors import StateDictError, explain
from minigate.module.parameter import Parameter

Array = Any


class Module:
    """A node of the parameter tree. Assigning a Parameter or a Module to an attribute registers it.

    A subclass writes ``forward``; calling the module calls it. Names that are not Python identifiers
    (``"W.update"``) are registered with :meth:`parameter` and read back with ``module["W.update"]``.
    """

    training = True

    #: Those of its own parameters that have two axes and are no matrix to multiply with, for who counts products.
    multiplies_nothing: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._parameters: dict[str, Parameter] = {}
        self._buffers: dict[str, Array] = {}
        self._children: dict[str, Module] = {}

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Parameter):
            self.__dict__["_parameters"][name] = value
        elif isinstance(value, Module) and not any(value is child for child in self._children.values()):
            self.__dict__["_children"][name] = value
        object.__setattr__(self, name, value)

    def __call__(self, *args: Any, **options: Any) -> Any:
        """What ``forward`` computes."""
        return self.forward(*args, **options)

    def forward(self, *args: Any, **options: Any) -> Any:
        """What the module computes; every subclass with something to compute writes its own."""
        raise TypeError(f"{type(self).__name__} has no forward: it is not a map from input to output")

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    # ---- registering -------------------------------------------------------------------------

    def parameter(self, name: str, array: Array, dtype: Any = None) -> Parameter:
        """Register a copy of ``array``, on the current backend and of ``dtype``, as the parameter ``name``.

        **Shapes**: any; the parameter keeps the shape of ``array``.
        """
        dtype = backend.default_dtype() if dtype is None else backend.check_dtype(dtype, where=type(self).__name__)
        parameter = Parameter(backend.asarray(array, dtype=dtype).copy(), name=name)
        self._parameters[name] = parameter
        return parameter

    def buffer(self, name: str, array: Array) -> None:
        """Register an array, moved to the current backend, that is saved with the module but not trained."""
        self._buffers[name] = backend.asarray(array)

    def child(self, name: str, module: Module) -> Module:
        """Register ``module`` below this one under ``name``, which may hold dots or be a number.

        The name ``""`` adds nothing to the path: a wrapper's parameters keep the names they have.
        """
        self._children[name] = module
        return module

    def __getitem__(self, name: str) -> Parameter:
        try:
            return self._parameters[name]
        except KeyError:
            raise StateDictError(_unknown(type(self).__name__, name, self._parameters)) from None

    def __contains__(self, name: str) -> bool:
        return name in self._parameters

    # ---- walking -----------------------------------------------------------------------------

    def children(self) -> dict[str, Module]:
        """The modules directly below this one, by name, in the order in which they were made."""
        return dict(self._children)

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module and all below it, each with its path; parents come before their children."""
        yield prefix, self
        for name, module in self._children.items():
            yield from module.named_modules(_join(prefix, name))

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Every parameter of the tree with its full name; one that is shared comes once."""
        seen: set[int] = set()
        for path, module in self.named_modules():
            for name, parameter in module._parameters.items():
                if id(parameter) not in seen:
                    seen.add(id(parameter))
                    yield _join(path, name), parameter

    def parameters(self) -> list[Parameter]:
        """Every parameter of the tree, in the order of registration."""
        return [parameter for _, parameter in self.named_parameters()]

    def named_buffers(self) -> Iterator[tuple[str, Array]]:
        """Every buffer of the tree with its full name."""
        for path, module in self.named_modules():
            for name, array in module._buffers.items():
                yield _join(path, name), array

    def random_streams(self) -> dict[str, Any]:
        """Every stream of random numbers in the tree (a dropout layer has one), by the path of its module."""
        streams = {path: getattr(module, "generator", None) for path, module in self.named_modules()}
        return {path: rng for path, rng in streams.items() if hasattr(rng, "bit_generator")}

    def train(self, mode: bool = True) -> Module:
        """Switch the tree to training (dropout draws, statistics move); ``train(False)`` is ``eval()``."""
        for _, module in self.named_modules():
            object.__setattr__(module, "training", mode)
        return self

    def eval(self) -> Module:
        """Switch the tree to evaluation."""
        return self.train(False)

    def zero_grad(self) -> None:
        """Forget the gradients of every parameter (they accumulate until then)."""
        for parameter in self.parameters():
            parameter.grad = None

    # ---- saving and loading ------------------------------------------------------------------

    def state_dict(self) -> dict[str, Array]:
        """Name → host copy of every parameter and buffer.

        **Shapes**: each array as it is in the module.
        """
        named: list[tuple[str, Array]] = [(name, p.data) for name, p in self.named_parameters()]
        return {name: backend.asnumpy(array).copy() for name, array in named + list(self.named_buffers())}

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Set every parameter and buffer by name; all or nothing.

        **Shapes**: each array as it is in the module; the module keeps its own dtype and library.
        **Errors**: :class:`StateDictError` listing missing, unexpected and mis-shaped names; nothing
        has been changed then.
        """
        where = f"{type(self).__name__}.load_state_dict"
        if not isinstance(state, Mapping):
            raise StateDictError(
                explain("a state_dict has an array for each name", where=where, expected="a dict from name to array",
                        got=type(state).__name__)
            )  # fmt: skip
        parameters, buffers = dict(self.named_parameters()), dict(self.named_buffers())
        shapes = {name: tuple(p.shape) for name, p in parameters.items()}
        shapes |= {name: tuple(array.shape) for name, array in buffers.items()}
        missing = [name for name in shapes if name not in state]
        unexpected = [name for name in state if name not in shapes]
        found = {name: _shape(array) for name, array in state.items()}
        misshaped = [name for name in shapes if name in state and found[name] != shapes[name]]
        if missing or unexpected or misshaped:
            lines = [f"{where}: the names or shapes are not those of the module"]
            if missing:
                lines.append(f"  missing: {', '.join(missing)}")
            lines += [f"  unexpected: {name}{_close(name, missing)}" for name in unexpected]
            lines += [
                f"  mis-shaped: {name}: expected {shapes[name]}, got {found[name]}"
                + ("; transposed? weights are stored as operand @ W" if found[name] == shapes[name][::-1] else "")
                for name in misshaped
            ]
            raise StateDictError("\n".join(lines))
        arrays = {name: p.data for name, p in parameters.items()} | buffers
        ready = {name: backend.asarray(state[name], dtype=a.dtype, like=a) for name, a in arrays.items()}
        for name, parameter in parameters.items():
            parameter.assign(ready[name])
        for name, array in buffers.items():
            array[...] = ready[name]


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name


def _shape(array: Any) -> Any:
    """The shape of an array of numbers; of anything else what it is instead."""
    dtype = getattr(array, "dtype", type(array).__name__)
    return tuple(array.shape) if getattr(dtype, "kind", "") in tuple("fiub") else str(dtype)


def _close(name: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(names), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _unknown(owner: str, name: str, names: Iterable[str]) -> str:
    return f"{owner} has no parameter {name!r}{_close(name, names)}; it has: {', '.join(names)}"

