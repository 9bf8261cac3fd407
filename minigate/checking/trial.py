"""A trial: something that can be run again and again, all that goes in and comes out on the host, by name.

A gradient check moves one number and looks at the result. A contract runs the whole thing a second time in
a way that should make no difference: each sequence by itself, half of the steps, other places in memory. So
what goes in is a :class:`Case` that can be cut and changed, and two :class:`Run` can be compared.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigate.backend import asarray, asnumpy
from minigate.checking.cotangents import draw
from minigate.module import Module
from minigate.tensor import Tensor, enable_grad, grad, no_grad

Arrays = dict[str, NDArray[Any]]
Call = Callable[[Any, dict[str, Any]], list[tuple[str, Any]]]


@dataclass(frozen=True)
class Case:
    """The parameters, the inputs (x, states, a mask), and a cotangent for each output.

    **Shapes**: any.
    """

    parameters: Arrays
    inputs: Arrays
    cotangents: Arrays

    def given(self, **inputs: NDArray[Any]) -> Case:
        """The same case with other inputs."""
        return replace(self, inputs={**self.inputs, **inputs})

    def back(self, **cotangents: NDArray[Any]) -> Case:
        """The same case with these cotangents alone."""
        return replace(self, cotangents=cotangents)

    def cast(self, dtype: str) -> Case:
        """Every floating array in another dtype."""
        groups = (self.parameters, self.inputs, self.cotangents)
        return Case(*({n: a.astype(dtype) if a.dtype.kind == "f" else a for n, a in g.items()} for g in groups))

    def cut(self, axes: Mapping[str, int], part: Any) -> Case:
        """A part along one axis of those inputs and cotangents that have it."""
        inputs, cotangents = (
            {n: take(a, axes.get(n), part) for n, a in g.items()} for g in (self.inputs, self.cotangents)
        )
        return replace(self, inputs=inputs, cotangents=cotangents)

    def again(self, rng: np.random.Generator) -> Case:
        """Other inputs of the same kind: the numbers in another order, and floats nearer to 0 by up to a third."""

        def anew(array: NDArray[Any]) -> NDArray[Any]:
            mixed = rng.permutation(array.ravel()).reshape(array.shape)
            return mixed * rng.uniform(0.7, 1.0, size=array.shape) if array.dtype.kind == "f" else mixed

        return replace(self, inputs={name: anew(array) for name, array in self.inputs.items()})


@dataclass(frozen=True)
class Run:
    """All that came out: outputs and gradients in the dtype they came in, and the names of arrays that were edited."""

    outputs: Arrays
    gradients: Arrays
    edited: tuple[str, ...] = ()


@dataclass
class Trial:
    """Something under check that nothing was run on, its ways of computing one thing, and two cases.

    **Shapes**: any; ``batch`` gives the axis of the sequences for every input and output that has one, ``time``
    that of the steps, ``carried`` the input that takes the place of an output where a sequence goes on.
    """

    module: Any
    ways: dict[str, Call]
    case: Case
    other: Case = field(init=False)
    batch: dict[str, int] = field(default_factory=dict)
    time: dict[str, int] = field(default_factory=dict)
    carried: dict[str, str] = field(default_factory=dict)
    masked: bool = False  # does it take a mask?
    reads_ahead: bool = False  # may y_t depend on what comes after t?
    partial: tuple[str, ...] = ()  # ways whose gradient goes back through a part of time only
    large: tuple[str, ...] = ()  # the inputs that may be of any size
    initial: Callable[[Any, int, Any], Any] | None = None  # the state before anything was seen
    _known: dict[tuple[str, bool], Run] = field(default_factory=dict)
    _used: Any = field(init=False)  # the copy that runs, and may keep something

    def __post_init__(self) -> None:
        self._used = self.fresh()

    def base(self, way: str, back: bool = True) -> Run:
        """The case as it is, run once."""
        if (way, back) not in self._known:
            self._known[way, back] = self.run(way, self.case, back=back)
        return self._known[way, back]

    def fresh(self, dtype: str = "float64") -> Any:
        """A copy that nothing was run on; buffers in ``dtype``."""
        twin = copy.deepcopy(self.module)
        for part in _modules(twin):
            for name, array in part._buffers.items():
                if array.dtype.kind == "f":
                    part._buffers[name] = asarray(array, dtype=dtype, like=array)
        return twin

    def run(
        self,
        way: str,
        case: Case,
        *,
        module: Any = None,
        back: bool = True,
        call: Call | None = None,
        lay: Callable[[Any], Any] | None = None,
    ) -> Run:
        """Run a case there and, with ``back``, back; ``lay`` puts what goes in elsewhere in memory."""
        module = self._used if module is None else module
        parameters = parameters_of(module)
        like = next((p.data for p in parameters.values()), None)
        sent: list[tuple[str, Any, NDArray[Any]]] = []

        def send(name: str, value: NDArray[Any]) -> Any:
            array = asarray(value.copy(), like=like)
            array = array if lay is None else lay(array)
            sent.append((name, array, value))
            return array

        for name, parameter in parameters.items():
            parameter.data = asarray(case.parameters[name].copy(), like=parameter.data)
            sent.append((name, parameter.data, case.parameters[name]))
        given: dict[str, Any] = {name: send(name, value) for name, value in case.inputs.items()}
        given = {n: Tensor(a, requires_grad=True, name=n) if a.dtype.kind == "f" else a for n, a in given.items()}
        with enable_grad() if back else no_grad():
            outputs = (call or self.ways[way])(module, given)
            wanted = {n: t for n, t in given.items() if isinstance(t, Tensor)} | parameters
            gradients = self._back(outputs, wanted, case, send) if back else {}
        edited = [
            n for n, array, value in sent if not np.array_equal(_raw(array), value, equal_nan=value.dtype.kind == "f")
        ]
        return Run({name: _raw(out) for name, out in outputs}, gradients, tuple(dict.fromkeys(edited)))

    def _back(
        self, outputs: list[tuple[str, Any]], wanted: dict[str, Tensor], case: Case, send: Callable[..., Any]
    ) -> Arrays:
        pairs = [
            (out, send(f"the cotangent of {name}", case.cotangents[name].astype(str(out.dtype))))
            for name, out in outputs
            if name in case.cotangents and isinstance(out, Tensor) and out.requires_grad
        ]
        if not pairs or not wanted:
            return {name: np.zeros(t.shape, dtype=str(t.dtype)) for name, t in wanted.items()}
        found = grad([out for out, _ in pairs], list(wanted.values()), [w for _, w in pairs], unused="zero")
        return {name: _raw(gradient) for name, gradient in zip(wanted, found, strict=True)}

    def place(self, name: str, index: tuple[int, ...]) -> str:
        """A number of an array or of a gradient, as ``y[t=2, n=1, 0]``."""
        own = name.removeprefix("d") if name not in self.batch else name
        letters = {self.time.get(own): "t=", self.batch.get(own): "n="}
        return f"{name}[{', '.join(letters.get(axis, '') + str(i) for axis, i in enumerate(index))}]" if index else name


def set_out(trial: Trial, rng: np.random.Generator) -> Trial:
    """Give a trial two cases to begin with: states that it has itself arrived at, and random cotangents.

    A state is not zero then, and still such as can occur (some, such as a count of steps, cannot be drawn).
    """
    way = list(trial.ways)[-1]
    before = trial.case.again(rng)
    states = trial.run(way, before, back=False).outputs if trial.carried else {}
    trial.case = trial.case.given(**{goes_to: states[name] for name, goes_to in trial.carried.items()})
    trial.other = trial.case.again(rng)
    outputs = trial.run(way, trial.case, back=False).outputs
    for which in ("case", "other"):
        weights = {name: draw(rng, out.shape) for name, out in outputs.items() if out.dtype.kind == "f"}
        setattr(trial, which, getattr(trial, which).back(**weights))
    return trial


def take(array: NDArray[Any], axis: int | None, part: Any) -> NDArray[Any]:
    """A part along an axis; the whole where there is no such axis.

    **Shapes**: array (…) → (…), shorter along ``axis``.
    """
    return array if axis is None else array[(slice(None),) * axis + (part,)]


def joined(parts: list[Run], axes: Mapping[str, int]) -> Run:
    """Runs of parts as one: outputs and gradients side by side where they have the axis, else added up.

    **Shapes**: as the whole.
    """
    whole: list[Arrays] = []
    for group in ("outputs", "gradients"):
        arrays = {name: [getattr(part, group)[name] for part in parts] for name in getattr(parts[0], group)}
        whole.append(
            {n: np.concatenate(a, axis=axes[n]) if n in axes else np.asarray(sum(a)) for n, a in arrays.items()}
        )
    return Run(whole[0], whole[1])


def parameters_of(module: Any) -> dict[str, Tensor]:
    """The parameters by name; none of something that is no module."""
    return dict(module.named_parameters()) if isinstance(module, Module) else {}


def _modules(module: Any) -> Iterator[Module]:
    if isinstance(module, Module):
        for _, part in module.named_modules():
            yield part


def _raw(x: Any) -> NDArray[Any]:
    return np.array(asnumpy(x))
