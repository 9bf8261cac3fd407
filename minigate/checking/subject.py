"""What is being checked, stripped to what a check needs: values in, values out, and ways to the gradient.

A function on Tensors, a layer with parameters, a pair of plain functions on arrays, a recurrent cell over a
sequence: each becomes a :class:`Subject`. From here on everything is float64 on the host, by name; how the
thing itself computes, and in which array library, is hidden behind two calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigate.backend import asarray, asnumpy, is_array
from minigate.tensor import Tensor, enable_grad, grad, no_grad

Array = NDArray[np.float64]
Values = Mapping[str, Array]
Way = Callable[[Values, Sequence[Array | None]], dict[str, Array]]
Analytic = Callable[[Mapping[str, NDArray[Any]]], list[NDArray[Any]]]
Twice = Callable[[Values, Sequence[Array | None], Sequence[Array | None]], dict[str, Array]]


@dataclass
class Subject:
    """A map from named arrays to named arrays, with one or more ways to its gradients.

    **Shapes**: any; all arrays float64 on the host.
    """

    values: dict[str, Array]  # the point at which it is checked: every array that has a gradient
    outputs: list[str]
    forward: Callable[[Values], list[Array]]
    ways: dict[str, Way]  # name of the way → gradients for a cotangent; the first is the one under check
    time_axis: dict[str, int] = field(default_factory=dict)  # arguments that run over time
    axes: dict[str, tuple[str, ...]] = field(default_factory=dict)  # names of an argument's axes, for reports
    edited: set[str] = field(default_factory=set)  # arguments that a call was seen to change in place
    analytic: Analytic | None = None  # ``forward`` on complex numbers, as far as it can be computed on them
    twice: Twice | None = None  # the gradient of Σ weight · gradient, where there is a tape that gives it


def host(x: Any) -> Array:
    """A float64 host copy of an array or a Tensor.

    **Shapes**: kept.
    """
    return np.array(asnumpy(x), dtype=np.float64)


def is_floating(x: Any) -> bool:
    """Is this something that has a gradient: a floating number, array or Tensor?"""
    if isinstance(x, Tensor) or is_array(x):
        return bool(x.dtype.kind == "f")
    return isinstance(x, (float, np.floating))


def flatten(name: str, value: Any) -> list[tuple[str, Any]]:
    """Every Tensor, array and number in nested tuples, lists and dicts, each with a name."""
    if isinstance(value, Mapping):
        return [pair for key, part in value.items() for pair in flatten(f"{name}[{key!r}]", part)]
    if isinstance(value, (tuple, list)):
        return [pair for k, part in enumerate(value) for pair in flatten(f"{name}[{k}]", part)]
    return [] if value is None else [(name, value)]


def rebuild(name: str, value: Any, leaves: Mapping[str, Any]) -> Any:
    """``value`` again, with those of its leaves that :func:`flatten` names as here in their place."""
    if name in leaves:
        return leaves[name]
    if isinstance(value, dict):
        return {key: rebuild(f"{name}[{key!r}]", part, leaves) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(rebuild(f"{name}[{k}]", part, leaves) for k, part in enumerate(value))
    return value


def on_the_tape(
    values: dict[str, Array],
    like: Mapping[str, Any],
    call: Callable[[dict[str, Tensor]], list[tuple[str, Any]]],
    parameters: Mapping[str, Tensor] | None = None,
    always_record: bool = True,
) -> Subject:
    """A Subject for ``call``, which takes a Tensor for every name and returns its outputs as (name, Tensor).

    ``like[name]`` is an array of the library that the argument belongs to. ``parameters`` are Tensors that
    the call reaches by itself (those of a layer): they are given their values, and not passed. The tape runs
    also where only values are wanted, for the function may itself ask for a gradient; a cell never does.

    **Shapes**: values of any shape.
    """
    held = dict(parameters or {})
    given: dict[str, tuple[Any, Any]] = {}  # the value that a parameter was last given, and the array made of it
    edited: set[str] = set()

    def run(values: Mapping[str, Any], record: bool = True) -> tuple[dict[str, Tensor], list[tuple[str, Any]]]:
        inputs = {}
        for name, value in values.items():
            if name not in held:
                array = asarray(value.copy(), like=like.get(name))
                inputs[name] = Tensor(array, requires_grad=array.dtype.kind == "f", name=name)
                continue
            inputs[name] = parameter = held[name]
            last = given.get(name)  # most probes move one argument and leave all others where they are
            if last is None or last[0] is not value or last[1] is not parameter.data:
                parameter.data = asarray(value.copy(), like=parameter.data)
                given[name] = (value, parameter.data)
        passed = {name: tensor for name, tensor in inputs.items() if name not in held}
        with enable_grad() if record else no_grad():
            return inputs, [(name, out) for name, out in call(passed) if _has_a_gradient(out)]

    def forward(values: Values) -> list[Array]:
        return [host(out) for _, out in run(values, always_record)[1]]

    def analytic(values: Mapping[str, Any]) -> list[NDArray[Any]]:
        return [np.array(asnumpy(out)) for _, out in run(values, record=False)[1]]

    def way(values: Values, cotangents: Sequence[Array | None]) -> dict[str, Array]:
        given.clear()
        inputs, outputs = run(values)
        found = gradients([out for _, out in outputs], inputs, cotangents)
        edited.update(changed(inputs, values))
        return found

    def twice(values: Values, cotangents: Sequence[Array | None], weights: Sequence[Array | None]) -> dict[str, Array]:
        given.clear()
        inputs, outputs = run(values)
        once = on_tape([out for _, out in outputs], inputs, cotangents, create_graph=True)
        return gradients(list(once.values()), inputs, weights)

    names = [name for name, _ in run(values)[1]]
    return Subject(values, names, forward, {"backward": way}, edited=edited, analytic=analytic, twice=twice)


def _has_a_gradient(out: Any) -> bool:
    """Is this a floating output? A complex one is what the complex step makes of it."""
    return is_floating(out) or (isinstance(out, Tensor) and out.dtype.kind == "c")


def gradients(
    outputs: Sequence[Any], inputs: Mapping[str, Tensor], cotangents: Sequence[Array | None]
) -> dict[str, Array]:
    """What the tape says: the gradient of every input for one cotangent per output, zeros where nothing flows.

    **Shapes**: cotangents as the outputs; each gradient as its input.
    """
    return {name: host(gradient) for name, gradient in on_tape(outputs, inputs, cotangents).items()}


def on_tape(
    outputs: Sequence[Any], inputs: Mapping[str, Tensor], cotangents: Sequence[Array | None], create_graph: bool = False
) -> dict[str, Tensor]:
    """The same as Tensors; with ``create_graph`` they can be differentiated again.

    **Shapes**: cotangents as the outputs; each gradient as its input.
    """
    pairs = [
        (out, Tensor(asarray(weight, dtype=str(out.dtype), like=out.data)))
        for out, weight in zip(outputs, cotangents, strict=True)
        if weight is not None and isinstance(out, Tensor) and out.requires_grad
    ]
    if not pairs:
        return {name: Tensor(asarray(np.zeros(tensor.shape), like=tensor.data)) for name, tensor in inputs.items()}
    roots, weights = [out for out, _ in pairs], [weight for _, weight in pairs]
    with enable_grad():
        found = grad(roots, list(inputs.values()), weights, create_graph=create_graph, unused="zero")
    return dict(zip(inputs, found, strict=True))


def changed(inputs: Mapping[str, Any], values: Values) -> set[str]:
    """The names whose array no longer holds what it was given.

    **Shapes**: each input as its value.
    """
    return {name for name, x in inputs.items() if not np.array_equal(host(x), values[name], equal_nan=True)}
