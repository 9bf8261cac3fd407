"""What mutants are tried on: how it is built, what it computes, and how it is checked.

A subject is built anew at every call: a mutant may be of the function that builds it. ``evidence`` is everything
that a wrong backward pass could change, ``check`` the report of the check that a user would call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy

import minigate as mg
from minigate.backend import array_module
from minigate.checking import Report, check, check_cell, check_gate, check_layer
from minigate.checking.example import example_input

Arrays = list[numpy.ndarray]
RAGGED = numpy.array([[1, 1, 1], [1, 1, 0], [1, 1, 0], [1, 0, 0], [1, 0, 0]], dtype=bool)


def moved(module: mg.Module, rng: numpy.random.Generator) -> mg.Module:
    """The module at other parameters than it begins with, so that no gain is 1 and no bias 0."""
    for parameter in module.parameters():
        parameter.assign(parameter.data + 0.5 * rng.normal(size=parameter.shape))
    return module


@dataclass(frozen=True)
class OfCell:
    """A cell, and the way through time that it is taken.

    Two steps at the first seed, that of every run: enough for every equation and for what is carried, and the report
    looks at the shortest case that fails anyway. The other seeds, those of the slow tests, go further.
    """

    build: Callable[[], mg.cells.Cell]
    through: Callable[[], Any] = lambda: mg.bptt.full
    T: tuple[int, ...] = (1, 2)
    further: tuple[int, ...] = (1, 2, 3)

    def evidence(self) -> Arrays:
        """What it gives over two sequences, its gradients, and the cotangents after use."""
        rng, found = numpy.random.default_rng(5), []
        cell = moved(self.build(), rng)
        layer = mg.layers.Recurrent(cell, through=self.through())
        for mask in (None, RAGGED):
            x = mg.Tensor(rng.normal(size=(5, 3, cell.D)), requires_grad=True)
            state = [mg.Tensor(rng.normal(size=h.shape), requires_grad=True) if h.dtype.kind == "f" else h
                     for h in cell.initial_state(3)]  # fmt: skip
            y, final = layer(x, tuple(state), mask)
            outputs = [out for out in (y, *final) if out.dtype.kind == "f"]
            weights = [rng.normal(size=out.shape) for out in outputs]
            inputs = [given for given in (x, *state, *cell.parameters()) if given.requires_grad]
            gradients = mg.grad(outputs, inputs, weights)
            found += [*(array.data for array in (*outputs, *gradients)), *weights]
        return found

    def check(self, seed: int) -> Report:
        """The report of ``check_cell``."""
        T = self.T if seed == 0 else self.further
        return check_cell(self.build(), T=T, through=self.through(), seed=seed, contracts=False)


@dataclass(frozen=True)
class OfLayer:
    """A layer that maps rows, grids or sequences."""

    build: Callable[[], mg.Module]

    def evidence(self) -> Arrays:
        """Its output, its gradients, and the cotangent after use."""
        rng = numpy.random.default_rng(5)
        layer = moved(self.build(), rng)
        x = mg.tensor.as_tensor(example_input(layer, 5)[0])
        if x.dtype.kind == "f":
            x = mg.Tensor(x.data.copy(), requires_grad=True)
        found = layer(x)
        y = found[0] if isinstance(found, tuple) else found
        weights = rng.normal(size=y.shape)
        inputs = [given for given in (x, *layer.parameters()) if given.requires_grad]
        return [y.data, *(g.data for g in mg.grad(y, inputs, weights)), weights]

    def check(self, seed: int) -> Report:
        """The report of ``check_layer``."""
        return check_layer(self.build(), seed=seed, contracts=False)


@dataclass(frozen=True)
class OfGate:
    """A gate by itself."""

    build: Callable[[], mg.gates.Gate]

    def evidence(self) -> Arrays:
        """g by hand and composed, its slope, and the gradients of its parameters."""
        gate, rng = self.build(), numpy.random.default_rng(5)
        p = {name: array + 0.3 * rng.normal(size=array.shape) for name, array in gate.init(4, rng).items()}
        s, dg = 2.0 * rng.normal(size=(7, 4)), rng.normal(size=(7, 4))
        xp = array_module(s)
        g = gate.forward(xp, s, p)
        composed = gate.compose(mg.Tensor(s), {name: mg.Tensor(array) for name, array in p.items()})
        return [g, composed.data, gate.slope(xp, s, g, p), *gate.param_gradients(xp, dg, s, g, p).values()]

    def check(self, seed: int) -> Report:
        """The report of ``check_gate``."""
        return check_gate(self.build(), seed=seed, contracts=False)


@dataclass(frozen=True)
class OfFunction:
    """A function of arrays of these shapes; ``low`` and ``high`` bound the numbers, no two nearer than ``gap``."""

    f: Callable[..., Any]
    shapes: Sequence[tuple[int, ...]]
    low: float = -2.0
    high: float = 2.0
    gap: float = 0.0

    def inputs(self, seed: int) -> Arrays:
        """Random operands, of numbers that all differ where there is a gap: kinks and ties are no matter here."""
        rng, found = numpy.random.default_rng(seed), []
        for shape in self.shapes:
            x = rng.uniform(self.low, self.high, shape)
            if self.gap:
                places = rng.permutation(x.size).reshape(shape) - (x.size - 1) / 2 + 0.25
                x = 2.0 * self.gap * places + rng.uniform(-0.1, 0.1, shape) * self.gap
            found.append(x)
        return found

    def evidence(self) -> Arrays:
        """Its outputs, its gradients, and the cotangents after use."""
        tensors = [mg.Tensor(x, requires_grad=True) for x in self.inputs(5)]
        outputs = self.f(*tensors)
        outputs = [out for out in (outputs if isinstance(outputs, (list, tuple)) else [outputs])]
        rng = numpy.random.default_rng(6)
        weights = [rng.normal(size=out.shape) for out in outputs]
        gradients = mg.grad(outputs, tensors, weights, unused="zero")
        return [*(array.data for array in (*outputs, *gradients)), *weights]

    def check(self, seed: int) -> Report:
        """The report of ``mg.check``."""
        return check(self.f, *self.inputs(seed), seed=seed)


Subject = OfCell | OfLayer | OfGate | OfFunction
