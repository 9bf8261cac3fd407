"""What the contracts are held against: a layer, all of its numbers by name, and one array library.

A :class:`Subject` knows nothing about the layer except how it is called. It takes host arrays by name
(``x``, ``state.0``, ``state.1``, …, and the layer's own parameter names), computes on the library of the
``backend`` fixture, and gives host arrays back, so that a test reads the same for every cell and library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy

import minigate as mg
from minigate import backend as library
from minigate.errors import DTypeError
from tests.conftest import Backend
from tests.contracts.example_gates import build_cell

T, N, D, H = 5, 3, 2, 4  # all distinct, so that no axis can be taken for another
J = 6  # a grid has T = 5 rows and 6 columns
K = 6  # tokens

#: One sequence that ends early, one with holes, one of which nothing is real.
MASK = numpy.array([[1, 0, 0], [1, 1, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0]], dtype=bool)
MASK_OF_ONE = numpy.array([[True, False, True]])

HOST = Backend("numpy", numpy)


class Subject:
    """A layer with every number that goes into it."""

    def __init__(self, layer: mg.Module, backend: Backend, x: numpy.ndarray, mask: Any = None, seed: int = 1) -> None:
        self.layer, self.backend, self.mask = layer, backend, mask
        self.layout: Callable[[Any], Any] = lambda array: array  # how what is sent lies in memory
        self.sent: list[tuple[Any, numpy.ndarray]] = []  # arrays of the library, and what stood in them
        rng = numpy.random.default_rng(seed)
        for name, parameter in layer.named_parameters():
            spread = 0.3 if ".gate." in name else 0.7
            start = backend.host(parameter.data) if ".gate." in name else 0.0
            parameter.assign(backend.to(start + spread * rng.normal(size=parameter.shape), parameter.dtype))
        self.values: dict[str, numpy.ndarray] = {"x": x}
        with mg.no_grad():
            self.structure = split_state(layer(backend.to(x if mask is None else numpy.nan_to_num(x))))[1]
        for k, h in enumerate(flat(self.structure)):
            if h.dtype.kind == "f":
                value = numpy.array(0.5 * rng.normal(size=h.shape), dtype=h.dtype)
            else:
                value = numpy.array(rng.integers(0, 4, size=h.shape), dtype=h.dtype)
            self.values[f"state.{k}"] = value
        self.values |= {name: backend.host(parameter.data).copy() for name, parameter in layer.named_parameters()}

    def call(self, values: Mapping[str, numpy.ndarray] | None = None) -> tuple[dict[str, mg.Tensor], list[mg.Tensor]]:
        """Run the layer: the Tensors that went in and want a gradient, by name, and all that came out."""
        values = self.values if values is None else values
        self.sent.clear()
        inputs: dict[str, mg.Tensor] = {}
        for name, value in values.items():
            if name == "x" or name.startswith("state."):
                inputs[name] = mg.Tensor(self.send(value), requires_grad=value.dtype.kind == "f")
        for name, parameter in self.layer.named_parameters():
            parameter.assign(self.backend.to(values[name], parameter.dtype))
            inputs[name] = parameter
        if self.structure is None:
            found = self.layer(inputs["x"])
        else:
            states = iter([inputs[f"state.{k}"] for k in range(len(flat(self.structure)))])
            options = {} if self.mask is None else {"mask": self.send(self.mask)}
            found = self.layer(inputs["x"], nested(self.structure, states), **options)
        y, state = split_state(found)
        return {name: tensor for name, tensor in inputs.items() if tensor.requires_grad}, [y, *flat(state)]

    def send(self, value: numpy.ndarray) -> Any:
        """Move an array to the library, and remember what stood in it."""
        array = self.layout(self.backend.to(value))
        self.sent.append((array, value.copy()))
        return array

    def disturbed(self) -> list[tuple[int, ...]]:
        """The shapes of all arrays of the last call that no longer hold the bytes that were sent."""
        return [a.shape for a, value in self.sent if self.backend.host(a).tobytes() != value.tobytes()]

    def outputs(self, values: Mapping[str, numpy.ndarray] | None = None) -> list[numpy.ndarray]:
        """Everything that comes out, on the host: y, then the states."""
        with mg.no_grad():
            return [self.backend.host(each) for each in self.call(values)[1]]

    def gradients(self, cotangents: Sequence[numpy.ndarray | None]) -> dict[str, numpy.ndarray]:
        """The gradient of everything that went in, on the host, by name; zeros where nothing depends on it."""
        inputs, outputs = self.call()
        moved = [None if each is None else self.send(each) for each in cotangents]
        found = mg.grad(outputs, list(inputs.values()), moved, unused="zero")
        return {name: self.backend.host(gradient) for name, gradient in zip(inputs, found, strict=True)}

    def cotangents(self, seed: int = 2) -> dict[str, list[numpy.ndarray | None]]:
        """Random cotangents in the patterns that tell mistakes apart: everywhere, or in one place only.

        Where a mask says that a step is not real, the cotangent of y is NaN: it must not be looked at.
        """
        rng = numpy.random.default_rng(seed)
        y, *states = [rng.normal(size=each.shape).astype(each.dtype) if each.dtype.kind == "f" else None
                      for each in self.outputs()]  # fmt: skip
        last, middle = numpy.zeros_like(y), numpy.zeros_like(y)
        if len(y):
            last[-1], middle[len(y) // 2] = y[-1], y[len(y) // 2]
        if self.mask is not None:
            for each in (y, last, middle):
                each[~self.mask] = numpy.nan
        none: list[None] = [None] * len(states)
        found = {"all": [y, *states], "last output": [last, *none], "middle step": [middle, *none]}
        floating = [k for k, state in enumerate(states) if state is not None]
        if floating:
            found["final state"] = [None, *states]
        if len(floating) > 1:
            for k in dict.fromkeys((floating[0], floating[-1])):  # (h, c); layers have the same ones again and again
                found[f"final state {k}"] = [None, *(state if j == k else None for j, state in enumerate(states))]
        return found


def sequence(
    shape: tuple[int, ...], *, tokens: bool = False, mask: Any = None, dtype: str = "float64"
) -> numpy.ndarray:
    """A random sequence; where the mask says that a step is not real, there is NaN (or, of tokens, anything)."""
    rng = numpy.random.default_rng(7)
    if tokens:
        return rng.integers(0, K, size=shape[:2])
    x = rng.normal(size=shape).astype(dtype)
    if mask is not None:
        x[~mask] = numpy.nan
    return x


def recurrent(
    name: str, choice: str, backend: Backend, *, method: str | None = None, tokens: bool = False, masked: bool = False,
    T: int = T, N: int = N, dtype: str = "float64", **options: Any,
) -> Subject:  # fmt: skip
    """The subject made of one cell of the registry; the same numbers for every method and library."""
    mask = None if not masked else MASK[:T, :N] if T > 1 else MASK_OF_ONE[:, :N]
    with library.use(backend.name):
        cell = build_cell(name, choice, D=K if tokens else D, dtype=dtype, **options)
    x = sequence((T, N, cell.D), tokens=tokens, mask=mask, dtype=dtype)
    return Subject(mg.layers.Recurrent(cell, method=method), backend, x, mask)


def layer_of_registry(name: str, backend: Backend, dtype: str = "float64") -> Subject:
    """The subject made of one layer of the registry, which reads floats or else tokens."""
    with library.use(backend.name):
        layer = mg.layers.registry[name](dtype=dtype)
    if isinstance(layer, mg.layers.EncoderDecoder):
        layer = AnswersWhatItReads(layer)
    size = getattr(layer, "D", D)
    shapes = {"sequences": (T, N, size), "grids": (T, J, N, size), "images": (N, getattr(layer, "C", D), 4, J)}
    x = sequence(shapes[getattr(layer, "takes", "sequences")], dtype=dtype)
    try:
        return Subject(layer, backend, x)
    except DTypeError:
        return Subject(layer, backend, sequence((T, N), tokens=True))


class AnswersWhatItReads(mg.Module):
    """An encoder-decoder as a layer of one sequence: x is both what is read and what is answered."""

    def __init__(self, layer: mg.layers.EncoderDecoder) -> None:
        super().__init__()
        self.child("", layer)
        self.both, self.D = layer, layer.D

    def forward(self, x: Any) -> mg.Tensor:
        """**Shapes**: x (T, N, D) → (T, N, K)."""
        return self.both(x, x)


def split_state(found: Any) -> tuple[Any, Any]:
    """What a layer returned, as (y, state); the state is None for a layer that has none."""
    return (found[0], found[1]) if isinstance(found, tuple) else (found, None)


def flat(state: Any) -> list[Any]:
    """The arrays of a state, however deep its tuples are."""
    if state is None:
        return []
    return [array for each in state for array in flat(each)] if isinstance(state, (tuple, list)) else [state]


def nested(structure: Any, arrays: Any) -> Any:
    """The arrays, one after the other, in tuples like those of ``structure``."""
    return tuple(nested(each, arrays) for each in structure) if isinstance(structure, (tuple, list)) else next(arrays)
